"""Each pattern: found where it is, not found where it isn't, silenced by its guards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from processors.quality.calibration import UNIT, Corrections, LinearCorrection
from processors.suspicion import (
    band,
    ceiling,
    clock,
    cover,
    flat_means,
    mass_factor,
    offline,
    spray,
    stuck,
    tsp,
    twins,
)
from processors.suspicion.air import Air
from processors.suspicion.features import HourReadings, hour_features
from processors.suspicion.surroundings import others, pairs_of
from tests.hours import HONEST, HOUR, NEWEST, history, place

NAN = float("nan")
ALL = (band, ceiling, clock, cover, flat_means, mass_factor, offline, spray, stuck, tsp, twins)


def look(pattern, h, p=None, **settings):
    return pattern.find(h, p or place(h.devices), pattern.PATTERN.settings(**settings))


@pytest.mark.parametrize("pattern", ALL, ids=lambda p: p.NAME)
@pytest.mark.parametrize("hour", [3, 14])
def test_an_honest_monitor_is_not_suspected(pattern, hour):
    """Among five others of its site, of which each has air of its own."""
    quarters = {f"quarter_{n}": [np.arange(6) * 9.0 + 60 + n % 2 * 20] * 24 for n in (1, 2, 3, 4)}
    assert len(look(pattern, history(6, **quarters), place(6, hour, site=0)).row) == 0


@pytest.mark.parametrize("pattern", ALL, ids=lambda p: p.NAME)
def test_a_monitor_of_which_nothing_is_known_is_not_suspected(pattern):
    nothing = dict.fromkeys(HONEST, NAN)
    assert len(look(pattern, history(2, **nothing)).row) == 0


# ------------------------------------------------------------------------------------------ mass factor


def wave(n, level=100.0):
    return level * (1 + 0.2 * np.sin(np.arange(n) * 0.7))


def lowered(factor, before=132, after=36):
    return np.concatenate([wave(before), wave(after) * factor])


def test_a_lowered_mass_factor_is_found_by_its_ratio():
    f = look(mass_factor, history(mean=lowered(0.5)))
    assert f.row.tolist() == [0]
    assert f.start.tolist() == [NEWEST - 35 * HOUR]
    assert f.evidence["ratio_fall"][0][0] == pytest.approx(0.5, abs=0.05)
    assert f.confidence[0] >= 0.6
    assert not f.silenced[0]


def test_the_end_of_a_dusty_stage_is_no_lowered_mass_factor():
    """By night the site was at the background already, and stays there."""
    hours = np.arange(168)
    work = np.where((hours % 24 >= 8) & (hours < 132), 200.0, 0.0)
    assert len(look(mass_factor, history(mean=wave(168) + work)).row) == 0


def pair_of_a_site(one, other):
    """What is found of two monitors of a site, by their means."""
    return look(mass_factor, history(2, mean=np.stack([one, other], axis=1)), place(2, site=0)).row.tolist()


def test_a_fall_of_one_monitor_is_found_sooner_where_the_site_s_other_stays():
    assert pair_of_a_site(lowered(0.74), wave(168)) == [0]
    assert pair_of_a_site(lowered(0.74), lowered(0.92)) == []
    assert len(look(mass_factor, history(mean=lowered(0.74))).row) == 0


def test_a_fall_that_the_whole_site_shares_is_no_monitor_s_own():
    assert pair_of_a_site(lowered(0.5), lowered(0.5)) == []


def test_maintenance_explains_a_new_mass_factor():
    f = look(mass_factor, history(mean=lowered(0.5), excused=[0.2, 0, 0]))
    assert f.silenced.tolist() == [True]


def test_where_the_count_is_sent_a_lowered_k_is_seen_within_two_hours():
    f = look(mass_factor, history(factor=[0.4] * 22 + [0.36] * 2))
    assert f.confidence.tolist() == [0.95]
    assert f.start.tolist() == [NEWEST - HOUR]
    assert len(look(mass_factor, history(factor=[0.4] * 23 + [0.36])).row) == 0
    assert len(look(mass_factor, history(factor=[0.4] * 22 + [0.39] * 2)).row) == 0


# ------------------------------------------------------------------------------------------------ spray


def test_water_at_the_inlet_is_a_dip_with_a_jump_of_humidity():
    jump = np.full((1, 6), 3.0)
    jump[0, 0] = 35.0
    f = look(spray, history(6, humidity_jump=jump, wet_share=[[0.4] + [NAN] * 5]), place(6, site=0))
    assert f.row.tolist() == [0]
    assert f.start.tolist() == [NEWEST]
    assert not f.silenced[0]
    assert f.confidence[0] > 0.7


def test_water_for_more_than_an_hour_is_seen_against_the_hour_before():
    h = history(6, humidity=[[50] * 6, [85] + [52] * 5], mean=[[100] * 6, [30] + [95] * 5])
    assert look(spray, h, place(6, site=0)).row.tolist() == [0]


def test_rain_over_more_than_an_hour_wets_the_neighbours_too():
    h = history(6, humidity=[[50] * 6, [85] * 6], mean=[[100] * 6, [30] * 6])
    assert len(look(spray, h, place(6, site=0)).row) == 0


def test_rain_wets_the_neighbours_too():
    h = history(6, humidity_jump=[[35.0] * 6], wet_share=[[0.4] * 6])
    assert len(look(spray, h, place(6, site=0)).row) == 0


def test_fog_silences_a_wet_dip():
    h = history(6, humidity_jump=[[35] + [3] * 5], wet_share=[[0.4] + [NAN] * 5], humidity=[[95.0] * 6])
    assert look(spray, h, place(6, site=0)).silenced.tolist() == [True]


def test_watering_wets_another_monitor_of_the_site():
    h = history(6, humidity_jump=[[35, 20] + [3] * 4], wet_share=[[0.4] + [NAN] * 5])
    f = look(spray, h, place(6, site=[0, 0, 1, 2, 3, 4]))
    assert f.row.tolist() == [0]
    assert f.guards["watering"][1].tolist() == [True]


def test_a_shower_that_begins_between_two_hours_wets_the_whole_site():
    wet = [[50.0, 50.0] + [50.0] * 4, [90.0, 80.0] + [50.0] * 4]
    h = history(6, humidity=wet, mean=[[100.0] * 6, [40.0, 60.0] + [100.0] * 4], humidity_jump=[[3.0] * 6])
    assert len(look(spray, h, place(6, site=[0, 0, 1, 2, 3, 4])).row) == 0
    f = look(spray, h, place(6, site=[0, 0, 0, 2, 3, 4]))
    assert f.row.tolist() == [0, 1]
    assert f.guards["watering"][1].tolist() == [True, True]
    alone = look(spray, h, place(6))
    assert alone.row.tolist() == [0, 1]
    assert alone.guards["watering"][1].tolist() == [False, False]


def test_at_the_only_monitor_of_a_site_the_strongest_wet_dip_is_not_sure_enough_to_tell():
    h = history(humidity_jump=[60.0], wet_share=[0.1])
    assert look(spray, h).confidence.tolist() == [0.55]


# ------------------------------------------------------------------------------------------------ cover


def covered(devices=6, factor=0.15, deviation=1.0, **more):
    mean = np.full((14, devices), 100.0)
    mean[-2:, 0] *= factor
    quarters = {f"quarter_{n}": mean for n in (1, 2, 3, 4)}
    spread = np.where(mean < 50, deviation, 25.0)
    return history(devices, mean=mean, deviation=spread, **quarters, **more)


def test_a_covered_inlet_falls_below_the_background_and_lies_still():
    f = look(cover, covered(), place(6, site=0))
    assert f.row.tolist() == [0]
    assert f.start.tolist() == [NEWEST - HOUR]
    assert f.confidence[0] >= 0.6


def test_a_cover_that_lets_half_through_or_a_lively_fall_is_none():
    assert len(look(cover, covered(factor=0.5), place(6, site=0)).row) == 0
    assert len(look(cover, covered(deviation=10.0), place(6, site=0)).row) == 0


def test_the_end_of_work_comes_down_to_the_background():
    mean = np.full((14, 6), 100.0)
    mean[:-2, 0] = 300.0
    quarters = {f"quarter_{n}": mean for n in (1, 2, 3, 4)}
    h = history(6, mean=mean, deviation=[[1] * 6] * 2, **quarters)
    assert len(look(cover, h, place(6, site=0)).row) == 0


def test_at_the_only_monitor_of_a_site_a_cover_must_be_thicker_and_is_less_sure():
    alone, among = look(cover, covered(1)), look(cover, covered(2), place(2, site=0))
    assert alone.row.tolist() == among.row.tolist() == [0]
    assert alone.confidence[0] == pytest.approx(0.8 * among.confidence[0], abs=0.01)
    assert look(cover, covered(2, factor=0.35), place(2, site=0)).row.tolist() == [0]
    assert len(look(cover, covered(1, factor=0.35)).row) == 0


def test_a_front_that_reaches_the_whole_site_before_the_stations_is_no_cover():
    mean = np.full((14, 2), 100.0)
    mean[-2:] *= 0.15
    quarters = {f"quarter_{n}": mean for n in (1, 2, 3, 4)}
    h = history(2, mean=mean, deviation=np.where(mean < 50, 1.0, 25.0), **quarters)
    assert look(cover, h).row.tolist() == [0, 1]
    assert len(look(cover, h, place(2, site=0)).row) == 0


def test_without_a_background_neither_cover_nor_band_nor_ratio_is_judged():
    assert len(look(cover, covered(reference=NAN), place(6, site=0)).row) == 0
    assert len(look(band, history(**random_hours(), reference=NAN)).row) == 0
    assert len(look(mass_factor, history(mean=lowered(0.5), reference=NAN)).row) == 0


# ---------------------------------------------------------------------------------------------- ceiling


def test_a_pile_at_the_top_of_several_hours_is_a_cap():
    h = history(greatest=[300.0] * 4, top_share=[0.2] * 4)
    f = look(ceiling, h)
    assert f.row.tolist() == [0]
    assert f.evidence["ceiling"][0].tolist() == [300.0]


def test_greatest_values_that_end_together_are_a_cap():
    tops = np.tile([300, 298, 296, 299, 120, 150, 180, 240], 21)
    f = look(ceiling, history(greatest=tops, mean=tops / 2))
    assert f.row.tolist() == [0]
    assert f.evidence["hours_looked_at"][0].tolist() == [72.0]


def test_the_sensor_s_own_ceiling_is_no_cap_of_software():
    f = look(ceiling, history(greatest=[999.9] * 4, top_share=[0.2] * 4))
    assert f.silenced.tolist() == [True]


def test_honest_greatest_values_lie_apart():
    tops = 100 * 1.05 ** np.arange(40)
    assert len(look(ceiling, history(greatest=np.tile(tops, 4), mean=np.tile(tops, 4))).row) == 0


def test_steady_air_has_steady_greatest_values():
    tops = np.tile([300, 298, 296, 299, 297, 300, 299, 298], 21)
    assert len(look(ceiling, history(greatest=tops)).row) == 0


# ------------------------------------------------------------------------------------------ random band


def random_hours(n=8, level=60.0):
    mean = level + np.array([0.3, -0.4, 0.1, 0.5, -0.2, 0.0, 0.4, -0.3][:n])
    return {"mean": mean, "deviation": [8.0] * n, "autocorrelation": [0.02, -0.05] * (n // 2)}


MOVING = [100.0, 120, 150, 180, 210, 180, 150, 120]


def test_random_values_have_no_memory_and_no_cycle_while_the_background_moves():
    f = look(band, history(**random_hours(), reference=MOVING))
    assert f.row.tolist() == [0]
    assert f.start.tolist() == [NEWEST - 7 * HOUR]


def test_a_still_background_shows_nothing_of_a_band():
    assert len(look(band, history(**random_hours(), reference=100.0)).row) == 0


def test_readings_that_remember_each_other_are_no_band():
    hours = random_hours() | {"autocorrelation": [0.5] * 8}
    assert len(look(band, history(**hours, reference=MOVING)).row) == 0


def test_a_site_at_rest_at_night_in_clean_air_is_flat():
    f = look(band, history(**random_hours(level=20.0), reference=MOVING), place(hour=5))
    assert f.guards["night_rest"][1].tolist() == [True]
    assert look(band, history(**random_hours(), reference=MOVING), place(hour=5)).silenced.tolist() == [False]


# ------------------------------------------------------------------- computed TSP, flat means, stuck


def test_tsp_on_one_line_for_hours_is_computed():
    f = look(tsp, history(tsp_residual=[0.002] * 12, tsp_slope=[1.1] * 12))
    assert f.row.tolist() == [0]


@pytest.mark.parametrize(
    "change",
    [
        {"tsp_residual": [0.002] * 11 + [0.05]},
        {"tsp_slope": [1.1] * 6 + [1.4] * 6},
        {"deviation": [1.0] * 12},
        {"count": [2] * 12},
    ],
)
def test_tsp_with_a_rest_a_changing_line_or_too_little_to_see_is_measured(change):
    columns = {"tsp_residual": [0.002] * 12, "tsp_slope": [1.1] * 12} | change
    assert len(look(tsp, history(**columns)).row) == 0


def test_mean_data_that_never_have_a_range_are_relabelled():
    assert look(flat_means, history(flat_share=[1.0] * 12)).row.tolist() == [0]
    assert len(look(flat_means, history(flat_share=[1.0] * 11 + [0.9])).row) == 0
    assert len(look(flat_means, history(flat_share=[1.0] * 12, deviation=[0.1] * 12)).row) == 0


def same_value(value, hours):
    return {"least": [value] * hours, "greatest": [value] * hours, "mean": [value] * hours}


def test_one_value_for_hours_is_stuck():
    f = look(stuck, history(**same_value(87.0, 5)))
    assert f.row.tolist() == [0]
    assert f.start.tolist() == [NEWEST - 4 * HOUR]
    assert f.evidence["hours"][0].tolist() == [5.0]
    assert f.silenced.tolist() == [False]


def test_two_values_one_after_the_other_are_two_spells():
    values = [87.0] * 3 + [88.0]
    h = history(least=values, greatest=values, mean=values)
    assert len(look(stuck, h).row) == 0


def test_one_reading_an_hour_repeats_nothing():
    assert len(look(stuck, history(**same_value(87.0, 5), count=1)).row) == 0


@pytest.mark.parametrize(
    ("value", "hours", "hour", "guard"),
    [(8.0, 7, 5, "night_rest"), (8.0, 4, 14, "quiet_air"), (8.0, 7, 14, None), (0.0, 4, 3, None)],
)
def test_clean_still_air_is_excused_for_a_while_but_never_zero(value, hours, hour, guard):
    f = look(stuck, history(**same_value(value, hours)), place(hour=hour))
    silencing = [name for name, (_, silent) in f.guards.items() if silent[0]]
    assert silencing == ([guard] if guard else [])


# ---------------------------------------------------------------------------------------------- offline


def with_gaps(begin_high, gaps=5, newest_silent=True):
    """A week in which a gap of three hours begins every 20 hours, the last one just now."""
    mean = np.tile(60 + 4.0 * np.arange(20), 9)[-168:]
    minutes = np.full(168, 59.0)
    level = mean.copy()
    for n in range(gaps):
        at = 167 - n * 20
        level[at - 1] = 400.0 if begin_high else 60.0
        minutes[at : at + 3] = NAN
        level[at : at + 3] = NAN
    if not newest_silent:
        minutes[-1], level[-1] = 59, 100.0
    return {"mean": level, "ending": level, "last_minute": minutes}


def test_gaps_that_begin_high_again_and_again_are_suspected():
    f = look(offline, history(**with_gaps(True)))
    assert f.row.tolist() == [0]
    assert f.evidence["gaps_begun_high"][0].tolist() == [5.0]
    assert f.confidence[0] > 0.95


def test_gaps_that_begin_at_any_time_are_a_poor_network():
    assert len(look(offline, history(**with_gaps(False))).row) == 0


def test_one_gap_that_begins_high_is_no_habit():
    assert len(look(offline, history(**with_gaps(True, gaps=1))).row) == 0


def test_a_device_that_speaks_is_not_told_of_now():
    assert len(look(offline, history(**with_gaps(True, newest_silent=False))).row) == 0


def test_hours_excused_by_an_order_are_no_gap():
    quiet = np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int32)
    excused = np.array([True, False])
    made = hour_features(HourReadings(*quiet), 2, 0, np.full(2, 50.0), excused)
    np.testing.assert_array_equal(made["last_minute"], [59.0, NAN])


def test_a_plug_that_silences_a_whole_site_excuses_none_of_its_monitors():
    one = {name: np.stack([values] * 6, axis=1) for name, values in with_gaps(True).items()}
    f = look(offline, history(6, **one), place(6, site=0))
    assert f.row.tolist() == list(range(6))
    assert not f.silenced.any()


def test_the_chance_of_as_many_is_that_of_the_binomial():
    n, k, p = np.array([3, 5, 4, 7]), np.array([3, 2, 0, 8]), np.array([0.5, 0.1, 0.3, 0.9])
    assert offline.tail(n, k, p) == pytest.approx([0.125, 0.08146, 1.0, 0.0])


# ---------------------------------------------------------------------------------------- twins, clock


def lively(seed, n=24):
    return np.random.default_rng(seed).uniform(60, 140, (4, n))


def pair(a, b):
    return {f"quarter_{n + 1}": np.stack([a[n], b[n]], axis=1) for n in range(4)}


def test_two_points_of_a_site_that_say_the_same_are_suspected_both():
    a = lively(1)
    f = look(twins, history(2, **pair(a, a * 1.01)), place(2, site=[0, 0]))
    assert f.row.tolist() == [0, 1]
    assert f.evidence["twin"][0].tolist() == [1.0, 0.0]


def test_two_that_were_apart_before_are_surer():
    a = lively(1)
    mean = np.full((168, 2), 100.0)
    mean[:144, 1] = 150.0
    before = look(twins, history(2, **pair(a, a)), place(2, site=[0, 0])).confidence
    moved = look(twins, history(2, mean=mean, **pair(a, a)), place(2, site=[0, 0])).confidence
    assert (moved > before).all()


def test_the_same_on_two_sites_or_at_rest_or_only_nearly_the_same_is_honest():
    a = lively(1)
    assert len(look(twins, history(2, **pair(a, a)), place(2)).row) == 0
    rest = np.full((4, 24), 50.0) + np.linspace(0, 5, 24)
    assert len(look(twins, history(2, **pair(rest, rest)), place(2, site=[0, 0])).row) == 0
    assert len(look(twins, history(2, **pair(a, lively(2))), place(2, site=[0, 0])).row) == 0


def test_three_together_are_each_told_once():
    a = lively(1)
    quarters = {f"quarter_{n + 1}": np.stack([a[n]] * 3, axis=1) for n in range(4)}
    assert look(twins, history(3, **quarters), place(3, site=[5, 5, 5])).row.tolist() == [0, 1, 2]


def corrected(p, *corrections):
    """The place with corrections of PM10 that hold from the first hour on."""
    since = NEWEST - 200 * HOUR
    table = Corrections.of(LinearCorrection(row, since, slope, offset) for row, slope, offset in corrections)
    return replace(p, air=Air(table))


def test_two_in_one_place_agree_once_each_is_corrected():
    a = lively(1)
    quarters = {f"quarter_{n + 1}": np.stack([a[n], a[n] / 2 + 5], axis=1) for n in range(4)}
    h, p = history(2, **quarters), place(2, site=[5, 5])
    assert len(look(twins, h, p).row) == 0
    assert look(twins, h, corrected(p, (1, 2 * UNIT, -10_000))).row.tolist() == [0, 1]


def test_a_monitor_that_shows_half_of_the_air_is_corrected_before_it_is_called_too_low():
    h = history(mean=lowered(0.65))
    assert look(mass_factor, h).row.tolist() == [0]
    assert len(look(mass_factor, h, corrected(place(), (0, UNIT * 3 // 2, 0))).row) == 0


def test_a_correction_is_no_fall_against_the_neighbours():
    mean = np.full((24, 6), 100.0)
    h = history(6, mean=mean)
    later = Corrections.of([LinearCorrection(0, NEWEST - HOUR, UNIT * 3 // 10)])
    assert len(look(cover, h, replace(place(6, site=0), air=Air(later))).row) == 0


def test_a_clock_that_moved_by_an_hour_is_found():
    f = look(clock, history(lag=[3602.0, 3602.0]))
    assert f.row.tolist() == [0]
    assert f.evidence["usual_lag"][0].tolist() == [2.0]


def test_a_clock_in_the_future_needs_no_past():
    f = look(clock, history(lag=[NAN] * 22 + [-300.0] * 2))
    assert f.row.tolist() == [0]


def test_a_clock_that_was_put_right_is_no_game():
    assert len(look(clock, history(lag=[3602.0] * 22 + [2.0] * 2)).row) == 0


def test_a_backlog_that_comes_at_once_is_no_wrong_clock():
    f = look(clock, history(lag=[3602.0, 7000.0], lag_span=[3500.0, 3500.0]))
    assert f.guards["backlog"][1].tolist() == [True]


# ------------------------------------------------------------------------------------------- neighbours


def test_the_others_of_a_site_are_a_lower_median_without_the_device_itself():
    column = np.array([1.0, 9.0, 3.0, 4.0, NAN, 7.0, 8.0])
    site = np.array([0, 0, 0, 0, 0, 1, -1], np.int32)
    np.testing.assert_array_equal(others(column, site), [4, 3, 4, 3, 3, NAN, NAN])
    assert np.isnan(others(np.full(3, NAN), np.zeros(3, np.int32))).all()


def test_pairs_are_all_twos_of_a_site():
    a, b = pairs_of(np.array([2, 1, 2, -1, 2, -1], np.int32))
    assert sorted(zip(a.tolist(), b.tolist(), strict=True)) == [(0, 2), (0, 4), (2, 4)]
    assert len(pairs_of(np.array([-1, -1], np.int32))[0]) == 0
