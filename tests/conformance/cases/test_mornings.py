"""Quiet hours and the morning's digest on every database: what waits, what is written once, by two workers too."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from alerts.kinds import MORNING
from alerts.messages import AT_ONCE, QUIET_HOURS, GroupTiming, QuietHours
from alerts.store import CaseStore
from tests.fakes.alerts import HOUR, NIGHT, apply, breach, ms, outlook, planner

PLAN = planner(delivery={"morning_digest": "07:30"})
MINUTE = 60_000
SIX, MORNING_AT = ms("2026-11-24T06:00:00+08:00"), ms("2026-11-24T07:30:00+08:00")
QUIET = QuietHours({"warning": "22:00-06:00", "notice": "22:00-06:00"}, ZoneInfo("Asia/Shanghai"))
TIMING = GroupTiming(quiet=QUIET)


def states(store, kind="exceedance"):
    return [s for s in store.tellings.states() if s.telling.kind == kind]


def test_a_lesser_severity_waits_until_the_quiet_hours_end_and_leaves_together(store):
    store.tellings.timing = TIMING
    apply(store, breach(), PLAN, NIGHT)
    apply(store, breach("closed"), PLAN, NIGHT + 2 * HOUR)
    apply(store, breach(id="b2", device="dev-2"), PLAN, NIGHT + 3 * HOUR)
    for minute in (1, 30, 200, 300):
        assert store.tellings.compose(NIGHT + minute * MINUTE) == 0
    assert {s.look_at for s in states(store)} == {SIX}
    assert store.tellings.compose(SIX) == 3
    (texts,) = {
        d.message.text.partition("\n")[0]
        for d in store.case(store.cases()[0].id).messages
        if d.message.recipient.line == "site"
    }
    assert "1 项超标，1 项已结束" in texts


def test_also_where_nothing_else_waits(store):
    store.tellings.timing = replace(AT_ONCE, quiet=QUIET)
    apply(store, breach(), PLAN, NIGHT)
    apply(store, breach(id="b2", device="dev-2", level="violation"), PLAN, NIGHT)
    assert [bool(s.message) for s in states(store)] == [False] * 3 + [True] * 3
    assert store.tellings.compose(SIX) == 3


def test_a_violation_in_the_night_takes_along_what_waits_at_its_site(store):
    store.tellings.timing = TIMING
    apply(store, breach(), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    apply(store, breach(id="b2", device="dev-2", level="violation"), PLAN, NIGHT + HOUR)
    assert len({s.message for s in states(store)}) == 3
    assert all(s.message for s in states(store))


def test_a_forecast_that_waited_in_vain_is_not_told_and_neither_is_its_end(store):
    store.tellings.timing = TIMING
    apply(store, outlook(), PLAN, NIGHT - HOUR // 2)
    apply(store, outlook("quiet", "cleared", 45, id="o2", projected=130.0), PLAN, NIGHT - HOUR // 4)
    store.tellings.compose(NIGHT)
    assert store.tellings.compose(SIX) == 0
    assert {(s.telling.step, s.withheld_by, s.look_at) for s in states(store, "outlook")} == {
        ("warning", QUIET_HOURS, None), ("cleared", QUIET_HOURS, None),
    }  # fmt: skip


def mornings(store):
    return states(store, MORNING)


def test_each_unit_that_has_anything_to_do_gets_one_digest_a_day(store):
    apply(store, breach(), PLAN, NIGHT)
    write = store.mornings.write
    assert write(PLAN.mornings, MORNING_AT - 1) == 0
    assert write(PLAN.mornings, MORNING_AT) == 3
    assert [write(PLAN.mornings, MORNING_AT + n * MINUTE) for n in (0, 2, 60)] == [0, 0, 0]
    found = mornings(store)
    assert {s.telling.recipient.id for s in found} == {
        "department:housing/值班室", "department:town-east/网格员 王海燕", "site:site-1/项目经理",
    }  # fmt: skip
    assert all(s.message for s in found)
    (case,) = store.cases()
    own = [d.message for d in store.case(case.id).messages if d.message.kind == MORNING]
    assert len(own) == 3
    assert all("在办 1 件" in message.subject for message in own)
    assert write(PLAN.mornings, MORNING_AT + 24 * HOUR) == 3


def test_people_who_come_on_duty_later_get_theirs_then(store):
    register = PLAN.register
    housing = register.departments["housing"]
    late = housing.model_copy(update={"contacts": housing.contacts[:1]})  # on duty from 08:00 on
    plan = replace(PLAN, register=replace(register, departments={**register.departments, "housing": late}))
    apply(store, breach(), plan, NIGHT)
    assert store.mornings.write(plan.mornings, MORNING_AT) == 2
    assert store.mornings.write(plan.mornings, MORNING_AT + 10 * MINUTE) == 0
    assert store.mornings.write(plan.mornings, MORNING_AT + 30 * MINUTE) == 1
    assert {s.telling.recipient.name for s in mornings(store)} > {"住建局 扬尘办"}


def test_two_workers_write_it_once_and_one_of_no_text_is_set_aside(store, url, wall):
    apply(store, breach(), PLAN, NIGHT)
    other = CaseStore(url, wall)
    assert (
        store.mornings.write(PLAN.mornings, MORNING_AT) + other.mornings.write(PLAN.mornings, MORNING_AT) == 3
    )
    other.close()

    class Broken(type(PLAN.mornings)):
        def tellings(self, unit, cases, morning, now):
            found = super().tellings(unit, cases, morning, now)
            return tuple(replace(t, template="no such text") for t in found) if "site" in unit else found

    broken = Broken(*PLAN.mornings)
    assert store.mornings.write(broken, MORNING_AT + 24 * HOUR) == 2
    assert [one.id for one in store.aside.since(0)] == ["morning/2026-11-25/site:site-1"]
    assert store.mornings.write(broken, MORNING_AT + 25 * HOUR) == 0, "tried once a day"
