"""A site's wind over a clock hour, and what the site added between its upwind and its downwind point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from ingest.codec import headers_of
from ingest.records import Headers, Int32s, Int64s
from processors.wind.attribution import UNDETERMINED, AttributionSettings, hour_share
from processors.wind.ground import SETTINGS, Ground
from processors.wind.pairing import PAIR_REASONS, Chosen, choose
from processors.wind.rose import NAMES, sector_of
from processors.wind.vector import NONE, REASONS, Wind

WINDS = "dust.winds/1"
NANO = 10**9
SECTORS = 16
LOG_GAP = "log_gap"
_ATTRIBUTION = AttributionSettings()


@dataclass(frozen=True, slots=True)
class Share:
    """What a site added of one pollutant; values in its unit, None where it can't be told."""

    pollutant: str
    answer: str  # site | not_site | undetermined
    reasons: tuple[str, ...]  # of `undetermined`: codes of attribution.REASONS, or log_gap; sorted
    upwind: str | None = None  # the device
    downwind: str | None = None
    upwind_value: float | None = None
    downwind_value: float | None = None
    added: float | None = None  # downwind - upwind
    share: float | None = None  # of what was measured downwind
    low: float | None = None  # 95 %
    high: float | None = None


@dataclass(frozen=True, slots=True)
class SiteHour:
    """Vector mean of the wind over [start, end) and the shares; `direction` is where it comes from."""

    id: str
    site: str
    start: int
    end: int
    direction: float | None  # degrees clockwise from north; None: calm, variable or no wind
    sector: str | None  # of 16, as `NNW`
    speed: float | None  # scalar mean, m/s
    resultant: float | None  # length of the mean vector, m/s
    steadiness: float | None  # resultant / speed
    readings: int  # with both speed and direction
    reason: str  # "" | no_wind_data | calm | variable_wind
    shares: tuple[Share, ...]  # by pollutant, of those that were measured
    revision: int  # 1, and 1 more each time that it is superseded
    configuration: str
    decided_at: int  # instant of the log


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


def encode_winds(found: Sequence[SiteHour], received_at: int) -> tuple[bytes, Headers]:
    """(value, headers) of hours that one feed record led to, for `dust.results`."""
    return orjson.dumps({"winds": list(found)}, option=orjson.OPT_SORT_KEYS), headers_of(WINDS, received_at)


def wind_records(
    found: Sequence[SiteHour], received_at: int, most: int = 4000
) -> Iterator[tuple[bytes, Headers]]:
    """`encode_winds` in as many records as it takes: Kafka takes none above `topics.MAX_RECORD_BYTES`."""
    for first in range(0, len(found), most):
        yield encode_winds(found[first : first + most], received_at)


def decode_winds(value: bytes) -> list[SiteHour]:
    """The inverse of `encode_winds`."""
    return [site_hour_of(body) for body in orjson.loads(value)["winds"]]


def site_hour_of(body: dict[str, Any]) -> SiteHour:
    """A record out of its JSON data."""
    shares: Iterable[dict[str, Any]] = body["shares"]
    made = tuple(Share(**{**share, "reasons": tuple(share["reasons"])}) for share in shares)
    return SiteHour(**{**body, "shares": made})
