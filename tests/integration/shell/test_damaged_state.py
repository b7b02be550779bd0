"""Detect and a numbered stage on a real Kafka whose saved states are damaged: the same is said, or why not."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from deploy.county.apply import apply_revision
from deploy.embedded.kafka import KafkaNode
from ingest.admin import ensure_topics
from ingest.kafka_options import KafkaOptions
from ingest.records import FeedRecord, Revision
from ingest.topics import BREACHES, FEED, RESULTS, SNAPSHOTS
from processors.records.judgements import decode_judgements
from processors.records.verdicts import JUDGEMENTS, Verdict
from processors.stream.reader import Reader
from processors.stream.snapshots import Manifest, Snapshots, encode_manifest
from tests.logs import T0

from .conftest import Numbers
from .test_detect_worker import PARTITIONS, Detecting, Said, county_log, detecting, expected

__all__ = ["detecting"]  # the fixture

pytestmark = pytest.mark.long
HURT = 1  # the partition that goes on with another state: its site sends to the end


async def damage(one: Detecting, partition: int) -> list[Manifest]:
    """Flip a bit of a part in each state of a partition that counts; the states."""
    reader = Reader(KafkaOptions(one.bootstrap))
    await reader.start()
    topic, found = one.topics["snapshots"], []
    snapshots = Snapshots(one.producer, reader, topic)
    async for manifest in snapshots.search(one.state, partition).candidates():
        assert isinstance(manifest, Manifest)
        record = await reader.record(topic, partition, manifest.offset)
        assert record is not None
        value = bytearray(record.value)
        value[-1] ^= 1
        await one.producer.send_and_wait(topic, bytes(value), key=record.key, partition=partition)
        found.append(manifest)
    await reader.stop()
    assert found
    return found


async def delete_before(bootstrap: str, topic: str, partition: int, offset: int) -> None:
    """As retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(topic, partition): RecordsToDelete(before_offset=offset)})
    await admin.close()


def half(log: dict[int, list[FeedRecord]], which: int) -> dict[int, list[FeedRecord]]:
    return {p: r[len(r) // 2 :] if which else r[: len(r) // 2] for p, r in log.items()}


def words_of(one: Detecting) -> str:
    return (one.folder / f"detect-{len(one.workers) - 1}.log").read_text()


async def run_and_stop(one: Detecting, count: int) -> None:
    worker = one.worker()
    await one.hear(count, 60)
    worker.terminate()
    assert worker.wait(20) == 0


async def test_a_damaged_part_leads_to_the_same_outputs_as_never_damaged(detecting: Detecting) -> None:
    log = county_log()
    fold = expected(log)
    await detecting.publish(half(log, 0))
    await run_and_stop(detecting, sum(map(len, expected(half(log, 0)).values())))
    for partition in range(PARTITIONS):
        await damage(detecting, partition)
    await detecting.publish(half(log, 1))
    await run_and_stop(detecting, sum(map(len, fold.values())))
    assert detecting.said == fold
    said = words_of(detecting)
    assert said.count("state_folded_anew") == PARTITIONS
    assert "snapshot_unreadable" in said


async def test_a_part_in_a_record_of_its_own_is_read_where_it_is_and_its_absence_is_found(
    numbers: Numbers,
) -> None:
    """The padding is a record of its own."""
    await numbers.publish(90)
    worker = numbers.worker(padding=100_000, save_s=0.1)
    await numbers.all_out()
    await numbers.saved()
    assert worker.stop() == 0
    await numbers.publish(90)
    worker = numbers.worker(padding=100_000)
    await numbers.all_out()
    await numbers.saved()
    assert worker.stop() == 0
    assert "unreadable" not in worker.said()

    snapshots, moved = Snapshots(numbers.producer, numbers.reader, numbers.snapshots), 0
    async for one in snapshots.search(numbers.group, 0).candidates():
        assert isinstance(one, Manifest)
        assert one.parts is not None
        assert one.where("padding") < one.offset
        parts = [replace(p, offsets=(one.offset,)) if p.name == "padding" else p for p in one.parts]
        value = encode_manifest(replace(one, parts=tuple(parts)))
        await numbers.producer.send_and_wait(numbers.snapshots, value, key=one.key.encode(), partition=0)
        moved += 1
    assert moved >= 2
    await numbers.publish(90)
    again = numbers.worker()
    await numbers.all_out()  # with the right counts and sums
    assert again.said().count("its record is missing") == moved
    assert "state_folded_anew" in again.said()


async def test_one_damaged_partition_is_named_folded_anew_and_keeps_no_other_back(
    detecting: Detecting,
) -> None:
    log = county_log()
    fold = expected(log)
    await detecting.publish(half(log, 0))
    await run_and_stop(detecting, sum(map(len, expected(half(log, 0)).values())))
    await damage(detecting, HURT)
    await detecting.publish(half(log, 1))
    await run_and_stop(detecting, sum(map(len, fold.values())))
    assert detecting.said == fold
    said = re.sub(r"\x1b\[[0-9;]*m", "", words_of(detecting))
    lines = [line for line in said.splitlines() if "snapshot_unreadable" in line]
    assert lines
    assert all(f"partition={HURT} " in line and "stage=detect" in line and "part=" in line for line in lines)
    assert said.count("state_folded_anew") == 1


# ------------------------------------------------------------------------------- where the log is too short


class DetectingCounty(Detecting):
    """The same with the topics and the group of an installation."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        super().__init__(bootstrap, folder)
        self.topics = {"feed": FEED, "results": RESULTS, "breaches": BREACHES, "snapshots": SNAPSHOTS}
        self.group, self.state = "dustwatch-detect", "detect"

    def dustwatch(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("DUSTWATCH_")}
        return subprocess.run(
            [sys.executable, "-m", "deploy.cli", *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**kept, "DUSTWATCH_KAFKA": self.bootstrap, "DUSTWATCH_PARTITIONS": str(PARTITIONS)},
        )

    async def verdicts(self, partition: int) -> list[Verdict]:
        """All that were published of a partition."""
        reader, found = Reader(KafkaOptions(self.bootstrap)), []
        await reader.start()
        begin, end = await reader.bounds(RESULTS, partition)
        for record in await reader.records(RESULTS, partition, begin, end):
            if ("schema", JUDGEMENTS.encode()) in [(k, bytes(v)) for k, v in record.headers]:
                found += decode_judgements(record.value)[1]
        await reader.stop()
        return found


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[DetectingCounty]:
    """On a Kafka of its own: the topics have fixed names."""
    node = KafkaNode(tmp_path / "kafka").start()
    one = DetectingCounty(node.bootstrap, tmp_path)
    await ensure_topics(node.options, PARTITIONS)
    await one.start()
    yield one
    await one.close()
    node.stop()


async def test_where_the_log_is_too_short_the_process_says_so_and_accept_gap_is_the_way_out(
    county: DetectingCounty,
) -> None:
    log = county_log()
    (configuration,) = {id(r[0]): r[0] for r in log.values()}.values()
    assert isinstance(configuration, Revision)
    await apply_revision(KafkaOptions(county.bootstrap), configuration, PARTITIONS)
    rest = {p: r[1:] for p, r in log.items()}
    await county.publish(half(rest, 0))
    await run_and_stop(county, sum(map(len, expected(half(log, 0)).values())) - 50)
    before = await county.verdicts(HURT)
    states = await damage(county, HURT)
    await delete_before(county.bootstrap, FEED, HURT, 10)

    await county.publish(half(rest, 1))
    others: Said = {at: one for at, one in expected(log).items() if at[1] != HURT}
    going = county.worker()
    async with asyncio.timeout(60):
        while any(not texts <= county.said.get(at, set()) for at, texts in others.items()):
            await county.listen()  # the other partitions go on
        while "partition_left_out" not in words_of(county):
            await asyncio.sleep(0.05)
    assert going.poll() is None
    said = words_of(county)
    assert said.count("partition_left_out") == 1
    assert "Traceback" not in said
    assert "detect: the state of dust.feed partition 1 cannot be read (part " in said
    assert "the log begins at offset 10" in said
    assert "run `dustwatch feed accept-gap`" in said
    shown = county.dustwatch("status")
    assert "Traceback" not in shown.stderr
    assert shown.returncode == 1
    assert f"PARTITION {HURT}: a saved state can't be read (part " in shown.stdout
    going.terminate()
    assert going.wait(20) == 0
    assert len(await county.verdicts(HURT)) == len(before)

    looked = county.dustwatch("feed", "accept-gap", "--dry-run")
    assert looked.returncode == 1, looked.stderr
    line = f"a new one begins at offset {max(one.next for one in states)}"
    assert "detect: dust.feed partition 1 has a state that cannot be read (part " in looked.stdout
    assert line in looked.stdout
    accepted = county.dustwatch("feed", "accept-gap")
    assert accepted.returncode == 0, accepted.stderr
    assert line in accepted.stdout
    assert "accepted 1; the stages can be started again" in accepted.stdout
    assert "no gap" in county.dustwatch("feed", "accept-gap").stdout

    going = county.worker()
    async with asyncio.timeout(60):
        after: list[Verdict] = []
        while not any(one.answer != "undetermined" for one in after):
            await asyncio.sleep(0.5)
            after = (await county.verdicts(HURT))[len(before) :]
    going.terminate()
    assert going.wait(20) == 0
    touched = [one for one in after if one.kind == "interval" and one.start < T0 + 2 * 3_600_000]
    assert touched
    assert all("log_gap" in one.reasons for one in touched), "of what was open nothing is judged by half"
    published = {one.id: one for one in before}
    assert all(published[one.id] == one for one in after if one.id in published), "nothing is said otherwise"
