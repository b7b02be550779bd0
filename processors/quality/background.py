"""Background plausibility: a monitor far below (or, where configured, above) the background of its area.

A site adds dust to the incoming air: a mean far below the background suggests a cover, spraying or a fault.
Readings far above it are what the monitor is there to find, so they are flagged only where a county sets it.
"""

from __future__ import annotations

import numpy as np

from ingest.records import MISSING
from processors.columns import Int64s, Uint8s
from processors.quality.bins import bins_of
from processors.quality.flags import SUSPECT, Found
from processors.quality.plausibility import Plausible, flags_of_bins, implausible
from processors.quality.quality_check import ByPollutant, QualityCheck
from processors.quality.series import CheckReach, Series
from processors.quality.subjects import Stretch


def reach(settings: Plausible) -> CheckReach:
    """Reach of `check`: whole bins."""
    return CheckReach(bin_ms=settings.bin_s * 1000)


def check(series: Series, settings: Plausible, background: Int64s) -> Uint8s:
    """Flags (n). `background`: the known background at each value (n), thousandths, or MISSING.

    A bin is judged by the background at its last value; not evaluated where that is missing.
    """
    bins = bins_of(series, settings.bin_s * 1000)
    reference = np.full(len(bins.row), MISSING, np.int64)
    present = series.present
    reference[bins.line[present]] = background[present]
    known = reference != MISSING
    odd = implausible(2 * bins.mean, 2 * np.where(known, reference, 0), settings)
    return flags_of_bins(bins, known, odd, present)


def _over(settings: ByPollutant[Plausible], stretch: Stretch) -> Found | None:
    own = settings[stretch.pollutant]
    if own is None or stretch.background is None:
        return None
    series = stretch.own_series
    suspect = check(series, own, stretch.background[series.row]) == SUSPECT
    return Found(np.zeros(len(suspect), np.bool_), suspect)


CHECK = QualityCheck(
    name="background",
    says="far below the background of its area (or above it, where a county sets that)",
    settings=Plausible,
    # Below a quarter of the background by more than 50 ug/m3; above it is what exceedances look like.
    defaults={"bin_s": 900, "above": None, "below": (4, 50)},
    over=_over,
    reach=reach,
)
