"""The quantities that monitors measure: their unit, their possible range, and conversion to thousandths.

Values travel as int64 thousandths of the unit, so that sums are exact and their order can't matter.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured quantity: unit after normalisation, least and greatest possible value in it."""

    name: str
    unit: str
    least: float
    greatest: float


QUANTITIES: dict[str, Quantity] = {
    q.name: q
    for q in (
        Quantity("pm10", "ug/m3", 0.0, 100_000.0),
        Quantity("pm2_5", "ug/m3", 0.0, 100_000.0),
        Quantity("tsp", "ug/m3", 0.0, 100_000.0),
        Quantity("pm1", "ug/m3", 0.0, 100_000.0),
        Quantity("temperature", "Cel", -90.0, 90.0),
        Quantity("humidity", "%", 0.0, 100.0),
        Quantity("pressure", "hPa", 300.0, 1100.0),
        Quantity("wind_speed", "m/s", 0.0, 120.0),
        Quantity("wind_direction", "deg", 0.0, 360.0),
        Quantity("noise", "dB", 0.0, 200.0),
    )
}
JUDGED: tuple[str, ...] = ("pm10", "pm2_5", "tsp")  # the columns that windows are built of
THOUSAND = 1000
