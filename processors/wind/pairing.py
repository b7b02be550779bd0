"""Pairing of a site's points: which is upwind of which under the wind of an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import Bools, Floats, Int8s, Int32s, Int64s, Positions
from processors.wind.vector import DEFINED, FULL, REASONS, SCALE, cosine

EARTH_M = 6_371_008.8  # mean radius (IUGG)

# Why a site has a pair, or none: the reasons of the wind, and one more.
PAIRED = DEFINED
NO_UPWIND = len(REASONS)
PAIR_REASONS: tuple[str, ...] = (*REASONS, "no_upwind_monitor")


@dataclass(frozen=True, slots=True)
class PairingSettings:
    """Conditions for one point to be upwind of another; the figures are a proposal of this project."""

    within: int = 45_000  # mdeg between the wind and the line from the downwind to the upwind point
    apart_mm: int = 20_000  # along the wind
    radius_mm: int = 50_000  # from the site's location to a point of which only the bearing is known


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """All ordered pairs of points of one site, by (site, up, down); one line per pair."""

    site: Int32s
    up: Int32s  # device row
    down: Int32s
    bearing: Int64s  # mdeg, of `up` seen from `down`
    distance: Int64s  # mm


@dataclass(frozen=True, slots=True, eq=False)
class ChosenPairs:
    """The pair of each site in an interval."""

    up: Int32s  # device row, -1: none
    down: Int32s
    reason: Int8s  # index in PAIR_REASONS; PAIRED where there is a pair


def placed(
    site: Int32s,
    latitude: Floats,
    longitude: Floats,
    bearing: Floats,
    site_latitude: Floats,
    site_longitude: Floats,
    settings: PairingSettings,
) -> tuple[Int64s, Int64s, Bools]:
    """(east, north) of each device in mm from its site's location, and True where its position is known.

    By device: `site` (index), degrees `latitude`, `longitude`, or `bearing` from the site's location,
    NaN where not given. By site: its location, NaN where not given; then all its points need a bearing,
    because only points measured from the same centre can be compared.
    """
    middle, across = site_latitude[site], site_longitude[site]
    metre = np.pi / 180 * EARTH_M * 1000
    by_place = np.isfinite(latitude) & np.isfinite(longitude) & np.isfinite(middle) & np.isfinite(across)
    east = np.where(by_place, (longitude - across + 540) % 360 - 180, 0) * np.cos(np.radians(middle)) * metre
    north = np.where(by_place, latitude - middle, 0) * metre
    by_bearing = ~by_place & np.isfinite(bearing)
    angle = np.radians(np.where(by_bearing, bearing, 0))
    east = np.where(by_bearing, np.sin(angle) * settings.radius_mm, east)
    north = np.where(by_bearing, np.cos(angle) * settings.radius_mm, north)
    located = by_place | by_bearing
    return _whole(east, located), _whole(north, located), located


def pairs_of(site: Int32s, east: Int64s, north: Int64s, located: Bools) -> Pairs:
    """Every ordered pair of points at known, different positions; once per configuration."""
    order = np.flatnonzero(located)[np.argsort(site[located], kind="stable")]
    ups, downs = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for further in range(1, len(order)):
        one, other = order[:-further], order[further:]
        same = site[one] == site[other]
        if not same.any():
            break
        ups += [one[same], other[same]]
        downs += [other[same], one[same]]
    up, down = np.concatenate(ups), np.concatenate(downs)
    x, y = east[up] - east[down], north[up] - north[down]
    distance = np.rint(np.hypot(x.astype(np.float64), y.astype(np.float64))).astype(np.int64)
    bearing = np.rint(np.degrees(np.arctan2(x, y)) * 1000).astype(np.int64) % FULL
    keep = np.flatnonzero(distance > 0)
    keep = keep[np.lexsort((down[keep], up[keep], site[up[keep]]))]
    return Pairs(
        site[up[keep]].astype(np.int32),
        up[keep].astype(np.int32),
        down[keep].astype(np.int32),
        bearing[keep],
        distance[keep],
    )


def choose(
    pairs: Pairs,
    direction: Int64s,
    state: Int8s,
    present: Bools,
    settings: PairingSettings,
) -> ChosenPairs:
    """The pair of each site that is furthest apart along the wind, both points having a value.

    `direction` (mdeg), `state` (of `Wind`): by site; `present`: by device row. Of equal pairs the one
    with the lower rows is chosen.
    """
    sites = len(direction)
    made = ChosenPairs(
        np.full(sites, -1, np.int32),
        np.full(sites, -1, np.int32),
        np.where(state == DEFINED, NO_UPWIND, state).astype(np.int8),
    )
    which, along = _fitting(pairs, direction, state, settings)
    both = present[pairs.up[which]] & present[pairs.down[which]]
    which, along = which[both], along[both]
    which = which[np.lexsort((-along, pairs.site[which]))]
    site, first = np.unique(pairs.site[which], return_index=True)
    best = which[first]
    made.up[site], made.down[site] = pairs.up[best], pairs.down[best]
    made.reason[site] = PAIRED
    return made


def upwind_of(
    pairs: Pairs,
    direction: Int64s,
    state: Int8s,
    present: Bools,
    site: Int32s,
    settings: PairingSettings,
) -> tuple[Int32s, Int8s]:
    """(row or -1, reason) of the point of its site that is furthest upwind of each device.

    `direction` (mdeg), `state` (of `Wind`): by site; `present`: by device row, True if it has a value;
    `site`: of each device. The reason is an index in PAIR_REASONS, PAIRED where there is a point.
    """
    up = np.full(len(site), -1, np.int32)
    reason = np.where(state[site] == DEFINED, NO_UPWIND, state[site]).astype(np.int8)
    which, along = _fitting(pairs, direction, state, settings)
    there = present[pairs.up[which]]
    which, along = which[there], along[there]
    order = np.lexsort((-along, pairs.down[which]))
    down, first = np.unique(pairs.down[which[order]], return_index=True)
    up[down] = pairs.up[which[order][first]]
    reason[down] = PAIRED
    return up, reason


def _fitting(
    pairs: Pairs, direction: Int64s, state: Int8s, settings: PairingSettings
) -> tuple[Positions, Int64s]:
    """(positions of the pairs that lie along the wind, their distance along it in mm)."""
    off = (pairs.bearing - direction[pairs.site]) % FULL
    off = np.minimum(off, FULL - off)
    along = pairs.distance * cosine(off) // SCALE
    fits = (state[pairs.site] == DEFINED) & (off <= settings.within) & (along >= settings.apart_mm)
    which = np.flatnonzero(fits)
    return which, along[which]


def _whole(millimetres: Floats, located: Bools) -> Int64s:
    return np.rint(np.where(located, millimetres, 0)).astype(np.int64)
