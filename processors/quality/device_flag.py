"""Device flags of HJ 212: the instrument's own verdict on its value.

HJ 212-2017, data flags: N normal; S set by hand, F stopped, M maintenance, D fault, C calibrating and
B no link mean that nothing was measured: fail. T, above range, has a check of its own (`above_range`). A flag
that no standard defines fails too: only a value flagged normal, or not flagged at all, is a measurement.
"""

from __future__ import annotations

import numpy as np

from processors.columns import Bools, Uint8s
from processors.quality.device_codes import ABOVE_RANGE, NORMAL
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings
from processors.quality.quality_check import ByPollutant, PackedBits, QualityCheck
from processors.quality.subjects import Arrivals


def no_measurement(codes: Uint8s) -> Bools:
    """True where the device flags a value as neither normal nor above range; of the shape of `codes`."""
    return np.asarray((codes != NORMAL) & (codes != ABOVE_RANGE))


def check(codes: Uint8s) -> Uint8s:
    """Flags, of the shape of `codes`: fail for everything but N and T."""
    fail = no_measurement(codes)
    return flags_of(Found(fail, fail), np.ones(codes.shape, np.bool_))


def _at_arrival(settings: ByPollutant[CheckSettings], arrivals: Arrivals) -> Found | None:
    del settings  # nothing to set
    if arrivals.codes is None:
        return None
    fail = no_measurement(arrivals.codes)
    return Found(fail, fail)


CHECK: QualityCheck[CheckSettings, ByPollutant[CheckSettings]] = QualityCheck(
    name="device_flag",
    says="the device itself says that it is no measurement",
    void=True,
    refused=True,
    packing=PackedBits(first=4, suspects=False, each=True, refuses=True),
    at_arrival=_at_arrival,
)
