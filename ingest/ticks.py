"""Ticks, the log's clock: one to every partition each second, unless our clock and the broker's disagree."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import structlog

from ingest.durations import MINUTE_MS
from ingest.feed import Feed
from ingest.producer import Outgoing
from ingest.records import Tick
from ingest.telemetry import Telemetry

log = structlog.get_logger(__name__)

EVERY_S = 1.0
MOST_MS = 5_000  # a clock further from the broker's than this writes no ticks


@dataclass(slots=True)
class ClockGuard:
    """Compares our wall clock with the broker's append time of our own records. Pure.

    A record is appended after it is queued and before it is confirmed: if the append time is outside that
    span by more than `MOST_MS`, one of the clocks is wrong.
    """

    off_ms: int | None = None  # None: nothing compared yet

    def compare(self, queued_ms: int, appended_ms: int, confirmed_ms: int) -> None:
        """Compare with one confirmed record."""
        if appended_ms < queued_ms:
            self.off_ms = appended_ms - queued_ms
        else:
            self.off_ms = max(0, appended_ms - confirmed_ms)

    @property
    def agrees(self) -> bool:
        """True if the clocks were compared and agree."""
        return self.off_ms is not None and abs(self.off_ms) <= MOST_MS


def minutes_crossed(before_ms: int, now_ms: int) -> Iterator[int]:
    """Every whole minute in (before, now]."""
    return iter(range((before_ms // MINUTE_MS + 1) * MINUTE_MS, now_ms + 1, MINUTE_MS))


@dataclass(slots=True)
class Ticker:
    """Writer of the ticks of one bridge."""

    feed: Feed
    now: Callable[[], int]  # the stamp that readings get too
    speed: float
    bridge: str
    telemetry: Telemetry
    guarded: bool = True  # only a wall clock can be compared with the broker's
    wall: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    guard: ClockGuard = field(default_factory=ClockGuard)
    _pending: dict[int, int] = field(default_factory=dict)  # record -> partition of a tick under way
    _probe: int | None = None
    _probed_at: int = 0
    _said: bool = False

    async def run(self) -> None:
        """Tick each second of real time until cancelled."""
        while True:
            self.tick(self.now())
            await asyncio.sleep(EVERY_S)

    def tick(self, now_ms: int) -> None:
        """Send one tick to every partition whose last one is confirmed: a waiting tick keeps no time."""
        if self.guarded and not self._may_tick(now_ms):
            return
        under_way = set(self._pending.values())
        free = [p for p in range(self.feed.options.partitions) if p not in under_way]
        if not free:
            return
        self.feed.turn(now_ms)
        every = max(1000, round(self.speed * EVERY_S * 1000))
        numbers = self.feed.everywhere(Tick(now_ms, every, self.bridge), free)
        self._pending.update(zip(numbers, free, strict=True))
        self.telemetry.last_tick.set(now_ms / 1000)

    def tick_minutes(self, before_ms: int, now_ms: int) -> None:
        """Send a tick at every whole minute crossed, which is how a recording's clock moves."""
        for minute in minutes_crossed(before_ms, now_ms):
            self.feed.turn(minute)
            self.feed.everywhere(Tick(minute, MINUTE_MS, self.bridge))
            self.telemetry.last_tick.set(minute / 1000)

    def appended(self, record: Outgoing, appended_ms: int, confirmed_ms: int) -> None:
        """Handle the confirmation of one of our records."""
        self._pending.pop(record.number, None)
        if record.number == self._probe:
            self._probe = None
        if self.guarded and appended_ms > 0:
            self.guard.compare(record.queued_ms, appended_ms, confirmed_ms)

    def _may_tick(self, now_ms: int) -> bool:
        # A clock that was ahead and was set right leaves the stamp, which never goes back, ahead of it.
        ahead = now_ms - self.wall()
        if self.guard.agrees and ahead <= MOST_MS:
            self._said = False
            return True
        if self.guard.off_ms is not None and not self._said:
            self._said = True
            self.telemetry.faults.labels("clock").inc()
            off_ms = self.guard.off_ms or ahead
            log.error("clock_off", by_ms=off_ms, ticks="none until it agrees with Kafka's")
        due = self.guard.off_ms is None or abs(now_ms - self._probed_at) >= MINUTE_MS
        if self._probe is None and due:
            self._probe, self._probed_at = self.feed.probe(), now_ms
        return False
