"""Monitors as seen by the checks: interval, optics, sensor maximum and neighbours, one row per device."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.units import JUDGED
from processors.columns import Bools, Int32s, Int64s


@dataclass(frozen=True, slots=True, eq=False)
class Monitors:
    """Properties of a plan's devices that the checks use, one row each."""

    interval: Int64s  # (rows) ms
    optical: Bools  # (rows) light-scattering, with no dryer at the inlet
    maximum: Int32s  # (3, rows) of the sensor, thousandths; -1: not known
    site: Int32s  # (rows) devices of one number are neighbours; -1: it has none

    @classmethod
    def plain(cls, interval: Int64s, site: Int32s | None = None) -> Monitors:
        """Optical devices of unknown maximum: the defaults of a register that says nothing about them."""
        rows = len(interval)
        alone = np.full(rows, -1, np.int32)
        maximum = np.full((len(JUDGED), rows), -1, np.int32)
        return cls(interval, np.ones(rows, np.bool_), maximum, alone if site is None else site)

    def __len__(self) -> int:
        return len(self.interval)
