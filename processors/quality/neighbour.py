"""Neighbour plausibility: a monitor far from the median of the others at its site at the same time.

Dust is local: one monitor beside a loading truck is right to stand out. So only gross differences are
flagged, only as suspect, and only where enough others report. All values of the device in the bin are
flagged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from processors.columns import Int32s, Int64s, Uint8s
from processors.quality.bins import Bins, bins_of
from processors.quality.flags import SUSPECT, Found
from processors.quality.monitors import Monitors
from processors.quality.plausibility import Plausible, flags_of_bins, implausible
from processors.quality.quality_check import ByPollutant, QualityCheck
from processors.quality.series import CheckReach, Series, sizes
from processors.quality.subjects import Stretch


class Neighbours(NamedTuple):
    """The settings by pollutant, and (rows) the site of each device, -1 if it has no neighbours."""

    settings: ByPollutant[Plausible]
    site: Int32s
    most: int  # neighbours of any device


def reach(settings: Plausible) -> CheckReach:
    """Reach of `check`: whole bins."""
    return CheckReach(bin_ms=settings.bin_s * 1000)


def check(series: Series, settings: Plausible, group: Int32s) -> Uint8s:
    """Flags (n). `group`: of each device, by row; -1 if it has no neighbours."""
    bins = bins_of(series, settings.bin_s * 1000)
    middle2, others = _others(bins, group)
    enough = others >= max(settings.least_others, 1)
    return flags_of_bins(bins, enough, implausible(2 * bins.mean, middle2, settings), series.present)


def _others(bins: Bins, group: Int32s) -> tuple[Int64s, Int64s]:
    """(twice the median of the group's other devices in the same bin, number of those devices), by line."""
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


def _limits(settings: ByPollutant[Plausible], monitors: Monitors) -> Neighbours:
    _, count = np.unique(monitors.site[monitors.site >= 0], return_counts=True)
    return Neighbours(settings, monitors.site, int(count.max(initial=1)) - 1)


def _over(limits: Neighbours, stretch: Stretch) -> Found | None:
    own = limits.settings[stretch.pollutant]
    if own is None or limits.most < max(own.least_others, 1):
        return None
    suspect = check(stretch.own_series, own, limits.site) == SUSPECT
    return Found(np.zeros(len(suspect), np.bool_), suspect)


CHECK = QualityCheck(
    name="neighbour",
    says="far from the middle of the other monitors of its site at the same time",
    settings=Plausible,
    # Gross differences only: ten times the others and 1 mg/m3 more, or a tenth of them and 200 ug/m3 less.
    defaults={"bin_s": 900, "least_others": 2, "above": (10, 1_000), "below": (10, 200)},
    limits=_limits,
    over=_over,
    reach=reach,
)
