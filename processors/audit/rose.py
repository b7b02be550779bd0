"""A site over a period: conditional probability by sector of each point, and the share of the site. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from processors.audit.wind_words import latest_of
from processors.columns import HOUR_MS, NANO
from processors.records.winds import SiteHour
from processors.wind import (
    NONE,
    Attribution,
    AttributionSettings,
    RoseSettings,
    Sector,
    attribute,
    rose_of,
    sectors_of,
)

LEAST_CAPTURE = 0.75  # of an hour, as for the windows that are made of hours
HIGH = 75  # percentile from which on an hour is high where nothing is said; usual, no source confirmed it
Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Point:
    """One point: its sectors from north clockwise; `left_out`: reason -> hours without a direction."""

    device: str
    hours: int  # with a valid value
    left_out: dict[str, int]
    sectors: tuple[Sector, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """`above`: an hour is high above it, in the unit of the values; None: no hour has a value."""

    site: str
    pollutant: str
    start: int
    end: int
    above: float | None
    is_chosen: bool  # `above` was asked for; else it is the period's own percentile HIGH
    points: tuple[Point, ...]
    attribution: Attribution


def period_of(
    site: str,
    pollutant: str,
    span: tuple[int, int],
    intervals: Iterable[Line],
    winds: Iterable[SiteHour],
    above: float | None,
    sectors: int,
) -> Period:
    """Of the clock hours that begin in `span`. `intervals`: rows of any length, by start and revision;
    `winds`: hours of the site, in any order and revision.
    """
    start, end = span
    own = [hour for hour in winds if hour.site == site and start <= hour.start < end]
    wind_at = {hour.start: hour for hour in latest_of(own)}
    newest: dict[tuple[str, int], Line] = {}
    for one in intervals:
        here = one["pollutant"] == pollutant and one["site"] == site
        if here and _is_hour(one) and start <= one["start"] < end:
            newest[one["device"], one["start"]] = one
    value_at = {
        key: round(one["value"] * 1000)
        for key, one in sorted(newest.items())
        if one["value"] is not None and one["capture"] >= LEAST_CAPTURE
    }
    devices = sorted({device for device, _ in value_at})
    threshold = _threshold(above, list(value_at.values()))
    return Period(
        site,
        pollutant,
        start,
        end,
        None if threshold is None else threshold / 1000,
        above is not None,
        tuple(_point(device, value_at, wind_at, threshold or 0, sectors) for device in devices),
        _share(pollutant, list(wind_at.values())),
    )


def _is_hour(one: Line) -> bool:
    return bool(one["statistic"] == "mean" and one["end"] - one["start"] == HOUR_MS)


def _threshold(above: float | None, values: list[int]) -> int | None:
    """In thousandths; what is not asked for is the nearest rank of the period's values."""
    if above is not None:
        return round(above * 1000)
    return sorted(values)[-(-len(values) * HIGH // 100) - 1] if values else None


def _point(
    device: str,
    value_at: Mapping[tuple[str, int], int],
    wind_at: Mapping[int, SiteHour],
    threshold: int,
    sectors: int,
) -> Point:
    hours = [(start, value) for (name, start), value in value_at.items() if name == device]
    found = [wind_at.get(start) for start, _ in hours]
    told = [one is not None and one.direction is not None for one in found]
    left_out = Counter(
        "no_wind_data" if one is None else one.reason for one, has in zip(found, told, strict=True) if not has
    )
    direction = [
        NONE if one is None or one.direction is None else round(one.direction * 1000) for one in found
    ]
    speed = [0 if one is None or one.speed is None else round(one.speed * 1000) for one in found]
    rose = rose_of(
        np.zeros(len(hours), np.int32),
        np.array(direction, np.int64),
        np.array(speed, np.int64),
        np.array([value for _, value in hours], np.int64),
        threshold,
        1,
        sectors,
    )
    return Point(
        device, len(hours), dict(sorted(left_out.items())), tuple(sectors_of(rose, 0, RoseSettings()))
    )


def _share(pollutant: str, winds: list[SiteHour]) -> Attribution:
    """Of the whole: the hours' pairs as the fold chose them."""
    pairs, unpaired = [], Counter[str]()
    for hour in winds:
        for share in hour.shares:
            if share.pollutant != pollutant:
                continue
            if share.upwind_value is not None and share.downwind_value is not None:
                pairs.append(
                    (hour.start, round(share.upwind_value * NANO), round(share.downwind_value * NANO))
                )
            else:
                unpaired[share.reasons[0]] += 1
    start, up, down = np.array(sorted(pairs), np.int64).reshape(-1, 3).T
    return attribute(start, up, down, np.zeros(len(start), np.int64), unpaired, AttributionSettings())
