"""Guards: innocent explanations that silence a suspicion (fog, maintenance, night rest, common outage)."""

from __future__ import annotations

import numpy as np

from processors.columns import Bools, Floats, Int32s
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.stats import count_known, median
from processors.suspicion.surroundings import Surroundings, neighbours

FOG_HUMIDITY = 90.0  # %; dust-standards.md: above it light-scattering readings rise

Seen = tuple[Floats, Bools]


def fog(history: FeatureHistory, place: Surroundings, rows: Int32s, hours: int = 1) -> Seen:
    """Highest humidity of the area (of the device if it has no neighbours) in the last hours."""
    seen = np.full(history.devices, np.nan)
    for humidity in history.last("humidity", hours):
        around = neighbours(humidity, place.area)
        seen = np.fmax(seen, np.where(np.isnan(around), humidity, around))
    return seen[rows], seen[rows] > FOG_HUMIDITY


def maintenance(history: FeatureHistory, rows: Int32s, hours: int) -> Seen:
    """Share of readings with the device's flags C and M, or in a maintenance window; highest of any hour."""
    shares = history.last("excused", hours)[:, rows]
    seen = np.fmax.reduce(shares, axis=0, initial=0.0)
    return seen, seen > 0.0


def night_rest(
    history: FeatureHistory, place: Surroundings, rows: Int32s, hours: Floats, quiet: float
) -> Seen:
    """Median PM10 of a spell of `hours`; low and wholly at night, it explains a flat signal."""
    longest = int(np.max(hours, initial=1))
    values = history.last("mean", longest)[:, rows]
    by_day = ~place.night(longest)
    since_day = np.where(by_day.any(), np.argmax(by_day[::-1]), longest)
    level = median(values)
    return level, (hours <= since_day) & (level <= quiet)


def common_outage(
    history: FeatureHistory, place: Surroundings, rows: Int32s, silent: Bools, share: float
) -> Seen:
    """Share of an area's devices that fell silent in the same hour; above `share` it is the network."""
    spoke = count_known(history.last("last_minute", 24)) > 0
    area = place.area
    size = int(area.max(initial=-1)) + 1
    if size == 0:
        return np.zeros(len(rows)), np.zeros(len(rows), bool)
    inside = area >= 0
    every = np.bincount(area[inside & spoke], minlength=size)
    gone = np.bincount(area[inside & silent], minlength=size)
    own = area[rows]
    seen = np.where(own >= 0, gone[own] / np.maximum(every[own], 1), 0.0)
    return seen, (seen > share) & (gone[own] >= 3)
