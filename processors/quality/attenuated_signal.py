"""Attenuated signal: values that hardly vary over a period without being all the same.

As `ioos_qc.qartod.attenuated_signal_test` with a test period, `min_obs` and check type "std": the
population standard deviation over (t - period, t], ignoring missing values. A quirk of ioos_qc: without
`min_obs` a single value has deviation 0 and fails; here the minimum number of values is always set. Its
`min_period`, derived from the median interval of the whole series, has no counterpart.
"""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from pydantic import Field, StrictInt, model_validator

from processors.columns import Bools, Positions, Uint8s
from processors.quality.flags import Found, flags_of
from processors.quality.forms import CheckSettings, Thousandths, check_order
from processors.quality.quality_check import ByPollutant, QualityCheck
from processors.quality.series import CheckReach, Series, begins, sizes, window_starts
from processors.quality.subjects import Stretch

_CERTAIN = float(2**62)


class AttenuatedSignal(CheckSettings):
    """Least standard deviation over a period."""

    period_s: Annotated[StrictInt, Field(gt=0, le=3600)]
    suspect: Annotated[Thousandths, Field(ge=0, le=10**6)]
    fail: Annotated[Thousandths, Field(ge=0, le=10**6)] = 0  # 0: never
    least_values: Annotated[StrictInt, Field(ge=2, le=1000)] = 10

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        return check_order(self, ("fail", "suspect"))

    @property
    def period_ms(self) -> int:
        return self.period_s * 1000


def reach(settings: AttenuatedSignal) -> CheckReach:
    """Reach of `check`, back in time."""
    return CheckReach(ms=settings.period_ms)


def check(series: Series, settings: AttenuatedSignal) -> Uint8s:
    """Flags (n): suspect or fail where the deviation is strictly below the threshold.

    Exact for values within 100 mg/m3 of each other and up to 1,800 of them in a period.
    """
    present = series.present
    held = series if present.all() else series.take(present)
    some, enough = found(held, settings, window_starts(held, settings.period_ms), np.arange(len(held)))
    fail, suspect, evaluated = (np.zeros(len(series), np.bool_) for _ in range(3))
    fail[present], suspect[present], evaluated[present] = some.fail, some.suspect, enough
    return flags_of(Found(fail, suspect), present, evaluated)


def found(
    series: Series, settings: AttenuatedSignal, start: Positions, which: Positions
) -> tuple[Found, Bools]:
    """(fail and suspect, True where there are enough values to tell) for the values at `which`, all present.

    `start`: start of each value's window, from `series.window_starts`.
    """
    n = len(series)
    first = np.flatnonzero(begins(series.row))
    away = series.value - np.repeat(series.value[first], sizes(first, n))
    # Sums modulo 2**64: a window's own sum is right however far the running total went around.
    sums, squares = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    np.cumsum(away, out=sums[1:])
    np.cumsum(away * away, out=squares[1:])
    count = which + 1 - start
    total = sums[which + 1] - sums[start]
    square = squares[which + 1] - squares[start]
    # n**2 * variance: it overflows only where the deviation is beyond every threshold, which `rough` tells
    scaled = count * square - total * total
    rough = count * square.view(np.uint64).astype(np.float64) - total.astype(np.float64) ** 2
    certain, enough = rough < _CERTAIN, count >= settings.least_values
    fail, suspect = (
        certain & enough & (scaled < (limit * count) ** 2) for limit in (settings.fail, settings.suspect)
    )
    return Found(fail, suspect), enough


def _over(settings: ByPollutant[AttenuatedSignal], stretch: Stretch) -> Found | None:
    own = settings[stretch.pollutant]
    if own is None or len(stretch.series) < own.least_values:
        return None
    starts = stretch.window_starts(own.period_ms)
    return found(stretch.series, own, starts, stretch.own)[0]


CHECK = QualityCheck(
    name="attenuated_signal",
    says="values that hardly vary over a period, though they are not all the same",
    settings=AttenuatedSignal,
    # Half of the last digit that monitors show; no fail: clean, still air is quiet, and a stuck sensor is
    # found by the flat line.
    defaults={"period_s": 900, "suspect": 0.05, "fail": 0, "least_values": 10},
    over=_over,
    reach=reach,
)
