"""The wind of open hours: sums of what the devices of a partition sent, by hour and by kind of reading.

Real-time values and means of minutes or hours are series of their own: of each device the kind counts
that it sent most of in the hour, of equally many the shorter one. All else is whole sums, so neither
order nor batch can change one. Of two readings of one device and time that contradict each other both
take part: which of them is right nobody knows, and a sum can't be taken back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from processors.columns import HOUR_MS, MINUTE_MS, QUARTER_MS, Int32s, Int64s, Packing, Unpacked
from processors.wind.vector import FULL, WindSums, gather, merged, no_wind

KIND_MS = (0, MINUTE_MS, QUARTER_MS, HOUR_MS)  # longest of a kind: instants, minutes, quarters, hours
_COLUMNS = ("east", "north", "speed", "count")


class WindReadings(NamedTuple):
    """n readings of wind; what a device does not send of it is MISSING."""

    row: Int32s
    time: Int64s  # ms UTC
    period: Int32s  # ms, 0: an instant
    speed: Int64s  # thousandths of m/s
    direction: Int64s  # thousandths of a degree


@dataclass(slots=True, eq=False)
class GatheredWind:
    """`held`: (start of the hour, kind) -> sums, a line a device row."""

    held: dict[tuple[int, int], WindSums] = field(default_factory=dict)

    def add(self, readings: WindReadings, border: int, forgotten: int, devices: int) -> None:
        """Take in n readings; whatever is no wind takes no part.

        A value belongs to the hour in which it begins. `border`: where some hour begins; hours that
        begin before `forgotten` are not kept.
        """
        row, time, period, speed, direction = readings
        hour = (time - border) // HOUR_MS * HOUR_MS + border
        kind = np.searchsorted(KIND_MS, period)
        usable = (hour >= forgotten) & (kind < len(KIND_MS)) & (speed >= 0)
        usable &= (direction >= 0) & (direction <= FULL)
        if not usable.any():
            return
        if not usable.all():
            row, hour, kind = row[usable], hour[usable], kind[usable]
            speed, direction = speed[usable], direction[usable]
        key = hour * len(KIND_MS) + kind
        alike = bool((key == key[0]).all())  # as most batches are
        for one in (int(key[0]),) if alike else np.unique(key).tolist():
            sums = self.held.get(divmod(one, len(KIND_MS)))
            if sums is None:
                sums = self.held[divmod(one, len(KIND_MS))] = no_wind(devices)
            if alike:
                gather(sums, row, speed, direction)
            else:
                mine = key == one
                gather(sums, row[mine], speed[mine], direction[mine])

    def of_hour(self, start: int, site: Int32s, sites: int) -> WindSums:
        """Sums of the hour by site; `site`: number of each device's site."""
        kinds = [self.held[start, kind] for kind in range(len(KIND_MS)) if (start, kind) in self.held]
        if not kinds:
            return no_wind(sites)
        usual = np.argmax([sums.count for sums in kinds], axis=0)  # the first of equal ones
        line = np.arange(len(site))
        chosen = WindSums(*(np.stack([getattr(s, name) for s in kinds])[usual, line] for name in _COLUMNS))
        return merged(chosen, site, sites)

    def forget(self, until: int) -> None:
        """Forget hours that begin before `until`."""
        self.held = {key: sums for key, sums in self.held.items() if key[0] >= until}

    def remap(self, old_row: Int32s) -> None:
        """Rows have new numbers: `old_row[new]`, -1 for a new device."""
        self.held = {key: sums.moved(old_row) for key, sums in self.held.items()}

    def dump(self, pack: Packing) -> list[Any]:
        """As JSON data."""
        return [
            [*key, pack.add_all(getattr(sums, name) for name in _COLUMNS)]
            for key, sums in sorted(self.held.items())
        ]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked) -> GatheredWind:
        """The inverse of `dump`."""
        return cls({(start, kind): WindSums(*arrays.all_of(columns)) for start, kind, columns in data})
