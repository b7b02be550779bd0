"""How many readings a second the fold judges in one process, from Arrow bytes to verdicts; no Kafka."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from bench.report import Row
from ingest import codec
from ingest.batches import MOST_ROWS
from ingest.records import FeedRecord, Headers, Readings, Tick
from processors.fold import Detector, Parts
from processors.measuring import Bundle, bundles
from processors.plan import load_pack, make_revision, pack_names
from processors.stream.frugal import collect_garbage_seldom

DEVICES = 5_000
GROWN = (500, 10_000)  # devices: a reading may cost a tenth more where there are many
RECORD_OF = MOST_ROWS  # readings: what the bridge puts into one where it has no time to lose
TOGETHER = 20  # records: what the worker folds together under a backlog (`DETECT_PACE`)
MINUTES = 75  # of the log: an hour closes, and five quarters
_T0 = 1_774_976_400_000
_MINUTE = 60_000
_GOAL = ">= 300,000/s a worker"
# what a county in Hebei has in force: limit with background, two of TSP, a warning, single values
PACKS = ("hebei-db13-2934-2019", "instant-pm10", "shanghai-db31-964-2016", "wuhan-2017-pm10")

Feed = list[tuple[bytes, Headers]]


def run() -> list[Row]:
    """The fold with the packs of one county and with all that ship; its snapshot."""
    collect_garbage_seldom()  # as the worker does
    feed = made()
    readings = DEVICES * MINUTES
    detector, with_codec, said = folded(feed)
    _, with_all, said_all = folded(made(packs=tuple(pack_names())))
    bare = codec_only(feed)
    few, many = (min(folded(made(n))[1] for _ in range(2)) / n for n in GROWN)
    saved_at = time.perf_counter()
    saved = detector.dump()
    save_s = time.perf_counter() - saved_at
    loaded_at = time.perf_counter()
    Detector.load(saved)
    load_s = time.perf_counter() - loaded_at
    a_device = size_of(saved) / DEVICES
    size = f"{DEVICES} devices, {RECORD_OF} readings a record, {len(PACKS)} packs"
    return [
        Row(
            "detect: pure fold with Arrow decode",
            readings / with_codec,
            "readings/s",
            "Arrow decode alone",
            readings / bare,
            _GOAL,
            f"{size}; {said} intervals and verdicts",
        ),
        Row(
            f"detect: the same with all {len(pack_names())} packs at every device",
            readings / with_all,
            "readings/s",
            note=f"{said_all} intervals and verdicts",
        ),
        Row(
            f"detect: cost of a reading, {GROWN[1]:,} devices",
            many / MINUTES * 1e6,
            "us",
            f"{GROWN[0]:,} devices",
            few / MINUTES * 1e6,
            "<= 1.1 times",
        ),
        Row(
            "detect: saving the state",
            save_s * 1000,
            "ms",
            note=f"{a_device:,.0f} B a device",
        ),
        Row("detect: loading the state", load_s * 1000, "ms"),
    ]


def size_of(state: Parts) -> int:
    """Bytes of a saved state."""
    return sum(len(part.data) for part in state.values())


def county(count: int, packs: tuple[str, ...] = PACKS) -> dict[str, Any]:
    """A configuration with these packs and that many devices, four a site."""
    devices = [
        {"id": f"dev-{n:05d}", "site": f"site-{n // 4:04d}", "interval": 60, "offline_after": None}
        for n in range(count)
    ]
    site = {"kind": "building", "stage": "earthwork", "zone": "urban", "area": None}
    return {
        "county": {
            "name": "bench",
            "zone": "Asia/Shanghai",
            "language": "en",
            "background": [{"area": "county", "stations": ["S1"], "min_stations": 1}],
        },
        "sites": [{"id": f"site-{n:04d}", **site} for n in range(count // 4 + 1)],
        "devices": devices,
        "rules": [r.model_dump(mode="json") for p in packs for r in load_pack(p).rules],
    }


def made(
    devices: int = DEVICES,
    minutes: int = MINUTES,
    packs: tuple[str, ...] = PACKS,
    suspicion: bool = False,
) -> Feed:
    """A log: the configuration, then each minute a tick and one reading of each device."""
    body = county(devices, packs)
    body["county"] |= {"suspicion": True} if suspicion else {}
    records: list[FeedRecord] = [make_revision(body, _T0)]
    random = np.random.default_rng(3)
    for minute in range(minutes):
        start = _T0 + minute * _MINUTE
        records.append(Tick(start, _MINUTE, "bench"))
        order = random.permutation(devices)
        for first in range(0, devices, RECORD_OF):
            records.append(_batch(order[first : first + RECORD_OF], start, random))
    return [codec.encode(record) for record in records]


def _batch(which: np.ndarray, start: int, random: np.random.Generator) -> Readings:
    n = len(which)
    pm10 = random.integers(20_000, 160_000, n)
    at = start + which * 10 % _MINUTE  # spread over the minute, as devices are
    return Readings(
        devices=tuple(f"dev-{d:05d}" for d in which.tolist()),
        sites=tuple(f"site-{d // 4:04d}" for d in which.tolist()),
        codes=np.arange(n, dtype=np.int32),
        time=at,
        period=np.zeros(n, np.int64),
        received_at=np.full(n, start + 55_000),
        values={
            "humidity": random.integers(20_000, 90_000, n),
            "pm10": pm10,
            "pm2_5": pm10 // 3,
            "temperature": random.integers(-5_000, 35_000, n),
            "tsp": pm10 * 2,
        },
    )


def folded(feed: Feed) -> tuple[Detector, float, int]:
    """(the detector after the log, seconds of the processor, number of intervals and verdicts)."""
    detector = Detector.empty()
    said = 0
    begin = time.process_time()  # nothing waits here, and others may use the machine
    for at in range(0, len(feed), TOGETHER):
        for part in bundles(codec.decode(value, headers) for value, headers in feed[at : at + TOGETHER]):
            out = detector.fold_bundle(part) if isinstance(part, Bundle) else detector.fold(part)
            said += sum(map(len, (*out.interval_groups, *out.verdict_groups)))
    return detector, time.process_time() - begin, said


def codec_only(feed: Feed) -> float:
    """Seconds of the processor for decoding alone."""
    begin = time.process_time()
    for value, headers in feed:
        codec.decode(value, headers)
    return time.process_time() - begin
