"""The laws that every part of the fold's memory keeps, and how little another part needs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from processors.columns import UNBOUNDED, Int64s, Packing, Renumbering, Unpacked, carried
from processors.fold import snapshot
from processors.fold.adopting import adopt
from processors.fold.detector import Detector
from processors.fold.memory import Memory
from processors.fold.parts import PartUnreadable, SavedPart, numbers_of, part, parts_of
from processors.fold.snapshot import NUMBERS
from processors.plan.plan import Plan
from processors.windows.horizons import Horizons
from tests.full_state import DEVICES, RULES, log
from tests.logs import HOUR, T0, batch, minutes, revision, tick
from tests.parts import until

NAMES = list(parts_of(Detector))
AT = T0 + 5 * HOUR


@pytest.fixture(scope="module")
def full() -> Detector:
    """Five hours of a log that fills every part, with suspicion's rings; for tests that change nothing of it."""
    detector = Detector.empty()
    for record in log(5):
        detector.fold(record)
    return detector


def saved(memory: Memory, name: str) -> dict[str, SavedPart]:
    """A part as it is saved, with its blocks."""
    return {key: data for key, data in snapshot.dump(memory).items() if key.partition("/")[0] == name}


def test_every_field_of_the_memory_is_saved_or_said_to_be_made_again():
    assert set(vars(Detector.empty())) - {*NAMES, *numbers_of(Detector)} == {"plan", "next_due", "outlooks"}
    assert set(snapshot.dump(Detector.empty())) == {NUMBERS, *NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_part_that_is_read_saves_the_same_bytes_again(full: Detector, name: str):
    assert saved(Detector.load(full.dump()), name) == saved(full, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_part_shares_no_column_with_the_bytes_it_was_read_from(full: Detector, name: str):
    first = full.dump()
    one, other = Detector.load(first), Detector.load(first)
    for record in (batch(*minutes(AT, AT + HOUR, 70.0, "d1")), tick(AT + 2 * HOUR)):
        one.fold(record)
    assert saved(other, name) == {key: data for key, data in first.items() if key.partition("/")[0] == name}


@pytest.mark.parametrize("name", NAMES)
def test_of_devices_that_stay_nothing_changes_when_others_come_and_go_again(full: Detector, name: str):
    one, before = Detector.load(full.dump()), full.plan
    others = [{**DEVICES[0], "id": other, "site": "s0"} for other in ("a", "d1b", "z")]
    more = Plan.of(revision([*DEVICES, *others], [*RULES], AT), former=before.former)
    adopt(one, more, AT)
    assert len(one.plan) == len(before) + 3
    one.open_windows.due = full.open_windows.due  # begins again with each plan
    adopt(one, before, AT)
    one.open_windows.due = full.open_windows.due
    if name == "suspicions":  # its hours are packed anew
        assert parts_equal(one.suspicions.episodes.history.long, full.suspicions.episodes.history.long)
    assert saved(one, name) == saved(full, name)


def parts_equal(one: Any, other: Any) -> bool:
    return bool(np.array_equal(one, other, equal_nan=True))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_forgotten_before_its_time_and_what_was_forgotten_stays_so(full: Detector, name: str):
    one = Detector.load(full.dump())
    long_ago = replace(until(T0 - 200 * HOUR, -UNBOUNDED), rows=one.log.closed_until)
    getattr(one, name).forget(long_ago)
    assert saved(one, name) == saved(full, name)
    getattr(one, name).forget(until(AT + 9 * HOUR))
    once = saved(one, name)
    getattr(one, name).forget(until(AT + 9 * HOUR))
    assert saved(one, name) == once


@pytest.mark.parametrize("name", [NUMBERS, *NAMES])
def test_a_part_that_is_missing_of_another_version_or_no_bytes_of_ours_is_named(full: Detector, name: str):
    whole = full.dump()
    version, data = whole[name]
    without = {key: one for key, one in whole.items() if key != name}
    for other, why in (
        (without, "missing"),
        ({**whole, name: SavedPart(version + 1, data)}, f"of version {version + 1}; this program reads"),
        ({**whole, name: SavedPart(version, b"")}, ""),
        ({**whole, name: SavedPart(version, data[: len(data) // 2])}, ""),
        ({**whole, name: SavedPart(version, b"\x05" + b"\x00" * 7 + b"other")}, ""),
    ):
        with pytest.raises(PartUnreadable) as raised:
            Detector.load(other)
        assert raised.value.part == name
        assert why in raised.value.why


@pytest.mark.parametrize("name", ["breaches", "in_time", "judge", "log"])
def test_a_block_that_is_missing_is_named(full: Detector, name: str):
    whole = full.dump()
    blocks = [key for key in whole if key.startswith(f"{name}/")]
    assert blocks
    for gone in blocks:
        with pytest.raises(PartUnreadable, match=f"part {name}: KeyError"):
            Detector.load({key: one for key, one in whole.items() if key != gone})


def test_a_part_that_this_program_does_not_know_is_of_another_version(full: Detector):
    with pytest.raises(PartUnreadable, match="part later: this version of the program has no such part"):
        Detector.load({**full.dump(), "later": SavedPart(1, b"")})


def test_a_block_of_suspicion_that_is_missing_is_named(full: Detector):
    detector = Detector.empty()
    detector.fold(revision())
    detector.suspicions.episodes.history.newest = T0
    whole = detector.dump()
    assert {"suspicions/recent-0", "suspicions/long-160", "suspicions/standing"} <= set(whole)
    assert Detector.load(whole).dump() == whole
    without = {key: one for key, one in whole.items() if key != "suspicions/long-8"}
    with pytest.raises(PartUnreadable, match="part suspicions: KeyError: 'long-8'"):
        Detector.load(without)


# ------------------------------------------------------------------------------------- one part more


@dataclass(slots=True, eq=False)
class Visits:
    """A part as anybody may add one: when each device was last visited, and the visits themselves."""

    last: Int64s = field(default_factory=lambda: np.zeros(0, np.int64))
    all: list[int] = field(default_factory=list)

    def dump(self, pack: Packing) -> list[Any]:
        return [pack.add(self.last), self.all]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: object) -> Visits:
        return cls(arrays[data[0]], list(data[1]))

    def follow(self, change: Renumbering) -> None:
        self.last = carried(self.last, change.old_row, -1)

    def forget(self, until: Horizons) -> None:
        self.all = [at for at in self.all if at > until.due]


@dataclass(eq=False, repr=False)
class Larger(Detector):
    """The fold with one part more: this is all that it needs."""

    visits: Visits = part(Visits)


def test_one_declaration_makes_a_part_that_is_saved_restored_moved_and_forgotten():
    larger = Larger.empty()
    larger.fold(revision(["d1", "d2"], at=T0))
    assert larger.visits.last.tolist() == [-1, -1]
    larger.visits.last[:] = [7, 8]
    larger.visits.all = [T0 - 9 * HOUR, T0 + 90 * HOUR]
    again = Larger.load(larger.dump())
    assert isinstance(again, Larger)
    assert (again.visits.last.tolist(), again.visits.all) == ([7, 8], larger.visits.all)
    again.fold(revision(["d0", "d2"], at=T0 + 1000))
    assert again.visits.last.tolist() == [-1, 8]
    again.fold(tick(T0 + 2 * HOUR, 2 * HOUR))
    again.fold(tick(T0 + 3 * HOUR, HOUR))
    assert again.visits.all == [T0 + 90 * HOUR]


def test_a_state_without_the_new_part_is_unreadable_by_its_name():
    with pytest.raises(PartUnreadable, match="part visits: missing"):
        Larger.load(Detector.empty().dump())
