"""What a partition starts from, whatever has become of its newest state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from processors.fold.parts import Parts, PartUnreadable, SavedPart
from processors.stream.opening import Assignment, SnapshotUnreadable, Start, start_of
from processors.stream.reader import LogGap, LogShort
from processors.stream.snapshots import INLINE_BYTES, Manifest, Snapshot, Snapshots, StateWriter
from tests.fakes.snapshot_topic import SnapshotTopic

PLACE = Assignment("detect", "detect", "feed", 0)


class Partition:
    """A log, the states over it, and a stage that keeps what it was given."""

    def __init__(self, begin: int = 0, end: int = 100, begun: int = 0) -> None:
        self.begin, self.end, self.begun = begin, end, begun
        self.topic = SnapshotTopic()
        self.restored: list[Parts | None] = []
        self.cannot_read: dict[str, str] = {}  # part -> why
        states: Any = self.topic
        self.snapshots = Snapshots(states, states, "snapshots")

    async def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        return self.begin, self.end

    def restore(self, parts: Parts | None) -> None:
        for name, why in self.cannot_read.items():
            if parts and name in parts:
                raise PartUnreadable(name, why)
        self.restored.append(parts)

    async def save(self, *offsets: int) -> StateWriter:
        writer = self.snapshots.writer("detect", 0)
        for offset in offsets:
            await writer.confirm(await writer.send_parts(Snapshot(offset, state(offset), self.begun)))
        return writer

    async def manifest(self) -> Manifest:
        found = await self.snapshots.newest("detect", 0)
        assert found is not None
        return found

    async def start(self) -> Start:
        log: Any = self
        return await start_of(PLACE, self.snapshots, log, self.restore)


def state(offset: int) -> Parts:
    return {
        "hours": SavedPart(1, bytes([offset]) * (INLINE_BYTES + 1)),
        "orders": SavedPart(1, b"%d" % offset),
    }


async def flip_large(one: Partition) -> None:
    one.topic.flip((await one.manifest()).where("hours"), 77)


async def flip_small(one: Partition) -> None:
    newest = await one.manifest()
    held = one.topic.written[newest.offset]
    assert held is not None
    assert held[1] is not None
    one.topic.flip(newest.offset, 8 * len(held[1]) - 1)


async def flip_manifest(one: Partition) -> None:
    one.topic.flip((await one.manifest()).offset, 300)


async def cut_short(one: Partition) -> None:
    at = (await one.manifest()).where("hours")
    key, value = one.topic.written[at] or (b"", b"")
    assert value is not None
    one.topic.written[at] = key, value[:-9]


async def take_away(one: Partition) -> None:
    one.topic.written[(await one.manifest()).where("hours")] = None


FAULTS: dict[str, tuple[Callable[[Partition], Any], str]] = {
    "a bit of a part of its own": (flip_large, "hours"),
    "a bit of a part in the manifest's record": (flip_small, "orders"),
    "a bit of the manifest": (flip_manifest, "manifest"),
    "a part that is cut short": (cut_short, "hours"),
    "a part that is missing": (take_away, "hours"),
}


async def test_the_newest_state_is_taken() -> None:
    one = Partition()
    await one.save(5, 9)
    start = await one.start()
    assert (start.next, start.begun, one.restored) == (9, 0, [state(9)])


async def test_without_any_state_the_log_is_folded_from_where_it_begins() -> None:
    one = Partition(begin=7)
    start = await one.start()
    assert (start.next, start.begun, one.restored) == (7, 7, [None])


@pytest.mark.parametrize(("fault", "part"), FAULTS.values(), ids=FAULTS)
async def test_of_a_damaged_state_the_part_is_named_and_the_state_before_it_taken(
    fault: Any, part: str
) -> None:
    one = Partition(begin=5)
    await one.save(5, 9)
    await fault(one)
    with capture_logs() as said:
        start = await one.start()
    assert (start.next, one.restored) == (5, [state(5)])
    (words,) = said
    assert {k: words[k] for k in ("event", "stage", "partition", "part")} == {
        "event": "snapshot_unreadable", "stage": "detect", "partition": 0, "part": part,
    }  # fmt: skip
    assert words["offset"] >= 0


@pytest.mark.parametrize(("fault", "part"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("begin", [0, 3])
async def test_where_no_state_can_be_read_all_is_folded_anew_from_where_the_state_was_begun(
    fault: Any, part: str, begin: int
) -> None:
    one = Partition(begin=begin, begun=begin)
    await one.save(9)
    await fault(one)
    if part == "manifest" and begin:
        with pytest.raises(SnapshotUnreadable):  # nobody knows where the state was begun
            await one.start()
        return
    with capture_logs() as said:
        start = await one.start()
    assert (start.next, start.begun, one.restored) == (begin, begin, [None])
    assert [words["event"] for words in said] == ["snapshot_unreadable", "state_folded_anew"]


@pytest.mark.parametrize(("fault", "part"), FAULTS.values(), ids=FAULTS)
async def test_where_the_log_does_not_reach_back_that_far_the_way_out_is_named(fault: Any, part: str) -> None:
    one = Partition(begin=8)
    await one.save(5, 9)
    await fault(one)
    with pytest.raises(SnapshotUnreadable) as raised:
        await one.start()
    assert not one.restored
    said = str(raised.value)
    assert said.startswith(f"detect: the state of feed partition 0 cannot be read (part {part} at offset ")
    assert "begins at offset 8" in said
    assert said.endswith("run `dustwatch feed accept-gap`")


async def test_a_state_that_no_log_gives_again_is_never_folded_anew() -> None:
    one = Partition(begun=-1)
    await one.save(9)
    await flip_large(one)
    with pytest.raises(SnapshotUnreadable):
        await one.start()


async def test_a_part_that_the_stage_cannot_read_is_the_same_case() -> None:
    one = Partition()
    await one.save(5)
    one.cannot_read = {"orders": "of version 7; this program reads version 1"}
    with capture_logs() as said:
        start = await one.start()
    assert (start.next, one.restored) == (0, [None])
    assert said[0]["why"] == "of version 7; this program reads version 1"
    one.begin = 1
    with pytest.raises(SnapshotUnreadable, match=r"part orders at offset 1: of version 7"):
        await one.start()


async def test_a_state_of_the_version_before_is_the_same_case() -> None:
    one = Partition()
    one.topic.written.append((b"detect/0", b'{"next":9,"schema":"dust.snapshot/1","version":""}\nbody'))
    start = await one.start()
    assert (start.next, one.restored) == (0, [None])
    assert start.keys == {b"detect/0"}
    one.begin = 1
    with pytest.raises(SnapshotUnreadable, match=r"is no dust\.snapshot/2"):
        await one.start()


async def test_a_log_that_begins_after_the_newest_state_or_ends_before_it_is_a_named_error() -> None:
    one = Partition(begin=10, end=20)
    await one.save(9)
    with pytest.raises(LogGap, match=r"\[9, 10\) are gone"):
        await one.start()
    await one.save(21)
    with pytest.raises(LogShort, match="ends at offset 20, but the state covers everything below 21"):
        await one.start()
    assert not one.restored


async def test_a_crash_between_parts_and_manifest_starts_from_the_state_before() -> None:
    one = Partition()
    writer = await one.save(5, 9)
    await writer.send_parts(Snapshot(12, state(12)))
    one.topic.compact()
    start = await one.start()
    assert (start.next, one.restored) == (9, [state(9)])
