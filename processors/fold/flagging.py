"""Quality flags in the fold: first flags on arrival, final flags a quarter of an hour at a time.

Instants, and means of each length, are separate series: one is never compared with another. What a later
value reveals of one in a closed window is in `looking_ahead`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ingest.records import MISSING
from ingest.units import JUDGED
from processors.columns import (
    ABSENT,
    HOUR_MS,
    NANO_PER_THOUSANDTH,
    NEVER,
    QUARTER_MS,
    Bools,
    Int32s,
    Int64s,
    Packing,
    Renumbering,
    Unpacked,
)
from processors.fold.looking_ahead import (
    HeldRows,
    Span,
    add_awaited,
    catch_up,
    copy_flags,
    in_order,
    look_ahead,
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
)
from processors.records import Flagged
from processors.windows import Bounded, Columns, RowLog, row_key


def words_of(fail: int, suspect: int) -> tuple[str, ...]:
    """Checks set in two bit masks, as sorted words: `spike!` if a value failed, `spike` if it is suspect."""
    failed = names_of(fail)
    return tuple(sorted([f"{name}!" for name in failed] + [n for n in names_of(suspect) if n not in failed]))


def flagged(plan: Plan, columns: Columns, *, final: bool) -> list[Flagged]:
    """Flags of these readings in words."""
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
    """Write the first flags of readings into their columns, and return the findings. Changes `newest`."""
    readings = NewReadings(columns.row, columns.time, columns.values, columns.packed)
    first = first_flags(newest, plan.limits, readings)
    columns.fail, columns.suspect = first.fail, first.suspect
    which = np.flatnonzero((first.fail | first.suspect).any(axis=0))
    return flagged(plan, columns.take(which), final=False)


_NO_READINGS = SortedReadings(
    np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros((len(JUDGED), 0), np.int32), np.zeros(0, np.uint32)
)


class Quarter(NamedTuple):
    """A quarter of an hour to be flagged: its span, the rows of its bucket, the background at each device."""

    start: int
    end: int
    rows: Columns  # views: what is written here is written in the log
    backgrounds: Int64s | None


class _Sorted(NamedTuple):
    """Readings of one series with their context, each once, and the positions of the quarter's own."""

    readings: SortedReadings
    own: Int64s


@dataclass(slots=True)
class Flagging(Bounded):
    """Newest values, by length of period (ms), before the stretch that the next quarter looks back over.

    `awaits`: device row -> the last instant, ms, of a reading that may change what was said of another.
    """

    before: dict[int, NewestValues] = field(default_factory=dict)
    awaits: dict[int, int] = field(default_factory=dict)

    def quarter(
        self,
        log: RowLog,
        plan: Plan,
        start: int,
        end: int,
        stations: Backgrounds,
        only: Int32s | None = None,
    ) -> list[Flagged]:
        """Write the final flags of [start, end) into the log's rows, and return those that have changed.

        `only`: of these device rows.
        """
        self.awaits = {row: until for row, until in self.awaits.items() if until >= end}
        bucket = log.open.get(start // QUARTER_MS)
        rows = Columns.empty() if bucket is None else bucket.filled()
        own = rows.time // QUARTER_MS == start // QUARTER_MS
        if only is not None:
            own &= np.isin(rows.row, only)
        periods = set(rows.period[own].tolist())
        quarter = Quarter(start, end, rows, _backgrounds(plan, stations, start) if periods else None)
        changed: list[Flagged] = []
        awaits: dict[int, int] = {}
        # a series of which nothing came goes on too: what it had leaves the reach of the next quarter
        for period in sorted({*periods, *self.before}):
            which = (own & (rows.period == period)).nonzero()[0]
            changed += self._series(log, plan, quarter, period, which, awaits)
        if not awaits:
            return changed
        # what has come after the quarter already
        held = HeldRows.of(log, log.closed_until, awaits)
        changed += flagged(plan, self._ahead(held, plan, (NEVER, end)), final=True)
        return list({(told.device, told.time, told.period): told for told in changed}.values())

    def early(self, log: RowLog, plan: Plan, quarter: int, span: Span) -> list[Flagged]:
        """Flag what later values reveal in the span of a window that closes before its quarter of an hour.

        `quarter`: end of the last quarter that has closed.
        """
        held = HeldRows.of(log, quarter - plan.limits.reach)
        return flagged(plan, self._ahead(held, plan, span), final=False)

    def again(self, log: RowLog, plan: Plan, rows: Sequence[int], until: int, quarter: int) -> Columns:
        """Flag what is now known of these devices' values before `until`, and return those that changed.

        `quarter`: end of the last quarter that has closed.
        """
        held = HeldRows.of(log, log.closed_until, rows)
        catch_up(held, plan, self.before, quarter - plan.limits.reach)
        return self._ahead(held, plan, (NEVER, until))

    def _ahead(self, held: HeldRows, plan: Plan, span: Span) -> Columns:
        found = look_ahead(held, plan, self.before, span)
        for row, until in found.awaits.items():
            self.awaits[row] = max(until, self.awaits.get(row, 0))
        return found.changed

    def awaited(self, row: Int32s, time: Int64s) -> Bools:
        """True for each reading that may change what was said of an earlier one."""
        known = np.array(sorted(self.awaits), np.int32)
        if not len(known):
            return np.zeros(len(row), np.bool_)
        until = np.array([self.awaits[device] for device in known.tolist()], np.int64)
        place = np.minimum(np.searchsorted(known, row), len(known) - 1)
        return np.asarray((known[place] == row) & (time <= until[place]))

    def _series(
        self, log: RowLog, plan: Plan, quarter: Quarter, period: int, which: Int64s, awaits: dict[int, int]
    ) -> list[Flagged]:
        """Flag the readings `which`, all of one period, and return the flags that have changed."""
        limits, rows, start = plan.limits, quarter.rows, quarter.start
        reach = limits.reach
        readings, own = _sorted(log, quarter, period, which, reach)
        if not len(readings.row):
            return []
        before = self.before.get(period) or NewestValues.empty(len(plan))
        found = None
        if len(which):
            found = final_flags(readings, limits, (start, quarter.end), before, quarter.backgrounds)
        self.before[period] = newest_after(readings, limits, quarter.end - reach, before)
        if found is None:
            return []
        add_awaited(awaits, readings.row, found.awaits)
        there = rows.values.take(which, axis=1) != ABSENT
        fail = np.where(there, found.fail.take(own, axis=1), np.uint16(0))
        suspect = np.where(there, found.suspect.take(own, axis=1), np.uint16(0))
        news = (fail != rows.fail.take(which, axis=1)) | (suspect != rows.suspect.take(which, axis=1))
        rows.fail[:, which], rows.suspect[:, which] = fail, suspect
        log.changed(start // QUARTER_MS)
        told = rows.take(which[news.any(axis=0)])
        copy_flags(log, told, quarter.end)
        return flagged(plan, told, final=True)

    def follow(self, change: Renumbering) -> None:
        """Move devices to their new rows."""
        self.before = {period: newest.moved(change.old_row) for period, newest in self.before.items()}
        rows = {int(change.new_row[row]): until for row, until in self.awaits.items()}
        self.awaits = {row: until for row, until in rows.items() if row >= 0}

    def dump(self, pack: Packing) -> list[Any]:
        """The state as JSON data."""
        before = [[period, newest.dump(pack)] for period, newest in sorted(self.before.items())]
        return [before, sorted(self.awaits.items())]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: object) -> Flagging:
        """The inverse of `dump`."""
        before, awaits = data
        return cls(
            {period: NewestValues.load(columns, arrays, plan) for period, columns in before}, dict(awaits)
        )


def _sorted(log: RowLog, quarter: Quarter, period: int, which: Int64s, reach: int) -> _Sorted:
    """Readings `which` of the quarter's rows and those of the `reach` ms before it, of one period, sorted."""
    rows, start = quarter.rows, quarter.start
    back = log.within(start - reach, start)
    former = ((back.period == period) & (back.time < start)).nonzero()[0]
    if not len(former) and not len(which):
        return _Sorted(_NO_READINGS, which)
    row, time, values, packed = (
        np.concatenate([getattr(back, name).take(former, -1), getattr(rows, name).take(which, -1)], -1)
        for name in ("row", "time", "values", "packed")
    )
    key = row_key(row, time - (start - HOUR_MS))
    order, place = in_order(key, lambda: np.concatenate([back.hash[former], rows.hash[which]]))
    readings = SortedReadings(row[order], time[order], values.take(order, axis=1), packed[order], period)
    return _Sorted(readings, place[len(former) :])


def _backgrounds(plan: Plan, stations: Backgrounds, start: int) -> Int64s | None:
    """(3, rows) background at each device in the hour before the quarter, thousandths; MISSING: not known.

    An hour's own background arrives when it is over; the one before it indicates the state of the air.
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
