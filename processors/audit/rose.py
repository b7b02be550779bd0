"""Rose of a site over a period: conditional probability by sector per point, and the site's share. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from processors.audit.wind_words import latest_of
from processors.columns import HOUR_MS, NANO
from processors.history import WIND, History, context_row, interval_of, wind_of
from processors.records import Interval, SiteHour
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


@dataclass(frozen=True, slots=True)
class RoseQuestion:
    """Query for a rose: the clock hours of a site that begin in [start, end)."""

    site: str
    pollutant: str
    start: int
    end: int
    above: float | None  # an hour is high above it; None: above the period's own percentile HIGH
    sectors: int  # 8 or 16


@dataclass(frozen=True, slots=True)
class PointRose:
    """Rose of one point: sectors clockwise from north; `left_out`: reason -> hours without a direction."""

    device: str
    hours: int  # with a valid value
    left_out: dict[str, int]
    sectors: tuple[Sector, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """Roses of a site's points over a period, and the site's share.

    `above`: an hour above it is high, in the unit of the values; None: no hour has a value.
    """

    site: str
    pollutant: str
    start: int
    end: int
    above: float | None
    is_chosen: bool  # `above` was asked for; else it is the period's own percentile HIGH
    points: tuple[PointRose, ...]
    attribution: Attribution


def period_in_history(question: RoseQuestion, history: History) -> Period:
    """The period computed from history. Raises HistoryUnusable."""
    site, span = question.site, (question.start, question.end)
    hours = history.intervals(
        pollutant=question.pollutant, start_ms=question.start, end_ms=question.end, site=site, window="1h"
    )
    winds = history.rows("context", {"kind": WIND, "name": site}, *span)
    return period_of(question, map(interval_of, hours), (wind_of(context_row(row)) for row in winds))


def period_of(question: RoseQuestion, intervals: Iterable[Interval], winds: Iterable[SiteHour]) -> Period:
    """The period computed from records.

    `intervals`: of any length, by start and revision; `winds`: in any order and revision.
    """
    site, pollutant, start, end = question.site, question.pollutant, question.start, question.end
    wind_at = {
        hour.start: hour for hour in latest_of(winds) if hour.site == site and start <= hour.start < end
    }
    newest: dict[tuple[str, int], Interval] = {}
    for one in intervals:
        here = one.pollutant == pollutant and one.site == site
        if here and _is_hour(one) and start <= one.start < end:
            newest[one.device, one.start] = one
    value_at = {
        key: round(one.value * 1000)
        for key, one in sorted(newest.items())
        if one.value is not None and one.capture >= LEAST_CAPTURE
    }
    devices = sorted({device for device, _ in value_at})
    threshold = _threshold(question.above, list(value_at.values()))
    return Period(
        site,
        pollutant,
        start,
        end,
        None if threshold is None else threshold / 1000,
        question.above is not None,
        tuple(_point(device, value_at, wind_at, threshold or 0, question.sectors) for device in devices),
        _share(pollutant, list(wind_at.values())),
    )


def _is_hour(one: Interval) -> bool:
    return one.statistic == "mean" and one.end - one.start == HOUR_MS


def _threshold(above: float | None, values: list[int]) -> int | None:
    """Threshold of a high hour, thousandths: as asked, else percentile HIGH of the values by nearest rank."""
    if above is not None:
        return round(above * 1000)
    return sorted(values)[-(-len(values) * HIGH // 100) - 1] if values else None


def _point(
    device: str,
    value_at: Mapping[tuple[str, int], int],
    wind_at: Mapping[int, SiteHour],
    threshold: int,
    sectors: int,
) -> PointRose:
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
    return PointRose(
        device, len(hours), dict(sorted(left_out.items())), tuple(sectors_of(rose, 0, RoseSettings()))
    )


def _share(pollutant: str, winds: list[SiteHour]) -> Attribution:
    """The site's share over the whole period, from the pairs that the fold chose hour by hour."""
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
