"""What later values reveal of earlier ones: the checks that look ahead, written into the log. Pure.

A check that looks ahead (spike) has its say of a value once the next one has come. Most have it when their
window closes; a value whose next one comes later is looked at again (`Flagging.awaits`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np

from processors.columns import ABSENT, Int32s, Int64s, Positions, Uint64s, among
from processors.plan import Plan
from processors.quality import LOOKS_AHEAD, NewestValues, SortedReadings, ahead_flags, newest_after
from processors.windows import BUCKET_MS, Bucket, Columns, RowLog, row_key

Span = tuple[int, int]


class Revealed(NamedTuple):
    """Readings of which the checks now say something else, and the devices that await a later one."""

    changed: Columns
    awaits: dict[int, int]  # device row -> until, ms


class SortedRows(NamedTuple):
    """Rows of one period, each reading once; `which` of all they are, and the `place` of each among them."""

    readings: SortedReadings
    which: Positions
    place: Positions


@dataclass(slots=True, eq=False)
class HeldRows:
    """Copies of rows of the log, by bucket, that can be written back. A row may occur in several buckets."""

    columns: Columns
    log: RowLog
    places: list[tuple[int, Bucket, Positions]]  # with the bucket's number
    _sorted: list[SortedRows] = field(default_factory=list)

    @classmethod
    def of(cls, log: RowLog, since: int, rows: Iterable[int] | None = None) -> Self:
        """Rows of the buckets from the one with the instant `since` on; `rows`: devices, None: all."""
        wanted = None if rows is None else np.array(sorted(rows), np.int32)
        places = []
        for number, bucket in sorted(log.open.items()):
            if number >= since // BUCKET_MS and bucket.n:
                row = bucket.columns.row[: bucket.n]
                which = np.arange(len(row)) if wanted is None else among(row, wanted).nonzero()[0]
                if len(which):
                    places.append((number, bucket, which))
        parts = [bucket.columns.take(which) for _, bucket, which in places]
        if len(parts) == 1:
            return cls(parts[0], log, places)
        return cls(Columns.joined(parts) if parts else Columns.empty(), log, places)

    def series(self) -> list[SortedRows]:
        """The rows by period, sorted; they are sorted once."""
        if not self._sorted:
            self._sorted = [self._of_period(period) for period in sorted(set(self.columns.period.tolist()))]
        return self._sorted

    def _of_period(self, period: int) -> SortedRows:
        rows = self.columns
        which = (rows.period == period).nonzero()[0]
        row, time = rows.row[which], rows.time[which]
        order, place = in_order(row_key(row, time - int(time.min())), rows.hash[which])
        first = which[order]
        readings = SortedReadings(
            row[order], time[order], rows.values.take(first, axis=1), rows.packed[first], period
        )
        return SortedRows(readings, which, place)

    def write_flags(self) -> None:
        """Write the flags back into the log."""
        begin = 0
        for number, bucket, which in self.places:
            own = slice(begin, begin + len(which))
            rows = bucket.columns
            rows.fail[:, which] = self.columns.fail[:, own]
            rows.suspect[:, which] = self.columns.suspect[:, own]
            self.log.changed(number)
            begin += len(which)


def look_ahead(held: HeldRows, plan: Plan, before: Mapping[int, NewestValues], span: Span) -> Revealed:
    """Write what is now known of the readings in [start, end) of `span` into the log.

    `before`: by period, the newest values before all of the rows or some of them. A value of which none
    before it is known any more keeps its findings.
    """
    rows = held.columns
    changed = np.zeros(len(rows), bool)
    awaits: dict[int, int] = {}
    for readings, which, place in held.series():
        known = before.get(readings.period) or NewestValues.empty(len(plan))
        found = ahead_flags(readings, plan.limits, span, _older(known, readings))
        said = found.known.take(place, axis=1) & (rows.values.take(which, axis=1) != ABSENT)
        for bits, now in ((rows.fail, found.flags.fail), (rows.suspect, found.flags.suspect)):
            was = bits.take(which, axis=1)
            new = np.where(said, was & ~LOOKS_AHEAD | now.take(place, axis=1), was)
            changed[which] |= (new != was).any(axis=0)
            bits[:, which] = new
        add_awaited(awaits, readings.row, found.flags.awaits)
    at = np.flatnonzero(changed)
    if not len(at):
        return Revealed(rows.take(at), awaits)
    held.write_flags()
    # the first of each is the one in the bucket of its instant
    _, first = np.unique(
        np.stack([rows.row[at].astype(np.int64), rows.time[at], rows.period[at].astype(np.int64)]),
        axis=1,
        return_index=True,
    )
    return Revealed(rows.take(at[first]), awaits)


def copy_late_flags(late: RowLog, rows: Columns) -> None:
    """Write the flags of readings into the copies of those that are also kept as late ones."""
    for period in np.unique(rows.period).tolist():
        own = rows.take(rows.period == period)
        _write_flags(late, own, int(own.time.min()) // BUCKET_MS, int(own.time.max()))


def copy_flags(log: RowLog, rows: Columns, since: int) -> None:
    """Write the flags of readings, all of one period, into their copies in the buckets from `since` on."""
    if len(rows) and int(rows.time.max()) + int(rows.period[0]) > since:
        _write_flags(log, rows, since // BUCKET_MS, since - 1)


def _write_flags(log: RowLog, rows: Columns, first: int, last: int) -> None:
    """Write the flags of readings, of one period and none after `last`, into the buckets from `first` on."""
    base = int(rows.time.min())
    key = row_key(rows.row, rows.time - base)
    order = np.argsort(key)
    for number, bucket in sorted(log.open.items()):
        if number < first or not bucket.n:
            continue
        held = bucket.filled()  # a view
        at = np.flatnonzero((held.time >= base) & (held.time <= last) & (held.period == rows.period[0]))
        own = row_key(held.row[at], held.time[at] - base)
        place = order[np.minimum(np.searchsorted(key[order], own), len(key) - 1)]
        known = key[place] == own
        at, place = at[known], place[known]
        if len(at):
            held.fail[:, at], held.suspect[:, at] = rows.fail[:, place], rows.suspect[:, place]
            log.changed(number)


def catch_up(held: HeldRows, plan: Plan, before: dict[int, NewestValues], until: int) -> None:
    """Let the newest values before `until` be those that have come late, where they are newer."""
    for readings, _, _ in held.series():
        # also the first of its series in a partition: in another one others may have begun it
        known = before.get(readings.period) or NewestValues.empty(len(plan))
        late = newest_after(readings, plan.limits, until, _older(known, readings))
        newer = late.time > known.time
        since = np.where(late.value == known.value, known.since, late.since)
        before[readings.period] = NewestValues(
            np.where(newer, late.time, known.time),
            np.where(newer, late.value, known.value),
            np.where(newer, since, known.since),
        )


def in_order(key: Int64s, hashes: Uint64s | Callable[[], Uint64s]) -> tuple[Positions, Positions]:
    """(positions by key, each key once; for each reading, the position of its key among those).

    Of several with one key the smaller hash counts; it speaks for the others too.
    """
    order = np.argsort(key)  # not stable: what is equal is sorted by content anyhow
    again = np.zeros(len(order), bool)
    again[1:] = key[order][1:] == key[order][:-1]
    place = np.empty(len(order), np.int64)
    if again.any():
        order = np.lexsort((hashes() if callable(hashes) else hashes, key))
        place[order] = np.cumsum(~again) - 1
        return order[~again], place
    place[order] = np.arange(len(order))
    return order, place


def add_awaited(awaits: dict[int, int], row: Int32s, until: Int64s) -> None:
    """Note the devices that await a later reading, and the last instant that it may be of."""
    for i in np.flatnonzero(until).tolist():
        device = int(row[i])
        awaits[device] = max(awaits.get(device, 0), int(until[i]))


def _older(newest: NewestValues, readings: SortedReadings) -> NewestValues:
    """The newest values that lie before each device's first reading."""
    first = np.flatnonzero(np.append(True, readings.row[1:] != readings.row[:-1]))[: len(readings)]
    rows = readings.row[first]
    value = newest.value.copy()
    value[:, rows] = np.where(newest.time[:, rows] < readings.time[first], value[:, rows], ABSENT)
    return NewestValues(newest.time, value, newest.since)
