"""Detect as a process on a real Kafka says, byte for byte, what the fold says of the same log."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.embedded.kafka import KafkaNode
from ingest.admin import ensure_topics
from ingest.codec import decode, encode, header, schema_of
from ingest.records import FeedRecord
from ingest.topics import TopicSpec, partition_of
from processors.detect import Detector
from processors.records import (
    BREACH,
    JUDGED,
    JUDGEMENTS,
    encode_breach,
    encode_judged,
    encode_judgements,
)
from tests.logs import HEBEI, HOUR, MINUTE, T0, background, local_rule, minutes, revision, rules_of, ticking

PARTITIONS = 2
WORKER = Path(__file__).with_name("detecting.py")
Said = dict[tuple[str, int, int], list[bytes]]  # (topic, partition, feed offset) -> values


def county_log() -> dict[int, list[FeedRecord]]:
    """Three hours of two sites in two partitions: calm, dusty, and one of them silent at the end."""
    sites = {partition_of(f"s{n}", PARTITIONS): f"s{n}" for n in range(20)}
    devices = [{"id": f"d-{site}-{n}", "site": site} for site in sites.values() for n in range(3)]
    configuration = revision(devices, [*rules_of(HEBEI), local_rule()], T0)
    log: dict[int, list[FeedRecord]] = {}
    for partition, site in sites.items():
        rows = [
            row
            for device in devices
            if device["site"] == site
            for start, end, value in ((0, 1, 60.0), (1, 2, 300.0), (2, 3, 40.0))
            if not (site == sites[0] and start == 2)
            for row in minutes(T0 + start * HOUR, T0 + end * HOUR, value, device["id"], site=site)
        ]
        known = [background(T0 + h * HOUR, 50.0, T0 + (h + 1) * HOUR + 3 * MINUTE) for h in range(3)]
        log[partition] = [configuration, *ticking(rows, T0 + 4 * HOUR, others=known)]
    return log


def expected(log: dict[int, list[FeedRecord]]) -> Said:
    """What the fold says, without any server."""
    said: Said = {}
    for partition, records in log.items():
        detector = Detector.empty(partition, PARTITIONS)
        for offset, record in enumerate(records):
            value, headers = encode(record)
            received_at = int(header(headers, "received_at") or b"0")
            out = detector.fold(decode(value, headers))
            if out.readings is not None:
                judged = encode_judged(value, out.marks, out.duplicates, received_at)[0]
                said.setdefault(("results", partition, offset), []).append(judged)
            if out.intervals or out.verdicts:
                judgements = encode_judgements(out.intervals, out.verdicts, received_at)[0]
                said.setdefault(("results", partition, offset), []).append(judgements)
            for breach in out.breaches:
                said.setdefault(("breaches", partition, offset), []).append(encode_breach(breach)[1])
    return said


class Detecting:
    """A feed in topics of its own, a worker, and what it has said by feed record."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap, self.folder = bootstrap, folder
        name = f"detect-{time.monotonic_ns()}"
        self.topics = {kind: f"{name}.{kind}" for kind in ("feed", "results", "breaches", "snapshots")}
        self.group = f"{name}.group"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.said: dict[tuple[str, int, int], list[bytes]] = {}
        self.repeated = 0

    async def start(self) -> None:
        await ensure_topics(self.bootstrap, PARTITIONS, 1, [TopicSpec(name) for name in self.topics.values()])
        self.producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        await self.producer.start()
        self.consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await self.consumer.start()
        self.consumer.assign(
            [TopicPartition(self.topics[k], p) for k in ("results", "breaches") for p in range(PARTITIONS)]
        )

    async def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()
        await self.consumer.stop()
        await self.producer.stop()

    async def publish(self, log: dict[int, list[FeedRecord]]) -> None:
        for partition, records in log.items():
            for record in records:
                value, headers = encode(record)
                await self.producer.send(self.topics["feed"], value, partition=partition, headers=headers)
        await self.producer.flush()

    def worker(self) -> subprocess.Popen[bytes]:
        flags = [f"--{kind}={name}" for kind, name in self.topics.items()]
        log = (self.folder / f"detect-{len(self.workers)}.log").open("wb")
        command = [sys.executable, str(WORKER), f"--bootstrap={self.bootstrap}", f"--group={self.group}"]
        worker = subprocess.Popen([*command, *flags, "--save-s=0.3"], stdout=log, stderr=subprocess.STDOUT)
        log.close()
        self.workers.append(worker)
        return worker

    async def listen(self) -> None:
        """Take what has been said; a record folded again must say the same again."""
        heard: dict[tuple[str, int, int], list[bytes]] = {}
        for at, records in (await self.consumer.getmany(timeout_ms=100)).items():
            kind = at.topic.rsplit(".", 1)[1]
            for record in records:
                if schema_of(record.headers) not in (JUDGED, JUDGEMENTS, BREACH):
                    continue  # what history keeps besides is held to replays elsewhere
                place = (header(record.headers, "feed") or b"").decode()
                heard.setdefault((kind, at.partition, int(place.split("/")[1])), []).append(record.value)
        for key, values in heard.items():
            known = self.said.setdefault(key, [])
            for value in values:
                if value in known:
                    self.repeated += 1
                else:
                    known.append(value)

    async def hear(self, count: int, within_s: float = 40.0) -> None:
        deadline = time.monotonic() + within_s
        while sum(map(len, self.said.values())) < count:
            assert time.monotonic() < deadline, self._last_words()
            await self.listen()

    def _last_words(self) -> str:
        return (self.folder / f"detect-{len(self.workers) - 1}.log").read_text()[-3000:]


@pytest.fixture
async def detecting(kafka: KafkaNode, tmp_path: Path) -> AsyncIterator[Detecting]:
    one = Detecting(kafka.bootstrap, tmp_path)
    await one.start()
    yield one
    await one.close()


async def test_a_worker_killed_in_the_middle_says_byte_for_byte_what_the_fold_says(
    detecting: Detecting,
) -> None:
    log = county_log()
    fold = expected(log)
    assert {kind for kind, _, _ in fold} == {"results", "breaches"}
    total = sum(map(len, fold.values()))
    await detecting.publish({p: records[: len(records) // 2] for p, records in log.items()})
    killed = detecting.worker()
    await detecting.hear(total // 4)
    killed.kill()
    killed.wait()
    await detecting.publish({p: records[len(records) // 2 :] for p, records in log.items()})
    detecting.worker()
    await detecting.hear(total)
    assert detecting.said == fold
