"""Interval records: the statistic as a number, capture, revision, and ids that each of these changes."""

from __future__ import annotations

import numpy as np
import pytest

from processors.columns import NANO
from processors.measuring.interval_groups import interval_ids, intervals_of
from processors.plan.plan import Plan
from processors.records.verdicts import Interval
from processors.windows.means import Means, Statistic
from tests.logs import HOUR, T0, revision

PLAN = Plan.of(revision(["d0", {"id": "d1", "interval": 900, "site": "s2"}, {"id": "d2", "interval": 7}]))
SPAN = (T0, T0 + HOUR)


def _means() -> Means:
    """Of d1 two slots of 100 and 200, of d2 a value that was not admitted, of d0 nothing."""
    rows, zero = np.array([1, 2], np.int32), np.zeros(2, np.int64)
    of = np.array([300 * 10**9, 0], np.int64), np.array([2, 0], np.int64), np.array([5, 0], np.int64)
    slots = np.array([1, 1], np.int32), np.array([100, 200], np.int64) * 10**9, np.array([0, 3], np.int64)
    return Means(rows, *of, zero, zero, *slots)


def test_each_device_that_sent_something_has_a_record_and_without_a_value_it_is_none():
    ids = interval_ids("pm10", "mean", *SPAN, 1)
    assert intervals_of(PLAN, "pm10", Statistic(), _means(), SPAN).records() == [
        Interval(ids("d1"), "s2", "d1", "pm10", "mean", *SPAN, 150.0, 0.5, 5, 1),
        Interval(ids("d2"), "s1", "d2", "pm10", "mean", *SPAN, None, 0.0, 0, 1),
    ]


def test_statistics_are_named_and_revisions_are_the_devices_own():
    found = intervals_of(PLAN, "pm10", Statistic("max"), _means(), SPAN, np.array([3, 2], np.int32)).records()
    assert [(i.statistic, i.value, i.revision) for i in found] == [("max", 200.0, 3), ("max", None, 2)]
    assert [i.id for i in found] == [
        interval_ids("pm10", "max", *SPAN, 3)("d1"),
        interval_ids("pm10", "max", *SPAN, 2)("d2"),
    ]


def test_ids_tell_apart_all_that_makes_an_interval():
    ids = {
        interval_ids(*key)("d1")
        for key in [
            ("pm10", "mean", T0, T0 + 1, 1), ("tsp", "mean", T0, T0 + 1, 1), ("pm10", "max", T0, T0 + 1, 1),
            ("pm10", "mean", T0 + 1, T0 + 1, 1), ("pm10", "mean", T0, T0 + 2, 1), ("pm10", "mean", T0, T0 + 1, 2),
        ]
    }  # fmt: skip
    assert len(ids) == 6


@pytest.mark.parametrize(
    ("statistic", "of_three", "of_one"),
    [
        pytest.param(Statistic(), 6, 9, id="mean"),
        pytest.param(Statistic("max"), 3, 9, id="greatest"),
        pytest.param(Statistic("percentile", 1), 1, 9, id="lowest percentile is the least"),
        pytest.param(Statistic("percentile", 3333), 1, 9, id="a third: still the first"),
        pytest.param(Statistic("percentile", 3334), 2, 9, id="past a third: the second"),
        pytest.param(Statistic("percentile", 6666), 2, 9, id="two thirds: still the second"),
        pytest.param(Statistic("percentile", 6667), 3, 9, id="past two thirds: the third"),
        pytest.param(Statistic("percentile", 10_000), 3, 9, id="100 % is the greatest"),
        pytest.param(Statistic("count", 0, 2 * NANO), 1, 1, id="count above two"),
        pytest.param(Statistic("count", 0, NANO), 2, 1, id="count above one"),
    ],
)
def test_a_statistic_is_of_each_device_s_own_slots_by_nearest_rank_times_its_slots(
    statistic: Statistic, of_three: int, of_one: int
):
    rows, zero = np.array([1, 2, 5], np.int32), np.zeros(3, np.int64)
    slots = np.array([1, 1, 1, 5], np.int32), np.array([3, 1, 2, 9], np.int64) * NANO, np.array([0, 1, 2, 0])
    means = Means(rows, np.array([6, 0, 9]) * NANO, np.array([3, 0, 1]), zero, zero, zero, *slots)
    times = 1 if statistic.name == "mean" else 3  # the mean times its slots is their sum
    assert (statistic.of(means) // NANO).tolist() == [of_three * times, 0, of_one]
    only = means.of_rows(np.array([5], np.int32))
    assert (only.row.tolist(), (statistic.of(only) // NANO).tolist()) == ([5], [of_one])
    nothing = Means.nothing(rows, np.array([1, 0, 2]))
    assert (statistic.of(nothing).tolist(), nothing.refused.tolist()) == ([0, 0, 0], [1, 0, 2])
