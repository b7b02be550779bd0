"""Clock hours that long windows are made of: when they are valid, what they say, how they move."""

from __future__ import annotations

import numpy as np

from ingest.units import JUDGED
from processors.columns import ABSENT, HOUR_MS
from processors.measuring.clock_hours import Hour, Hours, Key
from processors.plan.rule_in_force import Admission
from processors.windows.means import Means
from tests.parts import rows, until

MINUTE = 60_000

PM10 = JUDGED.index("pm10")
ADMITS = Admission(0, 0)
KEY = Key(PM10, *ADMITS)
EACH_MINUTE = np.full(3, MINUTE, np.int64)


def _means(row: list[int], total: list[int], covered: list[int], greatest: list[int]) -> Means:
    rows, none = np.array(row, np.int32), np.zeros(0, np.int64)
    of = [np.array(column, np.int64) for column in (total, covered, covered, greatest)]
    return Means(rows, *of, np.zeros(len(row), np.int64), none.astype(np.int32), none, none)


def _held(hours: Hours, start: int = 0) -> list[tuple[int, int, int]]:
    hour = hours.held[start][KEY]
    return list(zip(hour.mean.tolist(), hour.code.tolist(), hour.greatest.tolist(), strict=True))


def test_an_hour_is_valid_from_three_quarters_of_its_slots_and_its_mean_is_rounded_half_up():
    hours = Hours()
    means = _means([0, 2], [45 * 7 + 23, 44 * 7], [45, 44], [9_000, 8_000])
    hours.put(0, KEY, means, EACH_MINUTE)
    # 0: nothing was sent, 1: not valid, 2: valid; 338 / 45 = 7.51
    assert _held(hours) == [(8, 2, 9_000), (0, 0, ABSENT), (0, 1, 8_000)]


def test_what_was_measured_again_takes_the_place_of_what_was():
    hours = Hours()
    hours.put(0, KEY, _means([0], [60 * 5], [60], [5]), EACH_MINUTE)
    hours.put(0, KEY, _means([0, 1], [10 * 5, 60 * 6], [10, 60], [4, 6]), EACH_MINUTE)
    assert _held(hours)[:2] == [(0, 1, 4), (6, 2, 6)]


def test_a_device_whose_interval_does_not_divide_the_hour_has_no_valid_hour_without_values():
    hours = Hours()
    hours.put(0, KEY, _means([0], [0], [0], [ABSENT]), np.array([7 * MINUTE], np.int64))
    assert _held(hours) == [(0, 1, ABSENT)]


def test_a_long_window_is_the_mean_of_the_valid_hours_within_it():
    hours = Hours()
    for nth, (total, covered) in enumerate([(60 * 100, 60), (60 * 200, 60), (10 * 900, 10), (60 * 400, 60)]):
        hours.put(nth * HOUR_MS, KEY, _means([1], [total], [covered], [total // covered]), EACH_MINUTE)
    window = hours.window(HOUR_MS, 4 * HOUR_MS, ADMITS)
    assert len(window) == len(JUDGED)
    found = window[PM10]
    assert (found.row.tolist(), found.total.tolist(), found.covered.tolist()) == ([1], [600], [2])
    assert found.greatest.tolist() == [400]  # of the valid ones: 900 was measured in an hour that is not
    assert found.slot_mean.tolist() == [200, 400]
    assert not len(hours.window(4 * HOUR_MS, 8 * HOUR_MS, ADMITS)[PM10].row)
    assert not len(hours.window(0, 4 * HOUR_MS, Admission(1, 0))[PM10].row)


def test_hours_that_ended_by_then_are_forgotten():
    hours = Hours()
    for nth in range(3):
        hours.put(nth * HOUR_MS, KEY, _means([0], [60], [60], [1]), EACH_MINUTE)
    hours.forget(until(2 * HOUR_MS - 1))
    assert sorted(hours.held) == [HOUR_MS, 2 * HOUR_MS]
    hours.forget(until(2 * HOUR_MS))
    assert sorted(hours.held) == [2 * HOUR_MS]


def test_hours_move_with_their_devices_and_a_new_device_has_sent_nothing():
    hours = Hours()
    hours.put(0, KEY, _means([0, 2], [60 * 5, 10 * 7], [60, 10], [5, 7]), EACH_MINUTE)
    hours.follow(rows([2, -1, 0, -1]))
    assert _held(hours) == [(0, 1, 7), (0, 0, ABSENT), (5, 2, 5), (0, 0, ABSENT)]
    empty = Hour.empty(4)
    assert [len(empty.mean), len(empty.code), len(empty.greatest)] == [4, 4, 4]
