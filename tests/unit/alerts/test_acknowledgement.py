"""What a signature changes, decided without a store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.acknowledgement import Acknowledgement, acknowledge
from alerts.cases import ACKNOWLEDGED, CLOSED, FORETOLD, OPEN, RECOVERED
from alerts.records import CaseContext
from tests.fakes.alerts import NIGHT, breach, planner

CASE = planner().breach(breach(), CaseContext(), NIGHT)[0].case
SIGNATURE = Acknowledgement("王海燕", "已通知工地", NIGHT + 1000)


def test_who_signs_stands_in_the_case_and_in_its_history() -> None:
    decision, (change,) = acknowledge(CASE, (), SIGNATURE)
    assert (decision.accepted, change.case.state) == (True, ACKNOWLEDGED)
    assert (change.case.acknowledged_by, change.case.acknowledged_at) == ("王海燕", NIGHT + 1000)
    assert (change.event.actor, change.event.note, change.event.before) == ("王海燕", "已通知工地", OPEN)
    assert change.tellings == ()


def test_what_is_over_is_closed_by_the_signature() -> None:
    _, (change,) = acknowledge(replace(CASE, state=RECOVERED), (), SIGNATURE)
    assert (change.case.state, change.case.closed_at) == (CLOSED, NIGHT + 1000)


@pytest.mark.parametrize("state", [ACKNOWLEDGED, CLOSED, FORETOLD])
def test_what_is_signed_for_or_needs_no_signature_stays_as_it_is(state: str) -> None:
    decision, changes = acknowledge(replace(CASE, state=state), (CASE,), SIGNATURE)
    assert (decision.accepted, changes) == (False, [])
    assert decision.reason


def test_there_is_nothing_to_sign_where_there_is_no_case() -> None:
    assert acknowledge(None, (), SIGNATURE)[0].reason == "there is no such case"


def test_those_told_through_it_are_signed_for_too_unless_they_were_before() -> None:
    members = [
        replace(CASE, id=f"m{n}", state=state) for n, state in enumerate((OPEN, ACKNOWLEDGED, RECOVERED))
    ]
    _, changes = acknowledge(CASE, members, SIGNATURE)
    assert [(c.case.id, c.case.state) for c in changes] == [
        (CASE.id, ACKNOWLEDGED),
        ("m0", ACKNOWLEDGED),
        ("m2", CLOSED),
    ]
