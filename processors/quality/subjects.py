"""Inputs of the checks: odd values, readings on arrival, pairs with the newest value, stretches of time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from processors.columns import ABSENT, Array, Bools, Int32s, Int64s, Positions, Uint8s
from processors.quality.newest import NewestValues
from processors.quality.series import Series, begins, run_starts, window_starts


class OddValues(NamedTuple):
    """k values outside the ordinary range: thousandths or REFUSED, pollutant number, device row."""

    value: Int32s
    pollutant: Int64s
    row: Int32s


class RawValues(NamedTuple):
    """n values of one pollutant before their calibration."""

    pollutant: int
    value: Int32s  # thousandths, ABSENT or REFUSED
    maximum: Int32s  # of each one's sensor, thousandths; -1: not known


class Arrivals(NamedTuple):
    """n readings on arrival, by row: inputs that a log of values doesn't keep."""

    row: Int32s
    ahead: Int64s  # time - received_at, ms
    humidity: Int64s | None  # relative, thousandths of a percent or MISSING; None: nobody sends it
    codes: Uint8s | None  # (3, n) of `device_codes.codes_of`; None: no device flagged anything


class ValuePairs(NamedTuple):
    """k values, each compared with the newest earlier one of its device and pollutant."""

    pollutant: Int64s
    cell: Int64s  # pollutant * rows + device row
    change: Int64s  # thousandths; 0 where nothing came before
    apart: Int64s  # ms since the one before; meaningless where nothing came before
    same_for: Int64s  # ms since the value last changed


class WithNewest(NamedTuple):
    """Series with the newest earlier value inserted before each device that lacks context."""

    series: Series
    own: Positions  # the values of the stretch
    first: Bools  # which are the first of their device


@dataclass(slots=True)
class WindowStarts:
    """Cache of window starts, shared by pollutants that are present in the same readings."""

    known: tuple[Positions, int, Positions] | None = None  # places, period in ms, starts

    def over(self, stretch: Stretch, period_ms: int) -> Positions:
        """Window starts for the values of the stretch, as `Stretch.window_starts`."""
        if self.known is not None:
            place, period, found = self.known
            if period == period_ms and np.array_equal(place, stretch.place):
                return found
        found = window_starts(stretch.series, period_ms, stretch.own)
        self.known = (stretch.place, period_ms, found)
        return found


@dataclass(slots=True, eq=False)
class Stretch:
    """Usable values of one pollutant around a stretch of time, with the earlier values and the background."""

    pollutant: int  # its number in `JUDGED`
    series: Series
    place: Positions  # of each value among the readings
    own: Positions  # which of them lie in the stretch
    before: NewestValues | None  # of each device, before all of them; None: nothing is known
    background: Int64s | None  # (rows) at each device, thousandths or MISSING; None: not known
    starts: WindowStarts
    period: int = 0  # of each value, ms; 0: instants
    _own_series: Series | None = field(default=None, init=False)
    _with_newest: WithNewest | None = field(default=None, init=False)

    @property
    def own_series(self) -> Series:
        """The values of the stretch alone."""
        if self._own_series is None:
            self._own_series = self.series.take(self.own)
        return self._own_series

    @property
    def with_newest(self) -> WithNewest:
        """Values of the stretch with those they are compared with."""
        if self._with_newest is None:
            series, own = self._joined()
            self._with_newest = WithNewest(series, own, begins(series.row))
        return self._with_newest

    @property
    def same_for(self) -> Int64s:
        """Duration for which each value of the stretch has been the same, ms."""
        before = None if self.before is None else self.before.runs(self.pollutant)
        since: Int64s = run_starts(self.series, before)[self.own]
        return self.own_series.time - since

    def window_starts(self, period_ms: int) -> Positions:
        """For each value of the stretch, position of its device's first value in (t - period, t]."""
        return self.starts.over(self, period_ms)

    def _joined(self) -> tuple[Series, Positions]:
        series, own, q = self.series, self.own, self.pollutant
        if self.before is None:
            return series, own
        value, time = self.before.value[q], self.before.time[q]
        first = np.flatnonzero(begins(series.row))
        rows = series.row[first]
        lacks = first[(value[rows] != ABSENT) & np.isin(first, own, assume_unique=True)]
        if not len(lacks):
            return series, own
        rows = series.row[lacks]
        # where each value goes, as `np.insert` would put them three times over
        new, moved = lacks + np.arange(len(lacks)), np.arange(len(series))
        moved += lacks.searchsorted(moved, side="right")
        inserted: tuple[Array, ...] = (rows, time[rows], value[rows])
        columns: list[Array] = []
        for kept, more in zip(series.columns, inserted, strict=True):
            column = np.empty(len(moved) + len(new), kept.dtype)
            column[moved], column[new] = kept, more
            columns.append(column)
        return Series(*columns), moved[own]
