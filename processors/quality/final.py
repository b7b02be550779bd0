"""Final flags: all checks over the sorted values of a stretch of time, usually a quarter of an hour.

The stretch comes with context: the rows before it that `reach_ms` asks for, the rows after it that are
known, and the newest value of each device before all of them (`Newest`), so that a device that speaks
once an hour is compared too and a flat line is as old as it is. Flagging quarter by quarter then equals
flagging the whole series at once, but for a spike that only a later value could show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.records import MISSING
from ingest.units import JUDGED
from processors.columns import ABSENT, Bools, Int32s, Int64s
from processors.quality import (
    attenuated_signal,
    background,
    flat_line,
    neighbour,
    pointwise,
    rate_of_change,
    spike,
)
from processors.quality.flags import BIT, SUSPECT, Bits, Found, Packed
from processors.quality.limits import Limits
from processors.quality.newest import Newest
from processors.quality.series import Positions, Series, begins
from processors.quality.settings import AttenuatedSignal, Checks, Settings
from processors.windows.row_log import REFUSED


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """n readings sorted by row, time and content, each once; of one kind of period (see `windows`)."""

    row: Int32s
    time: Int64s  # ms UTC
    values: Int32s  # (3, n) thousandths, ABSENT or REFUSED
    packed: Packed  # (n) what arrival told of each: `FirstFlags.packed`

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """The usable values of one pollutant, and where they are among the readings."""

    series: Series
    place: Positions
    own: Positions  # which of them lie in the stretch


@dataclass(slots=True)
class _Starts:
    """Where windows of attenuation begin: pollutants that are there in the same readings share it."""

    known: tuple[Positions, int, Positions] | None = None  # places, period in s, starts

    def of(self, column: _Column, settings: AttenuatedSignal) -> Positions:
        """For each own value of the column."""
        if self.known is not None:
            place, period_s, found = self.known
            if period_s == settings.period_s and np.array_equal(place, column.place):
                return found
        found = attenuated_signal.window_starts(column.series, settings, column.own)
        self.known = (column.place, settings.period_s, found)
        return found


def reach_ms(settings: Settings) -> int:
    """How much time before a stretch its rows must come from; a whole number of quarters of an hour."""
    periods = [c.attenuated_signal.period_s for c in _all(settings) if c.attenuated_signal]
    return -(-max(periods, default=0) * 1000 // 900_000) * 900_000


def final_flags(
    held: Held,
    limits: Limits,
    start: int,
    end: int,
    before: Newest | None = None,
    around: Int64s | None = None,
) -> tuple[Bits, Bits]:
    """(fail, suspect) bits (3, n) of the readings in [start, end); 0 for those of the context.

    `start` and `end` are whole quarters of an hour. `before`: the newest values before all of `held`,
    None where nothing is known. `around`: (3, rows) background of each device, thousandths or MISSING;
    None: not known. What is not evaluated has no bit.
    """
    fail, suspect = pointwise.by_value(limits, held.row, held.values)
    pointwise.add_packed(fail, suspect, held.packed, held.values)
    usable = held.values > REFUSED
    usable &= (fail & pointwise.NO_MEASUREMENT) == 0
    inside = (held.time >= start) & (held.time < end)
    fail[:, ~inside] = 0
    suspect[:, ~inside] = 0
    starts = _Starts()
    for q in range(len(JUDGED)):
        column = _column(held, usable[q], q, inside)
        if len(column.own):
            near = None if around is None else around[q]
            _compare(column, limits, q, before, near, starts, fail[q], suspect[q])
    return fail, suspect


def newest_after(held: Held, limits: Limits, until: int, before: Newest) -> Newest:
    """The newest values before `until`: those of `held` that are older than it, else those of `before`."""
    fail, _ = pointwise.by_value(limits, held.row, held.values)
    pointwise.add_packed(fail, fail.copy(), held.packed, held.values)
    usable = held.values > REFUSED
    usable &= ((fail & pointwise.NO_MEASUREMENT) == 0) & (held.time < until)
    newest = before.copy()
    for q in range(len(JUDGED)):
        place = np.flatnonzero(usable[q])
        if not len(place):
            continue
        series = _series(held, q, place)
        since = flat_line.run_starts(series, _runs(before, q))
        last = np.append(begins(series.row)[1:], True)
        rows = series.row[last]
        newest.time[q, rows] = series.time[last]
        newest.value[q, rows] = series.value[last]
        newest.since[q, rows] = since[last]
    return newest


def _column(held: Held, usable: Bools, q: int, inside: Bools) -> _Column:
    place = np.flatnonzero(usable)
    return _Column(_series(held, q, place), place, np.flatnonzero(inside[place]))


def _series(held: Held, q: int, place: Positions) -> Series:
    if len(place) == len(held):
        return Series(held.row, held.time, held.values[q].astype(np.int64))
    return Series(held.row[place], held.time[place], held.values[q, place].astype(np.int64))


def _runs(before: Newest | None, q: int) -> tuple[Int64s, Int64s] | None:
    if before is None:
        return None
    value = before.value[q]
    return np.where(value == ABSENT, MISSING, value.astype(np.int64)), before.since[q]


def _compare(
    column: _Column,
    limits: Limits,
    q: int,
    before: Newest | None,
    around: Int64s | None,
    known: _Starts,
    fail: Bits,
    suspect: Bits,
) -> None:
    """The checks that compare values, into the bits (n) of one pollutant."""
    checks, series, own = limits.settings.of(q), column.series, column.own
    at = column.place[own]

    def tell(name: str, found: Found) -> None:
        for bits, where in ((fail, found.fail), (suspect, found.suspect)):
            if where.any():
                bits[at[where]] |= BIT[name]

    if checks.spike or checks.rate_of_change:
        joined, shown = _with_newest(series, own, before, q)
        first = begins(joined.row)
        if checks.spike:
            tell("spike", _at(spike.found(joined, checks.spike, spike.between(first)), shown))
        if checks.rate_of_change:
            tell("rate_of_change", _at(rate_of_change.found(joined, checks.rate_of_change, ~first), shown))
    mine = series.take(own)
    if checks.flat_line:
        held = mine.time - flat_line.run_starts(series, _runs(before, q))[own]
        cell = mine.row + q * len(limits.monitors)
        tell("flat_line", flat_line.found(held, limits.flat_suspect[cell], limits.flat_fail[cell]))
    if checks.attenuated_signal:
        starts = known.of(column, checks.attenuated_signal)
        tell("attenuated_signal", attenuated_signal.found(series, checks.attenuated_signal, starts, own)[0])
    nothing = np.zeros(len(own), np.bool_)
    if checks.neighbour:
        flags = neighbour.check(mine, checks.neighbour, limits.monitors.site)
        tell("neighbour", Found(nothing, flags == SUSPECT))
    if checks.background and around is not None:
        flags = background.check(mine, checks.background, around[mine.row])
        tell("background", Found(nothing, flags == SUSPECT))


def _at(found: Found, which: Positions) -> Found:
    return Found(found.fail[which], found.suspect[which])


def _with_newest(series: Series, own: Positions, before: Newest | None, q: int) -> tuple[Series, Positions]:
    """(series with the newest earlier value put before each device that lacks context, new `own`)."""
    first = np.flatnonzero(begins(series.row))
    if before is None:
        return series, own
    rows = series.row[first]
    lacks = first[(before.value[q, rows] != ABSENT) & np.isin(first, own, assume_unique=True)]
    if not len(lacks):
        return series, own
    rows = series.row[lacks]
    joined = Series(
        np.insert(series.row, lacks, rows),
        np.insert(series.time, lacks, before.time[q, rows]),
        np.insert(series.value, lacks, before.value[q, rows]),
    )
    return joined, own + np.searchsorted(lacks, own, side="right")


def _all(settings: Settings) -> list[Checks]:
    return [settings.of(q) for q in range(len(JUDGED))]
