"""Mean wind of an interval: speed-weighted vector mean of direction, resultant speed, steadiness, calm.

Directions say where the wind comes from, clockwise from north. Speeds are int64 thousandths of m/s,
directions int64 thousandths of a degree (`mdeg`). Sums are whole numbers, of components taken from a
table of sines: neither order nor batching nor the machine can change one, and hours add up to days.
Vector averaging as in WMO-No. 8 and EPA-454/R-99-005, section 6.2 (both recalled, not confirmed).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ingest.units import QUANTITIES, THOUSAND
from processors.columns import Int8s, Int32s, Int64s

FULL = 360_000  # mdeg of a circle
SCALE = 2**26  # of a sine; a million readings at the greatest possible speed still fit
NONE = -1  # no direction
_QUARTER = FULL // 4
_FASTEST = round(QUANTITIES["wind_speed"].greatest * THOUSAND)

# Why there is a direction, or none.
DEFINED, NO_WIND, CALM, VARIABLE = range(4)
REASONS: tuple[str, ...] = ("", "no_wind_data", "calm", "variable_wind")


@dataclass(frozen=True, slots=True)
class WindSettings:
    """Thresholds below which a mean has no direction; both figures are a proposal of this project."""

    calm: int = 500  # thousandths of m/s of the scalar mean speed; below it is calm
    steady_permyriad: int = 5000  # resultant / scalar mean speed; below it the wind is variable


@dataclass(frozen=True, slots=True, eq=False)
class WindSums:
    """Sums of readings, one line per group (device, site); they can be added up."""

    east: Int64s  # speed * sine of the direction * SCALE
    north: Int64s
    speed: Int64s  # thousandths of m/s
    count: Int64s  # readings with both speed and direction

    def __add__(self, other: WindSums) -> WindSums:
        return WindSums(
            self.east + other.east,
            self.north + other.north,
            self.speed + other.speed,
            self.count + other.count,
        )

    def __len__(self) -> int:
        return len(self.count)

    def moved(self, old_row: Int32s) -> WindSums:
        """Copy for a new plan; `old_row[new]` is -1 for a device that was not there."""
        made, stays = no_wind(len(old_row)), old_row >= 0
        for name in ("east", "north", "speed", "count"):
            getattr(made, name)[stays] = getattr(self, name)[old_row[stays]]
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Wind:
    """Mean wind, one line per group; all int64 but `state`."""

    direction: Int64s  # mdeg, 0 .. FULL - 1; NONE unless DEFINED
    resultant: Int64s  # thousandths of m/s: length of the mean vector
    speed: Int64s  # thousandths of m/s: scalar mean
    steadiness: Int64s  # 1/10000: resultant / speed
    state: Int8s  # DEFINED, NO_WIND, CALM, VARIABLE


@lru_cache(maxsize=1)
def _sines() -> Int32s:
    """SCALE * sin of 0 .. 450 degrees in mdeg, so that a cosine is a sine a quarter turn on."""
    rising = np.array([round(math.sin(math.radians(i / 1000)) * SCALE) for i in range(_QUARTER)], np.int32)
    falling = np.concatenate(([SCALE], rising[:0:-1])).astype(np.int32)
    return np.concatenate((rising, falling, -rising, -falling, rising, [SCALE])).astype(np.int32)


def sine(direction: Int64s) -> Int64s:
    """SCALE * sin; `direction` in mdeg, 0 .. FULL."""
    return _sines()[direction].astype(np.int64)


def cosine(direction: Int64s) -> Int64s:
    """SCALE * cos; `direction` in mdeg, 0 .. FULL."""
    return _sines()[direction + _QUARTER].astype(np.int64)


def no_wind(groups: int) -> WindSums:
    """Sums of nothing."""
    return WindSums(*(np.zeros(groups, np.int64) for _ in range(4)))


def gather(sums: WindSums, group: Int32s, speed: Int64s, direction: Int64s) -> None:
    """Adds n readings to the sums, in place; fastest where `group` ascends.

    A reading without speed or direction, or with an impossible one (any value outside 0 .. 120 m/s and
    0 .. 360 degrees, so also MISSING, ABSENT and REFUSED), is ignored.
    """
    usable = (speed >= 0) & (speed <= _FASTEST) & (direction >= 0) & (direction <= FULL)
    if not usable.all():
        group, speed, direction = group[usable], speed[usable], direction[usable]
    if (group[1:] < group[:-1]).any():
        order = np.argsort(group, kind="stable")
        group, speed, direction = group[order], speed[order], direction[order]
    if not len(group):
        return
    first = np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1])))
    found, speed = group[first], speed.astype(np.int64)
    sums.east[found] += np.add.reduceat(speed * sine(direction), first)
    sums.north[found] += np.add.reduceat(speed * cosine(direction), first)
    sums.speed[found] += np.add.reduceat(speed, first)
    sums.count[found] += np.diff(np.append(first, len(group)))


def merged(sums: WindSums, into: Int32s, groups: int) -> WindSums:
    """Adds up sums of devices by site: line i is added to line `into[i]`, -1 to none."""
    made = no_wind(groups)
    goes = into >= 0
    for name in ("east", "north", "speed", "count"):
        np.add.at(getattr(made, name), into[goes], getattr(sums, name)[goes])
    return made


def wind_of(sums: WindSums, settings: WindSettings) -> Wind:
    """The mean wind of each group, with the reason where it has no direction."""
    count = np.maximum(sums.count, 1)
    east, north = sums.east.astype(np.float64), sums.north.astype(np.float64)
    length = np.sqrt(east * east + north * north) / SCALE  # sum of thousandths of m/s
    steadiness = np.rint(10_000 * length / np.maximum(sums.speed, 1)).astype(np.int64)
    state = np.full(len(sums), DEFINED, np.int8)
    state[steadiness < settings.steady_permyriad] = VARIABLE
    state[(sums.speed < settings.calm * count) | (sums.speed == 0)] = CALM
    state[sums.count == 0] = NO_WIND
    degrees = np.degrees(np.arctan2(east, north))
    direction = np.rint(degrees * 1000).astype(np.int64) % FULL
    return Wind(
        direction=np.where(state == DEFINED, direction, NONE),
        resultant=np.rint(length / count).astype(np.int64),
        speed=(2 * sums.speed + count) // (2 * count),
        steadiness=np.minimum(steadiness, 10_000),
        state=state,
    )
