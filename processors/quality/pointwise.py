"""Pointwise checks: those of one reading by itself, over all pollutants at once; their findings are final.

Inputs that no log of values keeps (humidity, device flags, receipt, the raw value) are checked on arrival
and the findings packed into bits of a reading (`by_reading`), from which the final flags are rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ingest.units import JUDGED
from processors.columns import ABSENT, Bools, Int32s, Uint16s, Uint32s
from processors.quality.checks import BIT, TABLE
from processors.quality.device_codes import is_serviced as serviced_codes
from processors.quality.flags import Found
from processors.quality.limits import Limits
from processors.quality.quality_check import PackedBits
from processors.quality.subjects import Arrivals, OddValues, RawValues
from processors.windows import REFUSED

# Bits of `packed` that are of no check. They are part of stored rows, as those of the checks are.
_SERVICED = np.uint32(1 << 16)  # calibrating or in maintenance, whatever pollutant it was said of
_CORRECTED = tuple(np.uint32(1 << 17 + q) for q in range(len(JUDGED)))
_GROSS_RANGE = BIT["gross_range"]


class Word(NamedTuple):
    """A bit of `packed` and its meaning for the values of its reading."""

    packed: np.uint32
    bit: np.uint16  # of the check
    fails: bool  # else it is suspect
    pollutant: int | None  # None: of all
    refuses: bool


def _words() -> Iterator[Word]:
    for check in TABLE:
        packing = check.packing
        kinds = ((True, packing.first, packing.fails), (False, packing.suspect_first, packing.suspects))
        for fails, first, used in kinds:
            for k in range(packing.width if used else 0):
                pollutant = k if packing.each else None
                yield Word(
                    np.uint32(1 << first + k), BIT[check.name], fails, pollutant, packing.refuses and fails
                )


WORDS: tuple[Word, ...] = tuple(_words())
_OF_CHECKS = np.bitwise_or.reduce([word.packed for word in WORDS])


def by_value(limits: Limits, row: Int32s, values: Int32s) -> tuple[Uint16s, Uint16s]:
    """(fail, suspect) bits (3, n) of the checks that look at single values, or at those of one reading.

    `row` (n); `values` (3, n) thousandths, `row_log.ABSENT` or `REFUSED`. A refused value fails the gross
    range; `add_packed` clears that where it was refused because of its device flag.
    """
    fail, suspect = np.zeros(values.shape, np.uint16), np.zeros(values.shape, np.uint16)
    odd = values < limits.low
    odd &= values != ABSENT
    odd |= values >= limits.high
    at = np.flatnonzero(odd)
    if len(at):
        q, place = np.divmod(at, len(row))
        subject = OddValues(values[q, place], q, row[place])
        failed, doubted = np.zeros(len(at), np.uint16), np.zeros(len(at), np.uint16)
        for look in limits.alone:
            found = look.function(look.limits, subject)
            _set(failed, found.fail, look.bit)
            _set(doubted, found.suspect, look.bit)
        fail[q, place], suspect[q, place] = failed, doubted
    for look in limits.together:
        found = look.function(look.limits, values)
        if found is not None:
            _set(fail, found.fail, look.bit)
            _set(suspect, found.suspect, look.bit)
    return fail, suspect


def by_reading(limits: Limits, arrivals: Arrivals) -> Uint32s:
    """Findings on arrival for each reading (n), packed for `add_packed`."""
    packed = np.zeros(len(arrivals.row), np.uint32)
    for look in limits.at_arrival:
        found = look.function(look.limits, arrivals)
        if found is not None:
            _pack(packed, look.packing, found)
    if arrivals.codes is not None:
        _set(packed, np.logical_or.reduce(serviced_codes(arrivals.codes)), _SERVICED)
    return packed


def by_raw(limits: Limits, raw: RawValues) -> Uint32s:
    """Findings for values (n) before their calibration, packed for `add_packed`."""
    packed = np.zeros(len(raw.value), np.uint32)
    for look in limits.raw:
        packing, found = look.packing, look.function(look.limits, raw)
        _set(packed, found.fail, np.uint32(1 << packing.first + raw.pollutant))
        _set(packed, found.suspect, np.uint32(1 << packing.suspect_first + raw.pollutant))
    return packed


def _pack(packed: Uint32s, packing: PackedBits, found: Found) -> None:
    for used, first, where in (
        (packing.fails, packing.first, found.fail),
        (packing.suspects, packing.suspect_first, found.suspect),
    ):
        if used:
            for k, one in enumerate(where if packing.each else (where,)):
                _set(packed, one, np.uint32(1 << first + k))


def corrected_bits(q: int, where: Bools) -> Uint32s:
    """Packed bits of the values (n) of a pollutant that a calibration corrected."""
    packed = np.zeros(len(where), np.uint32)
    _set(packed, where, _CORRECTED[q])
    return packed


def is_corrected(packed: Uint32s, q: int) -> Bools:
    """Inverse of `corrected_bits`: True where a value of pollutant `q` was corrected (n)."""
    return _has(packed, _CORRECTED[q])


def is_serviced(packed: Uint32s) -> Bools:
    """True where the device reported calibration or maintenance, by reading (n)."""
    return _has(packed, _SERVICED)


def add_packed(fail: Uint16s, suspect: Uint16s, packed: Uint32s, values: Int32s) -> None:
    """Merges the findings on arrival of the readings (n) into the bits (3, n), in place."""
    some = np.flatnonzero(packed & _OF_CHECKS)
    if not len(some):
        return
    told, there = packed[some], values[:, some] != ABSENT
    said = int(np.bitwise_or.reduce(told))
    failed, doubted = fail[:, some], suspect[:, some]
    for word in WORDS:
        if not said & word.packed:
            continue
        bits, where = failed if word.fails else doubted, _has(told, word.packed)
        if word.pollutant is None:
            _set(bits, there & where, word.bit)
            continue
        q = word.pollutant
        where &= there[q]
        _set(bits[q], where, word.bit)
        if word.refuses:  # because of its flag, not of its value
            failed[q, where & (values[q, some] == REFUSED)] &= ~_GROSS_RANGE
    fail[:, some], suspect[:, some] = failed, doubted


def _has(packed: Uint32s, bit: np.uint32) -> Bools:
    return np.asarray((packed & bit) != 0)


def _set(bits: Uint16s | Uint32s, where: Bools, bit: np.uint16 | np.uint32) -> None:
    np.bitwise_or(bits, bit, out=bits, where=where)
