"""Sensor ceiling: a value pinned at the most the sensor can show, or a number that stands for no value.

At its ceiling a sensor says "at least this much": suspect, since its mean is too low, yet leaving it
out would hide the worst of a storm. A code such as 65535 is no measurement at all: fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from processors.columns import Int64s
from processors.quality.flags import Flags, Found, flags_of
from processors.quality.series import Reach, Series
from processors.quality.settings import Ceiling

REACH = Reach()


def found(value: Any, pinned: Sequence[Any], codes: Sequence[Any], maximum: Any) -> Found:
    """What is exactly a code (fail) or a pinned value, or at least the sensor's `maximum` (suspect).

    `maximum`: None, or of the shape of `value`, below 0 where it is not known.
    """
    fail, suspect = np.zeros(value.shape, np.bool_), np.zeros(value.shape, np.bool_)
    for code in codes:
        fail |= value == code
    for most in pinned:
        suspect |= value == most
    if maximum is not None:
        suspect |= (maximum >= 0) & (value >= maximum)
    return Found(fail, suspect)


def check(series: Series, settings: Ceiling, maximum: Int64s | None = None) -> Flags:
    """Flags (n). `maximum`: of each device's sensor, by row, thousandths, MISSING where not known."""
    most = None if maximum is None else maximum[series.row]
    return flags_of(found(series.value, settings.pinned, settings.codes, most), series.present)
