"""Real-time values relabelled as means: minimum = average = maximum, always."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import HOUR_MS
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.finding import PatternFindings, hundredths
from processors.suspicion.guards import maintenance
from processors.suspicion.stats import median, ratio, within
from processors.suspicion.surroundings import Surroundings
from processors.suspicion.suspicion_pattern import SuspicionPattern
from processors.suspicion.wording import Wording

NAME = "flat_means"


@dataclass(frozen=True, slots=True)
class FlatMeansSettings:
    """Defaults: a proposal of this project."""

    hours: int = 12
    least_h: int = 6
    share: float = 0.98  # of an hour's mean data
    varied: float = 0.02  # deviation / mean from one reading to the next: a still value has no range


def find(history: FeatureHistory, place: Surroundings, settings: FlatMeansSettings) -> PatternFindings:
    """Devices whose mean data showed no range in any hour in which the readings varied."""
    del place  # seen in the device's own numbers
    n = settings.hours
    share = history.last("flat_share", n)
    spread = ratio(history.last("deviation", n), history.last("mean", n))
    varied = (spread >= settings.varied) & ~np.isnan(share)
    hours = varied.sum(axis=0).astype(np.float64)
    flat = (~varied | (share >= settings.share)).all(axis=0)
    found = flat & (hours >= settings.least_h)
    rows = np.flatnonzero(found).astype(np.int32)
    first = np.argmax(~np.isnan(share), axis=0)[rows]  # the first hour that is known
    confidence = 0.8 + 0.2 * within(hours, settings.least_h, n)
    return PatternFindings(
        NAME,
        rows,
        history.newest - (n - 1 - first.astype(np.int64)) * HOUR_MS,
        hundredths(confidence[rows]),
        {
            "flat_share": (np.fmin.reduce(share, axis=0)[rows], "1"),
            "hours": (hours[rows], "h"),
            "spread": (median(spread)[rows], "1"),
        },
        {"maintenance": maintenance(history, rows, n)},
        plot=("mean", "deviation", "flat_share"),
    )


PATTERN = SuspicionPattern(
    name=NAME,
    title=Wording("疑似以实时值冒充均值", "Suspected: real-time values relabelled as means"),
    settings=FlatMeansSettings,
    find=find,
    at_most={
        "least_h": lambda own: own.hours,
    },
)
