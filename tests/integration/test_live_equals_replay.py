"""The same recording live through Mosquitto and Kafka, and replayed without any server: the same lines."""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.configuration import revision_of_folder
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
from deploy.replay import Line, breach_line, interval_line, lines_text, replay, verdict_line
from deploy.scan import scan
from ingest import codec
from ingest.recording import read_recording
from ingest.register import load_register
from ingest.topics import BREACHES, RESULTS
from processors.records import JUDGEMENTS, decode, decode_breach
from tests.counties import device, iso, message, reading, site, write_county, write_recording
from tests.pipeline import Pipeline, running, wait_for

pytestmark = pytest.mark.servers

MINUTE = 60_000
START = 1_795_395_600_000  # a whole hour
MINUTES = 200
SITES, DEVICES = 4, 8
PACKS = ("hebei-db13-2934-2019", "shanghai-db31-964-2016", "wuhan-2017-pm10", "instant-pm10")


def _messages() -> list[dict[str, Any]]:
    chance = random.Random(7)
    sent: list[dict[str, Any]] = []
    for turn in range(MINUTES):
        for which in range(DEVICES):
            if chance.random() < 0.05:
                continue
            at = START + turn * MINUTE + which * 3_000
            dusty = which < 3 and 40 < turn < 150
            pm10 = chance.uniform(200, 420) if dusty else chance.uniform(40, 90)
            pm10 = 1500.0 if (which, turn) == (5, 77) else pm10
            one = reading(f"d{which}", at, chance.randrange(200, 4_000), pm10=round(pm10, 1), tsp=pm10 * 4)
            sent += [one] * (2 if chance.random() < 0.03 else 1)
            if chance.random() < 0.01:
                sent.append(message(at + 500, f"dust/v1/d{which}/readings", '{"cut":'))
        if turn % 60 == 7 and turn > 60:
            hour = START + (turn // 60 - 1) * 60 * MINUTE
            body = {"time": iso(hour), "label": "start", "period": 3600, "pm10": 70.0 + turn}
            sent.append(message(START + turn * MINUTE + 30_000, "dust/v1/background/S001", body))
    # the end falls between whole minutes, where nothing is due
    sent.sort(key=lambda m: m["received_at"])
    return sent


async def _live_lines(bootstrap: str, partitions: int) -> dict[str, list[Line]]:
    intervals, verdicts, breaches = {}, {}, {}
    async for record in scan(bootstrap, RESULTS, partitions):
        if codec.schema_of(record.headers) == JUDGEMENTS:
            found = decode(record.value, record.headers)
            assert isinstance(found, tuple)
            intervals |= {(i.id, i.revision): interval_line(i) for i in found[0]}
            verdicts |= {(v.id, v.revision): verdict_line(v) for v in found[1]}
    async for record in scan(bootstrap, BREACHES, partitions):
        breach = decode_breach(record.value)
        breaches[breach.event_id] = breach_line(breach)
    return {
        "intervals": [*intervals.values()],
        "verdicts": [*verdicts.values()],
        "breaches": [*breaches.values()],
    }


def _texts(lines: dict[str, list[Line]]) -> dict[str, bytes]:
    when = {"intervals": "start", "verdicts": "start", "breaches": "at"}
    return {name: lines_text(found, when[name]) for name, found in lines.items()}


def _play(
    tmp_path: Path, recording: Path, county: Path, during: Callable[[Pipeline], None]
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """(replayed, live) texts of one recording."""
    revision = revision_of_folder(county, received_at=START)
    replayed = replay(load_register(county), revision, [read_recording(recording)])
    expected = _texts(
        {"intervals": replayed.intervals, "verdicts": replayed.verdicts, "breaches": replayed.breaches}
    )
    kafka = KafkaNode(tmp_path / "kafka").start()
    mqtt = MqttBroker(tmp_path / "mqtt", mosquitto=True).start()
    nowhere = f"sqlite:///{tmp_path}/unused.sqlite"
    pipeline = Pipeline(tmp_path, county, kafka.bootstrap, mqtt.url, nowhere, nowhere, clock="recording")
    live: dict[str, bytes] = {}

    def same() -> bool:
        nonlocal live
        pipeline.tend()
        live = _texts(asyncio.run(_live_lines(kafka.bootstrap, pipeline.partitions)))
        return live == expected

    try:
        pipeline.prepare(START)
        with running(pipeline, ("bridge", "detect")):
            command = [sys.executable, "-m", "deploy.cli", "publish", str(recording), "--to", mqtt.url]
            publishing = subprocess.Popen(command)
            during(pipeline)
            assert publishing.wait(120) == 0
            with contextlib.suppress(AssertionError):  # the caller's comparison shows the difference
                wait_for("live equals replayed", same, 60, 0.5)
    finally:
        mqtt.stop()
        kafka.stop()
    return expected, live


@pytest.fixture
def county(tmp_path: Path) -> Path:
    devices = [device(f"d{i}", f"site-{i % SITES}", offline_after=86_400) for i in range(DEVICES)]
    return write_county(tmp_path / "county", devices, [site(f"site-{i}") for i in range(SITES)], packs=PACKS)


def test_what_was_judged_live_is_what_a_replay_says(tmp_path: Path, county: Path) -> None:
    recording = write_recording(tmp_path / "recording.jsonl", _messages())
    replayed, live = _play(tmp_path, recording, county, lambda pipeline: None)
    assert replayed["breaches"].count(b'"opened"') >= 3, "the recording has breaches in it"
    assert live == replayed


def test_killing_detect_while_it_judges_changes_no_line(tmp_path: Path, county: Path) -> None:
    recording = write_recording(tmp_path / "recording.jsonl", _messages())

    def kill_thrice(pipeline: Pipeline) -> None:
        for _ in range(3):
            wait_for("detect runs again", lambda: pipeline.ready("detect"), 60)
            pipeline.process("detect").kill()

    replayed, live = _play(tmp_path, recording, county, kill_thrice)
    assert live == replayed
