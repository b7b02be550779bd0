"""Features of one closed hour of readings, a compact row per device; exact sums, one division each.

Readings enter raw, including those that no mean admits: a stuck sensor is recognised by its stuck values.
Only those that the device itself marks as calibration or maintenance (HJ 212 flags C and M) are left out,
and counted. Sums are whole thousandths and the only operations on them are + - * / and the square root, so
the same readings give the same bits on every machine, however they were batched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from processors.columns import HOUR_MS, Bools, Floats, Int32s, Int64s, Positions
from processors.suspicion.hour_sums import DeviceSums
from processors.windows import REFUSED

Ints = npt.NDArray[np.signedinteger[Any]]

SLOT_MS = 300_000
SLOTS = HOUR_MS // SLOT_MS
QUARTERS = 4
RECENT_HOURS = 24
LONG_HOURS = 168
_PER_QUARTER = SLOTS // QUARTERS
_THOUSAND = 1000.0
# further from the hour's mean counts as this far: 90,000 squares of it still fit 64 bits
_FARTHEST = 10_000_000
_TOP_PER = 200  # a value within 1/200 of the hour's greatest is at the top
_WET_LEAST = 10.0  # points of humidity between the slots of an hour, from which some are called wet


class Feature(NamedTuple):
    """A feature: unit, hours for which it is kept, meaning. NaN: unknown in that hour."""

    name: str
    unit: str
    hours: int
    meaning: str


FEATURES: tuple[Feature, ...] = (
    Feature("count", "1", RECENT_HOURS, "readings with PM10 that nobody excused"),
    Feature("mean", "ug/m3", LONG_HOURS, "mean of PM10"),
    Feature("least", "ug/m3", RECENT_HOURS, "least PM10"),
    Feature("greatest", "ug/m3", LONG_HOURS, "greatest PM10"),
    Feature("deviation", "ug/m3", RECENT_HOURS, "standard deviation of PM10"),
    Feature("quarter_1", "ug/m3", RECENT_HOURS, "mean PM10 of minutes 0-14"),
    Feature("quarter_2", "ug/m3", RECENT_HOURS, "mean PM10 of minutes 15-29"),
    Feature("quarter_3", "ug/m3", RECENT_HOURS, "mean PM10 of minutes 30-44"),
    Feature("quarter_4", "ug/m3", RECENT_HOURS, "mean PM10 of minutes 45-59"),
    Feature("autocorrelation", "1", RECENT_HOURS, "of PM10 with the reading before"),
    Feature("run_share", "1", RECENT_HOURS, "longest run of equal PM10 / readings"),
    Feature("top_share", "1", RECENT_HOURS, "share of readings within 0.5 % of the greatest PM10"),
    Feature("flat_share", "1", RECENT_HOURS, "share of mean data with minimum = average = maximum"),
    Feature("fine_share", "1", RECENT_HOURS, "PM2.5 / PM10"),
    Feature("tsp_residual", "1", RECENT_HOURS, "rest of the line of TSP on PM10 (rms) / mean TSP"),
    Feature("tsp_slope", "1", RECENT_HOURS, "slope of the line of TSP on PM10"),
    Feature("humidity", "%", RECENT_HOURS, "mean relative humidity"),
    Feature("humidity_jump", "%", RECENT_HOURS, "greatest - least 5-minute mean of humidity"),
    Feature("wet_share", "1", RECENT_HOURS, "PM10 of the wet 5-minute slots / of the dry ones"),
    Feature("last_minute", "min", LONG_HOURS, "minute of the last reading, whatever it says"),
    Feature("ending", "ug/m3", LONG_HOURS, "mean PM10 of the last two 5-minute slots with readings"),
    Feature("rise", "1", RECENT_HOURS, "the same / mean of the four slots before"),
    Feature("lag", "s", RECENT_HOURS, "least time of receipt - device time"),
    Feature("lag_span", "s", RECENT_HOURS, "greatest - least of it"),
    Feature("excused", "1", RECENT_HOURS, "share of readings with flag C or M, or under maintenance"),
    Feature("factor", "ug/m3", RECENT_HOURS, "PM10 / raw count: the mass factor K"),
    Feature("astray", "1", RECENT_HOURS, "readings whose time stamp could not be used"),
    Feature("reference", "ug/m3", LONG_HOURS, "background: the lower median of the area's stations"),
)
NUMBER = {column.name: number for number, column in enumerate(FEATURES)}
QUARTER_NAMES = tuple(f"quarter_{n}" for n in range(1, QUARTERS + 1))


class HourReadings(NamedTuple):
    """Readings of one hour, sorted by (row, time); columns of equal length, None: sent by no device.

    Values are integer thousandths of the unit; ABSENT, REFUSED or MISSING where a reading has none.
    """

    row: Int32s
    time: Int64s  # ms UTC, within the hour
    pm10: Ints  # raw: also what quality checks don't admit
    pm2_5: Ints | None = None
    tsp: Ints | None = None
    humidity: Ints | None = None
    lag: Ints | None = None  # received_at - time, ms
    excused: Bools | None = None  # flag C or M, or a maintenance window


@dataclass(frozen=True, slots=True, eq=False)
class HourFeatures:
    """The features of one hour: `columns[k]` (devices) float64 is FEATURES[k]."""

    start: int  # ms UTC
    columns: Floats

    def __getitem__(self, name: str) -> Floats:
        column: Floats = self.columns[NUMBER[name]]
        return column


def hour_features(
    rows: HourReadings,
    devices: int,
    start: int,
    reference: Floats,
    excused: Bools | None = None,
    sums: DeviceSums | None = None,
) -> HourFeatures:
    """Features of the hour [start, start + 1 h); `reference`: (devices) ug/m3, NaN where unknown.

    `excused`: (devices) under maintenance, or in an hour of which the log lacks records: nothing from
    the device counts in this hour, not even its silence. `sums`: data that came beside the rows.
    Raises ValueError for a reading outside the hour.
    `start` may be any instant: the hour before a gap is examined in the same way.
    """
    made = np.full((len(FEATURES), devices), np.nan)
    out = HourFeatures(start, made)
    out["reference"][:] = reference
    if excused is not None and excused.any():
        out["excused"][excused] = 1.0
        out["last_minute"][excused] = 59.0  # who need not speak is not silent
        own = excused[rows.row]
        rows = rows._replace(excused=own if rows.excused is None else rows.excused | own)
    if sums is not None:
        _of_sums(sums, excused, out)
    if not len(rows.row):
        return out
    if int(rows.time.min()) < start or int(rows.time.max()) >= start + HOUR_MS:
        raise ValueError(f"readings of another hour than the one from {start} ms on")
    _of_all(rows, start, out)
    here = rows.pm10 > REFUSED
    if rows.excused is not None:
        here &= ~rows.excused
    if not here.all():
        at = np.flatnonzero(here)
        rows = _some(rows, at)
    if not len(rows.row):
        return out
    device, first = groups(rows.row)
    count = np.diff(first, append=len(rows.row))
    line = np.repeat(np.arange(len(device)), count)  # which of `device` each reading is of
    _of_pm10(rows, device, first, count, line, out)
    slot = line * SLOTS + (rows.time - start) // SLOT_MS
    _of_slots(rows, device, slot, out)
    _of_pairs(rows, device, line, out)
    return out


def _of_sums(sums: DeviceSums, excused: Bools | None, out: HourFeatures) -> None:
    counts = np.ones(len(sums.flat), bool) if excused is None else ~excused
    for name, part, whole in (
        ("flat_share", sums.flat, sums.ranged),
        ("factor", sums.dust, sums.counted),
    ):
        with np.errstate(divide="ignore", invalid="ignore"):
            out[name][:] = np.where(counts & (whole > 0), part / whole, np.nan)
    out["astray"][:] = np.where(counts & (sums.astray > 0), sums.astray, np.nan)
    # one whose readings were all left out has spoken all the same
    out["last_minute"][sums.astray > 0] = 59.0


def _some(rows: HourReadings, at: Positions) -> HourReadings:
    kept: list[Any] = [None if column is None else column[at] for column in rows]
    return HourReadings(*kept)


def groups(row: Int32s) -> tuple[Int32s, Positions]:
    """(value, first position) of each run in a sorted array that is not empty."""
    first = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
    return row[first], first


def _of_all(rows: HourReadings, start: int, out: HourFeatures) -> None:
    """Features from all readings, including those without PM10 or under maintenance: presence and clock."""
    device, first = groups(rows.row)
    last = np.append(first[1:], len(rows.row)) - 1
    out["last_minute"][device] = np.fmax(out["last_minute"][device], (rows.time[last] - start) // 60_000)
    if rows.excused is not None:
        share = np.add.reduceat(rows.excused.astype(np.int64), first) / (last - first + 1)
        out["excused"][device] = share
    if rows.lag is not None:
        least = np.minimum.reduceat(rows.lag, first).astype(np.float64)
        greatest = np.maximum.reduceat(rows.lag, first).astype(np.float64)
        out["lag"][device] = least / _THOUSAND
        out["lag_span"][device] = (greatest - least) / _THOUSAND


def _of_pm10(
    rows: HourReadings, device: Int32s, first: Positions, count: Int64s, line: Int64s, out: HourFeatures
) -> None:
    x = rows.pm10.astype(np.int64)
    total = np.add.reduceat(x, first)
    greatest, least = np.maximum.reduceat(x, first), np.minimum.reduceat(x, first)
    out["count"][device] = count
    out["mean"][device] = total / (count * _THOUSAND)
    out["greatest"][device], out["least"][device] = greatest / _THOUSAND, least / _THOUSAND
    d = np.clip(x - (total // count)[line], -_FARTHEST, _FARTHEST)
    squares = np.add.reduceat(d * d, first).astype(np.float64)
    rest = np.add.reduceat(d, first) / count
    out["deviation"][device] = np.sqrt(np.maximum(squares / count - rest * rest, 0.0)) / _THOUSAND
    onward = np.zeros(len(x), np.int64)
    onward[1:] = d[1:] * d[:-1]
    onward[first] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        out["autocorrelation"][device] = np.add.reduceat(onward, first) / squares
    out["top_share"][device] = (
        np.add.reduceat(x >= (greatest - greatest // _TOP_PER)[line], first, dtype=np.int64) / count
    )
    breaks = np.ones(len(x), bool)
    breaks[1:] = x[1:] != x[:-1]
    breaks[first] = True
    begin = np.flatnonzero(breaks)
    length = np.diff(begin, append=len(x))
    out["run_share"][device] = np.maximum.reduceat(length, np.searchsorted(begin, first)) / count


def _of_slots(rows: HourReadings, device: Int32s, slot: Int64s, out: HourFeatures) -> None:
    shape = (len(device), SLOTS)
    cells = shape[0] * SLOTS
    number = np.bincount(slot, minlength=cells).reshape(shape)
    total = _sums(slot, rows.pm10, cells).reshape(shape)
    quarter = total.reshape(-1, QUARTERS, _PER_QUARTER).sum(axis=2)
    held = number.reshape(-1, QUARTERS, _PER_QUARTER).sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = quarter / (held * _THOUSAND)
        slots = total / (number * _THOUSAND)
    for n, name in enumerate(QUARTER_NAMES):
        out[name][device] = means[:, n]
    out["ending"][device], out["rise"][device] = _ending(slots)
    if rows.humidity is not None:
        wet = rows.humidity > REFUSED
        held_h = np.bincount(slot[wet], minlength=cells).reshape(shape)
        total_h = _sums(slot[wet], rows.humidity[wet], cells).reshape(shape)
        _of_humidity(device, held_h, total_h, number, total, out)


def _ending(slots: Floats) -> tuple[Floats, Floats]:
    """(mean of each device's last two adjacent known slots, its ratio to the mean of the four before)."""
    known = ~np.isnan(slots)
    last = SLOTS - 1 - np.argmax(known[:, ::-1], axis=1)
    line = np.arange(len(slots))
    near = [np.where(last >= back, slots[line, np.maximum(last - back, 0)], np.nan) for back in range(6)]
    ending = (near[0] + near[1]) * 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = ending * 4.0 / (near[2] + near[3] + near[4] + near[5])
    return np.where(np.isnan(near[1]), near[0], ending), rise


def _of_humidity(
    device: Int32s, held: Ints, total: Floats, number: Ints, dust: Floats, out: HourFeatures
) -> None:
    with np.errstate(divide="ignore", invalid="ignore"):
        out["humidity"][device] = total.sum(axis=1) / (held.sum(axis=1) * _THOUSAND)
        mean = total / (held * _THOUSAND)
        known = held > 0
        least = np.where(known, mean, np.inf).min(axis=1)
        greatest = np.where(known, mean, -np.inf).max(axis=1)
        jump = np.where(known.any(axis=1), greatest - least, np.nan)
        out["humidity_jump"][device] = jump
        wet = known & (mean >= ((least + greatest) * 0.5)[:, None]) & (jump >= _WET_LEAST)[:, None]
        dry = known & ~wet
        wet_mean = np.where(wet, dust, 0.0).sum(axis=1) / np.where(wet, number, 0).sum(axis=1)
        dry_mean = np.where(dry, dust, 0.0).sum(axis=1) / np.where(dry, number, 0).sum(axis=1)
        out["wet_share"][device] = wet_mean / dry_mean


def _of_pairs(rows: HourReadings, device: Int32s, line: Int64s, out: HourFeatures) -> None:
    """Features of two quantities in the same reading."""
    n = len(device)
    with np.errstate(divide="ignore", invalid="ignore"):
        if rows.pm2_5 is not None:
            part, whole = _totals(rows.pm2_5, rows.pm10, line, n)
            out["fine_share"][device] = part / whole
        if rows.tsp is not None:
            _of_tsp(rows.tsp, rows.pm10, device, line, out)


def _totals(part: Ints, whole: Ints, line: Int64s, n: int) -> tuple[Floats, Floats]:
    both = (part > REFUSED) & (whole > REFUSED)
    at = slice(None) if both.all() else both
    return _sums(line[at], part[at], n), _sums(line[at], whole[at], n)


def _sums(cell: Int64s, values: Ints, cells: int) -> Floats:
    """Sums of whole numbers by cell; exact while below 2**53."""
    made: Floats = np.asarray(np.bincount(cell, values, cells), np.float64)
    return made


def _of_tsp(tsp: Ints, pm10: Ints, device: Int32s, line: Int64s, out: HourFeatures) -> None:
    both = np.flatnonzero(tsp > REFUSED)
    if not len(both):
        return
    which, first = groups(line[both].astype(np.int32))
    count = np.diff(first, append=len(both))
    own = np.repeat(np.arange(len(which)), count)
    x, y = pm10[both].astype(np.int64), tsp[both].astype(np.int64)
    total_x, total_y = np.add.reduceat(x, first), np.add.reduceat(y, first)
    x = np.clip(x - (total_x // count)[own], -_FARTHEST, _FARTHEST)
    y = np.clip(y - (total_y // count)[own], -_FARTHEST, _FARTHEST)
    rest_x, rest_y = np.add.reduceat(x, first) / count, np.add.reduceat(y, first) / count
    xx = np.add.reduceat(x * x, first) - count * rest_x * rest_x
    xy = np.add.reduceat(x * y, first) - count * rest_x * rest_y
    yy = np.add.reduceat(y * y, first) - count * rest_y * rest_y
    slope = xy / xx
    residual = np.sqrt(np.maximum(yy - slope * xy, 0.0) / count)
    to = device[which]
    out["tsp_slope"][to] = slope
    out["tsp_residual"][to] = residual / (total_y / count)
