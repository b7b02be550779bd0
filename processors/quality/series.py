"""Values of many devices in columns, sorted by row, time and content: runs, windows and cuts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.records import MISSING
from processors.columns import Array, Bools, Int32s, Int64s, Positions


@dataclass(slots=True, eq=False)  # not frozen: freezing costs more than the few values of most stretches
class Series:
    """n values of one quantity: device row, instant in ms UTC, thousandths of the unit or MISSING."""

    row: Int32s
    time: Int64s
    value: Int64s

    def __len__(self) -> int:
        return len(self.row)

    @property
    def columns(self) -> tuple[Array, ...]:
        """Row, time and value."""
        return self.row, self.time, self.value

    @property
    def present(self) -> Bools:
        """True for each reading that has the value (n)."""
        return np.asarray(self.value != MISSING)

    def take(self, which: npt.NDArray[np.generic] | slice) -> Series:
        """Selected values."""
        return Series(self.row[which], self.time[which], self.value[which])


@dataclass(frozen=True, slots=True)
class CheckReach:
    """Reach of a check from a value: back by time or by values of the device, ahead by values.

    With `bin_ms` set it judges whole bins of that width, aligned to the epoch.
    """

    ms: int = 0
    values: int = 0
    ahead: int = 0
    bin_ms: int = 0


def begins(row: npt.NDArray[np.integer]) -> Bools:
    """True at the first position of each row; shape (n)."""
    first = np.empty(len(row), np.bool_)
    first[:1] = True
    np.not_equal(row[1:], row[:-1], out=first[1:])
    return first


def row_starts(row: Int32s) -> Positions:
    """For each position, the position of the first value in its row; shape (n)."""
    first = np.flatnonzero(begins(row))
    return np.repeat(first, sizes(first, len(row)))


def sizes(first: Positions, n: int) -> Positions:
    """Size of each group; `first`: starting positions of the groups among n values."""
    found = np.empty(len(first), np.intp)
    found[-1:] = n
    found[:-1] = first[1:]
    found -= first
    return found


def time_key(row: Int32s, time: Int64s, margin: int) -> Int64s:
    """Ascending key (n) from row and time; a key less `margin` still exceeds every key of an earlier row."""
    if not len(row):
        return np.empty(0, np.int64)
    base = int(time.min()) - margin
    span = int(time.max()) - base + 1
    return row.astype(np.int64) * span + (time - base)


def run_starts(series: Series, before: tuple[Int64s, Int64s] | None = None) -> Int64s:
    """Start of the run of equal values that each value belongs to, ms UTC (n); all values must be present.

    `before`: (value, start of its run) before each row's first value here, MISSING where there is none.
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


def window_starts(series: Series, period_ms: int, which: Positions | None = None) -> Positions:
    """For each value (or those at `which`), position of its device's first value in (t - period, t]."""
    key = time_key(series.row, series.time, period_ms)
    return np.searchsorted(key, (key if which is None else key[which]) - period_ms, side="right")


def cut(series: Series, start: int, end: int, reach: CheckReach) -> tuple[Series, Bools]:
    """Values in [start, end) with the context that `reach` asks for, and True for each that isn't context."""
    if reach.bin_ms:
        start = start // reach.bin_ms * reach.bin_ms
        end = -(-end // reach.bin_ms) * reach.bin_ms
    place = np.arange(len(series))
    own = (series.time >= start) & (series.time < end)
    wanted = own | ((series.time >= start - reach.ms) & (series.time < start))
    group = np.cumsum(begins(series.row)) - 1
    groups = int(group[-1]) + 1 if len(series) else 0
    first = np.flatnonzero(begins(series.row))
    low = first + np.bincount(group[series.time < start], minlength=groups)
    high = first + np.bincount(group[series.time < end], minlength=groups)
    wanted |= (place < low[group]) & (place >= low[group] - reach.values)
    wanted |= (place >= high[group]) & (place < high[group] + reach.ahead)
    return series.take(wanted), own[wanted]
