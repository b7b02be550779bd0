"""Two monitors moved together: two points of a site report almost the same, quarter by quarter of an hour.

On a site at rest all points measure the same, slowly changing air: a pair is judged only where there are
steps from quarter to quarter to be shared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import HOUR_MS, Floats, Int32s
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.features import QUARTER_NAMES
from processors.suspicion.finding import PatternFindings, hundredths
from processors.suspicion.guards import maintenance
from processors.suspicion.stats import count_known, quantiles, ratio, within
from processors.suspicion.surroundings import Surroundings, level, pairs_of
from processors.suspicion.suspicion_pattern import SuspicionPattern
from processors.suspicion.wording import Wording

NAME = "moved_together"


@dataclass(frozen=True, slots=True)
class MovedTogetherSettings:
    """Defaults: a proposal of this project."""

    hours: int = 24
    before_h: int = 72
    least: int = 72  # quarters of an hour that both have
    apart: float = 0.04  # median of |a - b| / mean of both
    apart_most: float = 0.12  # its 90 % quantile
    rough: float = 0.1  # median step from quarter to quarter / mean: a site at rest has none of its own
    follows: float = 0.25  # median difference of the steps / median step
    before: float = 2.0  # so many times further apart before: they were moved


def find(history: FeatureHistory, place: Surroundings, settings: MovedTogetherSettings) -> PatternFindings:
    """Devices with a twin on their site. Both devices of a pair are found; `twin` gives the other's row."""
    a, b = pairs_of(place.site)
    n = settings.hours
    # both in the terms of the air: two monitors in one place agree once each is corrected
    by_hour = np.stack([level(history, place, name, n) for name in QUARTER_NAMES], axis=1)
    quarters = by_hour.reshape(n * len(QUARTER_NAMES), -1)
    apart = _apart(quarters, a, b)
    middle, most = quantiles(apart, (0.5, 0.9), settings.least)
    found = (middle <= settings.apart) & (most <= settings.apart_most)
    at = np.flatnonzero(found)
    a, b, apart, middle, most = a[at], b[at], apart[:, at], middle[at], most[at]
    rough, follows = _steps(quarters, a, b, settings.least // 2)
    found = (rough >= settings.rough) & (follows <= settings.follows)
    at = np.flatnonzero(found)
    a, b, middle, most, shared = a[at], b[at], middle[at], most[at], count_known(apart)[at]
    hourly = level(history, place, "mean", settings.before_h, n)
    (before,) = quantiles(_apart(hourly, a, b), (0.5,), 24)
    moved = before >= settings.before * np.maximum(middle, 0.02)
    confidence = 0.6 + 0.15 * within(middle, settings.apart, 0.01) + 0.25 * moved
    order = np.argsort(np.concatenate([a, b]), kind="stable")
    rows = np.concatenate([a, b])[order]
    # a device with several twins is told once, with the first
    rows, first = np.unique(rows, return_index=True)
    order = order[first]

    def both(column: Floats) -> Floats:
        return np.concatenate([column, column])[order]

    return PatternFindings(
        NAME,
        rows.astype(np.int32),
        np.full(len(rows), history.newest - (n - 1) * HOUR_MS, np.int64),
        hundredths(both(confidence)),
        {
            "twin": (np.concatenate([b, a])[order].astype(np.float64), "row"),
            "apart": (both(middle), "1"),
            "apart_90": (both(most), "1"),
            "apart_before": (both(before), "1"),
            "roughness": (both(rough[at]), "1"),
            "steps_apart": (both(follows[at]), "1"),
            "quarters": (both(shared), "1"),
        },
        {"maintenance": maintenance(history, rows.astype(np.int32), n)},
        plot=("mean", "reference"),
        plot_hours=24,
    )


def _steps(quarters: Floats, a: Int32s, b: Int32s, least: int) -> tuple[Floats, Floats]:
    """(median step / mean of both quarters, median difference of the steps / median step) of each pair.

    Relative to each quarter, not to the day's level: one storm would make a still day's steps look large.
    """
    both = quarters[1:] + quarters[:-1]
    steps = ratio((quarters[1:] - quarters[:-1]) * 2.0, both)
    one, other = steps[:, a], steps[:, b]
    (size,) = quantiles(np.fmin(np.abs(one), np.abs(other)), (0.5,), least)
    (difference,) = quantiles(np.abs(one - other), (0.5,), least)
    return size, ratio(difference, size)


def _apart(values: Floats, a: Int32s, b: Int32s) -> Floats:
    """(quarters, pairs) |a - b| / mean of both."""
    one, other = values[:, a], values[:, b]
    return ratio(np.abs(one - other) * 2.0, one + other)


PATTERN = SuspicionPattern(
    name=NAME,
    title=Wording("疑似监测点位挪移至一处", "Suspected: two monitors moved together"),
    settings=MovedTogetherSettings,
    find=find,
    numbers={
        "apart": Wording("两点相对差（中位数）", "difference of both points, median"),
        "apart_90": Wording("两点相对差（90%分位）", "difference of both points, 90 % quantile"),
        "apart_before": Wording("此前两点相对差", "difference of both points before"),
        "quarters": Wording("比对的15分钟数", "quarters of an hour compared"),
        "roughness": Wording("15分钟均值波动", "step from quarter to quarter"),
        "steps_apart": Wording("两点波动之差", "difference of the steps"),
        "twin": Wording("相同数据的监测设备", "monitor with the same values"),
    },
    at_most={
        "least": lambda own: 4 * own.hours,  # quarters of an hour
    },
)
