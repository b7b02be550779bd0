"""The newest value of each device and pollutant, and since when it has been the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.records import MISSING
from ingest.units import JUDGED
from processors.columns import ABSENT, NEVER, Array, Int32s, Int64s, Packing, Renumbering, Unpacked, carried
from processors.windows import Bounded


@dataclass(slots=True, eq=False)
class NewestValues(Bounded):
    """Columns (3, rows) by pollutant and device; changed in place by what follows values in time."""

    time: Int64s  # ms UTC, NEVER where nothing came yet
    value: Int32s  # thousandths, ABSENT where nothing came yet
    since: Int64s  # ms UTC: the first of the run of equal values that the newest belongs to

    @classmethod
    def empty(cls, rows: int) -> NewestValues:
        """Nothing is known of any device."""
        shape = (len(JUDGED), rows)
        return cls(np.full(shape, NEVER), np.full(shape, ABSENT, np.int32), np.full(shape, NEVER))

    def moved(self, old_row: Int32s) -> NewestValues:
        """The same for a new configuration: `old_row[new]` is the row a device had, -1 for a new one."""
        return NewestValues(
            carried(self.time, old_row, NEVER),
            carried(self.value, old_row, ABSENT),
            carried(self.since, old_row, NEVER),
        )

    def follow(self, change: Renumbering) -> None:
        """Devices have new rows."""
        moved = self.moved(change.old_row)
        self.time, self.value, self.since = moved.time, moved.value, moved.since

    def copy(self) -> NewestValues:
        """One that no longer changes with this one."""
        return NewestValues(self.time.copy(), self.value.copy(), self.since.copy())

    def runs(self, q: int) -> tuple[Int64s, Int64s]:
        """(value, start of its run) of pollutant `q` by row, MISSING where nothing came yet."""
        value = self.value[q]
        return np.where(value == ABSENT, MISSING, value.astype(np.int64)), self.since[q]

    @property
    def columns(self) -> tuple[Array, ...]:
        """What a snapshot keeps: `NewestValues(*columns)` is the same again."""
        return self.time, self.value, self.since

    def dump(self, pack: Packing) -> list[int]:
        """As JSON data."""
        return pack.add_all(self.columns)

    @classmethod
    def load(cls, data: list[int], arrays: Unpacked, plan: object) -> NewestValues:
        """The inverse of `dump`."""
        return cls(*arrays.all_of(data))
