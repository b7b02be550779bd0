"""Quality flags in the fold: the first ones at arrival, the final ones a quarter of an hour at a time.

Instants and means of each length are series of their own: one does not compare with the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ingest.records import MISSING
from ingest.units import JUDGED
from processors.columns import (
    ABSENT,
    HOUR_MS,
    NANO_PER_THOUSANDTH,
    QUARTER_MS,
    Int64s,
    Packing,
    Renumbering,
    Unpacked,
)
from processors.measuring import Backgrounds
from processors.plan import Plan
from processors.quality import (
    NewestValues,
    NewReadings,
    SortedReadings,
    final_flags,
    first_flags,
    names_of,
    newest_after,
    reach_ms,
)
from processors.records import Flagged
from processors.windows import Bounded, Columns, RowLog, row_key


def words_of(fail: int, suspect: int) -> tuple[str, ...]:
    """The checks of two bit masks as words, sorted: `spike!` where a value failed, `spike`: it is suspect."""
    failed = names_of(fail)
    return tuple(sorted([f"{name}!" for name in failed] + [n for n in names_of(suspect) if n not in failed]))


def flagged(plan: Plan, columns: Columns, *, final: bool) -> list[Flagged]:
    """What the flags of these readings say in words."""
    made = []
    for i, row in enumerate(columns.row.tolist()):
        words = {
            name: words_of(int(columns.fail[q, i]), int(columns.suspect[q, i]))
            for q, name in enumerate(JUDGED)
            if columns.fail[q, i] | columns.suspect[q, i]
        }
        time, period = int(columns.time[i]), int(columns.period[i])
        made.append(Flagged(plan.sites[row], plan.devices[row], time, period, words, final))
    return made


def flag(columns: Columns, newest: NewestValues, plan: Plan) -> list[Flagged]:
    """Write the first flags of readings into their columns; what the checks found. Changes `newest`."""
    readings = NewReadings(columns.row, columns.time, columns.values, columns.packed)
    first = first_flags(newest, plan.limits, readings)
    columns.fail, columns.suspect = first.fail, first.suspect
    which = np.flatnonzero((first.fail | first.suspect).any(axis=0))
    return flagged(plan, columns.take(which), final=False)


class _Quarter(NamedTuple):
    """A quarter of an hour that is flagged: its span, the rows of its bucket, the air around each device."""

    start: int
    end: int
    rows: Columns  # views: what is written here is written in the log
    backgrounds: Int64s | None


class _Sorted(NamedTuple):
    """The readings of one series with their context, each once, and where the quarter's own ones are."""

    readings: SortedReadings
    own: Int64s


@dataclass(slots=True)
class Flagging(Bounded):
    """Per length of period (ms): the newest values before what the next quarter looks back at."""

    before: dict[int, NewestValues] = field(default_factory=dict)

    def quarter(self, log: RowLog, plan: Plan, start: int, end: int, stations: Backgrounds) -> list[Flagged]:
        """Write the final flags of [start, end) into the log's rows; those that say something new."""
        bucket = log.open.get(start // QUARTER_MS)
        if bucket is None or not bucket.n:
            return []
        quarter = _Quarter(start, end, bucket.filled(), _backgrounds(plan, stations, start))
        rows = quarter.rows
        own = rows.time // QUARTER_MS == start // QUARTER_MS
        changed: list[Flagged] = []
        for period in np.unique(rows.period[own]).tolist():
            which = np.flatnonzero(own & (rows.period == period))
            changed += self._series(log, plan, quarter, period, which)
        return changed

    def _series(
        self, log: RowLog, plan: Plan, quarter: _Quarter, period: int, which: Int64s
    ) -> list[Flagged]:
        """The same of the readings `which` of one period."""
        limits, rows, start = plan.limits, quarter.rows, quarter.start
        reach = reach_ms(limits.settings)
        readings, own = _sorted(log, quarter, period, which, reach)
        before = self.before.get(period)
        if before is None:
            before = self.before[period] = NewestValues.empty(len(plan))
        fail, suspect = final_flags(readings, limits, (start, quarter.end), before, quarter.backgrounds)
        self.before[period] = newest_after(readings, limits, quarter.end - reach, before)
        there = rows.values.take(which, axis=1) != ABSENT
        fail = np.where(there, fail.take(own, axis=1), np.uint16(0))
        suspect = np.where(there, suspect.take(own, axis=1), np.uint16(0))
        news = (fail != rows.fail.take(which, axis=1)) | (suspect != rows.suspect.take(which, axis=1))
        rows.fail[:, which], rows.suspect[:, which] = fail, suspect
        return flagged(plan, rows.take(which[np.flatnonzero(news.any(axis=0))]), final=True)

    def follow(self, change: Renumbering) -> None:
        """Devices have new rows."""
        self.before = {period: newest.moved(change.old_row) for period, newest in self.before.items()}

    def dump(self, pack: Packing) -> list[Any]:
        """As JSON data."""
        return [[period, newest.dump(pack)] for period, newest in sorted(self.before.items())]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: object) -> Flagging:
        """The inverse of `dump`."""
        return cls({period: NewestValues.load(columns, arrays, plan) for period, columns in data})


def _sorted(log: RowLog, quarter: _Quarter, period: int, which: Int64s, reach: int) -> _Sorted:
    """The readings `which` of the quarter's rows, and those of `reach` ms before it, of one period."""
    rows, start = quarter.rows, quarter.start
    back = log.within(start - reach, start)
    former = np.flatnonzero((back.period == period) & (back.time < start))
    row, time, values, packed = (
        np.concatenate([getattr(back, name).take(former, -1), getattr(rows, name).take(which, -1)], -1)
        for name in ("row", "time", "values", "packed")
    )
    key = row_key(row, time - (start - HOUR_MS))
    order = np.argsort(key)  # not stable: what is equal is sorted by content anyhow
    again = np.zeros(len(order), bool)
    again[1:] = key[order][1:] == key[order][:-1]
    place = np.empty(len(order), np.int64)
    if again.any():
        # a conflict: the smaller hash counts; it speaks for the other one too
        order = np.lexsort((np.concatenate([back.hash[former], rows.hash[which]]), key))
        place[order] = np.cumsum(~again) - 1
        order = order[~again]
    else:
        place[order] = np.arange(len(order))
    readings = SortedReadings(row[order], time[order], values.take(order, axis=1), packed[order])
    return _Sorted(readings, place[len(former) :])


def _backgrounds(plan: Plan, stations: Backgrounds, start: int) -> Int64s | None:
    """(3, rows) background of the hour before the quarter at each device, thousandths; MISSING: not known.

    The hour's own background comes when it is over; the one before it says what the air is like.
    """
    areas = np.where(plan.area_of >= 0, plan.area_of, 0 if len(plan.areas) else -1)
    made = np.full((len(JUDGED), len(plan)), MISSING, np.int64)
    hour = start // HOUR_MS * HOUR_MS
    for index, area in enumerate(plan.areas):
        for q, name in enumerate(JUDGED):
            mean = stations.mean(area, hour - HOUR_MS, hour, name)
            if mean is not None:
                made[q, areas == index] = mean.nano // NANO_PER_THOUSANDTH
    return made if (made != MISSING).any() else None
