"""Attenuated signal: values that hardly vary over a period, though they are not all the same.

As `ioos_qc.qartod.attenuated_signal_test` with a test period, `min_obs` and check type "std": the
population standard deviation over (t - period, t], missing values left out. Odd in ioos_qc: without
`min_obs` a lone value has deviation 0 and fails; here the least number of values is always set. Its
`min_period` comes from the median interval of the whole series and has no counterpart.
"""

from __future__ import annotations

import numpy as np

from processors.columns import Bools
from processors.quality.flags import Flags, Found, flags_of
from processors.quality.series import Positions, Reach, Series, begins, sizes, time_key
from processors.quality.settings import AttenuatedSignal

_CERTAIN = float(2**62)


def reach(settings: AttenuatedSignal) -> Reach:
    """How far `check` looks back."""
    return Reach(ms=settings.period_s * 1000)


def check(series: Series, settings: AttenuatedSignal) -> Flags:
    """Flags (n): suspect or fail where the deviation is strictly below the threshold.

    Exact for values within 100 mg/m3 of each other and up to 1,800 of them in a period.
    """
    present = series.present
    held = series if present.all() else series.take(present)
    some, enough = found(held, settings, window_starts(held, settings), np.arange(len(held)))
    fail, suspect, evaluated = (np.zeros(len(series), np.bool_) for _ in range(3))
    fail[present], suspect[present], evaluated[present] = some.fail, some.suspect, enough
    return flags_of(Found(fail, suspect), present, evaluated)


def window_starts(series: Series, settings: AttenuatedSignal, which: Positions | None = None) -> Positions:
    """For each value (or those at `which`) the position of the first one of its device in (t - period, t]."""
    period = settings.period_s * 1000
    key = time_key(series.row, series.time, period)
    return np.searchsorted(key, (key if which is None else key[which]) - period, side="right")


def found(
    series: Series, settings: AttenuatedSignal, start: Positions, which: Positions
) -> tuple[Found, Bools]:
    """(what varies too little, what has values enough to tell) of the values at `which`, all present.

    `start`: from `window_starts` for them.
    """
    n = len(series)
    first = np.flatnonzero(begins(series.row))
    away = series.value - np.repeat(series.value[first], sizes(first, n))
    # Sums modulo 2**64: a window's own sum is right however far the running total went around.
    sums, squares = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    np.cumsum(away, out=sums[1:])
    np.cumsum(away * away, out=squares[1:])
    count = which + 1 - start
    total = sums[which + 1] - sums[start]
    square = squares[which + 1] - squares[start]
    # n**2 * variance: it overflows only where the deviation is beyond every threshold, which `rough` tells
    scaled = count * square - total * total
    rough = count * square.view(np.uint64).astype(np.float64) - total.astype(np.float64) ** 2
    certain, enough = rough < _CERTAIN, count >= settings.least_values
    fail, suspect = (
        certain & enough & (scaled < (limit * count) ** 2) for limit in (settings.fail, settings.suspect)
    )
    return Found(fail, suspect), enough
