"""The columns of the table are what `decide` goes by: roles, relation of the unit, mandatory fields."""

from __future__ import annotations

import pytest

from alerts.lifecycle.states import ROLES, STATES
from alerts.lifecycle.table import STEPS
from tests.fakes.lifecycle import LifeDesk, in_state

ROWS = [step for step in STEPS if step.before in (None, *STATES) and not step.when]
IDS = [f"{step.command}, {step.before or 'no case'} before" for step in ROWS]
A_UNIT_OF = {
    "any_unit": "anywhere",
    "rectifying_unit": "builder",
    "another_unit": "town",
    "wanted_verifier": "environment",
    "unit_of_a_line": "housing",
}


def desk_before(step) -> tuple[LifeDesk, str | None]:
    desk = LifeDesk()
    if step.before is None:
        return desk, None
    return desk, in_state(desk, step.before, lines=(("sector", "housing"),))


@pytest.mark.parametrize("step", ROWS, ids=IDS)
def test_a_role_that_the_row_does_not_name_is_refused(step):
    for role in set(ROLES) - set(step.roles):
        desk, id = desk_before(step)
        assert desk.refused(id, step.command, (role, A_UNIT_OF[step.unit])) == "role"


@pytest.mark.parametrize(
    "step", [s for s in ROWS if s.unit != "any_unit"], ids=lambda s: f"{s.command} {s.before}"
)
def test_a_unit_that_stands_otherwise_to_the_case_is_refused(step):
    others = {unit for relation, unit in A_UNIT_OF.items() if relation in ("any_unit", "rectifying_unit")}
    for unit in ({*others, ""} - {"builder"}) if step.unit == "rectifying_unit" else {"builder", ""}:
        desk, id = desk_before(step)
        assert desk.refused(id, step.command, (step.roles[0], unit)) == step.unit


@pytest.mark.parametrize("step", [s for s in ROWS if s.mandatory], ids=lambda s: f"{s.command} {s.before}")
def test_without_its_mandatory_fields_a_command_is_refused_and_they_are_named(step):
    desk, id = desk_before(step)
    decided = desk.give(id, step.command, (step.roles[0], A_UNIT_OF[step.unit]))
    assert decided.refusal.guard == "fields_complete"
    assert decided.refusal.detail == step.mandatory
