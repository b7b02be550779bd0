"""How far each check looks from a value: what a stream must remember for it."""

from __future__ import annotations

import numpy as np

from processors.columns import Int32s
from processors.quality import attenuated_signal, background, flat_line, neighbour
from processors.quality.attenuated_signal import AttenuatedSignal
from processors.quality.flags import (
    FAIL,
    MISSING_VALUE,
    NOT_EVALUATED,
    PASS,
    SUSPECT,
    Found,
    flags_of,
)
from processors.quality.flat_line import FlatLine
from processors.quality.monitors import Monitors
from processors.quality.plausibility import Plausible
from processors.quality.series import CheckReach
from processors.quality.settings import QualitySettings

PM10 = QualitySettings.model_validate({}).pm10


def test_a_check_over_a_period_looks_back_as_long_and_one_of_bins_sees_whole_ones():
    attenuated, plausible = PM10.attenuated_signal, PM10.background
    assert isinstance(attenuated, AttenuatedSignal)
    assert isinstance(plausible, Plausible)
    period, bin_ = attenuated.period_s * 1000, plausible.bin_s * 1000
    assert attenuated_signal.reach(attenuated) == CheckReach(ms=period)
    assert background.reach(plausible) == neighbour.reach(plausible) == CheckReach(bin_ms=bin_)


def test_a_flat_line_is_as_many_values_as_the_longer_time_has_of_the_quickest_device():
    settings = FlatLine(suspect_s=600, fail_s=1800, tolerance=1, least_values=5)
    assert flat_line.reach(settings, np.array([60_000, 10_000], np.int64)) == CheckReach(values=180)
    assert flat_line.reach(settings, np.array([900_000], np.int64)) == CheckReach(values=5)
    assert flat_line.reach(settings, np.zeros(0, np.int64)) == CheckReach(values=0)


def test_monitors_of_which_nothing_is_said_are_optical_of_no_known_maximum_and_stand_alone():
    plain = Monitors.plain(np.array([60_000, 1000], np.int64))
    assert len(plain) == 2
    assert plain.optical.tolist() == [True, True]
    assert plain.maximum.tolist() == [[-1, -1]] * 3
    assert plain.site.tolist() == [-1, -1]
    assert plain.maximum.dtype == plain.site.dtype == np.int32
    together: Int32s = np.array([4, 4], np.int32)
    assert Monitors.plain(plain.interval, together).site.tolist() == [4, 4]


def test_missing_goes_over_not_evaluated_over_failed_over_suspect():
    yes, no = [True] * 4, [False] * 4
    suspect, fail = np.array(yes), np.array([False, *yes[:3]])
    evaluated, present = np.array([True, True, False, False]), np.array([True, True, True, False])
    found = flags_of(Found(fail, suspect), present, evaluated)
    assert found.tolist() == [SUSPECT, FAIL, NOT_EVALUATED, MISSING_VALUE]
    assert flags_of(Found(np.array(no), np.array(no)), np.array(yes)).tolist() == [PASS] * 4
