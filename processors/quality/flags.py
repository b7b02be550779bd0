"""What a flag may say, the names of the checks and their bits, and the summary of many flags.

The flags are those of QARTOD (US IOOS, Manual for the Use of Real-Time Oceanographic Data Quality
Control Flags); ioos_qc uses the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from processors.columns import Bools

Flags = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.uint16]
Packed = npt.NDArray[np.uint32]  # what arrival tells of a reading, see `pointwise`

PASS, NOT_EVALUATED, SUSPECT, FAIL, MISSING_VALUE = 1, 2, 3, 4, 9

# The order is part of stored records: new names are added at the end, none is moved or removed.
CHECKS: tuple[str, ...] = (
    "gross_range",
    "ceiling",
    "spike",
    "rate_of_change",
    "flat_line",
    "attenuated_signal",
    "pm_order",
    "humidity",
    "neighbour",
    "background",
    "device_flag",
    "above_range",  # HJ 212 flag T: kept as suspected exceedance
    "clock",
)
BIT: dict[str, np.uint16] = {name: np.uint16(1 << i) for i, name in enumerate(CHECKS)}
# From the weakest to the strongest word, as ioos_qc's `qartod_compare` ranks them.
_PRECEDENCE = (MISSING_VALUE, NOT_EVALUATED, PASS, SUSPECT, FAIL)


def bits_of(names: Iterable[str]) -> np.uint16:
    """The bit mask of some checks. Raises KeyError for a name that is none of CHECKS."""
    return np.uint16(sum(int(BIT[name]) for name in set(names)))


@cache
def names_of(bits: int) -> tuple[str, ...]:
    """The names of the checks of a bit mask, sorted. Raises ValueError for a bit of no check."""
    if not 0 <= bits < 1 << len(CHECKS):
        raise ValueError(f"{bits:#x} has bits of no check; there are {len(CHECKS)}")
    return tuple(sorted(name for name, bit in BIT.items() if bits & int(bit)))


def summary(fail: Bits, suspect: Bits, present: Bools) -> Flags:
    """One flag a value, the worst that its checks say; all arguments have the same shape."""
    flags = np.where(suspect != 0, np.uint8(SUSPECT), np.uint8(PASS))
    flags[fail != 0] = FAIL
    flags[~present] = MISSING_VALUE
    return flags


def worst(flags: Sequence[Flags]) -> Flags:
    """The worst of several checks' flags of the same values, ranked as by ioos_qc's `aggregate`."""
    found = np.full(flags[0].shape, MISSING_VALUE, np.uint8)
    for flag in _PRECEDENCE:
        for one in flags:
            found[one == flag] = flag
    return found


class Found(NamedTuple):
    """What a check found of each value; what it did not evaluate is in neither."""

    fail: Bools
    suspect: Bools


def flags_of(found: Found, present: Bools, evaluated: Bools | None = None) -> Flags:
    """What a check found as flags; suspect is overruled by fail, that by not evaluated, all by missing."""
    flags = np.full(present.shape, PASS, np.uint8)
    flags[found.suspect] = SUSPECT
    flags[found.fail] = FAIL
    if evaluated is not None:
        flags[~evaluated] = NOT_EVALUATED
    flags[~present] = MISSING_VALUE
    return flags
