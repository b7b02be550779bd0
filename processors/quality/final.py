"""Final flags: all checks over the sorted values of a stretch of time, usually a quarter of an hour.

The stretch comes with context: the rows before it that `Limits.reach` asks for, the known rows after it, and
each device's newest value before all of them (`NewestValues`), so that a device reporting once an hour is
compared as well and a flat line keeps its true age. Flagging quarter by quarter then equals flagging the
whole series at once, except for what a later value reveals: `ahead_flags`, of the checks that look ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ingest.units import JUDGED
from processors.columns import Bools, Int32s, Int64s, Positions, Uint16s, Uint32s
from processors.quality.checks import NO_MEASUREMENT
from processors.quality.limits import Limits, Look
from processors.quality.newest import NewestValues
from processors.quality.pointwise import add_packed, by_value
from processors.quality.series import Series, run_starts
from processors.quality.subjects import Stretch, WindowStarts
from processors.windows import REFUSED


@dataclass(slots=True, eq=False)
class SortedReadings:
    """n readings sorted by row, time and content, no duplicates; of one kind of period (see `windows`)."""

    row: Int32s
    time: Int64s  # ms UTC
    values: Int32s  # (3, n) thousandths, ABSENT or REFUSED
    packed: Uint32s  # (n) what arrival told of each: `pointwise.by_reading`
    period: int = 0  # of each, ms; 0: instants
    _usable: Bools | None = field(default=None, init=False)  # (3, n): `_comparable`

    def __len__(self) -> int:
        return len(self.row)


class FinalFlags(NamedTuple):
    """Failed and suspect checks of n readings as (3, n) bits, and what later readings may still change."""

    fail: Uint16s
    suspect: Uint16s
    awaits: Int64s  # (n) ms: the last instant of one that may change what is said of this; 0: none may


class AheadFlags(NamedTuple):
    """What the checks that look ahead find; `known` (3, n): True where something came before the value."""

    flags: FinalFlags
    known: Bools


def final_flags(
    readings: SortedReadings,
    limits: Limits,
    span: tuple[int, int],
    before: NewestValues | None = None,
    backgrounds: Int64s | None = None,
) -> FinalFlags:
    """Flags of the readings in [start, end) of `span`; 0 for the context.

    Start and end are whole quarters of an hour. `before`: the newest values before all of `readings`,
    None if unknown. `backgrounds`: (3, rows) at each device, thousandths or MISSING; None if unknown. A check
    that was not evaluated sets no bit.
    """
    fail, suspect, usable = _alone(readings, limits)
    inside = (readings.time >= span[0]) & (readings.time < span[1])
    fail[:, ~inside] = 0
    suspect[:, ~inside] = 0
    flags = FinalFlags(fail, suspect, np.zeros(len(readings), np.int64))
    for stretch in _stretches(readings, usable, inside, before, backgrounds):
        _look(flags, limits.over, stretch)
        _await(flags, limits.awaits, stretch)
    return flags


def ahead_flags(
    readings: SortedReadings, limits: Limits, span: tuple[int, int], before: NewestValues
) -> AheadFlags:
    """What the checks that look ahead find of the readings in [start, end) of `span`; 0 for the context."""
    none = np.zeros(readings.values.shape, np.uint16)
    made = AheadFlags(FinalFlags(none, none.copy(), np.zeros(len(readings), np.int64)), none.astype(np.bool_))
    usable = _comparable(readings, limits)
    inside = (readings.time >= span[0]) & (readings.time < span[1])
    for stretch in _stretches(readings, usable, inside, before, None):
        _look(made.flags, limits.ahead, stretch)
        _await(made.flags, limits.awaits, stretch)
        joined = stretch.with_newest
        made.known[stretch.pollutant, stretch.place[stretch.own]] = ~joined.first[joined.own]
    return made


def _look(flags: FinalFlags, looks: tuple[Look, ...], stretch: Stretch) -> None:
    q, at = stretch.pollutant, stretch.place[stretch.own]
    for look in looks:
        found = look.function(look.limits, stretch)
        if found is not None:
            for bits, where in ((flags.fail[q], found.fail), (flags.suspect[q], found.suspect)):
                if where.any():
                    bits[at[where]] |= look.bit


def _await(flags: FinalFlags, looks: tuple[Look, ...], stretch: Stretch) -> None:
    at = stretch.place[stretch.own]
    for look in looks:
        until = look.function(look.limits, stretch)
        if until is not None and until.any():
            flags.awaits[at] = np.maximum(flags.awaits[at], until)


def _stretches(
    readings: SortedReadings,
    usable: Bools,
    inside: Bools,
    before: NewestValues | None,
    backgrounds: Int64s | None,
) -> Iterator[Stretch]:
    """The usable values of each pollutant that has some inside."""
    starts = WindowStarts()
    for q in range(len(JUDGED)):
        place = np.flatnonzero(usable[q])
        own = np.flatnonzero(inside[place])
        if len(own):
            background = None if backgrounds is None else backgrounds[q]
            series = _series(readings, q, place)
            yield Stretch(q, series, place, own, before, background, starts, readings.period)


def newest_after(readings: SortedReadings, limits: Limits, until: int, before: NewestValues) -> NewestValues:
    """Newest values before `until`: from `readings` where one is older than that, else from `before`."""
    usable = _comparable(readings, limits) & (readings.time < until)
    newest = before.copy()
    q, place = usable.nonzero()
    if not len(place):
        return newest
    # all pollutants at once: a series for each of their cells
    cell = q * before.time.shape[1] + readings.row[place]
    series = Series(cell, readings.time[place], readings.values[usable].astype(np.int64))
    since = run_starts(series, before.runs())
    ends = np.empty(len(cell), np.bool_)
    ends[-1:] = True
    np.not_equal(cell[1:], cell[:-1], out=ends[:-1])
    last = cell[ends]
    for column, new in zip(newest.columns, (series.time, series.value, since), strict=True):
        column.reshape(-1)[last] = new[ends]
    return newest


def _alone(readings: SortedReadings, limits: Limits) -> tuple[Uint16s, Uint16s, Bools]:
    """(fail, suspect) bits of the checks that compare nothing, and what may be compared; all (3, n)."""
    fail, suspect = by_value(limits, readings.row, readings.values)
    add_packed(fail, suspect, readings.packed, readings.values)
    usable = readings.values > REFUSED
    usable &= (fail & NO_MEASUREMENT) == 0
    readings._usable = usable
    return fail, suspect, usable


def _comparable(readings: SortedReadings, limits: Limits) -> Bools:
    """What may be compared (3, n), found once for readings: all ask under the same limits."""
    return _alone(readings, limits)[2] if readings._usable is None else readings._usable


def _series(readings: SortedReadings, q: int, place: Positions) -> Series:
    if len(place) == len(readings):
        return Series(readings.row, readings.time, readings.values[q].astype(np.int64))
    row, time = readings.row[place], readings.time[place]
    return Series(row, time, readings.values[q, place].astype(np.int64))
