"""Wind of open hours: sums of what the devices of a partition sent, by hour and by kind of reading.

Real-time values and means of minutes or hours are separate series: of each device the kind with the most
readings in the hour is used, or the shorter kind of equals. Everything is a whole-number sum, so neither
order nor batching can change it. If two readings of one device and time contradict each other, both are
included: there is no telling which is right, and a sum can't be reversed.
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
    """n readings of wind; MISSING where a device does not send a value."""

    row: Int32s
    time: Int64s  # ms UTC
    period: Int32s  # ms, 0: an instant
    speed: Int64s  # thousandths of m/s
    direction: Int64s  # thousandths of a degree


@dataclass(slots=True, eq=False)
class GatheredWind:
    """`held`: (start of the hour, kind) -> sums, one line per device row."""

    held: dict[tuple[int, int], WindSums] = field(default_factory=dict)

    def add(self, readings: WindReadings, border: int, forgotten: int, devices: int) -> None:
        """Adds n readings; values that are not a valid wind are ignored.

        A value belongs to the hour in which it begins. `border`: start of any hour; hours that begin before
        `forgotten` are not kept.
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
        """Forgets hours that begin before `until`."""
        self.held = {key: sums for key, sums in self.held.items() if key[0] >= until}

    def remap(self, old_row: Int32s) -> None:
        """Moves devices to new rows: `old_row[new]`, -1 for a new device."""
        self.held = {key: sums.moved(old_row) for key, sums in self.held.items()}

    def dump(self, pack: Packing) -> list[Any]:
        """JSON data of the state; its arrays go to `pack`."""
        return [
            [*key, pack.add_all(getattr(sums, name) for name in _COLUMNS)]
            for key, sums in sorted(self.held.items())
        ]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked) -> GatheredWind:
        """The inverse of `dump`."""
        return cls({(start, kind): WindSums(*arrays.all_of(columns)) for start, kind, columns in data})
