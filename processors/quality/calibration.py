"""Calibration: each device's linear correction and mass factor, by date, applied beside the raw value.

calibrated = raw x slope x factor + offset, rounded half up to thousandths in integer arithmetic, so that
results don't depend on batching. The factor is the mass factor K of a light-scattering monitor: the
reference method's concentration over the monitor's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ingest.records import MISSING
from processors.columns import Bools, Int32s, Int64s, Positions

UNIT = 10**6  # slope and factor are whole millionths
GREATEST_FACTOR = 10 * UNIT
_MOST = 10**8  # thousandths: the possible range of dust


class LinearCorrection(NamedTuple):
    """Correction of one pollutant's values from a device, in force from `since` until the next one."""

    row: int
    since: int  # ms UTC
    slope: int = UNIT  # millionths
    offset: int = 0  # thousandths of the unit
    factor: int = UNIT  # millionths


@dataclass(frozen=True, slots=True, eq=False)
class Corrections:
    """m corrections of one pollutant in columns, sorted by (row, since)."""

    row: Int32s
    since: Int64s
    gain: Int64s  # slope x factor, millionths, rounded half up
    offset: Int64s  # thousandths

    @classmethod
    def of(cls, corrections: Iterable[LinearCorrection]) -> Corrections:
        """Sorts corrections given in any order into columns.

        Raises ValueError for two with the same device and instant, for a slope or factor outside (0, 10], and
        for an offset outside the possible range.
        """
        held = sorted(corrections)
        for one, following in pairwise(held):
            if one[:2] == following[:2]:
                raise ValueError(f"row {one.row} has two corrections from {one.since}")
        for one in held:
            for name, number in (("slope", one.slope), ("factor", one.factor)):
                if not 0 < number <= GREATEST_FACTOR:
                    raise ValueError(f"row {one.row}: {name} {number / UNIT:g} is outside (0, 10]")
            if abs(one.offset) > _MOST:
                raise ValueError(f"row {one.row}: offset {one.offset / 1000:g} is outside the possible range")
        gain = [(c.slope * c.factor + UNIT // 2) // UNIT for c in held]
        return cls(
            np.array([c.row for c in held], np.int32),
            np.array([c.since for c in held], np.int64),
            np.array(gain, np.int64),
            np.array([c.offset for c in held], np.int64),
        )

    def __len__(self) -> int:
        return len(self.row)


def calibrated(row: Int32s, time: Int64s, values: Int64s, table: Corrections) -> Int64s:
    """Corrected values (n), thousandths, of readings in any order; MISSING stays MISSING.

    `row` device, `time` ms UTC, `values` raw thousandths, at most 10**10. A value before a device's first
    correction, or from a device without one, is unchanged.
    """
    if not len(table) or not len(row):
        return values.copy()
    at, holds = entries(row, time, table)
    use = holds & (values != MISSING)
    raw = np.where(use, values, 0)
    corrected = (raw * table.gain[at] + UNIT // 2) // UNIT + table.offset[at]
    return np.where(use, corrected, values)


def uncalibrated(row: Int32s, time: Int64s, values: Int64s, table: Corrections) -> Int64s:
    """Raw values (n) recovered from values that were all corrected by the table; MISSING stays MISSING.

    Exact where the gain is at least 1, else to within half of 1 / gain thousandths: raw values that the
    correction mapped to the same number can't be told apart.
    """
    if not len(table) or not len(row):
        return values.copy()
    at, holds = entries(row, time, table)
    use = holds & (values != MISSING)
    gain = table.gain[at]
    wide = np.where(use, values - table.offset[at], 0) * (2 * UNIT)
    return np.where(use, (wide + gain) // (2 * gain), values)


def entries(row: Int32s, time: Int64s, table: Corrections) -> tuple[Positions, Bools]:
    """(place in the table, True if there is one) of the correction in force for each row and time (n)."""
    # the place among (row, since): first by row, then by time inside it
    low = np.searchsorted(table.row, row, side="left")
    high = np.searchsorted(table.row, row, side="right")
    which = low - 1
    step = 1 << int((high - low).max(initial=0)).bit_length()
    while step:
        further = which + step
        fits = further < high
        fits &= table.since[np.where(fits, further, 0)] <= time
        which = np.where(fits, further, which)
        step >>= 1
    holds = which >= low
    return np.where(holds, which, 0), holds
