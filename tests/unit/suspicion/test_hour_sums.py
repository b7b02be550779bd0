"""Sums of what comes beside the rows, and the air by the corrections of its monitors."""

from __future__ import annotations

import numpy as np

from ingest.records import MISSING
from ingest.value_extras import COUNT, GREATEST, LEAST
from processors.suspicion.air import hours_up_to
from processors.suspicion.hour_sums import NAMES, DeviceSums, HourSums, ValueExtras

HOUR = 3_600_000


def columns(sums):
    return {name: getattr(sums, name).tolist() for name in NAMES}


def test_ranges_count_where_all_three_are_there_and_are_flat_where_they_are_equal():
    sums = DeviceSums.of(3)
    row = np.array([0, 0, 0, 2, 2, 2], np.int32)
    pm10 = np.array([5, 5, 6, MISSING, 7, 8])
    least = np.array([5, 4, 5, 1, MISSING, 8])
    greatest = np.array([5, 5, 6, 1, 7, 9])
    sums.add(row, pm10, {LEAST: least, GREATEST: greatest})
    sums.add(row, pm10, {LEAST: least})
    assert columns(sums) == {
        "ranged": [3, 0, 1], "flat": [1, 0, 0], "dust": [0] * 3, "counted": [0] * 3, "astray": [0] * 3,
    }  # fmt: skip


def test_dust_and_raw_counts_add_up_where_both_are_there():
    sums = DeviceSums.of(2)
    row = np.array([1, 1, 1], np.int32)
    for _ in range(2):
        sums.add(row, np.array([5, MISSING, 7]), {COUNT: np.array([100, 200, MISSING])})
    assert columns(sums) == {
        "ranged": [0, 0],
        "flat": [0, 0],
        "dust": [0, 10],
        "counted": [0, 200],
        "astray": [0, 0],
    }


def test_sums_move_with_their_devices_and_a_new_one_has_none():
    sums = DeviceSums(*(np.array([10 * n + 1, 10 * n + 2], np.int64) for n in range(len(NAMES))))
    moved = sums.moved(np.array([1, -1, 0], np.int32))
    assert columns(moved) == {name: [10 * n + 2, 0, 10 * n + 1] for n, name in enumerate(NAMES)}


def test_hours_are_named_by_their_starts_the_oldest_first():
    newest = 1000 * HOUR
    assert hours_up_to(newest, 3).tolist() == [998 * HOUR, 999 * HOUR, newest]
    assert hours_up_to(newest, 2, before=5).tolist() == [994 * HOUR, 995 * HOUR]
    assert hours_up_to(newest, 1).dtype == np.int64


def test_each_hour_has_its_own_sums_and_none_that_was_looked_at():
    since = 1000 * HOUR
    row, pm10 = np.array([0, 1, 1, 0], np.int32), np.array([7, 8, 9, 10])
    time = np.array([since, since + HOUR, since + HOUR - 1, since - 1])
    count = {COUNT: np.array([1, 2, 3, 4])}
    together, one_by_one = HourSums(), HourSums()
    together.readings(2, ValueExtras(row, time, pm10, count), since)
    for n in range(4):
        own = slice(n, n + 1)
        extras = ValueExtras(row[own], time[own], pm10[own], {COUNT: count[COUNT][own]})
        one_by_one.readings(2, extras, since)
    for made in (together, one_by_one):
        assert {hour: columns(sums)["dust"] for hour, sums in made.hours.items()} == {
            1000: [7, 9], 1001: [0, 8],
        }  # fmt: skip
        assert columns(made.hours[1000])["counted"] == [1, 3]
    together.astray(2, row, time, since)
    assert {hour: columns(sums)["astray"] for hour, sums in together.hours.items()} == {
        1000: [1, 1], 1001: [0, 1],
    }  # fmt: skip
    taken = together.take(since)
    assert taken is not None
    assert columns(taken)["dust"] == [7, 9]
    assert list(together.hours) == [1001]
    assert together.take(since) is None
