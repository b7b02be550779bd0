"""The tick's guard, and the minutes that a recording crosses."""

from __future__ import annotations

from typing import cast

import pytest

from ingest.feed import Feed, FeedOptions
from ingest.records import Tick
from ingest.telemetry import Telemetry
from ingest.ticks import ClockGuard, Ticker, minutes_crossed

GUARD = {
    "nothing compared yet": (None, False),
    "appended between queueing and confirmation": ((1_000, 1_500, 2_000), True),
    "the broker a little ahead": ((1_000, 6_900, 2_000), True),
    "the broker ahead by more than five seconds": ((1_000, 7_001, 2_000), False),
    "the broker behind by more than five seconds": ((10_000, 4_999, 10_050), False),
    "a record that waited a minute for Kafka": ((1_000, 61_000, 61_010), True),
}


@pytest.mark.parametrize(("times", "agrees"), GUARD.values(), ids=GUARD)
def test_the_guard_compares_with_the_brokers_append_time(
    times: tuple[int, int, int] | None, agrees: bool
) -> None:
    guard = ClockGuard()
    if times is not None:
        guard.compare(*times)
    assert guard.agrees is agrees


class FakeFeed:
    def turn(self, now_ms: int) -> None:
        """Nothing was remarked upon."""

    """Takes ticks, confirms nothing."""

    options = FeedOptions(partitions=2)

    def __init__(self) -> None:
        self.ticks: list[int] = []

    def everywhere(self, tick: Tick, partitions: list[int]) -> list[int]:
        self.ticks.append(tick.received_at)
        return list(range(len(self.ticks) * 2, len(self.ticks) * 2 + len(partitions)))

    def probe(self) -> int:
        return 0


@pytest.mark.parametrize(("ahead_ms", "ticks"), [(0, 1), (5_000, 1), (5_001, 0), (3_600_000, 0)])
def test_a_stamp_left_ahead_by_a_clock_that_was_set_right_is_no_tick(ahead_ms: int, ticks: int) -> None:
    feed, now = FakeFeed(), 1_800_000_000_000
    ticker = Ticker(
        cast(Feed, feed), lambda: now + ahead_ms, 1.0, "bridge", Telemetry("bridge"), wall=lambda: now
    )
    ticker.guard.compare(now, now + 1, now + 2)  # the wall clock is right by now
    ticker.tick(now + ahead_ms)
    assert len(feed.ticks) == ticks


@pytest.mark.parametrize(
    ("before", "now", "minutes"),
    [
        (0, 59_999, []),
        (59_999, 60_000, [60_000]),
        (60_000, 60_000, []),
        (60_000, 200_000, [120_000, 180_000]),
    ],
)
def test_every_whole_minute_is_crossed_once(before: int, now: int, minutes: list[int]) -> None:
    assert list(minutes_crossed(before, now)) == minutes
