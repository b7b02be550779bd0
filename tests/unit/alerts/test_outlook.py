"""Whom a word before a breach is told, and whom not."""

from __future__ import annotations

import pytest

from alerts.outlook import LEVEL_OF
from alerts.records import CaseContext
from alerts.routing import Routing, RoutingForm, idle_routes, uncovered
from processors.records.outlooks import STATES
from tests.fakes.alerts import HOUR, NIGHT, county, messages_of, outlook, planner

PLAN = planner()


def told(plan, *events, **known):
    """(step, people) of each event, one after the other."""
    case, before, found = None, (), []
    for event in events:
        (change,) = plan.outlook(event, CaseContext(case, before, **known), event.at)
        case, before = change.case, (*before, *change.tellings)
        found.append((*{m.step for m in change.tellings}, *(m.recipient.id for m in change.tellings)))
    return found


def test_every_state_of_the_fold_means_something_to_people():
    assert set(LEVEL_OF) == set(STATES)


def test_the_site_alone_is_told_when_a_breach_is_likely_and_when_it_is_certain():
    assert told(PLAN, outlook(), outlook("certain", minute=50)) == [
        ("warning", "site:site-1/项目经理"),
        ("certain", "site:site-1/项目经理"),
    ]


def test_that_it_exceeds_if_measuring_goes_on_is_told_as_likely_and_only_once():
    goes_on = outlook("exceeds_if_measuring_goes_on", minute=40)
    assert [step[:1] for step in told(PLAN, goes_on)] == [("warning",)]
    assert told(PLAN, outlook(), goes_on)[1] == ()


def test_whoever_was_told_is_told_once_when_it_is_taken_back():
    back = outlook("quiet", "cleared", 45, 1)
    again = outlook(minute=50, turn=1)
    once_more = outlook("quiet", "cleared", 55, 2)
    assert told(PLAN, outlook(), back, again, once_more) == [
        ("warning", "site:site-1/项目经理"),
        ("cleared", "site:site-1/项目经理"),
        (),
        (),
    ]


def test_a_certain_that_is_taken_back_is_said_to_be_withdrawn():
    steps = told(
        PLAN, outlook("certain"), outlook("warning", "withdrawn", 45, 1), outlook("quiet", "cleared", 50, 2)
    )
    assert [step[:1] for step in steps] == [("certain",), ("withdrawn",), ("cleared",)]


def test_nobody_is_told_while_the_site_has_an_open_case_of_the_rule():
    assert told(PLAN, outlook(), outlook("certain", minute=50), rule_open=True) == [(), ()]


def test_nobody_is_told_of_a_rule_that_opens_no_cases():
    assert told(PLAN, outlook(tell=False)) == [()]


def test_nobody_is_told_after_the_windows_end():
    (late,) = PLAN.outlook(outlook(), CaseContext(), NIGHT)
    assert (late.tellings, late.case.state) == ((), "foretold")
    assert "window is over" in late.reason
    (just,) = PLAN.outlook(outlook(), CaseContext(), NIGHT - 1)
    assert len(just.tellings) == 1


def test_nobody_hears_the_end_of_what_nobody_was_told():
    (first,) = PLAN.outlook(outlook(), CaseContext(rule_open=True), outlook().at)
    back = outlook("quiet", "cleared", 45, 1)
    assert PLAN.outlook(back, CaseContext(first.case), back.at)[0].tellings == ()


def test_a_route_that_names_outlooks_tells_others_and_one_that_names_no_kind_does_not():
    named = planner(routes=[{"kind": "outlook", "level": "certain", "tell": ["sector", "site"]}])
    people = told(named, outlook(), outlook("certain", minute=50))
    assert people[0] == ("warning", "site:site-1/项目经理")
    assert set(people[1]) == {"certain", "department:housing/值班室", "site:site-1/项目经理"}
    unnamed = planner(routes=[{"tell": ["sector"]}])
    assert told(unnamed, outlook()) == [("warning", "site:site-1/项目经理")]


def test_a_route_of_outlooks_is_not_idle_behind_one_that_names_no_kind():
    routes = [{"tell": ["sector"]}, {"kind": "outlook", "tell": ["site"]}]
    routing = Routing(RoutingForm.model_validate({"routes": routes}))
    assert idle_routes(county(), routing) == []
    assert uncovered(county(), routing) == []


def test_a_site_that_the_register_does_not_know_is_told_to_nobody():
    assert told(PLAN, outlook(site="gone")) == [()]


def test_two_windows_are_two_cases():
    next_hour = outlook(start=NIGHT, end=NIGHT + HOUR)
    assert outlook().window_id != next_hour.window_id
    assert outlook().window_id == outlook("certain", rule_revision="r2").window_id


@pytest.mark.parametrize("state", STATES)
def test_deciding_twice_gives_the_same_ids(state):
    one, two = (PLAN.outlook(outlook(state), CaseContext(), outlook().at)[0] for _ in range(2))
    assert (one.case.id, one.event.id, [m.id for m in one.tellings]) == (
        two.case.id,
        two.event.id,
        [m.id for m in two.tellings],
    )


REGIONAL = {
    "episode": "e1", "area": "county", "start": NIGHT - 3 * HOUR, "mean": 480.0, "mark": 350.0, "unit": "ug/m3",
    "policy": "downgrade", "status": "unconfirmed", "citation": "",
}  # fmt: skip


def test_inside_a_regional_episode_people_are_told_as_ever_with_its_name_where_policy_does_not_hold():
    assert told(PLAN, outlook(regional=REGIONAL)) == [("warning", "site:site-1/项目经理")]
    (change,) = PLAN.outlook(outlook(regional=REGIONAL), CaseContext(None, ()), NIGHT - HOUR)
    assert "区域性过程" in messages_of(change)[0].text
    assert "不影响判定" in messages_of(change)[0].text


def test_where_policy_holds_breaches_no_rise_is_told_but_what_was_told_before_is_taken_back():
    held = REGIONAL | {"policy": "hold"}
    (change,) = PLAN.outlook(outlook(regional=held), CaseContext(None, ()), NIGHT - HOUR)
    assert (change.tellings, "held back by county policy" in change.reason) == ((), True)
    events = (outlook("certain", regional=held), outlook("warning", "withdrawn", 45, 1, regional=held))
    assert told(PLAN, *events) == [(), ()], "what nobody was told is not taken back"
    events = (
        outlook(),
        outlook("certain", minute=50, regional=held),
        outlook("quiet", "cleared", 55, 1, regional=held),
    )
    assert [step[:1] for step in told(PLAN, *events)] == [("warning",), (), ("withdrawn",)]
