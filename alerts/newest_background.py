"""Newest hour of background that each area has, for the watch over the platform. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingest.durations import HOUR_MS
from ingest.records import Background
from ingest.register import BackgroundArea

_MOST_HOURS = 100  # remembered: far more than any feed sends at once


class NewestBackground:
    """Hours of which background came in, counted from the instant `started` (ms of the clock) on."""

    def __init__(self, started: int) -> None:
        self._started = started
        self._stations: dict[int, set[str]] = {}  # end of the hour -> whose value came

    def take(self, record: Background) -> None:
        """Take in a record of the log; only whole hours count, as for the rules."""
        if record.end - record.start != HOUR_MS:
            return
        self._stations.setdefault(record.end, set()).add(record.station)
        while len(self._stations) > _MOST_HOURS:
            del self._stations[min(self._stations)]

    def ages(self, areas: Sequence[BackgroundArea], now: int) -> Mapping[str, tuple[float, bool]]:
        """By area: seconds since its newest hour ended (if none came: since the start), whether any came."""
        found = {}
        for area in areas:
            ends = [
                end
                for end, stations in self._stations.items()
                if len(stations.intersection(area.stations)) >= area.min_stations
            ]
            newest = max(ends, default=None)
            since = self._started if newest is None else newest
            found[area.area] = ((now - since) / 1000, newest is not None)
        return found
