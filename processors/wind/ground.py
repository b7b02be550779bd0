"""Positions of the points at a partition's sites: pairs of points, the reference device of each site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from processors.columns import Bools, Int32s
from processors.wind.pairing import PairingSettings, Pairs, pairs_of, placed

REFERENCE = "reference"  # role of a device
PAIRING_SETTINGS = PairingSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """`site`: number of each device's site, an index into `sites`; `reference`: row of the only device of
    the site with that role, -1 where there is none or more than one.
    """

    sites: tuple[str, ...]
    site: Int32s
    reference: Int32s
    pairs: Pairs
    paired: frozenset[int]  # numbers of the sites that have two points with a known place

    @classmethod
    def of(cls, devices: Sequence[Mapping[str, Any]], facts: Mapping[str, Mapping[str, Any]]) -> Ground:
        """Builds it from devices in the order of their rows; `facts`: site -> its configuration."""
        names = tuple(sorted({str(device["site"]) for device in devices}))
        numbers = {name: number for number, name in enumerate(names)}
        site = np.array([numbers[device["site"]] for device in devices], np.int32)
        place = np.array([_pair(device.get("location")) for device in devices], np.float64).reshape(-1, 2)
        middle = np.array([_pair(facts.get(name, {}).get("location")) for name in names], np.float64)
        middle = middle.reshape(-1, 2)
        east, north, located = placed(
            site,
            place[:, 0],
            place[:, 1],
            np.array([_number(device.get("bearing")) for device in devices], np.float64),
            middle[:, 0],
            middle[:, 1],
            PAIRING_SETTINGS,
        )
        pairs = pairs_of(site, east, north, located)
        roles = np.array([device.get("role") == REFERENCE for device in devices], np.bool_)
        return cls(names, site, _only(site, roles, len(names)), pairs, frozenset(pairs.site.tolist()))

    def reference_of(self, row: int | None) -> Int32s:
        """(rows) device that each device of the same site is compared with, -1: none.

        `row`: of a device that a rule names, -1 for one that is not here; None: by their roles.
        """
        if row is None:
            return self.reference
        if row < 0:
            return np.full(len(self.site), -1, np.int32)
        return np.where(self.site == self.site[row], row, -1).astype(np.int32)

    def around(self, rows: Int32s) -> Int32s:
        """Rows of all devices at the sites that these belong to."""
        return np.flatnonzero(np.isin(self.site, self.site[rows])).astype(np.int32)


def _only(site: Int32s, chosen: Bools, sites: int) -> Int32s:
    """(rows) the one chosen row of each row's site, -1 where there is none or more than one."""
    count = np.bincount(site[chosen], minlength=sites)
    found = np.full(sites, -1, np.int32)
    found[site[chosen]] = np.flatnonzero(chosen)
    found[count != 1] = -1
    return found[site]


def _pair(place: Any) -> tuple[float, float]:
    return (float(place[0]), float(place[1])) if place else (np.nan, np.nan)


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)
