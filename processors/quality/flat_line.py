"""Flat line: the same value for too long.

`check` counts values as `ioos_qc.qartod.flat_line_test` does: the spread of a value and the `count` values
before it, ignoring missing ones, is below a tolerance. ioos_qc derives the count from the median interval
of the whole series, which a stream can't know; here it comes from the interval configured for the device.
Quirks of ioos_qc that are kept: the spread must be *below* the tolerance, so that 0 finds nothing, and a
value preceded by `count` missing ones is flagged flat. A quirk that is not kept: a series of fewer than
three values passes even where values are missing.

`found` measures the time since the value last changed. For a series with a steady interval and no gaps it
equals `check` with tolerance 1; where a device sends in bursts a count says nothing about time, so the
fold uses `found`.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple, Self

import numpy as np
from pydantic import Field, StrictInt, model_validator

from processors.columns import UNBOUNDED, Bools, Int64s, Uint8s
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings, Positive, Seconds, check_order
from processors.quality.monitors import Monitors
from processors.quality.quality_check import ByPollutant, QualityCheck
from processors.quality.series import CheckReach, Series, row_starts
from processors.quality.subjects import Stretch, ValuePairs


class FlatLine(CheckSettings):
    """How long a value may stay the same, and how many equal ones it takes at least."""

    suspect_s: Seconds
    fail_s: Seconds
    least_values: Annotated[StrictInt, Field(ge=1, le=1000)] = 1
    tolerance: Positive = 1  # one thousandth: only equal values; of `check` alone, a run is of equal values

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return check_order(self, ("suspect_s", "fail_s"))


class FlatTimes(NamedTuple):
    """Time in ms that a value may stay the same, (3, rows), and whether each pollutant is checked."""

    on: tuple[bool, ...]
    suspect: Int64s
    fail: Int64s


def counts(settings: FlatLine, interval: Int64s) -> tuple[Int64s, Int64s]:
    """(suspect, fail) number of equal values before a value, by device row. `interval`: ms, above 0."""
    least = np.full(len(interval), settings.least_values, np.int64)
    suspect, fail = (np.maximum(s * 1000 // interval, least) for s in (settings.suspect_s, settings.fail_s))
    return suspect, fail


def times(settings: FlatLine, interval: Int64s) -> tuple[Int64s, Int64s]:
    """(suspect, fail) time in ms that a value may stay the same, by device row. `interval`: ms, above 0."""
    suspect, fail = counts(settings, interval)
    return suspect * interval, fail * interval


def reach(settings: FlatLine, interval: Int64s) -> CheckReach:
    """Reach of `check`, back by values."""
    return CheckReach(values=max(int(c.max(initial=0)) for c in counts(settings, interval)))


def check(series: Series, settings: FlatLine, interval: Int64s) -> Uint8s:
    """Flags (n). `interval`: the one configured for each device, ms, by row."""
    suspect, fail = (
        _spread_below(series, count[series.row], settings.tolerance) for count in counts(settings, interval)
    )
    return flags_of(Found(fail, suspect), series.present)


def _spread_below(series: Series, count: Int64s, tolerance: int) -> Bools:
    """True where max - min over each value and the `count` positions before it is below the tolerance."""
    n = len(series)
    place = np.arange(n)
    whole = place - count >= row_starts(series.row)
    present = series.present
    least = np.where(present, series.value, UNBOUNDED)  # of 2**k positions that end at each
    most = np.where(present, series.value, -UNBOUNDED)
    low, high = np.full(n, UNBOUNDED), np.full(n, -UNBOUNDED)
    at, step, rest = place.copy(), 1, np.where(whole, count + 1, 0)
    while (rest > 0).any():
        odd = np.flatnonzero(rest & 1)
        low[odd] = np.minimum(low[odd], least[at[odd]])
        high[odd] = np.maximum(high[odd], most[at[odd]])
        at[odd] -= step
        rest >>= 1
        least[step:] = np.minimum(least[step:], least[:-step])
        most[step:] = np.maximum(most[step:], most[:-step])
        step *= 2
    found = whole & (high >= low)
    found[found] = high[found] - low[found] < tolerance
    return found


def found(same_for: Int64s, suspect_ms: Int64s, fail_ms: Int64s) -> Found:
    """Fail and suspect where a value has been the same for too long; all in ms, (n)."""
    return Found(same_for >= fail_ms, same_for >= suspect_ms)


def _limits(settings: ByPollutant[FlatLine], monitors: Monitors) -> FlatTimes:
    never = np.full(len(monitors), UNBOUNDED)
    by_pollutant = [times(own, monitors.interval) if own else (never, never) for own in settings]
    suspect, fail = (np.stack(column) for column in zip(*by_pollutant, strict=True))
    return FlatTimes(tuple(own is not None for own in settings), suspect, fail)


def _back(limits: FlatTimes, pairs: ValuePairs) -> Found:
    cell = pairs.cell
    return found(pairs.same_for, limits.suspect.reshape(-1)[cell], limits.fail.reshape(-1)[cell])


def _over(limits: FlatTimes, stretch: Stretch) -> Found | None:
    q = stretch.pollutant
    if not limits.on[q]:
        return None
    row = stretch.own_series.row
    return found(stretch.same_for, limits.suspect[q, row], limits.fail[q, row])


CHECK = QualityCheck(
    name="flat_line",
    says="the same value for too long",
    settings=FlatLine,
    # At 0.1 ug/m3 an hour of equal minutes is no air; monitors that show whole ug/m3 may rest longer at
    # night.
    defaults={"suspect_s": 3_600, "fail_s": 4 * 3_600, "least_values": 12},
    limits=_limits,
    back=_back,
    over=_over,  # reaches no rows: since when the newest value has been the same is remembered
)
