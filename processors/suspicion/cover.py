"""Covered inlet: PM10 suddenly falls far below the background and stops varying.

The end of work is as sudden, but levels off at the background, not below it. A front that has not reached
the stations yet does not, but reaches all of a site: its other monitors must have stayed up. Where there is
none it must have fallen further, and is less sure; without a background it is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import HOUR_MS, Floats
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.features import QUARTER_NAMES
from processors.suspicion.finding import PatternFindings, hundredths
from processors.suspicion.guards import fog, maintenance
from processors.suspicion.stats import median, ratio, within
from processors.suspicion.surroundings import Surroundings, level, others
from processors.suspicion.suspicion_pattern import SuspicionPattern
from processors.suspicion.wording import Wording

NAME = "cover"


@dataclass(frozen=True, slots=True)
class CoverSettings:
    """Defaults: a proposal of this project."""

    hours: int = 2  # of lowness before it is told
    before_h: int = 12
    before_least_h: int = 6
    below: float = 0.6  # site / background while covered, and the device / the site's others
    below_alone: float = 0.3  # site / background where the site has no other monitor
    fall: float = 0.4  # site / background while covered / before
    sudden: float = 0.55  # one quarter of an hour / the one before
    calm: float = 0.6  # deviation / mean while covered / before
    reference_least: float = 20.0  # ug/m3
    fine_change: float = 0.15  # of PM2.5 / PM10


def find(history: FeatureHistory, place: Surroundings, settings: CoverSettings) -> PatternFindings:
    """Devices that have been covered for `hours` full hours."""
    n, before_h = settings.hours, settings.before_h
    mean, reference = level(history, place, "mean", n + before_h), history.last("reference", n + before_h)
    beside = np.stack([others(hour, place.site) for hour in mean[-n:]])
    alone = np.isnan(beside).any(axis=0)
    below_others = (ratio(mean[-n:], beside) <= settings.below).all(axis=0)
    low = ratio(mean[-n:], reference[-n:], settings.reference_least)
    before = ratio(mean[:-n], reference[:-n])
    usual = median(before, settings.before_least_h)
    spread = ratio(history.last("deviation", n + before_h), history.last("mean", n + before_h))
    spread_before = median(spread[:-n], settings.before_least_h)
    calm = ratio(median(spread[-n:], 1), spread_before)
    # the fall itself: in the first low hour or in the one before it
    quarters = _quarters(history, n + 1)[:9]
    falls = ratio(quarters[1:], quarters[:-1])
    sudden = np.fmin.reduce(falls, axis=0)
    fine = history.last("fine_share", n + before_h)
    change = ratio(median(fine[-n:], 1), median(fine[:-n], settings.before_least_h))
    changed = np.abs(change - 1.0) >= settings.fine_change
    fall = ratio(low, usual)
    found = (low <= np.where(alone, settings.below_alone, settings.below)).all(axis=0) & (
        fall <= settings.fall
    ).all(axis=0)
    found &= (sudden <= settings.sudden) & (calm <= settings.calm) & (alone | below_others)
    rows = np.flatnonzero(found).astype(np.int32)
    confidence = (
        0.55 + 0.2 * within(median(fall), settings.fall, 0.1) + 0.15 * within(calm, settings.calm, 0.1)
    )
    confidence = confidence + 0.15 * changed
    # a front reaches a distant station hours earlier or later
    confidence = np.where(alone, confidence * 0.8, confidence)
    return PatternFindings(
        NAME,
        rows,
        np.full(len(rows), history.newest - (n - 1) * HOUR_MS, np.int64),
        hundredths(confidence[rows]),
        {
            "ratio": (median(low)[rows], "1"),
            "against": (reference[-1][rows], "ug/m3"),
            "neighbours": (beside[-1][rows], "ug/m3"),
            "ratio_before": (usual[rows], "1"),
            "sudden_fall": (sudden[rows], "1"),
            "spread_change": (calm[rows], "1"),
            "fine_share_change": (change[rows], "1"),
        },
        {"fog": fog(history, place, rows, n + 1), "maintenance": maintenance(history, rows, n + 1)},
        plot=("mean", "reference", "deviation", "fine_share"),
    )


def _quarters(history: FeatureHistory, hours: int) -> Floats:
    """(4 * hours, devices) means of quarters of an hour, the oldest first."""
    by_quarter = np.stack([history.last(name, hours) for name in QUARTER_NAMES], axis=1)
    return by_quarter.reshape(hours * len(QUARTER_NAMES), -1)


PATTERN = SuspicionPattern(
    name=NAME,
    title=Wording("疑似遮挡采样口", "Suspected: inlet covered"),
    settings=CoverSettings,
    find=find,
    numbers={
        "against": Wording("周边浓度", "level around"),
        "fine_share_change": Wording("PM2.5占比变化倍数", "change of PM2.5 / PM10"),
        "neighbours": Wording("同工地其他监测点", "the site's other monitors"),
        "ratio": Wording("与周边之比", "ratio to the surroundings"),
        "spread_change": Wording("离散系数变化倍数", "change of the spread"),
        "sudden_fall": Wording("15分钟内变化倍数", "fall within a quarter of an hour"),
    },
    at_most={
        "before_least_h": lambda own: own.before_h,
    },
    without_background="is not looked for",
)
