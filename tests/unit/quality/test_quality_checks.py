"""Cases of each check computed by hand. Values in thousandths of ug/m3."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.records import MISSING
from ingest.units import JUDGED
from processors.columns import Uint8s
from processors.quality import (
    above_range,
    attenuated_signal,
    background,
    ceiling,
    clock,
    device_flag,
    flat_line,
    gross_range,
    humidity,
    neighbour,
    pm_order,
    rate_of_change,
    spike,
)
from processors.quality.attenuated_signal import AttenuatedSignal
from processors.quality.ceiling import Ceiling
from processors.quality.checks import BIT, CHECKS, bits_of, names_of
from processors.quality.clock import ClockLimits
from processors.quality.device_codes import codes_of
from processors.quality.flat_line import FlatLine
from processors.quality.gross_range import GrossRange
from processors.quality.humidity import Humidity
from processors.quality.plausibility import Plausible
from processors.quality.pm_order import PmOrder
from processors.quality.rate_of_change import RateOfChange
from processors.quality.series import Series, cut, run_starts
from processors.quality.settings import QualitySettings
from processors.quality.spike import Spike
from tests.quality_series import MINUTE, T0, flat_by_run, line, series_of, storm
from tests.recordings import Recordings

DEFAULTS = QualitySettings.model_validate({})
EMPTY = series_of([])


def test_the_ends_of_a_gross_range_are_inside_it() -> None:
    checks = GrossRange(fail=(0, 100), suspect=(1, 50))
    series = line([-1, 0, 999, 1000, 50_000, 50_001, 100_000, 100_001, None])
    assert gross_range.check(series, checks).tolist() == [4, 3, 3, 1, 1, 3, 3, 4, 9]


def test_a_range_without_a_suspect_span_only_fails() -> None:
    assert gross_range.check(line([-1, 5]), GrossRange(fail=(0, 100))).tolist() == [4, 1]


def test_a_pinned_sensor_is_suspect_and_a_code_for_no_value_fails() -> None:
    checks = Ceiling(pinned=(1999.9,), codes=(65_535, 6553.5))
    series = line([1_999_900, 1_999_800, 2_000_000, 65_535_000, 6_553_500, None])
    assert ceiling.check(series, checks).tolist() == [3, 1, 1, 4, 4, 9]


def test_the_devices_own_maximum_pins_all_that_reach_it_and_an_unknown_one_nothing() -> None:
    series = series_of([(0, T0, 999), (0, T0 + 1, 1000), (0, T0 + 2, 1001), (1, T0, 1000)])
    assert ceiling.check(series, Ceiling(), np.array([1000, MISSING])).tolist() == [1, 3, 3, 1]
    assert ceiling.check(series, Ceiling(), np.array([0, -1])).tolist() == [3, 3, 3, 1]


def test_a_spike_is_away_from_the_nearer_of_its_neighbours_by_more_than_the_threshold() -> None:
    checks = Spike(suspect=10, fail=20)
    assert spike.check(line([100, 10_101, 101]), checks).tolist() == [2, 1, 2]
    assert spike.check(line([100, 10_102, 101]), checks).tolist() == [2, 3, 2]
    assert spike.check(line([0, 20_001, 0]), checks).tolist() == [2, 4, 2]
    assert spike.check(line([90_000, 0, 20_001]), checks).tolist() == [2, 4, 2]
    assert spike.check(line([0, None, 0, 90_000, 0]), checks).tolist() == [2, 9, 2, 4, 2]


def test_the_neighbours_of_a_spike_and_the_sides_of_a_step_are_none() -> None:
    checks = Spike(suspect=20)
    assert spike.check(line([0, 0, 50_000, 0, 0]), checks).tolist() == [2, 1, 3, 1, 2]
    assert spike.check(line([0, 0, 50_000, 50_000]), checks).tolist() == [2, 1, 1, 2]
    assert spike.check(line([0, 50_000, 100_000]), checks).tolist() == [2, 1, 2]


def test_devices_are_no_neighbours_in_time_of_each_other() -> None:
    series = series_of([(0, T0, 0), (0, T0 + 1, 0), (1, T0, 90_000), (1, T0 + 1, 90_000)])
    assert spike.check(series, Spike(suspect=1)).tolist() == [2, 2, 2, 2]
    assert rate_of_change.check(series, RateOfChange(suspect_per_s=1)).tolist() == [1, 1, 1, 1]


def test_a_rate_is_over_whole_seconds_and_at_least_one() -> None:
    checks = RateOfChange(suspect_per_s=1, fail_per_s=10)
    times = [0, 1_900, 2_300, 4_300]
    series = series_of([(0, T0 + t, v) for t, v in zip(times, [0, 1_001, 2_001, 22_002], strict=True)])
    # 1.001 in 1 s; 1 in 0.4 s counts as one second; 20.001 in 2 s
    assert rate_of_change.check(series, checks).tolist() == [1, 3, 1, 4]


def test_a_value_after_a_missing_one_has_no_rate_and_passes() -> None:
    assert rate_of_change.check(line([0, None, 10**8]), RateOfChange(suspect_per_s=1)).tolist() == [1, 9, 1]


def test_a_line_is_flat_when_as_many_values_before_are_within_the_tolerance() -> None:
    interval = np.array([MINUTE])
    checks = FlatLine(suspect_s=120, fail_s=240)
    assert flat_line.check(line([7, 5, 5, 5, 5, 5, 6]), checks, interval).tolist() == [1, 1, 1, 3, 3, 4, 1]
    near = FlatLine(suspect_s=120, fail_s=240, tolerance=0.003)
    assert flat_line.check(line([9, 5, 7, 6, 9, 5]), near, interval).tolist() == [1, 1, 1, 3, 1, 1]


def test_a_slow_device_needs_the_least_number_of_values_to_be_flat() -> None:
    checks = FlatLine(suspect_s=3600, fail_s=7200, least_values=3)
    suspect, fail = flat_line.times(checks, np.array([3_600_000, 60_000]))
    assert suspect.tolist() == [3 * 3_600_000, 3_600_000]
    assert fail.tolist() == [3 * 3_600_000, 7_200_000]


def test_a_run_goes_on_from_what_came_before() -> None:
    series = series_of([(0, T0, 5), (0, T0 + 1, 5), (0, T0 + 2, 6), (1, T0, 7), (2, T0, 8)])
    before = np.array([5, 9, MISSING]), np.array([T0 - 100, T0 - 50, 0])
    assert (run_starts(series, before) - T0).tolist() == [-100, -100, 2, 0, 0]
    assert run_starts(EMPTY).tolist() == []


def test_five_equal_samples_in_a_burst_are_no_flat_hour(recordings: Recordings) -> None:
    """By a count of values they would be: the device is configured with 300 s and sends five at once."""
    pm10 = storm(recordings, "pm10")
    checks, interval = DEFAULTS.pm10.flat_line, np.array([300_000])
    assert checks is not None
    by_run = flat_by_run(pm10, checks, interval)
    assert set(by_run.tolist()) == {1}
    before = 3600 // 300  # values in the time after which one that stays the same is suspect
    alike = np.ptp(np.lib.stride_tricks.sliding_window_view(pm10.value, before + 1), axis=1) == 0
    assert alike.any()
    by_count = flat_line.check(pm10, checks, interval) == 3
    np.testing.assert_array_equal(by_count, np.concatenate([np.zeros(before, bool), alike]))


def test_a_signal_is_attenuated_below_a_population_deviation() -> None:
    checks = AttenuatedSignal(period_s=180, suspect=1, fail=0.5, least_values=3)
    # (t - 180 s, t] holds three values; 0, 0, 3 have deviation sqrt(2)
    assert attenuated_signal.check(line([0, 0, 3000, 3000, 3000, 3000]), checks).tolist() == [
        2,
        2,
        1,
        1,
        4,
        4,
    ]
    # 0, 1.224, 2.449 have 0.99986, with 2.450 it is 1.00027
    assert attenuated_signal.check(line([0, 1224, 2449]), checks).tolist() == [2, 2, 3]
    assert attenuated_signal.check(line([0, 1224, 2450]), checks).tolist() == [2, 2, 1]
    assert attenuated_signal.check(line([0, None, 0, 0]), checks).tolist() == [2, 9, 2, 2]
    assert attenuated_signal.check(EMPTY, checks).tolist() == []


def test_swings_over_the_whole_possible_range_do_not_wrap_around_to_a_quiet_signal() -> None:
    checks = AttenuatedSignal(period_s=900, suspect=1000, least_values=2)
    series = line([0, 10**8] * 450, step=1000)
    assert attenuated_signal.check(series, checks).tolist() == [2] + [1] * 899


def test_a_finer_fraction_above_the_coarser_one_puts_a_flag_on_both() -> None:
    checks = PmOrder(suspect_permille=100, suspect_plus=5, fail_permille=1000, fail_plus=50)
    # 10 % and 5 of 100: up to 115; double and 50: up to 250
    finer = np.array([115_000, 115_001, 250_000, 250_001, MISSING, 0])
    coarser = np.array([100_000, 100_000, 100_000, 100_000, 0, MISSING])
    assert pm_order.check(finer, coarser, checks).tolist() == [1, 3, 3, 4, 2, 2]
    pm10, pm2_5, tsp = [100_000, 100_000, 400_000], [90_000, 120_000, 1_000], [110_000, 500_000, 100_000]
    found = pm_order.found(np.array([pm10, pm2_5, tsp], np.int32), checks)
    assert found is not None
    assert found.suspect.tolist() == [[False, True, True], [False, True, False], [False, False, True]]
    assert found.fail.tolist() == [[False, False, True], [False, False, False], [False, False, True]]


def test_wet_air_is_a_matter_of_optical_sensors_only() -> None:
    wet = np.array([90_000, 90_001, 98_001, 98_001, MISSING, MISSING])
    optical = np.array([True, True, True, False, True, False])
    assert humidity.check(wet, optical, Humidity(suspect_above=90)).tolist() == [1, 3, 3, 1, 2, 1]
    foggy = Humidity(suspect_above=90, fail_above=98)
    assert humidity.check(np.array([98_000]), np.array([True]), foggy).tolist() == [3]
    assert humidity.check(wet, optical, foggy).tolist() == [1, 3, 4, 1, 2, 1]


def test_a_clock_ahead_or_far_behind_is_told_and_the_limit_itself_is_not() -> None:
    checks = ClockLimits(ahead_suspect_s=60, ahead_fail_s=3600, behind_suspect_s=600, behind_fail_s=86_400)
    off = np.array([60_000, 60_001, 3_600_000, 3_600_001, -600_000, -600_001, -86_400_000, -86_400_001, 0])
    found = clock.check(T0 + off, np.full(len(off), T0), checks)
    assert found.tolist() == [1, 3, 3, 4, 1, 3, 3, 4, 1]


def test_only_what_a_device_calls_normal_is_a_measurement_and_above_range_is_kept_apart() -> None:
    flags = {0: "pm10=N;tsp=D", 1: "pm10=T", 2: "pm10=S;pm2_5=X", 3: "temperature=D"}
    codes = codes_of(flags, 5, JUDGED)
    assert device_flag.check(codes).tolist() == [[1, 1, 4, 1, 1], [1, 1, 4, 1, 1], [4, 1, 1, 1, 1]]
    assert above_range.check(codes).tolist() == [[1, 4, 1, 1, 1], [1] * 5, [1] * 5]


@pytest.mark.parametrize("flag", "SFMDCB")
def test_each_flag_of_the_standard_but_n_and_t_fails(flag: str) -> None:
    assert device_flag.check(codes_of({0: f"pm10={flag}"}, 1, JUDGED))[0, 0] == 4


def minute_of(values: list[int | None]) -> Series:
    return series_of([(row, T0, value) for row, value in enumerate(values)])


def test_a_device_is_compared_with_the_middle_of_the_others_of_its_site() -> None:
    checks = Plausible(least_others=2, above=(10, 1), below=(10, 1))
    site = np.array([0, 0, 0, 0, 1, 1, -1])
    series = minute_of([100_000, 120_000, 110_000, 8_000, 5_000, 500_000, 7])
    # against 100, 110, 120: 8 x 10 + 1 is below 110; site 1 has one neighbour each, the last none
    assert neighbour.check(series, checks, site).tolist() == [1, 1, 1, 3, 2, 2, 2]
    high = minute_of([2_000, 2_000, 1_900, 21_001, 1, 1, 1])
    assert neighbour.check(high, checks, site).tolist()[:4] == [1, 1, 1, 3]
    equal = minute_of([2_000, 2_000, 1_900, 21_000, None, 1, 1])
    assert neighbour.check(equal, checks, site).tolist() == [1, 1, 1, 1, 9, 2, 2]


def test_the_middle_of_two_others_is_halfway_between_them() -> None:
    checks = Plausible(least_others=2, above=(2, 0))
    site = np.zeros(3, np.int32)
    # others 100 and 101 thousandths: middle 100.5, double 201
    assert neighbour.check(minute_of([100, 101, 201]), checks, site).tolist() == [1, 1, 1]
    assert neighbour.check(minute_of([100, 101, 202]), checks, site).tolist() == [1, 1, 3]


def test_all_values_of_a_bin_share_what_is_said_of_its_mean() -> None:
    checks = Plausible(bin_s=900, least_others=1, below=(10, 0))
    rows = [(0, T0 + i * MINUTE, v) for i, v in enumerate([50_000, 0, 0])]
    rows += [(1, T0, 200_000), (0, T0 + 900_000, 0), (1, T0 + 900_000, 5)]
    flags = neighbour.check(series_of(rows), checks, np.zeros(2, np.int32))
    assert flags.tolist() == [3, 3, 3, 3, 1, 1]
    # mean 16,666.67 is below a tenth of 200,000, and so is 0 below a tenth of 5


def test_a_monitor_far_below_the_background_is_suspect_and_one_far_above_is_not() -> None:
    checks = DEFAULTS.pm10.background
    assert checks is not None
    values, around = [24_000, 26_000, 9_000_000, 5, None], np.array([150_000, 150_000, 150_000, MISSING, 1])
    # a quarter of the background, and 50 less: 24 x 4 + 50 = 146 is below 150, 26 x 4 + 50 is not
    assert background.check(minute_of(values), checks, around).tolist() == [3, 1, 1, 2, 9]
    assert background.check(EMPTY, checks, np.empty(0, np.int64)).tolist() == []


def test_the_background_of_a_bin_s_last_value_judges_all_of_its_values_and_no_others() -> None:
    checks = Plausible(bin_s=900, below=(10, 0))
    quarter = T0 // 900_000 * 900_000 + 900_000
    series = series_of([(0, quarter + at, 15_000) for at in (0, 899_998, 899_999, 900_000, 1_800_000)])
    around = np.array([100_000, MISSING, 200_000, 100_000, 200_000])
    assert background.check(series, checks, around).tolist() == [3, 3, 3, 1, 3]


def test_the_names_and_bits_of_checks_are_what_stored_records_hold() -> None:
    assert CHECKS == (
        "gross_range",
        "ceiling",
        "spike",
        "rate_of_change",
        "flat_line",
        "attenuated_signal",
        "pm_order",
        "humidity",
        "neighbour",
        "background",
        "device_flag",
        "above_range",
        "clock",
    )
    assert names_of(int(BIT["spike"] | BIT["ceiling"])) == ("ceiling", "spike")
    assert bits_of(["spike", "ceiling", "spike"]) == 6
    for bits in (-1, 1 << len(CHECKS)):
        with pytest.raises(ValueError, match="no check"):
            names_of(bits)
    with pytest.raises(KeyError):
        bits_of(["spikes"])


def test_a_cut_brings_the_context_that_a_check_asks_for() -> None:
    series = line([0, 1, 2, 3, 4, 5])
    part, own = cut(series, T0 + 2 * MINUTE, T0 + 4 * MINUTE, spike.REACH)
    assert part.value.tolist() == [1, 2, 3, 4]
    assert own.tolist() == [False, True, True, False]


def by_defaults(of: Recordings, pollutant: str) -> dict[str, Uint8s]:
    """Flags of the dust storm's values by each default check."""
    series, interval = storm(of, pollutant), np.array([300_000])
    checks = DEFAULTS.pm10 if pollutant == "pm10" else DEFAULTS.pm2_5
    assert checks.gross_range
    assert checks.ceiling
    assert checks.spike
    assert checks.rate_of_change
    assert checks.flat_line
    assert checks.attenuated_signal
    return {
        "gross_range": gross_range.check(series, checks.gross_range),
        "ceiling": ceiling.check(series, checks.ceiling),
        "spike": spike.check(series, checks.spike),
        "rate_of_change": rate_of_change.check(series, checks.rate_of_change),
        "flat_line": flat_line.check(series, checks.flat_line, interval),
        "attenuated_signal": attenuated_signal.check(series, checks.attenuated_signal),
    }


@pytest.mark.parametrize("pollutant", ["pm10", "pm2_5"])
def test_the_defaults_lose_no_value_of_a_dust_storm_to_a_fail(recordings: Recordings, pollutant: str) -> None:
    found = by_defaults(recordings, pollutant)
    assert [name for name, flags in found.items() if (flags == 4).any()] == []


@pytest.mark.parametrize("pollutant", ["pm10", "pm2_5"])
def test_the_defaults_suspect_few_values_of_a_dust_storm_and_all_at_the_ceiling(
    recordings: Recordings, pollutant: str
) -> None:
    found = by_defaults(recordings, pollutant)
    top = {"pm10": 1_999_900, "pm2_5": 999_900}[pollutant]
    np.testing.assert_array_equal(found.pop("ceiling") == 3, storm(recordings, pollutant).value >= top)
    for name, flags in found.items():
        assert (flags == 3).mean() < 0.01, name


def test_the_defaults_suspect_as_many_values_of_the_published_storm_as_ever(published: Recordings) -> None:
    for pollutant, suspects in (("pm10", [0, 80, 1, 12, 10, 0]), ("pm2_5", [0, 8, 1, 5, 0, 0])):
        found = by_defaults(published, pollutant)
        assert [int((flags == 3).sum()) for flags in found.values()] == suspects
