"""Weather and regional dust of the simulated county: smooth functions of time, no state.

Plausible, not real: a daily cycle, a slow synoptic wave, one turning wind, and a peak of dust at each rush
hour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ingest.durations import DAY_MS, HOUR_MS


@dataclass(frozen=True, slots=True)
class Weather:
    """The air over the county at one instant; pm in ug/m3 far from any site."""

    temperature: float
    humidity: float
    pressure: float
    wind_speed: float
    wind_direction: float
    pm10: float
    pm2_5: float


def hour_of_day(at_ms: int, utc_offset_ms: int = 8 * HOUR_MS) -> float:
    """Local hour, 0 to 24."""
    return ((at_ms + utc_offset_ms) % DAY_MS) / HOUR_MS


def wobble(seed: str, at_ms: int, period_ms: int) -> float:
    """A smooth pseudo-random wave in [-1, 1]: three sines whose phases come from the seed."""
    phase = sum((i + 1) * ord(c) for i, c in enumerate(seed))
    turn = 2 * math.pi * at_ms / period_ms
    return (
        math.sin(turn + phase) * 0.5
        + math.sin(2.3 * turn + 1.7 * phase) * 0.3
        + math.sin(5.9 * turn + 2.9 * phase) * 0.2
    )


def weather_at(at_ms: int) -> Weather:
    """The weather at an instant (ms UTC)."""
    hour = hour_of_day(at_ms)
    sun = math.cos((hour - 14) / 24 * 2 * math.pi)
    temperature = 9 + 7 * sun + 2 * wobble("t", at_ms, 3 * DAY_MS)
    humidity = min(98.0, max(15.0, 52 - 22 * sun + 10 * wobble("h", at_ms, 2 * DAY_MS)))
    wind = max(0.2, 2.4 + 1.4 * sun + 1.2 * wobble("w", at_ms, 7 * HOUR_MS))
    # traffic and stable air: two humps a day
    rush = math.exp(-(((hour - 8.5) / 2.2) ** 2)) + 0.8 * math.exp(-(((hour - 19) / 2.5) ** 2))
    pm10 = 62 + 38 * rush + 14 * wobble("pm", at_ms, 11 * HOUR_MS)
    return Weather(
        temperature=temperature,
        humidity=humidity,
        pressure=1013 + 6 * wobble("p", at_ms, 4 * DAY_MS),
        wind_speed=wind,
        wind_direction=(300 + 70 * wobble("d", at_ms, 9 * HOUR_MS)) % 360,
        pm10=pm10,
        pm2_5=pm10 * (0.42 + 0.06 * wobble("r", at_ms, 13 * HOUR_MS)),
    )
