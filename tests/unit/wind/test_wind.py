"""Cases of wind by hand, and the reference stations' wind against pandas."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from ingest.records import MISSING
from processors.columns import HOUR_MS
from processors.wind.attribution import (
    NOT_SITE,
    REASONS,
    SITE,
    STUDENT_95,
    UNDETERMINED,
    AttributionSettings,
    attribute,
)
from processors.wind.pairing import (
    EARTH_M,
    NO_UPWIND,
    PAIR_REASONS,
    PAIRED,
    PairingSettings,
    choose,
    pairs_of,
    placed,
)
from processors.wind.rose import RoseSettings, rose_of, sector_names, sector_of, sectors_of, wilson
from processors.wind.vector import (
    CALM,
    DEFINED,
    NO_WIND,
    NONE,
    SCALE,
    VARIABLE,
    WindSettings,
    cosine,
    sine,
    wind_of,
    wind_sums,
)
from tests.series import STATIONS

NANO = 10**9
NAN = float("nan")


def column(*values):
    return np.array(values, np.int64)


def wind(*readings, **settings):
    """Mean wind of (m/s, degrees)."""
    speed = column(*[round(s * 1000) for s, _ in readings])
    direction = column(*[round(d * 1000) for _, d in readings])
    sums = wind_sums(np.zeros(len(readings), np.int32), speed, direction, 1)
    return wind_of(sums, WindSettings(**settings))


# -------------------------------------------------------------------------------------------- vector


def test_north_is_the_mean_of_350_and_10_degrees_and_the_faster_wind_counts_more():
    assert wind((2, 350), (2, 10)).direction.tolist() == [0]
    # 3 m/s from the east and 4 from the north: 53.13 degrees from the longer leg
    seen = wind((3, 90), (4, 360))
    assert seen.direction.tolist() == [36_870]
    assert (seen.resultant[0], seen.speed[0], seen.steadiness[0]) == (2500, 3500, 7143)


def test_calm_is_below_half_a_metre_a_second_and_has_no_direction():
    for speed, state in ((0.0, CALM), (0.499, CALM), (0.5, DEFINED)):
        seen = wind((speed, 90), (speed, 90))
        assert seen.state.tolist() == [state]
        assert seen.direction.tolist() == [90_000 if state == DEFINED else NONE]
    assert wind((0.4, 90), calm=300).state.tolist() == [DEFINED]
    assert wind((0.0, 0), calm=0).state.tolist() == [CALM]


def test_wind_from_all_sides_is_variable_and_no_wind_is_neither():
    assert wind((2, 0), (2, 180)).state.tolist() == [VARIABLE]
    assert wind((2, 0), (2, 180)).direction.tolist() == [NONE]
    assert wind().state.tolist() == [NO_WIND]


def test_a_reading_that_lacks_speed_or_direction_or_has_impossible_ones_takes_no_part():
    sums = wind_sums(
        np.zeros(6, np.int32),
        column(2000, MISSING, 2000, 2000, 65_535_000, -1),
        column(90_000, 90_000, MISSING, 65_535_000, 90_000, 90_000),
        1,
    )
    assert sums.count.tolist() == [1]
    assert wind_of(sums, WindSettings()).direction.tolist() == [90_000]


def test_a_new_configuration_moves_the_sums_to_the_new_rows():
    sums = wind_sums(np.array([0, 2], np.int32), column(1000, 3000), column(90_000, 90_000), 3)
    moved = sums.moved(np.array([2, -1, 0, 1], np.int32))
    assert moved.speed.tolist() == [3000, 0, 1000, 0]
    assert moved.east.tolist() == [3000 * SCALE, 0, 1000 * SCALE, 0]
    assert moved.count.tolist() == [1, 0, 1, 0]


def test_sines_are_exact_at_the_quarters_and_right_between_them():
    assert sine(column(0, 90_000, 180_000, 270_000, 360_000)).tolist() == [0, SCALE, 0, -SCALE, 0]
    assert cosine(column(0, 90_000, 180_000, 270_000, 360_000)).tolist() == [SCALE, 0, -SCALE, 0, SCALE]
    every = np.arange(0, 360_001, 7)
    assert np.abs(sine(every) / SCALE - np.sin(np.radians(every / 1000))).max() < 1e-8
    assert np.abs(cosine(every) / SCALE - np.cos(np.radians(every / 1000))).max() < 1e-8


def test_twelve_days_of_seconds_at_the_greatest_speed_do_not_overflow():
    n = 86_400
    sums = wind_sums(np.zeros(n, np.int32), np.full(n, 120_000), np.full(n, 90_000), 1)
    total = sums
    for _ in range(11):
        total = total + sums
    assert wind_of(total, WindSettings()).direction.tolist() == [90_000]
    assert wind_of(total, WindSettings()).resultant.tolist() == [120_000]


@pytest.mark.parametrize("name", STATIONS)
def test_the_daily_wind_of_a_reference_station_is_the_one_that_pandas_finds(recordings, name):
    frame = recordings.station(name).dropna(subset=["wd", "WSPM"])
    points = {text["en"]: i * 22.5 for i, text in enumerate(sector_names(16))}
    frame["degrees"] = frame.wd.map(points)
    frame["day"] = frame.groupby(["month", "day"]).ngroup()
    radians = np.radians(frame.degrees)
    frame["u"], frame["v"] = frame.WSPM * np.sin(radians), frame.WSPM * np.cos(radians)
    daily = frame.groupby("day")[["u", "v", "WSPM"]].mean()
    assert len(daily) > 85
    seen = wind_of(
        wind_sums(
            frame.day.to_numpy(np.int32),
            (frame.WSPM * 1000).round().to_numpy(np.int64),
            (frame.degrees * 1000).round().to_numpy(np.int64),
            len(daily),
        ),
        WindSettings(),
    )
    resultant = np.hypot(daily.u, daily.v)
    np.testing.assert_allclose(seen.resultant / 1000, resultant, atol=0.0006)
    np.testing.assert_allclose(seen.speed / 1000, daily.WSPM, atol=0.0006)
    np.testing.assert_allclose(seen.steadiness / 10_000, resultant / daily.WSPM, atol=0.0001)
    defined = seen.state == DEFINED
    expected = np.degrees(np.arctan2(daily.u, daily.v)) % 360
    np.testing.assert_allclose(seen.direction[defined] / 1000, expected[defined], atol=0.001)
    np.testing.assert_array_equal(seen.state == VARIABLE, resultant / daily.WSPM < 0.49995)
    assert 20 < defined.sum() < len(daily)


# ------------------------------------------------------------------------------------------- pairing


def square(*here):
    """Four points of one site, 100 m apart: west, east, south, north; `here` have a value."""
    metre = 180 / np.pi / EARTH_M
    across = metre / np.cos(np.radians(39.9))
    latitude = np.array([0, 0, -50, 50]) * metre + 39.9
    longitude = np.array([-50, 50, 0, 0]) * across + 116.4
    site = np.zeros(4, np.int32)
    nothing = np.full(4, NAN)
    east, north, known = placed(
        site, latitude, longitude, nothing, np.array([39.9]), np.array([116.4]), PairingSettings()
    )
    present = np.isin(np.arange(4), here or range(4))
    return pairs_of(site, east, north, known), present


def test_under_west_wind_the_western_point_is_upwind_of_the_eastern_one():
    pairs, present = square()
    chosen = choose(pairs, column(270_000), np.zeros(1, np.int8), present, PairingSettings())
    assert (chosen.up.tolist(), chosen.down.tolist(), chosen.reason.tolist()) == ([0], [1], [PAIRED])
    chosen = choose(pairs, column(10_000), np.zeros(1, np.int8), present, PairingSettings())
    assert (chosen.up.tolist(), chosen.down.tolist()) == ([3], [2])


def test_where_the_best_point_has_no_value_another_pair_serves_and_across_the_wind_none_does():
    pairs, present = square(1, 2, 3)
    chosen = choose(pairs, column(280_000), np.zeros(1, np.int8), present, PairingSettings())
    assert (chosen.up.tolist(), chosen.down.tolist()) == ([3], [1])  # north-west of the eastern point
    pairs, present = square(2, 3)
    chosen = choose(pairs, column(270_000), np.zeros(1, np.int8), present, PairingSettings())
    assert (chosen.up.tolist(), chosen.reason.tolist()) == ([-1], [NO_UPWIND])


@pytest.mark.parametrize("state", [CALM, VARIABLE, NO_WIND])
def test_without_a_direction_there_is_no_pair_and_the_reason_is_the_wind_s(state):
    pairs, present = square()
    chosen = choose(pairs, column(NONE), np.array([state], np.int8), present, PairingSettings())
    assert (chosen.up.tolist(), chosen.down.tolist(), chosen.reason.tolist()) == ([-1], [-1], [state])
    assert PAIR_REASONS[state] in REASONS


def test_points_of_which_only_the_bearing_is_known_are_paired_and_one_without_a_place_is_not():
    site = np.zeros(3, np.int32)
    nothing = np.full(3, NAN)
    east, north, known = placed(
        site,
        nothing,
        nothing,
        np.array([0.0, 180.0, NAN]),
        np.array([NAN]),
        np.array([NAN]),
        PairingSettings(),
    )
    assert known.tolist() == [True, True, False]
    assert (east.tolist(), north.tolist()) == ([0, 0, 0], [50_000, -50_000, 0])
    pairs = pairs_of(site, east, north, known)
    chosen = choose(pairs, column(170_000), np.zeros(1, np.int8), np.ones(3, bool), PairingSettings())
    assert (chosen.up.tolist(), chosen.down.tolist()) == ([1], [0])


def test_points_of_different_sites_and_points_at_one_place_are_no_pair():
    site = np.array([0, 1, 1, 0], np.int32)
    east, north = column(0, 0, 0, 0), column(0, 50_000, 50_000, 90_000)
    pairs = pairs_of(site, east, north, np.ones(4, bool))
    assert list(zip(pairs.up.tolist(), pairs.down.tolist(), strict=True)) == [(0, 3), (3, 0)]
    assert pairs.bearing.tolist() == [180_000, 0]
    assert pairs.distance.tolist() == [90_000, 90_000]


def test_longitudes_are_compared_across_the_date_line():
    site = np.zeros(1, np.int32)
    one = np.array([0.0])
    east, _, _ = placed(
        site, one, np.array([-179.9995]), np.array([NAN]), one, np.array([179.9995]), PairingSettings()
    )
    assert 111_000 < east[0] < 111_400


# ---------------------------------------------------------------------------------------------- rose


def test_sectors_are_centred_on_their_names():
    assert sector_of(column(0, 359_999, 11_249, 11_250, 348_750, NONE), 16).tolist() == [0, 0, 0, 1, 0, -1]
    assert sector_of(column(22_499, 22_500, 337_500, 90_000), 8).tolist() == [0, 1, 0, 2]
    assert [name["en"] for name in sector_names(8)] == ["N", "NE", "E", "SE", "S", "SW", "W", "NW"]
    assert sector_names(16)[13]["zh"] == "西西北"
    with pytest.raises(ValueError, match="12 sectors"):
        sector_of(column(0), 12)


def test_the_conditional_probability_is_the_share_of_the_hours_above_and_few_hours_have_none():
    n = 26
    direction = column(*[0] * 20, *[90_000] * 4, NONE, NONE)
    value = column(*[100_000] * 15, *[50_000] * 5, *[200_000] * 4, 70_000, MISSING)
    speed = column(*[2000] * 20, *[4000] * 4, 0, 0)
    rose = rose_of(np.zeros(n, np.int32), direction, speed, value, 80_000, 1, 8)
    north, _, east = sectors_of(rose, 0, RoseSettings())[:3]
    assert (north.hours, north.above, north.probability) == (20, 15, 0.75)
    # Wilson 1927, z = 1.959964: 0.5313 .. 0.8881
    assert (north.low, north.high) == (pytest.approx(0.53130, abs=1e-4), pytest.approx(0.88814, abs=1e-4))
    assert north.mean == pytest.approx(87.5)
    assert north.share == pytest.approx(20 * 2 * 87.5 / (20 * 2 * 87.5 + 4 * 4 * 200))
    assert (east.hours, east.probability, east.reason) == (4, None, "too_few_hours")
    assert rose.undetermined.tolist() == [1]
    assert sum(sector.share for sector in sectors_of(rose, 0, RoseSettings())) == pytest.approx(1)


def test_a_sector_without_hours_has_neither_probability_nor_mean():
    rose = rose_of(np.empty(0, np.int32), column(), column(), column(), 80_000, 1, 8)
    for sector in sectors_of(rose, 0, RoseSettings(least_hours=0)):
        assert (sector.probability, sector.low, sector.mean, sector.share) == (None, None, None, None)
    with pytest.raises(ValueError, match="no hours"):
        wilson(0, 0)


def test_the_interval_of_none_and_of_all_ends_at_the_bound():
    assert wilson(0, 10) == (0.0, pytest.approx(0.27753, abs=1e-5))
    assert wilson(10, 10) == (pytest.approx(0.72247, abs=1e-5), 1.0)


# --------------------------------------------------------------------------------------- attribution


def hours(n, up, down, base=0.0):
    """n hours on end; `up`, `down`: ug/m3 by number of the hour."""
    start = np.arange(n, dtype=np.int64) * HOUR_MS
    values = [[f(i) if callable(f) else f for i in range(n)] for f in (up, down, base)]
    return (start, *(np.array([round(v * NANO) for v in series], np.int64) for series in values))


def test_a_site_that_doubles_the_dust_has_half_of_it():
    seen = attribute(*hours(48, 50, 100), {"calm": 3}, AttributionSettings())
    assert (seen.answer, seen.reasons, seen.pairs, seen.blocks) == (SITE, (), 48, 8)
    assert (seen.share, seen.added) == (0.5, 50.0)
    # nothing varies: what is left is 10 % a monitor, 0.1 * sqrt(2) * 0.5, times Student's t of 7
    assert seen.error == pytest.approx(0.0707107)
    assert seen.high - seen.share == pytest.approx(2.365 * 0.0707107)
    assert seen.unpaired == {"calm": 3}


def test_above_a_background_the_share_is_that_of_the_excess():
    seen = attribute(*hours(48, 50, 100, base=40), {}, AttributionSettings(monitors_differ=0.0))
    assert seen.share == pytest.approx(50 / 60)
    assert seen.error == pytest.approx(0, abs=1e-12)
    # a factor of 1.1 on the downwind monitor: (110 - 50) / (110 - 40); on the upwind one: (100 - 55) / 60
    seen = attribute(*hours(48, 50, 100, base=40), {}, AttributionSettings(monitors_differ=0.001))
    by_down, by_up = (100.1 - 50) / (100.1 - 40) - 50 / 60, (100 - 50.05) / 60 - 50 / 60
    assert seen.error == pytest.approx((by_down**2 + by_up**2) ** 0.5, rel=1e-3)


def test_the_error_is_the_jackknife_of_whole_blocks_left_out_one_by_one():
    settings = AttributionSettings(monitors_differ=0.0)
    start, up, down, base = hours(60, lambda i: 40 + i % 7, lambda i: 60 + (i * i) % 31)
    seen = attribute(start, up, down, base, {}, settings)
    frame = pd.DataFrame({"block": start // settings.block_ms, "up": up / NANO, "down": down / NANO})
    left_out = [
        1 - rest.up.sum() / rest.down.sum()
        for b in frame.block.unique()
        for rest in [frame[frame.block != b]]
    ]
    g = len(left_out)
    expected = np.sqrt((g - 1) / g * ((np.array(left_out) - np.mean(left_out)) ** 2).sum())
    assert seen.blocks == g == 10
    assert seen.error == pytest.approx(expected)
    assert seen.share == pytest.approx(1 - frame.up.sum() / frame.down.sum())


def test_the_order_of_the_hours_makes_no_difference():
    start, up, down, base = hours(60, lambda i: 40 + i % 7, lambda i: 60 + (i * i) % 31)
    back = slice(None, None, -1)
    one = attribute(start, up, down, base, {}, AttributionSettings())
    assert one == attribute(start[back], up[back], down[back], base[back], {}, AttributionSettings())


def test_cleaner_air_downwind_is_not_the_site_and_equal_air_can_t_be_told():
    assert attribute(*hours(48, 100, 50), {}, AttributionSettings()).answer == NOT_SITE
    seen = attribute(*hours(48, 100, 102), {}, AttributionSettings())
    assert (seen.answer, seen.reasons) == (UNDETERMINED, ("within_uncertainty",))
    assert seen.share == pytest.approx(2 / 102)


@pytest.mark.parametrize(
    ("n", "unpaired", "reasons"),
    [
        (0, {"calm": 30, "variable_wind": 2}, ("calm", "too_few_pairs")),
        (11, {"no_upwind_monitor": 9, "calm": 3}, ("no_upwind_monitor", "too_few_pairs")),
        (18, {}, ("too_few_pairs",)),
        (5, {"variable_wind": 4, "no_wind_data": 0}, ("too_few_pairs", "variable_wind")),
    ],
)
def test_with_too_few_pairs_it_is_undetermined_and_says_what_kept_the_others_away(n, unpaired, reasons):
    seen = attribute(*hours(n, 50, 100), unpaired, AttributionSettings())
    assert (seen.answer, seen.reasons, seen.share, seen.low) == (UNDETERMINED, reasons, None, None)
    assert set(reasons) <= set(REASONS)
    assert seen.added == (50.0 if n else None)


def test_where_downwind_is_not_above_the_base_there_is_nothing_to_share_out():
    for down, base in ((30, 40), (40, 40)):
        seen = attribute(*hours(48, 20, down, base), {}, AttributionSettings())
        assert (seen.answer, seen.reasons, seen.share) == (UNDETERMINED, ("no_excess",), None)
    # all of the excess in one block: without it there is none
    seen = attribute(*hours(48, 40, lambda i: 100 if i < 6 else 40, 40), {}, AttributionSettings())
    assert seen.reasons == ("no_excess",)


def test_the_table_of_student_s_t_leaves_two_and_a_half_percent_on_either_side():
    grid = np.linspace(0, 1, 200_001)
    for freedom, t in enumerate(STUDENT_95, 1):
        constant = math.gamma((freedom + 1) / 2) / math.sqrt(freedom * math.pi) / math.gamma(freedom / 2)
        density = constant * (1 + (t * grid) ** 2 / freedom) ** (-(freedom + 1) / 2)
        inside = t * (density.sum() - (density[0] + density[-1]) / 2) / (len(grid) - 1)
        assert inside == pytest.approx(0.475, abs=5e-5)


def test_as_many_pairs_and_blocks_as_asked_for_are_enough():
    start = np.arange(12, dtype=np.int64) * 2 * HOUR_MS  # three in each of four blocks
    up, down, base = np.full(12, 50 * NANO), np.full(12, 100 * NANO), np.zeros(12, np.int64)
    seen = attribute(start, up, down, base, {}, AttributionSettings())
    assert (seen.answer, seen.pairs, seen.blocks) == (SITE, 12, 4)
    three = attribute(start // 2, up, down, base, {}, AttributionSettings(block_ms=4 * HOUR_MS))
    assert (three.blocks, three.reasons) == (3, ("too_few_pairs",))


def test_a_pair_exactly_as_far_off_the_wind_and_as_far_apart_as_allowed_is_a_pair():
    site, settings = np.zeros(2, np.int32), PairingSettings()
    pairs = pairs_of(site, column(0, 0), column(0, 20_000), np.ones(2, bool))
    state, present = np.zeros(1, np.int8), np.ones(2, bool)
    assert choose(pairs, column(0), state, present, settings).reason.tolist() == [PAIRED]
    assert choose(pairs, column(0), state, present, PairingSettings(apart_mm=20_001)).reason.tolist() == [
        NO_UPWIND
    ]
    near = PairingSettings(apart_mm=0)
    for off, reason in ((45_000, PAIRED), (45_001, NO_UPWIND), (315_000, PAIRED), (314_999, NO_UPWIND)):
        assert choose(pairs, column(off), state, present, near).reason.tolist() == [reason]


def test_wind_exactly_as_steady_as_asked_for_has_a_direction():
    seen = wind((2, 60), (2, 300))
    assert (seen.steadiness[0], seen.state[0], seen.direction[0]) == (5000, DEFINED, 0)
    assert wind((2, 60), (2, 300), steady_permyriad=5001).state.tolist() == [VARIABLE]
