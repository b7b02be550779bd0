"""Means of each device's values over time bins, for the checks that compare monitors or areas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import Int32s, Int64s, Positions
from processors.quality.series import Series, begins, sizes


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Bin means, one line per device and bin; `line` (n): the line of each present value, -1 for others."""

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
