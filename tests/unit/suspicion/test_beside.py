"""Sums of what comes beside the rows, and the air by the corrections of its monitors."""

from __future__ import annotations

import numpy as np

from ingest.beside import COUNT, GREATEST, LEAST
from ingest.records import MISSING
from processors.suspicion.air import hours_up_to
from processors.suspicion.beside import NAMES, Sums

HOUR = 3_600_000


def columns(sums):
    return {name: getattr(sums, name).tolist() for name in NAMES}


def test_ranges_count_where_all_three_are_there_and_are_flat_where_they_are_equal():
    sums = Sums.of(3)
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
    sums = Sums.of(2)
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
    sums = Sums(*(np.array([10 * n + 1, 10 * n + 2], np.int64) for n in range(len(NAMES))))
    moved = sums.moved(np.array([1, -1, 0], np.int32))
    assert columns(moved) == {name: [10 * n + 2, 0, 10 * n + 1] for n, name in enumerate(NAMES)}


def test_hours_are_named_by_their_starts_the_oldest_first():
    newest = 1000 * HOUR
    assert hours_up_to(newest, 3).tolist() == [998 * HOUR, 999 * HOUR, newest]
    assert hours_up_to(newest, 2, before=5).tolist() == [994 * HOUR, 995 * HOUR]
    assert hours_up_to(newest, 1).dtype == np.int64
