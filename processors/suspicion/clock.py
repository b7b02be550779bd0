"""Clock manipulation: the device's time differs from the time of receipt by a constant that has changed.

A reading so far off that ingestion placed it by its receipt, or that nothing may judge it (more than an
hour ahead), has no lag of its own: it is counted, and half of an hour's readings are enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import HOUR_MS
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.finding import PatternFindings, hundredths
from processors.suspicion.guards import maintenance
from processors.suspicion.stats import median, within
from processors.suspicion.surroundings import Surroundings
from processors.suspicion.suspicion_pattern import SuspicionPattern
from processors.suspicion.wording import Wording

NAME = "clock"


@dataclass(frozen=True, slots=True)
class ClockSettings:
    """Defaults: a proposal of this project."""

    hours: int = 2
    moved_s: float = 300.0  # from what is usual with the device, and from the time of receipt
    ahead_s: float = 120.0  # time stamps from the future
    span_s: float = 120.0  # more is a backlog that came at once, not a wrong clock
    usual_least_h: int = 6
    astray: float = 0.5  # share of an hour's readings whose time stamp could not be used


def find(history: FeatureHistory, place: Surroundings, settings: ClockSettings) -> PatternFindings:
    """Devices whose clock has shifted, or is ahead, for `hours` hours."""
    del place  # seen in the device's own numbers
    n = settings.hours
    lag, span = history.last("lag", 24), history.last("lag_span", n)
    usual = median(lag[:-n], settings.usual_least_h)
    # a clock that was put right comes back to the time of receipt
    moved = (np.abs(lag[-n:] - usual) >= settings.moved_s) & (np.abs(lag[-n:]) >= settings.moved_s)
    ahead = lag[-n:] <= -settings.ahead_s
    astray, count = history.last("astray", 24), history.last("count", n)
    lost = astray[-n:] >= settings.astray * np.fmax(np.fmax(count, astray[-n:]), 1.0)
    found = moved.all(axis=0) | ahead.all(axis=0) | lost.all(axis=0)
    rows = np.flatnonzero(found).astype(np.int32)
    now, of_day = median(lag[-n:]), np.nansum(astray, axis=0)
    widest = np.fmax.reduce(span, axis=0, initial=0.0)[rows]
    away = np.fmax(np.abs(now - usual), np.where(now < 0, -now, 0.0))
    return PatternFindings(
        NAME,
        rows,
        np.full(len(rows), history.newest - (n - 1) * HOUR_MS, np.int64),
        hundredths(0.6 + 0.3 * np.fmax(within(away, settings.moved_s, 3600.0), lost.all(axis=0))[rows]),
        {
            "lag": (now[rows], "s"),
            "usual_lag": (usual[rows], "s"),
            "lag_span": (widest, "s"),
            "astray_day": (np.where(of_day > 0, of_day, np.nan)[rows], "1"),
            "pm10": (history.last("mean", 1)[0][rows], "ug/m3"),
        },
        {"backlog": (widest, widest > settings.span_s), "maintenance": maintenance(history, rows, n)},
        plot=("lag", "astray", "mean", "reference"),
    )


PATTERN = SuspicionPattern(
    name=NAME,
    title=Wording("疑似篡改设备时钟", "Suspected: device clock changed"),
    settings=ClockSettings,
    find=find,
    numbers={
        "astray_day": Wording("24小时内时间戳不可用的读数", "readings of 24 h with an unusable time stamp"),
        "usual_lag": Wording("平常的差值", "usual difference"),
    },
)
