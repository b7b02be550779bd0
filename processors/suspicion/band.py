"""Faults replaced by "good" random values: a narrow band, no memory, no daily cycle.

All readings of all hours look like draws from one distribution, while the background moves; without a
background it is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import HOUR_MS, Floats
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.finding import PatternFindings, hundredths
from processors.suspicion.guards import maintenance, night_rest
from processors.suspicion.stats import count_known, median, ratio, within
from processors.suspicion.surroundings import Surroundings
from processors.suspicion.suspicion_pattern import SuspicionPattern
from processors.suspicion.wording import Wording

NAME = "random_band"


@dataclass(frozen=True, slots=True)
class RandomBandSettings:
    """Defaults: a proposal of this project."""

    hours: int = 8
    count_least: float = 20.0  # readings an hour: fewer say nothing of memory
    memory: float = 0.15  # median of the autocorrelation, at most
    memory_each: float = 0.45  # of any hour
    drift: float = 4.5  # range of the hours' means, in standard errors of such a mean, at most
    rounding: float = 0.01  # and so much of the median
    spread_least: float = 0.01  # deviation / mean: less is stuck, not random
    spread_most: float = 0.5
    reference_drift: float = 0.5  # the background moved by so much, at least
    quiet: float = 30.0  # ug/m3


def find(history: FeatureHistory, place: Surroundings, settings: RandomBandSettings) -> PatternFindings:
    """Devices whose readings in the last hours look like draws from one distribution."""
    n = settings.hours
    count, mean = history.last("count", n), history.last("mean", n)
    memory = history.last("autocorrelation", n)
    spread = ratio(history.last("deviation", n), mean)
    drift, middle = _drift(mean)
    reference_drift, _ = _drift(history.last("reference", n))
    all_known = (count >= settings.count_least).all(axis=0) & (count_known(memory) >= n)
    typical = median(memory)
    found = all_known & (np.abs(typical) <= settings.memory)
    found &= (np.abs(memory) <= settings.memory_each).all(axis=0)
    # of n means of one hat the range is seldom above 4.5 standard errors
    expected = settings.drift * median(spread) / np.sqrt(np.fmax(median(count), 1.0)) + settings.rounding
    found &= drift <= expected
    found &= ((spread >= settings.spread_least) & (spread <= settings.spread_most)).all(axis=0)
    found &= reference_drift >= settings.reference_drift
    rows = np.flatnonzero(found).astype(np.int32)
    confidence = 0.6 + 0.2 * within(drift, expected, expected * 0.3)
    confidence = confidence + 0.2 * within(reference_drift, settings.reference_drift, 1.5)
    return PatternFindings(
        NAME,
        rows,
        np.full(len(rows), history.newest - (n - 1) * HOUR_MS, np.int64),
        hundredths(confidence[rows]),
        {
            "level": (middle[rows], "ug/m3"),
            "drift": (drift[rows], "1"),
            "drift_by_chance": (expected[rows], "1"),
            "reference_drift": (reference_drift[rows], "1"),
            "autocorrelation": (typical[rows], "1"),
            "spread": (median(spread)[rows], "1"),
        },
        {
            "night_rest": night_rest(history, place, rows, np.full(len(rows), float(n)), settings.quiet),
            "maintenance": maintenance(history, rows, n),
        },
        plot=("mean", "reference", "least", "greatest", "autocorrelation"),
    )


def _drift(mean: Floats) -> tuple[Floats, Floats]:
    """((greatest - least) / median, median) over the hours."""
    middle = median(mean)
    return ratio(np.fmax.reduce(mean, axis=0) - np.fmin.reduce(mean, axis=0), middle), middle


PATTERN = SuspicionPattern(
    name=NAME,
    title=Wording("疑似以随机“达标”数据替换", "Suspected: readings replaced by random good values"),
    settings=RandomBandSettings,
    find=find,
    numbers={
        "drift": Wording("小时均值变化幅度", "drift of the hourly means"),
        "drift_by_chance": Wording("随机情形下的变化幅度", "drift to be expected by chance"),
        "level": Wording("PM10水平", "level of PM10"),
        "reference_drift": Wording("背景值变化幅度", "drift of the background"),
    },
    without_background="is not looked for",
)
