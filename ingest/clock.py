"""Clock setting of all processes: wall time, an accelerated clock, or the time of a recording.

`DUSTWATCH_CLOCK` is `wall` (default), `START xSPEED` (for example
`2026-11-23T08:50:00+08:00 x60`, an affine clock for demo and soak; an optional `@ISO-INSTANT`
gives the wall instant at which START was valid, so that several processes agree), or `recording`
(the bridge takes `received_at` from the message; tests only).
Timers of retries, snapshots and sockets stay on the real clock and don't use this module.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

_AFFINE = re.compile(r"^(?P<start>\S+)\s+x(?P<speed>\d+(?:\.\d+)?)(?:\s+@(?P<anchor>\S+))?$")


class BadClock(ValueError):
    """DUSTWATCH_CLOCK is not a valid clock; the message lists the accepted forms."""


class Clock(Protocol):
    """Source of the present instant."""

    @property
    def speed(self) -> float:
        """Clock seconds per real second."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""


@dataclass(frozen=True, slots=True)
class WallClock:
    """The machine's own clock."""

    speed: float = 1.0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class AffineClock:
    """`start_ms` at the wall instant `anchor_ms`, running `speed` times as fast as the wall."""

    start_ms: int
    anchor_ms: int
    speed: float

    def now_ms(self) -> int:
        wall = time.time_ns() // 1_000_000
        return self.start_ms + round((wall - self.anchor_ms) * self.speed)


@dataclass(slots=True)
class ManualClock:
    """A clock that moves only when told: for tests, replay and `recording`."""

    at_ms: int = 0
    speed: float = 1.0

    def now_ms(self) -> int:
        return self.at_ms

    def advance_to(self, at_ms: int) -> None:
        """Move forward to `at_ms`; an earlier instant changes nothing."""
        self.at_ms = max(self.at_ms, at_ms)


def parse_clock(setting: str) -> Clock:
    """Return the clock that `DUSTWATCH_CLOCK` names.

    Raises BadClock, with the accepted forms, for anything else.
    """
    text = setting.strip()
    if text in ("", "wall"):
        return WallClock()
    if text == "recording":
        return ManualClock()
    match = _AFFINE.match(text)
    if match is None:
        raise BadClock(
            f"DUSTWATCH_CLOCK={setting!r}: expected `wall`, `recording` or "
            "`2026-11-23T08:50:00+08:00 x60 [@WALL-INSTANT]`"
        )
    start_ms = _instant_ms(match["start"])
    anchor_ms = _instant_ms(match["anchor"]) if match["anchor"] else WallClock().now_ms()
    speed = float(match["speed"])
    if speed <= 0:
        raise BadClock(f"DUSTWATCH_CLOCK={setting!r}: the speed must be above 0")
    return AffineClock(start_ms, anchor_ms, speed)


def _instant_ms(text: str) -> int:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadClock(f"DUSTWATCH_CLOCK: {text!r} is no ISO 8601 instant") from None
    if instant.tzinfo is None:
        raise BadClock(f"DUSTWATCH_CLOCK: {text!r} has no zone; write for example +08:00")
    return round(instant.timestamp() * 1000)
