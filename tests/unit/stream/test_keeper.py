"""One partition's keeper on fakes: what is acknowledged when, and what a rebalance makes of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from processors.fold.parts import Parts, SavedPart
from processors.stream.keeper import Dropped, Keeper
from processors.stream.opening import Assignment
from processors.stream.reader import LogGap, LogShort
from processors.stream.snapshots import INLINE_BYTES, Manifest, Snapshot, SnapshotRefused, Snapshots
from processors.stream.stage import DETECT_PACE, Pace, RawRecord
from tests.fakes.snapshot_topic import SnapshotTopic

EACH = Pace(save_s=0.0, save_records=1)
NEVER = Pace(save_s=3600.0, save_records=1_000_000)


def record(offset: int) -> RawRecord:
    return RawRecord(0, offset, [], b"%d" % offset, 0)


class FakeStage:
    """Remembers the calls; its state is the list of folded offsets."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.folded: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.weighs = 0

    def restore(self, parts: Parts | None) -> None:
        self.folded = [int(x) for x in parts["folded"].data.split()] if parts else []

    def fold(self, record: RawRecord) -> None:
        self.folded.append(record.offset)

    async def deliver(self) -> None:
        await self.gate.wait()
        self.calls.append("deliver")

    async def settle(self) -> None:
        self.calls.append("settle")

    def snapshot(self) -> Parts:
        self.calls.append("snapshot")
        return {"folded": SavedPart(1, " ".join(map(str, self.folded)).encode())}


class HeavyStage(FakeStage):
    """Says how much it has collected: 10 a record."""

    def weight(self) -> int:
        return 10 * len(self.folded)


class FakeLog(SnapshotTopic):
    """A topic of numbered records and the snapshots of its state, both in memory."""

    def __init__(self, begin: int = 0, end: int = 100) -> None:
        super().__init__()
        self.begin, self.end = begin, end
        self.read: list[tuple[int, int]] = []
        self.while_writing: Callable[[], None] = lambda: None

    async def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        return (self.begin, self.end) if topic == "topic" else await super().bounds(topic, partition)

    async def missing(self, topic: str, partition: int, start: int, end: int) -> AsyncIterator[RawRecord]:
        self.read.append((start, end))
        for offset in range(start, end):
            yield record(offset)

    async def send_and_wait(self, topic: str, value: bytes | None, key: bytes = b"", **more: Any) -> Any:
        self.while_writing()
        return await super().send_and_wait(topic, value, key, **more)


async def saved(log: FakeLog, next_offset: int, body: bytes) -> None:
    """A state as another worker has left it."""
    fake: Any = log
    writer = Snapshots(fake, fake, "snapshots").writer("stage", 0)
    await writer.confirm(await writer.send_parts(Snapshot(next_offset, {"folded": SavedPart(1, body)})))


async def states_of(log: FakeLog) -> list[tuple[int, bytes]]:
    """(next, body) of the states that count, the newest first."""
    fake: Any = log
    snapshots, found = Snapshots(fake, fake, "snapshots"), []
    async for one in snapshots.search("stage", 0).candidates():
        assert isinstance(one, Manifest)
        parts = await snapshots.read(one, 0)
        assert parts is not None
        found.append((one.next, parts["folded"].data))
    return found


class Bench:
    """A keeper with everything around it."""

    def __init__(self, log: FakeLog, stage: FakeStage | None = None, pace: Pace = EACH) -> None:
        self.log, self.stage = log, stage or FakeStage()
        self.acknowledged: list[int] = []
        self.seen: list[int] = []
        fake: Any = log
        self.keeper = Keeper(
            Assignment("stage", "stage", "topic", 0), self.stage, pace, Snapshots(fake, fake, "snapshots"), fake,
            self.acknowledged.append, lambda r: self.seen.append(r.offset),
        )  # fmt: skip

    async def take(self, *offsets: int) -> None:
        for offset in offsets:
            await self.keeper.take(record(offset), offset)


async def test_outputs_settle_before_the_snapshot_and_the_snapshot_before_the_acknowledgement() -> None:
    bench = Bench(FakeLog())
    order: list[Any] = bench.stage.calls
    bench.log.while_writing = lambda: order.append(("written before", list(bench.acknowledged)))
    await bench.take(0)
    assert order == ["deliver", "settle", "snapshot", ("written before", [])]
    assert bench.acknowledged == [0]


async def test_a_refused_snapshot_acknowledges_nothing() -> None:
    bench = Bench(FakeLog())
    bench.log.refuses = "manifest"
    with pytest.raises(SnapshotRefused):
        await bench.take(0)
    assert bench.acknowledged == []


async def test_what_a_snapshot_covers_is_acknowledged_and_not_folded_again() -> None:
    log = FakeLog()
    await saved(log, 2, b"0 1")
    bench = Bench(log, pace=NEVER)
    await bench.take(0, 1, 2)
    assert bench.stage.folded == [0, 1, 2]
    assert bench.seen == [2]
    assert bench.acknowledged == [0, 1]


async def test_the_snapshot_with_the_highest_next_counts_not_the_last_one() -> None:
    log = FakeLog()
    await saved(log, 3, b"0 1 2")
    await saved(log, 1, b"0")
    bench = Bench(log)
    await bench.take(3)
    assert (bench.stage.folded, log.read) == ([0, 1, 2, 3], [])


async def test_an_event_beyond_next_brings_the_missing_records_first() -> None:
    log = FakeLog()
    await saved(log, 2, b"0 1")
    bench = Bench(log)
    await bench.take(5)
    assert bench.stage.folded == [0, 1, 2, 3, 4, 5]
    assert log.read == [(2, 5)]
    assert bench.acknowledged == [5]


async def test_what_the_group_committed_beyond_the_snapshot_is_read_before_any_event() -> None:
    log = FakeLog()
    await saved(log, 2, b"0 1")
    bench = Bench(log)
    await bench.keeper.open(committed=4)
    assert bench.stage.folded == [0, 1, 2, 3]
    assert (await states_of(log))[0][0] == 4


async def test_a_log_that_begins_after_next_is_a_gap_and_one_that_ends_before_it_is_short() -> None:
    log = FakeLog(begin=10, end=20)
    await saved(log, 9, b"")
    with pytest.raises(LogGap, match=r"\[9, 10\) are gone"):
        await Bench(log).keeper.open(None)
    await saved(log, 21, b"")
    with pytest.raises(LogShort, match="ends at offset 20"):
        await Bench(log).keeper.open(None)


async def test_without_a_snapshot_the_log_is_folded_from_its_beginning() -> None:
    bench = Bench(FakeLog(begin=7))
    await bench.take(9)
    assert bench.stage.folded == [7, 8, 9]


async def test_a_partition_lost_while_its_snapshot_is_written_acknowledges_nothing() -> None:
    bench = Bench(FakeLog())
    bench.log.while_writing = bench.keeper.drop
    with pytest.raises(Dropped):
        await bench.take(0)
    assert bench.acknowledged == []


async def test_a_partition_lost_while_its_target_is_dead_folds_nothing_more() -> None:
    bench = Bench(FakeLog())
    bench.stage.gate.clear()
    first, second = (asyncio.create_task(bench.take(offset)) for offset in (0, 1))
    while not bench.stage.folded:
        await asyncio.sleep(0)
    assert bench.keeper.waits_since is not None
    bench.keeper.drop()
    bench.stage.gate.set()
    assert [type(e) for e in await asyncio.gather(first, second, return_exceptions=True)] == [
        Dropped,
        Dropped,
    ]
    assert bench.stage.folded == [0]
    assert (bench.log.written, bench.acknowledged) == ([], [])


async def test_a_stage_that_weighs_delivers_when_it_has_enough_and_saving_delivers_the_rest() -> None:
    bench = Bench(FakeLog(), HeavyStage(), Pace(deliver_s=3600, deliver_weight=30, save_s=3600))
    await bench.take(0, 1)
    assert bench.stage.calls == []
    await bench.take(2)
    assert bench.stage.calls == ["deliver"]
    await bench.take(3)
    await bench.keeper.save()
    assert bench.stage.calls[-3:] == ["deliver", "settle", "snapshot"]
    assert bench.acknowledged == [0, 1, 2, 3]


async def test_the_saver_delivers_and_saves_what_no_later_event_pushes_out() -> None:
    bench = Bench(FakeLog(), pace=Pace(deliver_s=0.01, deliver_weight=1000, save_s=0.02))
    saver = asyncio.create_task(bench.keeper.save_when_due())
    await bench.take(0, 1)
    async with asyncio.timeout(5):
        while bench.acknowledged != [0, 1]:
            await asyncio.sleep(0.001)
    saver.cancel()
    assert (await states_of(bench.log))[0] == (2, b"0 1")


async def test_what_comes_while_the_saver_waits_to_save_is_delivered_in_its_own_time() -> None:
    bench = Bench(FakeLog(), pace=Pace(deliver_s=0.001, deliver_weight=1000, save_s=3600))
    saver = asyncio.create_task(bench.keeper.save_when_due())
    async with asyncio.timeout(5):
        for offset in range(3):
            await bench.take(offset)
            while bench.stage.calls.count("deliver") <= offset:
                await asyncio.sleep(0.001)
    saver.cancel()
    assert bench.log.written == []


async def test_records_of_a_backlog_wait_for_others_and_what_has_just_been_written_does_not() -> None:
    pace = Pace(deliver_s=0.001, backlog_s=3600, deliver_weight=1000, save_s=3600)
    bench = Bench(FakeLog(), pace=pace)
    saver = asyncio.create_task(bench.keeper.save_when_due())
    just_now = round(time.time() * 1000)
    async with asyncio.timeout(5):
        await bench.keeper.take(record(0)._replace(appended_at=just_now), 0)
        while bench.stage.calls != ["deliver"]:
            await asyncio.sleep(0.001)
        await bench.keeper.take(record(1), 1)  # of 1970
        assert bench.keeper._due_at() > time.monotonic() + 60
        assert bench.stage.calls == ["deliver"]
        await bench.keeper.save()  # does not wait for it
    saver.cancel()
    assert bench.stage.folded == [0, 1]
    assert bench.acknowledged == [0, 1]


@pytest.mark.parametrize(
    ("age_s", "waits_s"), [(0.0, 0.002), (1.0, 0.002), (1.001, 0.05), (86_400.0, 0.05), (-60.0, 0.002)]
)
def test_a_record_is_of_a_backlog_when_it_was_written_more_than_a_second_ago(
    age_s: float, waits_s: float
) -> None:
    now_ms = 1_800_000_000_000
    assert DETECT_PACE.patience_s(now_ms - round(age_s * 1000), now_ms) == waits_s
    assert Pace(deliver_s=0.2).patience_s(now_ms - round(age_s * 1000), now_ms) == 0.2


async def test_saving_with_nothing_new_writes_no_snapshot() -> None:
    bench = Bench(FakeLog())
    await bench.take(0)
    before = len(bench.log.written)
    await bench.keeper.save()
    assert len(bench.log.written) == before


class LettingGoStage(FakeStage):
    """Forgets what it has collected when it begins to deliver it, as the store does."""

    def __init__(self) -> None:
        super().__init__()
        self.collected: list[int] = []
        self.stored: list[int] = []

    def fold(self, record: RawRecord) -> None:
        super().fold(record)
        self.collected.append(record.offset)

    async def deliver(self) -> None:
        collected, self.collected = self.collected, []
        await super().deliver()
        self.stored += collected


async def test_a_delivery_that_was_cut_off_is_never_taken_for_done() -> None:
    stage = LettingGoStage()
    bench = Bench(FakeLog(), stage, NEVER)
    stage.gate.clear()  # the target is dead
    taking = asyncio.create_task(bench.take(0))
    while not stage.folded:
        await asyncio.sleep(0)
    taking.cancel()  # the engine ends its streams at SIGTERM
    await asyncio.gather(taking, return_exceptions=True)
    stage.gate.set()
    with pytest.raises(Dropped):
        await bench.keeper.save()
    assert (stage.stored, bench.log.written, bench.acknowledged) == ([], [], [])


async def test_a_state_that_covers_what_came_while_the_log_was_looked_at_is_no_short_log() -> None:
    log = FakeLog(end=3)
    await saved(log, 4, b"0 1 2 3")
    records = log.records

    async def looking(topic: str, partition: int, start: int, end: int) -> list[Any]:
        log.end = 4  # the worker before us folded one more, and its state has just arrived
        return await records(topic, partition, start, end)

    log.records = looking  # type: ignore[method-assign]
    bench = Bench(log)
    await bench.take(4)
    assert bench.stage.folded == [0, 1, 2, 3, 4]


class LargeStage(FakeStage):
    """Has a second part that is sent in a record of its own."""

    def snapshot(self) -> Parts:
        large = SavedPart(1, bytes([len(self.folded)]) * (INLINE_BYTES + 1))
        return {**super().snapshot(), "large": large}


async def test_parts_are_confirmed_before_the_manifest_and_the_manifest_before_the_acknowledgement() -> None:
    bench = Bench(FakeLog(), LargeStage())
    seen: list[tuple[int, list[int]]] = []
    bench.log.while_writing = lambda: seen.append((len(bench.log.written), list(bench.acknowledged)))
    await bench.take(0)
    assert seen == [(0, []), (1, [])]
    keys = [held[0].split(b"/", 3)[3] for held in bench.log.written if held is not None]
    assert keys == [b"part/large/0/0", b"manifest/0"]
    assert bench.acknowledged == [0]


async def test_a_partition_lost_between_parts_and_manifest_writes_no_manifest() -> None:
    bench = Bench(FakeLog(), LargeStage())
    bench.log.while_writing = bench.keeper.drop
    with pytest.raises(Dropped):
        await bench.take(0)
    assert len(bench.log.written) == 1
    assert bench.acknowledged == []


async def test_a_damaged_part_changes_nothing_of_what_is_folded_and_acknowledged() -> None:
    log = FakeLog()
    before = Bench(log, LargeStage())
    await before.take(0, 1, 2)
    newest = await Snapshots(None, log, "snapshots").newest("stage", 0)  # type: ignore[arg-type]
    assert newest is not None
    log.flip(newest.where("large"), 4)
    bench = Bench(log, LargeStage())
    await bench.keeper.open(committed=3)
    assert log.read == [(2, 3)]  # from the state before
    await bench.take(3)
    assert (bench.stage.folded, bench.acknowledged) == ([0, 1, 2, 3], [3])
