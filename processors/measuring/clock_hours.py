"""Means of clock hours, kept for the windows made of them (8 h, 24 h, the day)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ingest.units import JUDGED
from processors.columns import (
    ABSENT,
    HOUR_MS,
    Int32s,
    Int64s,
    Packing,
    Renumbering,
    Unpacked,
    carried,
)
from processors.plan import Admission
from processors.windows import Horizons, Means, means_of_hours, slots_of

LEAST_PERMYRIAD = 7500  # capture of a valid hour (HJ 212-2017 Annex C asks 75 % of the lower-level values)
_SENT, _VALID = 1, 2


class Key(NamedTuple):
    """Key of an hour: the pollutant, and the admission of values to its mean (`plan.Admission`)."""

    pollutant: int
    fail: int
    suspect: int


@dataclass(slots=True, eq=False)
class Hour:
    """One pollutant over one clock hour, one line per device row."""

    mean: Int64s  # 1e-9 unit; 0 where it is not valid
    code: npt.NDArray[np.int8]  # 0: nothing was sent, 1: no valid hour, 2: valid
    greatest: Int32s  # thousandths

    @classmethod
    def empty(cls, n: int) -> Hour:
        """An hour in which nothing was sent."""
        return cls(np.zeros(n, np.int64), np.zeros(n, np.int8), np.full(n, ABSENT, np.int32))


@dataclass(slots=True, eq=False)
class Hours:
    """Clock hours by their start, only for pollutants and admissions that a long window needs."""

    held: dict[int, dict[Key, Hour]] = field(default_factory=dict)

    def put(self, start: int, key: Key, means: Means, interval: Int64s) -> None:
        """Store the means of an hour, for the first time or again."""
        hours = self.held.setdefault(start, {})
        hour = hours.get(key)
        if hour is None:
            hour = hours[key] = Hour.empty(len(interval))
        rows, covered = means.row, means.covered
        valid = (covered > 0) & (covered * 10_000 >= LEAST_PERMYRIAD * slots_of(interval, HOUR_MS)[rows])
        mean = (2 * means.total + covered) // np.maximum(2 * covered, 1)
        hour.mean[rows] = np.where(valid, mean, 0)
        hour.code[rows] = np.where(valid, _VALID, _SENT)
        hour.greatest[rows] = means.greatest

    def window(self, start: int, end: int, admits: Admission) -> tuple[Means, ...]:
        """The long window [start, end): one `Means` per judged pollutant."""
        starts = sorted(hour for hour in self.held if start <= hour < end)
        return tuple(self._made_of(Key(q, *admits), starts) for q in range(len(JUDGED)))

    def _made_of(self, key: Key, starts: list[int]) -> Means:
        hours = [self.held[s][key] for s in starts if key in self.held[s]]
        if not hours:
            return Means.nothing(np.zeros(0, np.int32))
        sent = np.flatnonzero(np.stack([hour.code for hour in hours]).any(axis=0)).astype(np.int32)
        lines = [(hour.mean, hour.code == _VALID, hour.greatest.astype(np.int64)) for hour in hours]
        return means_of_hours(lines, sent)

    def forget(self, until: Horizons) -> None:
        """Forget hours that no window needs any more."""
        for start in [start for start in self.held if start + HOUR_MS <= until.late]:
            del self.held[start]

    def follow(self, change: Renumbering) -> None:
        """Move devices to their new rows."""
        for hours in self.held.values():
            for hour in hours.values():
                hour.mean = carried(hour.mean, change.old_row, 0)
                hour.code = carried(hour.code, change.old_row, 0)
                hour.greatest = carried(hour.greatest, change.old_row, ABSENT)

    def dump(self, pack: Packing) -> list[Any]:
        """The state as JSON data."""
        return [
            [start, *key, pack.add_all((hour.mean, hour.code, hour.greatest))]
            for start, hours in sorted(self.held.items())
            for key, hour in sorted(hours.items())
        ]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: object) -> Hours:
        """The inverse of `dump`."""
        made = cls()
        for start, q, fail, suspect, columns in data:
            made.held.setdefault(start, {})[Key(q, fail, suspect)] = Hour(*arrays.all_of(columns))
        return made
