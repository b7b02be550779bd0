"""Humidity and fog guard: droplets scatter light, so an optical sensor reads too high in wet air.

Suspect above the first limit; above the second (fog, rain) the value is not dust: fail, where a county
sets it. A sensor that dries its sample or weighs it (beta, TEOM) is not optical and passes.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from pydantic import model_validator

from ingest.records import MISSING
from processors.columns import Bools, Int64s, Uint8s
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings, Thousandths, check_order
from processors.quality.monitors import Monitors
from processors.quality.quality_check import ByPollutant, PackedBits, QualityCheck
from processors.quality.subjects import Arrivals


class Humidity(CheckSettings):
    """Relative humidity above which an optical sensor's value is doubtful, or no dust."""

    suspect_above: Thousandths
    fail_above: Thousandths | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return check_order(self, ("suspect_above", "fail_above"))


class OpticalMonitors(NamedTuple):
    """The settings, and True for each device (rows) that they apply to."""

    settings: Humidity | None
    optical: Bools


def check(humidity: Int64s, optical: Bools, settings: Humidity) -> Uint8s:
    """Flags (n) of readings: `humidity` in thousandths of a percent or MISSING, `optical` by reading.

    Not evaluated where an optical device sends no humidity.
    """
    everywhere = np.ones(len(humidity), np.bool_)
    return flags_of(found(humidity, optical, settings), everywhere, ~optical | (humidity != MISSING))


def found(humidity: Int64s, optical: Bools, settings: Humidity) -> Found:
    """Fail and suspect where an optical device is in wet air (n)."""
    suspect = optical & (humidity > settings.suspect_above)
    if settings.fail_above is None:
        return Found(np.zeros(len(humidity), np.bool_), suspect)
    return Found(optical & (humidity > settings.fail_above), suspect)


def _limits(settings: ByPollutant[Humidity], monitors: Monitors) -> OpticalMonitors:
    return OpticalMonitors(settings[0], monitors.optical)


def _at_arrival(limits: OpticalMonitors, arrivals: Arrivals) -> Found | None:
    settings, humidity = limits.settings, arrivals.humidity
    if settings is None or humidity is None or not _may_be_wet(humidity, settings):
        return None
    return found(humidity, limits.optical[arrivals.row], settings)


def _may_be_wet(humidity: Int64s, settings: Humidity) -> bool:
    limits = (settings.suspect_above, settings.fail_above)
    return bool(humidity.max(initial=MISSING) > min(limit for limit in limits if limit is not None))


CHECK = QualityCheck(
    name="humidity",
    says="the air is so wet that an optical sensor reads droplets",
    settings=Humidity,
    each=False,
    # Above 90 % rain and fog raise light-scattering readings (reported). No fail: a foggy night would
    # leave a whole county undetermined, which a county has to want.
    defaults={"suspect_above": 90, "fail_above": None},
    limits=_limits,
    packing=PackedBits(first=2),
    at_arrival=_at_arrival,
)
