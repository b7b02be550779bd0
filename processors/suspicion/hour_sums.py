"""Hourly sums of data that the rows don't hold: range of means, raw counts, unusable time stamps.

Whole numbers only, so that neither order nor batching matters. Kept by hour until the hour is examined, and
only if some device of the partition sends such data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ingest.records import MISSING
from ingest.value_extras import COUNT, GREATEST, LEAST
from processors.columns import HOUR_MS, Int32s, Int64s, Packing, Unpacked

NAMES = ("ranged", "flat", "dust", "counted", "astray")


@dataclass(slots=True, eq=False)
class DeviceSums:
    """Sums of one hour, each (devices).

    `ranged`: readings with least and greatest, `flat`: those among them with least = value = greatest;
    `dust`, `counted`: PM10 and raw count (thousandths) of readings with both; `astray`: readings whose
    time stamp could not be used, by the hour of their receipt.
    """

    ranged: Int64s
    flat: Int64s
    dust: Int64s
    counted: Int64s
    astray: Int64s

    @classmethod
    def of(cls, devices: int) -> DeviceSums:
        """Sums of nothing."""
        return cls(*(np.zeros(devices, np.int64) for _ in NAMES))

    def add(self, row: Int32s, pm10: Int64s, extras: dict[str, Int64s]) -> None:
        """Adds readings (n) with their PM10 as sent; columns of `extras` (n), MISSING where one has none."""
        if LEAST in extras and GREATEST in extras:
            least, greatest = extras[LEAST], extras[GREATEST]
            known = (least != MISSING) & (greatest != MISSING) & (pm10 != MISSING)
            np.add.at(self.ranged, row if known.all() else row[known], 1)
            flat = known & (least == pm10) & (greatest == pm10)
            if flat.any():
                np.add.at(self.flat, row[flat], 1)
        if COUNT in extras:
            count = extras[COUNT]
            known = (count != MISSING) & (pm10 != MISSING)
            np.add.at(self.dust, row[known], pm10[known])
            np.add.at(self.counted, row[known], count[known])

    def moved(self, old_row: Int32s) -> DeviceSums:
        """Copy by new row numbers: new row i was `old_row[i]`, -1 for a new device."""
        made, stays = DeviceSums.of(len(old_row)), np.flatnonzero(old_row >= 0)
        for name in NAMES:
            getattr(made, name)[stays] = getattr(self, name)[old_row[stays]]
        return made


class ValueExtras(NamedTuple):
    """n readings with the extra data sent with their values (`ingest.value_extras`)."""

    row: Int32s
    time: Int64s  # ms UTC
    pm10: Int64s  # as sent
    extras: dict[str, Int64s]  # columns (n), MISSING where a reading has none


@dataclass(slots=True, eq=False)
class HourSums:
    """Sums by hour (number since 1970) of hours that have not been examined yet."""

    hours: dict[int, DeviceSums] = field(default_factory=dict)

    def readings(self, devices: int, extras: ValueExtras, since: int) -> None:
        """Adds readings of any hours; those before `since` (ms UTC) are ignored, as their hours are done."""
        row, time, pm10, more = extras
        hour = time // HOUR_MS
        first, last = (int(hour.min()), int(hour.max())) if len(hour) else (0, 1)
        if first == last:  # as nearly always
            if first * HOUR_MS >= since:
                self._of(first, devices).add(row, pm10, more)
            return
        for number in np.unique(hour[time >= since]).tolist():
            own = hour == number
            columns = {name: column[own] for name, column in more.items()}
            self._of(number, devices).add(row[own], pm10[own], columns)

    def astray(self, devices: int, row: Int32s, received: Int64s, since: int) -> None:
        """Adds readings whose time stamp could not be used."""
        hour = received // HOUR_MS
        for number in np.unique(hour[received >= since]).tolist():
            np.add.at(self._of(number, devices).astray, row[hour == number], 1)

    def _of(self, number: int, devices: int) -> DeviceSums:
        found = self.hours.get(number)
        if found is None:
            found = self.hours[number] = DeviceSums.of(devices)
        return found

    def take(self, start: int) -> DeviceSums | None:
        """Sums of the hour that starts at `start`; it and all before it are dropped."""
        number = start // HOUR_MS
        found = self.hours.get(number)
        self.hours = {later: sums for later, sums in self.hours.items() if later > number}
        return found

    def remap(self, old_row: Int32s) -> None:
        """Moves devices to new rows."""
        self.hours = {number: sums.moved(old_row) for number, sums in self.hours.items()}

    def dump(self, pack: Packing) -> list[Any]:
        """JSON data of the state; its arrays go to `pack`."""
        return [
            [number, pack.add_all(getattr(sums, name) for name in NAMES)]
            for number, sums in sorted(self.hours.items())
        ]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked) -> HourSums:
        """The inverse of `dump`."""
        return cls({number: DeviceSums(*arrays.all_of(columns)) for number, columns in data})
