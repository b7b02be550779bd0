"""How long a bridge waits before it connects again."""

from __future__ import annotations

from ingest.mqtt import next_backoff_s


def test_a_broker_that_stays_away_is_asked_less_and_less_often_up_to_a_bound() -> None:
    waits = [0.0]
    for _ in range(12):
        waits.append(next_backoff_s(waits[-1], 0.0))
    assert waits[1:4] == [0.2, 0.4, 0.8]
    assert waits[-1] == waits[-2] == 15.0


def test_a_connection_that_held_for_some_seconds_forgets_the_trouble_before_it() -> None:
    assert next_backoff_s(6.4, held_s=10.0) == 0.2


def test_a_connection_that_breaks_at_once_counts_as_none() -> None:
    assert next_backoff_s(6.4, held_s=1.0) == 12.8
