"""Winds of sites by clock hour with each site's own contribution, and their form on Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ingest.codec import headers_of
from ingest.records import Headers

WINDS = "dust.winds/1"


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


def encode_winds(found: Sequence[SiteHour], received_at: int) -> tuple[bytes, Headers]:
    """(value, headers) of hours that one feed record led to, for `dust.results`."""
    return orjson.dumps({"winds": list(found)}, option=orjson.OPT_SORT_KEYS), headers_of(WINDS, received_at)


def wind_records(
    found: Sequence[SiteHour], received_at: int, most: int = 4000
) -> Iterator[tuple[bytes, Headers]]:
    """Splits `encode_winds` into as many records as `topics.MAX_RECORD_BYTES`, Kafka's limit, requires."""
    for first in range(0, len(found), most):
        yield encode_winds(found[first : first + most], received_at)


def decode_winds(value: bytes) -> list[SiteHour]:
    """The inverse of `encode_winds`."""
    return [site_hour_of(body) for body in orjson.loads(value)["winds"]]


def site_hour_of(body: dict[str, Any]) -> SiteHour:
    """Builds a record from its JSON data."""
    shares: Iterable[dict[str, Any]] = body["shares"]
    made = tuple(Share(**{**share, "reasons": tuple(share["reasons"])}) for share in shares)
    return SiteHour(**{**body, "shares": made})
