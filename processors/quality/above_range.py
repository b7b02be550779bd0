"""Above range: the device reports a value beyond what it can measure (HJ 212, data flag T).

Excluded from every mean, yet not a fault: kept as a suspected exceedance, so that a rule may admit it.
"""

from __future__ import annotations

import numpy as np

from processors.columns import Bools, Uint8s
from processors.quality.device_codes import ABOVE_RANGE
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings
from processors.quality.quality_check import ByPollutant, PackedBits, QualityCheck
from processors.quality.subjects import Arrivals


def is_above(codes: Uint8s) -> Bools:
    """True where the device reports a value above its range; of the shape of `codes`."""
    return np.asarray(codes == ABOVE_RANGE)


def check(codes: Uint8s) -> Uint8s:
    """Flags, of the shape of `codes`: fail for T."""
    fail = is_above(codes)
    return flags_of(Found(fail, fail), np.ones(codes.shape, np.bool_))


def _at_arrival(settings: ByPollutant[CheckSettings], arrivals: Arrivals) -> Found | None:
    del settings  # nothing to set
    if arrivals.codes is None:
        return None
    fail = is_above(arrivals.codes)
    return Found(fail, fail)


CHECK: QualityCheck[CheckSettings, ByPollutant[CheckSettings]] = QualityCheck(
    name="above_range",
    says="the device says that the value is beyond its range (HJ 212, flag T)",
    void=True,
    refused=True,
    packing=PackedBits(first=7, suspects=False, each=True, refuses=True),
    at_arrival=_at_arrival,
)
