"""The tick's guard, and the minutes that a recording crosses."""

from __future__ import annotations

import pytest

from ingest.ticks import ClockGuard, minutes_crossed

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
