"""Readings made ready for the fold: who is left out and why, and what each column says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ingest.batches import Row
from ingest.units import JUDGED
from processors.columns import ABSENT
from processors.measuring.intake import FUTURE_MS, Intake, intake
from processors.plan.plan import Plan
from processors.windows.row_log import DRY, GREATEST, REFUSED
from tests.logs import HOUR, MINUTE, T0, batch, revision, row

PLAN = Plan.of(revision(["d1", "d2"]))
PM10, PM2_5, TSP = (JUDGED.index(name) for name in ("pm10", "pm2_5", "tsp"))


def taken(*rows: Row, begin: int = 0, end: int | None = None, plan: Plan = PLAN) -> Intake:
    return intake(batch(*rows), begin, len(rows) if end is None else end, plan)


def test_unknown_devices_and_the_future_are_left_out_with_their_reason():
    early = row(T0, 5, received=T0 - FUTURE_MS)
    future = row(T0 + 1, 5, received=T0 - FUTURE_MS)
    got = taken(row(T0, 5, "d2"), future, row(T0, 5, "d9"), early, row(T0 + FUTURE_MS * 3, 5, "d9", T0))
    assert got.place.tolist() == [0, 3]
    assert got.columns.row.tolist() == [1, 0]
    assert got.left_out == ((1, "future"), (2, "unknown_device"), (4, "unknown_device"))
    assert len(got) == 2
    assert taken(early).left_out == ()


def test_a_part_of_a_batch_names_places_of_the_whole_one():
    rows = [row(T0 + n * MINUTE, 10 + n, "d9" if n == 2 else "d1") for n in range(5)]
    got = taken(*rows, begin=1, end=4)
    assert (got.place.tolist(), got.left_out) == ([1, 3], ((2, "unknown_device"),))
    assert got.columns.values[PM10].tolist() == [11_000, 13_000]
    assert got.columns.time.tolist() == [T0 + MINUTE, T0 + 3 * MINUTE]
    assert got.received.tolist() == [T0 + MINUTE + 1000, T0 + 3 * MINUTE + 1000]


def test_values_are_thousandths_by_pollutant_and_what_no_mean_may_use_is_refused():
    far = (GREATEST + 1) / 1000
    got = taken(
        row(T0, 5.5),
        row(T0, pm2_5=7, tsp=far),
        row(T0, pm10=GREATEST / 1000, tsp=-far),
        row(T0, wind_speed=3),
    )
    values = got.columns.values
    assert values[PM10].tolist() == [5500, ABSENT, GREATEST, ABSENT]
    assert values[PM2_5].tolist() == [ABSENT, 7000, ABSENT, ABSENT]
    assert values[TSP].tolist() == [ABSENT, REFUSED, REFUSED, ABSENT]
    assert got.present.tolist() == [1 << PM10, 1 << PM2_5 | 1 << TSP, 1 << PM10 | 1 << TSP, 0]
    assert (got.columns.hash & np.uint64(7)).tolist() == got.present.tolist()


@pytest.mark.parametrize(
    ("period", "kept"), [(-5, 0), (0, 0), (HOUR, HOUR), (2**31 - 1, 2**31 - 1), (2**31, 2**31 - 1)]
)
def test_a_period_is_kept_in_what_a_column_holds(period: int, kept: int):
    assert taken(row(T0, 5, period=period)).columns.period.tolist() == [kept]


@pytest.mark.parametrize(
    ("percent", "kept"), [(0, 0), (50.999, 50), (127, 127), (127.001, DRY), (-0.001, DRY)]
)
def test_humidity_is_kept_in_whole_percent_where_a_hygrometer_can_say_it(percent: float, kept: int):
    assert taken(row(T0, 5, humidity=percent)).columns.wet.tolist() == [kept]
    assert taken(row(T0, 5)).columns.wet.tolist() == [DRY]


@pytest.mark.parametrize(
    ("late_ms", "seconds"),
    [
        pytest.param(0, 0, id="at once"),
        pytest.param(999, 0, id="less than a second"),
        pytest.param(1000, 1, id="a second"),
        pytest.param(-1, -1, id="a clock ahead by a millisecond"),
        pytest.param(-1000, -1, id="ahead by a second"),
        pytest.param(-1001, -2, id="ahead by a little more"),
        pytest.param(40_000_000, 32_767, id="more than can be held"),
        pytest.param(32_767_000, 32_767, id="the most"),
    ],
)
def test_a_lag_is_whole_seconds_rounded_down_of_nine_hours_at_most(late_ms: int, seconds: int):
    assert taken(row(T0, 5, received=T0 + late_ms)).columns.lag.tolist() == [seconds]


def test_an_hour_ahead_is_the_least_lag_that_is_judged():
    assert taken(row(T0, 5, received=T0 - FUTURE_MS)).columns.lag.tolist() == [-3600]


def content(**more: Any) -> int:
    return int(taken(row(T0, **{"pm10": 5.0, **more})).columns.hash[0])


def test_what_a_reading_says_makes_its_content_and_when_it_came_does_not():
    same = content()
    assert content(received=T0 + HOUR) == same
    others = [
        content(pm10=5.001), content(tsp=1.0), content(pm10=None, tsp=5.0),
        content(period=60_000), content(device="d2"), content(flags={"pm10": "D"}), content(flags={"pm10": "T"}),
    ]  # fmt: skip
    assert len({same, *others}) == len(others) + 1


def test_the_weather_beside_dust_is_no_content_and_that_of_weather_alone_is():
    assert content(wind_speed=1.0, humidity=40) == content()
    assert content(flags={"temperature": "D"}) == content()
    alone = [content(pm10=None, wind_speed=speed) for speed in (1.0, 2.0)]
    assert len({*alone, content(pm10=None, humidity=1.0)}) == 3


def test_the_flags_of_a_row_that_is_left_out_are_of_nobody():
    flagged = row(T0, 5, flags={"pm10": "D"})
    got = taken(row(T0, 5, "d9", flags={"pm10": "C"}), row(T0, 5), flagged)
    alone = taken(row(T0, 5)).columns, taken(flagged).columns
    assert got.columns.hash.tolist() == [int(one.hash[0]) for one in alone]
    assert got.columns.packed.tolist() == [int(one.packed[0]) for one in alone]
    assert got.columns.packed[0] == 0 != got.columns.packed[1]


def test_two_readings_of_one_device_and_time_share_their_key_whatever_they_say():
    one, other = taken(row(T0, 5)), taken(row(T0, 6, received=T0 + HOUR))
    assert one.keys.tolist() == other.keys.tolist()
    for else_ in (row(T0 + 1, 5), row(T0, 5, "d2"), row(T0, 5, period=1)):
        assert taken(else_).keys.tolist() != one.keys.tolist()


def test_a_clock_behind_or_ahead_and_wet_air_are_told_at_arrival():
    quiet = taken(row(T0, 5, received=T0, humidity=50)).columns.packed[0]
    assert quiet == 0
    ahead = taken(row(T0, 5, received=T0 - 130_000)).columns.packed[0]
    behind = taken(row(T0, 5, received=T0 + 25 * HOUR)).columns.packed[0]
    wet = taken(row(T0, 5, received=T0, humidity=91)).columns.packed[0]
    assert ahead == behind != 0
    assert wet not in (0, ahead)


def test_without_some_rows_the_others_keep_all_their_columns():
    got = taken(*(row(T0 + n * MINUTE, 10 + n) for n in range(4)))
    assert got.without([]) is got
    less = got.without([0, 2])
    assert (less.place.tolist(), less.columns.values[PM10].tolist()) == ([1, 3], [11_000, 13_000])
    assert less.keys.tolist() == got.keys[[1, 3]].tolist()
    assert less.received.tolist() == got.received[[1, 3]].tolist()
    assert less.present.tolist() == [1 << PM10] * 2
    assert (less.left_out, less.corrected) == ((), got.corrected)


def test_what_is_calibrated_is_judged_corrected_and_says_so():
    listed = [
        {
            "id": "d1",
            "calibration": [{"from": 0, "pollutant": "pm10", "slope": 2.0, "offset": 1.0, "factor": 1.0}],
        },
        "d2",
    ]
    plan = Plan.of(revision(listed))
    got = taken(row(T0, 5), row(T0, 5, "d2"), row(T0, tsp=5), plan=plan)
    assert got.corrected
    assert got.columns.values[PM10].tolist() == [11_000, 5000, ABSENT]
    assert got.columns.packed[0] != got.columns.packed[1] == 0
    assert not taken(row(T0, 5)).corrected
    far = taken(row(T0, GREATEST / 1000), plan=plan)
    assert far.columns.values[PM10].tolist() == [REFUSED]
