"""Individual air quality index (IAQI, 空气质量分指数) of a concentration, from a table of breakpoints. Pure.

Rounding: the concentration half-even to an integer first (GB/T 8170), then the index by linear interpolation,
rounded up. The index is for information; no limit and no verdict depends on it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

INDEX = (0, 50, 100, 150, 200, 300, 400, 500)


@dataclass(frozen=True, slots=True)
class BreakpointTable:
    """Concentrations in ug/m3 at which the index takes the values of `INDEX`, by pollutant."""

    citation: str
    status: str  # read, reported or recalled, as for limits
    points: Mapping[str, tuple[int, ...]]


# From which day each edition counts, no source at hand says: the caller names the edition.
# Breakpoints of day means; in 2026 the 1-hour mean is put on the same points for the real-time report.
HJ_633_2026 = BreakpointTable(
    citation="HJ 633-2026",
    status="read",
    points={
        "pm10": (0, 50, 120, 250, 350, 420, 500, 600),
        "pm2_5": (0, 35, 60, 115, 150, 250, 350, 500),
    },
)
# Of the older edition the sources tell the points that changed: 150 and 75 at the index of 100.
HJ_633_2012 = BreakpointTable(
    citation="HJ 633-2012",
    status="reported",
    points={
        "pm10": (0, 50, 150, 250, 350, 420, 500, 600),
        "pm2_5": (0, 35, 75, 115, 150, 250, 350, 500),
    },
)


def iaqi(pollutant: str, concentration: float, table: BreakpointTable = HJ_633_2026) -> int | None:
    """Index of a mean in ug/m3.

    None outside the table: for a value that is not finite, below zero, or above the last breakpoint (no
    source at hand says what is reported there). Raises KeyError for a pollutant without breakpoints.
    """
    points = table.points[pollutant]
    if not math.isfinite(concentration):
        return None
    rounded = round(concentration)  # half to even
    if not points[0] <= rounded <= points[-1]:
        return None
    upper = max(1, next(i for i, point in enumerate(points) if rounded <= point))
    low, high = points[upper - 1], points[upper]
    rise, above = INDEX[upper] - INDEX[upper - 1], rounded - low
    return INDEX[upper - 1] - (-rise * above // (high - low))  # in integers, so that rounding up is exact
