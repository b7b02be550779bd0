"""Mass factor K lowered by the operator: the ratio of site to background steps down and stays down.

A site that ends a dusty stage loses its own dust, and comes down to the background; a lowered K reduces
everything by the same share, so that the hours of least own dust fall too, below the background. The
low, the middle and the high ratio must all have fallen, and further than those of the site's other monitors:
a fall common to all is due to the air, to the background station, or to the end of a stage. Without a
background there is no ratio. Where the raw count is sent, K is measured directly, and no other is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import HOUR_MS, Bools, Floats, Int32s
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.features import LONG_HOURS
from processors.suspicion.finding import PatternFindings, hundredths
from processors.suspicion.guards import fog, maintenance
from processors.suspicion.stats import count_known, median, quantiles, ratio, within
from processors.suspicion.surroundings import Surroundings, level, others
from processors.suspicion.suspicion_pattern import SuspicionPattern
from processors.suspicion.wording import Wording

NAME = "mass_factor"


@dataclass(frozen=True, slots=True)
class MassFactorSettings:
    """Defaults: a proposal of this project."""

    after_h: int = 36
    before_least_h: int = 72  # hours with a ratio in the time before
    after_least_h: int = 24
    reference_least: float = 25.0  # ug/m3: below it the ratio is noise
    fall: float = 0.78  # ratio after / before, of each quantile, against the other monitors' fall
    fall_alone: float = 0.70  # where the site has no other
    alike: float = 1.15  # low fall / high fall, at most: the same share of everything
    low: float = 0.20  # the low quantile: hours of least own dust
    high: float = 0.80
    below_reference: float = 0.75  # low ratio of the time after: no honest site is so far below
    count_fall: float = 0.95  # K after / before where the raw count is sent
    count_hours: int = 2


def find(history: FeatureHistory, place: Surroundings, settings: MassFactorSettings) -> PatternFindings:
    """Devices whose ratio to the background stepped down at least `after_h` hours ago."""
    seen = _by_ratio(history, place, settings)
    counted, k_now, k_before = _by_count(history, settings)
    step, low_step = seen["step"], seen["low_step"]
    rows = np.flatnonzero(counted | seen["found"].astype(bool)).astype(np.int32)
    by_count = counted[rows]
    sure = 0.5 * within(step, settings.fall, 0.4) + 0.5 * within(
        seen["after_high"], seen["before_low"] * 1.5, seen["before_low"] * 0.8
    )
    confidence = np.where(by_count, 0.95, 0.6 + 0.3 * sure[rows])
    hours = np.where(by_count, settings.count_hours, settings.after_h)
    return PatternFindings(
        NAME,
        rows,
        history.newest + HOUR_MS * (1 - hours.astype(np.int64)),
        hundredths(confidence),
        {
            "ratio_before": (seen["before"][rows], "1"),
            "ratio_after": (seen["after"][rows], "1"),
            "ratio_fall": (step[rows], "1"),
            "low_ratio_fall": (low_step[rows], "1"),
            "neighbours_fall": (seen["around"][rows], "1"),
            "k_before": (k_before[rows], "ug/m3 a count"),
            "k_after": (k_now[rows], "ug/m3 a count"),
        },
        {
            "maintenance": maintenance(history, rows, 24),
            "fog": _foggy(history, place, rows, by_count),
        },
        plot=("mean", "reference", "factor"),
        plot_hours=LONG_HOURS,
    )


def _foggy(
    history: FeatureHistory, place: Surroundings, rows: Int32s, by_count: Bools
) -> tuple[Floats, Bools]:
    """Fog guard: fog swells particles and shifts a ratio, but leaves K itself unchanged."""
    humidity, silent = fog(history, place, rows, 24)
    wet_hours = (history.last("humidity", 24)[:, rows] > 90.0).sum(axis=0)
    return humidity, silent & ~by_count & (wet_hours > 12)


def _by_ratio(
    history: FeatureHistory, place: Surroundings, settings: MassFactorSettings
) -> dict[str, Floats]:
    after_h = settings.after_h
    reference = history.last("reference", LONG_HOURS)
    ratios = ratio(history.last("mean", LONG_HOURS), reference, settings.reference_least)
    shares = (settings.low, 0.5, settings.high)
    b_low, b_mid, b_high = quantiles(ratios[:-after_h], shares, settings.before_least_h)
    a_low, a_mid, a_high = quantiles(ratios[-after_h:], shares, settings.after_least_h)
    step, low_step, high_step = ratio(a_mid, b_mid), ratio(a_low, b_low), ratio(a_high, b_high)
    beside = others(step, place.site)
    alone = np.isnan(beside)
    around = np.where(alone, 1.0, np.fmin(beside, 1.0))
    found = _low_in_air(history, place, reference, settings, a_low) <= settings.below_reference
    fall = np.where(alone, settings.fall_alone, settings.fall) * around
    for fell in (step, low_step, high_step):
        found &= fell <= fall
    found &= low_step <= settings.alike * high_step
    # the time after stays below the time before: wholly, where no other monitor tells what the air did
    found &= a_high <= np.where(alone, b_low, b_mid * around)
    return {
        "found": found.astype(np.float64),
        "step": step,
        "low_step": low_step,
        "around": np.where(alone, np.nan, around),
        "before": b_mid,
        "after": a_mid,
        "before_low": b_low,
        "after_high": a_high,
    }


def _low_in_air(
    history: FeatureHistory,
    place: Surroundings,
    reference: Floats,
    settings: MassFactorSettings,
    as_sent: Floats,
) -> Floats:
    """Low ratio of the time after, from corrected values: steps are judged as sent, levels corrected."""
    if place.air is None:
        return as_sent
    after_h = settings.after_h
    ratios = ratio(level(history, place, "mean", after_h), reference[-after_h:], settings.reference_least)
    return quantiles(ratios, (settings.low,), settings.after_least_h)[0]


def _by_count(history: FeatureHistory, settings: MassFactorSettings) -> tuple[Bools, Floats, Floats]:
    factor = history.last("factor", 24)
    n = settings.count_hours
    before, now = median(factor[:-n], 6), median(factor[-n:], n)
    highest = np.fmax.reduce(factor[-n:], axis=0)
    fell = (ratio(highest, before) <= settings.count_fall) & (count_known(factor[-n:]) >= n)
    return fell, now, before


PATTERN = SuspicionPattern(
    name=NAME,
    title=Wording("疑似调低质量浓度系数K值", "Suspected: mass factor K lowered"),
    settings=MassFactorSettings,
    find=find,
    numbers={
        "k_after": Wording("现K值", "K now"),
        "k_before": Wording("原K值", "K before"),
        "low_ratio_fall": Wording("低值段比值变化倍数", "change of the ratio at low values"),
        "neighbours_fall": Wording("周边监测点变化倍数", "change at the neighbours"),
        "ratio_after": Wording("现与背景之比", "ratio to the background now"),
        "ratio_fall": Wording("比值变化倍数", "change of the ratio"),
    },
    at_most={
        "before_least_h": lambda own: LONG_HOURS - own.after_h,
        "after_least_h": lambda own: own.after_h,
    },
    without_background="is looked for by the raw count alone",
)
