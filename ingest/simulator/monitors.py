"""Measurements of simulated monitors: regional air, the site's own dust, and the monitor's character."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ingest.durations import HOUR_MS
from ingest.simulator.weather import hour_of_day, weather_at, wobble

# Dust a site adds to PM10 while it works, ug/m3, by kind of site.
ACTIVITY: dict[str, float] = {
    "demolition": 95.0,
    "muck_yard": 70.0,
    "stock_yard": 60.0,
    "building": 38.0,
    "land_levelling": 42.0,
    "road": 36.0,
    "river": 18.0,
    "municipal": 24.0,
}
_DEFAULT_ACTIVITY = 28.0
TSP_OF_PM10 = 1.9

HONEST, BROKEN, SILENT, LYING, STUTTERING = "honest", "broken", "silent", "lying", "stuttering"


@dataclass(frozen=True, slots=True)
class DustEpisode:
    """A dusty event at one site: extra PM10 (ug/m3) while it lasts."""

    site: str
    start_ms: int
    end_ms: int
    pm10: float


def noise(device: str, at_ms: int, salt: str = "") -> float:
    """Reproducible white noise in [-1, 1] for a device and an instant."""
    digest = hashlib.blake2b(f"{device}|{at_ms}|{salt}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**31 - 1.0


def working(at_ms: int) -> float:
    """Level of activity on sites, 0 to 1: seven to nineteen, with a break at noon."""
    hour = hour_of_day(at_ms)
    if not 7 <= hour < 19:
        return 0.04
    return 0.35 if 12 <= hour < 13 else 1.0


def measure(
    device: str, site: str, kind: str, at_ms: int, episodes: tuple[DustEpisode, ...], character: str = HONEST
) -> dict[str, float]:
    """Values of a monitor at an instant, in normalised units."""
    air = weather_at(at_ms)
    local = ACTIVITY.get(kind, _DEFAULT_ACTIVITY) * working(at_ms)
    local *= 0.75 + 0.35 * wobble(site, at_ms, 2 * HOUR_MS) + 0.12 * noise(device, at_ms)
    for episode in episodes:
        if episode.site == site and episode.start_ms <= at_ms < episode.end_ms:
            local += episode.pm10 * (0.85 + 0.15 * noise(device, at_ms, "episode"))
    pm10 = max(3.0, air.pm10 * (1 + 0.04 * noise(device, at_ms, "air")) + max(0.0, local))
    if character == LYING:
        # software that replaces what is above a line by "good" random numbers
        pm10 = min(pm10, 70 + 18 * noise(device, at_ms, "lie"))
    return {
        "pm10": round(pm10, 1),
        "pm2_5": round(min(pm10, air.pm2_5 + 0.12 * max(0.0, local)), 1),
        "tsp": round(pm10 * TSP_OF_PM10 * (1 + 0.05 * noise(device, at_ms, "tsp")), 1),
        "temperature": round(air.temperature + 0.4 * noise(device, at_ms, "t"), 1),
        "humidity": round(min(100.0, max(1.0, air.humidity + 2 * noise(device, at_ms, "h"))), 1),
        "pressure": round(air.pressure, 1),
        "wind_speed": round(max(0.0, air.wind_speed + 0.5 * noise(device, at_ms, "w")), 1),
        "wind_direction": round((air.wind_direction + 12 * noise(device, at_ms, "d")) % 360, 0),
        "noise": round(48 + 24 * working(at_ms) + 4 * noise(device, at_ms, "n"), 1),
    }
