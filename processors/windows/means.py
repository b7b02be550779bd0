"""Means over windows of event time: slots, capture, weights, conflicts; integer arithmetic, pure.

Slot = the device's interval, aligned to the window. Capture = slots covered by at least one admitted
value / slots. The window's value = mean of slot means; within a slot a value with a period is weighted by
its overlap in milliseconds, an instant has weight one. Nothing enters one mean twice: an instant within the
period of a mean from its device is left out, as is a mean over more than a slot in any slot that has
something finer. Sums are whole 1e-9 of the unit; one division makes the float, so neither order nor batching
can change a digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ingest.units import JUDGED
from processors.columns import (
    ABSENT,
    HOUR_MS,
    NANO,
    NANO_PER_THOUSANDTH,
    Bools,
    Int32s,
    Int64s,
    Positions,
)
from processors.windows.row_log import REFUSED, Columns, row_key

_BEFORE = HOUR_MS  # a value may begin so long before its window


@dataclass(slots=True, eq=False)  # not frozen: freezing costs more than the few rows of most windows
class Means:
    """One pollutant over one window: one line per device that sent something, by ascending row."""

    row: Int32s
    total: Int64s  # sum of slot means, 1e-9 unit
    covered: Int64s  # slots with at least one admitted value
    count: Int64s  # admitted values
    greatest: Int64s  # of the admitted values, thousandths; meaningless where covered is 0
    refused: Int64s  # values that were sent and not admitted
    slot_row: Int32s  # a line a covered slot, by row and slot
    slot_mean: Int64s  # 1e-9 unit
    slot: Int64s  # its number in the window, from 0

    def of_rows(self, rows: Int32s) -> Means:
        """The lines of some devices."""
        line, slot = np.isin(self.row, rows), np.isin(self.slot_row, rows)
        return Means(
            self.row[line],
            self.total[line],
            self.covered[line],
            self.count[line],
            self.greatest[line],
            self.refused[line],
            self.slot_row[slot],
            self.slot_mean[slot],
            self.slot[slot],
        )

    @classmethod
    def nothing(cls, row: Int32s, refused: Int64s | None = None) -> Means:
        """Lines of devices that sent something of which nothing was admitted."""
        none, zeros = np.zeros(0, np.int64), np.zeros(len(row), np.int64)
        refused = zeros if refused is None else refused
        return cls(row, zeros, zeros, zeros, zeros, refused, none.astype(np.int32), none, none)


@dataclass(frozen=True, slots=True, order=True)
class Statistic:
    """Statistic of a window's slots: their mean, maximum, a percentile, or the number above a threshold."""

    name: str = "mean"  # mean | max | percentile | count
    permyriad: int = 0  # percentile: nearest rank, in 1/10000
    above: int = 0  # count: 1e-9 unit

    @property
    def label(self) -> str:
        """Name of the statistic in records: `mean`, `max`, `p98`, `count`."""
        return f"p{self.permyriad / 100:g}" if self.name == "percentile" else self.name

    def of(self, means: Means) -> Int64s:
        """The statistic times the covered slots, 1e-9 unit: comparable with a limit times the slots."""
        if self.name == "mean" or not len(means.slot_row):
            return means.total
        rows, first = _groups(means.slot_row)
        place = np.searchsorted(means.row, rows)
        size = np.diff(np.append(first, len(means.slot_row)))
        found = np.zeros(len(means.row), np.int64)
        if self.name == "max":
            found[place] = np.maximum.reduceat(means.slot_mean, first)
        elif self.name == "count":
            found[place] = np.add.reduceat((means.slot_mean > self.above).astype(np.int64) * NANO, first)
        else:
            ordered = means.slot_mean[np.lexsort((means.slot_mean, means.slot_row))]
            rank = np.maximum(
                -(-size * self.permyriad // 10_000), 1
            )  # the least rank that covers the share, from 1
            found[place] = ordered[first + rank - 1]
        return found * means.covered


MEAN = Statistic()


def slots_of(interval: Int64s, width: int) -> Int64s:
    """Slots of a window per device; 0 where the interval does not divide it."""
    slots, rest = np.divmod(width, np.maximum(interval, 1))
    return np.where((interval > 0) & (rest == 0), slots, 0)


def slots_in(interval: Int64s, window: int) -> Int64s:
    """Denominator of a window's capture, per device: slots of readings, or the hours of a long window."""
    if window > HOUR_MS:
        return np.full(len(interval), window // HOUR_MS, np.int64)
    return slots_of(interval, window)


def means_by(
    readings: Columns, interval: Int64s, start: int, end: int, refusals: Sequence[Bools | None]
) -> list[tuple[Means, ...]]:
    """Means of [start, end) for each set of refusals, one per judged pollutant.

    `interval`: ms by device row; `refusals`: each (3, n) values that no mean may use, or None. Readings are
    sorted once, and a pollutant is computed once for all sets that refuse the same of it.
    """
    width = end - start
    if not len(readings):  # nobody spoke
        return [(Means.nothing(np.zeros(0, np.int32)),) * len(JUDGED)] * len(refusals)
    reach = readings.time + np.maximum(readings.period, 1)
    usable = (readings.time < end) & (reach > start) & (readings.period <= width)
    usable &= slots_of(interval, width)[readings.row] > 0
    places = np.flatnonzero(usable)
    if not len(places):  # none that has slots of this window
        return [(Means.nothing(np.zeros(0, np.int32)),) * len(JUDGED)] * len(refusals)
    order_key = row_key(readings.row, readings.time - (start - width))
    order_key = order_key[places]
    order = np.argsort(order_key)  # not stable: what is equal is sorted by content anyhow
    sorted_key = order_key[order]
    if (sorted_key[1:] == sorted_key[:-1]).any():
        order = np.lexsort((readings.hash[places], readings.period[places], order_key))
        sorted_key = order_key[order]
    places = places[order]
    rows = _SortedRows(readings.row[places], readings.time[places], readings.period[places], sorted_key)
    made: list[tuple[Means, ...]] = []
    known: list[tuple[Int32s, Means]] = []
    for refused in refusals:
        values = readings.values.take(places, axis=1)
        if refused is not None:
            values = np.where(refused.take(places, axis=1) & (values != ABSENT), REFUSED, values)
        found = []
        for q, mine in enumerate(values):
            means = next((m for other, m in known[q :: len(JUDGED)] if np.array_equal(other, mine)), None)
            if means is None:
                means = _pollutant(rows, mine, interval, start, end)
            found.append(means)
        known += zip(values, found, strict=True)
        made.append(tuple(found))
    return made


class _SortedRows(NamedTuple):
    """n readings by row, time, period and content; `key` (n): row and time as one ascending number."""

    row: Int32s
    time: Int64s
    period: Int32s
    key: Int64s

    def take(self, which: Positions) -> _SortedRows:
        if len(which) == len(self.row):
            return self
        return _SortedRows(self.row[which], self.time[which], self.period[which], self.key[which])


def _pollutant(rows: _SortedRows, values: Int32s, interval: Int64s, start: int, end: int) -> Means:
    present = np.flatnonzero(values != ABSENT)
    if len(present) > 1:
        # Same device, time and period: a duplicate, or a conflict that the smaller hash wins.
        mine = rows.take(present)
        again = mine.key[1:] == mine.key[:-1]
        if again.any():
            again &= mine.period[1:] == mine.period[:-1]
            present = present[np.concatenate(([True], ~again))]
    row, time, period, _ = rows.take(present)
    value = (values if len(present) == len(values) else values[present]).astype(np.int64)
    devices, first = _groups(row)
    admitted = value != REFUSED
    refused = np.add.reduceat((~admitted).astype(np.int64), first) if len(first) else first.astype(np.int64)
    use = np.flatnonzero(admitted)
    if not len(use):
        return Means.nothing(devices, refused)
    zeros = np.zeros(len(devices), np.int64)
    greatest = np.maximum.reduceat(np.where(admitted, value, ABSENT), first)
    count = np.add.reduceat(admitted.astype(np.int64), first)
    if len(use) < len(value):
        row, value, time, period = row[use], value[use], time[use], period[use]
    rank = None
    if period.min() != period.max():
        once = np.flatnonzero(~_measured_twice(row, time, period, interval[row], start))
        row, value, time, period = row[once], value[once], time[once], period[once]
        rank = np.where(period > interval[row], period, 0).astype(np.int64)
    spread = _spread(_Values(row, value, time, period, rank), interval[row], start, end)
    row, value, slot, weight, rank = spread
    if rank is not None:
        row, value, slot, weight = _finest(row, value, slot, weight, rank)
    slot_row, slot_mean, slot = _slot_means(row, slot, value, weight)
    with_slots, begin = _groups(slot_row)
    place = np.searchsorted(devices, with_slots)
    total, covered = zeros.copy(), zeros.copy()
    total[place] = np.add.reduceat(slot_mean, begin)
    ends = np.empty(len(begin), np.intp)
    ends[:-1], ends[-1:] = begin[1:], len(slot_row)
    covered[place] = ends - begin
    return Means(devices, total, covered, count, greatest, refused, slot_row, slot_mean, slot)


def means_of_hours(hours: list[tuple[Int64s, Int64s, Int64s]], rows: Int32s) -> Means:
    """Means of a long window from its clock hours. `hours`: (mean in 1e-9 unit, valid or not, greatest) by
    device row, one entry per hour; `rows`: the devices that sent something in it.
    """
    if not hours or not len(rows):
        return Means.nothing(rows)
    means, valid, greatest = (np.stack(column)[:, rows] for column in zip(*hours, strict=True))
    valid = valid.astype(bool)
    covered = valid.sum(axis=0).astype(np.int64)
    of_row, hour = np.nonzero(valid.T)
    return Means(
        rows,
        np.where(valid, means, 0).sum(axis=0),
        covered,
        covered,
        np.where(valid, greatest, ABSENT).max(axis=0),
        np.zeros(len(rows), np.int64),
        rows[of_row],
        means[hour, of_row],
        hour.astype(np.int64),
    )


def _groups(row: Int32s) -> tuple[Int32s, Positions]:
    """(value, first position) of each run in a sorted array."""
    if not len(row):
        return row, np.empty(0, np.intp)
    first = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
    return row[first], first


class _Values(NamedTuple):
    """n admitted values of one pollutant, by row and time; `rank`: the lowest counts, None: all alike."""

    row: Int32s
    value: Int64s
    time: Int64s
    period: Int32s
    rank: Int64s | None


def _spread(
    values: _Values, step: Int64s, start: int, end: int
) -> tuple[Int32s, Int64s, Int64s, Int64s, Int64s | None]:
    """Assigns each value to the slots, `step` ms long, that it covers: (row, value, slot, weight, rank)."""
    row, value, time, period, rank = values
    if not period.any():
        return row, value, (time - start) // step, np.ones(len(row), np.int64), rank
    begin = np.maximum(time, start)
    until = np.minimum(time + np.maximum(period, 1), end)
    first = (begin - start) // step
    if (until - start <= (first + 1) * step).all():  # means over the device's own slots, as most send them
        return row, value, first, until - begin, rank
    spans = (until - 1 - start) // step - first + 1
    source = np.repeat(np.arange(len(row)), spans)
    nth = np.arange(len(source)) - np.repeat(np.cumsum(spans) - spans, spans)
    slot = first[source] + nth
    slot_start = start + slot * step[source]
    overlap = np.minimum(until[source], slot_start + step[source]) - np.maximum(begin[source], slot_start)
    return row[source], value[source], slot, overlap, None if rank is None else rank[source]


def _measured_twice(row: Int32s, time: Int64s, period: Int32s, step: Int64s, start: int) -> Bools:
    """True for instants inside a mean of their device (HJ 212: real-time and minute data). By row, time."""
    key = row_key(row, time - start + _BEFORE)
    mean = (period > 0) & (period <= step)
    if not mean.any():
        return mean
    begins = key[mean]
    until = np.maximum.accumulate(begins + period[mean])  # those of a device before lie below its keys
    last = np.searchsorted(begins, key, side="right") - 1
    within: Bools = (period == 0) & (last >= 0) & (until[np.maximum(last, 0)] > key)
    return within


def _finest(
    row: Int32s, value: Int64s, slot: Int64s, weight: Int64s, rank: Int64s
) -> tuple[Int32s, Int64s, Int64s, Int64s]:
    """Finest values of each slot: means over more than a slot (HJ 212: hour data) only fill holes."""
    cell = row_key(row, slot)
    order = np.lexsort((rank, cell))
    cell, rank = cell[order], rank[order]
    _, first, size = np.unique(cell, return_index=True, return_counts=True)
    kept = order[rank == np.repeat(rank[first], size)]
    return row[kept], value[kept], slot[kept], weight[kept]


def _slot_means(row: Int32s, slot: Int64s, value: Int64s, weight: Int64s) -> tuple[Int32s, Int64s, Int64s]:
    """(row, mean in 1e-9 unit, slot) of each slot that has a value, by row and slot."""
    cell = row_key(row, slot)
    if (cell[1:] < cell[:-1]).any():
        order = np.argsort(cell, kind="stable")
        row, cell, value, weight = row[order], cell[order], value[order], weight[order]
        slot = slot[order]
    begin = np.flatnonzero(np.concatenate(([True], cell[1:] != cell[:-1])))
    if len(begin) == len(cell):  # a value a slot
        return row, value * NANO_PER_THOUSANDTH, slot
    weighed = np.add.reduceat(value * weight, begin)
    weights = np.add.reduceat(weight, begin)
    whole, rest = np.divmod(weighed, weights)
    # rounded half up; `rest * 1e6` stays far below 2**63, `weighed * 1e6` would not
    means = whole * NANO_PER_THOUSANDTH + (rest * NANO_PER_THOUSANDTH + weights // 2) // weights
    return row[begin], means, slot[begin]
