"""Closed windows that got another reading: taken together by the minute, short ones first."""

from __future__ import annotations

import numpy as np
import pytest

from processors.columns import MINUTE_MS, Packing
from processors.measuring.reopened import ReopenedWindows, next_minute
from processors.windows.calendar import HOUR, QUARTER, Track
from tests.parts import read_again, rows, until

LONG = Track(8 * HOUR.window, HOUR.window)


def _taken(late: ReopenedWindows, until: int) -> list[tuple[object, list[int]]]:
    return [(window, rows.tolist()) for window, rows in late.take(until)]


@pytest.mark.parametrize(("at", "due"), [(0, 1), (1, 1), (MINUTE_MS - 1, 1), (MINUTE_MS, 2)])
def test_the_minute_is_over_at_the_next_whole_one(at: int, due: int):
    assert next_minute(at) == due * MINUTE_MS


def test_each_device_s_first_reading_sets_when_those_of_its_minute_are_judged():
    late = ReopenedWindows()
    late.add((HOUR, 10), 3, 5)
    late.add((HOUR, 10), 1, MINUTE_MS + 5)
    late.add((HOUR, 20), 3, MINUTE_MS + 5)
    assert late.due == MINUTE_MS
    assert _taken(late, MINUTE_MS) == [((HOUR, 10), [3]), ((HOUR, 20), [3])]
    assert (late.waiting, late.due) == ({(HOUR, 10): {1}}, 2 * MINUTE_MS)


def test_short_windows_come_first_each_once_and_then_nothing_is_due():
    late = ReopenedWindows()
    for window, row in (
        ((LONG, 20), 0),
        ((HOUR, 20), 2),
        ((HOUR, 10), 1),
        ((QUARTER, 20), 5),
        ((HOUR, 20), 1),
    ):
        late.add(window, row, 0)
    assert _taken(late, MINUTE_MS - 1) == []
    found = _taken(late, MINUTE_MS)
    assert found == [((QUARTER, 20), [5]), ((HOUR, 10), [1]), ((HOUR, 20), [1, 2]), ((LONG, 20), [0])]
    assert (late.waiting, late.due) == ({}, None)


def test_what_is_made_of_a_window_is_taken_in_the_same_go():
    late = ReopenedWindows()
    late.add((HOUR, 10), 1, 0)
    late.add((HOUR, 20), 2, 0)
    changed, found = late.take(MINUTE_MS), []
    for window, rows_ in changed:
        found.append((window, rows_.tolist()))
        if window[0] == HOUR:
            changed.add((LONG, 20), [*rows_.tolist(), 4])
    assert found == [((HOUR, 10), [1]), ((HOUR, 20), [2]), ((LONG, 20), [1, 2, 4])]


def test_revisions_count_by_window_and_device_from_two():
    late = ReopenedWindows()
    changed = np.array([4, 1], np.int32)
    assert late.revise((HOUR, 10), changed).tolist() == [2, 2]
    assert late.revise((HOUR, 10), changed[:1]).tolist() == [3]
    assert late.revise((HOUR, 10), changed).tolist() == [4, 3]
    assert late.revise((HOUR, 20), changed).tolist() == [2, 2]


def test_windows_that_ended_by_then_are_forgotten():
    late = ReopenedWindows()
    for end in (10, 20, 30):
        late.revise((HOUR, end), np.array([0], np.int32))
    late.forget(until(20))
    assert list(late.revisions) == [(HOUR, 30)]


def _full() -> ReopenedWindows:
    late = ReopenedWindows()
    late.add((HOUR, 10), 0, 0)
    late.add((HOUR, 10), 2, 0)
    late.add((QUARTER, 10), 1, 0)
    late.revise((HOUR, 5), np.array([0, 1, 2], np.int32))
    late.revise((HOUR, 5), np.array([2], np.int32))
    late.flag(1, 0)
    late.flag(2, 0)
    return late


def test_rows_move_with_their_devices_and_go_with_them():
    late = _full()
    late.follow(rows([], [5, -1, 0]))
    assert late.waiting == {(HOUR, 10): {0, 5}}
    assert late.revisions == {(HOUR, 5): {5: 2, 0: 3}}
    assert (late.due, late.unflagged) == (MINUTE_MS, {0})
    late.follow(rows([], [-1, 1, 2, 3, 4, -1]))
    assert (late.waiting, late.due) == ({}, None)


def test_it_survives_a_snapshot():
    late = _full()
    assert late.dump(Packing()) == [
        [(0, MINUTE_MS), (1, MINUTE_MS), (2, MINUTE_MS)],
        [[*QUARTER, 10, [1]], [*HOUR, 10, [0, 2]]],
        [[*HOUR, 5, [(0, 2), (1, 2), (2, 3)]]],
        [1, 2],
    ]
    assert read_again(late) == late
