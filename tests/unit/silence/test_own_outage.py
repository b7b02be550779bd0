"""Gaps between ticks: what fell due inside one waits until the catch-up grace is over."""

from __future__ import annotations

import pytest

from processors.columns import NEVER
from processors.silence.own_outage import GRACE_MS, SLACK_MS, Outage, is_gap

SECOND = 1000
LONG = 100 * SECOND  # more than a tick's second and the slack
DEAF = SECOND + SLACK_MS  # after a tick: when the next one was to come at the latest


def _after_a_gap() -> Outage:
    outage = Outage(last_tick=0)
    outage.tick(LONG, SECOND)
    return outage


@pytest.mark.parametrize(("usual", "every"), [(SECOND, SECOND), (60 * SECOND, SECOND), (SECOND, 60 * SECOND)])
def test_the_slower_rhythm_excuses_a_gap_and_the_slack_itself_is_none(usual: int, every: int):
    longest = max(usual, every) + SLACK_MS
    assert not is_gap(5, usual, 5 + longest, every)
    assert is_gap(5, usual, 6 + longest, every)


def test_before_the_first_tick_the_instant_of_the_configuration_stands_for_one():
    outage = Outage()
    outage.begin(7)
    outage.begin(9)
    assert outage == Outage(last_tick=7)


def test_a_tick_from_before_the_last_one_says_nothing():
    outage = Outage(last_tick=10 * SECOND)
    outage.tick(9 * SECOND, 60 * SECOND)
    assert outage == Outage(last_tick=10 * SECOND)
    outage.tick(10 * SECOND, 60 * SECOND)
    assert outage == Outage(last_tick=10 * SECOND, every=60 * SECOND)


def test_a_gap_holds_decisions_until_its_grace_is_over():
    assert _after_a_gap() == Outage(LONG, SECOND, DEAF, LONG, LONG + GRACE_MS)


def test_ticks_in_time_move_only_the_last_one():
    outage = _after_a_gap()
    outage.tick(LONG + SECOND, 2 * SECOND)
    assert outage == Outage(LONG + SECOND, 2 * SECOND, DEAF, LONG, LONG + GRACE_MS)


def test_a_second_gap_within_the_grace_keeps_the_start_of_the_first():
    outage = _after_a_gap()
    outage.tick(2 * LONG, SECOND)
    assert outage == Outage(2 * LONG, SECOND, DEAF, 2 * LONG, 2 * LONG + GRACE_MS)


def test_a_gap_that_begins_as_the_grace_ends_is_one_of_its_own():
    outage = _after_a_gap()
    end = outage.hold_until
    outage.last_tick = end
    outage.tick(end + LONG, SECOND)
    assert (outage.gap_start, outage.gap_end) == (end + DEAF, end + LONG)


@pytest.mark.parametrize(
    ("due", "at"),
    [
        (DEAF, DEAF),  # the next tick was not overdue: another record may have shown the time
        (DEAF + 1, LONG + GRACE_MS),
        (LONG + GRACE_MS, LONG + GRACE_MS),
        (LONG + GRACE_MS + 1, LONG + GRACE_MS + 1),
    ],
)
def test_what_fell_due_in_a_gap_or_its_grace_is_decided_at_the_end_of_the_grace(due: int, at: int):
    outage = _after_a_gap()
    outage.last_tick = at  # ticks went on
    assert outage.decided_at(due, at) == at
    assert outage.decided_at(due, at - 1) is None
    assert outage.decided_at(due, at + 1) == at


def test_in_a_gap_that_no_tick_has_ended_only_what_was_due_before_it_is_decided():
    outage = Outage(last_tick=50, every=SECOND)
    end = 50 + DEAF
    assert outage.decided_at(end, end) == end
    assert outage.decided_at(end, end + 1) == end  # however much later that is seen
    assert outage.decided_at(end + 1, end + 1) is None
    assert Outage().decided_at(end + 1, end + 1) == end + 1  # there never was a tick


def test_the_next_chance_is_the_due_time_the_end_of_the_grace_or_a_tick():
    outage = _after_a_gap()
    hold = outage.hold_until
    assert outage.next_chance(hold + 2, hold + 1) == hold + 2
    assert outage.next_chance(5, hold - 1) == hold
    assert outage.next_chance(hold, hold) is None
    assert outage.next_chance(5, 5) == hold
    assert Outage().next_chance(5, 6) is None


def test_catching_up_lasts_from_the_gap_to_the_end_of_the_grace():
    outage = _after_a_gap()
    found = [
        outage.catching_up(at) for at in (DEAF, DEAF + 1, LONG, outage.hold_until, outage.hold_until + 1)
    ]
    assert found == [False, True, True, True, False]
    assert not Outage().catching_up(NEVER)
