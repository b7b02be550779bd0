"""Rate of change: a value too far from the one before it for the time between them.

As `ioos_qc.qartod.rate_of_change_test`, down to two things that are odd in it: the time between two
values is cut to whole seconds (and is 1 s where that leaves none), and a value without one before it
(the first, or after a missing one) passes, though its documentation says "unknown".
"""

from __future__ import annotations

import numpy as np

from processors.columns import Bools, Int64s
from processors.quality.flags import Flags, Found, flags_of
from processors.quality.series import Reach, Series, begins
from processors.quality.settings import RateOfChange

REACH = Reach(values=1)


def too_fast(change: Int64s, apart_ms: Int64s, suspect: int | Int64s, fail: int | Int64s | None) -> Found:
    """Which changes (thousandths) over a time (ms) are more than the limits (thousandths a second)."""
    size, seconds = np.abs(change), np.maximum(apart_ms // 1000, 1)
    doubted = np.asarray(size > suspect * seconds)
    return Found(np.zeros_like(doubted) if fail is None else size > fail * seconds, doubted)


def check(series: Series, settings: RateOfChange) -> Flags:
    """Flags (n): suspect or fail strictly above the rate."""
    present, known = series.present, ~begins(series.row)
    known[1:] &= present[1:] & present[:-1]
    return flags_of(found(series, settings, known), present)


def found(series: Series, settings: RateOfChange, known: Bools) -> Found:
    """Where the change is too fast; `known` (n): the value and the one before it are a pair."""
    n = len(series)
    fail, suspect = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    if n >= 2:
        change = np.where(known[1:], series.value[1:] - series.value[:-1], 0)
        apart = series.time[1:] - series.time[:-1]
        fast = too_fast(change, apart, settings.suspect_per_s, settings.fail_per_s)
        fail[1:], suspect[1:] = fast.fail, fast.suspect
    return Found(fail, suspect)
