"""Surroundings of devices: their sites and areas, medians of neighbours, night hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import Bools, Floats, Int32s
from processors.suspicion.air import Air, hours_up_to
from processors.suspicion.feature_history import FeatureHistory

NIGHT_FROM, NIGHT_TO = 22, 6  # dust-standards.md: night is 22:00-06:00
LEAST_NEIGHBOURS = 4  # devices of an area, from which its median says something


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """`site`, `area`: (devices) number of the group, -1: none; `hour`: of the newest hour, 0-23, local."""

    site: Int32s
    area: Int32s
    hour: int
    air: Air | None = None  # corrections of what they say

    def night(self, hours: int, before: int = 0) -> Bools:
        """(hours) True for each of the last hours that is at night, oldest first."""
        local = (self.hour - before - np.arange(hours - 1, -1, -1)) % 24
        return (local >= NIGHT_FROM) | (local < NIGHT_TO)


def level(history: FeatureHistory, place: Surroundings, name: str, hours: int, before: int = 0) -> Floats:
    """(hours, devices) of a column in ug/m3: `history.last` with the corrections of `place.air`."""
    raw = history.last(name, hours, before)
    return raw if place.air is None else place.air.of(raw, hours_up_to(history.newest, hours, before))


def neighbours(column: Floats, group: Int32s, least: int = LEAST_NEIGHBOURS) -> Floats:
    """(devices) lower median over the devices of the same group; NaN: fewer than `least` are known."""
    made = np.full(len(column), np.nan)
    known = np.flatnonzero(~np.isnan(column) & (group >= 0))
    if not len(known):
        return made
    order = known[np.lexsort((column[known], group[known]))]
    groups = group[order]
    first = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
    count = np.diff(first, append=len(groups))
    enough = count >= least
    median = np.where(enough, column[order[first + (count - 1) // 2]], np.nan)
    place = np.searchsorted(groups[first], group)
    inside = np.minimum(place, len(first) - 1)
    found = groups[first][inside] == group
    made[found] = median[inside[found]]
    return made


def pairs_of(group: Int32s, most: int = 16) -> tuple[Int32s, Int32s]:
    """Pairs of rows in one group, (a, b) with a before b, at most `most` - 1 steps apart in it."""
    order = np.argsort(group, kind="stable").astype(np.int32)
    order = order[group[order] >= 0]
    groups = group[order]
    a, b = [], []
    for step in range(1, most):
        same = np.flatnonzero(groups[step:] == groups[:-step]) if step < len(groups) else np.empty(0, np.intp)
        if not len(same):
            break
        a.append(order[same])
        b.append(order[same + step])
    if not a:
        nobody = np.empty(0, np.int32)
        return nobody, nobody
    return np.concatenate(a), np.concatenate(b)
