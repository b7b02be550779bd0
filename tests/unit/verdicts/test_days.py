"""Days under an allowance: counted once all intervals have an answer, and again when one is superseded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from processors.breaches import VerdictInContext
from processors.columns import UNBOUNDED
from processors.plan.plan import Plan
from processors.records.ids import short_id
from processors.records.tables import VERDICTS
from processors.verdicts.answers import (
    IS_COMPLIANT,
    IS_EXCEEDING,
    IS_UNDETERMINED,
    NONE,
    Answers,
    RuleVerdicts,
)
from processors.verdicts.days import Days
from processors.windows.calendar import HOUR
from tests.logs import HOUR as HOUR_MS
from tests.logs import MIDNIGHT, local_rule, revision
from tests.parts import until
from tests.saying import assert_says

DAY_MS = 24 * HOUR_MS
END = MIDNIGHT + DAY_MS
E, C, U, N = IS_EXCEEDING, IS_COMPLIANT, IS_UNDETERMINED, NONE


def _days(allowance: int | None = 2, **more: Any) -> Days:
    return Days(Plan.of(revision(["d0", "d1"], [local_rule(allowance=allowance, **more)])))


def _answers(*states: int, start: int = MIDNIGHT, rule: str = "local") -> dict[str, dict[int, Answers]]:
    """Hours of device d1, of which d0 has no answers."""
    found = {}
    for nth, state in enumerate(states):
        begin, none = start + nth * HOUR_MS, np.zeros(2, np.int16)
        found[begin] = Answers(
            begin + HOUR_MS, np.array([NONE, state], np.int8), none, none, np.zeros(2, np.int64),
            np.zeros(2, np.int32), none,
        )  # fmt: skip
    return {rule: found}


def _settled(
    days: Days, answers: dict[str, dict[int, Answers]], closed: int = END, **more: Any
) -> list[VerdictInContext]:
    return days.settle(answers, more.get("pending", {}), {HOUR: closed}, END + 5)


def _verdicts(of: VerdictInContext, start: int) -> RuleVerdicts:
    """Of an interval that begins at `start`, by the rule of a day's verdict."""
    verdicts = VERDICTS.groups([replace(of.verdict, kind="interval", start=start)])
    state = np.array([IS_EXCEEDING], np.int8)
    return RuleVerdicts(of.rule, start, np.array([1], np.int32), verdicts[0], state, state, {}, ())


def _day(*states: int) -> tuple[int, ...]:
    return (*states, *[C] * (24 - len(states)))


@pytest.mark.parametrize(
    ("states", "answer", "count", "reasons"),
    [
        pytest.param(_day(), "compliant", 0, (), id="nothing exceeds"),
        pytest.param(_day(E, E), "compliant", 2, ("within_allowance",), id="as many as allowed"),
        pytest.param(_day(E, E, E), "exceeds", 3, ("allowance_exceeded",), id="one more than allowed"),
        pytest.param(
            _day(E, U), "compliant", 1, ("within_allowance",), id="the open hour is within the allowance"
        ),
        pytest.param(
            _day(E, E, U), "undetermined", 2, ("undetermined_hours",), id="the open hour may be one too many"
        ),
        pytest.param(_day(U, U, U), "undetermined", 0, ("undetermined_hours",), id="three open hours may be"),
        pytest.param(
            _day(E, E, E, U),
            "exceeds",
            3,
            ("allowance_exceeded",),
            id="an open hour changes nothing any more",
        ),
        pytest.param(_day(N, N), "compliant", 0, (), id="what was before the device may have exceeded"),
        pytest.param(
            _day(N, N, E), "undetermined", 1, ("undetermined_hours",), id="one exceeds after two unknown"
        ),
        pytest.param([C] * 22, "compliant", 0, (), id="22 hours are enough"),
        pytest.param([C] * 21, "undetermined", 0, ("undetermined_hours",), id="21 hours are too few"),
    ],
)
def test_a_day_is_what_its_hours_leave_open(
    states: list[int], answer: str, count: int, reasons: tuple[str, ...]
):
    found = _settled(_days(), _answers(*states))
    assert [(j.verdict.point, j.verdict.answer, j.verdict.value, j.verdict.reasons) for j in found] == [
        ("d1", answer, float(count), reasons)
    ]


def test_a_day_s_verdict_says_whose_it_is_by_what_and_when():
    days = _days()
    (found,) = _settled(days, _answers(*_day(E, E, E)))
    rule = days.plan.rules[0].rule
    assert found.rule == rule
    assert_says(
        found.verdict, id=short_id("verdict", "local", rule.revision, "day", MIDNIGHT, END, 1, "d1"), kind="day", site="s1", point="d1", rule="local", rule_revision=rule.revision, clause="1",
        citation="test", pollutant="pm10", unit="intervals", start=MIDNIGHT, end=END, answer="exceeds",
        reasons=("allowance_exceeded",), value=3.0, limit=2.0, configuration=days.plan.id, decided_at=END + 5,
    )  # fmt: skip
    # of hours that were counted: none of its own was measured
    assert_says(
        found.verdict, background=None, subtracted=None, background_ids=(), capture=None, interval=None
    )


def test_a_rule_that_judges_some_hours_only_counts_those():
    found = _settled(_days(0, hours=["00:00-03:00"]), _answers(C, C, C))
    assert [j.verdict.answer for j in found] == ["compliant"]
    found = _settled(_days(0, hours=["00:00-03:00"]), _answers(C, U, C))
    assert [j.verdict.answer for j in found] == ["undetermined"]


def test_a_day_is_settled_once_when_its_last_window_has_closed_and_nothing_of_it_waits():
    days, answers = _days(), _answers(*_day())
    assert _settled(days, answers, END - 1) == []
    assert days.unsettled("local") == MIDNIGHT
    assert _settled(days, answers, pending={("local", END - HOUR_MS, -1): 1}) == []
    others = {("local", END, -1): 1, ("other", MIDNIGHT, -1): 1, ("local", MIDNIGHT, 0): 1}
    assert len(_settled(days, answers, pending=others)) == 1
    assert days.unsettled("local") == END
    assert _settled(days, answers) == []
    assert days.unsettled("other") == UNBOUNDED


def test_days_are_settled_one_after_the_other_from_the_first_that_has_answers():
    days = _days()
    answers = {"local": _answers(*_day(), *_day(E, E, E), start=MIDNIGHT - DAY_MS)["local"]}
    found = _settled(days, answers)
    assert [(j.verdict.start, j.verdict.answer) for j in found] == [
        (MIDNIGHT - DAY_MS, "compliant"),
        (MIDNIGHT, "exceeds"),
    ]


def test_without_an_allowance_or_without_answers_there_is_no_day():
    assert _settled(_days(None), _answers(*_day())) == []
    days = _days()
    assert _settled(days, {}) == []
    assert days.settled == {}


def test_a_superseded_verdict_counts_its_day_again_and_only_a_change_is_told():
    days, answers = _days(), _answers(*_day(E, E))
    (first,) = _settled(days, answers)
    superseded = _verdicts(first, MIDNIGHT + 1)
    again = days.resettle(answers, [superseded], END + 9)
    assert again == []
    answers["local"][MIDNIGHT + 2 * HOUR_MS].state[1] = E
    (found,) = days.resettle(answers, [superseded], END + 9)
    assert (found.verdict.answer, found.verdict.revision, found.previous) == ("exceeds", 2, "compliant")
    assert found.verdict.decided_at == END + 9
    answers["local"][MIDNIGHT + 3 * HOUR_MS].state[1] = E  # the count is told, too
    (found,) = days.resettle(answers, [superseded], END + 9)
    assert (found.verdict.answer, found.verdict.value, found.verdict.revision) == ("exceeds", 4.0, 3)
    assert found.previous == "exceeds"


def test_a_verdict_of_another_day_or_rule_counts_nothing_again():
    days, answers = _days(), _answers(*_day(E, E))
    (first,) = _settled(days, answers)
    answers["local"][MIDNIGHT].state[1] = C
    other = first._replace(rule=first.rule.model_copy(update={"id": "other"}))
    for found in (
        _verdicts(first, END),
        _verdicts(other, MIDNIGHT),
    ):
        assert days.resettle(answers, [found], END) == []
    assert len(days.resettle(answers, [_verdicts(first, MIDNIGHT)], END)) == 1


def test_a_day_is_forgotten_when_nothing_late_can_change_it_any_more():
    days = _days()
    _settled(days, _answers(*_day()))
    days.forget(until(END - 1))
    assert list(days.settled["local"]) == [MIDNIGHT]
    days.forget(until(END))
    assert days.settled == {"local": {}}


def test_of_a_rule_that_holds_at_some_hours_each_device_s_own_answers_are_counted():
    days = _days(allowance=1, hours=["00:00-03:00"])
    answers = _answers(E, U, C)
    for hour, state in zip(answers["local"].values(), (C, N, C), strict=True):
        hour.state[0] = state
    found = [(j.verdict.point, j.verdict.answer, j.verdict.value) for j in _settled(days, answers)]
    assert found == [("d0", "compliant", 0.0), ("d1", "undetermined", 1.0)]
