"""Laws of the life cycle: whatever anybody commands, states are declared, trails complete, breaches in one case."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alerts.lifecycle import (
    FoundBreach,
    LifeCase,
    decide,
    form_of,
    in_order,
    next_due,
    place_hours,
    taken_by,
    time_in_states,
    wakes_at,
)
from alerts.lifecycle.fields import MANDATORY, OPTIONAL
from alerts.lifecycle.guards import GUARDS
from alerts.lifecycle.importing import CaseOfBefore, import_of, life_of_before
from alerts.lifecycle.keeping import body_of_case, case_from_body
from alerts.lifecycle.states import ARCHIVED, OPEN_STATES, ROLES, STATES, TRACKS, rank_of
from alerts.lifecycle.stop_watch import RUNNING, counted_ms, time_paused, time_spent
from alerts.lifecycle.table import COMMANDS, STEPS
from alerts.lifecycle.trail import digest_of, first_flaw
from tests.fakes.lifecycle import (
    BRANCH,
    BUILDER,
    CALENDAR,
    DAY,
    FACTS,
    HOUR,
    HOUSING,
    MACHINE,
    MINUTE,
    MORNING,
    OFFICE,
    SALT,
    TOWN,
    ZONE,
    LifeDesk,
    command,
    in_state,
    opened,
)

UNITS = st.sampled_from(["builder", "housing", "town", "office", "environment", "nobody", ""])
ANYBODY = st.one_of(
    st.sampled_from([BUILDER, HOUSING, OFFICE, BRANCH, TOWN, MACHINE]),
    st.tuples(st.sampled_from(ROLES), UNITS),
)
SITES, KINDS = st.sampled_from(["site-1", "site-2"]), st.sampled_from(["exceedance", "offline", "patrol"])
LEVELS = st.sampled_from(["notice", "warning", "violation", "offline"])
DAYS = st.sampled_from([f"2026-11-{n}" for n in range(23, 27)])
BREACHES = st.builds(
    FoundBreach,
    st.sampled_from([f"b{n}" for n in range(12)]),
    SITES,
    st.sampled_from(["exceedance", "offline"]),
    DAYS,
    st.just(0),
    st.booleans(),
)
LEFT = st.none() | st.integers(0, 2)
ALL_UNITS = ("builder", "housing", "town", "office", "environment", "nobody", "")
SAID = {
    "case": ("p1", "p2", "p3"),
    "site": ("site-1", "site-2"),
    "kind": ("exceedance", "offline", "patrol"),
    "day": ("2026-11-23", "2026-11-24", "2026-11-25"),
    "source": ("machine", "patrol", "above"),
    "level": ("notice", "warning", "violation", "offline"),
    "unit": ALL_UNITS,
    "reason": ("因故",),
    "note": ("记",),
    "why": ("not_told_on_record",),
    "document": ("d1",),
    "photo_before": ("p",),
    "photo_after": ("p",),
    "statement": ("完成",),
    "breach": ("noted",),
    "what": ("sign", "rectify", "verify"),
    "percent": (50, 75, 100),
}
OLD = st.builds(
    CaseOfBefore,
    st.sampled_from(["old-1", "old-2"]),
    st.sampled_from(["open", "recovered", "acknowledged", "closed"]),
    KINDS,
    LEVELS,
    SITES,
    DAYS,
    st.sampled_from(ALL_UNITS),
    st.just(MORNING - DAY),
    st.none() | st.integers(MORNING - DAY, MORNING + DAY),
    st.just(MORNING - HOUR),
    st.just(MORNING - HOUR),
)


def fields_of(desk: LifeDesk, case, name: str, pick) -> dict:
    """What a person would fill in: all that is mandatory, and now and then what is optional."""
    form = form_of(case, name)
    wanted = [field for field, mode in form.items() if mode == MANDATORY]
    wanted += [field for field in ("unit", "level") if form[field] == OPTIONAL and pick([True, False])]
    fields = {}
    for field in wanted:
        if field == "until":
            fields[field] = desk.now + pick([-1, 1, 30]) * HOUR
        elif field == "into":
            near = [id for id, c in desk.cases.items() if c.site == case.site and c.is_open and c is not case]
            fields[field] = pick(near or list(desk.cases))
        else:
            fields[field] = pick(SAID[field])
    return fields


def possible_step(desk: LifeDesk, pick):
    """A step of the table from where a case stands, given by somebody who may: (case before, decided)."""
    id = pick(list(desk.cases)[-9:])
    case = desk.cases[id]
    step = pick([s for s in STEPS if s.before == case.state and s.command != "threshold"])
    units = {"rectifying_unit": [case.unit], "unit_of_a_line": [line.unit for line in case.lines]}
    unit = pick(units.get(step.unit) or ["environment", "environment", "town", "office"])
    fields = fields_of(desk, case, step.command, pick)
    return case, desk.give(id, step.command, (pick(step.roles), unit), **fields)


class LifeCycleMachine(RuleBasedStateMachine):
    """A county's desk under anybody's commands, breaches in any order, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = LifeDesk()
        self.case_breaches: dict[str, str] = {}
        self.checked: dict[str, LifeCase] = {}

    def pick(self, data):
        return data.draw(st.sampled_from(sorted(self.desk.cases)))

    @precondition(lambda self: self.desk.cases)
    @rule(data=st.data(), name=st.sampled_from(COMMANDS), who=ANYBODY, complete=st.integers(0, 9))
    def anybody_commands(self, data, name, who, complete):
        id = self.pick(data)
        self._give(data, id, name, who, complete > 0)

    @precondition(lambda self: self.desk.cases)
    @rule(data=st.data())
    def somebody_who_may_takes_a_step_that_is_possible(self, data):
        self._check(*possible_step(self.desk, lambda among: data.draw(st.sampled_from(among))))

    @rule(old=OLD)
    def a_case_of_before_is_taken_over(self, old):
        if old.id in self.desk.cases or taken_by(old.site, old.kind, old.day, list(self.desk.cases.values())):
            return
        case = life_of_before(old, self.desk.now, FACTS)
        facts = replace(FACTS, other=case)
        assert self.desk.keep(decide(None, import_of(old, self.desk.now, SALT), facts)).accepted

    @rule(state=st.sampled_from(STATES), day=DAYS, level=LEVELS)
    def a_case_has_come_far(self, state, day, level):
        """To begin deep inside the table, not only at its beginning."""
        id = f"far-{len(self.desk.cases)}"
        site = (
            "site-1" if taken_by("site-1", "exceedance", day, list(self.desk.cases.values())) is None else id
        )
        in_state(self.desk, state, id, day=day, site=site, level="violation", lines=(("sector", "housing"),))

    @rule(data=st.data(), name=st.sampled_from(["open", "record", "imported", "sign"]), who=ANYBODY)
    def anybody_begins(self, data, name, who):
        fields = {
            field: data.draw(st.sampled_from(SAID[field]))
            for field in ("case", "site", "kind", "day", "source", "level")
        }
        if fields["case"] in self.desk.cases:
            return
        if name == "record":
            fields["why"] = "not_told_on_record"
        self._check(None, self.desk.give(None, name, who, **fields))

    @rule(found=BREACHES, level=LEVELS, left=LEFT)
    def a_breach_is_found(self, found, level, left):
        known = self.desk.placed.get(found.id)
        if known is not None:  # the same breach says the same of itself, but may be told only now
            said = self.known[found.id]
            found = said._replace(tell=found.tell or said.tell)
        else:
            found = found._replace(start=self.desk.now)
        self.known[found.id] = found
        before = self.case_breaches.get(found.id)
        more = {} if left is None else {"allowance_left": left}
        more = {"level": level, **more}
        placement = self.desk.find(found, **more)
        assert placement.moved_from in (None, before)
        assert (before in (None, placement.case)) == (placement.moved_from is None)
        self.case_breaches[found.id] = placement.case

    @precondition(lambda self: self.case_breaches)
    @rule(data=st.data(), hours=st.lists(st.integers(0, 40), min_size=1, max_size=4))
    def it_goes_on_for_hours(self, data, hours):
        id = data.draw(st.sampled_from(sorted(self.case_breaches)))
        found, own = self.known[id], self.case_breaches[id]
        starts = [self.desk.now // HOUR * HOUR + n * HOUR for n in hours]
        placed = place_hours(found, starts, list(self.desk.cases.values()), own, ZONE)
        assert sorted(p.hour for p in placed) == sorted(set(starts))
        for one in {p.placement for p in placed}:
            self._apply_hour(found, one)

    def _apply_hour(self, found, one):
        said = {"breach": found.id, "why": one.why}
        if one.is_new:
            said |= {"case": one.case, "site": found.site, "kind": found.kind, "day": one.day}
            said |= {"source": "machine", "level": "warning", "predecessor": one.predecessor or ""}
        assert one.command in ("open", "record", "join", "amend")
        self.desk.must(None if one.is_new else one.case, one.command, **said)

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours):
        due = {id: wakes_at(case) for id, case in self.desk.cases.items()}
        until = self.desk.now + hours * HOUR
        for id, case in self.desk.cases.items():
            facts = self.desk.facts_for(case)
            if case.state != "merged" and (due[id] is None or due[id] > until):
                assert next_due(case, until, facts) is None
        self.desk.pass_time(until)

    @property
    def known(self) -> dict[str, FoundBreach]:
        return self.desk.__dict__.setdefault("known", {})

    def _give(self, data, id, name, who, complete):
        case = self.desk.cases[id]
        fields = fields_of(self.desk, case, name, lambda among: data.draw(st.sampled_from(among)))
        if not complete and fields:
            fields.popitem()
        self._check(case, self.desk.give(id, name, who, **fields))

    def _check(self, before, decided):
        if decided.accepted:
            assert decided.refusal is None
            assert decided.record.command in COMMANDS
            return
        assert decided.case is before
        assert decided.record is None
        assert decided.refusal.guard in GUARDS
        assert decided.refusal.why
        assert decided.refusal.way_out

    @invariant()
    def every_case_that_has_changed_is_whole(self):
        for id, case in self.desk.cases.items():
            if self.checked.get(id) is not case:
                check_case(case, self.desk.trails[id], self.desk.now)
                self.checked[id] = case

    @invariant()
    def each_breach_is_in_one_case_that_exists(self):
        assert set(self.case_breaches) == set(self.known)
        assert set(self.case_breaches.values()) <= set(self.desk.cases)

    @invariant()
    def a_matter_has_at_most_one_open_case(self):
        open_ones = [(c.site, c.kind, c.days[-1]) for c in self.desk.cases.values() if c.is_open]
        assert len(open_ones) == len(set(open_ones))


def check_case(case, trail, now) -> None:
    """What holds of every case and its trail, whatever was commanded."""
    # a declared state, a complete trail
    assert case.state in STATES
    assert case.track in TRACKS
    assert first_flaw(trail) is None
    assert (case.version, case.digest) == (len(trail), digest_of(trail[-1]))
    assert trail[-1].after == case.state
    assert case.round == trail[-1].round == len(case.days)
    # the time in each state follows from the trail
    assert time_in_states(trail, now) == case.times_at(now)
    # what is kept as JSON is the case again
    assert case_from_body(json.loads(json.dumps(body_of_case(case)))) == case
    # an open case has a unit, an ended one a reason
    assert case.unit or case.state not in OPEN_STATES
    assert (case.archived_as is not None) == (case.state == ARCHIVED) == (case.archived_at is not None)
    # track and level only rise
    tracks = [record.values["to_track"] for record in trail if "to_track" in record.values]
    assert tracks in (["sign"], ["rectify"], ["sign", "rectify"])
    levels = [rank_of(str(r.values["to_level"])) for r in trail if "to_level" in r.values]
    assert levels == sorted(set(levels))
    # at most one watch of a kind, in an open case alone, and no time of it is lost
    live = [watch.what for watch in case.watches if watch.ended is None]
    assert len(live) == len(set(live))
    assert case.is_open or not live
    assert all(line.watch.state == RUNNING for line in case.lines if line.watch.ended is None)
    for watch in (*case.watches, *(line.watch for line in case.lines)):
        end = watch.ended if watch.ended is not None else now
        elapsed = counted_ms(watch.measure, watch.started, end, CALENDAR)
        assert time_spent(watch, now, CALENDAR) + time_paused(watch, now, CALENDAR) == elapsed


LifeCycleMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestWhateverAnybodyCommands = LifeCycleMachine.TestCase


def test_in_a_long_walk_every_command_is_taken_and_every_state_passed_through():
    """What the table says can be done is done, by somebody who may, in a county's desk of many weeks."""
    pick, desk, taken, passed, failed = Random(7).choice, LifeDesk(), set(), set(), set()
    lines = (("sector", "housing"), ("territorial", "town"))
    for number in range(3000):
        if number % 50 == 0:
            near = f"site-{number}-{STATES[1]}"  # beside another, so that they can be merged
            opened(desk, f"w{number}", site=near, kind="patrol", lines=lines)
            for state in STATES[:7]:
                in_state(desk, state, f"w{number}-{state}", site=f"site-{number}-{state}", lines=lines)
            desk.must(f"w{number}-awaiting_verification", "over")
            opened(desk, f"a{number}", site=near, kind="alert", lines=lines)
        _, decided = possible_step(desk, pick)
        if decided.accepted:
            taken.add(decided.record.command)
            passed.add(decided.case.state)
        else:
            failed.add(decided.refusal.guard)
        if number % 25 == 24:
            taken |= set(desk.pass_time(desk.now + 9 * HOUR))
    assert taken == set(COMMANDS) - {"record", "imported"}
    assert passed == set(STATES)
    assert len(failed) > 10
    assert all(first_flaw(trail) is None for trail in desk.trails.values())


SAME_MINUTE = st.lists(
    st.tuples(BREACHES, LEVELS, LEFT).map(
        lambda one: (one[0]._replace(site="site-1", kind="exceedance"), *one[1:])
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one[0].id,
)
BEFORE = st.lists(
    st.tuples(DAYS, st.sampled_from(["open", "signed", "watched", "ended", "recorded"])), max_size=4
)


def _desk_with(before) -> LifeDesk:
    desk, seen = LifeDesk(), set()
    state_of = {"signed": "acknowledged", "watched": "rebound_watch", "ended": "archived", "open": "assigned"}
    for number, (day, what) in enumerate(before):
        if day not in seen:
            in_state(desk, state_of.get(what, what), f"c{number}", day=day)
        seen.add(day)
    return desk


def _outcome(desk: LifeDesk):
    cases = {
        id: (c.state, c.track, c.level, c.verifier, c.evidence, c.round, c.days)
        for id, c in desk.cases.items()
    }
    return {id: (p.case, p.round) for id, p in desk.placed.items()}, cases


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(BEFORE, SAME_MINUTE, st.randoms(use_true_random=False))
def test_the_order_of_arrival_of_breaches_of_one_minute_changes_no_case(before, found, random):
    """Placed in the order that `in_order` gives them, whichever came first."""
    outcomes = []
    for _ in range(2):
        random.shuffle(found)
        desk = _desk_with(before)
        said = {one.id: (level, left) for one, level, left in found}
        start = desk.now + HOUR
        for one in in_order(one._replace(start=start) for one, _, _ in found):
            level, left = said[one.id]
            desk.find(one, level=level, **({} if left is None else {"allowance_left": left}))
        outcomes.append(_outcome(desk))
    assert outcomes[0] == outcomes[1]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(BEFORE, SAME_MINUTE, DAYS, st.randoms(use_true_random=False))
def test_breaches_of_one_hour_that_are_told_go_to_the_same_case_in_any_order_at_all(
    before, found, day, random
):
    outcomes = []
    for _ in range(2):
        random.shuffle(found)
        desk = _desk_with(before)
        start = desk.now + HOUR
        for one, level, left in found:
            told = one._replace(start=start, day=day, tell=True)
            desk.find(told, level=level, **({} if left is None else {"allowance_left": left}))
        assert len({placement.case for placement in desk.placed.values()}) == 1
        outcomes.append(_outcome(desk))
    assert outcomes[0] == outcomes[1]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(STATES), st.sampled_from(COMMANDS), ANYBODY, st.integers(0, 3))
def test_a_stale_version_is_a_conflict_whatever_the_command(state, name, who, older):
    desk = LifeDesk()
    in_state(desk, state)
    case = desk.cases["c1"]
    stale = command(name, who, case.version - 1 - older, desk.now)
    facts = replace(FACTS, trail=tuple(desk.trails["c1"]))
    refusal = decide(case, stale, facts).refusal
    assert refusal.guard == "version"
    assert [record.number for record in refusal.missed] == list(
        range(max(1, case.version - older), case.version + 1)
    )
    assert decide(case, stale, facts) == decide(case, stale, facts)
    assert desk.now - case.updated_at <= 10 * MINUTE
