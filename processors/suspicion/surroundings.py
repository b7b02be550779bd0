"""Surroundings of devices: the other monitors of their sites, and night hours.

A device's neighbours are the other monitors of its site. What the air of its area did is told by the
reference stations alone (`reference` of the features), which every partition knows; the monitors of another
site may be another partition's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import Bools, Floats, Int32s
from processors.suspicion.air import Air, hours_up_to
from processors.suspicion.feature_history import FeatureHistory

NIGHT_FROM, NIGHT_TO = 22, 6  # dust-standards.md: night is 22:00-06:00


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """`site`: (devices) its number, -1: none; `hour`: of the newest hour, 0-23, local."""

    site: Int32s
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


def others(column: Floats, site: Int32s) -> Floats:
    """(devices) lower median over the other devices of the same site; NaN: of none of them it is known."""
    made = np.full(len(column), np.nan)
    known = np.flatnonzero(~np.isnan(column) & (site >= 0))
    if not len(known):
        return made
    order = known[np.lexsort((column[known], site[known]))]
    sites = site[order]
    first = np.flatnonzero(np.concatenate(([True], sites[1:] != sites[:-1])))
    count = np.diff(first, append=len(sites))
    own = np.minimum(np.searchsorted(sites[first], site), len(first) - 1)
    rank = np.full(len(column), len(column))  # among the known of its site; of an unknown one after all
    rank[order] = np.arange(len(order)) - np.repeat(first, count)
    middle = (count[own] - (rank < len(column)) - 1) // 2
    there = (sites[first][own] == site) & (middle >= 0)
    place = first[own] + middle + (rank <= middle)
    made[there] = column[order[place[there]]]
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
