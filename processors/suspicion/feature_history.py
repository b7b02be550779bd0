"""Feature history: the last hours of features of all devices, in bounded rings at two bytes per number.

Float16 keeps three digits, more than a monitor has. Conversion to it is rounded by IEEE 754 alike on every
machine. A device takes 3 KB at most, before compression.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from processors.columns import HOUR_MS, Floats, Int32s, Int64s
from processors.suspicion.features import FEATURES, LONG_HOURS, NUMBER, RECENT_HOURS, HourFeatures

Halves = npt.NDArray[np.float16]

NOTHING = int(np.iinfo(np.int64).min)  # no hour has been put yet
_MOST = 65_000.0  # float16 ends at 65,504
_LONG = [n for n, column in enumerate(FEATURES) if column.hours == LONG_HOURS]
_RECENT = [n for n, column in enumerate(FEATURES) if column.hours == RECENT_HOURS]
# where a column lies in its ring
_PLACE = {FEATURES[n].name: place for ring in (_LONG, _RECENT) for place, n in enumerate(ring)}
RECENT_NAMES = tuple(FEATURES[n].name for n in _RECENT)
LONG_NAMES = tuple(FEATURES[n].name for n in _LONG)


@dataclass(slots=True, eq=False)
class FeatureHistory:
    """Rings of half floats; `newest`: start of the newest hour, ms UTC.

    `recent` (columns kept for 24 hours, 24, devices), `long` (the others, 168, devices); an hour is stored
    at its number modulo the ring's length.
    """

    recent: Halves
    long: Halves
    newest: int = NOTHING
    # (depth of the ring, place in it) of hours that were written since somebody cleared it
    changed: set[tuple[int, int]] = field(default_factory=set)

    @classmethod
    def of(cls, devices: int) -> FeatureHistory:
        """History of that many devices, with nothing known of any."""
        return cls(
            np.full((len(_RECENT), RECENT_HOURS, devices), np.nan, np.float16),
            np.full((len(_LONG), LONG_HOURS, devices), np.nan, np.float16),
        )

    @property
    def devices(self) -> int:
        return int(self.recent.shape[2])

    def put(self, features: HourFeatures) -> bool:
        """Stores a new hour, or one that late readings changed; False if it is too old."""
        number, newest = features.start // HOUR_MS, self.newest // HOUR_MS
        if self.newest == NOTHING:
            self.newest = features.start
        elif number > newest:
            for hour in range(max(newest + 1, number - LONG_HOURS), number):
                self.long[:, hour % LONG_HOURS] = np.nan
                self.recent[:, hour % RECENT_HOURS] = np.nan
                self.changed |= {(LONG_HOURS, hour % LONG_HOURS), (RECENT_HOURS, hour % RECENT_HOURS)}
            self.newest = features.start
        elif newest - number >= LONG_HOURS:
            return False
        with np.errstate(invalid="ignore"):
            made = np.clip(features.columns, -_MOST, _MOST).astype(np.float16)
        self.long[:, number % LONG_HOURS] = made[_LONG]
        self.changed.add((LONG_HOURS, number % LONG_HOURS))
        if newest - number < RECENT_HOURS or number > newest:
            self.recent[:, number % RECENT_HOURS] = made[_RECENT]
            self.changed.add((RECENT_HOURS, number % RECENT_HOURS))
        return True

    def backfilled(self, row: Int32s, time: Int64s) -> None:
        """Records that a device was not silent, from readings too late for the features of their hour.

        `time`: ms UTC; those outside the kept hours are ignored.
        """
        newest = self.newest // HOUR_MS
        number = newest + (time - self.newest) // HOUR_MS
        kept = (number <= newest) & (number > newest - LONG_HOURS)
        row, number, minute = row[kept], number[kept], (time[kept] - self.newest) % HOUR_MS // 60_000
        held = self.long[_PLACE["last_minute"]]
        np.fmax.at(held, (number % LONG_HOURS, row), minute.astype(np.float16))
        self.changed |= {(LONG_HOURS, int(place)) for place in np.unique(number % LONG_HOURS)}

    def last(self, name: str, hours: int, before: int = 0, row: int | None = None) -> Floats:
        """(hours, devices) of a column, oldest first, ending `before` hours before the newest.

        With `row`, of that row only: (hours).
        """
        depth = FEATURES[NUMBER[name]].hours
        if hours + before > depth:
            raise ValueError(f"{name} is kept for {depth} hours, not {hours + before}")
        ring = (self.recent if depth == RECENT_HOURS else self.long)[_PLACE[name]]
        end = self.newest // HOUR_MS - before + 1
        turn = np.arange(end - hours, end) % len(ring)
        made: Floats = (ring[turn] if row is None else ring[turn, row]).astype(np.float64)
        return made

    def remap(self, old_row: Int32s) -> None:
        """Moves devices to new rows: new row i was `old_row[i]`, -1 for a new device."""
        stays = np.flatnonzero(old_row >= 0)
        made = FeatureHistory.of(len(old_row))
        made.recent[:, :, stays] = self.recent[:, :, old_row[stays]]
        made.long[:, :, stays] = self.long[:, :, old_row[stays]]
        self.recent, self.long = made.recent, made.long
