"""Where a breach goes: the four rules, hours past midnight, and a later telling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.lifecycle import FoundBreach, county_day, hours_by_day, in_order, place, place_hours
from alerts.lifecycle.placing import case_id
from tests.fakes.lifecycle import (
    BRANCH,
    BUILDER,
    DAY,
    HOUR,
    MORNING,
    OFFICE,
    ZONE,
    LifeDesk,
    at,
    in_state,
    opened,
)

FOUND = FoundBreach("b1", "site-1", "exceedance", "2026-11-23", at("2026-11-23T08:00:00"), True)
LATE = FOUND._replace(id="late", tell=False)


@pytest.fixture
def desk() -> LifeDesk:
    return LifeDesk()


def test_a_first_breach_has_a_new_case_and_every_further_one_of_the_matter_joins_it(desk):
    first = desk.find(FOUND)
    assert (first.command, first.is_new, first.predecessor) == ("open", True, None)
    for id in ("b2", "b3", "b4"):
        assert desk.find(FOUND._replace(id=id, start=FOUND.start + HOUR)).case == first.case
    assert len(desk.cases) == 1


@pytest.mark.parametrize("change", [{"site": "site-2"}, {"kind": "offline"}, {"day": "2026-11-24"}])
def test_another_site_kind_or_day_is_another_case(desk, change):
    desk.find(FOUND)
    assert desk.find(FOUND._replace(id="b2", **change)).is_new
    assert len(desk.cases) == 2


def test_a_new_case_names_its_predecessor(desk):
    first = desk.find(FOUND)
    second = desk.find(FOUND._replace(id="b2", day="2026-11-24", start=FOUND.start + DAY))
    assert second.predecessor == first.case
    assert desk.cases[second.case].predecessor == first.case


def test_what_is_late_goes_to_the_case_of_its_day_whatever_its_state(desk):
    in_state(desk, "rebound_watch", "c1")
    placement = desk.find(LATE._replace(start=desk.now + HOUR))
    assert (placement.case, placement.command, placement.round) == ("c1", "amend", 1)
    assert desk.cases["c1"].state == "rebound_watch"


def test_what_is_late_on_a_day_without_a_case_is_on_record(desk):
    placement = desk.find(LATE)
    assert placement.command == "record"
    assert desk.cases[placement.case].state == "recorded"
    assert desk.find(LATE._replace(id="late-2")).case == placement.case


def test_a_case_on_record_is_opened_by_what_is_told_of_its_day(desk):
    recorded = desk.find(LATE)
    told = desk.find(FOUND)
    assert (told.case, told.command, told.is_new) == (recorded.case, "open", False)
    assert desk.cases[told.case].state == "assigned"


def test_what_comes_again_after_the_closing_is_a_further_round(desk):
    in_state(desk, "rebound_watch", "c1")
    again = FOUND._replace(id="b2", day="2026-11-25", start=desk.now + 2 * DAY)
    placement = desk.find(again)
    assert (placement.case, placement.command, placement.round) == ("c1", "rebound", 2)
    assert desk.find(again._replace(id="b3")).case == "c1"
    assert len(desk.cases) == 1


def test_what_began_before_the_closing_is_no_rebound(desk):
    in_state(desk, "rebound_watch", "c1")
    placement = place(FOUND._replace(id="b2", start=MORNING - HOUR), list(desk.cases.values()))
    assert (placement.command, placement.is_new, placement.predecessor) == ("open", True, "c1")


def test_an_interval_that_begins_at_the_closing_lies_after_it(desk):
    in_state(desk, "rebound_watch", "c1")
    closed = desk.cases["c1"].closed_at
    assert place(FOUND._replace(start=closed), list(desk.cases.values())).command == "rebound"
    assert place(FOUND._replace(start=closed - 1), list(desk.cases.values())).command == "open"


def test_the_newest_of_several_watched_cases_has_the_further_round(desk):
    in_state(desk, "rebound_watch", "c1", day="2026-11-21")
    in_state(desk, "rebound_watch", "c2", day="2026-11-22")
    assert desk.find(FOUND._replace(start=desk.now + HOUR)).case == "c2"


def test_after_an_end_the_day_has_a_second_case(desk):
    first = desk.find(FOUND)
    desk.must(first.case, "false_alarm", OFFICE, reason="误报")
    second = desk.find(FOUND._replace(id="b2"))
    assert (second.is_new, second.predecessor) == (True, first.case)
    assert second.case != first.case


def test_a_merged_case_hands_its_day_on_to_the_case_that_goes_on(desk):
    in_state(desk, "merged", "c1")
    assert desk.find(FOUND).case == "c1-target"


def test_a_breach_goes_on_with_the_case_that_its_own_was_merged_into(desk):
    first = desk.find(FOUND)
    opened(desk, "goes-on", kind="suspicion")
    desk.must(first.case, "merge", OFFICE, into="goes-on", reason="同一事件")
    again = desk.find(FOUND)
    assert (again.case, again.command, again.moved_from) == ("goes-on", "join", first.case)


def test_a_known_breach_stays_in_its_case(desk):
    first = desk.find(FOUND)
    again = place(FOUND, list(desk.cases.values()), first.case)
    assert (again.case, again.command, again.moved_from) == (first.case, "join", None)
    assert place(FOUND._replace(tell=False), list(desk.cases.values()), first.case).command == "amend"


def test_what_is_told_at_last_opens_its_case_on_record(desk):
    recorded = desk.find(LATE)
    told = desk.find(LATE._replace(tell=True))
    assert (told.case, told.command, told.moved_from) == (recorded.case, "open", None)


def test_what_is_told_at_last_leaves_a_case_that_has_ended(desk):
    first = desk.find(FOUND)
    desk.must(first.case, "false_alarm", OFFICE, reason="误报")
    assert desk.find(LATE).case == first.case
    told = desk.find(LATE._replace(tell=True))
    assert told.is_new
    assert told.moved_from == first.case


def test_an_untold_breach_of_an_ended_case_stays(desk):
    first = desk.find(FOUND)
    desk.must(first.case, "false_alarm", OFFICE, reason="误报")
    desk.find(LATE)
    assert place(LATE, list(desk.cases.values()), first.case).command == "amend"


# ---- days and hours


def test_the_day_of_an_interval_is_that_of_its_last_instant():
    midnight = at("2026-11-24T00:00:00")
    assert county_day(midnight - HOUR, midnight, ZONE) == "2026-11-23"
    assert county_day(midnight - DAY, midnight, ZONE) == "2026-11-23"
    assert county_day(midnight, midnight + HOUR, ZONE) == "2026-11-24"
    assert county_day(midnight - 14 * HOUR, midnight + 10 * HOUR, ZONE) == "2026-11-24"
    assert county_day(midnight, midnight, ZONE) == "2026-11-24"


def test_exceeding_hours_are_gathered_into_county_days_each_once():
    late = at("2026-11-23T22:00:00")
    hours = [late + HOUR, late, late + 2 * HOUR, late, late + 3 * HOUR]
    assert hours_by_day(hours, ZONE) == {
        "2026-11-23": (late, late + HOUR),
        "2026-11-24": (late + 2 * HOUR, late + 3 * HOUR),
    }


def test_a_breach_past_midnight_has_its_further_hours_in_the_case_of_the_new_day(desk):
    late = at("2026-11-23T22:00:00")
    night = FOUND._replace(start=late)
    own = desk.find(night)
    placed = place_hours(
        night, [late + n * HOUR for n in range(4)], list(desk.cases.values()), own.case, ZONE
    )
    assert [(p.day, p.placement.case == own.case, p.placement.is_new) for p in placed] == [
        ("2026-11-23", True, False),
        ("2026-11-23", True, False),
        ("2026-11-24", False, True),
        ("2026-11-24", False, True),
    ]
    assert placed[-1].placement.predecessor == own.case
    assert placed[-1].placement.case == case_id("site-1", "exceedance", "2026-11-24", 0)


def test_an_open_case_of_the_new_day_takes_the_hours_past_midnight(desk):
    late = at("2026-11-23T23:00:00")
    own = desk.find(FOUND._replace(start=late))
    tomorrow = desk.find(FOUND._replace(id="b2", day="2026-11-24", start=late + HOUR))
    (placed,) = place_hours(FOUND, [late + HOUR], list(desk.cases.values()), own.case, ZONE)
    assert (placed.placement.case, placed.placement.command) == (tomorrow.case, "join")


def test_hours_of_a_further_round_go_to_the_case_of_that_round(desk):
    in_state(desk, "rebound_watch", "c1")
    again = FOUND._replace(id="b2", day="2026-11-25", start=at("2026-11-25T10:00:00"))
    desk.find(again)
    (placed,) = place_hours(again, [again.start + HOUR], list(desk.cases.values()), "c1", ZONE)
    assert (placed.placement.case, placed.placement.round) == ("c1", 2)


def test_hours_of_what_is_late_wake_nobody(desk):
    late = at("2026-11-23T23:00:00")
    own = desk.find(LATE)
    placed = place_hours(LATE, [late, late + HOUR], list(desk.cases.values()), own.case, ZONE)
    assert [p.placement.command for p in placed] == ["amend", "record"]
    assert placed[1].placement.predecessor == own.case


def test_hours_after_a_false_alarm_have_a_case_of_their_own(desk):
    own = desk.find(FOUND)
    desk.must(own.case, "false_alarm", OFFICE, reason="误报")
    (placed,) = place_hours(FOUND, [FOUND.start + HOUR], list(desk.cases.values()), own.case, ZONE)
    assert placed.placement.is_new


def test_what_is_to_be_told_is_placed_before_what_is_not():
    early = FOUND._replace(id="b0", start=FOUND.start - HOUR)
    assert [one.id for one in in_order([LATE, FOUND, early])] == ["b0", "b1", "late"]


def test_whether_a_case_was_signed_and_is_over_does_not_matter_while_it_is_open(desk):
    own = desk.find(FOUND)
    desk.must(own.case, "over")
    assert desk.find(FOUND._replace(id="b2")).case == own.case
    desk.must(own.case, "over")
    desk.must(own.case, "sign", BUILDER)
    assert desk.find(FOUND._replace(id="b3")).case == own.case


def test_a_breach_whose_case_is_not_handed_in_is_not_placed_anew_by_mistake():
    with pytest.raises(ValueError, match="not among the cases"):
        place(FOUND, [], "c1")
    with pytest.raises(ValueError, match="not among the cases"):
        place_hours(FOUND, [FOUND.start], [], "c1", ZONE)


def test_a_circle_of_merged_cases_ends_the_search(desk):
    opened(desk, "c1")
    opened(desk, "c2", day="2026-11-24")
    cases = [
        replace(desk.cases["c1"], state="merged", merged_into="c2"),
        replace(desk.cases["c2"], state="merged", merged_into="c1"),
    ]
    assert place(FOUND, cases).is_new


def test_a_case_that_is_verified_anew_keeps_both_of_its_days(desk):
    in_state(desk, "rebound_watch", "c1")
    desk.find(FOUND._replace(id="b2", day="2026-11-25", start=desk.now + 2 * DAY))
    late = desk.find(LATE)
    assert (late.case, late.command) == ("c1", "amend")
    assert desk.refused("c1", "accept", BRANCH) == "known_step"
