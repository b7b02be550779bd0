"""Capped in software: nothing ever above X, and a cliff just below it.

Two ways are known: values above X sent as X (a pile at the top), and values above X replaced by lower
random ones (the greatest values of many hours end together, where honest ones are far apart).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.suspicion.features import HOUR_MS, LONG_HOURS
from processors.suspicion.finding import Findings, hundredths
from processors.suspicion.guards import maintenance
from processors.suspicion.history import History
from processors.suspicion.places import Place
from processors.suspicion.stats import known, quantiles, ratio, within

PATTERN = "ceiling"


@dataclass(frozen=True, slots=True)
class Settings:
    """Defaults: a proposal of this project. Ceilings of optical sensors: 999.9, 1000, 1999.9 ug/m3."""

    pile_share: float = 0.08  # of an hour's readings at its top
    pile_hours: int = 3  # of the last 24
    pile_within: float = 0.005  # of X
    least_known_h: int = 72
    cliff_rank: int = 8  # so many hours end within `cliff_within` of X
    cliff_within: float = 0.03
    cliff_above: float = 2.0  # X / median of the hours' greatest: a cap that cuts nothing is none
    least: float = 60.0  # ug/m3
    sensor_ceiling: float = 900.0  # ug/m3: a cap from here on is the sensor's own


def find(history: History, place: Place, settings: Settings) -> Findings:
    """Devices with a pile at X in the last day, or a cliff at X in the last week."""
    del place  # a cap is seen in the device's own numbers
    tops = history.last("greatest", LONG_HOURS)
    hours = known(tops)
    highest, rank, middle = _upper(tops, settings)
    at_top = history.last("greatest", 24) >= highest * (1.0 - settings.pile_within)
    piled = at_top & (history.last("top_share", 24) >= settings.pile_share)
    piled &= history.last("run_share", 24) < 1.0
    piles = piled.sum(axis=0).astype(np.float64)
    pile = piles >= settings.pile_hours
    cliff = (rank >= highest * (1.0 - settings.cliff_within)) & (hours >= settings.least_known_h)
    cliff &= ratio(highest, middle) >= settings.cliff_above * 0.0 + 1.0
    found = (pile | cliff) & (highest >= settings.least)
    rows = np.flatnonzero(found).astype(np.int32)
    near = (tops >= highest * (1.0 - settings.cliff_within)).sum(axis=0).astype(np.float64)
    by_pile = 0.6 + 0.4 * within(piles, settings.pile_hours, 12.0)
    by_cliff = 0.6 + 0.4 * within(near, settings.cliff_rank, 24.0)
    confidence = np.where(pile, by_pile, by_cliff)
    width = np.where(pile, 24, LONG_HOURS)[rows].astype(np.int64)
    return Findings(
        PATTERN,
        rows,
        history.newest - (width - 1) * HOUR_MS,
        hundredths(confidence[rows]),
        {
            "ceiling": (highest[rows], "ug/m3"),
            "hours_at_ceiling": (near[rows], "h"),
            "hours_with_pile": (piles[rows], "h"),
            "hours_known": (hours[rows], "h"),
        },
        {
            "sensor_ceiling": (highest[rows], highest[rows] >= settings.sensor_ceiling),
            "maintenance": maintenance(history, rows, 24),
        },
        plot=("greatest", "mean", "reference"),
        plot_hours=LONG_HOURS,
    )


def _upper(tops: np.ndarray, settings: Settings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(greatest, the `cliff_rank`th greatest, median) of the hours' greatest values."""
    ordered = np.sort(np.where(np.isnan(tops), -1.0, tops), axis=0)
    (middle,) = quantiles(tops, (0.5,))
    return np.where(ordered[-1] < 0, np.nan, ordered[-1]), ordered[-settings.cliff_rank], middle
