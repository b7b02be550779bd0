"""Pollution rose by sector: hours, conditional probability with its interval, speed-weighted share.

Conditional probability function of a sector = hours from it above the threshold / hours from it
(Ashbaugh and others 1985; Kim, Hopke and Edgerton 2003; both recalled). Calm and variable hours belong
to no sector; they are counted as undetermined. All columns are whole sums, so periods add up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from processors.columns import Int32s, Int64s
from processors.wind.vector import FULL, NONE

# fmt: off
SECTOR_NAMES: dict[str, tuple[str, ...]] = {
    "en": ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE",
           "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"),
    "zh": ("北", "北东北", "东北", "东东北", "东", "东东南", "东南", "南东南",
           "南", "南西南", "西南", "西西南", "西", "西西北", "西北", "北西北"),
}
# fmt: on
SECTORS = (8, 16)
NORMAL_95 = 1.959964  # two-sided 95 % of a normal distribution


@dataclass(frozen=True, slots=True, eq=False)
class Rose:
    """Sums over hours, (points, sectors) int64; `undetermined` (points)."""

    hours: Int64s
    above: Int64s  # of them above the threshold
    weight: Int64s  # sum of speeds, thousandths of m/s
    load: Int64s  # sum of speed * value, both in thousandths
    undetermined: Int64s  # hours with a value but no direction

    def __add__(self, other: Rose) -> Rose:
        return Rose(
            self.hours + other.hours,
            self.above + other.above,
            self.weight + other.weight,
            self.load + other.load,
            self.undetermined + other.undetermined,
        )


@dataclass(frozen=True, slots=True)
class Sector:
    """One sector of one point over a period; values that can't be determined are None, with the reason."""

    name: dict[str, str]  # language -> name
    hours: int
    above: int
    probability: float | None  # conditional, of an hour above the threshold
    low: float | None  # Wilson interval
    high: float | None
    mean: float | None  # speed-weighted mean of the value, in its unit
    share: float | None  # of the whole load (speed * value) that came out of this sector
    reason: str | None  # too_few_hours: no probability


@dataclass(frozen=True, slots=True)
class RoseSettings:
    """A proposal of this project."""

    least_hours: int = 5  # in a sector, before a probability is given
    z: float = NORMAL_95


def sector_of(direction: Int64s, sectors: int) -> Int64s:
    """Index of the sector, 0 is centred on north; NONE where `direction` (mdeg) is NONE.

    Raises ValueError for a number of sectors other than 8 and 16.
    """
    if sectors not in SECTORS:
        raise ValueError(f"{sectors} sectors: there are {' or '.join(map(str, SECTORS))}")
    width = FULL // sectors
    return np.where(direction == NONE, NONE, (direction + width // 2) % FULL // width)


def sector_names(sectors: int) -> list[dict[str, str]]:
    """Names of the sectors, language -> text."""
    skip = 16 // sectors
    return [{language: names[i * skip] for language, names in SECTOR_NAMES.items()} for i in range(sectors)]


def rose_of(
    row: Int32s,
    direction: Int64s,
    speed: Int64s,
    value: Int64s,
    threshold: int,
    points: int,
    sectors: int,
) -> Rose:
    """Sums of n hours in any order. `row` 0 .. points - 1; `direction` mdeg or NONE; `speed`, `value`
    and `threshold` in thousandths. An hour with a negative value (MISSING) is ignored; an hour is above the
    threshold if its value is greater.
    """
    sector = sector_of(direction, sectors)
    told = value >= 0
    hours, above, weight, load = (np.zeros((points, sectors), np.int64) for _ in range(4))
    made = Rose(hours, above, weight, load, undetermined=np.zeros(points, np.int64))
    np.add.at(made.undetermined, row[told & (sector == NONE)], 1)
    use = told & (sector != NONE)
    at = (row[use], sector[use])
    np.add.at(made.hours, at, 1)
    np.add.at(made.above, at, (value[use] > threshold).astype(np.int64))
    np.add.at(made.weight, at, speed[use])
    np.add.at(made.load, at, speed[use] * value[use])
    return made


def wilson(hits: int, hours: int, z: float = NORMAL_95) -> tuple[float, float]:
    """Score interval of a proportion (Wilson 1927). Raises ValueError if there are no hours."""
    if hours <= 0:
        raise ValueError("the share of no hours has no interval")
    share, square = hits / hours, z * z
    centre = share + square / (2 * hours)
    half = z * math.sqrt(share * (1 - share) / hours + square / (4 * hours * hours))
    low, high = (centre - half) / (1 + square / hours), (centre + half) / (1 + square / hours)
    return (0.0 if hits == 0 else max(low, 0.0)), (1.0 if hits == hours else min(high, 1.0))


def sectors_of(rose: Rose, point: int, settings: RoseSettings) -> list[Sector]:
    """Sectors of one point, clockwise from north."""
    whole = int(rose.load[point].sum())
    columns = (rose.hours, rose.above, rose.weight, rose.load)
    made = []
    for name, hours, above, weight, load in zip(
        sector_names(rose.hours.shape[1]), *(column[point].tolist() for column in columns), strict=True
    ):
        enough = hours >= max(settings.least_hours, 1)
        low, high = wilson(above, hours, settings.z) if enough else (None, None)
        made.append(
            Sector(
                name=name,
                hours=hours,
                above=above,
                probability=above / hours if enough else None,
                low=low,
                high=high,
                mean=load / weight / 1000 if weight else None,
                share=load / whole if whole else None,
                reason=None if enough else "too_few_hours",
            )
        )
    return made
