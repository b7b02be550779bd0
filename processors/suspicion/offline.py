"""Offline when polluted: silences that begin on a rising slope or under high background, again and again.

A single gap that begins high is no more than a flag (`processors.silence.gap_onset`): gaps begin at any time.
A device is suspected if its gaps of a week begin high too often for chance: confidence = 1 - P(as many of its
gaps or more begin high by chance), each with the share of the device's hours that are high. Hours that were
back-filled, or that an order excuses, are not gaps here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import HOUR_MS, Floats, Int64s
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.features import LONG_HOURS
from processors.suspicion.finding import PatternFindings, hundredths
from processors.suspicion.guards import maintenance
from processors.suspicion.stats import count_known, quantiles, ratio
from processors.suspicion.surroundings import Surroundings
from processors.suspicion.suspicion_pattern import SuspicionPattern
from processors.suspicion.wording import Wording

NAME = "offline_when_polluted"


@dataclass(frozen=True, slots=True)
class OfflineSettings:
    """Defaults: a proposal of this project."""

    rising_hour: float = 1.6  # the last ten minutes / the hour
    rising_least: float = 75.0  # ug/m3 at the end: a rise of clean air is nothing to hide
    high: float = 0.85  # quantile of the ends of the device's hours of a week, above which one is high
    high_background: float = 150.0  # ug/m3
    gaps_least: int = 3  # that began high
    chance_least: float = 0.15  # of an hour to be high, whatever a short week says
    surprise: float = 0.005  # probability by chance, at most


def find(history: FeatureHistory, place: Surroundings, settings: OfflineSettings) -> PatternFindings:
    """Devices silent in the newest hour whose gaps of the last week began high too often."""
    del place  # who else fell silent is no excuse: one plug silences a whole site
    last = history.last("last_minute", LONG_HOURS)
    heard = ~np.isnan(last)
    # an hour is the last before a gap: it was heard, and the next one is not
    begins = heard[:-1] & ~heard[1:]
    gaps = begins.sum(axis=0)
    silent_now = begins[-1]
    rows = np.flatnonzero(silent_now & (gaps >= settings.gaps_least))
    if not len(rows):
        rows = np.empty(0, np.intp)
    mean = history.last("mean", LONG_HOURS)[:, rows]
    ending = history.last("ending", LONG_HOURS)[:, rows]
    reference = history.last("reference", LONG_HOURS)[:, rows]
    (own,) = quantiles(ending, (settings.high,), 24)
    high = (ending >= settings.rising_least) & (ending >= settings.rising_hour * mean)
    high |= ending >= own
    high |= (reference >= settings.high_background) & (ratio(ending, own) >= 0.8)
    began_high = (begins[:, rows] & high[:-1]).sum(axis=0)
    n, k = gaps[rows], began_high
    chance = np.fmax(ratio(high.sum(axis=0).astype(np.float64), count_known(mean)), settings.chance_least)
    surprise = tail(n, k, chance)
    told = (k >= settings.gaps_least) & (surprise <= settings.surprise)
    keep = np.flatnonzero(told)
    rows_k = rows[keep].astype(np.int32)
    first = np.argmax(begins[:, rows_k] & high[:-1][:, keep], axis=0)
    return PatternFindings(
        NAME,
        rows_k,
        history.newest - (LONG_HOURS - 1 - first.astype(np.int64)) * HOUR_MS,
        hundredths(1.0 - surprise[keep]),
        {
            "gaps": (n[keep].astype(np.float64), "1"),
            "gaps_begun_high": (k[keep].astype(np.float64), "1"),
            "by_chance": (surprise[keep], "1"),
            "pm10_before": (ending[-2][keep], "ug/m3"),
            "rise_before": (history.last("rise", 2)[0][rows_k], "1"),
            "background_before": (reference[-2][keep], "ug/m3"),
        },
        {
            "maintenance": maintenance(history, rows_k, 3),
        },
        plot_hours=LONG_HOURS,
    )


def tail(n: Int64s, k: Int64s, chance: Floats) -> Floats:
    """P(at least k of n) where each happens with `chance`; products only, the same on every machine."""
    total = np.zeros(len(n))
    for successes in range(int(np.max(n, initial=0)) + 1):
        term = np.where((successes >= k) & (successes <= n), 1.0, 0.0)
        for i in range(successes):
            term = term * np.maximum(n - i, 0) / (i + 1) * chance
        for i in range(int(np.max(n, initial=0)) - successes):
            term = np.where(i < n - successes, term * (1.0 - chance), term)
        total = total + term
    return total


PATTERN = SuspicionPattern(
    name=NAME,
    title=Wording("疑似污染时段人为断线", "Suspected: taken offline when polluted"),
    settings=OfflineSettings,
    find=find,
    numbers={
        "background_before": Wording("断线前背景值", "background before the silence"),
        "by_chance": Wording("偶然出现的概率", "probability by chance"),
        "gaps": Wording("断线次数", "gaps"),
        "gaps_begun_high": Wording("高值时断线次数", "gaps that began at high values"),
        "pm10_before": Wording("断线前PM10", "PM10 before the silence"),
        "rise_before": Wording("断线前上升倍数", "rise before the silence"),
    },
)
