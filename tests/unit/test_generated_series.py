"""The series that the project makes itself: the same for a seed, and with the traits that they claim."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests import series
from tests.recordings import GENERATED, Recordings
from tests.series import FILES, POINTS, SANDSTORM, STATIONS


@pytest.mark.parametrize("file", FILES)
def test_a_seed_gives_the_same_text_and_another_seed_another(file):
    series.text.cache_clear()
    first = series.text(file)
    series.text.cache_clear()
    assert series.text(file) == first
    assert series.text(file, seed=series.SEED + 1) != first


def test_the_storm_comes_in_bursts_of_five_with_gaps_and_a_clock_that_steps(recordings: Recordings):
    times = np.array([ms for ms, _, _ in recordings.dust_storm()])
    assert (np.diff(times) > 0).all()  # no two of the same instant, so that no law is about which is kept
    apart = np.diff(times) / 1000
    within, between = apart[apart < 10], apart[apart >= 10]
    assert np.median(within) == pytest.approx(1.104, abs=0.01)
    assert np.median(between) == pytest.approx(115.4, abs=1.5)
    assert np.quantile(between, 0.98) == pytest.approx(236, abs=25)
    sizes = np.diff(np.flatnonzero(np.concatenate([[True], apart >= 10, [True]])))
    assert {4, 5, 9} == set(sizes.tolist())
    assert (sizes == 5).mean() > 0.98


def test_only_the_generated_storm_is_written_out_of_order_and_silent_for_more_than_an_hour():
    stamps = pd.to_datetime([line["time_utc"] for line in GENERATED.storm_lines()])
    assert (np.diff(stamps.asi8) < 0).sum() == 1
    assert np.diff(np.sort(stamps.asi8)).max() > 3600e6


def test_the_storm_goes_from_clear_air_to_the_sensor_s_ceiling(recordings: Recordings):
    frame = pd.DataFrame(recordings.dust_storm(), columns=["ms", "pm2_5", "pm10"])
    assert (frame.pm10.min(), frame.pm10.max(), frame.pm2_5.max()) == (0.0, 1999.9, 999.9)
    assert (frame.pm10 == 1999.9).sum() >= 20
    assert (frame.pm2_5 > frame.pm10).any()
    assert frame.pm2_5.sum() / frame.pm10.sum() == pytest.approx(0.14, abs=0.03)
    assert (frame * 10 % 1)[["pm2_5", "pm10"]].round(6).isin([0.0, 1.0]).all(axis=None)


@pytest.mark.parametrize("name", STATIONS)
def test_a_station_s_spring_has_gaps_calm_hours_and_fine_dust_above_pm10(recordings: Recordings, name):
    frame = recordings.station(name)
    assert len(frame) == 92 * 24
    assert 10 < frame["PM10"].isna().sum() < 80
    assert frame["PM10"].isna().astype(int).diff().abs().sum() > 10  # in several runs
    assert (frame["PM2.5"] > frame["PM10"]).any()
    assert set(frame.wd.dropna()) == set(POINTS)
    assert 10 < (frame.WSPM < 0.5).sum() < 150
    assert (frame.RAIN > 0).sum() > 10
    assert (frame.DEWP.dropna() <= frame.TEMP.dropna()).all()


def test_a_sandstorm_comes_in_the_evening_of_15_april_after_an_hour_that_is_missing(recordings: Recordings):
    hours = recordings.station("guanyuan")
    storm = hours.iloc[SANDSTORM]
    assert (storm.month, storm.day, storm.hour, storm.wd[0]) == (4, 15, 20, "N")
    assert storm["PM10"] == pytest.approx(970, abs=15)
    assert storm["PM10"] == hours["PM10"].max()
    assert np.isnan(hours["PM10"].iloc[SANDSTORM - 1])
    assert storm["PM2.5"] < 0.2 * storm["PM10"]


def test_both_stations_breathe_the_same_air_each_with_its_own_share(recordings: Recordings):
    one, other = (np.log(recordings.station(name)["PM10"]) for name in STATIONS)
    assert 0.75 < one.corr(other) < 0.95
    assert (one - other).autocorr(6) < 0.4  # they part for hours and not for days
