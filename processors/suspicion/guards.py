"""Guards: innocent explanations that silence a suspicion (fog, maintenance, night rest)."""

from __future__ import annotations

import numpy as np

from processors.columns import Bools, Floats, Int32s
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.stats import median
from processors.suspicion.surroundings import Surroundings, others

FOG_HUMIDITY = 90.0  # %; dust-standards.md: above it light-scattering readings rise

Seen = tuple[Floats, Bools]


def fog(history: FeatureHistory, place: Surroundings, rows: Int32s, hours: int = 1) -> Seen:
    """Highest humidity at the site's other monitors (at the device where there is none) in the last hours."""
    seen = np.full(history.devices, np.nan)
    for humidity in history.last("humidity", hours):
        beside = others(humidity, place.site)
        seen = np.fmax(seen, np.where(np.isnan(beside), humidity, beside))
    return seen[rows], seen[rows] > FOG_HUMIDITY


def maintenance(history: FeatureHistory, rows: Int32s, hours: int) -> Seen:
    """Share of readings with the device's flags C and M, or in a maintenance window; highest of any hour."""
    shares = history.last("excused", hours)[:, rows]
    seen = np.fmax.reduce(shares, axis=0, initial=0.0)
    return seen, seen > 0.0


def night_rest(
    history: FeatureHistory, place: Surroundings, rows: Int32s, hours: Floats, quiet: float
) -> Seen:
    """Median PM10 of each device's spell of `hours`; low and wholly at night, it explains a flat signal."""
    longest = int(np.max(hours, initial=1))
    values = history.last("mean", longest)[:, rows]
    by_day = ~place.night(longest)
    since_day = np.where(by_day.any(), np.argmax(by_day[::-1]), longest)
    of_spell = np.arange(longest, 0, -1)[:, None] <= hours
    level = median(np.where(of_spell, values, np.nan))
    return level, (hours <= since_day) & (level <= quiet)
