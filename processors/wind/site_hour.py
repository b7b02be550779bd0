"""A site's wind over a clock hour, and what the site added between its upwind and its downwind point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from processors.columns import NANO, Int32s, Int64s
from processors.records.winds import Share
from processors.wind.attribution import UNDETERMINED, AttributionSettings, hour_share
from processors.wind.ground import SETTINGS, Ground
from processors.wind.pairing import PAIR_REASONS, Chosen, choose
from processors.wind.rose import NAMES, sector_of
from processors.wind.vector import NONE, REASONS, Wind

SECTORS = 16
LOG_GAP = "log_gap"
_ATTRIBUTION = AttributionSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The hour's means of one pollutant by device row; `present`: the mean is valid."""

    pollutant: str
    nano: Int64s  # 1e-9 unit
    present: npt.NDArray[np.bool_]


def shares_of(ground: Ground, wind: Wind, measured: Measured, devices: Sequence[str]) -> dict[int, Share]:
    """Number of a site -> what it added of a pollutant, for the sites where it was measured."""
    there = np.unique(ground.site[measured.present]).tolist()
    chosen = choose(ground.pairs, wind.direction, wind.state, measured.present, SETTINGS)
    return {site: _share(site, chosen, measured, devices) for site in there}


def _share(site: int, chosen: Chosen, measured: Measured, devices: Sequence[str]) -> Share:
    up, down = int(chosen.up[site]), int(chosen.down[site])
    if up < 0:
        reason = PAIR_REASONS[chosen.reason[site]]
        return Share(measured.pollutant, UNDETERMINED, (reason,))
    above, below = int(measured.nano[up]), int(measured.nano[down])
    found = hour_share(above, below, _ATTRIBUTION)
    return Share(
        measured.pollutant,
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
    """The fields of a site's wind."""
    direction, told = int(wind.direction[site]), readings > 0
    name = None if direction == NONE else NAMES["en"][int(sector_of(wind.direction[[site]], SECTORS)[0])]
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


# -------------------------------------------------------------------------------------------- on Kafka
