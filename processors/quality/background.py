"""Background plausibility: a monitor far below (or, where set, above) the background of its area.

A site adds dust to what the air brings: a mean far below the background says cover, spray or fault.
Far above it is what the monitor is there to find, so nothing is told of that unless a county sets it.
"""

from __future__ import annotations

import numpy as np

from ingest.records import MISSING
from processors.columns import Int64s
from processors.quality.bins import bins_of
from processors.quality.flags import Flags
from processors.quality.neighbour import implausible, of_bins
from processors.quality.series import Reach, Series
from processors.quality.settings import Plausible


def reach(settings: Plausible) -> Reach:
    """It judges whole bins."""
    return Reach(bin_ms=settings.bin_s * 1000)


def check(series: Series, settings: Plausible, background: Int64s) -> Flags:
    """Flags (n). `background`: what is known for each value (n), thousandths, or MISSING.

    A bin is judged by the background of its last value; not evaluated where that is missing.
    """
    bins = bins_of(series, settings.bin_s * 1000)
    reference = np.full(len(bins.row), MISSING, np.int64)
    present = series.present
    reference[bins.of[present]] = background[present]
    known = reference != MISSING
    odd = implausible(2 * bins.mean, 2 * np.where(known, reference, 0), settings)
    return of_bins(bins, known, odd, present)
