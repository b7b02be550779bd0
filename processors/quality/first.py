"""Flags at arrival: of the checks that look at a reading alone or back at the newest one before it.

Readings are taken in the order of their position, as if each had come alone, so the size of batches
changes nothing. One that is not newer than the newest of its device and pollutant is not compared with
it, and neither is a value that is no measurement (`pointwise.NO_MEASUREMENT`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ingest.records import Int64s
from processors.quality import pointwise
from processors.quality.device_flag import Codes
from processors.quality.flags import BIT, Bits
from processors.quality.flat_line import found as flat
from processors.quality.limits import Limits
from processors.quality.newest import Newest
from processors.quality.rate_of_change import faster
from processors.quality.series import Positions, begins
from processors.rowlog import ABSENT, REFUSED, Int32s


class FirstFlags(NamedTuple):
    """Which checks failed and which are suspect, (3, n) bits, and what to keep of each reading, (n)."""

    fail: Bits
    suspect: Bits
    packed: Bits  # for `final.final_flags`


def first_flags(
    state: Newest,
    limits: Limits,
    row: Int32s,
    time: Int64s,
    received: Int64s,
    values: Int32s,
    wet: Int64s | None = None,
    codes: Codes | None = None,
) -> FirstFlags:
    """Flags of n readings of any devices as they came; `state` is changed in place.

    `row`, `time`, `received` (n): device row, ms UTC; `values` (3, n) thousandths, `rowlog.ABSENT` or
    `REFUSED`; `wet` (n) relative humidity in thousandths of a percent or MISSING; `codes` (3, n) of
    `device_flag.codes_of`. A value that is absent has no bit.
    """
    packed = pointwise.by_reading(limits, row, time - received, wet, codes)
    fail, suspect = pointwise.by_value(limits, row, values)
    pointwise.add_packed(fail, suspect, packed, values)
    usable = values > REFUSED
    if fail.any():
        usable &= (fail & pointwise.NO_MEASUREMENT) == 0
    at = np.flatnonzero(usable)
    if len(at):
        _look_back(state, limits, row, time, values, at, fail, suspect)
    return FirstFlags(fail, suspect, packed)


def _look_back(
    state: Newest,
    limits: Limits,
    row: Int32s,
    time: Int64s,
    values: Int32s,
    at: Positions,
    fail: Bits,
    suspect: Bits,
) -> None:
    """Rate of change and flat line of the values at flat positions `at` of (3, n)."""
    n, rows = len(row), state.time.shape[1]
    q, place = np.divmod(at, n)
    cell = q * rows + row[place]
    # by cell, and among those of one cell by position: one sort of one number
    key = np.sort(cell * n + place)
    cell, place = np.divmod(key, n)
    times = time[place]
    newest = state.time.ravel()[cell]
    fresh = times > _newest_before(cell, times, newest)
    if not fresh.all():
        cell, place, times, newest = cell[fresh], place[fresh], times[fresh], newest[fresh]
        if not len(cell):
            return
    first = begins(cell)
    q = cell // rows
    value = values[q, place]
    before, since = state.value.ravel()[cell], state.since.ravel()[cell]
    if not first.all():
        again = np.flatnonzero(~first)
        before[again], newest[again] = value[again - 1], times[again - 1]
    known = before != ABSENT
    changed = ~known | (value != before)
    change = np.where(known, value.astype(np.int64) - before, 0)
    apart = np.where(known, times - newest, 0)
    start = np.where(changed, times, since)
    if not first.all():
        start = start[np.maximum.accumulate(np.where(changed | first, np.arange(len(cell)), 0))]
    held = flat(times - start, limits.flat_suspect[cell], limits.flat_fail[cell])
    for name, failed, doubted in (
        (
            "rate_of_change",
            faster(change, apart, limits.rate_fail[q]),
            faster(change, apart, limits.rate_suspect[q]),
        ),
        ("flat_line", held.fail, held.suspect),
    ):
        for bits, where in ((fail, failed), (suspect, doubted)):
            if where.any():
                bits[q[where], place[where]] |= BIT[name]
    last = np.append(first[1:], True)
    ends = cell[last]
    state.time.ravel()[ends] = times[last]
    state.value.ravel()[ends] = value[last]
    state.since.ravel()[ends] = start[last]


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
