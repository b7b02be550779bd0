"""Episodes of an area, found in the hourly background of its stations.

An episode begins with an hour whose mean is above the mark while most stations rose. A station rises if its
value is above that of the hour before; where it said nothing then, nobody knows otherwise. The episode goes
on while the mean stays above the mark, over at most `PATIENCE_MS` of hours without a mean. It depends on what
is known of the hours, not on the order in which that came.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

from processors.columns import HOUR_MS, Rowless
from processors.measuring.stations import Backgrounds, Stations
from processors.plan import Area
from processors.windows import Horizons

POLLUTANT = "pm10"
PATIENCE_MS = 3 * HOUR_MS  # the newest background speaks for the hours after it, as for the onset of gaps


class AreaHour(NamedTuple):
    """An hour of an area: mean (1e-9 ug/m3), and how many of its stations rose."""

    start: int
    mean: int
    rising: int
    stations: int

    @property
    def rises(self) -> bool:
        """True if most stations rose."""
        return 2 * self.rising > self.stations


@dataclass(frozen=True, slots=True)
class AreaEpisode:
    """An episode: hours [start, end) are above the mark; `over`: a later one is known that is not."""

    start: int
    end: int
    mean: int  # of the last hour, 1e-9 ug/m3
    peak: int
    rising: int  # in the first hour
    stations: int
    over: bool = False
    revision: int = 1

    @property
    def reach(self) -> int:
        """Instant up to which it counts: its end, and a while beyond where nothing later is known."""
        return self.end if self.over else self.end + PATIENCE_MS


AreaEpisodes = list[AreaEpisode]


class _Known(NamedTuple):
    """An hour of an area, or None if it has no mean, and the records that it was made of."""

    area: Area
    now: Stations
    before: Stations | None
    found: AreaHour | None


@dataclass(slots=True)
class AreaHours:
    """Hours of areas as they were found last: a record changes one or two of the many that are kept."""

    of: dict[str, dict[int, _Known]] = field(default_factory=dict)

    def known(self, backgrounds: Backgrounds, area: Area) -> list[AreaHour]:
        """Hours of which the area has a mean, in order."""
        before, kept = self.of.get(area.name, {}), {}
        held = backgrounds.held
        for start, end in sorted(held):
            if end - start != HOUR_MS:
                continue
            now, earlier = held[start, end], held.get((start - HOUR_MS, start))
            one = before.get(start)
            if one is None or one.now is not now or one.before is not earlier or one.area is not area:
                one = _Known(area, now, earlier, _hour_of(backgrounds, area, start))
            kept[start] = one
        self.of[area.name] = kept
        return [one.found for one in kept.values() if one.found is not None]


def _hour_of(known: Backgrounds, area: Area, start: int) -> AreaHour | None:
    end = start + HOUR_MS
    mean = known.mean(area, start, end, POLLUTANT)
    if mean is None:
        return None
    now, before = known.held[start, end], known.held.get((start - HOUR_MS, start), {})
    rising = present = 0
    for station in area.stations:
        value = now[station][1].get(POLLUTANT) if station in now else None
        if value is not None:
            present += 1
            earlier = before[station][1].get(POLLUTANT) if station in before else None
            rising += earlier is None or value > earlier
    return AreaHour(start, mean.nano, rising, present)


def episodes_of(hours: list[AreaHour], mark: int, before: AreaEpisodes) -> AreaEpisodes:
    """Episodes of the hours, in order; `before`: those found earlier, some of whose hours are forgotten."""
    first = hours[0].start if hours else 0
    # what lies before the hours that are still known stays, and may go on in the first of them
    kept = [one for one in before if one.end <= first]
    running = next((one for one in before if one.start < first < one.end), None)
    if kept and running is None and not kept[-1].over and first - kept[-1].end < PATIENCE_MS:
        running = kept.pop()
    found: AreaEpisodes = list(kept)
    for hour in hours:
        if running is not None and hour.start - running.end >= PATIENCE_MS:
            found.append(replace(running, over=True))
            running = None
        if hour.mean > mark:
            if running is not None:
                peak = max(running.peak, hour.mean)
                running = replace(running, end=hour.start + HOUR_MS, mean=hour.mean, peak=peak, over=False)
            elif hour.rises:
                end = hour.start + HOUR_MS
                running = AreaEpisode(hour.start, end, hour.mean, hour.mean, hour.rising, hour.stations)
        elif running is not None:
            found.append(replace(running, over=True))
            running = None
    return [*found, running] if running is not None else found


@dataclass(slots=True)
class RegionalEpisodes(Rowless):
    """Episodes of each area, by start; every partition finds the same."""

    of: dict[str, AreaEpisodes] = field(default_factory=dict)
    _hours: AreaHours = field(default_factory=AreaHours, compare=False)

    def learn(self, known: Backgrounds, area: Area) -> list[tuple[str, AreaEpisode]]:
        """Find the area's episodes anew; returns (event, episode) of each that has changed."""
        before = {one.start: one for one in self.of.get(area.name, ())}
        found: AreaEpisodes = []
        events: list[tuple[str, AreaEpisode]] = []
        hours = self._hours.known(known, area)
        for one in episodes_of(hours, area.regional.mark, list(before.values())):
            was = before.pop(one.start, None)
            if was is None:
                was = replace(one, over=False)
                events.append(("began", was))
            now = replace(one, revision=was.revision)
            if now != was:
                now = replace(one, revision=was.revision + 1)
                events.append(("ended" if one.over and not was.over else "amended", now))
            found.append(now)
        events += [("withdrawn", replace(gone, revision=gone.revision + 1)) for gone in before.values()]
        if found or before:
            self.of[area.name] = found
        return events

    def covering(self, area: str, start: int, end: int) -> AreaEpisode | None:
        """The episode that has at least half of [start, end), or the instant; None: there is none."""
        for one in self.of.get(area, ()):
            inside = min(end, one.reach) - max(start, one.start)
            if (2 * inside >= end - start and inside > 0) or (
                start == end and one.start <= start < one.reach
            ):
                return one
        return None

    def forget(self, until: Horizons) -> None:
        """Forget episodes that ended long ago."""
        late = until.late
        for area, held in self.of.items():
            self.of[area] = [one for one in held if one.end > late]

    def dump(self, pack: object) -> list[Any]:
        """The state as JSON data."""
        return [[area, *map(asdict, held)] for area, held in sorted(self.of.items())]

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> RegionalEpisodes:
        """The inverse of `dump`."""
        return cls({area: [AreaEpisode(**one) for one in held] for area, *held in data})
