"""Rate of change: a value too far from the one before it, given the time between them.

As `ioos_qc.qartod.rate_of_change_test`, including two of its quirks: the time between two values is
truncated to whole seconds (at least 1 s), and a value without a predecessor (the first, or one after a
missing value) passes, though its documentation says "unknown".
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from pydantic import model_validator

from processors.columns import Bools, Int64s, Uint8s
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings, Positive, check_order
from processors.quality.monitors import Monitors
from processors.quality.quality_check import ByPollutant, QualityCheck
from processors.quality.series import CheckReach, Series, begins
from processors.quality.subjects import Stretch, ValuePairs

REACH = CheckReach(values=1)
_OFF = 2**40  # a rate that nothing reaches, and that can still be multiplied by a time


class RateOfChange(CheckSettings):
    """Change in a second."""

    suspect_per_s: Positive
    fail_per_s: Positive | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return check_order(self, ("suspect_per_s", "fail_per_s"))


class Rates(NamedTuple):
    """The settings by pollutant, and the same limits in columns (3), thousandths per second."""

    settings: ByPollutant[RateOfChange]
    suspect: Int64s
    fail: Int64s


def too_fast(change: Int64s, apart_ms: Int64s, suspect: int | Int64s, fail: int | Int64s | None) -> Found:
    """Fail and suspect where a change (thousandths) in a time (ms) exceeds a limit (thousandths a second)."""
    size, seconds = np.abs(change), np.maximum(apart_ms // 1000, 1)
    doubted = np.asarray(size > suspect * seconds)
    return Found(np.zeros_like(doubted) if fail is None else size > fail * seconds, doubted)


def check(series: Series, settings: RateOfChange) -> Uint8s:
    """Flags (n): suspect or fail strictly above the rate."""
    present, known = series.present, ~begins(series.row)
    known[1:] &= present[1:] & present[:-1]
    return flags_of(found(series, settings, known), present)


def found(series: Series, settings: RateOfChange, paired: Bools) -> Found:
    """Fail and suspect where the change is too fast; `paired` (n): the value has one before it."""
    n = len(series)
    fail, suspect = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    if n >= 2:
        change = np.where(paired[1:], series.value[1:] - series.value[:-1], 0)
        apart = series.time[1:] - series.time[:-1]
        fast = too_fast(change, apart, settings.suspect_per_s, settings.fail_per_s)
        fail[1:], suspect[1:] = fast.fail, fast.suspect
    return Found(fail, suspect)


def _limits(settings: ByPollutant[RateOfChange], monitors: Monitors) -> Rates:
    del monitors
    suspect = [own.suspect_per_s if own else _OFF for own in settings]
    fail = [(own and own.fail_per_s) or _OFF for own in settings]
    return Rates(settings, np.array(suspect, np.int64), np.array(fail, np.int64))


def _back(limits: Rates, pairs: ValuePairs) -> Found:
    q = pairs.pollutant
    return too_fast(pairs.change, pairs.apart, limits.suspect[q], limits.fail[q])


def _over(limits: Rates, stretch: Stretch) -> Found | None:
    own = limits.settings[stretch.pollutant]
    if own is None:
        return None
    series, which, first = stretch.with_newest
    every = found(series, own, ~first)
    return Found(every.fail[which], every.suspect[which])


CHECK = QualityCheck(
    name="rate_of_change",
    says="too far from the value before it for the time between them",
    settings=RateOfChange,
    # One-minute plumes of several hundred ug/m3 are what a site monitor is there to see.
    defaults={"suspect_per_s": 200, "fail_per_s": 2_000},
    exceptions={"pm2_5": {"suspect_per_s": 100, "fail_per_s": 1_000}},
    refused=True,
    limits=_limits,
    back=_back,
    over=_over,
    reach=lambda settings: REACH,  # values: the newest one before is remembered
)
