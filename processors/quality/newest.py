"""The newest value of each device and pollutant, and since when it has been the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.units import JUDGED
from processors.columns import ABSENT, NEVER, Int32s, Int64s, Packing, Renumbering, Unpacked, carried
from processors.windows.horizons import Bounded


@dataclass(slots=True, eq=False)
class Newest(Bounded):
    """Columns (3, rows) by pollutant and device; changed in place by what follows values in time."""

    time: Int64s  # ms UTC, NEVER where nothing came yet
    value: Int32s  # thousandths, ABSENT where nothing came yet
    since: Int64s  # ms UTC: the first of the run of equal values that the newest belongs to

    @classmethod
    def empty(cls, rows: int) -> Newest:
        """Nothing is known of any device."""
        shape = (len(JUDGED), rows)
        return cls(np.full(shape, NEVER), np.full(shape, ABSENT, np.int32), np.full(shape, NEVER))

    def moved(self, old_row: Int32s) -> Newest:
        """The same for a new configuration: `old_row[new]` is the row a device had, -1 for a new one."""
        return Newest(
            carried(self.time, old_row, NEVER),
            carried(self.value, old_row, ABSENT),
            carried(self.since, old_row, NEVER),
        )

    def follow(self, change: Renumbering) -> None:
        """Devices have new rows."""
        moved = self.moved(change.old_row)
        self.time, self.value, self.since = moved.time, moved.value, moved.since

    def copy(self) -> Newest:
        """One that no longer changes with this one."""
        return Newest(self.time.copy(), self.value.copy(), self.since.copy())

    @property
    def columns(self) -> tuple[npt.NDArray[Any], ...]:
        """What a snapshot keeps: `Newest(*columns)` is the same again."""
        return self.time, self.value, self.since

    def dump(self, pack: Packing) -> list[int]:
        """As JSON data."""
        return pack.add_all(self.columns)

    @classmethod
    def load(cls, data: list[int], arrays: Unpacked, plan: object) -> Newest:
        """The inverse of `dump`."""
        return cls(*arrays.all_of(data))
