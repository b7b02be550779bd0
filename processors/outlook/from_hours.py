"""Projects an open window made of clock hours, from its closed hours and the one in progress.

The hour in progress is the difficulty: it is left out if too little of it is captured; otherwise it counts,
and what was already measured keeps its mean from being 0. With T the sum of k valid hours, R hours to
come (this one included), m the least mean that this hour can still have, and B the bar, the window exceeds
whatever comes if it does so with the hour and without it: T + m > B (k + R) and T > B (k + R - 1), that is
T + min(m, B) > B (k + R). An hour that has its least capture can't be left out any more: T + m > B (k + R).
All exact, in whole 1e-9 of the unit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from processors.columns import HOUR_MS, Int64s
from processors.measuring import LEAST_PERMYRIAD
from processors.outlook.projection import (
    NONE,
    Bars,
    Progress,
    Projection,
    ProjectionSettings,
    Prospects,
    fits,
    project,
)
from processors.outlook.recent_levels import Recent


@dataclass(frozen=True, slots=True, eq=False)
class BegunHour:
    """The first hour that has not closed, in slots; one line per point, all (n) int64."""

    total: Int64s  # sum of the means of settled slots, 1e-9 unit
    covered: Int64s
    settled: Int64s
    slots: Int64s  # of an hour; 0: the interval does not divide it


def hour_prospects(
    progress: Progress, begun: BegunHour, bars: Bars, strict: bool, least_permyriad: int, nominal: int
) -> Prospects:
    """Certain outcomes of a window of hours. `progress`: in hours, of which the closed ones are settled.

    `nominal`: hours by which the capture is measured, 24 for a day even when the clocks change.
    """
    p, b = progress, begun
    reached_slots = b.covered + b.slots - b.settled  # of the hour, if measuring goes on
    least_slots = -(-LEAST_PERMYRIAD * b.slots // 10_000)
    sure = (b.slots > 0) & (b.covered >= np.maximum(least_slots, 1))
    possible = (b.slots > 0) & (reached_slots >= np.maximum(least_slots, 1))
    rest = p.slots - p.settled
    comes = rest - ((rest > 0) & ~possible)  # hours that can still be valid
    need = -(-least_permyriad * nominal // 10_000)
    captured = (p.slots > 0) & (p.covered + (sure & (rest > 0)) >= np.maximum(need, 1))
    reached = p.covered + comes
    reachable = (p.slots > 0) & (reached >= np.maximum(need, 1))
    held = possible & (rest > 0)
    divisor = np.maximum(reached_slots, 1)
    least_mean = np.where(held, (2 * b.total + divisor) // (2 * divisor), 0)
    bar = np.where(fits(bars.likely, reached), bars.likely, 0)
    known = fits(bars.surely, reached)
    surely = np.where(known, bars.surely, 0)
    # as long as it may be left out it adds no more than the bar
    adds = np.where(sure, least_mean, np.minimum(least_mean, surely))
    sums = p.total + adds
    above = sums > surely * reached if strict else sums >= surely * reached
    zeros_exceed = reachable & known & above & (reached > 0)
    return Prospects(
        captured,
        reachable,
        zeros_exceed,
        captured & zeros_exceed,
        _required(p, b, bar * reached, np.where(held, reached_slots, 0), comes, strict, reachable),
    )


def _required(
    p: Progress,
    b: BegunHour,
    most: Int64s,
    reached_slots: Int64s,
    comes: Int64s,
    strict: bool,
    reachable: Int64s,
) -> Int64s:
    """Mean of everything still to come, this hour included, that just complies; NONE: none does.

    r with T + (t + r o) / (c + o) + r (R - 1) = B (k + R), the hour's mean being rounded by half of 1e-9.
    """
    held = reached_slots > 0
    per_hour = np.maximum(reached_slots, 1)
    still = np.where(held, b.slots - b.settled, 0)
    left = most - p.total - held - (0 if strict else 1)
    room = fits(np.maximum(left, 0), per_hour)
    left = np.where(room, left, 0) * per_hour - np.where(held, b.total, 0)
    whole = still + (comes - held) * per_hour
    has_some = room & reachable & (whole > 0) & (left >= 0)
    return np.where(has_some, left // np.maximum(whole, 1), NONE)


def project_hours(
    progress: Progress,
    found: Prospects,
    bars: Bars,
    strict: bool,
    recent: Recent,
    now: int,
    settings: ProjectionSettings,
) -> Projection:
    """Projection by the level of the closed hours; where zeros would exceed, the probability is 1."""
    interval = np.full(len(progress.total), HOUR_MS, np.int64)
    seen = project(progress, bars, strict, recent, interval, now, settings)
    return replace(seen, permyriad=np.where(found.zeros_exceed, 10_000, seen.permyriad))
