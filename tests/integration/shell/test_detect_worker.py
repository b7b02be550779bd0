"""Detect as a process on a real Kafka says, byte for byte, what the fold says of the same log."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.embedded.kafka import KafkaNode
from ingest.admin import ensure_topics
from ingest.codec import decode, encode, schema_of
from ingest.records import FeedRecord
from ingest.topics import TopicSpec, partition_of
from processors.detect import Detector
from processors.judgements import decode_judgements
from processors.outputs import Outputs
from processors.records import (
    BREACH,
    JUDGED,
    JUDGEMENTS,
    encode_breach,
    encode_judged,
)
from tests.logs import HEBEI, HOUR, MINUTE, T0, background, local_rule, minutes, revision, rules_of, ticking

PARTITIONS = 2
WORKER = Path(__file__).with_name("detecting.py")
Said = dict[tuple[str, int], set[bytes]]  # (topic, partition) -> what was said in its records


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


def pieces(value: bytes, schema: str) -> set[bytes]:
    """What a record says. How judgements are gathered in records is by what waited together."""
    if schema != JUDGEMENTS:
        return {value}
    intervals, verdicts = decode_judgements(value)
    return {orjson.dumps(one) for one in [*intervals, *verdicts]}


def expected(log: dict[int, list[FeedRecord]]) -> Said:
    """What the fold says, record by record and without any server."""
    said: Said = {}
    for partition, records in log.items():
        detector = Detector.empty(partition, PARTITIONS)
        results, breaches = (said.setdefault((kind, partition), set()) for kind in ("results", "breaches"))
        for record in records:
            value, headers = encode(record)
            out = detector.fold(decode(value, headers))
            if out.readings is not None:
                results |= pieces(*judged(value, out))
            results |= {orjson.dumps(one) for one in [*out.intervals, *out.verdicts]}
            breaches |= {encode_breach(breach)[1] for breach in out.breaches}
    return said


def judged(value: bytes, out: Outputs) -> tuple[bytes, str]:
    return encode_judged(value, out.marks, out.duplicates, 0)[0], JUDGED


class Detecting:
    """A feed in topics of its own, a worker, and what it has said by feed record."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap, self.folder = bootstrap, folder
        name = f"detect-{time.monotonic_ns()}"
        self.topics = {kind: f"{name}.{kind}" for kind in ("feed", "results", "breaches", "snapshots")}
        self.group = f"{name}.group"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.said: Said = {}
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
        """Take what has been said; a record folded again may only say the same again."""
        for at, records in (await self.consumer.getmany(timeout_ms=100)).items():
            heard = self.said.setdefault((at.topic.rsplit(".", 1)[1], at.partition), set())
            for record in records:
                schema = schema_of(record.headers)
                if schema not in (JUDGED, JUDGEMENTS, BREACH):
                    continue  # what history keeps besides is held to replays elsewhere
                found = pieces(record.value, schema)
                self.repeated += len(found & heard)
                heard |= found

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
    assert {kind for kind, _ in fold} == {"results", "breaches"}
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
