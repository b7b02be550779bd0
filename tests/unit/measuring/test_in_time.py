"""What a window had in time, and what comes late to it: slot by slot, whatever came first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from processors.columns import ABSENT, Packing
from processors.measuring.in_time import EMPTY, FULL, PARTLY, InTime, InTimeWindows
from processors.plan.plan import Plan
from processors.plan.rule_in_force import PLAIN
from processors.windows import HOUR, Means
from tests.logs import T0, revision
from tests.parts import read_again, rows, until

SLOTS = np.full(4, 12, np.int64)
PLAN = Plan.of(revision([{"id": f"d{n}", "interval": 300} for n in range(4)]))


def means(by_row: dict[int, dict[int, int]], refused: dict[int, int] | None = None) -> Means:
    """Means of a window: row -> slot -> mean; `refused`: values of rows that were not admitted."""
    refused = refused or {}
    listed = sorted({*by_row, *refused})
    slots = [(row, slot, mean) for row in listed for slot, mean in sorted(by_row.get(row, {}).items())]
    row, slot, mean = (
        (np.array(column, np.int64) for column in zip(*slots, strict=True))
        if slots
        else [np.zeros(0, np.int64)] * 3
    )
    own = [by_row.get(row, {}) for row in listed]
    return Means(
        np.array(listed, np.int32),
        np.array([sum(one.values()) for one in own], np.int64),
        np.array([len(one) for one in own], np.int64),
        np.array([len(one) for one in own], np.int64),
        np.array([max(one.values(), default=ABSENT) for one in own], np.int64),
        np.array([refused.get(row, 0) for row in listed], np.int64),
        row.astype(np.int32),
        mean,
        slot,
    )


FULL_HOUR = dict.fromkeys(range(12), 7)
HELD = InTime.of(means({0: FULL_HOUR, 1: {0: 10, 11: 30}}, refused={2: 3}), SLOTS)


def told(found: Means) -> dict[int, tuple[int, int, int]]:
    """row -> (sum, covered slots, greatest)"""
    columns = (found.row, found.total, found.covered, found.greatest)
    return {row: tuple(rest) for row, *rest in zip(*(column.tolist() for column in columns), strict=True)}


def test_a_window_is_full_covered_in_part_or_empty():
    assert [code & 3 for code in HELD.code.tolist()] == [FULL, PARTLY, EMPTY, EMPTY]
    assert (HELD.row.tolist(), HELD.total.tolist(), HELD.greatest.tolist()) == ([1], [40], [30])


@pytest.mark.parametrize(
    ("late", "found"),
    [
        pytest.param({0: {3: 99}}, {}, id="a full one takes nothing"),
        pytest.param({1: {0: 99}}, {}, id="a covered slot keeps its mean"),
        pytest.param({1: {0: 99, 5: 20}}, {1: (60, 3, 99)}, id="the others are added"),
        pytest.param({3: {5: 20}}, {3: (20, 1, 20)}, id="an empty one is made of what comes late"),
        pytest.param({2: {5: 20}}, {2: (20, 1, 20)}, id="whatever was refused in time"),
    ],
)
def test_what_comes_late_is_added_where_nothing_was(late: dict[Any, Any], found: dict[Any, Any]):
    assert told(HELD.with_late(means(late))) == found


def test_slots_are_known_only_where_nothing_came_in_time():
    found = HELD.with_late(means({1: {5: 20}, 3: {4: 8}}))
    assert (found.slot_row.tolist(), found.slot.tolist(), found.slot_mean.tolist()) == ([3], [4], [8])


def test_values_that_were_not_admitted_are_told_early_or_late():
    found = HELD.with_late(means({2: {5: 20}}, refused={3: 2}))
    assert dict(zip(found.row.tolist(), (found.refused > 0).tolist(), strict=True)) == {2: True, 3: True}


def test_a_window_measured_again_in_time_replaces_its_lines():
    newer = InTime.of(means({1: {0: 10, 1: 20, 11: 30}, 3: {2: 5}}), SLOTS)
    found = HELD.replaced(newer, np.array([1, 3], np.int32))
    assert [code & 3 for code in found.code.tolist()] == [FULL, PARTLY, EMPTY, PARTLY]
    assert told(found.with_late(means({1: {1: 99, 2: 1}, 3: {2: 9, 3: 1}}))) == {1: (61, 4, 99), 3: (6, 2, 9)}


def test_all_of_it_survives_a_snapshot_in_blocks_and_goes_when_nothing_late_can_change_it():
    held = InTimeWindows()
    measured = {PLAIN: (means({0: FULL_HOUR, 1: {3: 4}}), means({}), means({2: {1: 1}}))}
    for nth in range(1, 30):
        held.put(HOUR, T0 + nth * HOUR.window, measured, PLAN)
    again = read_again(held)
    late = {PLAIN: (means({1: {4: 6}}),) * 3}
    end = T0 + 5 * HOUR.window
    assert (
        told(again.with_late(HOUR, end, late)[PLAIN][0])
        == told(held.with_late(HOUR, end, late)[PLAIN][0])
        == {1: (10, 2, 6)}
    )
    first, second = Packing(), Packing()
    held.dump(first)
    held.put(HOUR, T0 + 30 * HOUR.window, measured, PLAN)
    held.dump(second)
    changed = {name for name, block in second.blocks.items() if block is not first.blocks.get(name)}
    assert len(changed) == 1, "of the blocks only the newest is made again"
    held.forget(until(end))
    assert held.with_late(HOUR, end, late)[PLAIN][0].row.tolist() == [1]
    held.forget(until(end + 9 * HOUR.window))
    assert held.with_late(HOUR, end, late)[PLAIN][0].row.tolist() == []


def test_readings_of_five_minutes_are_no_slots_of_one_minute():
    now = Plan.of(revision([{"id": f"d{n}", "interval": 300 if n == 1 else 60} for n in range(4)]))
    change = rows([0, 1, 2, 3], [0, 1, 2, 3])
    moved = HELD.moved(_Change(change.old_row, change.new_row, PLAN, now))
    assert told(moved.with_late(means({1: {5: 20}, 3: {5: 20}}))) == {1: (60, 3, 30)}


class _Change:
    def __init__(self, old_row: Any, new_row: Any, before: Plan, after: Plan) -> None:
        self.old_row, self.new_row, self.before, self.after = old_row, new_row, before, after
