"""Suspected falsification (疑似) in the fold: the check of each clock hour, and the breaches it opens.

An hour is checked when the next one closes: by then its background has arrived, and most late readings.
Readings that arrive later still only show that their device was not silent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from ingest.records import Readings
from ingest.units import JUDGED
from processors.breaches import SUSPICION, Breaches, Suspicion
from processors.columns import (
    ABSENT,
    HOUR_MS,
    Bools,
    Floats,
    Int32s,
    Int64s,
    Packing,
    Renumbering,
    Unpacked,
)
from processors.measuring import Backgrounds, Intake, Positions
from processors.plan import Orders, Plan, Tables, is_under
from processors.quality import is_corrected, is_serviced, uncalibrated
from processors.records import Breach
from processors.silence import excuses
from processors.suspicion import (
    FEATURES,
    NOTHING,
    NUMBER,
    PATTERNS,
    STANDING,
    STATUS,
    TITLES,
    Blocks,
    Episodes,
    Finding,
    HourReadings,
    HourSums,
    Surroundings,
    ValueExtras,
    air_of,
    described,
    hour_features,
    restored,
    standing_block,
)
from processors.windows import DRY, GREATEST, REFUSED, Bounded, Columns, RowLog, row_key

PM10, PM2_5, TSP = (JUDGED.index(name) for name in ("pm10", "pm2_5", "tsp"))
# marks: of detection; of ingestion, where receipt took the place of the time
FUTURE, CLOCK = "future", "clock"


class LookedAt(NamedTuple):
    """Closed clock hours of a partition to be checked, and everything known of them."""

    closed: int  # end of the newest hour that has closed; the one before it is looked at
    since: int  # no hour that began before it is looked at
    log: RowLog
    log_gaps: list[tuple[int, int]]  # accepted by an operator
    orders: Orders
    stations: Backgrounds


class Announcement(NamedTuple):
    """Destination of suspicions: the breaches to open and close, the instant, and whether it is delayed."""

    breaches: Breaches
    at: int
    delayed: bool


class Suspicions(Bounded):
    """Hourly features of all devices of a partition, and the suspicions that are open."""

    def __init__(self, devices: int = 0) -> None:
        self.episodes = Episodes.of(devices)
        self.hour_sums = HourSums()
        self.blocks = Blocks()  # its packed hours
        self._standing: bytes | None = None  # packed; it changes once an hour

    def hour(self, plan: Plan, hours: LookedAt, announcement: Announcement) -> tuple[list[Breach], list[str]]:
        """Check the hour before the newest closed one, and return (events, findings explained by a guard)."""
        start, end = hours.closed - 2 * HOUR_MS, hours.closed - HOUR_MS
        sums = self.hour_sums.take(start)
        if start < hours.since:
            return [], []
        self._standing = None
        if not len(plan):  # a device that comes here is at once where it would be among others
            self.episodes.history.newest = start
            return [], []
        features = hour_features(
            _readings(hours.log.within(start, end), start, plan.corrections),
            len(plan),
            start,
            _background(plan, hours.stations, start),
            _excused(plan, hours.orders, hours.log_gaps, start, end),
            sums,
        )
        air = air_of(plan.corrections[PM10])
        place = Surroundings(_numbers(plan.sites), _hour_of_day(start, plan.zone), air)
        found = self.episodes.close(features, place, plan.suspicion)
        return _events(plan, self.episodes, found, announcement)

    def left_out(self, plan: Plan, batch: Readings, rows: Iterable[tuple[int, str]], since: int) -> None:
        """Note rows of a batch that are not judged: one from the future is evidence against its clock."""
        ahead = np.array([i for i, why in rows if why == FUTURE], np.intp)
        if len(ahead):
            row = plan.rows_of(batch.devices)[batch.codes[ahead]]
            self.hour_sums.astray(len(plan), row, batch.received_at[ahead], since)

    def came(self, plan: Plan, batch: Readings, fresh: Intake, closed: Positions, since: int) -> None:
        """Take in new readings; `closed`: positions of those that begin before the end of a closed window.

        `since`: start of the first hour that has not been checked yet.
        """
        columns = fresh.columns
        self._came_late(columns.row[closed], columns.time[closed])
        if batch.marks:
            marked = {i for i, text in batch.marks.items() if CLOCK in text.split(",")}
            placed = np.flatnonzero(np.isin(fresh.place, list(marked)))  # by their receipt
            self.hour_sums.astray(len(plan), columns.row[placed], fresh.received[placed], since)
        if batch.beside and "pm10" in batch.values:
            at, row, instant = fresh.place, columns.row, columns.time
            serviced = is_serviced(columns.packed)
            if serviced.any():
                at, row, instant = at[~serviced], row[~serviced], instant[~serviced]
            more = {name: column[at] for name, column in batch.beside.items()}
            extras = ValueExtras(row, instant, batch.values["pm10"][at], more)
            self.hour_sums.readings(len(plan), extras, since)

    def _came_late(self, row: Int32s, time: Int64s) -> None:
        """Note that devices with readings in closed hours were not silent in them."""
        newest = self.episodes.history.newest
        if newest != NOTHING and len(row) and int(time.min()) < newest + HOUR_MS:
            self.episodes.history.backfilled(row, time)

    def leave_off(self, plan: Plan, breaches: Breaches, at: int) -> list[Breach]:
        """Close the suspicions of patterns that a new configuration does not look for."""
        events: list[Breach] = []
        for pattern in PATTERNS:
            if (not plan.suspects or pattern in plan.suspicion.without) and self.episodes.end(pattern):
                self._standing = None
                events += breaches.unsuspect(rule_of(pattern), set(), at, "rule_removed")
        return events

    # ---------------------------------------------------------------------------- save, restore, move

    def follow(self, change: Renumbering) -> None:
        """Move devices to their new rows."""
        self._standing, self.blocks = None, Blocks()
        self.episodes.remap(change.old_row)
        self.hour_sums.remap(change.old_row)

    def dump(self, pack: Packing) -> list[Any]:
        """The state as JSON data; the hours go into separate blocks, which change once an hour."""
        if self.episodes.history.newest == NOTHING:
            return [None, self.hour_sums.dump(pack)]
        if self._standing is None:
            self._standing = standing_block(self.episodes)
        pack.blocks |= {**self.blocks.bring_up(self.episodes.history), STANDING: self._standing}
        return [described(self.episodes), self.hour_sums.dump(pack)]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: Plan) -> Suspicions:
        """The inverse of `dump`. Raises ValueError for a state saved with other patterns."""
        made = cls(len(plan))
        description, hour_sums = data
        made.hour_sums = HourSums.load(hour_sums, arrays)
        if description is not None:
            made.episodes = restored(description, arrays.blocks)
            made._standing = arrays.blocks[STANDING]
            made.blocks.of = {name: block for name, block in arrays.blocks.items() if name != STANDING}
        return made


def _events(
    plan: Plan, episodes: Episodes, found: list[Finding], announcement: Announcement
) -> tuple[list[Breach], list[str]]:
    breaches, at, delayed = announcement
    told = {(finding.pattern, finding.row): finding for finding in found if finding.silenced is None}
    events: list[Breach] = []
    for pattern in PATTERNS:
        stands = {plan.devices[row] for row in episodes.standing(pattern).tolist()}
        anew = {plan.devices[row] for name, row in told if name == pattern}
        events += breaches.unsuspect(rule_of(pattern), stands - anew, at)
    for (pattern, row), finding in told.items():
        suspicion = Suspicion(
            rule_of(pattern),
            plan.sites[row],
            plan.devices[row],
            finding.start,
            finding.end,
            title={"zh": TITLES[pattern].zh_CN, "en": TITLES[pattern].en},
            status=STATUS,
            evidence=evidence_of(finding, plan),
        )
        events.append(breaches.suspect(suspicion, at, delayed=delayed, configuration=plan.id))
    silenced = [
        f"{plan.devices[one.row]}: {one.pattern}, explained by {one.silenced}"
        for one in found
        if one.silenced is not None
    ]
    return events, silenced


def rule_of(pattern: str) -> str:
    """Rule named by breaches of a pattern."""
    return f"{SUSPICION}/{pattern}"


def evidence_of(finding: Finding, plan: Plan) -> dict[str, Any]:
    """Evidence in a breach: numbers with units, guards that were considered, hours to plot.

    The last number of each series is for the hour that ends with the breach's interval.
    """
    numbers = {name: {"value": value, "unit": unit} for name, (value, unit) in finding.evidence.items()}
    for name, (value, unit) in finding.evidence.items():
        if unit == "row" and value is not None:
            numbers[name] = {"value": plan.devices[int(value)], "unit": "device"}
    return {
        "pattern": finding.pattern,
        "confidence": finding.confidence,
        "numbers": numbers,
        "guards": [guard._asdict() for guard in finding.guards],
        "plot": {
            "step_s": HOUR_MS // 1000,
            "series": {
                name: {"unit": FEATURES[NUMBER[name]].unit, "values": list(values)}
                for name, values in finding.plot.items()
            },
        },
    }


def _readings(columns: Columns, start: int, corrections: Tables) -> HourReadings:
    """Readings of the hour, as they were sent, by device and time.

    Each device's are of one period, and only one counts where contents conflict.
    """
    at = np.flatnonzero((columns.time >= start) & (columns.time < start + HOUR_MS))
    at = at[_of_usual_period(columns.row[at], columns.period[at])]
    key = row_key(columns.row[at], columns.time[at] - start)
    order = np.argsort(key, kind="stable")
    key = key[order]
    if (key[1:] == key[:-1]).any():
        order = np.lexsort((columns.hash[at], row_key(columns.row[at], columns.time[at] - start)))
        first = np.ones(len(order), bool)
        first[1:] = key[1:] != key[:-1]
        order = order[first]
    at = at[order]
    values, wet = columns.values[:, at], columns.wet[at]
    for q, table in enumerate(corrections):
        changed = np.flatnonzero(is_corrected(columns.packed[at], q) & (values[q] > REFUSED)) if table else ()
        if len(changed):
            rows = at[changed]
            sent = uncalibrated(
                columns.row[rows], columns.time[rows], values[q, changed].astype(np.int64), table
            )
            values[q, changed] = np.clip(sent, -GREATEST, GREATEST)
    serviced = is_serviced(columns.packed[at])
    return HourReadings(
        columns.row[at],
        columns.time[at],
        values[PM10],
        values[PM2_5] if (values[PM2_5] != ABSENT).any() else None,
        values[TSP] if (values[TSP] != ABSENT).any() else None,
        np.where(wet == DRY, ABSENT, wet.astype(np.int32) * 1000) if (wet != DRY).any() else None,
        lag=columns.lag[at].astype(np.int64) * 1000,
        excused=serviced if serviced.any() else None,
    )


def _of_usual_period(row: Int32s, period: Int32s) -> Bools:
    """Mask of the readings whose period is the most frequent of their device; of equal ones, the shortest.

    Instants and means of minutes or hours are separate series.
    """
    if not len(row) or (period == period[0]).all():
        return np.ones(len(row), bool)
    key = (row.astype(np.int64) << 32) + period
    kinds, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    device = kinds >> 32
    order = np.lexsort((kinds, -count, device))
    first = np.flatnonzero(np.concatenate(([True], device[order][1:] != device[order][:-1])))
    usual = np.zeros(len(kinds), bool)
    usual[order[first]] = True
    return np.asarray(usual[inverse])


def _background(plan: Plan, stations: Backgrounds, start: int) -> Floats:
    """(rows) lower median of the stations' PM10 in each device's area in the hour, ug/m3; NaN: not known.

    A device without an area belongs to the first.
    """
    found = np.full(len(plan), np.nan)
    areas = np.maximum(plan.area_of, 0)
    for index, area in enumerate(plan.areas):
        median = stations.median(area, start, start + HOUR_MS, "pm10")
        if median is not None:
            found[areas == index] = median / 1000
    return found


def _excused(
    plan: Plan, orders: Orders, log_gaps: list[tuple[int, int]], start: int, end: int
) -> Bools | None:
    """(rows) devices excused by an order in the hour, all if the log lacks records of it; None: none is."""
    if any(start < until and end > since for since, until in log_gaps):
        return np.ones(len(plan), bool)
    named = excuses(orders, plan, start, end)
    if not named:
        return None
    under = np.zeros(len(plan), bool)
    for order in named:
        under |= is_under(order, plan)
    return under


def _numbers(names: tuple[str, ...]) -> Int32s:
    _, numbers = np.unique(np.array(names), return_inverse=True)
    return numbers.astype(np.int32)


def _hour_of_day(start: int, zone: str) -> int:
    return datetime.fromtimestamp(start // 1000, UTC).astimezone(ZoneInfo(zone)).hour
