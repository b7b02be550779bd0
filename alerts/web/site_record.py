"""How well the monitors of a site worked: what they captured by day, which flags their values bear. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingest.durations import HOUR_MS
from processors.history import FlaggedReading, StepCapture

CHANNELS = ("pm10", "tsp", "pm2_5")  # the first that a monitor has is its capture
LOW = 0.75  # below, most rules leave an hour undetermined


@dataclass(frozen=True, slots=True)
class DeviceCapture:
    """Shares (0 to 1) that a monitor captured of a channel by day; None: not one window of that day."""

    device: str
    channel: str  # empty: it has none of the channels
    days: tuple[float | None, ...]


def captures_by_day(
    captures: Iterable[StepCapture], devices: Sequence[str], days: Sequence[int], now: int
) -> list[DeviceCapture]:
    """A line for each device; `days`: when each begins, ms UTC. Of today counts what has ended.

    Of windows of several lengths the longest up to an hour counts.
    """
    found: dict[tuple[str, str], dict[int, dict[int, StepCapture]]] = {}
    newest = 0
    for one in captures:
        if one.length_ms > HOUR_MS:
            continue
        newest = max(newest, one.until)
        found.setdefault((one.device, one.pollutant), {}).setdefault(one.start, {})[one.length_ms] = one
    # the hour that has just ended is published a while later
    ended = max(newest, now // HOUR_MS * HOUR_MS - HOUR_MS)
    lines = []
    for device in devices:
        channel = next((c for c in CHANNELS if (device, c) in found), "")
        by_day = found.get((device, channel), {})
        lines.append(
            DeviceCapture(device, channel, tuple(_share(by_day.get(day), day, ended) for day in days))
        )
    return lines


def _share(windows: dict[int, StepCapture] | None, day: int, ended: int) -> float | None:
    if not windows:
        return None
    length = max(windows)
    whole = max(min(day + 24 * HOUR_MS, ended) - day, length)
    return min(1.0, windows[length].captured * length / whole)


@dataclass(slots=True)
class FlagLine:
    """A flag of the quality checks: how many values bear it, of which monitors and channels."""

    check: str
    failed: bool  # else suspect
    values: int = 0
    devices: set[str] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)


def flag_lines(readings: Iterable[FlaggedReading]) -> list[FlagLine]:
    """A line for each flag, those that failed first, then the most frequent."""
    found: dict[tuple[str, bool], FlagLine] = {}
    for reading in readings:
        for part in filter(None, reading.words.split(";")):
            channel, _, words = part.partition("=")
            for word in filter(None, words.split(",")):
                key = word.removesuffix("!"), word.endswith("!")
                line = found.setdefault(key, FlagLine(*key))
                line.values += 1
                line.devices.add(reading.device)
                line.channels.add(channel)
    return sorted(found.values(), key=lambda line: (not line.failed, -line.values, line.check))
