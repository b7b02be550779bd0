"""The messages of a simulated county, in order of time: every monitor of a register, and its stations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from ingest.durations import HOUR_MS
from ingest.register import Device, Register
from ingest.simulator.monitors import (
    BROKEN,
    HONEST,
    SILENT,
    STUTTERING,
    DustEpisode,
    measure,
)
from ingest.simulator.payloads import PAYLOADS
from ingest.simulator.weather import weather_at

_BROKEN_EVERY = 3  # every third message of a broken monitor is garbled
_STUTTER_EVERY = 5  # every fifth message of a stuttering monitor comes twice
_BACKGROUND_DELAY_MS = 4 * 60_000  # stations publish an hour a few minutes after its end


class Sent(NamedTuple):
    """A message to publish at `at_ms`; `readings` is the number of readings it counts as."""

    at_ms: int
    topic: str
    payload: bytes
    readings: int


@dataclass(frozen=True, slots=True)
class SimulatedCounty:
    """Register to simulate, character of each monitor, and dust episodes."""

    register: Register
    characters: Mapping[str, str]
    episodes: tuple[DustEpisode, ...]

    def messages(self, start_ms: int, end_ms: int) -> list[Sent]:
        """Everything sent in [start, end), sorted by time and topic."""
        sent = [m for d in self.register.devices.values() for m in self._of_device(d, start_ms, end_ms)]
        sent += self._of_stations(start_ms, end_ms)
        return sorted(sent)

    def _of_device(self, device: Device, start_ms: int, end_ms: int) -> Iterator[Sent]:
        character = self.characters.get(device.id, HONEST)
        speak = PAYLOADS.get(device.format)
        if character == SILENT or speak is None:
            return
        interval_ms = device.interval * 1000
        site = self.register.sites[device.site]
        key = device.aliases[0] if device.aliases else device.id
        phase = _phase(device.id, interval_ms)
        seq = -(-(start_ms - phase) // interval_ms)
        while (at_ms := seq * interval_ms + phase) < end_ms:
            values = measure(device.id, site.id, site.kind, at_ms, self.episodes, character)
            values = _in_units_of(device, values)
            topic, payload = speak(key, at_ms, values, seq)
            if character == BROKEN and seq % _BROKEN_EVERY == 0:
                payload = payload[: len(payload) // 2]
            yield Sent(at_ms, topic, payload, 1)
            if character == STUTTERING and seq % _STUTTER_EVERY == 0:
                yield Sent(at_ms, topic, payload, 1)
            seq += 1

    def _of_stations(self, start_ms: int, end_ms: int) -> Iterator[Sent]:
        stations = sorted({s for area in self.register.county.background for s in area.stations})
        hour = -(-(start_ms - _BACKGROUND_DELAY_MS) // HOUR_MS) * HOUR_MS
        while hour + _BACKGROUND_DELAY_MS < end_ms:
            air = weather_at(hour - HOUR_MS // 2)
            for index, station in enumerate(stations):
                body = {
                    "time": datetime.fromtimestamp((hour - HOUR_MS) / 1000, UTC).isoformat(),
                    "label": "start",
                    "period": 3600,
                    "pm10": round(air.pm10 * (0.97 + 0.05 * index), 1),
                    "pm2_5": round(air.pm2_5 * (0.97 + 0.05 * index), 1),
                }
                topic = f"dust/v1/background/{station}"
                yield Sent(hour + _BACKGROUND_DELAY_MS, topic, json.dumps(body).encode(), 0)
            hour += HOUR_MS


def _phase(device: str, interval_ms: int) -> int:
    """Offset within the interval, so that each monitor sends at a second of its own."""
    digest = hashlib.blake2b(device.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % (interval_ms // 1000) * 1000


def _in_units_of(device: Device, values: dict[str, float]) -> dict[str, float]:
    """Values as the device sends them: in mg/m3 if its configuration says so."""
    milligrams = {name for name, unit in device.units.items() if unit == "mg/m3"}
    return {k: round(v / 1000, 6) if k in milligrams else v for k, v in values.items()}
