"""Quantiles, other monitors, nights and the honest explanations, each by itself."""

from __future__ import annotations

import numpy as np
import pytest

from processors.quality.calibration import UNIT, Corrections, LinearCorrection
from processors.suspicion import guards
from processors.suspicion.air import Air
from processors.suspicion.finding import hundredths, number
from processors.suspicion.stats import count_known, median, quantiles, ratio, trailing, within
from processors.suspicion.surroundings import Surroundings, level, others, pairs_of
from tests.hours import HOUR, NEWEST, history, place

NAN = float("nan")


def floats(*values):
    return np.array(values, np.float64)


def same(found, wanted):
    np.testing.assert_array_equal(found, np.array(wanted, np.float64))


def test_a_ratio_is_unknown_where_the_whole_is_not_above_the_least():
    same(ratio(floats(1, 1, 1, 1), floats(0, 2, -1, NAN)), [NAN, 0.5, NAN, NAN])
    same(ratio(floats(1, 1), floats(2, 2.5), least=2), [NAN, 0.4])


def test_quantiles_are_values_that_were_there_and_unknown_below_the_least():
    values = np.array([[5, NAN, NAN], [1, 7, NAN], [3, NAN, NAN], [9, 8, NAN]], np.float64)
    low, middle, high = quantiles(values, (0.0, 0.5, 1.0))
    same(low, [1, 7, NAN])
    same(middle, [3, 7, NAN])
    same(high, [9, 8, NAN])
    same(quantiles(values, (0.34, 0.67), least=3)[0], [3, NAN, NAN])
    same(median(values), [3, 7, NAN])
    same(median(values, least=2), [3, 7, NAN])
    same(median(values, least=3), [3, NAN, NAN])
    same(count_known(values), [4, 2, 0])


def test_trailing_counts_back_from_the_last_hour():
    condition = np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 0, 1, 1]], bool)
    same(trailing(condition), [1, 0, 2, 3])


@pytest.mark.parametrize(
    ("value", "low", "high", "share"),
    [
        (5, 0, 10, 0.5),
        (-1, 0, 10, 0),
        (11, 0, 10, 1),
        (2, 10, 0, 0.8),
        (11, 10, 0, 0),
        (NAN, 0, 1, 0),
        (3, 3, 3, 0),
    ],
)
def test_where_a_value_lies_between_two(value, low, high, share):
    assert within(floats(value), low, floats(high)).tolist() == [share]


def test_the_night_is_from_ten_to_six():
    none = np.full(1, -1, np.int32)
    by_hour = [bool(Surroundings(none, hour).night(1)[0]) for hour in range(24)]
    assert [hour for hour in range(24) if by_hour[hour]] == [0, 1, 2, 3, 4, 5, 22, 23]
    assert Surroundings(none, 6).night(3).tolist() == [True, True, False]
    assert Surroundings(none, 7).night(3, before=1).tolist() == [True, True, False]
    assert Surroundings(none, 0).night(4).tolist() == [False, True, True, True]


def test_what_the_others_of_a_site_say_leaves_out_the_device_itself():
    site = np.array([1, 0, 1, 1, 0, -1, 1, 3], np.int32)
    column = floats(4, 50, 1, 3, NAN, 9, 2, 7)
    same(others(column, site), [2, NAN, 3, 2, 50, NAN, 3, NAN])
    same(others(floats(5, 5, 8), np.zeros(3, np.int32)), [5, 5, 5])
    same(others(floats(NAN, NAN), np.zeros(2, np.int32)), [NAN, NAN])
    same(others(floats(), np.zeros(0, np.int32)), [])


def test_pairs_are_of_one_group_and_not_too_far_apart_in_it():
    a, b = pairs_of(np.array([0, 1, 0, -1, 0, 1], np.int32))
    assert sorted(zip(a.tolist(), b.tolist(), strict=True)) == [(0, 2), (0, 4), (1, 5), (2, 4)]
    a, b = pairs_of(np.zeros(4, np.int32), most=2)
    assert sorted(zip(a.tolist(), b.tolist(), strict=True)) == [(0, 1), (1, 2), (2, 3)]
    for nobody in (
        np.zeros(1, np.int32),
        np.zeros(0, np.int32),
        np.full(3, -1, np.int32),
        np.arange(3, dtype=np.int32),
    ):
        a, b = pairs_of(nobody)
        assert (len(a), len(b)) == (0, 0)


ROWS = np.array([0, 1], np.int32)


def test_fog_is_the_humidity_at_the_site_s_others_or_where_there_is_none_the_device_s_own():
    wet = history(2, humidity=[95.0, 60.0])
    seen, silenced = guards.fog(wet, place(2), ROWS)
    assert (seen.tolist(), silenced.tolist()) == ([60.0, 60.0], [False, False])
    seen, silenced = guards.fog(wet, place(2), ROWS, hours=2)
    assert (seen.tolist(), silenced.tolist()) == ([95.0, 95.0], [True, True])
    seen, silenced = guards.fog(history(1, humidity=[90.0]), place(1), ROWS[:1])
    assert (seen.tolist(), silenced.tolist()) == ([90.0], [False])  # the mark itself is no fog
    humidity = np.tile(floats(95, 50, 95, 96, 97), (168, 1))
    seen, _ = guards.fog(history(5, humidity=humidity), place(5, site=0), ROWS)
    assert seen.tolist() == [95.0, 95.0]
    seen, _ = guards.fog(history(2, humidity=[[95.0, 50.0]]), place(2, site=0), ROWS)
    assert seen.tolist() == [50.0, 95.0]


def test_maintenance_is_the_greatest_share_of_the_hours_looked_at():
    excused = history(2, excused=[0.25, 0.0, 0.0])
    seen, silenced = guards.maintenance(excused, ROWS, 3)
    assert (seen.tolist(), silenced.tolist()) == ([0.25, 0.25], [True, True])
    seen, silenced = guards.maintenance(excused, ROWS, 2)
    assert (seen.tolist(), silenced.tolist()) == ([0.0, 0.0], [False, False])


def test_a_quiet_spell_is_rest_only_where_all_of_it_lies_in_the_night():
    quiet = history(2, mean=30.0)
    for hour, hours, at_rest in (
        (3, 5, True),
        (3, 6, True),
        (3, 7, False),
        (7, 1, False),
        (5, 8, True),
        (5, 9, False),
    ):
        level, silenced = guards.night_rest(quiet, place(2, hour), ROWS, floats(hours, hours), quiet=30.0)
        assert silenced.tolist() == [at_rest] * 2, (hour, hours)
        assert level.tolist() == [30.0, 30.0]
    _, silenced = guards.night_rest(quiet, place(2, 3), ROWS, floats(2, 2), quiet=29.0)
    assert silenced.tolist() == [False, False]


def test_a_confidence_is_told_in_hundredths_from_none_to_all_and_a_number_in_three_digits():
    same(hundredths(floats(-0.2, 0.0, 0.1234, 0.996, 1.0, 1.2)), [0, 0, 0.12, 1, 1, 1])
    assert [number(value) for value in (1234.0, 0.012345, NAN)] == [1230.0, 0.0123, None]


def test_a_level_is_corrected_from_the_hour_in_which_its_correction_holds():
    table = Corrections.of(
        [LinearCorrection(1, NEWEST - 3 * HOUR, 2 * UNIT, 5000), LinearCorrection(1, NEWEST, UNIT // 2)]
    )
    p = Surroundings(np.zeros(2, np.int32), 14, Air(table))
    h = history(2, mean=100.0)
    same(level(h, p, "mean", 5), [[100, 100], [100, 205], [100, 205], [100, 205], [100, 50]])
    same(level(h, p, "mean", 3, before=2), [[100, 100], [100, 205], [100, 205]])
    same(level(h, place(2), "mean", 1), [[100, 100]])


def test_how_long_the_night_has_lasted_is_counted_back_from_now_for_each_device():
    quiet = history(2, mean=30.0)
    _, silenced = guards.night_rest(quiet, place(2, 3), ROWS, floats(5, 7), quiet=30.0)
    assert silenced.tolist() == [True, False]
    _, silenced = guards.night_rest(quiet, place(2, 7), ROWS, floats(1, 5), quiet=30.0)
    assert silenced.tolist() == [False, False]


def test_how_quiet_a_spell_was_is_told_by_its_own_hours_however_long_another_device_s_is():
    one = history(2, mean=[200.0, 200.0, 200.0, 30.0])
    for longer in (1, 4):
        level, _ = guards.night_rest(one, place(2, 3), ROWS, floats(1, longer), quiet=30.0)
        assert level[0] == 30.0
    assert level[1] == 200.0


def test_an_hour_of_which_nobody_knows_a_share_was_not_excused():
    seen, silenced = guards.maintenance(history(2, excused=[NAN, NAN]), ROWS, 2)
    assert (seen.tolist(), silenced.tolist()) == ([0.0, 0.0], [False, False])


def test_a_site_of_which_nothing_is_known_says_nothing_wherever_its_number_lies():
    for unknown in (0, 3, 9):
        site = np.array([unknown, 2, 2, 2, 2, unknown], np.int32)
        same(others(floats(NAN, 4, 3, 1, 2, NAN), site), [NAN, 2, 2, 3, 3, NAN])
