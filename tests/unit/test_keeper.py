"""One partition's keeper on fakes: what is acknowledged when, and what a rebalance makes of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from processors.stream.keeper import Dropped, Keeper
from processors.stream.reader import LogGap, LogShort
from processors.stream.snapshots import Snapshot, SnapshotRefused
from processors.stream.stage import DETECT_PACE, Pace, RawRecord

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

    def restore(self, snapshot: bytes | None) -> None:
        self.folded = [int(x) for x in snapshot.split()] if snapshot else []

    def fold(self, record: RawRecord) -> None:
        self.folded.append(record.offset)

    async def deliver(self) -> None:
        await self.gate.wait()
        self.calls.append("deliver")

    async def settle(self) -> None:
        self.calls.append("settle")

    def snapshot(self) -> bytes:
        self.calls.append("snapshot")
        return " ".join(map(str, self.folded)).encode()


class HeavyStage(FakeStage):
    """Says how much it has collected: 10 a record."""

    def weight(self) -> int:
        return 10 * len(self.folded)


class FakeLog:
    """A topic of numbered records and the snapshots of its state, both in memory."""

    def __init__(self, begin: int = 0, end: int = 100) -> None:
        self.begin, self.end = begin, end
        self.states: list[Snapshot] = []
        self.refuses = False
        self.read: list[tuple[int, int]] = []
        self.while_writing: Callable[[], None] = lambda: None

    async def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        return self.begin, self.end

    async def missing(self, topic: str, partition: int, start: int, end: int) -> AsyncIterator[RawRecord]:
        self.read.append((start, end))
        for offset in range(start, end):
            yield record(offset)

    async def newest(self, stage: str, partition: int) -> Snapshot | None:
        return max(self.states, key=lambda s: s.next, default=None)

    async def write(self, stage: str, partition: int, snapshot: Snapshot) -> None:
        self.while_writing()
        if self.refuses:
            raise SnapshotRefused("too large")
        self.states.append(snapshot)


class Bench:
    """A keeper with everything around it."""

    def __init__(self, log: FakeLog, stage: FakeStage | None = None, pace: Pace = EACH) -> None:
        self.log, self.stage = log, stage or FakeStage()
        self.acknowledged: list[int] = []
        self.seen: list[int] = []
        fake: Any = log
        self.keeper = Keeper(
            "stage", "stage", "topic", 0, self.stage, pace, fake, fake,
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
    bench.log.refuses = True
    with pytest.raises(SnapshotRefused):
        await bench.take(0)
    assert bench.acknowledged == []


async def test_what_a_snapshot_covers_is_acknowledged_and_not_folded_again() -> None:
    log = FakeLog()
    log.states = [Snapshot(2, b"0 1")]
    bench = Bench(log, pace=NEVER)
    await bench.take(0, 1, 2)
    assert bench.stage.folded == [0, 1, 2]
    assert bench.seen == [2]
    assert bench.acknowledged == [0, 1]


async def test_the_snapshot_with_the_highest_next_counts_not_the_last_one() -> None:
    log = FakeLog()
    log.states = [Snapshot(3, b"0 1 2"), Snapshot(1, b"0")]
    bench = Bench(log)
    await bench.take(3)
    assert (bench.stage.folded, log.read) == ([0, 1, 2, 3], [])


async def test_an_event_beyond_next_brings_the_missing_records_first() -> None:
    log = FakeLog()
    log.states = [Snapshot(2, b"0 1")]
    bench = Bench(log)
    await bench.take(5)
    assert bench.stage.folded == [0, 1, 2, 3, 4, 5]
    assert log.read == [(2, 5)]
    assert bench.acknowledged == [5]


async def test_what_the_group_committed_beyond_the_snapshot_is_read_before_any_event() -> None:
    log = FakeLog()
    log.states = [Snapshot(2, b"0 1")]
    bench = Bench(log)
    await bench.keeper.open(committed=4)
    assert bench.stage.folded == [0, 1, 2, 3]
    assert log.states[-1].next == 4


async def test_a_log_that_begins_after_next_is_a_gap_and_one_that_ends_before_it_is_short() -> None:
    log = FakeLog(begin=10, end=20)
    log.states = [Snapshot(9, b"")]
    with pytest.raises(LogGap, match=r"\[9, 10\) are gone"):
        await Bench(log).keeper.open(None)
    log.states = [Snapshot(21, b"")]
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
    assert (bench.log.states, bench.acknowledged) == ([], [])


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
    assert bench.log.states[-1] == Snapshot(2, b"0 1")


async def test_what_comes_while_the_saver_waits_to_save_is_delivered_in_its_own_time() -> None:
    bench = Bench(FakeLog(), pace=Pace(deliver_s=0.001, deliver_weight=1000, save_s=3600))
    saver = asyncio.create_task(bench.keeper.save_when_due())
    async with asyncio.timeout(5):
        for offset in range(3):
            await bench.take(offset)
            while bench.stage.calls.count("deliver") <= offset:
                await asyncio.sleep(0.001)
    saver.cancel()
    assert bench.log.states == []


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
    before = len(bench.log.states)
    await bench.keeper.save()
    assert len(bench.log.states) == before


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
    assert (stage.stored, bench.log.states, bench.acknowledged) == ([], [], [])


async def test_a_state_that_covers_what_came_while_the_log_was_looked_at_is_no_short_log() -> None:
    log = FakeLog(end=3)
    log.states = [Snapshot(4, b"0 1 2 3")]

    async def newest(stage: str, partition: int) -> Snapshot | None:
        log.end = 4  # the worker before us folded one more, and its state has just arrived
        return log.states[0]

    log.newest = newest  # type: ignore[method-assign]
    bench = Bench(log)
    await bench.take(4)
    assert bench.stage.folded == [0, 1, 2, 3, 4]
