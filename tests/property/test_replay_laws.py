"""Laws of a replay: neither how many ticks it makes, nor whether outlooks are asked for, changes another byte."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from deploy.county.compile import revision_of_folder
from ingest.recording import read_recording
from ingest.register import load_register
from processors.fold import Detector
from processors.records import Flagged
from processors.replay import write_replay
from processors.replay.feed import feed_of
from processors.replay.result import Replayed
from processors.replay.spilled import SpilledReadings
from tests.counties import device, message, reading, site, write_county, write_recording
from tests.logs import HEBEI, HOUR, INSTANT, MINUTE, SHANGHAI, T0, WUHAN
from tests.shares import shared

seeds = pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(n, marks=pytest.mark.long) for n in shared(range(2, 40)))]
)
SPAN = 5 * HOUR
ROLLING = {
    "id": "rolling",
    "title": {"zh": "滚动", "en": "rolling"},
    "citation": "test",
    "clause": "1",
    "status": "read",
    "pollutant": "pm10",
    "window": 3600,
    "alignment": "rolling",
    "limit": 150,
    "allowance": None,
}


def eventful(rng: random.Random) -> list[dict[str, Any]]:
    """Monitors of several intervals with late values, holes and words of themselves; background, late or not."""
    said = []
    for number, step in enumerate((1, 1, 5, 60)):
        name = f"dev-{number}"
        holes = [rng.randrange(SPAN) for _ in range(2)]
        period = rng.choice([0, step * 60]) if step > 1 else 0
        for at in range(T0 + rng.randrange(MINUTE), T0 + SPAN, step * MINUTE):
            if any(hole <= at - T0 < hole + 40 * MINUTE for hole in holes):
                continue
            delay = 1000 + period * 1000 + (rng.randrange(90 * MINUTE) if rng.random() < 0.05 else 0)
            level = rng.choice([60.0, 70.0, 120.0, 9000.0 if rng.random() < 0.1 else 300.0])
            more = {"period": period} if period else {}
            said.append(reading(name, at, delay, pm10=level, tsp=2 * level, **more))
        for hole in holes:
            said.append(message(T0 + hole, f"dust/v1/{name}/status", "offline", retain=True))
    for hour in range(5):
        body = {"time": "", "label": "start", "period": 3600, "pm10": rng.choice([40.0, 90.0])}
        came = T0 + (hour + 1) * HOUR + rng.randrange(100) * MINUTE
        body["time"] = reading("x", T0 + hour * HOUR)["received_at"].replace("01.000Z", "00.000Z")
        said.append(message(came, "dust/v1/background/S001", body))
    return sorted(said, key=lambda one: one["received_at"])


def judged(folder: Path, recording: Path, out: Path, outlooks: bool) -> dict[str, bytes]:
    revision = revision_of_folder(folder, received_at=0)
    found = Replayed(foresees=outlooks)
    detector = Detector.empty(outlooks=outlooks)
    feed = feed_of(read_recording(recording), load_register(folder), revision, T0 + SPAN + 3 * HOUR, found)
    for outputs in detector.fold_log(feed):
        found.take(outputs)
    out.mkdir()
    write_replay(found, out)
    return {path.name: path.read_bytes() for path in out.iterdir()}


@seeds
def test_ticks_between_decisions_and_outlooks_change_no_byte(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    devices = [device(f"dev-{n}", f"site-{n % 2}", interval=s * 60) for n, s in enumerate((1, 1, 5, 60))]
    county = write_county(
        tmp_path / "county",
        devices,
        [site("site-0"), site("site-1")],
        [HEBEI, SHANGHAI, WUHAN, INSTANT],
        [ROLLING],
    )
    recording = write_recording(tmp_path / "recording.jsonl", eventful(rng))
    said = {}
    for tick in (HOUR, MINUTE, 7 * MINUTE):
        monkeypatch.setattr("processors.replay.feed.TICK_MS", tick)
        said[tick] = judged(county, recording, tmp_path / f"{tick}", outlooks=True)
    assert said[HOUR] == said[MINUTE] == said[7 * MINUTE]
    assert all(said[HOUR][f"{name}.jsonl"] for name in ("verdicts", "breaches", "outlooks", "intervals"))
    fast = judged(county, recording, tmp_path / "fast", outlooks=False)
    assert fast.pop("outlooks.jsonl") == b""
    fast.pop("summary.json")
    assert fast.items() < said[HOUR].items()


@pytest.mark.parametrize("most", [1, 500, 10**6])
def test_the_last_word_after_a_reading_counts_wherever_its_line_waits(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.replay.spilled._MOST_WAITING", most)
    rng = random.Random(most)
    spilled, held = SpilledReadings(), []
    for turn in range(300):
        hour, device_id = rng.randrange(3), rng.choice("ab")
        time = f"2026-01-01T0{hour}:00:00.000Z"
        if rng.random() < 0.5:
            line = {"time": time, "device": device_id, "site": "s", "id": f"{turn:03}"}
            held.append({**line, "values": {"pm10": {"value": 1.0, "flags": ["N"]}}})
            spilled.add((device_id, hour, 0), held[-1] | {"values": {"pm10": {"value": 1.0, "flags": ["N"]}}})
        else:
            words = rng.choice([("spike!",), ("flat_line",), ()])
            spilled.conclude(Flagged("s", device_id, hour, 0, {"pm10": words}, True), time)
            for line in held:
                if (line["time"], line["device"]) == (time, device_id):
                    line["values"]["pm10"]["flags"] = sorted(["N", *words])
    assert [*spilled] == sorted(held, key=lambda line: (line["time"], line["device"], str(line)))
    assert len(spilled) == len(held)
