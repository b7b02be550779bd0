"""States as manifests and parts: which one is the newest, what compaction leaves, what damage is found."""

from __future__ import annotations

from typing import Any

import pytest

from processors.fold.parts import Parts, SavedPart
from processors.stream import snapshots as module
from processors.stream.snapshots import (
    INLINE_BYTES,
    MANIFEST,
    PIECE_BYTES,
    Damage,
    Damaged,
    Manifest,
    PartEntry,
    Snapshot,
    SnapshotRefused,
    Snapshots,
    StateWriter,
    decode_manifest,
    encode_manifest,
    place_of,
    state_of,
)
from tests.fakes.snapshot_topic import SnapshotTopic

LARGE = INLINE_BYTES + 1


def parts(large: int = 1, small: int = 1, **more: bytes) -> dict[str, SavedPart]:
    made = {"large": bytes([large]) * LARGE, "small": b"small %d" % small, **more}
    return {name: SavedPart(1, data) for name, data in made.items()}


class States:
    """The states of detect, partition 0, in a topic in memory."""

    def __init__(self) -> None:
        self.topic = SnapshotTopic()
        fake: Any = self.topic
        self.snapshots = Snapshots(fake, fake, "snapshots")

    def writer(
        self, former: set[bytes] | frozenset[bytes] = frozenset(), state: str = "detect"
    ) -> StateWriter:
        return self.snapshots.writer(state, 0, former)

    async def save(self, writer: StateWriter, next_offset: int, saved: Parts | None) -> None:
        await writer.confirm(await writer.send_parts(Snapshot(next_offset, saved, 3)))

    async def candidates(self) -> list[Manifest | Damage]:
        return [one async for one in self.snapshots.search("detect", 0).candidates()]

    async def newest(self) -> tuple[int, Parts | None]:
        found = await self.snapshots.newest("detect", 0)
        assert found is not None
        return found.next, await self.snapshots.read(found, 0)


@pytest.fixture
def states() -> States:
    return States()


def test_a_manifest_comes_back_as_it_was_written() -> None:
    entries = (PartEntry("a", 1, 7, 9, 2, (4, 5)), PartEntry("b", 3, 5, 8, at=0))
    for one in (Manifest(7, 0, entries, b"any\nb"), Manifest(8, -1, None), Manifest(9, 2, ())):
        assert decode_manifest(encode_manifest(one)) == one


def test_every_bit_of_a_manifest_counts() -> None:
    value = encode_manifest(Manifest(7, 0, (PartEntry("a", 1, 7, 9, 2, (4,)),)))
    for bit in range(8 * len(value)):
        changed = bytearray(value)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Damaged):
            decode_manifest(bytes(changed))
    for end in range(len(value) - 1):
        with pytest.raises(Damaged):
            decode_manifest(value[:end])


@pytest.mark.parametrize(
    "value",
    [b'{"next":5,"schema":"dust.snapshot/1","version":""}\nbody', b"", b"dust.snapshot/3 00000000\n{}\n"],
)
def test_a_state_of_another_schema_is_unreadable_and_says_which_is_read(value: bytes) -> None:
    with pytest.raises(Damaged, match=r"part manifest at offset 4: .* is no dust\.snapshot/2") as raised:
        decode_manifest(value, 4)
    assert raised.value.damage.offset == 4


async def test_no_state_is_none(states: States) -> None:
    assert await states.snapshots.newest("detect", 0) is None
    await states.save(states.writer(state="store"), 5, parts())
    assert await states.snapshots.newest("detect", 0) is None


async def test_what_is_saved_is_read_again_small_and_large_and_in_pieces(
    states: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PIECE_BYTES", 5000)
    saved = parts(empty=b"", exact=b"x" * INLINE_BYTES)
    await states.save(states.writer(), 9, saved)
    assert await states.newest() == (9, saved)
    assert len(states.topic.written) == 1 + -(-LARGE // 5000)
    assert PIECE_BYTES < 32 * 1024 * 1024


async def test_a_state_that_begins_with_nothing_is_told_from_one_without_parts(states: States) -> None:
    writer = states.writer()
    await states.save(writer, 9, {})
    assert await states.newest() == (9, {})
    await states.save(writer, 10, None)
    assert await states.newest() == (10, None)


async def test_the_highest_next_wins_over_the_last_written(states: States) -> None:
    first, stale = states.writer(), states.writer()
    await states.save(first, 9, parts(1))
    await states.save(stale, 4, parts(2))
    assert await states.newest() == (9, parts(1))


async def test_a_large_part_that_has_not_changed_is_not_sent_again(states: States) -> None:
    writer = states.writer()
    for n in range(5):
        await states.save(writer, n, parts(1, n))
    sent = [held[0] for held in states.topic.written if held is not None]
    assert sum(b"/part/" in key for key in sent) == 1
    assert await states.newest() == (4, parts(1, 4))


async def test_compaction_leaves_two_states_that_can_be_read_after_any_number_of_saves(
    states: States,
) -> None:
    writer = states.writer()
    for n in range(1, 9):
        # one changes each time, one now and then
        saved = parts(n, n, seldom=bytes([n // 3]) * LARGE)
        await states.save(writer, n, saved)
        states.topic.compact()
        found = [one for one in await states.candidates() if isinstance(one, Manifest)]
        assert [one.next for one in found] == [n, n - 1][: len(found)]
        assert len(found) == min(n, 2)
        for one in found:
            read = await states.snapshots.read(one, 0)
            assert read == parts(one.next, one.next, seldom=bytes([one.next // 3]) * LARGE)
    assert len(states.topic.live()) <= 2 + 3 + 3


@pytest.mark.parametrize("saves", [1, 2, 3, 4])
async def test_a_crash_between_parts_and_manifest_leaves_the_states_before(
    states: States, saves: int
) -> None:
    writer = states.writer()
    for n in range(1, saves + 1):
        await states.save(writer, n, parts(n, n))
    await writer.send_parts(Snapshot(99, parts(99, 99)))
    states.topic.compact()
    found = [one for one in await states.candidates() if isinstance(one, Manifest)]
    assert [one.next for one in found] == [saves, saves - 1][: min(saves, 2)]
    for one in found:
        assert await states.snapshots.read(one, 0) == parts(one.next, one.next)


async def test_a_worker_that_lost_the_partition_overwrites_nothing_of_its_follower(states: States) -> None:
    lost = states.writer()
    for n in (1, 2):
        await states.save(lost, n, parts(n))
    search = states.snapshots.search("detect", 0)
    _ = [one async for one in search.candidates()]
    follower = states.writer(search.keys)
    for n in (3, 4):
        await states.save(follower, n, parts(n))
    await states.save(lost, 3, parts(200))  # was held up in the middle of it
    states.topic.compact()
    assert await states.newest() == (4, parts(4))


async def test_what_openings_before_have_written_is_buried_when_there_are_two_newer_states(
    states: States,
) -> None:
    for opening in range(4):
        search = states.snapshots.search("detect", 0)
        _ = [one async for one in search.candidates()]
        writer = states.writer(search.keys)
        await writer.send_parts(Snapshot(0, parts(99)))  # ended before its manifest
        writer = states.writer(search.keys)
        for n in range(3):
            await states.save(writer, 10 * opening + n, parts(opening * 10 + n))
            states.topic.compact()
            assert (await states.newest())[0] == 10 * opening + n
    # but for what ended before its manifest after the last look
    assert len({key.split(b"/")[2] for key in states.topic.live()}) == 2


async def test_a_state_far_back_behind_those_of_other_stages_is_found(states: States) -> None:
    await states.save(states.writer(), 3, parts())
    other = states.writer(state="store")
    for n in range(3000):
        await states.save(other, n, {})
    assert await states.newest() == (3, parts())
    assert len(states.topic.starts) == 3


async def test_a_state_that_replaces_all_others_is_the_only_one(states: States) -> None:
    for n in (50, 60):
        await states.save(states.writer(), n, parts(n))
    states.topic.written.append((place_of("detect", 0).encode(), b"of a version before"))
    await states.snapshots.replace("detect", 0, Snapshot(7, parts(7), -1))
    (only,) = await states.candidates()
    assert isinstance(only, Manifest)
    assert (only.next, only.begun) == (7, -1)
    states.topic.compact()
    assert await states.newest() == (7, parts(7))


async def test_what_the_broker_refuses_is_named(states: States) -> None:
    writer = states.writer()
    states.topic.refuses = "/part/large/"
    with pytest.raises(SnapshotRefused, match=r"part large of the snapshot detect/0, 16385 bytes.*raise max"):
        await writer.send_parts(Snapshot(5, parts()))
    states.topic.refuses = "/manifest/"
    manifest = await writer.send_parts(Snapshot(5, parts()))
    with pytest.raises(SnapshotRefused, match=r"manifest of the snapshot.*Nothing was acknowledged"):
        await writer.confirm(manifest)


# ------------------------------------------------------------------------------------------------ faults


async def saved_twice(states: States) -> Manifest:
    writer = states.writer()
    for n in (1, 2):
        await states.save(writer, n, parts(n, n))
    newest = await states.snapshots.newest("detect", 0)
    assert newest is not None
    return newest


@pytest.mark.parametrize("name", ["large", "small"])
@pytest.mark.parametrize("bit", [0, 7, 1001, -1])
async def test_a_flipped_bit_in_a_part_is_found_and_the_part_named(
    states: States, name: str, bit: int
) -> None:
    newest = await saved_twice(states)
    (entry,) = [one for one in newest.parts or () if one.name == name]
    offset = newest.where(name)
    value = states.topic.written[offset]
    assert value is not None
    assert value[1] is not None
    first = 0 if entry.offsets else 8 * (len(value[1]) - len(newest.inline) + entry.at)
    states.topic.flip(offset, first + bit % (8 * entry.length))
    with pytest.raises(Damaged, match=f"part {name} at offset {offset}: .*checksum") as raised:
        await states.newest()
    assert (raised.value.damage.part, raised.value.damage.offset) == (name, offset)


@pytest.mark.parametrize("name", ["large", "small"])
async def test_a_part_that_was_cut_short_is_found(states: States, name: str) -> None:
    newest = await saved_twice(states)
    key, value = states.topic.written[newest.where(name)] or (b"", b"")
    assert value is not None
    states.topic.written[newest.where(name)] = key, value[:-1]
    with pytest.raises(Damaged, match=rf"part {name} .* bytes of checksum"):
        await states.newest()


async def test_a_part_that_is_missing_or_whose_place_another_record_took_is_found(states: States) -> None:
    newest = await saved_twice(states)
    at = newest.where("large")
    held = states.topic.written[at]
    assert held is not None
    for other in (None, (b"another key", held[1]), (held[0], None)):
        states.topic.written[at] = other
        with pytest.raises(Damaged, match=f"part large at offset {at}: its record is missing"):
            await states.snapshots.read(newest, 0)
    del states.topic.written[at:]  # a topic that lost its end
    with pytest.raises(Damaged, match="missing"):
        await states.snapshots.read(newest, 0)


async def test_a_damaged_manifest_comes_before_the_others_and_is_named(states: States) -> None:
    newest = await saved_twice(states)
    states.topic.flip(newest.offset, 200)
    damage, older = await states.candidates()
    assert isinstance(damage, Damage)
    assert (damage.part, damage.offset) == (MANIFEST, newest.offset)
    assert isinstance(older, Manifest)
    assert await states.snapshots.read(older, 0) == parts(1, 1)


def test_applications_on_one_kafka_keep_their_states_apart() -> None:
    assert state_of("detect", "dustwatch-detect") == "detect"
    assert state_of("detect", "trial-detect") == "trial-detect"
