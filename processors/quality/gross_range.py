"""Gross range: a value outside what the sensor, or dust of any kind, can show.

As `ioos_qc.qartod.gross_range_test`: the ends of a span are inside it.
"""

from __future__ import annotations

from typing import Any

from processors.quality.flags import Flags, Found, flags_of
from processors.quality.series import Reach, Series
from processors.quality.settings import GrossRange

REACH = Reach()


def found(value: Any, fail: Any, suspect: Any) -> Found:
    """What is outside the spans (least, greatest); arrays or numbers that fit each other's shape."""
    return Found((value < fail[0]) | (value > fail[1]), (value < suspect[0]) | (value > suspect[1]))


def check(series: Series, settings: GrossRange) -> Flags:
    """Flags (n): fail outside `fail`, suspect outside `suspect`."""
    return flags_of(found(series.value, settings.fail, settings.suspect or settings.fail), series.present)
