"""Every pattern at its marks: what just meets them all is found, what just misses one is not.

Marks are set to numbers that an hour keeps exactly, so that "just" is one number and not a rounding.
"""

from __future__ import annotations

import numpy as np
import pytest

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
from tests.hours import HONEST, HOUR, NEWEST, history, place

NAN = float("nan")


def second(columns):
    """Of two devices the first is honest, the second says `columns` in its last hours."""
    return history(
        2,
        **{
            name: np.stack([np.full(len(values), HONEST.get(name, NAN)), values], axis=1)
            for name, values in columns.items()
        },
    )


def found(pattern, columns, **settings):
    """Is the second of two devices, each alone on its site, found, and nobody else?"""
    rows = pattern.find(second(columns), place(2), pattern.PATTERN.settings(**settings)).row.tolist()
    assert rows in ([], [1])
    return bool(rows)


def same(value, hours):
    return {"least": [value] * hours, "greatest": [value] * hours, "mean": [value] * hours}


STUCK = same(87.0, 2) | {"count": [6] * 2}
FLAT = {"flat_share": [0.75] * 6}
LINE = {"tsp_residual": [0.25] * 6, "tsp_slope": [2.0] * 5 + [3.0], "count": [8] * 12}
HAT = {
    "mean": [100] * 7 + [125],
    "count": [16] * 8,
    "deviation": [25] * 7 + [31.25],
    "autocorrelation": [0.125] * 7 + [-0.25],
    "reference": [100] * 7 + [150],
}
PILE = {"greatest": [400, 400, 300], "top_share": [0.125] * 3}
CLIFF = {"greatest": [NAN] * 4 + [400, 300, 300, 300], "mean": [100] * 5 + [150] * 3}
WET = {"humidity_jump": [15.0], "wet_share": [0.75]}
WET_SINCE = {"humidity": [50, 65], "mean": [100, 75], "reference": [100, 75]}
COUNT = {"factor": [NAN] * 16 + [0.5] * 6 + [0.25] * 2}
STEP = {"mean": [NAN] * 156 + [100] * 3 + [125] * 3 + [50] * 6}


@pytest.mark.parametrize(
    ("pattern", "settings", "just", "misses"),
    [
        (stuck, {}, STUCK, [{"count": [6, 5.5]}, {"count": [5.5, 6]}, {"least": [86.5, 87]}, same(87.0, 1)]),
        (
            flat_means,
            {"share": 0.75, "varied": 0.25},
            FLAT,
            [
                {"flat_share": [0.75] * 5},
                {"flat_share": [0.5] + [0.75] * 6},
                {"flat_share": [0.75] * 6 + [0.5]},
                {"deviation": [24] * 12},
            ],
        ),
        (
            tsp,
            {"varied": 0.25, "residual": 0.25, "slopes": 0.5},
            LINE,
            [
                {"tsp_residual": [0.25] * 5},
                {"tsp_residual": [0.25] * 5 + [0.26]},
                {"tsp_slope": [2.0] * 5 + [3.1]},
                {"tsp_slope": [2.0] * 5},
                {"tsp_slope": [2.0] * 6 + [NAN]},
                {"count": [8] * 11 + [7.5]},
                {"deviation": [24]},
            ],
        ),
        (
            clock,
            {},
            {"lag": [NAN] * 16 + [2] * 6 + [302] * 2},
            [
                {"lag": [NAN] * 17 + [2] * 5 + [302] * 2},
                {"lag": [2] * 22 + [302, 301]},
                {"lag": [2] * 22 + [301, 302]},
                {"lag": [602] * 22 + [299] * 2},
                {"lag": [602] * 22 + [302.5] * 2},
            ],
        ),
        (clock, {}, {"lag": [NAN] * 22 + [-120] * 2}, [{"lag": [NAN] * 22 + [-119, -200]}]),
        (
            clock,
            {},
            {"count": [10, NAN], "astray": [5, 1]},
            [{"astray": [4.5, 1]}, {"astray": [5, 0.25]}, {"count": [10, 10]}],
        ),
        (
            band,
            {
                "memory": 0.125, "memory_each": 0.25, "drift": 4.0, "rounding": 0.0, "spread_least": 0.25,
                "spread_most": 0.25, "count_least": 16,
            },
            HAT,
            [
                {"count": [16] * 7 + [15.5]},
                {"count": [17] * 8},
                {"mean": [100] * 7 + [126], "deviation": [25] * 7 + [31.5]},
                {"deviation": [25] * 8},
                {"deviation": [25] * 7 + [31.5]},
                {"autocorrelation": [0.13] * 7 + [-0.25]},
                {"autocorrelation": [-0.13] * 7 + [0.25]},
                {"autocorrelation": [0.125] * 7 + [-0.26]},
                {"autocorrelation": [0.125] * 7 + [NAN]},
                {"reference": [100] * 7 + [149]},
            ],
        ),
        (
            ceiling,
            {"pile_share": 0.125, "pile_within": 0.25, "least": 400},
            PILE,
            [
                {"greatest": [400, 400, 299]},
                {"greatest": [399, 399, 300]},
                {"top_share": [0.125, 0.12, 0.125]},
                {"run_share": [0.03, 1.0, 0.03]},
                {"greatest": [400, 300]},
            ],
        ),
        (
            ceiling,
            {"cliff_h": (8,), "cliff_rank": 4, "cliff_within": 0.25, "cliff_known": 0.5, "moved": 0.5},
            CLIFF,
            [
                {"greatest": [NAN] * 4 + [400, 300, 300, 299]},
                {"greatest": [NAN] * 5 + [400, 300, 300]},
                {"mean": [100] * 5 + [149] * 3},
            ],
        ),
        (spray, {"dip": 0.75}, WET, [{"humidity_jump": [14.5]}, {"wet_share": [0.76]}]),
        (
            spray,
            {"dip": 0.75, "reference_fell": 0.75},
            WET_SINCE,
            [{"humidity": [50, 64.5]}, {"mean": [100, 76]}, {"reference": [100, 74]}],
        ),
        (
            mass_factor,
            {"count_fall": 0.5},
            COUNT,
            [
                {"factor": [NAN] * 17 + [0.5] * 5 + [0.25] * 2},
                {"factor": [0.5] * 22 + [0.26, 0.25]},
                {"factor": [0.5] * 22 + [0.25, 0.26]},
                {"factor": [0.5] * 22 + [NAN, 0.25]},
                {"factor": [0.5] * 22 + [0.25, NAN]},
            ],
        ),
        (
            mass_factor,
            {
                "after_h": 6, "before_least_h": 6, "after_least_h": 6, "fall_alone": 0.5, "alike": 1.25,
                "below_reference": 0.5,
            },
            STEP,
            [
                {"mean": [NAN] * 157 + [100] * 2 + [125] * 3 + [50] * 6},
                {"mean": [NAN] * 156 + [100] * 3 + [125] * 3 + [50] * 5 + [NAN]},
                {"mean": [NAN] * 156 + [100] * 3 + [126] * 3 + [50] * 6},
                {"mean": [NAN] * 156 + [100] * 3 + [125] * 3 + [50] + [51] * 5},
                {"reference": [98] * 6},
                {"reference": [25] * 12},
            ],
        ),
    ],
    ids=[
        "stuck",
        "flat means",
        "computed TSP",
        "a clock behind",
        "a clock ahead",
        "times astray",
        "a random band",
        "a pile at the ceiling",
        "a cliff at the ceiling",
        "spray by a jump",
        "spray since an hour",
        "a factor lowered, by raw count",
        "a factor lowered, by ratio",
    ],
)  # fmt: skip
def test_what_just_meets_the_marks_is_found_and_what_just_misses_one_is_not(pattern, settings, just, misses):
    assert found(pattern, just, **settings)
    for missed in misses:
        assert not found(pattern, just | missed, **settings), missed


def test_without_a_range_to_have_an_hour_of_mean_data_says_nothing():
    still = {"flat_share": [0.1] + [0.75] * 6, "deviation": [24] + [25] * 6}
    assert found(flat_means, still, share=0.75, varied=0.25)


@pytest.mark.parametrize(
    ("ending", "mean", "reference", "high"),
    [
        pytest.param(
            75, 46.875, 100, True, id="rising and high at the end"
        ),  # rising: 1.6 of its hour, and 75 at the end
        pytest.param(74.5, 40, 100, False, id="rising, not high enough"),
        pytest.param(75, 47, 100, False, id="high, rising too little"),
        pytest.param(
            100, 100, 100, True, id="as high as few hours end"
        ),  # as high as few hours of the week end
        pytest.param(99, 100, 100, False, id="a little less than those"),
        pytest.param(80, 100, 150, True, id="under a high background"),  # under a high background
        pytest.param(79, 100, 150, False, id="not high enough under it"),
        pytest.param(80, 100, 149, False, id="the background is not high enough"),
    ],
)
def test_a_gap_begins_high_on_a_rise_at_a_high_end_or_under_a_high_background(ending, mean, reference, high):
    gap = {"ending": [ending, NAN], "mean": [mean, NAN], "reference": [reference, 100]}
    gap |= {"last_minute": [59, NAN]}
    assert found(offline, gap, gaps_least=1, surprise=1.0) is high


def test_gaps_are_told_from_the_third_high_one_on_and_where_chance_is_small_enough():
    def gaps(n):
        return {name: [HONEST[name], NAN] * n for name in ("last_minute", "mean", "ending")}

    assert found(offline, gaps(3), rising_hour=1.0, high=0.0, chance_least=0.5, surprise=1.0)
    assert not found(offline, gaps(2), rising_hour=1.0, high=0.0, chance_least=0.5, surprise=1.0)
    rare = {name: [100.0 if name == "mean" else 150.0, NAN] * 3 for name in ("mean", "ending")}
    told = gaps(3) | rare
    assert found(offline, told, high=1.0, chance_least=0.5, surprise=0.125)
    assert not found(offline, told, high=1.0, chance_least=0.5, surprise=0.124)


def covered(level=100.0, low=0.5, deviation=0.125):
    """Six of a site, all at the background; the second falls from `level` in the newest hour, and its spread /
    mean with it.
    """
    mean = np.full((7, 6), level)
    mean[-1, 1] *= low
    quarters = {f"quarter_{n}": mean for n in (1, 2, 3, 4)}
    spread = 0.25 * mean
    spread[-1, 1] = deviation * mean[-1, 1]
    return history(6, mean=mean, deviation=spread, reference=level, **quarters)


ALL_OF_IT = {"below": 1.0, "fall": 1.0, "sudden": 1.0, "calm": 1.0, "hours": 1, "before_h": 6}


@pytest.mark.parametrize(
    ("mark", "just", "missed"),
    [("below", 0.5, 0.49), ("fall", 0.5, 0.49), ("sudden", 0.5, 0.49), ("calm", 0.5, 0.49)],
)
def test_a_cover_meets_each_of_its_marks(mark, just, missed):
    for value, rows in ((just, [1]), (missed, [])):
        settings = cover.PATTERN.settings(**ALL_OF_IT | {"below": 0.9, mark: value})
        assert cover.find(covered(), place(6, site=0), settings).row.tolist() == rows


def test_below_a_least_level_of_the_background_a_cover_cannot_be_seen():
    settings = cover.PATTERN.settings(hours=1, before_h=6, below=0.9, fall=0.9)
    assert cover.find(covered(20.0), place(6, site=0), settings).row.tolist() == []
    assert cover.find(covered(21.0), place(6, site=0), settings).row.tolist() == [1]


def test_a_cover_needs_six_hours_before_it():
    shorter = cover.PATTERN.settings(hours=1, before_h=5, below=0.9, fall=0.9)
    assert cover.find(covered(), place(6, site=0), shorter).row.tolist() == []


def two(a, b, **more):
    """Two of one site, by their quarters of the last two hours."""
    quarters = {
        f"quarter_{n + 1}": np.stack([np.array(a[n::4], float), np.array(b[n::4], float)], axis=1)
        for n in range(4)
    }
    return history(2, **quarters, **more)


TWO_HOURS = {
    "hours": 2,
    "before_h": 24,
    "least": 8,
    "apart": 0.5,
    "apart_most": 1.0,
    "rough": 0.5,
    "follows": 1.0,
}


@pytest.mark.parametrize(
    ("mark", "missed"),
    [("least", 9), ("apart", 0.49), ("apart_most", 0.99), ("rough", 0.51), ("follows", 0.99)],
)
def test_two_are_together_where_they_meet_each_mark(mark, missed):
    h, p = two([100, 300] * 4, [60, 100] * 4), place(2, site=[3, 3])
    assert twins.find(h, p, twins.PATTERN.settings(**TWO_HOURS)).row.tolist() == [0, 1]
    assert twins.find(h, p, twins.PATTERN.settings(**TWO_HOURS | {mark: missed})).row.tolist() == []


@pytest.mark.parametrize(("other", "confidence"), [(100, 0.85), (101, 0.6)])
def test_two_that_were_twice_as_far_apart_in_the_days_before_were_moved(other, confidence):
    mean = np.full((26, 2), 300.0)
    mean[:24, 1] = other
    h = two([100, 300] * 4, [60, 100] * 4, mean=mean)
    told = twins.find(h, place(2, site=[3, 3]), twins.PATTERN.settings(**TWO_HOURS))
    assert told.confidence.tolist() == [confidence] * 2


# ------------------------------------------------------------------------------------- what is told


def site(**columns):
    """Six of a site; the second says `columns` in its last hours, the others are honest."""
    made = {}
    for name, values in columns.items():
        made[name] = np.full((len(values), 6), HONEST.get(name, NAN))
        made[name][:, 1] = values
    return history(6, **made)


def wave(n):
    return 100.0 * (1 + 0.25 * (np.arange(n) % 3))


def lines_of(findings):
    """Numbers by name with their units, of the only device that was found."""
    return {name: (float(values[0]), unit) for name, (values, unit) in findings.evidence.items()}


UG = "ug/m3"


@pytest.mark.parametrize(
    ("pattern", "h", "since", "confidence", "evidence", "guards", "plot", "plot_hours"),
    [
        (
            stuck, second(same(87.0, 5)), 4, 0.79,
            {"value": (87, UG), "hours": (5, "h"), "all_zero": (0, "1"), "reference": (100, UG)},
            {"night_rest": 87, "quiet_air": 87, "maintenance": 0}, ("mean", "reference"), 24,
        ),
        (
            flat_means, second({"flat_share": [NAN] * 3 + [1.0] * 9, "deviation": [20] * 12}), 8, 0.9,
            {"flat_share": (1, "1"), "hours": (9, "h"), "spread": (0.2, "1")},
            {"maintenance": 0}, ("mean", "deviation", "flat_share"), 24,
        ),
        (
            tsp, second({"tsp_residual": [0.002] * 11 + [0.006], "tsp_slope": [1.0] * 9 + [1.0078125] * 3}),
            11, 0.85,
            {"slope": (1, "1"), "slope_spread": (0.0078, "1"), "greatest_residual": (0.006, "1"),
             "hours": (12, "h")},
            {"maintenance": 0}, ("tsp_residual", "tsp_slope", "mean"), 24,
        ),
        (
            clock, second({"lag": [-602, -702], "lag_span": [50, 30], "astray": [3, NAN, 2]}), 1, 0.64,
            {"lag": (-702, "s"), "usual_lag": (2, "s"), "lag_span": (50, "s"), "astray_day": (5, "1"),
             "pm10": (100, UG)},
            {"backlog": 50, "maintenance": 0}, ("lag", "astray", "mean", "reference"), 24,
        ),
        (
            band,
            second({
                "mean": [60, 59.5, 60, 60.5, 60, 60, 60.5, 59.5], "deviation": [8] * 8,
                "autocorrelation": [0.02, -0.05] * 4, "reference": [100, 120, 150, 180, 210, 180, 150, 120],
            }), 7, 0.85,
            {"level": (60, UG), "drift": (1 / 60, "1"), "drift_by_chance": (0.0875, "1"),
             "reference_drift": (110 / 150, "1"), "autocorrelation": (-0.05, "1"), "spread": (0.1333, "1")},
            {"night_rest": 60, "maintenance": 0},
            ("mean", "reference", "least", "greatest", "autocorrelation"), 24,
        ),
        (
            ceiling, second({"greatest": [300] * 6, "top_share": [0.2] * 6}), 23, 0.73,
            {"ceiling": (300, UG), "hours_at_ceiling": (6, "h"), "hours_with_pile": (6, "h"),
             "hours_looked_at": (24, "h")},
            {"sensor_ceiling": 300, "maintenance": 0}, ("greatest", "mean", "reference"), 168,
        ),
        (
            ceiling,
            second({"greatest": np.tile([300, 200, 120, 150, 180, 240], 28), "mean": np.tile([40, 80, 120], 56)}),
            71, 0.7,
            {"ceiling": (300, UG), "hours_at_ceiling": (12, "h"), "hours_with_pile": (0, "h"),
             "hours_looked_at": (72, "h")},
            {"sensor_ceiling": 300, "maintenance": 0}, ("greatest", "mean", "reference"), 168,
        ),
        (
            cover,
            site(
                mean=[100] * 12 + [20, 25], deviation=[25] * 12 + [2, 1], fine_share=[0.4] * 12 + [0.3] * 2,
                quarter_1=[100, 20, 25], quarter_2=[100, 20, 25], quarter_3=[100, 20, 25],
                quarter_4=[100, 20, 25],
            ), 1, 0.97,
            {"ratio": (0.2, "1"), "against": (100, UG), "neighbours": (100, UG), "ratio_before": (1, "1"),
             "sudden_fall": (0.2, "1"), "spread_change": (0.16, "1"), "fine_share_change": (0.75, "1")},
            {"fog": 50, "maintenance": 0}, ("mean", "reference", "deviation", "fine_share"), 24,
        ),
        (
            spray, site(humidity_jump=[35], wet_share=[0.4], mean=[70]), 0, 0.83,
            {"humidity_jump": (35, "%"), "neighbours_jump": (2, "%"), "dip": (0.4, "1"), "pm10": (70, UG),
             "reference": (100, UG)},
            {"fog": 50, "watering": 2, "maintenance": 0},
            ("mean", "reference", "humidity", "humidity_jump"), 12,
        ),
        (
            spray, site(humidity=[52, 85], mean=[100, 30]), 0, 0.88,
            {"humidity_jump": (33, "%"), "neighbours_jump": (0, "%"), "dip": (0.3, "1"), "pm10": (30, UG),
             "reference": (100, UG)},
            {"fog": 50, "watering": 2, "maintenance": 0},
            ("mean", "reference", "humidity", "humidity_jump"), 12,
        ),
        (
            mass_factor, site(mean=np.concatenate([wave(132), wave(36) * 0.5])), 35, 0.86,
            {"ratio_before": (1.25, "1"), "ratio_after": (0.625, "1"), "ratio_fall": (0.5, "1"),
             "low_ratio_fall": (0.5, "1"), "neighbours_fall": (1, "1"), "k_before": (NAN, "ug/m3 a count"),
             "k_after": (NAN, "ug/m3 a count")},
            {"maintenance": 0, "fog": 50}, ("mean", "reference", "factor"), 168,
        ),
        (
            mass_factor, site(factor=[0.5] * 22 + [0.25, 0.375]), 1, 0.95,
            {"ratio_before": (1, "1"), "ratio_after": (1, "1"), "ratio_fall": (1, "1"),
             "low_ratio_fall": (1, "1"), "neighbours_fall": (1, "1"), "k_before": (0.5, "ug/m3 a count"),
             "k_after": (0.25, "ug/m3 a count")},
            {"maintenance": 0, "fog": 50}, ("mean", "reference", "factor"), 168,
        ),
    ],
    ids=[
        "stuck",
        "flat means",
        "computed TSP",
        "a clock ahead and astray",
        "a random band",
        "a pile at the ceiling",
        "a cliff at the ceiling",
        "a cover",
        "spray by a jump",
        "spray since an hour",
        "a factor lowered, by ratio",
        "a factor lowered, by raw count",
    ],
)  # fmt: skip
def test_a_finding_tells_since_when_how_surely_by_which_numbers_and_what_was_looked_at(
    pattern, h, since, confidence, evidence, guards, plot, plot_hours
):
    told = pattern.find(h, place(h.devices, site=0), pattern.PATTERN.settings())
    assert told.pattern == pattern.NAME
    assert told.row.tolist() == [1]
    assert (told.start.tolist(), told.confidence.tolist()) == ([NEWEST - since * HOUR], [confidence])
    said = lines_of(told)
    assert {name: unit for name, (_, unit) in said.items()} == {
        name: unit for name, (_, unit) in evidence.items()
    }
    numbers = {name: value for name, (value, _) in said.items()}
    assert numbers == pytest.approx(
        {name: value for name, (value, _) in evidence.items()}, rel=0.01, nan_ok=True
    )
    seen = {name: float(values[0]) for name, (values, _) in told.guards.items()}
    assert seen == pytest.approx(guards, nan_ok=True)
    assert told.silenced.tolist() == [False]
    assert (told.plot, told.plot_hours) == (plot, plot_hours)


# ----------------------------------------------------------------------------------- guards at their marks

WAVE = np.concatenate([wave(132), wave(36) * 0.5])
CAP = {"greatest": [300.0] * 6, "top_share": [0.2] * 6}
SHARE = {"flat_share": [1.0] * 12}
COVERED = {
    "mean": [100] * 12 + [20, 25], "deviation": [25] * 12 + [2, 1],
    **{f"quarter_{n}": [100, 20, 25] for n in (1, 2, 3, 4)},
}  # fmt: skip


def guard(pattern, columns, name, p=None, **settings):
    """Does the guard silence what is found of the second device?"""
    told = pattern.find(second(columns), p or place(2), pattern.PATTERN.settings(**settings))
    assert told.row.tolist() == [1]
    seen, silenced = told.guards[name]
    assert len(seen) == len(silenced) == 1
    return bool(silenced[0])


@pytest.mark.parametrize(
    ("pattern", "columns", "hours"),
    [
        (stuck, same(87.0, 5), 2),
        (flat_means, SHARE, 12),
        (tsp, LINE, 12),
        (clock, {"lag": [602, 702]}, 2),
        (band, HAT, 8),
        (ceiling, CAP, 24),
        (cover, COVERED, 3),
        (spray, WET, 1),
        (mass_factor, {"mean": WAVE}, 24),
    ],
    ids=[
        "stuck",
        "flat means",
        "computed TSP",
        "a clock",
        "a random band",
        "a ceiling",
        "a cover",
        "spray",
        "a factor lowered",
    ],
)
def test_maintenance_excuses_what_is_found_from_hours_that_it_touched(pattern, columns, hours):
    loose = {
        tsp: {"varied": 0.25, "residual": 0.25, "slopes": 0.5},
        band: {"memory": 0.125, "memory_each": 0.25, "drift": 4.0, "spread_most": 0.25, "count_least": 16},
        spray: {"dip": 0.75},
    }.get(pattern, {})
    assert not guard(pattern, columns, "maintenance", **loose)
    touched = [0.25] + [0.0] * (hours - 1)
    assert guard(pattern, columns | {"excused": touched}, "maintenance", **loose)
    if hours < 24:
        before = [0.25] + [0.0] * hours
        assert not guard(pattern, columns | {"excused": before}, "maintenance", **loose)


def test_a_cap_at_the_range_of_the_sensor_is_the_sensor_s_own():
    for top, own in ((900, True), (899.5, False)):
        assert guard(ceiling, {"greatest": [top] * 6, "top_share": [0.2] * 6}, "sensor_ceiling") is own


def test_each_monitor_is_held_against_its_own_greatest_value():
    tops = np.full((6, 2), 300.0)
    tops[:, 0] = 500.0
    told = ceiling.find(history(2, greatest=tops, top_share=[0.2] * 6), place(2), ceiling.PATTERN.settings())
    assert told.row.tolist() == [0, 1]
    assert told.evidence["ceiling"][0].tolist() == [500.0, 300.0]


def test_a_lag_that_spreads_over_more_than_two_minutes_is_a_backlog():
    for spans, backlog in (([120, 5], False), ([121, 5], True), ([5, 121], True), ([121, 5, 5], False)):
        assert guard(clock, {"lag": [602, 702], "lag_span": spans}, "backlog") is backlog


@pytest.mark.parametrize(
    ("value", "hours", "quiet"),
    [(20, 5, True), (21, 5, False), (20, 6, False), (0.5, 2, True), (0, 2, False)],
)
def test_still_clean_air_is_quiet_for_less_than_six_hours(value, hours, quiet):
    assert guard(stuck, same(float(value), hours), "quiet_air") is quiet


def test_at_night_a_value_of_clean_air_rests_but_never_zero():
    for value, rests in ((20, True), (21, False), (0, False)):
        assert guard(stuck, same(float(value), 4), "night_rest", place(2, 3)) is rests


def test_a_mass_factor_by_ratio_is_fog_where_more_than_twelve_hours_of_the_day_were_wet():
    for wet, foggy in ((12, False), (13, True)):
        humidity = [50.0] * (24 - wet) + [95.0] * wet
        assert guard(mass_factor, {"mean": WAVE, "humidity": humidity}, "fog") is foggy
        counted = {"factor": [0.5] * 22 + [0.25] * 2, "humidity": humidity}
        assert not guard(mass_factor, counted, "fog")  # the count itself is not wet
    at_the_mark = {"mean": WAVE, "humidity": [90.0] * 24}
    assert not guard(mass_factor, at_the_mark, "fog")


def test_a_cover_in_fog_of_the_hours_from_its_fall_on_is_explained():
    for humidity, foggy in (([95.0, 50, 50], True), ([95.0, 50, 50, 50], False)):
        assert guard(cover, COVERED | {"humidity": humidity}, "fog") is foggy


def test_half_of_the_jump_at_another_monitor_of_the_site_is_watering():
    for jump, watered in ((15.0, True), (14.5, False)):
        jumps = np.array([[jump, 30.0]])
        h = history(2, humidity_jump=jumps, wet_share=[[NAN, 0.4]])
        told = spray.find(h, place(2, site=[4, 4]), spray.PATTERN.settings())
        assert told.row.tolist() == [1]
        assert told.guards["watering"][1].tolist() == [watered]
        apart = spray.find(h, place(2), spray.PATTERN.settings())
        assert apart.guards["watering"][1].tolist() == [False]


def test_two_that_were_moved_together_name_each_other_and_how_near_they_are():
    mean = np.full((26, 4), 300.0)
    mean[:24, 1] = 50.0
    wave_of = np.array([100.0, 300.0] * 4)
    h = history(
        4,
        mean=mean,
        **{
            f"quarter_{n + 1}": np.stack([wave_of[n::4] * times for times in (1, 1.04, 3, 1.04)], axis=1)
            for n in range(4)
        },
    )
    told = twins.find(h, place(4, site=[3, 3, 3, 1]), twins.PATTERN.settings(hours=2, before_h=24, least=8))
    assert (told.pattern, told.row.tolist()) == ("moved_together", [0, 1])
    assert (told.start.tolist(), told.confidence.tolist()) == ([NEWEST - HOUR] * 2, [0.85] * 2)
    numbers = {
        "twin": ([1, 0], "row"), "apart": ([0.0392] * 2, "1"), "apart_90": ([0.0392] * 2, "1"),
        "apart_before": ([250 / 175] * 2, "1"), "roughness": ([1, 1], "1"), "steps_apart": ([0, 0], "1"),
        "quarters": ([8, 8], "1"),
    }  # fmt: skip
    assert {name: unit for name, (_, unit) in told.evidence.items()} == {
        name: unit for name, (_, unit) in numbers.items()
    }
    for name, (values, _) in numbers.items():
        assert told.evidence[name][0].tolist() == pytest.approx(values, rel=0.01, abs=0.001), name
    assert (told.plot, told.plot_hours) == (("mean", "reference"), 24)
    assert told.guards["maintenance"][0].tolist() == [0, 0]


@pytest.mark.parametrize(("known", "rows"), [("KK.KK.KK.KK.....", [0, 1]), ("KK.KK.KK.K.K....", [])])
def test_steps_are_judged_where_half_as_many_are_there_as_quarters_must_be(known, rows):
    a = np.array([100.0, 300.0] * 8)
    a[[one != "K" for one in known]] = NAN
    quarters = {f"quarter_{n + 1}": np.stack([a[n::4]] * 2, axis=1) for n in range(4)}
    settings = twins.PATTERN.settings(hours=4, least=8, rough=0.0)
    assert twins.find(history(2, **quarters), place(2, site=[3, 3]), settings).row.tolist() == rows


def test_a_habit_of_going_offline_tells_its_gaps_and_what_the_air_was_before_the_last():
    gaps = {
        "last_minute": [59, NAN, NAN] * 4 + [59, NAN], "mean": [100, NAN, NAN] * 4 + [100, NAN],
        "ending": [150, NAN, NAN] * 4 + [160, NAN], "rise": [2.0, NAN, NAN] * 4 + [3.0, NAN],
        "reference": [120] * 12 + [125, 110],
    }  # fmt: skip
    told = offline.find(second(gaps), place(2), offline.PATTERN.settings(high=1.0, rising_hour=1.5))
    assert (told.pattern, told.row.tolist()) == ("offline_when_polluted", [1])
    assert (told.start.tolist(), told.confidence.tolist()) == ([NEWEST - 13 * HOUR], [1.0])
    said = lines_of(told)
    assert {name: unit for name, (_, unit) in said.items()} == {
        "gaps": "1", "gaps_begun_high": "1", "by_chance": "1", "pm10_before": UG, "rise_before": "1",
        "background_before": UG,
    }  # fmt: skip
    assert {name: value for name, (value, _) in said.items() if name != "by_chance"} == {
        "gaps": 5, "gaps_begun_high": 5, "pm10_before": 160, "rise_before": 3, "background_before": 125,
    }  # fmt: skip
    assert (told.plot, told.plot_hours) == (("mean", "reference"), 168)
    assert {name: float(seen[0]) for name, (seen, _) in told.guards.items()} == {"maintenance": 0}
    assert guard(offline, gaps | {"excused": [0.5, 0, 0]}, "maintenance", high=1.0, rising_hour=1.5)
    assert not guard(offline, gaps | {"excused": [0.5, 0, 0, 0]}, "maintenance", high=1.0, rising_hour=1.5)
