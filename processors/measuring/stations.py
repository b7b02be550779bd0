"""Hourly measurements of reference stations, and the mean of an area."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ingest.records import Background
from processors.columns import NANO_PER_THOUSANDTH, Rowless
from processors.plan import Area
from processors.windows import Horizons

# station -> id and values of its newest record, and the ids of the records that it replaced
Stations = dict[str, tuple[str, dict[str, int], tuple[str, ...]]]


class AreaMean(NamedTuple):
    """Mean of an area over one interval, for one pollutant."""

    nano: int  # 1e-9 unit
    ids: tuple[str, ...]  # the records it was made of, sorted
    complete: bool  # every station of the area is in it


@dataclass(slots=True)
class Backgrounds(Rowless):
    """Background records by (start, end) and station; the newest record of a station counts."""

    held: dict[tuple[int, int], Stations] = field(default_factory=dict)

    def add(self, record: Background) -> bool:
        """Take in a record; False if it is known already."""
        stations = self.held.get((record.start, record.end), {})
        before = stations.get(record.station)
        replaced: tuple[str, ...] = ()
        if before is not None:
            replaced = (*before[2], before[0])
            if record.id in replaced:  # delivered again, maybe after its correction: it undoes nothing
                return False
        # replaced, not changed: who knows the object knows what is in it
        self.held[record.start, record.end] = {
            **stations,
            record.station: (record.id, dict(record.values), replaced),
        }
        return True

    def mean(self, area: Area, start: int, end: int, pollutant: str) -> AreaMean | None:
        """Mean over the area's stations that have reported; None if they are fewer than its minimum."""
        found = self._of(area, start, end, pollutant)
        if not found:
            return None
        total = sum(value for _, value in found) * NANO_PER_THOUSANDTH
        nano = (2 * total + len(found)) // (2 * len(found))
        return AreaMean(nano, tuple(sorted(i for i, _ in found)), len(found) == len(area.stations))

    def median(self, area: Area, start: int, end: int, pollutant: str) -> int | None:
        """Lower median over the same stations, thousandths of the unit: a change at one moves it little."""
        found = sorted(value for _, value in self._of(area, start, end, pollutant))
        return found[(len(found) - 1) // 2] if found else None

    def _of(self, area: Area, start: int, end: int, pollutant: str) -> list[tuple[str, int]]:
        """(id, value) of the area's stations that have reported; none if they are fewer than its minimum."""
        stations = self.held.get((start, end), {})
        found = [
            (stations[s][0], stations[s][1][pollutant])
            for s in area.stations
            if s in stations and pollutant in stations[s][1]
        ]
        return found if len(found) >= area.least else []

    def forget(self, until: Horizons) -> None:
        """Forget records that no verdict can need any more."""
        for span in [span for span in self.held if span[1] <= until.late]:
            del self.held[span]

    def dump(self, pack: object) -> list[Any]:
        """The state as JSON data."""
        return [
            [start, end, station, id_, values, *replaced]
            for (start, end), stations in sorted(self.held.items())
            for station, (id_, values, replaced) in sorted(stations.items())
        ]

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> Backgrounds:
        """The inverse of `dump`."""
        made = cls()
        for start, end, station, id_, values, *replaced in data:
            made.held.setdefault((start, end), {})[station] = (id_, values, tuple(replaced))
        return made
