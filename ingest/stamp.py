"""`received_at` stamps: the clock's instant, never going backwards."""

from __future__ import annotations

from ingest.clock import Clock


class Stamp:
    """Call it for the instant of receipt, in ms; one object for everything that a process writes."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._last = clock, 0

    def __call__(self) -> int:
        self._last = max(self._last, self._clock.now_ms())
        return self._last
