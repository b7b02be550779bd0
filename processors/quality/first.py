"""Flags at arrival: of the checks that look at a reading alone or back at the newest one before it.

Readings are taken in the order of their position, as if each had come alone, so the size of batches
changes nothing. One that is not newer than the newest of its device and pollutant is not compared with
it, and neither is a value that is no measurement (`pointwise.NO_MEASUREMENT`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from processors.columns import ABSENT, Int32s, Int64s
from processors.quality import pointwise
from processors.quality.device_flag import Codes
from processors.quality.flags import BIT, Bits, Packed
from processors.quality.flat_line import found as flat
from processors.quality.limits import Limits
from processors.quality.newest import Newest
from processors.quality.rate_of_change import too_fast
from processors.quality.series import begins
from processors.windows.row_log import REFUSED


class FirstFlags(NamedTuple):
    """Which checks failed and which are suspect, (3, n) bits, and what to keep of each reading, (n)."""

    fail: Bits
    suspect: Bits
    packed: Packed  # for `final.final_flags`


def first_flags(
    state: Newest,
    limits: Limits,
    row: Int32s,
    time: Int64s,
    received: Int64s,
    values: Int32s,
    wet: Int64s | None = None,
    codes: Codes | None = None,
    packed: Packed | None = None,
) -> FirstFlags:
    """Flags of n readings of any devices as they came; `state` is changed in place.

    `row`, `time`, `received` (n): device row, ms UTC; `values` (3, n) thousandths, `rowlog.ABSENT` or
    `REFUSED`; `wet` (n) relative humidity in thousandths of a percent or MISSING; `codes` (3, n) of
    `device_flag.codes_of`; `packed` (n) what arrival told, where that is known already. A value that is
    absent has no bit.
    """
    if packed is None:
        packed = pointwise.by_reading(limits, row, time - received, wet, codes)
    fail, suspect = pointwise.by_value(limits, row, values)
    pointwise.add_packed(fail, suspect, packed, values)
    usable = values > REFUSED
    if fail.any():
        usable &= (fail & pointwise.NO_MEASUREMENT) == 0
    n, rows = len(row), state.time.shape[1]
    # one number each: by cell (pollutant and device), and among those of a cell by position
    shift = n.bit_length()
    key = (np.arange(len(values))[:, None] * rows + row << shift) + np.arange(n)
    key = np.sort(key[usable])
    if len(key):
        cell, place = key >> shift, key & ((1 << shift) - 1)
        _look_back(state, limits, cell, place, time[place], values, fail, suspect)
    return FirstFlags(fail, suspect, packed)


def _look_back(
    state: Newest,
    limits: Limits,
    cell: Int64s,
    place: Int64s,
    time: Int64s,
    values: Int32s,
    fail: Bits,
    suspect: Bits,
) -> None:
    """Rate of change and flat line of the values in `cell` (sorted) at positions `place` of n."""
    newest_time, newest_value, newest_since = (column.reshape(-1) for column in state.columns)
    newest = newest_time[cell]
    fresh = time > _newest_before(cell, time, newest)
    if not fresh.all():
        cell, place, time, newest = cell[fresh], place[fresh], time[fresh], newest[fresh]
    first = begins(cell)
    q = cell // state.time.shape[1]
    at = q * values.shape[1] + place
    value = values.reshape(-1)[at]
    before, start = newest_value[cell], newest_since[cell]
    alone = bool(first.all())
    if not alone:
        again = np.flatnonzero(~first)
        before[again], newest[again] = value[again - 1], time[again - 1]
    known = before != ABSENT
    changed = value != before
    change = value.astype(np.int64)
    change -= before
    change *= known
    apart = time - newest  # meaningless where nothing came before, as the change is 0 there
    start[changed] = time[changed]
    if not alone:
        start = start[np.maximum.accumulate(np.where(changed | first, np.arange(len(cell)), 0))]
    held = flat(time - start, limits.flat_suspect[cell], limits.flat_fail[cell])
    fast = too_fast(change, apart, limits.rate_suspect[q], limits.rate_fail[q])
    for name, found in (("rate_of_change", fast), ("flat_line", held)):
        for bits, where in zip((fail, suspect), found, strict=True):
            if where.any():
                bits.reshape(-1)[at[where]] |= BIT[name]
    ends = np.append(first[1:], True)[: len(cell)]
    newest_time[cell[ends]], newest_value[cell[ends]] = time[ends], value[ends]
    newest_since[cell[ends]] = start[ends]


def _newest_before(cell: Int64s, time: Int64s, newest: Int64s) -> Int64s:
    """The newest instant of each value's cell before it: of the state or of an earlier position."""
    first = begins(cell)
    if first.all():
        return newest
    reached = np.maximum(time, newest)
    base = int(reached.min())
    span = int(reached.max()) - base + 1
    group = np.cumsum(first) * span
    upto = np.maximum.accumulate(group + (reached - base)) - group + base
    return np.where(first, newest, np.concatenate((newest[:1], upto[:-1])))
