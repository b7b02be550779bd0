"""Where ioos_qc has the check, ours is equal to it: on the recordings and on arbitrary series.

ioos_qc gets thousandths as floats, which are exact, and thresholds in the same.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from processors.columns import Uint8s
from processors.quality import (
    attenuated_signal,
    flat_line,
    gross_range,
    rate_of_change,
    spike,
)
from processors.quality.attenuated_signal import AttenuatedSignal
from processors.quality.flat_line import FlatLine
from processors.quality.gross_range import GrossRange
from processors.quality.rate_of_change import RateOfChange
from processors.quality.series import Series
from processors.quality.settings import QualitySettings
from processors.quality.spike import Spike
from tests.quality_series import one_device, station, storm
from tests.recordings import Recordings
from tests.series import STATIONS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its own dependencies
    from ioos_qc import qartod

DEFAULTS = QualitySettings.model_validate({})
many = settings(max_examples=150, deadline=None)


def floats(series: Series) -> np.ndarray[Any, Any]:
    return np.where(series.present, series.value.astype(float), np.nan)


def times(series: Series) -> np.ndarray[Any, Any]:
    return series.time.astype("datetime64[ms]")


def kinds() -> list[Any]:
    found = [pytest.param(("storm", "", p), id=f"storm-{p}") for p in ("pm10", "pm2_5")]
    return found + [
        pytest.param(("station", n, p), id=f"{n}-{p}") for n in STATIONS for p in ("pm10", "pm2_5")
    ]


@pytest.fixture
def recording(request: pytest.FixtureRequest, recordings: Recordings) -> Series:
    kind, name, pollutant = request.param
    return storm(recordings, pollutant) if kind == "storm" else station(recordings, name, pollutant)


everywhere = pytest.mark.parametrize("recording", kinds(), indirect=True)


def same(ours: Uint8s, theirs: Any) -> None:
    np.testing.assert_array_equal(ours, np.ma.filled(theirs, 255).astype(np.uint8))


def assert_gross_range(series: Series, checks: GrossRange) -> None:
    theirs = qartod.gross_range_test(floats(series), checks.fail, checks.suspect)
    same(gross_range.check(series, checks), theirs)


def assert_spike(series: Series, checks: Spike) -> None:
    theirs = qartod.spike_test(floats(series), checks.suspect, checks.fail, method="differential")
    same(spike.check(series, checks), theirs)


def assert_rate(series: Series, checks: RateOfChange) -> None:
    theirs = qartod.rate_of_change_test(
        floats(series), times(series), checks.suspect_per_s, checks.fail_per_s
    )
    same(rate_of_change.check(series, checks), theirs)


def median_s(series: Series) -> int:
    """The median interval in whole seconds, as ioos_qc takes it."""
    return int(np.median(np.diff(times(series))).astype("timedelta64[s]").astype(int))


def assert_flat_line(series: Series, checks: FlatLine) -> None:
    """ioos_qc's interval is the median one."""
    median = median_s(series)
    interval = np.array([median * 1000], np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = qartod.flat_line_test(
            floats(series), times(series), checks.suspect_s, checks.fail_s, checks.tolerance
        )
    same(flat_line.check(series, checks.model_copy(update={"least_values": 0}), interval), theirs)


def deviations_are_clear(series: Series, checks: AttenuatedSignal) -> bool:
    """No window's deviation is so near a threshold that pandas' running float decides."""
    frame = pd.Series(floats(series), index=times(series)).rolling(f"{checks.period_s}s")
    exact = frame.apply(np.nanstd, raw=True)
    # pandas keeps a running sum of squares: its error grows with the greatest value that went through
    margin = 1e-6 + 1e-7 * np.nanmax(np.abs(floats(series)), initial=0)
    limits = [limit for limit in (checks.suspect, checks.fail) if limit]
    return not any((np.abs(exact - limit) <= margin).any() for limit in limits)


def assert_attenuated(series: Series, checks: AttenuatedSignal) -> None:
    theirs = qartod.attenuated_signal_test(
        floats(series), times(series), checks.suspect, checks.fail, checks.period_s, checks.least_values
    )
    same(attenuated_signal.check(series, checks), theirs)


@everywhere
def test_gross_range_equals_the_oracle_on_a_recording(recording: Series) -> None:
    for checks in (GrossRange(fail=(0, 1500), suspect=(5, 400)), GrossRange(fail=(10, 200))):
        assert_gross_range(recording, checks)


@everywhere
def test_spikes_equal_the_oracle_on_a_recording(recording: Series) -> None:
    for checks in (Spike(suspect=20, fail=100), Spike(suspect=0.5), DEFAULTS.pm10.spike):
        assert_spike(recording, checks)


@everywhere
def test_rates_of_change_equal_the_oracle_on_a_recording(recording: Series) -> None:
    for checks in (RateOfChange(suspect_per_s=0.01, fail_per_s=0.05), RateOfChange(suspect_per_s=20)):
        assert_rate(recording, checks)


@everywhere
def test_flat_lines_equal_the_oracle_on_a_recording(recording: Series) -> None:
    hourly = int(np.median(np.diff(recording.time))) > 60_000
    for unit in (3_600,) if hourly else (1, 4):
        for tolerance in (0.001, 2, 30):
            assert_flat_line(recording, FlatLine(suspect_s=3 * unit, fail_s=7 * unit, tolerance=tolerance))


@everywhere
def test_attenuated_signals_equal_the_oracle_on_a_recording(recording: Series) -> None:
    hourly = int(np.median(np.diff(recording.time))) > 60_000
    series = Series(recording.row, recording.time // (60 if hourly else 1), recording.value)
    for suspect, fail, least in ((3.001, 1.001, 5), (20.501, 0.301, 2)):
        checks = AttenuatedSignal(period_s=600, suspect=suspect, fail=fail, least_values=least)
        assert deviations_are_clear(series, checks)
        assert_attenuated(series, checks)


@many
@given(one_device(), st.booleans())
def test_gross_range_equals_the_oracle_on_any_series(series: Series, both: bool) -> None:
    assert_gross_range(series, GrossRange(fail=(0.001, 1999.9), suspect=(1, 40) if both else None))


@many
@given(one_device(), st.sampled_from([0.5, 2, 19.5, 480]), st.sampled_from([None, 3, 1000]))
def test_spikes_equal_the_oracle_on_any_series(series: Series, suspect: float, fail: float | None) -> None:
    assume(fail is None or suspect <= fail)
    assert_spike(series, Spike(suspect=suspect, fail=fail))


@many
@given(one_device(), st.sampled_from([0.001, 0.65, 5, 39]), st.sampled_from([None, 4, 1000]))
def test_rates_equal_the_oracle_on_any_series(series: Series, suspect: float, fail: float | None) -> None:
    assume(fail is None or suspect <= fail)
    assert_rate(series, RateOfChange(suspect_per_s=suspect, fail_per_s=fail))


@many
@given(
    one_device(least=3), st.integers(1, 400), st.integers(1, 900), st.sampled_from([0.001, 0.002, 1.001, 40])
)
def test_flat_lines_equal_the_oracle_on_any_series(
    series: Series, suspect: int, fail: int, tolerance: float
) -> None:
    assume(median_s(series) > 0)
    assert_flat_line(
        series, FlatLine(suspect_s=min(suspect, fail), fail_s=max(suspect, fail), tolerance=tolerance)
    )


@many
@given(one_device(), st.integers(1, 3600), st.integers(2, 6), st.sampled_from([0.004, 3, 700]))
def test_attenuated_signals_equal_the_oracle_on_any_series(
    series: Series, period: int, least: int, limit: float
) -> None:
    checks = AttenuatedSignal(period_s=period, suspect=limit, fail=limit / 2, least_values=least)
    assume(deviations_are_clear(series, checks))
    assert_attenuated(series, checks)
