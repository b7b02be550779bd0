"""Features of one hour: numbers computed by hand and by pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from processors.columns import ABSENT
from processors.suspicion.features import FEATURES, NUMBER, HourReadings, hour_features
from processors.suspicion.hour_sums import DeviceSums
from processors.windows.row_log import REFUSED

HOUR = 3_600_000
MINUTE = 60_000


def rows(values, row=0, **more):
    """A reading a minute of one device, in ug/m3."""
    n = len(values)
    columns = {k: np.rint(np.asarray(v, float) * 1000).astype(np.int32) for k, v in more.items()}
    return HourReadings(
        np.full(n, row, np.int32),
        np.arange(n, dtype=np.int64) * MINUTE,
        np.rint(np.asarray(values, float) * 1000).astype(np.int32),
        **columns,
    )


def made(one, devices=1, start=0, **beside):
    sums = DeviceSums.of(devices)
    wide = {name: np.rint(np.asarray(column) * 1000).astype(np.int64) for name, column in beside.items()}
    sums.add(one.row, one.pm10.astype(np.int64), wide)
    found = hour_features(one, devices, start, np.full(devices, 80.0), sums=sums)
    return {name: found[name] for name in NUMBER}


def test_an_hour_of_minutes_has_the_features_that_are_computed_by_hand():
    values = [10.0] * 15 + [20.0] * 15 + [30.0] * 15 + [40.0] * 15
    f = made(rows(values))
    assert f["count"][0] == 60
    assert f["mean"][0] == 25.0
    assert (f["least"][0], f["greatest"][0]) == (10.0, 40.0)
    assert [f[f"quarter_{n}"][0] for n in (1, 2, 3, 4)] == [10.0, 20.0, 30.0, 40.0]
    assert f["deviation"][0] == pytest.approx(np.std(values))
    assert f["run_share"][0] == 0.25
    assert f["top_share"][0] == 0.25
    assert f["last_minute"][0] == 59
    assert f["rise"][0] == pytest.approx(40 / 32.5)
    assert f["ending"][0] == 40.0
    assert f["reference"][0] == 80.0


def test_a_device_without_readings_has_no_features_but_its_reference():
    f = made(rows([5.0] * 10, row=1), devices=3)
    for name, column in f.items():
        assert np.isnan(column[[0, 2]]).all() or name == "reference"
    assert f["mean"][1] == 5.0


def test_an_hour_without_any_reading_is_unknown():
    nobody = HourReadings(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int32))
    f = made(nobody, devices=2)
    assert all(np.isnan(column).all() for name, column in f.items() if name != "reference")


def test_readings_that_are_excused_are_counted_and_left_out():
    one = rows([10.0, 900.0, 10.0, 900.0])._replace(excused=np.array([False, True, False, True]))
    f = made(one)
    assert f["excused"][0] == 0.5
    assert (f["count"][0], f["mean"][0], f["greatest"][0]) == (2, 10.0, 10.0)


def test_an_hour_that_is_excused_as_a_whole_has_only_its_share():
    f = made(rows([10.0] * 4)._replace(excused=np.ones(4, bool)))
    assert f["excused"][0] == 1.0
    assert np.isnan(f["mean"][0])


def test_a_device_under_maintenance_is_excused_whether_it_speaks_or_not():
    one = rows([10.0] * 4)
    f = hour_features(one, 3, 0, np.full(3, 80.0), excused=np.array([True, True, False]))
    np.testing.assert_array_equal(f["excused"], [1.0, 1.0, np.nan])
    assert np.isnan(f["mean"]).all()
    flagged = one._replace(excused=np.array([True, False, False, False]))
    assert hour_features(flagged, 1, 0, np.full(1, 80.0), excused=np.array([False]))["count"][0] == 3
    assert hour_features(flagged, 1, 0, np.full(1, 80.0), excused=np.array([True]))["excused"][0] == 1.0


@pytest.mark.parametrize("hole", [ABSENT, REFUSED])
def test_a_reading_without_pm10_shows_presence_and_nothing_else(hole):
    one = rows([10.0, 20.0, 30.0])
    one.pm10[2] = hole
    f = made(one)
    assert (f["count"][0], f["greatest"][0], f["last_minute"][0]) == (2, 20.0, 2)


def test_tsp_on_a_line_leaves_no_rest_and_shows_its_slope():
    pm10 = np.linspace(20, 200, 60).round(1)
    f = made(rows(pm10, tsp=12 + 1.5 * pm10))
    assert f["tsp_slope"][0] == pytest.approx(1.5)
    assert f["tsp_residual"][0] == pytest.approx(0.0, abs=1e-6)


def test_the_rest_of_a_line_is_that_of_least_squares():
    random = np.random.default_rng(2)
    pm10 = random.uniform(20, 200, 60).round(3)
    tsp = (1.4 * pm10 + random.normal(0, 9, 60)).round(3)
    slope, rest, *_ = np.polyfit(pm10, tsp, 1, full=True)
    f = made(rows(pm10, tsp=tsp))
    assert f["tsp_slope"][0] == pytest.approx(slope[0], rel=1e-6)
    assert f["tsp_residual"][0] == pytest.approx(np.sqrt(rest[0] / 60) / tsp.mean(), rel=1e-6)


def test_tsp_that_a_reading_lacks_is_left_out_of_the_line():
    one = rows(np.arange(10.0), tsp=2 * np.arange(10.0))
    one.tsp[::2] = ABSENT
    assert made(one)["tsp_slope"][0] == pytest.approx(2.0)
    one.tsp[:] = ABSENT
    assert np.isnan(made(one)["tsp_slope"][0])


def test_a_wet_dip_shows_its_jump_and_how_far_it_fell():
    humidity = [50.0] * 30 + [80.0] * 10 + [50.0] * 20
    f = made(rows([100.0] * 30 + [40.0] * 10 + [100.0] * 20, humidity=humidity))
    assert f["humidity_jump"][0] == pytest.approx(30.0)
    assert f["wet_share"][0] == pytest.approx(0.4)
    assert f["humidity"][0] == pytest.approx(55.0)


def test_without_a_jump_of_humidity_nothing_is_wet():
    f = made(rows([100.0] * 60, humidity=[50.0] * 30 + [52.0] * 30))
    assert np.isnan(f["wet_share"][0])


def test_mean_data_without_range_are_counted():
    same = [10.0, 20.0, 30.0, 40.0]
    f = made(rows(same), pm10_min=[10.0, 20.0, 30.0, 35.0], pm10_max=[10.0, 20.0, 30.0, 45.0])
    assert f["flat_share"][0] == 0.75


def test_lag_raw_count_and_fine_dust_are_ratios_and_least_values():
    one = rows([100.0, 300.0], pm2_5=[30.0, 90.0])
    f = made(one._replace(lag=np.array([1500, 4000])), pm10_count=[200.0, 600.0])
    assert f["fine_share"][0] == pytest.approx(0.3)
    assert f["factor"][0] == pytest.approx(0.5)
    assert (f["lag"][0], f["lag_span"][0]) == (1.5, 2.5)


def test_the_rise_before_a_gap_looks_at_the_last_readings_of_the_hour():
    f = made(rows([50.0] * 20 + [150.0] * 10))
    assert f["rise"][0] == pytest.approx(3.0)
    assert f["last_minute"][0] == 29


def test_what_ends_within_the_first_minutes_has_an_end_and_no_rise():
    f = made(rows([50.0] * 3))
    assert f["ending"][0] == 50.0
    assert np.isnan(f["rise"][0])


def test_a_reading_of_another_hour_is_refused():
    with pytest.raises(ValueError, match="another hour"):
        made(rows([1.0] * 61))
    with pytest.raises(ValueError, match="another hour"):
        made(rows([1.0]), start=1)


def test_extreme_values_overflow_nothing():
    values = np.array([0, 100_000_000] * 2000, np.int32)
    one = HourReadings(np.zeros(4000, np.int32), np.arange(4000, dtype=np.int64), values, tsp=values)
    f = made(one)
    assert f["mean"][0] == 50_000.0
    assert 0 <= f["deviation"][0] <= 50_000
    assert -1 <= f["autocorrelation"][0] <= -0.99


def test_every_column_says_its_unit_and_meaning():
    assert all(column.unit and column.meaning for column in FEATURES)
    assert len({column.name for column in FEATURES}) == len(FEATURES)


def test_the_dust_storm_has_the_features_that_pandas_finds(recordings):
    frame = pd.DataFrame(recordings.dust_storm(), columns=["ms", "pm2_5", "pm10"])
    frame["hour"] = frame.ms // HOUR
    for hour, part in frame.groupby("hour"):
        one = HourReadings(
            np.zeros(len(part), np.int32),
            part.ms.to_numpy(),
            (part.pm10 * 1000).round().astype(np.int32).to_numpy(),
            (part.pm2_5 * 1000).round().astype(np.int32).to_numpy(),
        )
        f = made(one, start=hour * HOUR)
        assert f["mean"][0] == pytest.approx(part.pm10.mean())
        assert f["deviation"][0] == pytest.approx(part.pm10.std(ddof=0))
        assert f["greatest"][0] == part.pm10.max()
        assert f["fine_share"][0] == pytest.approx(part.pm2_5.sum() / part.pm10.sum())
        quarters = part.groupby((part.ms % HOUR) // (HOUR // 4)).pm10.mean()
        assert [f[f"quarter_{n + 1}"][0] for n in quarters.index] == pytest.approx(list(quarters))
        d = (part.pm10 - part.pm10.mean()).to_numpy()
        assert f["autocorrelation"][0] == pytest.approx((d[1:] * d[:-1]).sum() / (d * d).sum(), abs=1e-3)
