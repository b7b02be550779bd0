"""The same recording live through Mosquitto and Kafka, and replayed without any server: the same lines."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from deploy.county.compile import revision_of_folder
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
from ingest import codec
from ingest.kafka_options import KafkaOptions
from ingest.recording import read_recording
from ingest.register import load_register
from ingest.scan import scan
from ingest.topics import BREACHES, QUARANTINE, RESULTS
from processors.fold.outputs import Outputs
from processors.history.context import CONTEXT
from processors.records.any_record import decode
from processors.records.breaches import BREACH, decode_breach
from processors.records.outlooks import OUTLOOKS, decode_outlooks
from processors.records.readings import Judged
from processors.replay.lines import (
    Line,
    breach_line,
    interval_line,
    lines_text,
    outlook_line,
    quarantine_line,
    verdict_line,
)
from processors.replay.recordings import replay
from processors.replay.result import Replayed
from tests.counties import write_recording
from tests.eventful import START, eventful_county, eventful_messages
from tests.pipeline import Pipeline, running, wait_for

pytestmark = pytest.mark.servers

# the files of a replay, and the key that their lines are in order of
WHEN = {
    "readings": "time",
    "quarantine": "received_at",
    "intervals": "start",
    "verdicts": "start",
    "breaches": "at",
    "outlooks": "at",
}


async def _live_lines(bootstrap: str, partitions: int) -> dict[str, list[Line]]:
    """What was said live, once each: a worker that was killed says again what it had said."""
    intervals, verdicts, breaches = {}, {}, {}
    judged, flags, outlooks = {}, {}, {}
    async for record in scan(KafkaOptions(bootstrap), RESULTS, partitions):
        if codec.schema_of(record.headers) == OUTLOOKS:
            outlooks |= {o.id: outlook_line(o) for o in decode_outlooks(record.value)}
            continue
        if codec.schema_of(record.headers) == CONTEXT:
            continue  # what history keeps beside; no file of a replay
        found = decode(record.value, record.headers)
        if isinstance(found, Judged):
            judged[codec.header(record.headers, "feed")] = Outputs(found.readings)
        elif isinstance(found, list):
            flags[codec.header(record.headers, "feed")] = Outputs(flags=found)
        elif isinstance(found, tuple):
            intervals |= {(i.id, i.revision): interval_line(i) for i in found[0]}
            verdicts |= {(v.id, v.revision): verdict_line(v) for v in found[1]}
    async for record in scan(KafkaOptions(bootstrap), BREACHES, partitions):
        if codec.schema_of(record.headers) != BREACH:
            continue
        breach = decode_breach(record.value)
        breaches[breach.event_id] = breach_line(breach)
    refused = [
        codec.decode_quarantined(record.value)
        async for record in scan(KafkaOptions(bootstrap), QUARANTINE, partitions)
        if codec.schema_of(record.headers) == codec.QUARANTINED
    ]
    readings = Replayed()
    for said in (*judged.values(), *flags.values()):
        readings.take(said)
    return {
        "readings": readings.readings,
        "quarantine": [quarantine_line(one) for one in refused],
        "intervals": [*intervals.values()],
        "verdicts": [*verdicts.values()],
        "breaches": [*breaches.values()],
        "outlooks": [*outlooks.values()],
    }


def _texts(lines: dict[str, list[Line]]) -> dict[str, bytes]:
    return {name: lines_text(found, WHEN[name]) for name, found in lines.items()}


def _play(
    tmp_path: Path, recording: Path, county: Path, during: Callable[[Pipeline], None]
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """(replayed, live) texts of one recording."""
    revision = revision_of_folder(county, received_at=START)
    replayed = replay(load_register(county), revision, [read_recording(recording)], outlooks=True)
    expected = _texts({name: getattr(replayed, name) for name in WHEN})
    kafka = KafkaNode(tmp_path / "kafka").start()
    mqtt = MqttBroker(tmp_path / "mqtt", kind="mosquitto").start()
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


def _folded(pipeline: Pipeline) -> float:
    """Records that the running detect process has taken in."""
    with contextlib.suppress(OSError):
        page = httpx.get(f"http://127.0.0.1:{pipeline.ports['detect']}/metrics").text
        return sum(float(n) for n in re.findall(r"^dustwatch_records_total\{.*\} (\S+)$", page, re.M))
    return 0.0


@pytest.fixture
def county(tmp_path: Path) -> Path:
    return eventful_county(tmp_path / "county")


def test_what_was_judged_live_is_what_a_replay_says(tmp_path: Path, county: Path) -> None:
    recording = write_recording(tmp_path / "recording.jsonl", eventful_messages())
    replayed, live = _play(tmp_path, recording, county, lambda pipeline: None)
    assert replayed["breaches"].count(b'"opened"') >= 3, "the recording has breaches in it"
    assert all(replayed.values()), "and lines of every kind"
    assert live == replayed


def test_killing_detect_while_it_judges_changes_no_line(tmp_path: Path, county: Path) -> None:
    recording = write_recording(tmp_path / "recording.jsonl", eventful_messages())

    def kill_thrice(pipeline: Pipeline) -> None:
        for _ in range(3):
            wait_for("detect runs again", lambda: pipeline.ready("detect"), 60)
            wait_for("it judges", lambda: _folded(pipeline) > 0, 60, 0.01)
            pipeline.process("detect").kill()

    replayed, live = _play(tmp_path, recording, county, kill_thrice)
    assert live == replayed
