"""How far each check looks from a value: what a stream must remember for it."""

from __future__ import annotations

import numpy as np

from processors.columns import Int32s
from processors.quality import attenuated_signal, background, flat_line, neighbour
from processors.quality.flags import (
    FAIL,
    MISSING_VALUE,
    NOT_EVALUATED,
    PASS,
    SUSPECT,
    Found,
    flags_of,
    summary,
    worst,
)
from processors.quality.limits import Monitors
from processors.quality.series import Reach
from processors.quality.settings import AttenuatedSignal, Checks, FlatLine, Plausible, Settings

PM10: Checks = Settings.model_validate({}).pm10


def test_a_check_over_a_period_looks_back_as_long_and_one_of_bins_sees_whole_ones():
    attenuated, plausible = PM10.attenuated_signal, PM10.background
    assert isinstance(attenuated, AttenuatedSignal)
    assert isinstance(plausible, Plausible)
    period, bin_ = attenuated.period_s * 1000, plausible.bin_s * 1000
    assert attenuated_signal.reach(attenuated) == Reach(ms=period)
    assert background.reach(plausible) == neighbour.reach(plausible) == Reach(bin_ms=bin_)


def test_a_flat_line_is_as_many_values_as_the_longer_time_has_of_the_quickest_device():
    settings = FlatLine(suspect_s=600, fail_s=1800, tolerance=1, least_values=5)
    assert flat_line.reach(settings, np.array([60_000, 10_000], np.int64)) == Reach(values=180)
    assert flat_line.reach(settings, np.array([900_000], np.int64)) == Reach(values=5)
    assert flat_line.reach(settings, np.zeros(0, np.int64)) == Reach(values=0)


def test_monitors_of_which_nothing_is_said_are_optical_of_no_known_maximum_and_stand_alone():
    plain = Monitors.plain(np.array([60_000, 1000], np.int64))
    assert len(plain) == 2
    assert plain.optical.tolist() == [True, True]
    assert plain.maximum.tolist() == [[-1, -1]] * 3
    assert plain.site.tolist() == [-1, -1]
    assert plain.maximum.dtype == plain.site.dtype == np.int32
    together: Int32s = np.array([4, 4], np.int32)
    assert Monitors.plain(plain.interval, together).site.tolist() == [4, 4]


def test_the_worst_word_of_several_checks_counts():
    words = [np.array(column, np.uint8) for column in zip(
        (PASS, FAIL), (SUSPECT, FAIL), (NOT_EVALUATED, SUSPECT), (NOT_EVALUATED, PASS), (MISSING_VALUE, NOT_EVALUATED),
        (MISSING_VALUE, MISSING_VALUE), strict=True,
    )]  # fmt: skip
    found = worst(words)
    assert found.tolist() == [FAIL, FAIL, SUSPECT, PASS, NOT_EVALUATED, MISSING_VALUE]
    assert found.dtype == np.uint8
    assert worst(words[::-1]).tolist() == found.tolist()


def test_missing_goes_over_not_evaluated_over_failed_over_suspect():
    yes, no = [True] * 4, [False] * 4
    suspect, fail = np.array(yes), np.array([False, *yes[:3]])
    evaluated, present = np.array([True, True, False, False]), np.array([True, True, True, False])
    found = flags_of(Found(fail, suspect), present, evaluated)
    assert found.tolist() == [SUSPECT, FAIL, NOT_EVALUATED, MISSING_VALUE]
    assert flags_of(Found(np.array(no), np.array(no)), np.array(yes)).tolist() == [PASS] * 4
    bits = np.array([0, 0, 4, 4], np.uint16), np.array([0, 2, 2, 2], np.uint16)
    assert summary(*bits, np.array([*yes[:3], False])).tolist() == [PASS, SUSPECT, FAIL, MISSING_VALUE]
