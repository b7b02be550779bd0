"""Device flags of HJ 212: what the instrument itself says of its value.

HJ 212-2017, data flags: N normal; S set by hand, F stopped, M maintenance, D fault, C calibrating,
B no link: no measurement, fail. T above range has a check of its own (`above_range`). A flag that no
standard knows is a fail: only what the device calls normal, or says nothing of, is.
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
    """What the device calls neither normal nor above range."""
    return np.asarray((codes != NORMAL) & (codes != ABOVE_RANGE))


def check(codes: Uint8s) -> Uint8s:
    """Flags, of the shape of `codes`: fail for all but N and T."""
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
