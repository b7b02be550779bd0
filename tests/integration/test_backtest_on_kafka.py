"""`dustwatch backtest --kafka` over what a real detect worker judged, and over a log that retention has cut."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from deploy.county.compile import revision_of_folder
from deploy.county.live_verdicts import judged_live
from deploy.embedded.kafka import KafkaNode
from ingest.codec import encode, received_at_of
from ingest.recording import read_recording
from ingest.records import FeedRecord
from ingest.register import load_register
from ingest.scan import scan
from ingest.topics import FEED, partition_of
from processors.fold.detector import Detector
from processors.replay.feed import feed_of
from processors.replay.result import Replayed
from tests.counties import device, message, reading, site, write_county, write_recording
from tests.logs import HEBEI, HOUR, MINUTE, T0, WUHAN
from tests.pipeline import Pipeline, running, wait_for

pytestmark = pytest.mark.servers
PARTITIONS, HOURS = 2, 10
SPAN = ("--from", "2026-04-01T05:00", "--to", "2026-04-01T10:00")  # the fifth to the ninth hour
NOWHERE = "sqlite:////nowhere/unused.sqlite"
SITES = {partition_of(f"site-{n}", PARTITIONS): f"site-{n}" for n in range(20)}


def monitors() -> list[dict[str, Any]]:
    return [device(f"{name}-{n}", name, interval=300) for name in SITES.values() for n in (1, 2)]


def recording(folder: Path) -> dict[int, Path]:
    """Partition -> what its site sent: dusty in the middle; the second monitor falls silent in the first hour."""
    made = {}
    for partition, name in SITES.items():
        sent = [
            reading(f"{name}-{n}", T0 + m * MINUTE, pm10=(300.0 if 300 <= m < 420 else 60.0) + m % 7)
            for m in range(0, HOURS * 60, 5)
            for n in (1, 2)
            if n == 1 or m < 50
        ]
        for hour in range(HOURS):
            body = {"time": T0 + hour * HOUR, "label": "start", "period": 3600, "pm10": 70.0}
            sent.append(message(T0 + (hour + 1) * HOUR + 3 * MINUTE, "dust/v1/background/S001", body))
        sent.append(message(T0 + 90 * MINUTE, f"dust/v1/{name}-2/status", "offline"))
        sent.sort(key=lambda one: one["received_at"])
        made[partition] = write_recording(folder / f"{name}.jsonl", sent)
    return made


class Log:
    """A Kafka of its own that a detect worker has judged."""

    def __init__(self, kafka: KafkaNode, folder: Path) -> None:
        self.kafka, self.folder = kafka, folder
        self.config = write_county(
            folder / "county", monitors(), [site(name) for name in SITES.values()], packs=(HEBEI, WUHAN)
        )

    def judge(self) -> None:
        """Write the feed and have it judged by a worker, to the last verdict."""
        pipeline = Pipeline(
            self.folder,
            self.config,
            self.kafka.bootstrap,
            "mqtt://127.0.0.1:1",
            NOWHERE,
            NOWHERE,
            partitions=PARTITIONS,
        )
        pipeline.prepare(T0)
        register, revision = load_register(self.config), revision_of_folder(self.config, T0)
        log: dict[int, list[FeedRecord]] = {
            partition: list(
                feed_of(read_recording(path), register, revision, T0 + (HOURS + 2) * HOUR, Replayed())
            )
            for partition, path in recording(self.folder).items()
        }
        expected = sum(
            len(
                {
                    (v.kind, v.rule, v.point, v.start)
                    for out in map(Detector.empty(p, PARTITIONS).fold, records)
                    for v in out.verdicts
                }
            )
            for p, records in log.items()
        )
        asyncio.run(self._publish(log))
        with running(pipeline, ("detect",)):
            wait_for("everything is judged", lambda: self._judged() == expected, 60, 0.5)

    def _judged(self) -> int:
        found, _ = asyncio.run(judged_live(self.kafka.options, PARTITIONS, 0, 2**60))
        return len(found.verdicts)

    async def _publish(self, log: dict[int, list[FeedRecord]]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka.bootstrap)
        await producer.start()
        for partition, records in log.items():
            for record in records:
                value, headers = encode(record)
                await producer.send(FEED, value, partition=partition, headers=headers)
        await producer.stop()

    async def forget(self, partition: int, until: int) -> None:
        """As retention does: records received before `until` are deleted."""
        first = None
        async for raw in scan(self.kafka.options, FEED, PARTITIONS):
            if raw.partition == partition and first is None and received_at_of(raw.headers, 0) >= until:
                first = raw.offset
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka.bootstrap)
        await admin.start()
        await admin.delete_records({TopicPartition(FEED, partition): RecordsToDelete(before_offset=first)})
        await admin.close()

    def backtest(self, *more: str) -> tuple[int, dict[str, Any], str]:
        """(exit code, summary, all that was said)."""
        command = [sys.executable, "-m", "deploy.cli", "backtest", str(self.config), "--kafka", *SPAN, *more]
        env = settings_of(self.kafka.bootstrap)
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=env)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr


def settings_of(bootstrap: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DUSTWATCH_")}
    return {**kept, "DUSTWATCH_KAFKA": bootstrap, "DUSTWATCH_PARTITIONS": str(PARTITIONS)}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    folder = tmp_path_factory.mktemp("backtest")
    node = KafkaNode(folder / "kafka").start()
    made = Log(node, folder)
    made.judge()
    yield made
    node.stop()


def test_a_log_judged_again_by_its_own_rules_says_what_was_said_live(log: Log) -> None:
    code, said, words = log.backtest()
    assert (code, said["differences"]) == (0, 0), words
    assert said["live"] == said["other"]
    assert said["live"]["exceeds"] >= 2
    assert said["would_open"] == said["would_not_open"] == 0
    # the second monitors were silent before the hours that are folded again: since when is not known there
    silent = 2 * 2 * 5  # partitions, rules, hours
    assert said["not_reproducible"] == silent
    assert words.count("silent already where the fold begins") == silent


def test_other_rules_differ_and_say_what_they_would_have_opened(log: Log) -> None:
    code, said, _ = log.backtest("--rules", HEBEI)
    assert code == 1
    assert said["differences"] > 0
    assert said["would_not_open"] >= 2, "what only the other pack opened"


def test_what_retention_has_deleted_is_named_and_is_no_difference(log: Log) -> None:
    asyncio.run(log.forget(0, T0 + 3 * HOUR))
    code, said, words = log.backtest()
    assert (code, said["differences"]) == (0, 0), words
    assert f"{SITES[0]}-1" in words
    assert f"{SITES[1]}-1" not in words, "the other partition has all of its log"
    assert "retention has deleted the rest" in words
    assert said["live"] == said["other"]
