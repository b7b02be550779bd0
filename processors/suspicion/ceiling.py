"""Values capped in software: nothing ever above X, and a cliff just below it.

Two methods are known: values above X sent as X (a pile at the top), and values above X replaced by lower
random ones (the maxima of many hours lie close together, where genuine ones are far apart).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import HOUR_MS, Floats
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.features import LONG_HOURS
from processors.suspicion.finding import PatternFindings, hundredths
from processors.suspicion.guards import maintenance
from processors.suspicion.stats import count_known, quantiles, ratio, within
from processors.suspicion.surroundings import Surroundings
from processors.suspicion.suspicion_pattern import SuspicionPattern
from processors.suspicion.wording import Wording

NAME = "ceiling"


@dataclass(frozen=True, slots=True)
class CeilingSettings:
    """Defaults: a proposal of this project. Ceilings of optical sensors: 999.9, 1000, 1999.9 ug/m3."""

    pile_share: float = 0.08  # of an hour's readings at its top
    pile_hours: int = 3  # of the last 24
    pile_within: float = 0.005  # of X
    cliff_h: tuple[int, ...] = (72, LONG_HOURS)
    cliff_known: float = 0.6  # share of them that must be known
    cliff_rank: int = 8  # so many hours end within `cliff_within` of X
    cliff_within: float = 0.03
    moved: float = 0.3  # (90 % - 10 % quantile) / median of the hours' means: they differ, their tops don't
    least: float = 60.0  # ug/m3
    sensor_ceiling: float = 900.0  # ug/m3: a cap from here on is the sensor's own


def find(history: FeatureHistory, place: Surroundings, settings: CeilingSettings) -> PatternFindings:
    """Devices with a pile at X in the last day, or a cliff at X over the last days."""
    del place  # a cap is seen in the device's own numbers
    tops = history.last("greatest", LONG_HOURS)
    day = tops[-24:]
    top_of_day = np.fmax.reduce(day, axis=0)
    piled = day >= top_of_day * (1.0 - settings.pile_within)
    piled &= history.last("top_share", 24) >= settings.pile_share
    piled &= history.last("run_share", 24) < 1.0
    piles = piled.sum(axis=0).astype(np.float64)
    found = piles >= settings.pile_hours
    ceiling, hours = top_of_day, np.full(history.devices, 24)
    near = piles
    means = history.last("mean", LONG_HOURS)
    for width in settings.cliff_h:
        highest, rank = _upper(tops[-width:], settings.cliff_rank)
        cliff = rank >= highest * (1.0 - settings.cliff_within)
        low, middle, high = quantiles(means[-width:], (0.1, 0.5, 0.9))
        cliff &= ratio(high - low, middle) >= settings.moved
        cliff &= (count_known(tops[-width:]) >= settings.cliff_known * width) & ~found
        count = (tops[-width:] >= highest * (1.0 - settings.cliff_within)).sum(axis=0)
        ceiling = np.where(cliff, highest, ceiling)
        near = np.where(cliff, count, near)
        hours = np.where(cliff, width, hours)
        found = found | cliff
    rows = np.flatnonzero(found & (ceiling >= settings.least)).astype(np.int32)
    by_pile = 0.6 + 0.4 * within(piles, settings.pile_hours, 12.0)
    by_cliff = 0.6 + 0.4 * within(near, settings.cliff_rank, 24.0)
    confidence = np.where(piles >= settings.pile_hours, by_pile, by_cliff)
    return PatternFindings(
        NAME,
        rows,
        history.newest - (hours[rows].astype(np.int64) - 1) * HOUR_MS,
        hundredths(confidence[rows]),
        {
            "ceiling": (ceiling[rows], "ug/m3"),
            "hours_at_ceiling": (near[rows], "h"),
            "hours_with_pile": (piles[rows], "h"),
            "hours_looked_at": (hours[rows].astype(np.float64), "h"),
        },
        {
            "sensor_ceiling": (ceiling[rows], ceiling[rows] >= settings.sensor_ceiling),
            "maintenance": maintenance(history, rows, 24),
        },
        plot=("greatest", "mean", "reference"),
        plot_hours=LONG_HOURS,
    )


def _upper(tops: Floats, rank: int) -> tuple[Floats, Floats]:
    """(greatest, `rank`th greatest) of the hours' maxima; NaN: unknown."""
    ordered = np.sort(np.where(np.isnan(tops), -1.0, tops), axis=0)
    return np.where(ordered[-1] < 0, np.nan, ordered[-1]), ordered[-rank]


PATTERN = SuspicionPattern(
    name=NAME,
    title=Wording("疑似软件封顶", "Suspected: values capped in software"),
    settings=CeilingSettings,
    find=find,
    numbers={
        "ceiling": Wording("封顶值", "ceiling"),
        "hours_at_ceiling": Wording("达到封顶值的小时数", "hours at the ceiling"),
        "hours_looked_at": Wording("核查小时数", "hours looked at"),
        "hours_with_pile": Wording("在封顶值堆积的小时数", "hours with a pile at the ceiling"),
    },
)
