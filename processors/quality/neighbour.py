"""Neighbour plausibility: a monitor far from the middle of the others of its site at the same time.

Dust is local: one monitor beside a loading truck is right to stand out. So only gross differences are
told, only as suspect, and only where enough others speak. All values of the device in the bin bear it.
"""

from __future__ import annotations

import numpy as np

from processors.columns import Bools, Int32s, Int64s
from processors.quality.bins import Bins, bins_of
from processors.quality.flags import Flags, Found, flags_of
from processors.quality.series import Reach, Series, sizes
from processors.quality.settings import Plausible


def reach(settings: Plausible) -> Reach:
    """It judges whole bins."""
    return Reach(bin_ms=settings.bin_s * 1000)


def check(series: Series, settings: Plausible, group: Int32s) -> Flags:
    """Flags (n). `group`: of each device, by row; -1: it has no neighbours."""
    bins = bins_of(series, settings.bin_s * 1000)
    middle2, others = _others(bins, group)
    enough = others >= max(settings.least_others, 1)
    return of_bins(bins, enough, implausible(2 * bins.mean, middle2, settings), series.present)


def implausible(own: Int64s, reference: Int64s, settings: Plausible) -> Bools:
    """Is a mean too high or too low against a reference? Both in half thousandths."""
    odd = np.zeros(len(own), np.bool_)
    if settings.above is not None:
        times, plus = settings.above
        odd |= own * 1000 > reference * times + 2000 * plus
    if settings.below is not None:
        times, plus = settings.below
        odd |= own * times + 2000 * plus < reference * 1000
    return odd


def of_bins(bins: Bins, evaluated: Bools, odd: Bools, present: Bools) -> Flags:
    """Flags of values (n) from what was found of their bins."""
    suspect, known = np.zeros(len(present), np.bool_), np.zeros(len(present), np.bool_)
    suspect[present] = (odd & evaluated)[bins.of[present]]
    known[present] = evaluated[bins.of[present]]
    return flags_of(Found(np.zeros(len(present), np.bool_), suspect), present, known)


def _others(bins: Bins, group: Int32s) -> tuple[Int64s, Int64s]:
    """(twice the median of the other devices of the group in the same bin, how many there are), by line."""
    n = len(bins.row)
    middle2, others = np.zeros(n, np.int64), np.zeros(n, np.int64)
    grouped = np.flatnonzero(group[bins.row] >= 0)
    if not len(grouped):
        return middle2, others
    own = group[bins.row[grouped]]
    order = grouped[np.lexsort((bins.mean[grouped], own, bins.number[grouped]))]
    own, number, mean = group[bins.row[order]], bins.number[order], bins.mean[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (own[1:] != own[:-1]) | (number[1:] != number[:-1])
    first = np.flatnonzero(new)
    size = sizes(first, len(order))
    start, rest = np.repeat(first, size), np.repeat(size, size) - 1
    at = np.arange(len(order)) - start
    some = rest > 0
    # the sorted means without one's own: what stands at or after one's own place moves down by one
    low, high = np.maximum(rest - 1, 0) // 2, rest // 2
    last = len(order) - 1
    low, high = (np.minimum(start + k + (k >= at), last) for k in (low, high))
    middle2[order] = np.where(some, mean[low] + mean[high], 0)
    others[order] = rest
    return middle2, others
