"""Stuck or all-zero data: the same PM10 for hours on end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import HOUR_MS
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.finding import PatternFindings, hundredths
from processors.suspicion.guards import maintenance, night_rest
from processors.suspicion.stats import trailing, within
from processors.suspicion.surroundings import Surroundings
from processors.suspicion.suspicion_pattern import SuspicionPattern
from processors.suspicion.wording import Wording

NAME = "stuck"


@dataclass(frozen=True, slots=True)
class StuckSettings:
    """Defaults: a proposal of this project."""

    hours: int = 2
    quiet_hours: float = 6.0  # of quiet air
    count_least: float = 6.0  # readings an hour: one value an hour is no run
    quiet: float = 20.0  # ug/m3: whole numbers of clean air at night repeat themselves


def find(history: FeatureHistory, place: Surroundings, settings: StuckSettings) -> PatternFindings:
    """Devices that have sent a single value for `hours` hours or more."""
    depth = 24
    least, greatest = history.last("least", depth), history.last("greatest", depth)
    same = (least == greatest) & (history.last("count", depth) >= settings.count_least)
    same &= greatest == greatest[-1]
    hours = trailing(same)
    rows = np.flatnonzero(hours >= settings.hours).astype(np.int32)
    hours = hours[rows]
    value = greatest[-1][rows]
    zero = value == 0.0
    level, night = night_rest(history, place, rows, hours, settings.quiet)
    still = (value <= settings.quiet) & (hours < settings.quiet_hours) & ~zero
    return PatternFindings(
        NAME,
        rows,
        history.newest - (hours.astype(np.int64) - 1) * HOUR_MS,
        hundredths(0.7 + 0.3 * within(hours, settings.hours, 12.0)),
        {
            "value": (value, "ug/m3"),
            "hours": (hours, "h"),
            "all_zero": (zero.astype(np.float64), "1"),
            "reference": (history.last("reference", 1)[0][rows], "ug/m3"),
        },
        {
            "night_rest": (level, night & ~zero),
            "quiet_air": (value, still),
            "maintenance": maintenance(history, rows, settings.hours),
        },
    )


PATTERN = SuspicionPattern(
    name=NAME,
    title=Wording("疑似数据恒定或全零", "Suspected: stuck or all zero"),
    settings=StuckSettings,
    find=find,
    numbers={
        "all_zero": Wording("全为零（1 表示是）", "all zero (1: yes)"),
        "value": Wording("恒定值", "constant value"),
    },
)
