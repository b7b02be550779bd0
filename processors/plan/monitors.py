"""Configuration of monitors besides their places: optics, ceiling, calibration, what they measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from ingest.units import JUDGED
from processors.columns import Int32s, Int64s, Uint8s
from processors.quality import UNIT, Corrections, LinearCorrection, Monitors

Tables = tuple[Corrections, ...]  # one of each judged pollutant


def monitor_facts(device: Any, zone: str) -> dict[str, Any]:
    """Optional keys of a device in the body of a revision, only those that `devices.yaml` sets.

    A body without them keeps the id that it always had.
    """
    optical = getattr(device, "optical", None)
    maximum = getattr(device, "maximum", None)
    entries = getattr(device, "calibration", ())
    facts: dict[str, Any] = {} if optical is None else {"optical": optical}
    measures = getattr(device, "measures", ())
    if measures:
        facts["measures"] = sorted(measures)
    if maximum:
        facts["maximum"] = dict(sorted(maximum.items()))
    if entries:
        facts["calibration"] = [
            {
                "from": instant_in(one.since, zone),
                "pollutant": one.pollutant,
                "slope": one.slope,
                "offset": one.offset,
                "factor": one.factor,
            }
            for one in sorted(entries, key=lambda one: (one.pollutant, one.since))
        ]
    return facts


def instant_in(local: datetime | None, zone: str) -> int | None:
    """Milliseconds UTC of a local time of the zone; None stays None."""
    if local is None:
        return None
    return int(local.replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def monitors_of(devices: Sequence[dict[str, Any]], interval: Int64s, site: Int32s) -> Monitors:
    """Monitors of a plan, in the order of its rows; light-scattering unless configured otherwise."""
    maximum = np.full((len(JUDGED), len(devices)), -1, np.int32)
    for row, device in enumerate(devices):
        for name, most in (device.get("maximum") or {}).items():
            maximum[JUDGED.index(name), row] = _whole(most, 1000)
    optical = np.array([device.get("optical", True) for device in devices], np.bool_)
    return Monitors(interval, optical, maximum, site)


def measures_of(devices: Sequence[dict[str, Any]]) -> Uint8s:
    """What each device is registered to measure: bit q of judged pollutant q (rows)."""
    bits = [sum(1 << JUDGED.index(name) for name in device.get("measures") or ()) for device in devices]
    return np.array(bits, np.uint8)


def corrections_of(devices: Sequence[dict[str, Any]]) -> Tables:
    """Calibrations of a plan's devices, one table per pollutant."""
    # by instant: of two local times that are one instant (clocks put forward) the later entry holds
    found: list[dict[tuple[int, int], LinearCorrection]] = [{} for _ in JUDGED]
    for row, device in enumerate(devices):
        for one in device.get("calibration") or ():
            gains = (_whole(one["slope"], UNIT), _whole(one["offset"], 1000), _whole(one["factor"], UNIT))
            found[JUDGED.index(one["pollutant"])][row, one["from"]] = LinearCorrection(
                row, one["from"], *gains
            )
    return tuple(Corrections.of(one.values()) for one in found)


def _whole(number: float, unit: int) -> int:
    return int(Decimal(repr(number)) * unit)


def raw_ceilings(monitors: Monitors, tables: Tables) -> tuple[Monitors, Int32s]:
    """(monitors without the maxima of calibrated sensors, those maxima, (3, rows), -1: none).

    A sensor saturates at a raw value, so its calibrated values can't be compared with the maximum.
    """
    calibrated = np.zeros(monitors.maximum.shape, np.bool_)
    for q, table in enumerate(tables):
        calibrated[q, table.row] = True
    nothing = np.int32(-1)
    left = replace(monitors, maximum=np.where(calibrated, nothing, monitors.maximum))
    return left, np.where(calibrated, monitors.maximum, nothing)
