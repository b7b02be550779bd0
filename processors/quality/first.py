"""First flags: checks on arrival, of a reading by itself or against its device's newest earlier value.

Readings are processed in order of position, as if each had come alone, so results don't depend on batch
size. A reading that is not newer than the newest of its device and pollutant is not compared with it, nor
is a value that is not a measurement (`checks.NO_MEASUREMENT`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from processors.columns import ABSENT, Int32s, Int64s, Uint16s, Uint32s
from processors.quality.checks import NO_MEASUREMENT
from processors.quality.limits import Limits
from processors.quality.newest import NewestValues
from processors.quality.pointwise import add_packed, by_value
from processors.quality.series import begins
from processors.quality.subjects import ValuePairs
from processors.windows import REFUSED


class NewReadings(NamedTuple):
    """n readings from any devices, in order of arrival."""

    row: Int32s
    time: Int64s  # ms UTC
    values: Int32s  # (3, n) thousandths, ABSENT or REFUSED
    packed: Uint32s  # what arrival told of each: `pointwise.by_reading`


class FirstFlags(NamedTuple):
    """Failed and suspect checks as (3, n) bits; an absent value has none."""

    fail: Uint16s
    suspect: Uint16s


def first_flags(newest: NewestValues, limits: Limits, readings: NewReadings) -> FirstFlags:
    """Flags of readings in order of arrival; updates `newest` in place."""
    row, time, values, packed = readings
    flags = FirstFlags(*by_value(limits, row, values))
    fail = flags.fail
    add_packed(fail, flags.suspect, packed, values)
    usable = values > REFUSED
    if fail.any():
        usable &= (fail & NO_MEASUREMENT) == 0
    n, rows = len(row), newest.time.shape[1]
    # one number each: by cell (pollutant and device), and among those of a cell by position
    shift = n.bit_length()
    key = (np.arange(len(values))[:, None] * rows + row << shift) + np.arange(n)
    key = np.sort(key[usable])
    if len(key):
        cell, place = key >> shift, key & ((1 << shift) - 1)
        _look_back(newest, limits, _Usable(cell, place, time[place], values), flags)
    return flags


class _Usable(NamedTuple):
    """Values to compare, sorted by cell and position; `place`: the position among the n readings."""

    cell: Int64s
    place: Int64s
    time: Int64s
    values: Int32s  # (3, n) of all readings


def _look_back(newest: NewestValues, limits: Limits, usable: _Usable, flags: FirstFlags) -> None:
    """Runs the checks against each newest earlier value, adds the results to `flags` and updates `newest`."""
    cell, place, time, values = usable
    newest_time, newest_value, newest_since = (column.reshape(-1) for column in newest.columns)
    last = newest_time[cell]
    fresh = time > _newest_before(cell, time, last)
    if not fresh.all():
        cell, place, time, last = cell[fresh], place[fresh], time[fresh], last[fresh]
    first = begins(cell)
    q = cell // newest.time.shape[1]
    at = q * values.shape[1] + place
    value = values.reshape(-1)[at]
    before, start = newest_value[cell], newest_since[cell]
    alone = bool(first.all())
    if not alone:
        again = np.flatnonzero(~first)
        before[again], last[again] = value[again - 1], time[again - 1]
    known = before != ABSENT
    changed = value != before
    change = value.astype(np.int64)
    change -= before
    change *= known
    apart = time - last
    start[changed] = time[changed]
    if not alone:
        start = start[np.maximum.accumulate(np.where(changed | first, np.arange(len(cell)), 0))]
    pairs = ValuePairs(q, cell, change, apart, same_for=time - start)
    for look in limits.back:
        for bits, where in zip(flags, look.function(look.limits, pairs), strict=True):
            if where.any():
                bits.reshape(-1)[at[where]] |= look.bit
    ends = np.append(first[1:], True)[: len(cell)]
    newest_time[cell[ends]], newest_value[cell[ends]] = time[ends], value[ends]
    newest_since[cell[ends]] = start[ends]


def _newest_before(cell: Int64s, time: Int64s, newest: Int64s) -> Int64s:
    """Newest instant in each value's cell before it, from the state or from an earlier position."""
    first = begins(cell)
    if first.all():
        return newest
    reached = np.maximum(time, newest)
    base = int(reached.min())
    span = int(reached.max()) - base + 1
    group = np.cumsum(first) * span
    upto = np.maximum.accumulate(group + (reached - base)) - group + base
    return np.where(first, newest, np.concatenate((newest[:1], upto[:-1])))
