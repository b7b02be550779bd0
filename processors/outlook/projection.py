"""Projection of open windows: certain outcomes, the likely mean, and the mean that would still comply.

A window's value is the mean over its *covered* slots, and it is judged only if enough slots are covered. So
the continuation that is best for the site is the one in which every open slot is covered by zeros:
any other non-negative value raises the sum, and a slot left out takes a zero away. The slot that is
being measured counts as open: readings of 0 still to come may bring its mean as near to 0 as one likes.
All limits are compared in whole 1e-9 of the unit; a probability is never part of `cannot_comply`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from processors.columns import UNBOUNDED, Bools, Floats, Int64s
from processors.outlook.recent_levels import LevelMemory, Recent, gain_of

NONE = -1  # no such average or probability
_NANO = 1e9
_ROOM = 2**62  # products with a bar stay below it
_FINE = 100  # steps of the normal distribution's table per standard deviation
_FAR = 4 * _FINE
# 1/10000 that a normal value lies more than (i - _FAR) / _FINE standard deviations above its mean; whole
# numbers, so that no machine's exp() can make a difference
_ABOVE: Int64s = np.array(
    [round(5000 * math.erfc(i / _FINE / math.sqrt(2))) for i in range(-_FAR, _FAR + 1)], np.int64
)


@dataclass(frozen=True, slots=True)
class ProjectionSettings:
    """Settings of the projection; the figures are a proposal of this project, tuned on recordings."""

    memory: LevelMemory = field(default_factory=LevelMemory)
    least_slots: int = 3  # slot means before anything is projected
    stale_ms: int = 3_600_000  # and the newest must not be older than this (or than two slots)
    floor: float = 0.2  # the spread of a slot mean is at least this share of the level
    within: float = 1.2816  # standard deviations of [low, high]: 80 % of a normal distribution


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """Progress of one rule's open window; one line per point, all (n) int64.

    *Settled* slots get no further reading (their end, and the delay that is granted, have passed);
    the others are open, including the one that is being measured. A reading that reaches a settled slot
    afterwards is the exception that `cannot_comply` doesn't cover.
    """

    total: Int64s  # sum of the means of settled slots, 1e-9 unit
    covered: Int64s  # settled slots with an admitted value
    open_covered: Int64s  # open slots that have an admitted value already
    settled: Int64s
    slots: Int64s  # of the whole window; 0: the interval does not divide it


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Thresholds for the mean, (n) int64 1e-9 unit; UNBOUNDED: no threshold is known."""

    surely: Int64s  # the highest it can turn out to be
    likely: Int64s  # the one to expect


@dataclass(frozen=True, slots=True, eq=False)
class Prospects:
    """Outcomes that no continuation can change, by exact arithmetic; (n) each."""

    captured: Bools  # the least capture is reached already
    reachable: Bools  # it is, or still can be
    zeros_exceed: Bools  # exceeds even with zeros in all open slots
    cannot_comply: Bools  # `captured` and `zeros_exceed`: it ends as *exceeds*, whatever comes
    required: Int64s  # 1e-9 unit: mean of all open slots that just complies with the likely bar, or NONE


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Expected mean at the window's end if measuring continues; (n) each, float64 in the unit."""

    mean: Floats
    low: Floats
    high: Floats
    permyriad: Int64s  # probability to exceed in 1/10000, or NONE where nothing can be projected


def settled_slots(now: int, start: int, delay: int, interval: Int64s, slots: Int64s) -> Int64s:
    """Number of slots that end by `now - delay`; instants and intervals in ms, `slots` of the window."""
    passed: Int64s = (now - delay - start) // np.maximum(interval, 1)
    settled: Int64s = np.minimum(np.maximum(passed, 0), slots)
    return settled


def bars_of(limit: int, cap: int | None, known: Int64s, expected: Int64s) -> Bars:
    """Limit plus what may be subtracted. All 1e-9 unit; `known`, `expected` (n), NONE where unknown.

    Until the background is known, the most that may be subtracted is the cap; without a cap there is no
    highest bar. The likely bar then rests on `expected` (of the hour before, say), or the cap. A rule without
    background: `cap=0`, `known` all 0. Raises ValueError where limit or cap is negative.
    """
    if limit < 0 or (cap is not None and cap < 0):
        raise ValueError(f"limit {limit} and cap {cap} can't be negative: zeros would not be the least")
    most = UNBOUNDED - limit if cap is None else min(cap, UNBOUNDED - limit)
    surely = np.where(known >= 0, np.minimum(known, most), most)
    guessed = np.where(expected >= 0, np.minimum(expected, most), most)
    return Bars(limit + surely, limit + np.where(known >= 0, surely, guessed))


def prospects(progress: Progress, bars: Bars, strict: bool, least_permyriad: int) -> Prospects:
    """Certain outcomes. `strict`: a mean equal to the limit complies; `least_permyriad`: capture, 1/10000."""
    p = progress
    open_slots = p.slots - p.settled
    need = -(-least_permyriad * p.slots // 10_000)
    some = (p.slots > 0) & (p.covered + p.open_covered > 0)
    captured = some & (p.covered + p.open_covered >= need)
    reachable = (p.slots > 0) & (p.covered + open_slots >= np.maximum(need, 1))
    reached = p.covered + open_slots
    zeros_exceed = reachable & _exceeds(p.total, bars.surely, reached, strict)
    room = fits(bars.likely, reached)
    bar = np.where(room, bars.likely, 0)
    left = bar * reached - p.total - (0 if strict else 1)
    has_some = room & (open_slots > 0) & (left >= 0) & reachable
    required = np.where(has_some, left // np.maximum(open_slots, 1), NONE)
    return Prospects(captured, reachable, zeros_exceed, captured & zeros_exceed, required)


def project(
    progress: Progress,
    bars: Bars,
    strict: bool,
    recent: Recent,
    interval: Int64s,
    now: int,
    settings: ProjectionSettings,
) -> Projection:
    """Projected mean at the end, and the probability that it exceeds the likely bar.

    `recent`, `interval` (ms): of the same n points (`rows_of`). Model: each open slot is expected at the
    recent level; its error has the recent spread (a deviation of at least `floor` of the level) and moves the
    level by the gain of `LevelMemory`, so later slots are less certain, and correlated:
    variance of the sum of R open slots = spread * sum((1 + i * gain)**2, i < R).
    """
    p = progress
    rest = p.slots - p.settled
    reached = np.maximum(p.covered + rest, 1)
    floor = settings.floor * recent.level
    spread = np.maximum(recent.spread, floor * floor)
    gain = gain_of(interval, settings.memory.level_ms)
    together = rest + gain * (rest * (rest - 1)) + gain * gain * (rest * (rest - 1) * (2 * rest - 1) / 6)
    least = p.total / _NANO / reached
    mean = least + recent.level * rest / reached
    deviation = np.sqrt(spread * together) / reached
    low = np.maximum(mean - settings.within * deviation, least)
    high = mean + settings.within * deviation
    bar = bars.likely / _NANO
    away = (bar - mean) / np.maximum(deviation, 1e-9)
    step = np.rint(np.clip(away * _FINE, -_FAR, _FAR)).astype(np.int64)
    permyriad = _ABOVE[step + _FAR]
    # what is a fact is no matter of a model
    zeros_exceed = _exceeds(p.total, bars.likely, p.covered + rest, strict)
    permyriad = np.where(zeros_exceed, 10_000, np.where(rest == 0, 0, permyriad))
    stale = now - recent.last > np.maximum(settings.stale_ms, 2 * interval) + interval
    believed = (recent.count >= settings.least_slots) & ~stale
    known = (p.slots > 0) & (bars.likely < UNBOUNDED) & (believed | zeros_exceed | (rest == 0))
    return Projection(mean, low, high, np.where(known, permyriad, NONE))


def rows_of(recent: Recent, rows: npt.NDArray[np.integer]) -> Recent:
    """Levels of some devices."""
    return Recent(recent.count[rows], recent.last[rows], recent.level[rows], recent.spread[rows])


def fits(bar: Int64s, slots: Int64s) -> Bools:
    """True where the product stays within 64 bits."""
    return bar <= _ROOM // np.maximum(slots, 1)


def _exceeds(total: Int64s, bar: Int64s, slots: Int64s, strict: bool) -> Bools:
    """True where total / slots is above the bar; a bar whose product would not fit is above any sum."""
    known = fits(bar, slots)
    product = np.where(known, bar, 0) * slots
    above = total > product if strict else total >= product
    return known & above & (slots > 0)
