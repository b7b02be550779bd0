"""Means of each device's values over bins of time, for the checks that compare places with each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import Int32s, Int64s, Positions
from processors.quality.series import Series, begins, sizes


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """One line a device and bin, by row and time; `line` (n) is that of each present value, else -1."""

    row: Int32s
    number: Int64s  # time // width
    mean: Int64s  # thousandths, rounded half up
    line: Positions


def bins_of(series: Series, width: int) -> Bins:
    """The means of the present values over bins of `width` ms, aligned to the epoch."""
    present = series.present
    here = series if present.all() else series.take(present)
    if not len(here):
        nothing = np.empty(0, np.int64)
        return Bins(here.row, nothing, nothing, np.full(len(series), -1, np.intp))
    number = here.time // width
    new = begins(here.row)
    new[1:] |= number[1:] != number[:-1]
    first = np.flatnonzero(new)
    count = sizes(first, len(here))
    total = np.add.reduceat(here.value, first)
    line = np.full(len(series), -1, np.intp)
    line[present] = np.repeat(np.arange(len(first)), count)
    return Bins(here.row[first], number[first], (2 * total + count) // (2 * count), line)
