"""A feed of numbers in topics of its own, workers as processes, and what came out of them."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from deploy.embedded.kafka import KafkaNode
from ingest.admin import ensure_topics
from ingest.kafka_options import KafkaOptions
from ingest.topics import TopicSpec
from processors.stream.reader import Reader
from processors.stream.snapshots import Manifest, Snapshot, Snapshots
from processors.stream.stage import SavedPart

WORKER = Path(__file__).with_name("numbered.py")
PARTITIONS = 3
_names = itertools.count()


class Worker:
    """A worker process and its log."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        self.log = log
        with log.open("wb") as out:
            self.popen = subprocess.Popen(
                [sys.executable, str(WORKER), *arguments], stdout=out, stderr=subprocess.STDOUT
            )

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def stop(self, within_s: float = 10.0) -> int:
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(within_s)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    async def ended(self, within_s: float = 30.0) -> int:
        await until(lambda: self.popen.poll() is not None, within_s, self.said)
        return int(self.popen.returncode)


async def until(done: Callable[[], Any], within_s: float, say: Callable[[], object] = str) -> None:
    """Wait for a condition; fail with what `say` knows when the time is over."""
    deadline = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < deadline, f"not within {within_s} s: {say()}"
        await asyncio.sleep(0.05)


class Numbers:
    """Numbers 0, 1, 2, ... published round the partitions, and the lines that workers made of them."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap, self.folder = bootstrap, folder
        name = f"numbers-{next(_names)}-{time.monotonic_ns()}"
        self.topic, self.out, self.snapshots, self.group = (
            f"{name}.{x}" for x in ("in", "out", "snap", "group")
        )
        self.published = 0
        self.workers: list[Worker] = []
        self.lines: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self.numbers: set[int] = set()
        self.told_by: dict[str, set[int]] = defaultdict(set)  # instance -> partitions that it spoke for
        self.reader = Reader(KafkaOptions(bootstrap))

    async def start(self, snapshot_limit: int = 1_000_000) -> None:
        specs = [
            TopicSpec(self.topic),
            TopicSpec(self.out),
            TopicSpec(
                self.snapshots, {"cleanup.policy": "compact", "max.message.bytes": str(snapshot_limit)}
            ),
        ]
        await ensure_topics(KafkaOptions(self.bootstrap), PARTITIONS, 1, specs)
        self.producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all")
        await self.producer.start()
        self.consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await self.consumer.start()
        self.consumer.assign([TopicPartition(self.out, p) for p in range(PARTITIONS)])
        await self.reader.start()

    async def close(self) -> None:
        for worker in self.workers:
            if worker.popen.poll() is None:
                worker.kill()
        await self.reader.stop()
        await self.consumer.stop()
        await self.producer.stop()

    async def publish(self, count: int) -> None:
        for number in range(self.published, self.published + count):
            await self.producer.send(self.topic, str(number).encode(), partition=number % PARTITIONS)
        await self.producer.flush()
        self.published += count

    def worker(self, **settings: object) -> Worker:
        arguments = {
            "bootstrap": self.bootstrap,
            "topic": self.topic,
            "out": self.out,
            "snapshots": self.snapshots,
            "group": self.group,
            **settings,
        }
        flags = [f"--{key.replace('_', '-')}={value}" for key, value in arguments.items()]
        worker = Worker(flags, self.folder / f"worker-{len(self.workers)}.log")
        self.workers.append(worker)
        return worker

    async def drain(self) -> None:
        """Collect the lines that are there now."""
        for at, records in (await self.consumer.getmany(timeout_ms=50)).items():
            for record in records:
                number, count, total = map(int, record.value.split())
                self.lines[at.partition].append((number, count, total))
                self.numbers.add(number)
                self.told_by[record.key.decode()].add(at.partition)

    @property
    def repeats(self) -> int:
        return sum(map(len, self.lines.values())) - len(self.numbers)

    async def all_out(self, within_s: float = 40.0, at_least: int | None = None) -> None:
        """Wait until every published number came out, then check that each came with the right state."""
        deadline = time.monotonic() + within_s
        wanted = self.published if at_least is None else at_least
        while len(self.numbers) < wanted:
            assert time.monotonic() < deadline, (
                f"{wanted - len(self.numbers)} of {wanted} are missing: "
                f"{sorted(set(range(self.published)) - self.numbers)[:10]}; "
                f"{[worker.said()[-2000:] for worker in self.workers]}"
            )
            await self.drain()
        self.check_states()

    def check_states(self) -> None:
        """Each number must come with the count and sum of exactly the numbers before it."""
        for partition, lines in self.lines.items():
            for number, count, total in lines:
                position = number // PARTITIONS
                total_before = partition * (position + 1) + PARTITIONS * position * (position + 1) // 2
                assert (count, total) == (position + 1, total_before), (
                    f"number {number} folded on a wrong state"
                )

    async def committed(self) -> dict[int, int]:
        return await self.reader.committed(self.group, self.topic)

    async def commit(self, partition: int, offset: int) -> None:
        """Commit for the group from outside, as Faust does past a hole."""
        other = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, group_id=self.group, enable_auto_commit=False
        )
        await other.start()
        at = TopicPartition(self.topic, partition)
        other.assign([at])
        await other.commit({at: OffsetAndMetadata(offset, "")})
        await other.stop()

    async def snapshot(self, partition: int) -> Manifest | None:
        return await Snapshots(None, self.reader, self.snapshots).newest(self.group, partition)

    async def write_snapshot(self, partition: int, covered: int) -> None:
        """The state after the first `covered` numbers of a partition, as a stale worker would write it."""
        total = sum(range(partition, covered * PARTITIONS, PARTITIONS))
        sums = SavedPart(1, json.dumps({"count": covered, "sum": total}).encode())
        writer = Snapshots(self.producer, self.reader, self.snapshots).writer(self.group, partition)
        await writer.confirm(await writer.send_parts(Snapshot(covered, {"sums": sums})))

    async def saved(self, within_s: float = 15.0) -> None:
        """Wait until snapshots cover everything published and the group has committed it."""
        deadline = time.monotonic() + within_s
        ends = await self.reader.ends(self.topic, list(range(PARTITIONS)))
        while True:
            covered = {p: s.next for p in range(PARTITIONS) if (s := await self.snapshot(p)) is not None}
            committed = await self.committed()
            if covered == ends == committed:
                return
            assert time.monotonic() < deadline, f"{ends=} {covered=} {committed=}"
            await asyncio.sleep(0.1)


@pytest.fixture
async def numbers(kafka: KafkaNode, tmp_path: Path) -> AsyncIterator[Numbers]:
    feed = Numbers(kafka.bootstrap, tmp_path)
    await feed.start()
    yield feed
    await feed.close()
