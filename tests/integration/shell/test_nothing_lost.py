"""The shell on a real Kafka: whatever happens to a worker, every record is folded once into the state."""

from __future__ import annotations

import random
import time

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from ingest.kafka_options import KafkaOptions
from processors.stream.log_gaps import accept_gaps, find_gaps
from processors.stream.shell import EXIT_LOG, EXIT_SETTINGS, EXIT_UNEXPECTED

from .conftest import PARTITIONS, Numbers, until

pytestmark = pytest.mark.long  # a worker and its end for each


async def until_out(numbers: Numbers, wanted: set[int], within_s: float = 40.0) -> None:
    """Wait until exactly these numbers have come out; their counts may tell of a gap."""
    deadline = time.monotonic() + within_s
    while numbers.numbers != wanted:
        assert time.monotonic() < deadline, f"{sorted(wanted ^ numbers.numbers)[:10]}"
        await numbers.drain()


async def test_a_stage_that_raises_ends_the_process_and_nothing_is_lost(numbers: Numbers) -> None:
    await numbers.publish(300)
    failing = numbers.worker(raise_at=151)
    assert await failing.ended() == EXIT_UNEXPECTED
    assert "told to raise at 151" in failing.said()
    assert (await numbers.committed()).get(151 % PARTITIONS, 0) <= 151 // PARTITIONS
    numbers.worker()
    await numbers.all_out()


async def test_kill_9_at_random_loses_nothing_and_the_snapshot_leads_the_commit(numbers: Numbers) -> None:
    chance = random.Random(20261123)
    cut_short = 0
    for _ in range(3):
        worker = numbers.worker(save_s=0.1)
        seen = len(numbers.numbers)
        await numbers.publish(6000)
        await numbers.all_out(at_least=seen + chance.randrange(1, 3000))
        worker.kill()
        await numbers.drain()
        cut_short += len(numbers.numbers) < numbers.published
        committed = await numbers.committed()
        for partition, offset in committed.items():
            snapshot = await numbers.snapshot(partition)
            assert snapshot is not None
            assert snapshot.next >= offset
    assert cut_short, "at least one was killed in the middle of its work"
    numbers.worker()
    await numbers.all_out()
    await numbers.saved()


async def test_workers_that_join_and_leave_lose_nothing(numbers: Numbers) -> None:
    await numbers.publish(300)
    first = numbers.worker(instance="first")
    await numbers.all_out()
    second = numbers.worker(instance="second")
    deadline = time.monotonic() + 40
    while not numbers.told_by["second"]:
        assert time.monotonic() < deadline, f"the second never got a partition: {second.said()[-2000:]}"
        await numbers.publish(15)
        await numbers.drain()
    await numbers.publish(300)
    await numbers.all_out()
    assert numbers.told_by["second"] < set(range(PARTITIONS)), "the first kept some"
    assert second.stop() == 0
    await numbers.publish(300)
    await numbers.all_out()  # after the session time-out of the one that left
    await numbers.saved()
    assert first.stop() == 0


async def test_a_refused_snapshot_ends_the_process_and_acknowledges_nothing(numbers: Numbers) -> None:
    await numbers.publish(60)
    refused = numbers.worker(padding=2_000_000)
    assert await refused.ended() == EXIT_UNEXPECTED
    assert "Nothing was acknowledged" in refused.said()
    assert not any((await numbers.committed()).values())
    numbers.worker()
    await numbers.all_out()
    await numbers.saved()


async def test_a_stale_snapshot_written_last_does_not_win(numbers: Numbers) -> None:
    await numbers.publish(90)
    worker = numbers.worker()
    await numbers.all_out()
    await numbers.saved()
    assert worker.stop() == 0
    await numbers.drain()
    repeats = numbers.repeats
    for partition in range(PARTITIONS):
        await numbers.write_snapshot(partition, 10)
    await numbers.publish(30)
    numbers.worker()
    await numbers.all_out()
    assert numbers.repeats == repeats


async def test_records_committed_past_the_snapshot_are_read_from_the_topic(numbers: Numbers) -> None:
    await numbers.publish(90)
    for partition, committed in ((0, 25), (1, 30)):
        await numbers.write_snapshot(partition, 10)
        await numbers.commit(partition, committed)
    worker = numbers.worker()
    await numbers.all_out(at_least=90 - 10 - 10)
    assert "reads_missing_records" in worker.said()
    assert set(range(90)) - numbers.numbers == {n for n in range(30) if n % PARTITIONS != 2}


async def test_a_log_that_starts_after_the_snapshot_is_a_named_error(numbers: Numbers) -> None:
    await numbers.publish(90)
    await numbers.write_snapshot(0, 10)
    admin = AIOKafkaAdminClient(bootstrap_servers=numbers.bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(numbers.topic, 0): RecordsToDelete(before_offset=20)})
    await admin.close()
    worker = numbers.worker()
    assert await worker.ended() == EXIT_LOG
    said = worker.said()
    assert "[10, 20) are gone" in said
    assert "dustwatch feed accept-gap" in said
    (gap,) = await accept_gaps(
        KafkaOptions(numbers.bootstrap), {numbers.group: numbers.topic}, numbers.snapshots
    )
    assert (gap.partition, gap.next, gap.log_start) == (0, 10, 20)
    numbers.worker()
    await until_out(numbers, set(range(90)) - {n for n in range(60) if n % PARTITIONS == 0})


async def test_a_log_that_ends_before_the_snapshot_is_a_named_error(numbers: Numbers) -> None:
    await numbers.publish(30)
    await numbers.write_snapshot(1, 11)
    worker = numbers.worker()
    assert await worker.ended() == EXIT_LOG
    assert "ends at offset 10" in worker.said()
    assert (
        len(
            await accept_gaps(
                KafkaOptions(numbers.bootstrap), {numbers.group: numbers.topic}, numbers.snapshots
            )
        )
        == 1
    )
    assert not await find_gaps(
        KafkaOptions(numbers.bootstrap), {numbers.group: numbers.topic}, numbers.snapshots
    )
    numbers.worker()
    await until_out(numbers, set(range(30)))


async def test_two_workers_of_one_instance_id_are_a_named_error_and_lose_nothing(numbers: Numbers) -> None:
    await numbers.publish(30)
    first = numbers.worker()
    await numbers.all_out()
    second = numbers.worker()
    await until(lambda: EXIT_SETTINGS in (first.popen.poll(), second.popen.poll()), 40)
    assert any("DUSTWATCH_INSTANCE" in worker.said() for worker in (first, second))
    for worker in (first, second):
        worker.kill()
    await numbers.publish(30)
    numbers.worker()
    await numbers.all_out()


async def test_sigterm_saves_what_was_folded_and_repeats_nothing_after(numbers: Numbers) -> None:
    await numbers.publish(300)
    worker = numbers.worker(save_s=600)
    await numbers.all_out()
    assert worker.stop() == 0
    await numbers.saved()
    await numbers.publish(30)
    numbers.worker(save_s=600)
    await numbers.all_out()
    assert numbers.repeats == 0
