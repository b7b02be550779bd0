"""Humidity and fog guard: droplets scatter light, so an optical sensor reads too much in wet air.

Suspect above the first limit; above the second (fog, rain) the value is no dust: fail, where a county
sets it. A sensor that dries its sample or weighs it (beta, TEOM) is not optical and passes.
"""

from __future__ import annotations

import numpy as np

from ingest.records import MISSING
from processors.columns import Bools, Int64s
from processors.quality.flags import Flags, Found, flags_of
from processors.quality.series import Reach
from processors.quality.settings import Humidity

REACH = Reach()


def check(humidity: Int64s, optical: Bools, settings: Humidity) -> Flags:
    """Flags (n) of readings: `humidity` in thousandths of a percent or MISSING, `optical` of the device.

    Not evaluated where an optical device sends no humidity.
    """
    everywhere = np.ones(len(humidity), np.bool_)
    return flags_of(found(humidity, optical, settings), everywhere, ~optical | (humidity != MISSING))


def found(humidity: Int64s, optical: Bools, settings: Humidity) -> Found:
    """What is wet and optical (n)."""
    suspect = optical & (humidity > settings.suspect_above)
    if settings.fail_above is None:
        return Found(np.zeros(len(humidity), np.bool_), suspect)
    return Found(optical & (humidity > settings.fail_above), suspect)
