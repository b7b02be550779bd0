"""Extra data sent with a reading's PM10: minimum and maximum of its period, the raw count.

HJ 212 defines Min and Max for minute and hour data (HJ 212-2017, CN 2051 and 2061). The keys of native JSON,
and a raw count at all, are a proposal of this project: no source names them. They stay in the extras too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.units import Refused, thousandths

LEAST, GREATEST, COUNT = "pm10_min", "pm10_max", "pm10_count"
BESIDE = (LEAST, GREATEST, COUNT)  # columns of a batch; thousandths of the unit of PM10, or of one count
RAW_COUNT = "cpm"  # counts per minute: of a mass factor K = concentration / count
_MOST_COUNT = 10**9
_NUMBERS = (int, float, str)

Found = Mapping[str, int]
NOTHING: Found = {}


def beside_of(extras: Mapping[str, Any], unit: str | None = None) -> Found:
    """Extra data from the extras of a native payload; values that are not numbers in range are ignored."""
    found: dict[str, int] = {}
    for name in (LEAST, GREATEST):
        if name in extras:
            _put(found, name, extras[name], unit)
    if RAW_COUNT in extras:
        _put_count(found, extras[RAW_COUNT])
    return found or NOTHING


def beside_of_fields(fields: Mapping[str, str], count: str | None, unit: str | None) -> Found:
    """Extra data from the fields of PM10 in HJ 212 (`Min`, `Max`) and the frame's `cpm`, as sent."""
    found: dict[str, int] = {}
    for name, field in ((LEAST, "Min"), (GREATEST, "Max")):
        if fields.get(field):
            _put(found, name, fields[field], unit)
    if count:
        _put_count(found, count)
    return found or NOTHING


def _put(into: dict[str, int], name: str, sent: object, unit: str | None) -> None:
    if type(sent) not in _NUMBERS:
        return
    try:
        into[name] = thousandths("pm10", sent, unit)
    except Refused:
        return  # a code such as -9999: no measurement, and no reason to refuse the mean


def _put_count(into: dict[str, int], sent: object) -> None:
    if type(sent) not in _NUMBERS:
        return
    try:
        number = float(sent)  # type: ignore[arg-type]
    except ValueError:
        return
    if 0 <= number <= _MOST_COUNT:
        into[COUNT] = round(number * 1000)
