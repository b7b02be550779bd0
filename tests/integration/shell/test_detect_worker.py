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
from ingest.kafka_options import KafkaOptions
from ingest.records import FeedRecord, Status
from ingest.topics import TopicSpec, partition_of
from processors.fold.detector import Detector
from processors.fold.outputs import Outputs
from processors.records.breaches import BREACH, encode_breach
from processors.records.judgements import decode_judgements
from processors.records.outlooks import OUTLOOK, OUTLOOKS, encode_outlook
from processors.records.readings import FLAGS, JUDGED, encode_judged
from processors.records.verdicts import JUDGEMENTS
from tests.logs import (
    HEBEI,
    HOUR,
    MINUTE,
    T0,
    background,
    local_rule,
    minutes,
    revision,
    row,
    rules_of,
    ticking,
)

PARTITIONS = 2
WORKER = Path(__file__).with_name("detecting.py")
Said = dict[tuple[str, int], set[bytes]]  # (topic, partition) -> what was said in its records


def county_log() -> dict[int, list[FeedRecord]]:
    """Three hours of two sites in two partitions: calm, dusty, and one of them silent at the end.

    With all that the state keeps: values that fail a check, what is foretold, what looks too even to be
    true, a last will.
    """
    sites = {partition_of(f"s{n}", PARTITIONS): f"s{n}" for n in range(20)}
    devices = [{"id": f"d-{site}-{n}", "site": site} for site in sites.values() for n in range(3)]
    configuration = revision(devices, [*rules_of(HEBEI), local_rule()], T0)
    log: dict[int, list[FeedRecord]] = {}
    for partition, site in sites.items():
        rows = [
            one
            for device in devices
            if device["site"] == site
            for start, end, value in ((0, 1, 60.0), (1, 2, 300.0), (2, 3, 40.0))
            if not (site == sites[0] and start == 2)
            for one in minutes(
                T0 + start * HOUR,
                T0 + end * HOUR,
                88.0 if device["id"].endswith("-2") else value,  # one that is stuck
                device["id"],
                site=site,
            )
        ]
        known = [background(T0 + h * HOUR, 50.0, T0 + (h + 1) * HOUR + 3 * MINUTE) for h in range(3)]
        odd = [row(T0 + n * 37 * MINUTE + 7_000, 9_999.0, f"d-{site}-0", site=site) for n in range(4)]
        wills = [Status(T0 + 2 * HOUR + n * MINUTE, f"d-{site}-1", site, "offline", False) for n in range(3)]
        log[partition] = [
            configuration,
            *ticking(
                sorted([*rows, *odd], key=lambda r: r.received_at), T0 + 4 * HOUR, others=[*known, *wills]
            ),
        ]
    return log


def pieces(value: bytes, schema: str) -> set[bytes]:
    """What a record says. How judgements are gathered in records is by what waited together."""
    if schema == JUDGEMENTS:
        intervals, verdicts = decode_judgements(value)
        return {_text(one) for one in [*intervals, *verdicts]}
    if schema in (FLAGS, OUTLOOKS):
        return {_text(one) for found in orjson.loads(value).values() for one in found}
    return {value}


def _text(one: object) -> bytes:
    return orjson.dumps(orjson.loads(orjson.dumps(one)), option=orjson.OPT_SORT_KEYS)


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
            results |= {_text(one) for one in [*out.intervals, *out.verdicts, *out.flags]}
            results |= {_text(one.body) for one in out.outlooks}
            breaches |= {encode_breach(breach)[1] for breach in out.breaches}
            breaches |= {encode_outlook(outlook)[1] for outlook in out.outlooks if outlook.tell}
    return said


def judged(value: bytes, out: Outputs) -> tuple[bytes, str]:
    return encode_judged(value, out.marks, out.duplicates, 0)[0], JUDGED


class Detecting:
    """A feed in topics of its own, a worker, and what it has said by feed record."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap, self.folder = bootstrap, folder
        name = f"detect-{time.monotonic_ns()}"
        self.topics = {kind: f"{name}.{kind}" for kind in ("feed", "results", "breaches", "snapshots")}
        self.group = self.state = f"{name}.group"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.said: Said = {}
        self.repeated = 0

    async def start(self) -> None:
        await ensure_topics(
            KafkaOptions(self.bootstrap), PARTITIONS, 1, [TopicSpec(name) for name in self.topics.values()]
        )
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

    def worker(self, instance: str = "one") -> subprocess.Popen[bytes]:
        flags = [f"--{kind}={name}" for kind, name in self.topics.items()]
        log = (self.folder / f"detect-{len(self.workers)}.log").open("wb")
        command = [sys.executable, str(WORKER), f"--bootstrap={self.bootstrap}", f"--group={self.group}"]
        worker = subprocess.Popen(
            [*command, *flags, f"--instance={instance}", "--save-s=0.3"], stdout=log, stderr=subprocess.STDOUT
        )
        log.close()
        self.workers.append(worker)
        return worker

    async def listen(self) -> None:
        """Take what has been said; a record folded again may only say the same again."""
        for at, records in (await self.consumer.getmany(timeout_ms=100)).items():
            heard = self.said.setdefault((at.topic.rsplit(".", 1)[1], at.partition), set())
            for record in records:
                schema = schema_of(record.headers)
                if schema not in (JUDGED, JUDGEMENTS, FLAGS, OUTLOOKS, BREACH, OUTLOOK):
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


async def test_workers_that_join_leave_and_are_killed_hand_over_all_of_the_state(
    detecting: Detecting,
) -> None:
    """Nothing is lost, and no verdict, outlook, flag, silence or suspicion is another than without them."""
    log = county_log()
    fold = expected(log)
    texts = [text for said in fold.values() for text in said]
    for what in (b'"kind":"suspicion"', b'"last_will"', b'"projected"', b'"words"', b'"site_silent"'):
        assert any(what in text for text in texts), f"the log leads to {what!r}"

    def part(number: int) -> dict[int, list[FeedRecord]]:
        return {p: r[len(r) * number // 4 : len(r) * (number + 1) // 4] for p, r in log.items()}

    def said() -> int:
        return sum(map(len, detecting.said.values()))

    await detecting.publish(part(0))
    first = detecting.worker("first")
    await detecting.hear(1)
    second = detecting.worker("second")  # joins
    await detecting.publish(part(1))
    await detecting.hear(said() + 200)
    first.kill()  # its partitions go over when the session has timed out
    first.wait()
    await detecting.publish(part(2))
    await detecting.hear(said() + 200)
    third = detecting.worker("first")  # is back
    await detecting.publish(part(3))
    await detecting.hear(said() + 20)
    second.terminate()  # leaves
    assert second.wait(20) == 0
    await detecting.hear(sum(map(len, fold.values())), 60)
    assert third.poll() is None
    assert detecting.said == fold


def backlog_log() -> dict[int, list[FeedRecord]]:
    """Nine hours: of each device three dusty hours come six hours late, in three pieces of any order."""
    sites = {partition_of(f"s{n}", PARTITIONS): f"s{n}" for n in range(20)}
    devices = [{"id": f"d-{site}-{n}", "site": site} for site in sites.values() for n in range(3)]
    configuration = revision(devices, [*rules_of(HEBEI), local_rule(window=900)], T0)
    log: dict[int, list[FeedRecord]] = {}
    for partition, site in sites.items():
        rows = []
        for number, device in enumerate(one["id"] for one in devices if one["site"] == site):
            rows += minutes(T0, T0 + HOUR + number * 7 * MINUTE, 60.0, device, site=site)
            backlog = minutes(T0 + HOUR + number * 7 * MINUTE, T0 + 4 * HOUR, 300.0, device, site=site)
            for piece, came in ((1, 7 * HOUR), (2, 7 * HOUR + 9 * MINUTE), (0, 8 * HOUR)):
                rows += [one._replace(received_at=T0 + came + number) for one in backlog[piece::3]]
            rows += minutes(T0 + 4 * HOUR, T0 + 9 * HOUR, 70.0 + number, device, site=site)
        waits = (3, 3, 400, 3, 3, 3, 3, 3)  # minutes: one of them comes late as well
        known = [
            background(T0 + h * HOUR, 50.0, T0 + (h + 1) * HOUR + wait * MINUTE)
            for h, wait in enumerate(waits)
        ]
        rows.sort(key=lambda one: one.received_at)
        log[partition] = [configuration, *ticking(rows, T0 + 9 * HOUR, others=known)]
    return log


async def test_a_backlog_is_judged_alike_by_workers_that_are_killed_over_it(detecting: Detecting) -> None:
    log = backlog_log()
    fold = expected(log)
    texts = [text for said in fold.values() for text in said]
    found_late = [text for text in texts if b'"reasons":["late"]' in text and b'"opened"' in text]
    assert found_late
    assert all(b'"tell":false' in text for text in found_late)
    borders = [0.5, 0.78, 0.8, 0.84, 1.0]  # of the log: before, over and after the backlog
    begun = 0.0
    for border in borders:
        part = {p: r[round(len(r) * begun) : round(len(r) * border)] for p, r in log.items()}
        worker = detecting.worker("first")
        before = sum(map(len, detecting.said.values()))
        await detecting.publish(part)
        begun = border
        if border < 1.0:
            await detecting.hear(before + 20)
            worker.kill()
            worker.wait()
    await detecting.hear(sum(map(len, fold.values())), 90)
    assert detecting.said == fold
