"""The ring of hours: what it keeps, forgets, corrects and moves."""

from __future__ import annotations

import numpy as np
import pytest

from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.features import FEATURES, LONG_HOURS, NUMBER, HourFeatures
from tests.hours import HOUR, NEWEST, history

NAN = float("nan")


def hour(number, value, devices=1):
    return HourFeatures(number * HOUR, np.full((len(FEATURES), devices), float(value)))


def test_hours_come_back_in_order_the_oldest_first():
    h = FeatureHistory.of(1)
    for n in range(30):
        assert h.put(hour(n, n))
    assert h.last("mean", 5)[:, 0].tolist() == [25, 26, 27, 28, 29]
    assert h.last("mean", 3, before=10)[:, 0].tolist() == [17, 18, 19]
    assert h.last("count", 2)[:, 0].tolist() == [28, 29]
    assert h.last("mean", 2, row=0).tolist() == [28, 29]


def test_hours_that_nobody_put_are_unknown():
    h = FeatureHistory.of(1)
    h.put(hour(10, 1))
    h.put(hour(13, 4))
    np.testing.assert_array_equal(h.last("mean", 4)[:, 0], [1, np.nan, np.nan, 4])
    h.put(hour(13 + 10 * LONG_HOURS, 9))
    np.testing.assert_array_equal(h.last("mean", 3)[:, 0], [np.nan, np.nan, 9])
    assert np.isnan(h.last("mean", LONG_HOURS)[:-1]).all()


def test_a_late_hour_corrects_what_is_still_kept():
    h = FeatureHistory.of(1)
    for n in range(200):
        h.put(hour(n, 1))
    assert h.put(hour(195, 7))
    assert h.put(hour(100, 8))
    assert not h.put(hour(200 - LONG_HOURS - 1, 9))
    assert h.newest == 199 * HOUR
    assert h.last("mean", 5)[0, 0] == 7
    assert h.last("count", 5)[0, 0] == 7
    assert h.last("mean", 100)[0, 0] == 8
    assert not (h.last("count", 24) == 8).any()


def test_what_was_back_filled_was_no_silence():
    h = history(2, last_minute=[[NAN, NAN], [59, 59], [NAN, 10]])
    h.backfilled(
        np.array([0, 1, 1, 0, 0], np.int32),
        np.array([NEWEST + 5 * 60_000, NEWEST, NEWEST - 2 * HOUR, NEWEST + HOUR, NEWEST - 168 * HOUR]),
    )
    np.testing.assert_array_equal(h.last("last_minute", 3), [[NAN, 0], [59, 59], [5, 10]])
    np.testing.assert_array_equal(h.last("mean", 3), np.full((3, 2), 100.0))


def test_more_hours_than_are_kept_can_t_be_asked_for():
    with pytest.raises(ValueError, match="count is kept for 24 hours, not 25"):
        history().last("count", 25)


def test_devices_that_stay_keep_their_hours_under_new_rows():
    h = history(3, mean=[[1.0, 2.0, 3.0]])
    h.remap(np.array([2, -1, 0, -1], np.int32))
    np.testing.assert_array_equal(h.last("mean", 1)[0], [3, np.nan, 1, np.nan])
    assert (h.devices, h.newest) == (4, NEWEST)


def test_a_device_costs_no_more_than_its_budget():
    h = FeatureHistory.of(10)
    assert (h.recent.nbytes + h.long.nbytes) / 10 <= 3_072


def test_a_number_too_great_for_a_half_float_is_kept_as_the_greatest():
    h = FeatureHistory.of(1)
    h.put(hour(1, 99_999))
    assert h.last("mean", 1)[0, 0] == pytest.approx(65_000, rel=1e-3)
    h.put(hour(2, -99_999))  # a lag, say
    assert h.last("lag", 1)[0, 0] == pytest.approx(-65_000, rel=1e-3)
    assert NUMBER["mean"] == 1
