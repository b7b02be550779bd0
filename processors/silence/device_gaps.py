"""Gaps in each device's readings, by its own timestamps, and how the newest one began.

A gap is longer than three of the device's intervals and longer than 15 minutes. Late readings fill it: gaps
are looked for when a quarter of an hour closes, with everything that came by then. A gap is not flagged if
it began during an outage of our own, while the log lacks records, or under maintenance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from processors.columns import (
    HOUR_MS,
    NEVER,
    Bools,
    Floats,
    Int32s,
    Int64s,
    Packing,
    Renumbering,
    Unpacked,
    carried,
)
from processors.measuring import Backgrounds
from processors.plan import OFFLINE_INTERVALS, OFFLINE_LEAST_MS, Orders, Plan, is_under
from processors.silence.announced import excuses
from processors.silence.gap_onset import Bits, onset_bits
from processors.silence.heard import FAR
from processors.silence.own_outage import Outage
from processors.windows import BUCKET_MS, Bounded, RowLog

_NANO = 1e9
_BACK_HOURS = 3  # the newest background of so many hours speaks for the air at an instant
Gaps = list[tuple[int, int]]


@dataclass(slots=True, eq=False)
class GapContext:
    """Context of gaps: orders, gaps in the log, our own outages, the background."""

    orders: Orders
    gaps: Gaps
    outage: Outage
    known: Backgrounds


@dataclass(slots=True, eq=False)
class DeviceGaps(Bounded):
    """Newest gap of each device, one line per device row; device instants in ms, NEVER: none.

    `last`: newest reading of the quarters examined so far; [`begin`, `until`): newest gap, `begin` being the
    last reading before it; `bits`: how it began.
    """

    last: Int64s
    begin: Int64s
    until: Int64s
    bits: Bits
    looked: int = NEVER  # end of the last quarter that was looked at

    @classmethod
    def of(cls, devices: int, looked: int = NEVER) -> DeviceGaps:
        """State for that many devices, with nothing known of any."""
        last, begin, until = (np.full(devices, NEVER, np.int64) for _ in range(3))
        return cls(last, begin, until, np.zeros(devices, np.uint8), looked)

    def follow(self, change: Renumbering) -> None:
        """Moves devices to their new rows."""
        self.last, self.begin, self.until = (
            carried(column, change.old_row, NEVER) for column in (self.last, self.begin, self.until)
        )
        self.bits = carried(self.bits, change.old_row, 0)

    def dump(self, pack: Packing) -> list[Any]:
        """JSON data of the state; its arrays go to `pack`."""
        return [self.looked, pack.add_all((self.last, self.begin, self.until, self.bits))]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: object) -> DeviceGaps:
        """The inverse of `dump`."""
        looked, columns = data
        last, begin, until, bits = arrays.all_of(columns)
        return cls(last, begin, until, bits, looked)

    def look(self, log: RowLog, plan: Plan, end: int, around: GapContext) -> None:
        """Examines the quarters up to `end`, each once."""
        if self.looked == NEVER:
            self.looked = end - BUCKET_MS
        for start in range(self.looked, end, BUCKET_MS):
            self._quarter(log, plan, start, around)
            self.looked = start + BUCKET_MS

    def _quarter(self, log: RowLog, plan: Plan, start: int, around: GapContext) -> None:
        end = start + BUCKET_MS
        held = log.within(start, end)
        inside = (held.time >= start) & (held.time < end)
        row, time = held.row, held.time
        if not inside.all():
            row, time = row[inside], time[inside]
        # where a hole after the last reading ends, as far as is known
        edge, last = np.full(len(plan), end, np.int64), self.last
        if len(row):
            last = last.copy()
            np.minimum.at(edge, row, time)
            np.maximum.at(last, row, time)
        found = np.flatnonzero((self.last != NEVER) & (edge - self.last > longest(plan)))
        if len(found):
            self._found(log, plan, found.astype(np.int32), edge[found], around)
        if len(row):
            self.last = np.maximum(self.last, last)

    def _found(self, log: RowLog, plan: Plan, rows: Int32s, edge: Int64s, around: GapContext) -> None:
        """Records gaps of rows that end, or still continue, at `edge`."""
        going = self.begin[rows] == self.last[rows]
        fresh = rows[~going]
        if len(fresh):
            self._begin(log, plan, fresh, edge[~going], longest(plan), around)
        # what came late may have filled a hole after all
        still = self.begin[rows] >= self.last[rows]
        self.until[rows[still]] = edge[still]

    def _begin(
        self, log: RowLog, plan: Plan, rows: Int32s, edge: Int64s, least: Int64s, around: GapContext
    ) -> None:
        """Records gaps before `edge`, longer than `least`, of rows that had none there."""
        before = self.last[rows].copy()
        held = log.within(int(before.min()) - HOUR_MS, int(edge.max()))
        place = np.searchsorted(rows, held.row)
        place[place == len(rows)] = 0
        mine = (rows[place] == held.row) & (held.time < edge[place])
        np.maximum.at(before, place[mine], held.time[mine])
        true = edge - before > least[rows]
        rows, before, edge = rows[true], before[true], edge[true]
        if not len(rows):
            return
        bits = onset_bits(held, rows, before, _background(plan, around.known, rows, before))
        self.last[rows] = self.begin[rows] = before
        self.until[rows] = edge
        self.bits[rows] = np.where(_excused(plan, around, rows, before), np.uint8(0), bits)

    def over(self, start: int, end: int) -> Bits:
        """(rows) how gaps that overlap [start, end) began; an ongoing gap has no end yet."""
        if not self.bits.any():  # as most of the time
            return np.zeros_like(self.bits)
        open_ = (self.begin != NEVER) & (self.begin == self.last)
        touch = (self.begin != NEVER) & (self.begin < end) & (open_ | (self.until > start))
        return np.where(touch, self.bits, np.uint8(0))

    def now(self, log: RowLog, plan: Plan, rows: list[int], until: int, around: GapContext) -> Bits:
        """(given rows) how the silence of each at `until` began, before its quarter has ended."""
        asked = np.array(rows, np.int32)
        order = np.argsort(asked)
        sorted_rows = asked[order]
        known = (self.begin[sorted_rows] != NEVER) & (self.begin[sorted_rows] == self.last[sorted_rows])
        fresh = sorted_rows[~known]
        if len(fresh):
            self._seen_by(log, fresh, until)
            fresh = fresh[self.last[fresh] != NEVER]
            if len(fresh):
                # the register may call a device silent sooner than that is a hole
                edge, least = np.full(len(fresh), until, np.int64), np.zeros(len(plan), np.int64)
                self._begin(log, plan, fresh, edge, least, around)
        going = (self.begin[asked] != NEVER) & (self.begin[asked] == self.last[asked])
        return np.where(going, self.bits[asked], np.uint8(0))

    def _seen_by(self, log: RowLog, rows: Int32s, until: int) -> None:
        """Brings `last` of some rows up to `until`."""
        held = log.within(self.looked if self.looked != NEVER else until - HOUR_MS, until)
        mine = np.isin(held.row, rows) & (held.time < until)
        np.maximum.at(self.last, held.row[mine], held.time[mine])


def longest(plan: Plan) -> Int64s:
    """(rows) longest silence of a device that is not yet a gap, ms."""
    return plan.once("longest", lambda: np.maximum(OFFLINE_INTERVALS * plan.interval, OFFLINE_LEAST_MS))


def _background(plan: Plan, known: Backgrounds, rows: Int32s, at: Int64s) -> Floats:
    """(rows) background of PM10 in the hour of each instant, or the newest known in the two hours before."""
    areas = np.where(plan.area_of >= 0, plan.area_of, 0 if len(plan.areas) else -1)[rows]
    hours = at // HOUR_MS * HOUR_MS
    found = np.full(len(rows), np.nan)
    for area, hour in {(a, h) for a, h in zip(areas.tolist(), hours.tolist(), strict=True) if a >= 0}:
        for start in (hour - back * HOUR_MS for back in range(_BACK_HOURS)):
            mean = known.mean(plan.areas[area], start, start + HOUR_MS, "pm10")
            if mean is not None:
                found[(areas == area) & (hours == hour)] = mean.nano / _NANO
                break
    return found


def _excused(plan: Plan, around: GapContext, rows: Int32s, at: Int64s) -> Bools:
    outage = around.outage
    made = np.zeros(len(rows), bool)
    for start, end in (*around.gaps, (outage.gap_start, outage.gap_end)):
        if end != NEVER:
            # what was sent just before may not have reached us
            made |= (at >= start - longest(plan)[rows]) & (at < end)
    for order in excuses(around.orders, plan, int(at.min()), int(at.max()) + 1):
        inside = (order.start <= at) & (at < (FAR if order.end is None else order.end))
        made |= is_under(order, plan)[rows] & inside
    return made
