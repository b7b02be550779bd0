"""Spike: one value above, or below, both of its neighbours in time by more than a threshold.

As `ioos_qc.qartod.spike_test` with method "differential": of the changes to a value and from it, in opposite
directions, the smaller one is above the threshold. So a spike's good neighbours and the two sides of a step
are none. The first and last values of a device, and those beside a missing one, are not evaluated.

A value's flag is known once the next value has come. In the fold the next one counts only within two
intervals of the device; a longer hole ends the series, and its last value stays unflagged.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from pydantic import model_validator

from processors.columns import Bools, Int32s, Int64s, Uint8s
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings, Positive, check_order
from processors.quality.monitors import Monitors
from processors.quality.quality_check import ByPollutant, QualityCheck
from processors.quality.series import CheckReach, Series, begins
from processors.quality.subjects import Stretch

REACH = CheckReach(values=1, ahead=1)
NEXT_WITHIN = 2  # intervals


class Spike(CheckSettings):
    """Distance from the nearer of both neighbours."""

    suspect: Positive
    fail: Positive | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return check_order(self, ("suspect", "fail"))


class SpikeLimits(NamedTuple):
    """The settings by pollutant, and how far off each device's next value may be, ms by row."""

    settings: ByPollutant[Spike]
    next_within: Int64s

    def ends(self, row: Int32s, time: Int64s, period: int) -> Int64s:
        """Instant until which the next value of each of these counts; `period`: of the series, ms."""
        return time + np.maximum(self.next_within[row], NEXT_WITHIN * period)


def check(series: Series, settings: Spike) -> Uint8s:
    """Flags (n): suspect or fail strictly above the threshold."""
    present, evaluated = series.present, np.zeros(len(series), np.bool_)
    inner = between(begins(series.row))
    evaluated[1:-1] = inner & present[:-2] & present[2:]
    return flags_of(found(series, settings, inner), present, evaluated)


def between(first: Bools) -> Bools:
    """True for each value but the first and last of all with its device's values on both sides; (n - 2)."""
    return np.asarray(~first[1:-1] & ~first[2:])


def found(series: Series, settings: Spike, inner: Bools) -> Found:
    """Fail and suspect for spikes among values that are all present; `inner`: from `between`."""
    n = len(series)
    fail, suspect = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    if n >= 3:
        change = series.value[1:] - series.value[:-1]
        size = np.abs(change)
        away = np.minimum(size[:-1], size[1:])
        turns = inner & ((change[:-1] ^ change[1:]) < 0)  # up and down again, or down and up
        suspect[1:-1] = (away > settings.suspect) & turns
        if settings.fail is not None:
            fail[1:-1] = (away > settings.fail) & turns
    return Found(fail, suspect)


def _limits(settings: ByPollutant[Spike], monitors: Monitors) -> SpikeLimits:
    return SpikeLimits(settings, NEXT_WITHIN * monitors.interval)


def _over(limits: SpikeLimits, stretch: Stretch) -> Found | None:
    own = limits.settings[stretch.pollutant]
    if own is None:
        return None
    series, which, first = stretch.with_newest
    if len(series) < 3:  # none has two neighbours
        return None
    every = found(series, own, between(first))
    at = np.flatnonzero(every.suspect)
    if len(at):
        far = at[series.time[at + 1] > limits.ends(series.row[at], series.time[at], stretch.period)]
        every.fail[far] = every.suspect[far] = False
    return Found(every.fail[which], every.suspect[which])


def _awaits(limits: SpikeLimits, stretch: Stretch) -> Int64s | None:
    """A value far from the one before it awaits the next; what lies between two of them comes late."""
    own = limits.settings[stretch.pollutant]
    if own is None:
        return None
    series, which, first = stretch.with_newest
    until = np.zeros(len(which), np.int64)
    last = np.append(series.row[which[1:]] != series.row[which[:-1]], True)[: len(which)]
    at = np.flatnonzero(last & ~first[which])
    place = which[at]
    far = np.abs(series.value[place] - series.value[place - 1]) > own.suspect
    at, place = at[far], place[far]
    until[at] = limits.ends(series.row[place], series.time[place], stretch.period)
    return until


CHECK = QualityCheck(
    name="spike",
    says="one value above or below both of its neighbours in time",
    settings=Spike,
    # One-minute plumes of several hundred ug/m3 are what a site monitor is there to see.
    defaults={"suspect": 1_000, "fail": 5_000},
    exceptions={"pm2_5": {"suspect": 500, "fail": 2_500}},
    refused=True,
    limits=_limits,
    over=_over,
    awaits=_awaits,
    reach=lambda settings: REACH,  # values: the newest one before is remembered
)
