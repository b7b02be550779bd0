"""Sensor ceiling: a value pinned at the sensor's maximum, or a code that means "no value".

At its ceiling a sensor says "at least this much": suspect, since the mean comes out too low, yet leaving it
out would hide the worst of a storm. A code such as 65535 is not a measurement: fail. Sensors pin and send
codes in raw values, before any correction, so the raw value of a calibrated one is examined.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from processors.columns import Int32s, Int64s, Uint8s
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings, Thousandths
from processors.quality.monitors import Monitors
from processors.quality.quality_check import ByPollutant, Ordinary, PackedBits, QualityCheck
from processors.quality.series import Series
from processors.quality.subjects import OddValues, RawValues
from processors.windows import GREATEST, REFUSED


class Ceiling(CheckSettings):
    """Values at which sensors are pinned, and numbers that stand for no value."""

    pinned: tuple[Thousandths, ...] = ()
    codes: tuple[Thousandths, ...] = ()


class Ceilings(NamedTuple):
    """Values by pollutant, each (3); padded with REFUSED where a pollutant has fewer than others."""

    pinned: tuple[Int32s, ...]
    codes: tuple[Int32s, ...]
    maximum: Int32s  # (3, rows) of the sensors, -1: not known


def found(value: Any, pinned: Sequence[Any], codes: Sequence[Any], maximum: Any) -> Found:
    """Fail where `value` equals a code; suspect where it equals a pinned value or reaches `maximum`.

    `maximum`: the sensor's, of the shape of `value`, below 0 where unknown; or None.
    """
    fail, suspect = np.zeros(value.shape, np.bool_), np.zeros(value.shape, np.bool_)
    for code in codes:
        fail |= value == code
    for most in pinned:
        suspect |= value == most
    if maximum is not None:
        suspect |= (maximum >= 0) & (value >= maximum)
    return Found(fail, suspect)


def check(series: Series, settings: Ceiling, maximum: Int64s | None = None) -> Uint8s:
    """Flags (n). `maximum`: of each device's sensor, by row, thousandths, MISSING where unknown; or None."""
    most = None if maximum is None else maximum[series.row]
    return flags_of(found(series.value, settings.pinned, settings.codes, most), series.present)


def _limits(settings: ByPollutant[Ceiling], monitors: Monitors) -> Ceilings:
    return Ceilings(
        _table([own.pinned if own else () for own in settings]),
        _table([own.codes if own else () for own in settings]),
        monitors.maximum,
    )


def _table(lists: Sequence[Sequence[int]]) -> tuple[Int32s, ...]:
    longest = max(len(one) for one in lists)
    return tuple(_column(one[k] if k < len(one) else REFUSED for one in lists) for k in range(longest))


def _column(numbers: Iterable[int]) -> Int32s:
    return np.array(list(numbers), np.int32)


def _ordinary(limits: Ceilings) -> Ordinary:
    return tuple(
        (
            REFUSED + 1,
            min(
                [
                    GREATEST,
                    *(int(each[q]) for each in (*limits.pinned, *limits.codes) if each[q] != REFUSED),
                    *known[known >= 0].tolist(),
                ]
            ),
        )
        for q, known in enumerate(limits.maximum)
    )


def _alone(limits: Ceilings, odd: OddValues) -> Found:
    q = odd.pollutant
    pinned, codes = [each[q] for each in limits.pinned], [each[q] for each in limits.codes]
    return _measured(odd.value, found(odd.value, pinned, codes, limits.maximum[q, odd.row]))


def _raw(limits: Ceilings, raw: RawValues) -> Found:
    q = raw.pollutant
    pinned, codes = [each[q] for each in limits.pinned], [each[q] for each in limits.codes]
    return _measured(raw.value, found(raw.value, pinned, codes, raw.maximum))


def _measured(value: Int32s, top: Found) -> Found:
    there = value > REFUSED
    return Found(top.fail & there, top.suspect & there)


# What loggers send for "no value": all ones in 16 bits, also with one decimal, and five nines.
_CODES = (65_535, 6553.5, 99_999)

CHECK = QualityCheck(
    name="ceiling",
    says="pinned at the most that the sensor can show (suspect), or a code for no value (fail)",
    settings=Ceiling,
    defaults={"pinned": (), "codes": _CODES},
    # where an SDS011 is pinned in the recorded dust storm
    exceptions={
        "pm10": {"pinned": (1999.9,), "codes": _CODES},
        "pm2_5": {"pinned": (999.9,), "codes": _CODES},
    },
    void=True,
    refused=True,
    limits=_limits,
    ordinary=_ordinary,
    alone=_alone,
    packing=PackedBits(first=10, each=True),
    raw=_raw,
)
