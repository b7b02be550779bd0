"""Flat line: the same value for too long.

`check` counts values as `ioos_qc.qartod.flat_line_test` does: the spread of a value and the `count`
before it, missing ones left out, is below a tolerance. ioos_qc takes the count from the median interval
of the whole series, which no stream knows; here it is the interval that the device is configured with.
Odd in ioos_qc, and followed: the spread must be *below* the tolerance, so that 0 finds nothing, and a
value before which `count` are missing is called flat. Odd and not followed: a series of fewer than three
values passes even where values are missing.

`by_run` measures the time since the value last changed. On a series that keeps its interval and lacks
nothing it is equal to `check` with tolerance 1; where a device sends in bursts a count is no time, so the
fold uses this one.
"""

from __future__ import annotations

import numpy as np

from ingest.records import MISSING
from processors.columns import Bools, Int64s
from processors.quality.flags import Flags, Found, flags_of
from processors.quality.series import Reach, Series, begins, row_starts
from processors.quality.settings import FlatLine

_FAR = int(np.iinfo(np.int64).max)


def counts(settings: FlatLine, interval: Int64s) -> tuple[Int64s, Int64s]:
    """(suspect, fail) number of equal values before a value, by device row. `interval`: ms, above 0."""
    least = np.full(len(interval), settings.least_values, np.int64)
    suspect, fail = (np.maximum(s * 1000 // interval, least) for s in (settings.suspect_s, settings.fail_s))
    return suspect, fail


def times(settings: FlatLine, interval: Int64s) -> tuple[Int64s, Int64s]:
    """(suspect, fail) time in ms that a value may stay the same, by device row. `interval`: ms, above 0."""
    suspect, fail = counts(settings, interval)
    return suspect * interval, fail * interval


def reach(settings: FlatLine, interval: Int64s) -> Reach:
    """How far `check` looks back."""
    return Reach(values=max(int(c.max(initial=0)) for c in counts(settings, interval)))


def check(series: Series, settings: FlatLine, interval: Int64s) -> Flags:
    """Flags (n). `interval`: what the devices are configured with, ms, by row."""
    suspect, fail = (
        _spread_below(series, count[series.row], settings.tolerance) for count in counts(settings, interval)
    )
    return flags_of(Found(fail, suspect), series.present)


def _spread_below(series: Series, count: Int64s, tolerance: int) -> Bools:
    """Is max - min over each value and the `count` positions before it below the tolerance?"""
    n = len(series)
    place = np.arange(n)
    whole = place - count >= row_starts(series.row)
    present = series.present
    least = np.where(present, series.value, _FAR)  # of 2**k positions that end at each
    most = np.where(present, series.value, -_FAR)
    low, high = np.full(n, _FAR), np.full(n, -_FAR)
    at, step, rest = place.copy(), 1, np.where(whole, count + 1, 0)
    while (rest > 0).any():
        odd = np.flatnonzero(rest & 1)
        low[odd] = np.minimum(low[odd], least[at[odd]])
        high[odd] = np.maximum(high[odd], most[at[odd]])
        at[odd] -= step
        rest >>= 1
        least[step:] = np.minimum(least[step:], least[:-step])
        most[step:] = np.maximum(most[step:], most[:-step])
        step *= 2
    found = whole & (high >= low)
    found[found] = high[found] - low[found] < tolerance
    return found


def run_starts(series: Series, before: tuple[Int64s, Int64s] | None = None) -> Int64s:
    """Since when each value has been the same, ms UTC (n); all values must be present.

    `before`: (value, start of its run) of each row before the first one here, MISSING where there is none.
    """
    n = len(series)
    if not n:
        return np.empty(0, np.int64)
    first = begins(series.row)
    marks = first.copy()
    marks[1:] |= series.value[1:] != series.value[:-1]
    start = series.time.copy()
    if before is not None:
        at = np.flatnonzero(first)
        value, since = before
        row = series.row[at]
        goes_on = (value[row] == series.value[at]) & (value[row] != MISSING)
        start[at[goes_on]] = since[row[goes_on]]
    return start[np.maximum.accumulate(np.where(marks, np.arange(n), 0))]


def by_run(series: Series, since: Int64s, suspect_ms: Int64s, fail_ms: Int64s) -> Flags:
    """Flags (n) of values that have been the same `since` then; the times by row, from `times`."""
    return flags_of(found(series.time - since, suspect_ms[series.row], fail_ms[series.row]), series.present)


def found(held: Int64s, suspect_ms: Int64s, fail_ms: Int64s) -> Found:
    """What has been the same for too long: all in ms, (n)."""
    return Found(held >= fail_ms, held >= suspect_ms)
