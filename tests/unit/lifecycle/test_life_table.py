"""The table as a whole: nothing unreachable, every state has a way out, forms and page follow from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.lifecycle import MATTERS, diagram, form_of, matter_of, shown_fields
from alerts.lifecycle.drawing import SECTIONS
from alerts.lifecycle.fields import FIELD_HOLDERS, HIDDEN, MANDATORY, OPTIONAL, READ_ONLY, STATE_FIELDS
from alerts.lifecycle.guards import COLUMN_GUARDS, CONDITIONS, GUARDS, STEP_GUARDS
from alerts.lifecycle.matters import ANY, flaws_of
from alerts.lifecycle.states import (
    ARCHIVED,
    AS_GIVEN,
    BACK,
    ENDS,
    OPEN_STATES,
    POSTPONED,
    RECTIFY,
    ROLES,
    SAME,
    SIGN,
    STATES,
    TO_COUNTY_OFFICE,
    TO_LINES,
    TO_UNIT,
    TO_VERIFIER,
    UNITS,
)
from alerts.lifecycle.stop_watch import URGENT_HOUR, TimeAllowed
from alerts.lifecycle.table import BY_MOVE, COMMANDS, STEPS, commands_in
from tests.fakes.lifecycle import LifeDesk, in_state

PAGE = (Path(__file__).parents[3] / "deploy" / "docs" / "lifecycle.md").read_text(encoding="utf-8")


def leads_to(step) -> set[str]:
    if step.after == BACK:
        return {row.before for row in STEPS if row.after == POSTPONED}
    return {step.before} if step.after == SAME else set() if step.after == AS_GIVEN else {step.after}


@pytest.mark.parametrize("state", STATES)
def test_every_state_can_be_reached_and_has_a_way_to_archived(state):
    reached: set = {None}
    ways = {state}
    for _ in STATES:
        reached |= {after for step in STEPS if step.before in reached for after in leads_to(step)}
        ways |= {after for step in STEPS if step.before in ways for after in leads_to(step)}
    assert state in reached
    assert ARCHIVED in ways


def test_every_command_has_a_row_that_can_be_reached():
    reached: set = {None}
    for _ in STATES:
        reached |= {after for step in STEPS if step.before in reached for after in leads_to(step)}
    assert {step.command for step in STEPS if step.before in reached} == set(COMMANDS)


@pytest.mark.parametrize("step", STEPS, ids=lambda s: f"{s.command}, {s.before or 'no case'} before")
def test_a_row_names_words_that_there_are(step):
    assert step.after in (*STATES, SAME, BACK, AS_GIVEN)
    assert set(step.roles) <= set(ROLES)
    assert step.unit in UNITS
    assert set(step.guards) <= set(STEP_GUARDS)
    assert set(step.when) <= set(CONDITIONS)
    assert {*step.mandatory, *step.optional} <= set(FIELD_HOLDERS)
    assert set(step.tells) <= {TO_UNIT, TO_LINES, TO_VERIFIER, TO_COUNTY_OFFICE}
    assert step.roles
    assert step.why


@pytest.mark.parametrize("move", BY_MOVE, ids=str)
def test_of_the_rows_of_a_state_and_command_the_last_has_no_condition_and_all_ask_the_same(move):
    rows = BY_MOVE[move]
    assert [bool(row.when) for row in rows] == [True] * (len(rows) - 1) + [False]
    assert len({(row.roles, row.unit, row.mandatory, row.guards) for row in rows}) == 1


def test_every_guard_and_relation_is_used_by_a_row():
    assert {name for step in STEPS for name in step.guards} == set(STEP_GUARDS)
    assert {step.unit for step in STEPS} == set(UNITS)
    assert set(GUARDS) == {*COLUMN_GUARDS, *STEP_GUARDS}


def test_nothing_leads_out_of_archived():
    assert {step.after for step in STEPS if step.before == ARCHIVED} == {SAME}


def test_no_unit_ends_its_own_case_where_another_has_to_judge():
    """What a rectifying unit may do never ends a case."""
    own = [step for step in STEPS if step.unit == "rectifying_unit"]
    assert own
    assert all(step.after not in (ARCHIVED, "rebound_watch", "merged", POSTPONED) for step in own)


def test_there_are_at_most_ten_ways_to_end():
    assert len(ENDS) <= 10


def test_commands_of_a_role_are_those_of_its_rows():
    assert commands_in("rectifying", "contractor")[0] == "submit"
    assert commands_in("rectifying", "auditor") == ()
    assert "open" in commands_in(None)
    assert all(commands_in(state) for state in STATES)


# ---- forms


@pytest.mark.parametrize("state", STATES)
def test_a_state_shows_what_it_knows_read_only_and_hides_the_rest(state):
    shown = shown_fields(state)
    assert {name for name, mode in shown.items() if mode == READ_ONLY} == set(STATE_FIELDS[state])
    assert set(shown.values()) <= {READ_ONLY, HIDDEN}


def test_the_form_of_handing_in_makes_the_wanted_evidence_mandatory():
    desk = LifeDesk()
    in_state(desk, "rectifying")
    form = form_of(desk.cases["c1"], "submit")
    assert form["photo_after"] == form["statement"] == MANDATORY
    assert form["photo_before"] == form["note"] == OPTIONAL
    assert form["unit"] == HIDDEN


def test_a_command_that_is_not_possible_has_a_form_of_hidden_fields():
    assert set(form_of(None, "sign").values()) == {HIDDEN}


@pytest.mark.parametrize("state", OPEN_STATES)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_form_has_every_field_and_its_mandatory_ones_are_those_of_the_row(state, command):
    desk = LifeDesk()
    in_state(desk, state)
    form = form_of(desk.cases["c1"], command)
    assert list(form) == list(FIELD_HOLDERS)
    rows = BY_MOVE.get((state, command), ())
    for name in rows[0].mandatory if rows else ():
        assert form[name] == MANDATORY


# ---- matters


def test_the_matter_table_of_the_program_is_without_flaw():
    assert flaws_of(MATTERS) == []


def test_each_row_of_the_matter_table_is_the_answer_to_something():
    found = {
        matter_of(
            "other" if row.kind == ANY else row.kind,
            "notice" if row.level == ANY else row.level,
            "machine" if row.source == ANY else row.source,
            {"some": 1, "none": 0, ANY: None}[row.allowance],
        )
        for row in MATTERS
    }
    assert found == set(MATTERS)


@pytest.mark.parametrize(
    ("asked", "track", "verifier"),
    [
        (("exceedance", "warning", "machine", 2), SIGN, "none"),
        (("exceedance", "warning", "machine", None), SIGN, "none"),
        (("exceedance", "warning", "machine", 0), RECTIFY, "other_unit"),
        (("exceedance", "violation", "machine", 2), RECTIFY, "environment_branch"),
        (("exceedance", "warning", "above", 2), RECTIFY, "environment_branch"),
        (("suspicion", "suspicion", "machine", None), RECTIFY, "environment_branch"),
        (("offline", "offline", "machine", None), SIGN, "none"),
        (("bare_soil", "notice", "patrol", None), RECTIFY, "other_unit"),
        (("something new", "high", "machine", None), SIGN, "none"),
    ],
)
def test_what_a_matter_asks_for(asked, track, verifier):
    row = matter_of(*asked)
    assert (row.track, row.verifier) == (track, verifier)


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"track": "walk"}, "unknown source, track"),
        ({"source": "rumour"}, "unknown source, track"),
        ({"evidence": ("hearsay",)}, "unknown source, track"),
        ({"times": ()}, "needs times for"),
        ({"times": (TimeAllowed("sign", 0, URGENT_HOUR),)}, "without an amount"),
        ({"times": (TimeAllowed("sign", 1, "moon"),)}, "without an amount"),
        ({"track": RECTIFY}, "needs times for"),
        ({"kind": "offline"}, "the last row has to fit all"),
    ],
)
def test_a_countys_own_table_is_checked(change, flaw):
    assert any(flaw in said for said in flaws_of((*MATTERS[:-1], MATTERS[-1]._replace(**change))))


def test_a_row_that_another_hides_is_a_flaw_and_so_is_a_table_without_rows():
    assert any("a row before it" in said for said in flaws_of((*MATTERS, MATTERS[-1])))
    assert flaws_of(()) == ["the last row has to fit all"]
    assert any(
        "watched for a rebound" in s for s in flaws_of((MATTERS[0]._replace(rebound_days=0), MATTERS[-1]))
    )
    with pytest.raises(ValueError, match="no row"):
        matter_of("offline", "offline", "machine", None, MATTERS[:1])


# ---- the page


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_page_has_what_is_made_from_the_code(heading):
    assert f"## {heading}\n" in PAGE
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    assert SECTIONS[heading]() in section


def test_the_diagram_has_every_state():
    assert all(state in diagram() for state in STATES)
