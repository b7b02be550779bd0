"""Lives of cases in every store: what is found, what people do, and what time does to them."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alerts.lifecycle import Actor, LifeCommand
from alerts.lifecycle.trail import first_flaw, time_in_states
from alerts.store import CaseStore
from alerts.store.life_store import HandedIn, LifeAction, salted
from tests.fakes.alerts import HOUR, NIGHT, apply, breach, offline, planner

PLAN = planner()
DAY = 24 * HOUR
MANAGER = ("site", "site:site-1")
TOWN = ("township", "department:town-east")
BRANCH = ("verifier", "county")
VIOLATION = {"level": "violation", "deadline_h": 4.0}


def _act(store: CaseStore, id: str, name: str, who: tuple[str, str], at: int, **more):
    """Give a person's command to a case, at the version that it has."""
    file = store.life.file(id)
    texts = {name: salted(value) for name, value in more.pop("texts", {}).items()}
    role, unit = who
    command = LifeCommand(
        name,
        at,
        more.pop("version", file.kept.life.version),
        Actor(role, unit, salted(f"a-{role} 王某")),
        more.pop("values", {}),
        texts,
        more.pop("refs", {}),
    )
    facts = PLAN.life.facts(newest_determined=more.pop("determined", True))
    return store.life.act(id, LifeAction(command, f"a-{role}", "王某", **more), facts)


def _id(store: CaseStore, of: str = "b1") -> str:
    id = store.life.find_id(of)
    assert id is not None
    return id


def _life(store: CaseStore, of: str = "b1"):
    return store.life.file(_id(store, of)).kept.life


def _whole(store: CaseStore, id: str) -> None:
    file = store.life.file(id)
    assert first_flaw(file.trail) is None
    assert file.trail[-1].after == file.kept.life.state
    at = file.kept.life.updated_at
    counted = {state: ms for state, ms in file.kept.life.times_at(at).items() if ms}
    assert counted == {state: ms for state, ms in time_in_states(file.trail, at).items() if ms}


def test_a_breach_is_assigned_to_its_site_and_the_other_lines_are_asked(store):
    apply(store, breach(), PLAN, NIGHT)
    life = _life(store)
    assert (life.state, life.track, life.unit) == ("assigned", "sign", "site:site-1")
    assert [(one.line, one.unit) for one in life.lines] == [
        ("sector", "department:housing"),
        ("territorial", "department:town-east"),
    ]
    assert [record.command for record in store.life.file(life.id).trail] == ["open"]


def test_breaches_of_one_day_are_one_case_and_another_day_is_another_one(store):
    apply(store, breach(), PLAN, NIGHT)
    apply(store, breach(id="b2", device="dev-2"), PLAN, NIGHT)
    next_day = {"start": NIGHT + 10 * HOUR, "end": NIGHT + 11 * HOUR, "at": NIGHT + 11 * HOUR}
    apply(store, breach(id="b3", opened_at=NIGHT + 11 * HOUR, **next_day), PLAN, NIGHT + 11 * HOUR)
    assert _id(store, "b1") == _id(store, "b2") != _id(store, "b3")
    assert _life(store, "b3").predecessor == _id(store, "b1")
    assert [one.breach for one in store.life.file(_id(store)).placed] == ["b1", "b2"]


def test_what_needs_a_signature_only_ends_signed_and_over(store):
    apply(store, breach(), PLAN, NIGHT)
    id = _id(store)
    assert _act(store, id, "sign", TOWN, NIGHT).refusal.guard == "rectifying_unit"
    assert _act(store, id, "sign", MANAGER, NIGHT + 1).accepted
    assert [case.acknowledged_by for case in store.life.file(id).findings] == ["王某"]
    apply(store, breach("closed"), PLAN, NIGHT + 2 * HOUR)
    assert _life(store).over_at == NIGHT + 2 * HOUR
    assert store.life.wake(PLAN.life, NIGHT + 2 * HOUR) == 1
    assert (_life(store).state, _life(store).archived_as) == ("archived", "signed_and_over")
    _whole(store, id)


def test_a_violation_is_rectified_verified_and_watched_and_rebounds(store):
    apply(store, breach(**VIOLATION), PLAN, NIGHT)
    id = _id(store)
    for name in ("sign", "start"):
        assert _act(store, id, name, MANAGER, NIGHT + HOUR).accepted
    refused = _act(store, id, "submit", MANAGER, NIGHT + HOUR).refusal
    assert (refused.guard, refused.detail) == ("evidence_complete", ("photo_after", "statement"))
    picture = HandedIn("d" * 64, "image/jpeg", b"\xff\xd8", None, NIGHT + HOUR)
    handed = {"texts": {"statement": "已覆盖裸土"}, "refs": {"photo_after": "d" * 64}, "files": (picture,)}
    assert _act(store, id, "submit", MANAGER, NIGHT + HOUR, **handed).accepted
    assert store.life.picture(id, "d" * 64, original=True) == ("image/jpeg", b"\xff\xd8")
    assert _act(store, id, "accept", BRANCH, NIGHT + 2 * HOUR).refusal.guard == "over"
    apply(store, breach("closed", **VIOLATION), PLAN, NIGHT + 2 * HOUR)
    undetermined = _act(store, id, "accept", BRANCH, NIGHT + 2 * HOUR, determined=False)
    assert undetermined.refusal.guard == "newest_determined"
    assert _act(store, id, "accept", BRANCH, NIGHT + 2 * HOUR).accepted
    assert _life(store).state == "rebound_watch"
    later = NIGHT + DAY
    found = {"start": later - HOUR, "end": later, "at": later, "opened_at": later, **VIOLATION}
    apply(store, breach(id="b2", **found), PLAN, later)
    assert _id(store, "b2") == id
    assert (_life(store).state, _life(store).round, _life(store).rung) == ("assigned", 2, 1)
    _whole(store, id)


def test_nothing_found_while_it_was_watched_archives_it(store):
    apply(store, breach(**VIOLATION), PLAN, NIGHT)
    apply(store, breach("closed", **VIOLATION), PLAN, NIGHT + 2 * HOUR)
    id = _id(store)
    _act(store, id, "sign", MANAGER, NIGHT + 3 * HOUR)
    _act(store, id, "start", MANAGER, NIGHT + 3 * HOUR)
    handed = {"texts": {"statement": "已洒水"}, "refs": {"photo_after": "e" * 64}}
    _act(store, id, "submit", MANAGER, NIGHT + 3 * HOUR, **handed)
    assert _act(store, id, "accept", BRANCH, NIGHT + 4 * HOUR).accepted
    store.life.wake(PLAN.life, NIGHT + 6 * DAY)
    assert _life(store).state == "rebound_watch"
    store.life.wake(PLAN.life, NIGHT + 4 * HOUR + 7 * DAY)
    assert (_life(store).state, _life(store).archived_as) == ("archived", "no_rebound")
    _whole(store, id)


def test_each_threshold_is_noted_once_however_often_and_late_the_timer_comes(store):
    apply(store, breach(), PLAN, NIGHT)
    assert store.life.wake(PLAN.life, NIGHT + 12 * HOUR - 1) == 0
    assert store.life.wake(PLAN.life, NIGHT + 12 * HOUR) == 3  # its own watch, and those of two lines
    store.life.wake(PLAN.life, NIGHT + 12 * HOUR)
    store.life.wake(PLAN.life, NIGHT + 9 * DAY)
    noted = [(r.values.get("line", ""), r.values["percent"]) for r in store.life.file(_id(store)).trail[1:]]
    lines = ("", "sector/department:housing", "territorial/department:town-east")
    assert sorted(noted) == [(line, percent) for line in lines for percent in (50, 75, 100)]
    _whole(store, _id(store))


def test_a_verdict_that_was_put_right_proposes_the_withdrawal_to_another_unit(store):
    apply(store, breach(), PLAN, NIGHT)
    same = {"start": NIGHT - HOUR, "end": NIGHT}
    apply(store, breach("closed", **same), PLAN, NIGHT + 2 * HOUR)
    id = _id(store)
    assert _life(store).withdrawal_at is not None
    assert _life(store).over_at is None
    assert not _act(store, id, "confirm_withdrawal", MANAGER, NIGHT + 3 * HOUR).accepted
    assert _act(store, id, "confirm_withdrawal", BRANCH, NIGHT + 3 * HOUR).accepted
    assert _life(store).archived_as == "withdrawn"


def test_a_case_whose_withdrawal_the_verifier_declined_is_over_and_can_be_accepted(store):
    apply(store, breach(**VIOLATION), PLAN, NIGHT)
    same = {"start": NIGHT - HOUR, "end": NIGHT, **VIOLATION}
    apply(store, breach("closed", **same), PLAN, NIGHT + 2 * HOUR)
    id, later = _id(store), NIGHT + 3 * HOUR
    assert _act(store, id, "decline_withdrawal", BRANCH, later, texts={"reason": "仍需整改"}).accepted
    assert _life(store).over_at == NIGHT + 2 * HOUR
    for name in ("sign", "start"):
        _act(store, id, name, MANAGER, later)
    handed = {"texts": {"statement": "已洒水"}, "refs": {"photo_after": "e" * 64}}
    _act(store, id, "submit", MANAGER, later, **handed)
    assert _act(store, id, "accept", BRANCH, later).accepted


def test_what_was_over_before_a_person_opened_it_is_over(store):
    apply(store, breach(tell=False), PLAN, NIGHT)
    apply(store, breach("closed", tell=False), PLAN, NIGHT + 2 * HOUR)
    id, later = _id(store), NIGHT + 3 * HOUR
    assert _act(store, id, "open", ("office", "county"), later, values={"unit": "site:site-1"}).accepted
    assert _life(store).over_at == NIGHT + 2 * HOUR
    assert _act(store, id, "sign", MANAGER, later).accepted
    store.life.wake(PLAN.life, later)
    assert _life(store).archived_as == "signed_and_over"


@pytest.mark.parametrize("tell", [True, False])
def test_a_later_result_of_what_has_ended_leaves_its_case_over(store, tell):
    apply(store, breach(tell=tell), PLAN, NIGHT)
    apply(store, breach("closed", tell=tell), PLAN, NIGHT + 2 * HOUR)
    apply(store, breach("amended", revision=2, at=NIGHT + 3 * HOUR), PLAN, NIGHT + 3 * HOUR)
    assert _life(store).state == "assigned"
    assert _life(store).over_at is not None


def test_what_nobody_is_told_of_is_on_record_and_is_opened_when_it_is_told(store):
    apply(store, breach(tell=False), PLAN, NIGHT)
    assert _life(store).state == "recorded"
    amended = breach("amended", revision=2, at=NIGHT + HOUR)
    apply(store, amended, PLAN, NIGHT + HOUR)
    assert _life(store).state == "assigned"
    assert [r.command for r in store.life.file(_id(store)).trail] == ["record", "open"]


def test_the_end_of_a_breach_that_was_never_seen_is_on_record_and_over(store):
    apply(store, breach("closed"), PLAN, NIGHT + 2 * HOUR)
    life = _life(store)
    assert life.state == "recorded"
    assert life.over_at is not None


def test_trouble_of_the_platform_has_a_case_of_the_county_office(store):
    store.open_fault("kafka", {}, PLAN, NIGHT)
    (trouble,) = store.open_faults().values()
    life = _life(store, trouble.id)
    assert (life.kind, life.unit, life.state) == ("system", "county", "assigned")
    store.end_fault("kafka", PLAN, NIGHT + HOUR)
    assert _life(store, trouble.id).over_at == NIGHT + HOUR


def test_a_form_that_is_sent_twice_is_one_action(store):
    apply(store, breach(), PLAN, NIGHT)
    id = _id(store)
    assert _act(store, id, "sign", MANAGER, NIGHT, form="f1").accepted
    assert _act(store, id, "sign", MANAGER, NIGHT, form="f1", version=1).accepted
    assert [r.command for r in store.life.file(id).trail] == ["open", "sign"]


def test_who_comes_second_is_told_what_they_have_not_seen(store):
    apply(store, breach(), PLAN, NIGHT)
    id = _id(store)
    outcomes = {}

    def sign(form: str) -> None:
        outcomes[form] = _act(store, id, "sign", MANAGER, NIGHT, form=form, version=1)

    threads = [threading.Thread(target=sign, args=(form,)) for form in ("f1", "f2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (refused,) = [one.refusal for one in outcomes.values() if not one.accepted]
    assert refused.guard == "version"
    assert [record.command for record in refused.missed] == ["sign"]


def test_a_case_is_found_by_its_number_its_finding_and_its_breach(store):
    apply(store, breach(), PLAN, NIGHT)
    file = store.life.file(_id(store))
    names = (file.kept.life.id, str(file.kept.number), file.findings[0].id, "b1")
    assert {store.life.find_id(name) for name in names} == {file.kept.life.id}
    assert store.life.find_id("nobody") is None


def test_cases_of_before_are_taken_over_once_each_with_one_record(store):
    apply(store, breach(), PLAN, NIGHT)
    apply(store, offline("dev-9"), PLAN, NIGHT)
    old = {case.id for case in store.cases()}
    with store._database.writing() as connection:  # as a program of before has left it
        for name in ("case_units", "case_breaches"):
            connection.execute(text(f"DELETE FROM {name}"))
    assert store.life.take_over(PLAN.life, NIGHT + HOUR) == 2
    assert store.life.take_over(PLAN.life, NIGHT + HOUR) == 0
    for id in old:
        file = store.life.file(store.life.find_id(id))
        assert file.kept.life.id == id
        assert [record.command for record in file.trail] == ["imported"]
        _whole(store, id)


def test_records_take_no_change(store):
    apply(store, breach(), PLAN, NIGHT)
    for change in ("UPDATE case_records SET command = 'x'", "DELETE FROM case_records"):
        with pytest.raises(DBAPIError, match="append-only"), store._database.writing() as connection:
            connection.execute(text(change))


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("opened", "amended", "closed")),
        st.integers(0, 4),  # breach
        st.integers(0, 60),  # hours later
        st.sampled_from(("warning", "violation")),
        st.booleans(),  # told
        st.booleans(),  # somebody works at the case
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_EVENTS)
def test_in_any_history_each_breach_is_in_one_case_and_every_trail_is_whole(tmp_path_factory, events):
    store = CaseStore(f"sqlite:///{tmp_path_factory.mktemp('life')}/cases.sqlite")
    try:
        at = NIGHT
        for number, (what, of, hours, level, tell, works) in enumerate(events):
            at += hours * HOUR // 4
            span = {"start": at - HOUR, "end": at, "at": at, "opened_at": at, "revision": number}
            event = breach(what, id=f"b{of}", device=f"dev-{of + 1}", level=level, tell=tell, **span)
            apply(store, event, PLAN, at)
            if works:
                id = _id(store, f"b{of}")
                for name in ("sign", "start"):
                    _act(store, id, name, MANAGER, at)
                handed = {"texts": {"statement": "已整改"}, "refs": {"photo_after": "a" * 64}}
                _act(store, id, "submit", MANAGER, at, **handed)
                _act(store, id, "accept", BRANCH, at)
            store.life.wake(PLAN.life, at)
        for name in {f"b{of}" for _, of, *_ in events}:
            _whole(store, _id(store, name))
        placed = [
            one.breach
            for id in {_id(store, f"b{e[1]}") for e in events}
            for one in store.life.file(id).placed
        ]
        assert sorted(placed) == sorted({f"b{of}" for _, of, *_ in events})
    finally:
        store.close()


def _told(store: CaseStore, now: int) -> list[tuple[str, str]]:
    store.life.tell(PLAN.steps, store.tellings, now)
    found = store.case(store.life.file(_id(store)).findings[0].id)
    return [(one.message.step, one.message.recipient.id) for one in found.messages]


def test_a_step_is_told_once_to_whom_the_table_names(store):
    apply(store, breach(**VIOLATION), PLAN, NIGHT)
    id = _id(store)
    before = len(_told(store, NIGHT))
    for name in ("sign", "start"):
        _act(store, id, name, MANAGER, NIGHT + HOUR)
    handed = {"texts": {"statement": "已洒水"}, "refs": {"photo_after": "e" * 64}}
    _act(store, id, "submit", MANAGER, NIGHT + HOUR, **handed)
    for _ in range(2):
        told = _told(store, NIGHT + HOUR)[before:]
        assert [step for step, _ in told] == ["submit"]  # to the county office: no branch is named here
    _act(store, id, "reject", BRANCH, NIGHT + 2 * HOUR, texts={"reason": "未覆盖到位"})
    told = _told(store, NIGHT + 2 * HOUR)[before:]
    assert ("reject", "site:site-1/项目经理") in told


def test_who_lets_a_deadline_pass_is_reminded_and_the_county_office_hears_of_it(store):
    apply(store, breach(), PLAN, NIGHT)
    before = len(_told(store, NIGHT))
    store.life.wake(PLAN.life, NIGHT + 12 * HOUR)
    assert len(_told(store, NIGHT + 12 * HOUR)) == before  # half of the time: noted alone
    store.life.wake(PLAN.life, NIGHT + 18 * HOUR)
    reminded = _told(store, NIGHT + 18 * HOUR)[before:]
    assert {step for step, _ in reminded} == {"threshold"}
    assert ("threshold", "site:site-1/项目经理") in reminded
    store.life.wake(PLAN.life, NIGHT + 24 * HOUR)
    late = _told(store, NIGHT + 24 * HOUR)[before + len(reminded) :]
    assert ("threshold", "platform/平台运维") in late
    texts = [m.message.text for m in store.case(store.life.file(_id(store)).findings[0].id).messages]
    assert any(text.startswith("签收已超期，请立即办理：一号工地 超标（编号 1）") for text in texts), texts[
        -3:
    ]
