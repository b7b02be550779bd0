"""Newest values of each device and pollutant, with the start of each run of equal values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.records import MISSING
from ingest.units import JUDGED
from processors.columns import ABSENT, NEVER, Array, Int32s, Int64s, Packing, Renumbering, Unpacked, carried
from processors.windows import Bounded


@dataclass(slots=True, eq=False)
class NewestValues(Bounded):
    """Columns (3, rows) by pollutant and device; updated in place as values are processed in time order."""

    time: Int64s  # ms UTC, NEVER where nothing came yet
    value: Int32s  # thousandths, ABSENT where nothing came yet
    since: Int64s  # ms UTC: the first of the run of equal values that the newest belongs to

    @classmethod
    def empty(cls, rows: int) -> NewestValues:
        """State before anything is known of any device."""
        shape = (len(JUDGED), rows)
        return cls(np.full(shape, NEVER), np.full(shape, ABSENT, np.int32), np.full(shape, NEVER))

    def moved(self, old_row: Int32s) -> NewestValues:
        """Copy for a new configuration: `old_row[new]` is a device's former row, -1 for a new device."""
        return NewestValues(
            carried(self.time, old_row, NEVER),
            carried(self.value, old_row, ABSENT),
            carried(self.since, old_row, NEVER),
        )

    def follow(self, change: Renumbering) -> None:
        """Moves devices to their new rows."""
        moved = self.moved(change.old_row)
        self.time, self.value, self.since = moved.time, moved.value, moved.since

    def copy(self) -> NewestValues:
        """Independent copy."""
        return NewestValues(self.time.copy(), self.value.copy(), self.since.copy())

    def runs(self, q: int | None = None) -> tuple[Int64s, Int64s]:
        """(value, start of its run) of pollutant `q` by row, MISSING where nothing has come yet.

        None: of all pollutants, one after another.
        """
        value, since = (self.value, self.since) if q is None else (self.value[q], self.since[q])
        return np.where(value == ABSENT, MISSING, value.astype(np.int64)).reshape(-1), since.reshape(-1)

    @property
    def columns(self) -> tuple[Array, ...]:
        """Columns kept in a snapshot: `NewestValues(*columns)` restores an equal state."""
        return self.time, self.value, self.since

    def dump(self, pack: Packing) -> list[int]:
        """JSON data of the state; its arrays go to `pack`."""
        return pack.add_all(self.columns)

    @classmethod
    def load(cls, data: list[int], arrays: Unpacked, plan: object) -> NewestValues:
        """The inverse of `dump`."""
        return cls(*arrays.all_of(data))
