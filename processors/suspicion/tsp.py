"""TSP computed from PM10: all readings of many hours lie on one line, with only rounding left over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import HOUR_MS
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.finding import PatternFindings, hundredths
from processors.suspicion.guards import maintenance
from processors.suspicion.stats import count_known, median, ratio, within
from processors.suspicion.surroundings import Surroundings
from processors.suspicion.suspicion_pattern import SuspicionPattern
from processors.suspicion.wording import Wording

NAME = "computed_tsp"


@dataclass(frozen=True, slots=True)
class ComputedTspSettings:
    """Defaults: a proposal of this project."""

    hours: int = 12
    least_h: int = 6  # hours in which PM10 varied enough
    count_least: float = 8.0  # readings an hour: a line through few points says nothing
    varied: float = 0.05  # deviation of PM10 / mean
    residual: float = 0.01  # rms / mean TSP
    slopes: float = 0.03  # (greatest - least) / median of the hours' slopes


def find(history: FeatureHistory, place: Surroundings, settings: ComputedTspSettings) -> PatternFindings:
    """Devices whose TSP has been a function of their PM10 over the last hours."""
    del place  # seen in the device's own numbers
    n = settings.hours
    residual, slope = history.last("tsp_residual", n), history.last("tsp_slope", n)
    enough = ratio(history.last("deviation", n), history.last("mean", n)) >= settings.varied
    enough &= history.last("count", n) >= settings.count_least
    residual, slope = np.where(enough, residual, np.nan), np.where(enough, slope, np.nan)
    greatest = np.fmax.reduce(residual, axis=0)
    middle = median(slope, settings.least_h)
    spread = ratio(np.fmax.reduce(slope, axis=0) - np.fmin.reduce(slope, axis=0), middle)
    found = (
        (count_known(residual) >= settings.least_h)
        & (greatest <= settings.residual)
        & (spread <= settings.slopes)
    )
    found &= ~np.isnan(history.last("tsp_slope", 1)[0])
    rows = np.flatnonzero(found).astype(np.int32)
    confidence = 0.7 + 0.3 * within(greatest, settings.residual, settings.residual * 0.2)
    return PatternFindings(
        NAME,
        rows,
        np.full(len(rows), history.newest - (n - 1) * HOUR_MS, np.int64),
        hundredths(confidence[rows]),
        {
            "slope": (middle[rows], "1"),
            "slope_spread": (spread[rows], "1"),
            "greatest_residual": (greatest[rows], "1"),
            "hours": (count_known(residual)[rows], "h"),
        },
        {"maintenance": maintenance(history, rows, n)},
        plot=("tsp_residual", "tsp_slope", "mean"),
    )


PATTERN = SuspicionPattern(
    name=NAME,
    title=Wording("疑似由PM10推算TSP", "Suspected: TSP computed from PM10"),
    settings=ComputedTspSettings,
    find=find,
    numbers={
        "greatest_residual": Wording("最大拟合残差", "greatest residual"),
        "slope": Wording("TSP对PM10的斜率", "slope of TSP on PM10"),
        "slope_spread": Wording("斜率变化幅度", "spread of the slope"),
    },
    at_most={
        "least_h": lambda own: own.hours,
    },
)
