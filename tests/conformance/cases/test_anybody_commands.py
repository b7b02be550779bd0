"""Whatever anybody commands, in whatever order: in every store each case is whole and each breach in one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from alerts.casework.offering import offered
from alerts.lifecycle import Actor, LifeCommand, form_of
from alerts.lifecycle.fields import FIELD_HOLDERS, MANDATORY, REF, TEXT
from alerts.lifecycle.guards import GUARDS
from alerts.lifecycle.states import OPEN_STATES, ROLES, STATES
from alerts.lifecycle.table import COMMANDS
from alerts.lifecycle.trail import first_flaw, time_in_states
from alerts.people.units import units_of
from alerts.store import CaseStore
from alerts.store.life_store import LifeAction, salted
from alerts.store.life_tables import case_actions, case_units
from tests.fakes.alerts import HOUR, NIGHT, apply, breach, planner
from tests.shares import examples

PLAN = planner()
UNITS = (*sorted(units_of(PLAN.register)), "nobody")
SAID = {
    "unit": UNITS,
    "level": ("warning", "violation"),
    "site": ("site-1", "site-2"),
    "kind": ("exceedance", "patrol"),
    "day": ("2026-11-23", "2026-11-24"),
    "source": ("machine", "patrol", "above"),
    "case": ("made-up",),
    "why": ("not_told_on_record",),
    "what": ("sign", "rectify", "verify"),
    "percent": (50, 75, 100),
    "line": ("sector/department:housing",),
    "person": ("a-1",),
    "predecessor": ("made-up",),
    "allowance_left": (0, 1),
    "rectify_hours": (4,),
}


class DeskMachine(RuleBasedStateMachine):
    """A store under anybody's commands, breaches in any order, and time; `open_store`: a new one each time."""

    open_store: Callable[[], CaseStore]

    def __init__(self) -> None:
        super().__init__()
        self.store, self.now = type(self).open_store(), NIGHT
        self.breaches: set[str] = set()
        self.forms: Counter[str] = Counter()

    def teardown(self) -> None:
        try:
            self._whole()
        finally:
            self.store.close()

    # ------------------------------------------------------------------------------ what happens

    @rule(
        what=st.sampled_from(["opened", "opened", "amended", "closed"]),
        of=st.integers(0, 5),
        level=st.sampled_from(["warning", "violation"]),
        tell=st.booleans(),
        same=st.booleans(),
    )
    def an_event_comes(self, what, of, level, tell, same):
        start = NIGHT - HOUR if same else self.now - HOUR
        span = {"start": start, "end": start + HOUR, "at": self.now, "opened_at": NIGHT}
        site, name = f"site-{of % 2 + 1}", f"b{of}"
        found = breach(
            what, id=name, site=site, device=f"dev-{of % 2 * 8 + of + 1}", level=level, tell=tell, **span
        )
        apply(self.store, found, PLAN, self.now)
        self.breaches.add(name)

    @rule(minutes=st.sampled_from([0, 1, 45, 300, 1500, 9000]))
    def time_passes(self, minutes):
        self.now += minutes * 60_000
        self.store.life.wake(PLAN.life, self.now)
        self.store.life.tell(PLAN.steps, self.store.tellings, self.now)
        self.store.tellings.compose(self.now)

    @precondition(lambda self: self.breaches)
    @rule(
        data=st.data(),
        name=st.sampled_from(COMMANDS),
        role=st.sampled_from(ROLES),
        unit=st.sampled_from(UNITS),
        older=st.sampled_from([0, 0, 0, 1, -1]),
        form=st.sampled_from(["", "f1", "f2", "f3"]),
    )
    def anybody_commands(self, data, name, role, unit, older, form):
        life = self._one(data)
        self._give(data, life, name, Actor(role, unit, salted(f"{role} 某")), life.version - older, form)

    @precondition(lambda self: self.breaches)
    @rule(data=st.data(), form=st.sampled_from(["", "g1", "g2"]))
    def somebody_takes_a_step_that_is_offered(self, data, form):
        life = self._one(data)
        units = {life.unit, "county", "department:housing", *(line.unit for line in life.lines)}
        role, unit = data.draw(st.sampled_from(ROLES)), data.draw(st.sampled_from(sorted(units)))
        actor = Actor(role, unit, salted(f"{role} 某"))
        facts = PLAN.life.facts(newest_determined=True)
        steps = offered(life, actor, facts, self.now)
        if steps:
            step = data.draw(st.sampled_from(steps))
            self._give(data, life, step.command, actor, life.version, form)

    # ------------------------------------------------------------------------------ what is checked

    def _one(self, data):
        ids = sorted({self.store.life.find_id(name) for name in self.breaches})
        return self.store.life.file(data.draw(st.sampled_from(ids))).kept.life

    def _give(self, data, life, name, actor, version, form):
        fields = {}
        for field, mode in form_of(life, name).items():
            if mode == MANDATORY or (field in ("unit", "level") and data.draw(st.booleans())):
                fields[field] = self._said(data, life, field)
        held = {name: FIELD_HOLDERS[name] for name in fields}
        command = LifeCommand(
            name,
            self.now,
            version,
            actor,
            {f: v for f, v in fields.items() if held[f] not in (TEXT, REF)},
            {f: salted(v) for f, v in fields.items() if held[f] == TEXT},
            {f: v for f, v in fields.items() if held[f] == REF},
        )
        before = self.store.life.file(life.id)
        facts = PLAN.life.facts(newest_determined=data.draw(st.booleans()))
        decided = self.store.life.act(life.id, LifeAction(command, "a-1", "某", form), facts)
        after = self.store.life.file(life.id)
        again = form and self.forms[form]
        if again or not decided.accepted:
            assert after.trail == before.trail
            assert after.kept.life == before.kept.life
        if not decided.accepted:
            assert decided.refusal.guard in GUARDS
            assert decided.refusal.why
            assert decided.refusal.way_out
        elif not again:
            assert len(after.trail) == len(before.trail) + 1
            assert after.trail[-1].command == name
            self.forms[form] += bool(form)

    def _said(self, data, life, field):
        if field == "until":
            return self.now + data.draw(st.sampled_from([-1, 1, 30])) * HOUR
        if field == "into":
            return self._one(data).id
        return data.draw(st.sampled_from(SAID.get(field, (f"{field} 说明",))))

    def _whole(self) -> None:
        """Of the store as it is at the end of any history."""
        placed = Counter()
        open_matters = Counter()
        with self.store._database.reading() as connection:
            lines = Counter(connection.execute(select(case_units.c.case)).scalars())
            sent = Counter(connection.execute(select(case_actions.c.form)).scalars())
        assert sent == +self.forms
        for id in sorted({self.store.life.find_id(name) for name in self.breaches}):
            file = self.store.life.file(id)
            life = file.kept.life
            assert life.state in STATES
            assert first_flaw(file.trail) is None
            assert (life.version, life.state) == (len(file.trail), file.trail[-1].after)
            spent = {state: ms for state, ms in life.times_at(self.now).items() if ms}
            assert spent == {s: ms for s, ms in time_in_states(file.trail, self.now).items() if ms}
            assert lines[id] == len(life.lines)
            placed.update(one.breach for one in file.placed)
            open_matters[life.site, life.kind, life.days[-1]] += life.state in OPEN_STATES
        assert placed == Counter(self.breaches)
        assert max(open_matters.values(), default=0) <= 1


_NUMBERS = itertools.count()
FEW = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


def _run(open_store: Callable[[], CaseStore], of: settings) -> None:
    machine = type("DeskMachineHere", (DeskMachine,), {"open_store": staticmethod(open_store)})
    run_state_machine_as_test(machine, settings=of)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def new_store(request: pytest.FixtureRequest, tmp_path) -> Callable[[], CaseStore]:
    """Opens an empty store, another one each time."""
    if request.param == "sqlite":
        return lambda: CaseStore(f"sqlite:///{tmp_path}/{next(_NUMBERS)}.sqlite", lambda: NIGHT)
    server = request.getfixturevalue("postgres")
    return lambda: CaseStore(server.create_database(f"anybody_{next(_NUMBERS)}"), lambda: NIGHT)


def test_whatever_anybody_commands_every_case_is_whole_and_each_breach_in_one(new_store):
    _run(new_store, FEW)


@pytest.mark.long
def test_the_same_over_many_histories(tmp_path):
    _run(
        lambda: CaseStore(f"sqlite:///{tmp_path}/{next(_NUMBERS)}.sqlite", lambda: NIGHT),
        examples(settings(FEW, stateful_step_count=40), 400),
    )
