"""Corrected levels of the air: raw hourly features with the corrections now known.

The ring holds values as sent, so that a calibration doesn't appear as a step in a device's values. The
corrected level is used only where a monitor is compared with others, or with a limit in ug/m3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import HOUR_MS, Floats, Int32s, Int64s
from processors.quality import UNIT, Corrections, entries

_THOUSAND = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Air:
    """Corrections of PM10 for a partition's monitors."""

    table: Corrections

    def of(self, values: Floats, starts: Int64s) -> Floats:
        """(hours, devices) of ug/m3, corrected as of the start of each hour (`starts`, ms UTC)."""
        rows = np.unique(self.table.row)
        row: Int32s = np.tile(rows, len(starts))
        at, holds = entries(row, np.repeat(starts, len(rows)), self.table)
        gain = np.where(holds, self.table.gain[at] / UNIT, 1.0).reshape(len(starts), len(rows))
        offset = np.where(holds, self.table.offset[at] / _THOUSAND, 0.0).reshape(len(starts), len(rows))
        made = values.copy()
        made[:, rows] = made[:, rows] * gain + offset
        return made


def air_of(table: Corrections) -> Air | None:
    """Corrections as an `Air`; None if nothing is calibrated."""
    return Air(table) if len(table) else None


def hours_up_to(newest: int, hours: int, before: int = 0) -> Int64s:
    """Starts of that many hours, oldest first, ending `before` hours before the newest."""
    made: Int64s = newest - HOUR_MS * (before + np.arange(hours - 1, -1, -1, dtype=np.int64))
    return made
