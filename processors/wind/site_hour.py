"""Wind of a site over a clock hour, and the dust the site added between its upwind and downwind points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from processors.columns import NANO, Bools, Int32s, Int64s
from processors.records import Share
from processors.wind.attribution import UNDETERMINED, AttributionSettings, hour_share
from processors.wind.ground import PAIRING_SETTINGS, Ground
from processors.wind.pairing import PAIR_REASONS, ChosenPairs, choose
from processors.wind.rose import SECTOR_NAMES, sector_of
from processors.wind.vector import NONE, REASONS, Wind

_SECTORS = 16
LOG_GAP = "log_gap"
_ATTRIBUTION = AttributionSettings()


@dataclass(frozen=True, slots=True, eq=False)
class HourMeans:
    """Means of one pollutant over the hour by device row; `present`: the mean is valid."""

    pollutant: str
    nano: Int64s  # 1e-9 unit
    present: Bools


def shares_of(ground: Ground, wind: Wind, means: HourMeans, devices: Sequence[str]) -> dict[int, Share]:
    """Number of a site -> its contribution to a pollutant, for the sites where that was measured."""
    there = np.unique(ground.site[means.present]).tolist()
    chosen = choose(ground.pairs, wind.direction, wind.state, means.present, PAIRING_SETTINGS)
    return {site: _share(site, chosen, means, devices) for site in there}


def _share(site: int, chosen: ChosenPairs, means: HourMeans, devices: Sequence[str]) -> Share:
    up, down = int(chosen.up[site]), int(chosen.down[site])
    if up < 0:
        reason = PAIR_REASONS[chosen.reason[site]]
        return Share(means.pollutant, UNDETERMINED, (reason,))
    above, below = int(means.nano[up]), int(means.nano[down])
    found = hour_share(above, below, _ATTRIBUTION)
    return Share(
        means.pollutant,
        found.answer,
        found.reasons,
        devices[up],
        devices[down],
        above / NANO,
        below / NANO,
        (below - above) / NANO,
        found.share,
        found.low,
        found.high,
    )


def wind_words(wind: Wind, site: int, readings: int) -> dict[str, Any]:
    """Fields of a site's wind in its record."""
    direction, told = int(wind.direction[site]), readings > 0
    name = (
        None if direction == NONE else SECTOR_NAMES["en"][int(sector_of(wind.direction[[site]], _SECTORS)[0])]
    )
    return {
        "direction": None if direction == NONE else direction / 1000,
        "sector": name,
        "speed": int(wind.speed[site]) / 1000 if told else None,
        "resultant": int(wind.resultant[site]) / 1000 if told else None,
        "steadiness": int(wind.steadiness[site]) / 10_000 if told else None,
        "readings": readings,
        "reason": REASONS[wind.state[site]],
    }


def means_by_row(row: Int32s, total: Int64s, covered: Int64s, devices: int) -> tuple[Int64s, Int64s]:
    """(mean in 1e-9 unit rounded half up, covered slots) by device row."""
    nano, slots = np.zeros(devices, np.int64), np.zeros(devices, np.int64)
    slots[row] = covered
    nano[row] = (2 * total + covered) // np.maximum(2 * covered, 1)
    return nano, slots
