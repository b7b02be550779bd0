"""Intervals in a row: since when it exceeds, whether that is often enough, whether it is over."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from processors.breaches import InARow
from processors.plan.plan import Plan
from processors.plan.rule_in_force import RuleInForce
from processors.verdicts.answers import (
    IS_COMPLIANT,
    IS_EXCEEDING,
    IS_UNDETERMINED,
    NONE,
    PENDING,
    Answers,
    RuleInterval,
)
from processors.verdicts.in_a_row import place_in_run
from tests.logs import T0, local_rule, revision

QUARTER = 900_000
E, C, U = IS_EXCEEDING, IS_COMPLIANT, IS_UNDETERMINED
StatesAndValues = list[tuple[int, int]]  # state, value in ug/m3


def _rule(**more: Any) -> RuleInForce:
    return Plan.of(revision(["d0", "d1"], [local_rule(window=900, **more)])).rules[0]


def _answers(nth: int, state: int, value: int) -> tuple[int, Answers]:
    """The nth quarter of device d1; d0 has another answer throughout."""
    start = T0 + nth * QUARTER
    states = np.array([IS_UNDETERMINED, state], np.int8)
    nothing, two = np.zeros(2, np.int16), np.array([1, 2], np.int32)
    total = np.array([0, 2 * value * 10**9], np.int64)
    return start, Answers(start + QUARTER, states, nothing, nothing, total, two, nothing)


def _judged(
    rule: RuleInForce, before: StatesAndValues, now: tuple[int, int], after: dict[int, int] | None = None
) -> InARow:
    """`before`: the last one first; `after`: number of the quarter after now -> state."""
    start, answers = _answers(0, *now)
    earlier = [_answers(-nth, *one) for nth, one in enumerate(before, 1)]
    later = [_answers(nth, state, 200) for nth, state in (after or {}).items()]
    return place_in_run(RuleInterval(rule, start, answers), 1, earlier, later)


@pytest.mark.parametrize(("before", "run"), [([], 0), ([E], 1), ([E, E, C, E], 2), ([C, E], 0), ([U, E], 0)])
def test_a_run_begins_after_the_last_interval_that_did_not_exceed(before: list[int], run: int):
    found = _judged(_rule(repeat=2), [(state, 200) for state in before], (E, 200))
    assert found == InARow(T0 - run * QUARTER, run >= 1, False)


@pytest.mark.parametrize(
    ("after", "enough"),
    [
        ({}, False),
        ({1: E}, True),
        ({1: C, 2: E}, False),
        ({2: E}, False),  # the one between has no answer
        ({1: C}, False),
    ],
)
def test_intervals_after_it_count_where_they_follow_without_a_hole(after: dict[int, int], enough: bool):
    assert _judged(_rule(repeat=3), [(E, 200)], (E, 200), after) == InARow(T0 - QUARTER, enough, False)


def test_each_interval_of_a_run_counts_once():
    for before, after in ((2, 0), (0, 2), (1, 1)):
        found = _judged(_rule(repeat=4), [(E, 200)] * before, (E, 200), dict.fromkeys(range(1, after + 1), E))
        assert not found.enough


@pytest.mark.parametrize("state", [U, PENDING, NONE])
def test_what_has_no_clear_answer_neither_opens_nor_clears(state: int):
    assert _judged(_rule(), [(E, 200)], (state, 0)) == InARow(None, False, False)


def test_without_hysteresis_one_compliant_interval_clears():
    assert _judged(_rule(), [(E, 200)], (C, 100)) == InARow(None, False, True)


@pytest.mark.parametrize(
    ("before", "clears"),
    [
        ([(C, 50)], True),  # two quarters are half an hour
        ([(C, 90)], True),  # the level itself is clear
        ([(C, 91), (C, 50)], False),
        ([(E, 200), (C, 50)], False),
        ([(U, 0), (C, 50)], False),
        ([], False),
    ],
)
def test_it_is_over_once_it_was_clear_for_long_enough(before: StatesAndValues, clears: bool):
    rule = _rule(clear={"level": 90, "minutes": 30})
    assert _judged(rule, before, (C, 60)) == InARow(None, False, clears)


def test_an_interval_above_the_clear_level_ends_nothing():
    rule = _rule(clear={"level": 90, "minutes": 15})
    assert _judged(rule, [(C, 50)] * 3, (C, 91)) == InARow(None, False, False)
    assert _judged(rule, [(C, 91)] * 3, (C, 90)) == InARow(None, False, True)
