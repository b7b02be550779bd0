"""The table of states: what it allows, and that the document shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.cases import ACKNOWLEDGE, COMMANDS, STATES, TRANSITIONS, decide, diagram


@pytest.mark.parametrize(
    "row", TRANSITIONS, ids=lambda row: f"{row.command}, {row.before or 'no case'} before"
)
def test_every_row_of_the_table_is_what_decide_does(row):
    step = decide(row.before, row.command)
    assert (step.accepted, step.after, step.reason) == (True, row.after, row.why)


@pytest.mark.parametrize("state", [None, *STATES])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_refused_command_leaves_the_state_and_says_why(state, command):
    step = decide(state, command)
    if not step.accepted:
        assert step.after == state
        assert step.reason


def test_a_case_that_nobody_took_note_of_is_never_closed():
    reached = {None}
    for _ in STATES:
        reached |= {r.after for r in TRANSITIONS if r.before in reached and r.command != ACKNOWLEDGE}
    assert "closed" not in reached


def test_unknown_words_are_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="no command"):
        decide("open", "explode")


def test_the_document_shows_the_table():
    document = Path(__file__).parents[3] / "deploy" / "docs" / "cases.md"
    text = document.read_text(encoding="utf-8")
    assert diagram() in text
    assert all(row.why in text for row in TRANSITIONS)
