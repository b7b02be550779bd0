"""Wind in the fold: gathered on arrival, published per site when the clock hour closes or is amended."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from ingest.records import MISSING, Readings
from ingest.units import JUDGED
from processors.columns import HOUR_MS, Bools, Int16s, Int32s, Int64s, Packing, Uint64s, Unpacked
from processors.measuring import LEAST_PERMYRIAD, Intake
from processors.plan import Plan, PlanChange
from processors.records import Share, SiteHour, short_id
from processors.wind import (
    LOG_GAP,
    UNDETERMINED,
    GatheredWind,
    HourMeans,
    Wind,
    WindReadings,
    WindSettings,
    WindSums,
    means_by_row,
    shares_of,
    wind_of,
    wind_words,
)
from processors.windows import Horizons, Means, slots_of

SPEED, DIRECTION = "wind_speed", "wind_direction"
_SETTINGS = WindSettings()


@dataclass(slots=True, eq=False)
class PublishedHour:
    """Published state of an hour, one line per site: its revision (0: none) and a hash of its content."""

    revision: Int16s
    content: Uint64s

    @classmethod
    def of(cls, sites: int) -> PublishedHour:
        """An hour of which nothing was published."""
        return cls(np.zeros(sites, np.int16), np.zeros(sites, np.uint64))


@dataclass(slots=True, eq=False)
class HourlyWinds:
    """Wind of the hours that readings may still change. `told`: start of the hour -> published state."""

    gathered: GatheredWind = field(default_factory=GatheredWind)
    told: dict[int, PublishedHour] = field(default_factory=dict)

    def take(self, batch: Readings, fresh: Intake, devices: int, border: int, forgotten: int) -> None:
        """Take in readings other than duplicates. `border`: the end of some hour; see `GatheredWind.add`."""
        speed, direction = batch.values.get(SPEED), batch.values.get(DIRECTION)
        if speed is None or direction is None or not len(fresh):
            return
        speed, columns = speed[fresh.place], fresh.columns
        if batch.flags:
            refused = _refused(batch, fresh)
            speed = np.where(refused, MISSING, speed) if refused.any() else speed
        readings = WindReadings(columns.row, columns.time, columns.period, speed, direction[fresh.place])
        self.gathered.add(readings, border, forgotten, devices)

    def of_hour(self, plan: Plan, start: int) -> Wind:
        """Mean wind of the hour that begins at `start`, one line per site."""
        return wind_of(self._sums(plan, start), _SETTINGS)

    def _sums(self, plan: Plan, start: int) -> WindSums:
        ground = plan.ground
        return self.gathered.of_hour(start, ground.site, len(ground.sites))

    def tell(
        self,
        plan: Plan,
        start: int,
        means: tuple[Means, ...],
        at: int,
        log_gap: bool,
        rows: Int32s | None = None,
    ) -> list[SiteHour]:
        """Publish changes of a closed hour by site; sites with neither wind nor pairs are left out.

        `means`: one per judged pollutant, over all devices of the sites concerned; `log_gap`: the log lacks
        records of the hour; `rows`: only the sites of these devices.
        """
        ground, sums = plan.ground, self._sums(plan, start)
        told = self.told.setdefault(start, PublishedHour.of(len(ground.sites)))
        spoken = set(np.flatnonzero((sums.count > 0) | (told.revision > 0)).tolist())
        if not spoken and not ground.paired:
            return []
        wind = wind_of(sums, _SETTINGS)
        slots = slots_of(plan.interval, HOUR_MS)
        shares = [
            shares_of(ground, wind, _valid(name, found, slots), plan.devices)
            for name, found in zip(JUDGED, means, strict=True)
        ]
        spoken |= set().union(*shares) & ground.paired
        if rows is not None:
            spoken &= set(ground.site[rows].tolist())
        made = []
        for site in sorted(spoken):
            own = tuple(by_site[site] for by_site in shares if site in by_site)
            if log_gap:
                own = tuple(Share(one.pollutant, UNDETERMINED, (LOG_GAP,)) for one in own)
            words = {**wind_words(wind, site, int(sums.count[site])), "shares": own}
            content = _content(words)
            if told.revision[site] and told.content[site] == content:
                continue
            told.revision[site] += 1
            told.content[site] = content
            revision, name = int(told.revision[site]), ground.sites[site]
            made.append(
                SiteHour(
                    id=short_id("wind", name, start, revision),
                    site=name,
                    start=start,
                    end=start + HOUR_MS,
                    **words,
                    revision=revision,
                    configuration=plan.id,
                    decided_at=at,
                )
            )
        return made

    def concerns(self, plan: Plan, start: int, rows: Int32s) -> bool:
        """True if the hour may have news at these devices' sites: a wind, a pair, or an earlier revision."""
        ground = plan.ground
        sites = ground.site[rows]
        told = self.told.get(start)
        if not ground.paired.isdisjoint(sites.tolist()) or (told is not None and told.revision[sites].any()):
            return True
        return bool(self.gathered.of_hour(start, ground.site, len(ground.sites)).count[sites].any())

    def hours_over(self, start: int, end: int) -> list[int]:
        """Starts of the hours that `tell` has handled and that touch [start, end)."""
        return [hour for hour in sorted(self.told) if hour < end and hour + HOUR_MS > start]

    # ---------------------------------------------------------------------------- save, restore, move

    def forget(self, until: Horizons) -> None:
        """Forget hours that no reading can change any more."""
        self.gathered.forget(until.rows)
        self.told = {hour: told for hour, told in self.told.items() if hour >= until.rows}

    def follow(self, change: PlanChange) -> None:
        """Move devices and sites to their new numbers."""
        before, after = change.before.ground.sites, change.after.ground.sites
        self.gathered.remap(change.old_row)
        numbers = {name: number for number, name in enumerate(before)}
        old = np.array([numbers.get(name, -1) for name in after], np.int32)
        stays = old >= 0
        for hour, told in self.told.items():
            moved = self.told[hour] = PublishedHour.of(len(after))
            moved.revision[stays], moved.content[stays] = told.revision[old[stays]], told.content[old[stays]]

    def dump(self, pack: Packing) -> list[Any]:
        """The state as JSON data."""
        told = [
            [hour, pack.add(told.revision), pack.add(told.content)]
            for hour, told in sorted(self.told.items())
        ]
        return [self.gathered.dump(pack), told]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: object) -> HourlyWinds:
        """The inverse of `dump`."""
        gathered, told = data
        return cls(
            GatheredWind.load(gathered, arrays),
            {hour: PublishedHour(arrays[revision], arrays[content]) for hour, revision, content in told},
        )


def _valid(pollutant: str, means: Means, slots: Int64s) -> HourMeans:
    """Means of an hour, and which are valid by the capture that windows of hours require."""
    nano, covered = means_by_row(means.row, means.total, means.covered, len(slots))
    present = (covered > 0) & (slots > 0) & (covered * 10_000 >= LEAST_PERMYRIAD * slots)
    return HourMeans(pollutant, nano, present)


def _refused(batch: Readings, fresh: Intake) -> Bools:
    """Mask of readings whose device flags its own wind as invalid."""
    bad = {
        row
        for row, text in batch.flags.items()
        for name, _, flag in (pair.partition("=") for pair in text.split(";"))
        if name in (SPEED, DIRECTION) and flag not in ("", "N")
    }
    return np.isin(fresh.place, sorted(bad)) if bad else np.zeros(len(fresh), np.bool_)


def _content(words: dict[str, Any]) -> np.uint64:
    text = orjson.dumps(words, option=orjson.OPT_SORT_KEYS)
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))
