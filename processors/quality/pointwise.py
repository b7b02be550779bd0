"""The checks that look at one reading alone, over all pollutants at once; they can't change later.

What they need and no log of values keeps (humidity, device flags, receipt) is found at arrival and
packed into bits of a reading (`by_reading`), from which the final flags are made again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingest.records import MISSING
from ingest.units import JUDGED
from processors.columns import ABSENT, Bools, Int32s, Int64s
from processors.quality import ceiling, clock, device_flag, gross_range, humidity, pm_order
from processors.quality.device_flag import ABOVE_RANGE, Codes
from processors.quality.flags import BIT, Bits, Packed, bits_of
from processors.quality.limits import Limits
from processors.quality.settings import Clock, Humidity
from processors.windows.row_log import REFUSED

# A value that failed one of these is no measurement: the checks that compare values leave it out.
NO_MEASUREMENT = bits_of(("gross_range", "ceiling", "device_flag", "above_range", "clock"))
_HUMID, _CLOCK = BIT["humidity"], BIT["clock"]
_DEVICE, _ABOVE = BIT["device_flag"], BIT["above_range"]


def by_value(limits: Limits, row: Int32s, values: Int32s) -> tuple[Bits, Bits]:
    """(fail, suspect) bits (3, n) of gross range, ceiling and PM order.

    `row` (n); `values` (3, n) thousandths, `rowlog.ABSENT` or `REFUSED`. A refused value fails the gross
    range, unless what was packed at arrival says that its device flagged it.
    """
    fail, suspect = np.zeros(values.shape, np.uint16), np.zeros(values.shape, np.uint16)
    odd = values < limits.low
    odd &= values != ABSENT
    odd |= values >= limits.high
    at = np.flatnonzero(odd)
    if len(at):
        q, place = np.divmod(at, len(row))
        value = values[q, place]
        span = gross_range.found(
            value, [one[q] for one in limits.fail_span], [one[q] for one in limits.suspect_span]
        )
        pinned, codes = [one[q] for one in limits.pinned], [one[q] for one in limits.codes]
        top = ceiling.found(value, pinned, codes, limits.monitors.maximum[q, row[place]])
        measured = value != REFUSED
        told, doubted = np.zeros(len(at), np.uint16), np.zeros(len(at), np.uint16)
        _set(told, span.fail | ~measured, BIT["gross_range"])
        _set(told, top.fail & measured, BIT["ceiling"])
        _set(doubted, span.suspect & measured, BIT["gross_range"])
        _set(doubted, top.suspect & measured, BIT["ceiling"])
        fail[q, place], suspect[q, place] = told, doubted
    order = None if limits.settings.pm_order is None else pm_order.found(values, limits.settings.pm_order)
    if order is not None:
        _set(fail, order.fail, BIT["pm_order"])
        _set(suspect, order.suspect, BIT["pm_order"])
    return fail, suspect


def by_reading(
    limits: Limits,
    row: Int32s,
    ahead: Int64s,
    wet: Int64s | None = None,
    codes: Codes | None = None,
) -> Packed:
    """What arrival tells of each reading (n), packed for `add_packed`.

    `ahead`: time - received_at, ms; `wet`: relative humidity, thousandths of a percent or MISSING, None
    if nobody sends it; `codes`: (3, n) from `device_flag.codes_of`, None if no device flagged anything.
    """
    packed = np.zeros(len(row), np.uint32)
    settings = limits.settings
    if settings.clock is not None and _may_be_off(ahead, settings.clock):
        found = clock.found(ahead, settings.clock)
        _set(packed, found.fail, _BITS["clock_fail"])
        _set(packed, found.suspect, _BITS["clock_suspect"])
    if settings.humidity is not None and wet is not None and _may_be_wet(wet, settings.humidity):
        found = humidity.found(wet, limits.monitors.optical[row], settings.humidity)
        _set(packed, found.fail, _BITS["humidity_fail"])
        _set(packed, found.suspect, _BITS["humidity_suspect"])
    if codes is not None:
        for q, name in enumerate(JUDGED):
            _set(packed, device_flag.no_measurement(codes[q]), _BITS[f"device_{name}"])
            _set(packed, codes[q] == ABOVE_RANGE, _BITS[f"above_{name}"])
        _set(packed, np.logical_or.reduce(device_flag.is_serviced(codes)), _BITS["serviced"])
    return packed


def by_raw(limits: Limits, q: int, row: Int32s, raw: Int32s, maximum: Int32s) -> Packed:
    """Ceiling of values (n) before their calibration, packed for `add_packed`; `maximum` (rows) or -1.

    A sensor is pinned at what it shows, and a code is one before it is multiplied.
    """
    packed = np.zeros(len(row), np.uint32)
    top = ceiling.found(
        raw, [one[q] for one in limits.pinned], [one[q] for one in limits.codes], maximum[row]
    )
    measured = raw > REFUSED
    _set(packed, top.fail & measured, _BITS[f"code_{JUDGED[q]}"])
    _set(packed, top.suspect & measured, _BITS[f"pinned_{JUDGED[q]}"])
    return packed


def corrected_bits(q: int, where: Bools) -> Packed:
    """Which values (n) of a pollutant were corrected by a calibration, packed."""
    packed = np.zeros(len(where), np.uint32)
    _set(packed, where, _BITS[f"corrected_{JUDGED[q]}"])
    return packed


def is_corrected(packed: Packed, q: int) -> Bools:
    """The inverse of `corrected_bits`."""
    return _has(packed, f"corrected_{JUDGED[q]}")


def is_serviced(packed: Packed) -> Bools:
    """Which readings (n) their device called calibrating or in maintenance."""
    return _has(packed, "serviced")


def _may_be_off(ahead: Int64s, settings: Clock) -> bool:
    """Is any instant so far from its receipt that the clock is worth looking at?"""
    least, most = ahead.min(initial=0), ahead.max(initial=0)
    return bool(
        most > 1000 * min(settings.ahead_suspect_s, settings.ahead_fail_s)
        or -least > 1000 * min(settings.behind_suspect_s, settings.behind_fail_s)
    )


def _may_be_wet(wet: Int64s, settings: Humidity) -> bool:
    limits = (settings.suspect_above, settings.fail_above)
    return bool(wet.max(initial=MISSING) > min(limit for limit in limits if limit is not None))


# The order is part of stored rows.
_NAMES = (
    "clock_fail",
    "clock_suspect",
    "humidity_fail",
    "humidity_suspect",
    *(f"device_{name}" for name in JUDGED),
    *(f"above_{name}" for name in JUDGED),
    *(f"code_{name}" for name in JUDGED),
    *(f"pinned_{name}" for name in JUDGED),
    "serviced",  # calibrating or in maintenance, whatever pollutant it was said of
    *(f"corrected_{name}" for name in JUDGED),
)
_BITS = {name: np.uint32(1 << i) for i, name in enumerate(_NAMES)}
_OF_CHECKS = np.uint32(sum(int(_BITS[name]) for name in _NAMES[: _NAMES.index("serviced")]))


def add_packed(fail: Bits, suspect: Bits, packed: Packed, values: Int32s) -> None:
    """Put into the bits (3, n), in place, what arrival told of the readings (n)."""
    some = np.flatnonzero(packed & _OF_CHECKS)
    if not len(some):
        return
    told, there = packed[some], values[:, some] != ABSENT
    said = int(np.bitwise_or.reduce(told))
    failed, doubted = fail[:, some], suspect[:, some]
    for name, bit in (("clock", _CLOCK), ("humidity", _HUMID)):
        for bits, word in ((failed, "fail"), (doubted, "suspect")):
            if said & _BITS[f"{name}_{word}"]:
                _set(bits, there & _has(told, f"{name}_{word}"), bit)
    for q, name in enumerate(JUDGED):
        for word, bit in (("device", _DEVICE), ("above", _ABOVE)):
            if said & _BITS[f"{word}_{name}"]:
                flagged = there[q] & _has(told, f"{word}_{name}")
                _set(failed[q], flagged, bit)
                # refused because of its flag, not of its value
                failed[q, flagged & (values[q, some] == REFUSED)] &= ~BIT["gross_range"]
        for word, bits in (("code", failed), ("pinned", doubted)):
            if said & _BITS[f"{word}_{name}"]:
                _set(bits[q], there[q] & _has(told, f"{word}_{name}"), BIT["ceiling"])
    fail[:, some], suspect[:, some] = failed, doubted


def _has(packed: Packed, name: str) -> Bools:
    return np.asarray((packed & _BITS[name]) != 0)


def _set(bits: Bits | Packed, where: npt.NDArray[np.bool_], bit: np.uint16 | np.uint32) -> None:
    np.bitwise_or(bits, bit, out=bits, where=where)
