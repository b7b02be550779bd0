"""Spike: one value far from the midpoint of its two neighbours in time.

As `ioos_qc.qartod.spike_test` with method "average": |v - (before + after) / 2| above a threshold. The
first and last values of a device, and those beside a missing one, are not evaluated; so the last value's
flag is final only once the next value has come.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import model_validator

from processors.columns import Bools, Uint8s
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings, Positive, check_order
from processors.quality.quality_check import ByPollutant, QualityCheck
from processors.quality.series import CheckReach, Series, begins
from processors.quality.subjects import Stretch

REACH = CheckReach(values=1, ahead=1)


class Spike(CheckSettings):
    """Distance from the middle of both neighbours."""

    suspect: Positive
    fail: Positive | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return check_order(self, ("suspect", "fail"))


def check(series: Series, settings: Spike) -> Uint8s:
    """Flags (n): suspect or fail strictly above the threshold."""
    present, evaluated = series.present, np.zeros(len(series), np.bool_)
    inner = between(begins(series.row))
    evaluated[1:-1] = inner & present[:-2] & present[2:]
    return flags_of(found(series, settings, inner), present, evaluated)


def between(first: Bools) -> Bools:
    """True for each value but the first and last of all with its device's values on both sides; (n - 2)."""
    return np.asarray(~first[1:-1] & ~first[2:])


def found(series: Series, settings: Spike, inner: Bools) -> Found:
    """Fail and suspect for spikes among values that are all present; `inner`: from `between`."""
    n = len(series)
    fail, suspect = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    if n >= 3:
        value = series.value
        # doubled instead of halved: whole numbers
        away = 2 * value[1:-1]
        away -= value[:-2]
        away -= value[2:]
        away = np.abs(away, out=away)
        suspect[1:-1] = (away > 2 * settings.suspect) & inner
        if settings.fail is not None:
            fail[1:-1] = (away > 2 * settings.fail) & inner
    return Found(fail, suspect)


def _over(settings: ByPollutant[Spike], stretch: Stretch) -> Found | None:
    own = settings[stretch.pollutant]
    if own is None:
        return None
    series, which, first = stretch.with_newest
    every = found(series, own, between(first))
    return Found(every.fail[which], every.suspect[which])


CHECK = QualityCheck(
    name="spike",
    says="one value far from the middle of its two neighbours in time",
    settings=Spike,
    # One-minute plumes of several hundred ug/m3 are what a site monitor is there to see.
    defaults={"suspect": 1_000, "fail": 5_000},
    exceptions={"pm2_5": {"suspect": 500, "fail": 2_500}},
    refused=True,
    over=_over,
    reach=lambda settings: REACH,  # values: the newest one before is remembered
)
