"""When silences are told, and which of them together."""

from __future__ import annotations

import pytest

from alerts.records import Case, CaseContext
from alerts.routing import Silence
from alerts.together import hold_until, released_groups
from tests.fakes.alerts import NIGHT, offline, planner

SECOND = 1000
LIMITS = Silence(hold=30, many=5, window=300)


def fallen(*after_s: float) -> list[Case]:
    """Held cases of monitors found silent so many seconds after NIGHT."""
    plan, found = planner(), []
    for number, after in enumerate(after_s, 1):
        at = NIGHT + round(after * SECOND)
        event = offline(f"dev-{number}", at=at, opened_at=at)
        found.append(plan.breach(event, CaseContext(), at)[0].case)
    return found


def told(held: list[Case], limits: Silence = LIMITS, until_s: int = 900) -> list[tuple[int, int]]:
    """(second, how many together) of everything that is told when one looks every second."""
    groups, waiting = [], list(held)
    for second in range(until_s):
        now = NIGHT + second * SECOND
        there = [case for case in waiting if case.opened_at <= now]
        for group in released_groups(there, now, limits):
            groups.append((second, len(group.members)))
            waiting = [case for case in waiting if case not in group.members]
    assert not waiting
    return groups


def test_one_silence_is_told_when_its_hold_has_ended():
    assert told(fallen(0)) == [(30, 1)]


def test_more_than_many_at_once_are_one():
    assert told(fallen(0, 0, 0, 1, 1, 2)) == [(32, 6)]


def test_as_many_as_allowed_are_told_singly():
    assert told(fallen(0, 0, 0, 0, 0)) == [(30, 1)] * 5


@pytest.mark.parametrize("apart", [5, 20, 25])
def test_monitors_of_one_cable_that_are_found_silent_one_after_another_are_one(apart):
    last = 9 * apart
    assert told(fallen(*(n * apart for n in range(10)))) == [(last + 30, 10)]


def test_nobody_waits_longer_than_the_window_while_silences_keep_coming():
    groups = told(fallen(*(n * 25 for n in range(20))))
    assert groups[0] == (300, 13)
    assert sum(number for _, number in groups) == 20


def test_silences_that_have_nothing_to_do_with_each_other_are_told_singly():
    assert told(fallen(0, 100, 200)) == [(30, 1), (130, 1), (230, 1)]


def test_what_is_learned_of_long_after_waits_for_nothing():
    (group,) = released_groups(fallen(0, 5, 10, 15, 20, 25), NIGHT + 3600 * SECOND, LIMITS)
    assert len(group.members) == 6


def test_a_silence_is_held_for_the_least_duration_since_the_device_was_heard():
    assert hold_until(NIGHT, NIGHT - 60 * SECOND, Silence(minimum=600, hold=30)) == NIGHT + 540 * SECOND
