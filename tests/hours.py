"""Histories of hourly features that tests of suspicion write for themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.features import FEATURES, LONG_HOURS, NUMBER, HourFeatures
from processors.suspicion.surroundings import Surroundings

HOUR = 3_600_000
NEWEST = 500_000 * HOUR
# an honest monitor in fair air by day
HONEST: dict[str, float] = {
    "count": 60,
    "mean": 100,
    "least": 60,
    "greatest": 160,
    "deviation": 25,
    "quarter_1": 90,
    "quarter_2": 110,
    "quarter_3": 95,
    "quarter_4": 105,
    "autocorrelation": 0.7,
    "run_share": 0.03,
    "top_share": 0.02,
    "fine_share": 0.4,
    "humidity": 50,
    "humidity_jump": 2,
    "last_minute": 59,
    "ending": 100,
    "rise": 1,
    "lag": 2,
    "lag_span": 1,
    "excused": 0,
    "reference": 100,
}


def history(devices: int = 1, **columns: Any) -> FeatureHistory:
    """168 hours of honest monitors, but for `columns`: a number, or (k) or (k, devices) of the last k hours."""
    made = FeatureHistory.of(devices)
    full = np.full((len(FEATURES), LONG_HOURS, devices), np.nan)
    for name, value in HONEST.items():
        full[NUMBER[name]] = value
    for name, value in columns.items():
        array = np.asarray(value, float)
        if array.ndim == 1:
            array = array[:, None]
        if array.ndim == 0:
            full[NUMBER[name]] = array
        else:
            full[NUMBER[name], LONG_HOURS - len(array) :] = array
    for hour in range(LONG_HOURS):
        made.put(HourFeatures(NEWEST - (LONG_HOURS - 1 - hour) * HOUR, full[:, hour]))
    return made


def place(devices: int = 1, hour: int = 14, site: Any = None) -> Surroundings:
    """Each device on a site of its own, if nothing else is said; a number: all on that one."""
    sites = np.arange(devices) if site is None else np.broadcast_to(site, devices)
    return Surroundings(sites.astype(np.int32), hour)
