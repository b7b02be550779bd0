"""Every row of the table, one by one: who may, what is asked, where it leads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.lifecycle import decide
from alerts.lifecycle.effects import EFFECTS
from alerts.lifecycle.guards import GUARDS
from alerts.lifecycle.states import OPEN_STATES, STATES
from tests.fakes.lifecycle import (
    BRANCH,
    BUILDER,
    DAY,
    FACTS,
    HOUR,
    HOUSING,
    MACHINE,
    MINUTE,
    MORNING,
    OFFICE,
    TOWN,
    LifeDesk,
    command,
    in_state,
    opened,
)

NEW = {"case": "c1", "site": "site-1", "kind": "exceedance", "day": "2026-11-23", "level": "warning"}


@pytest.fixture
def desk() -> LifeDesk:
    return LifeDesk()


def test_a_found_case_is_assigned_to_the_unit_that_routing_names(desk):
    case = desk.must(None, "open", **NEW, source="machine", unit="builder", person="zhang")
    assert (case.state, case.unit, case.person, case.round) == ("assigned", "builder", "zhang", 1)


def test_where_routing_names_no_unit_the_county_office_has_it(desk):
    assert desk.must(None, "open", **NEW, source="machine").unit == "office"


def test_a_patrol_opens_a_case_and_people_do_not_say_that_the_machine_found_it(desk):
    assert desk.refused(None, "open", TOWN, **NEW, source="machine") == "source_fits_role"
    case = desk.must(None, "open", TOWN, **{**NEW, "kind": "bare_soil"}, source="patrol", unit="builder")
    assert (case.track, case.verifier) == ("rectify", "other_unit")
    assert case.evidence == ("photo_after", "statement")


def test_what_another_case_takes_opens_none(desk):
    desk.facts = replace(FACTS, taken_by="c0")
    assert desk.refused(None, "open", **NEW, source="machine") == "no_case_takes_it"


def test_a_case_on_record_has_no_unit_and_no_stop_watch_until_a_person_opens_it(desk):
    in_state(desk, "recorded", level="warning")
    assert desk.cases["c1"].watches == ()
    case = desk.must("c1", "open", TOWN, unit="builder", reason="现场确认")
    assert (case.state, case.unit) == ("assigned", "builder")
    assert [watch.what for watch in case.watches] == ["sign"]


def test_a_later_telling_opens_a_case_on_record(desk):
    in_state(desk, "recorded", level="warning")
    assert desk.must("c1", "open", MACHINE, breach="b1", unit="builder").state == "assigned"


def test_only_what_is_late_or_not_to_be_told_is_put_on_record(desk):
    assert desk.refused(None, "record", **NEW, source="machine", why="new_case") == "not_to_be_told"


def test_a_case_on_record_ends_where_nothing_is_to_be_done_or_its_verdicts_comply(desk):
    in_state(desk, "recorded", "c1")
    in_state(desk, "recorded", "c2")
    assert desk.must("c1", "archive", OFFICE, reason="已查看").archived_as == "nothing_to_do"
    assert desk.must("c2", "withdraw").archived_as == "withdrawn"


def test_only_the_rectifying_unit_signs(desk):
    opened(desk)
    assert desk.refused("c1", "sign", HOUSING) == "rectifying_unit"
    assert desk.refused("c1", "sign", BRANCH) == "role"
    assert desk.must("c1", "sign", BUILDER, note="收到").state == "acknowledged"


def test_a_second_signature_is_refused_and_not_dropped(desk):
    in_state(desk, "acknowledged")
    assert desk.refused("c1", "sign", BUILDER) == "known_step"


def test_who_refuses_names_another_unit_and_a_reason(desk):
    opened(desk)
    assert desk.refused("c1", "refuse", BUILDER, unit="housing") == "fields_complete"
    assert desk.refused("c1", "refuse", BUILDER, reason="不是我们") == "fields_complete"
    assert desk.refused("c1", "refuse", BUILDER, unit="builder", reason="不是") == "names_another_unit"
    assert desk.refused("c1", "refuse", BUILDER, unit="nobody", reason="不是") == "unit_is_known"
    decided = desk.give("c1", "refuse", BUILDER, unit="housing", reason="场外道路")
    case = decided.case
    assert (case.state, case.unit, case.refusals) == ("assigned", "housing", 1)
    assert decided.tells == ("unit", "lines")


def test_refused_a_second_time_it_is_the_county_offices_which_cannot_refuse(desk):
    in_state(desk, "acknowledged")
    desk.must("c1", "refuse", BUILDER, unit="housing", reason="场外道路")
    decided = desk.give("c1", "refuse", HOUSING, unit="town", reason="属地管理")
    assert decided.case.unit == "office"
    assert decided.tells == ("county_office",)
    assert desk.refused("c1", "refuse", OFFICE, unit="town", reason="不") == "not_the_county_office"


def test_the_unit_that_it_is_handed_to_signs_in_its_own_time(desk):
    in_state(desk, "acknowledged")
    case = desk.must("c1", "refuse", BUILDER, unit="housing", reason="场外道路")
    signing = [watch for watch in case.watches if watch.what == "sign"]
    assert case.signed_at is None
    assert [(w.unit, w.state) for w in signing] == [("builder", "frozen"), ("housing", "running")]
    assert case.live_watch("rectify").started == case.opened_at


def test_what_needs_a_signature_only_is_not_rectified_and_ends_when_signed_and_over(desk):
    opened(desk)
    desk.must("c1", "sign", BUILDER)
    assert desk.refused("c1", "start", BUILDER) == "on_rectify_track"
    assert desk.refused("c1", "archive", OFFICE) == "over"
    desk.must("c1", "over")
    assert desk.pass_time(desk.now) == ["archive"]
    assert desk.cases["c1"].archived_as == "signed_and_over"


def test_nothing_ends_by_a_signature_that_nobody_gave(desk):
    in_state(desk, "acknowledged", level="warning")
    desk.must("c1", "over")
    desk.cases["c1"] = replace(desk.cases["c1"], signed_at=None)  # as a case of before may be
    assert desk.refused("c1", "archive", OFFICE) == "signed"
    assert desk.pass_time(desk.now) == []


def test_it_ends_also_where_it_was_over_first(desk):
    opened(desk)
    desk.must("c1", "over")
    desk.must("c1", "sign", BUILDER)
    assert desk.pass_time(desk.now) == ["archive"]


def test_what_is_to_be_rectified_does_not_end_by_a_signature(desk):
    in_state(desk, "acknowledged")
    desk.must("c1", "over")
    assert desk.refused("c1", "archive", OFFICE) == "on_sign_track"
    assert desk.must("c1", "start", BUILDER).state == "rectifying"


def test_evidence_that_the_matter_wants_is_handed_in(desk):
    in_state(desk, "rectifying")
    decided = desk.give("c1", "submit", BUILDER, statement="已洒水")
    assert decided.refusal.guard == "evidence_complete"
    assert decided.refusal.detail == ("photo_after",)
    case = desk.must("c1", "submit", BUILDER, statement="已洒水", photo_after="a1b2")
    assert case.state == "awaiting_verification"


def test_it_is_verified_by_a_unit_as_wanted_once_it_is_over_and_known_to_be(desk):
    in_state(desk, "awaiting_verification")
    assert desk.refused("c1", "accept", BUILDER) == "role"
    assert desk.refused("c1", "accept", ("department", "builder")) == "wanted_verifier"
    assert desk.refused("c1", "accept", HOUSING) == "wanted_verifier"
    assert desk.refused("c1", "accept", BRANCH) == "over"
    desk.must("c1", "over")
    desk.facts = replace(FACTS, newest_determined=False)
    assert desk.refused("c1", "accept", BRANCH) == "newest_determined"
    desk.facts = FACTS
    case = desk.must("c1", "accept", BRANCH)
    assert (case.state, case.closed_at, case.watch_until) == ("rebound_watch", desk.now, desk.now + 7 * DAY)


def test_another_unit_suffices_where_the_matter_wants_no_more(desk):
    opened(desk, allowance_left=0)
    assert desk.cases["c1"].verifier == "other_unit"
    desk.must("c1", "sign", BUILDER)
    desk.must("c1", "start", BUILDER)
    desk.must("c1", "submit", BUILDER, photo_after="p", statement="完成")
    desk.must("c1", "over")
    assert desk.must("c1", "accept", TOWN).state == "rebound_watch"


def test_what_is_rejected_is_done_again_and_counted(desk):
    in_state(desk, "awaiting_verification")
    assert desk.refused("c1", "reject", BRANCH) == "fields_complete"
    case = desk.must("c1", "reject", BRANCH, reason="照片不清")
    assert (case.state, case.rework) == ("rectifying", 1)


def test_after_its_watch_a_closed_case_is_archived(desk):
    in_state(desk, "rebound_watch")
    assert desk.refused("c1", "archive") == "rebound_watch_has_ended"
    assert desk.pass_time(desk.now + 7 * DAY) == ["archive"]
    assert desk.cases["c1"].archived_as == "no_rebound"


def test_a_rebound_begins_a_further_round_one_rung_up(desk):
    in_state(desk, "rebound_watch")
    case = desk.must("c1", "rebound", breach="b2", day="2026-11-25")
    assert (case.state, case.round, case.rung, case.unit) == ("assigned", 2, 1, "builder")
    assert case.days == ("2026-11-23", "2026-11-25")
    assert (case.signed_at, case.over_at, case.closed_at) == (None, None, None)
    assert {(w.what, w.round) for w in case.watches if w.state == "running"} == {("sign", 2), ("rectify", 2)}


def test_no_further_round_begins_while_an_open_case_takes_the_breach(desk):
    in_state(desk, "rebound_watch")
    opened(desk, "c2", day="2026-11-25")
    assert desk.refused("c1", "rebound", breach="b2", day="2026-11-25") == "no_case_takes_it"


@pytest.mark.parametrize("state", ["assigned", "acknowledged", "rectifying", "awaiting_verification"])
def test_a_postponement_is_approved_by_another_unit_has_an_end_and_leads_back(desk, state):
    in_state(desk, state)
    soon = desk.now + DAY
    assert desk.refused("c1", "postpone", ("department", "builder"), until=soon, reason="x") == "another_unit"
    assert desk.refused("c1", "postpone", OFFICE, until=desk.now, reason="x") == "until_ahead"
    case = desk.must("c1", "postpone", OFFICE, until=soon, reason="等待材料")
    assert {watch.state for watch in case.watches} <= {"paused", "frozen"}
    assert desk.refused("c1", "resume", MACHINE) == "postponement_has_ended"
    assert "resume" in desk.pass_time(soon)
    case = desk.cases["c1"]
    assert (case.state, case.postponed_from, case.postponed_until) == (state, None, None)


def test_the_county_office_may_take_a_postponed_case_up_before(desk):
    in_state(desk, "postponed")
    assert desk.must("c1", "resume", OFFICE).state == "assigned"


@pytest.mark.parametrize("state", OPEN_STATES)
def test_from_any_open_state_the_county_office_transfers(desk, state):
    in_state(desk, state)
    assert desk.refused("c1", "transfer", HOUSING, unit="town", reason="属地") == "role"
    case = desk.must("c1", "transfer", OFFICE, unit="town", reason="属地")
    assert (case.state, case.unit) == ("assigned", "town")


@pytest.mark.parametrize("state", OPEN_STATES)
def test_from_any_open_state_it_is_merged_into_an_open_case_of_the_site(desk, state):
    in_state(desk, state)
    opened(desk, "elsewhere", site="site-2")
    opened(desk, "same", day="2026-11-24", level="violation")
    for into in ("elsewhere", "nothing", "c1"):
        assert desk.refused("c1", "merge", OFFICE, into=into, reason="同一事件") == "target_takes_it"
    case = desk.must("c1", "merge", OFFICE, into="same", reason="同一事件")
    assert (case.state, case.merged_into) == ("merged", "same")
    assert desk.refused("c1", "archive") == "target_has_ended"
    desk.must("same", "false_alarm", OFFICE, reason="误报")
    assert desk.pass_time(desk.now) == ["archive"]
    assert desk.cases["c1"].archived_as == "with_its_target"


def test_no_case_is_made_easier_by_merging_it(desk):
    in_state(desk, "rectifying")
    opened(desk, "easy", kind="offline")
    opened(desk, "easier", allowance_left=0, day="2026-11-22")
    assert desk.refused("c1", "merge", OFFICE, into="easier", reason="同一事件") == "target_asks_as_much"
    assert desk.refused("c1", "merge", OFFICE, into="easy", reason="同一事件") == "target_asks_as_much"
    assert desk.must("easy", "merge", OFFICE, into="c1", reason="同一事件").merged_into == "c1"


@pytest.mark.parametrize("state", OPEN_STATES)
def test_from_any_open_state_another_unit_says_that_it_was_a_false_alarm(desk, state):
    in_state(desk, state)
    assert desk.refused("c1", "false_alarm", ("department", "builder"), reason="误报") == "another_unit"
    assert desk.refused("c1", "false_alarm", BRANCH) == "fields_complete"
    assert desk.must("c1", "false_alarm", BRANCH, reason="误报").archived_as == "false_alarm"


@pytest.mark.parametrize("state", OPEN_STATES)
def test_an_appeal_is_decided_by_another_unit_and_the_state_stays_meanwhile(desk, state):
    in_state(desk, state)
    assert desk.refused("c1", "uphold_appeal", HOUSING, reason="属实") == "appeal_pending"
    assert desk.must("c1", "appeal", BUILDER, reason="邻近道路").state == state
    assert desk.refused("c1", "appeal", BUILDER, reason="邻近道路") == "no_appeal_pending"
    assert desk.refused("c1", "dismiss_appeal", ("department", "builder"), reason="x") == "another_unit"
    case = desk.must("c1", "dismiss_appeal", HOUSING, reason="不成立")
    assert (case.state, case.appealed_at) == (state, None)
    desk.must("c1", "appeal", BUILDER, reason="邻近道路")
    assert desk.must("c1", "uphold_appeal", HOUSING, reason="属实").archived_as == "appeal_upheld"


@pytest.mark.parametrize("state", OPEN_STATES)
def test_from_any_open_state_it_is_handed_to_law_enforcement_with_a_document(desk, state):
    in_state(desk, state)
    assert desk.refused("c1", "hand_over", BRANCH) == "fields_complete"
    assert desk.must("c1", "hand_over", BRANCH, document="移送〔2026〕3号").archived_as == "handed_over"


@pytest.mark.parametrize("state", OPEN_STATES)
def test_a_withdrawal_is_proposed_to_the_verifier_who_confirms_or_declines(desk, state):
    in_state(desk, state)
    assert desk.refused("c1", "confirm_withdrawal", BRANCH) == "withdrawal_proposed"
    decided = desk.give("c1", "withdraw")
    assert (decided.case.state, decided.tells) == (state, ("verifier",))
    assert desk.refused("c1", "withdraw") == "no_withdrawal_proposed"
    assert desk.must("c1", "decline_withdrawal", BRANCH, reason="仍需整改").withdrawal_at is None
    desk.must("c1", "withdraw")
    assert desk.refused("c1", "confirm_withdrawal", HOUSING) == "wanted_verifier"
    assert desk.must("c1", "confirm_withdrawal", BRANCH).archived_as == "withdrawn"


def test_a_withdrawal_is_no_longer_proposed_once_it_exceeds_again(desk):
    opened(desk)
    desk.must("c1", "withdraw")
    assert desk.must("c1", "join", breach="b2").withdrawal_at is None


def test_a_later_result_leaves_an_archived_case_and_the_verifier_hears_once(desk):
    in_state(desk, "archived")
    first, second = desk.give("c1", "amend", verdict="v9"), desk.give("c1", "amend", verdict="v10")
    assert (first.case.state, first.tells) == ("archived", ("verifier",))
    assert (second.case.state, second.tells) == ("archived", ())
    assert second.case.amended_at == first.case.amended_at


@pytest.mark.parametrize("state", STATES)
def test_a_later_result_is_noted_in_every_state(desk, state):
    in_state(desk, state)
    assert desk.must("c1", "amend", breach="b9").state == state


def test_a_case_rises_from_sign_to_rectify_when_the_allowance_is_used_up(desk):
    opened(desk, allowance_left=2)
    assert desk.must("c1", "join", breach="b2", allowance_left=1).track == "sign"
    case = desk.must("c1", "join", breach="b3", allowance_left=0)
    assert (case.track, case.state, case.verifier) == ("rectify", "assigned", "other_unit")
    assert {w.what for w in case.watches if w.state == "running"} == {"sign", "rectify"}
    assert desk.must("c1", "join", breach="b4", allowance_left=5).track == "rectify"


def test_a_case_rises_at_a_violation_and_never_falls(desk):
    opened(desk)
    case = desk.must("c1", "join", breach="b2", level="violation")
    assert (case.track, case.level, case.verifier) == ("rectify", "violation", "environment_branch")
    case = desk.must("c1", "join", breach="b3", level="notice")
    assert (case.track, case.level, case.verifier) == ("rectify", "violation", "environment_branch")


def test_a_worse_breach_has_to_be_signed_for_anew_and_another_of_its_kind_does_not(desk):
    opened(desk)
    desk.must("c1", "sign", BUILDER)
    assert desk.must("c1", "join", breach="b2").state == "acknowledged"
    assert desk.must("c1", "join", breach="b3", level="violation").state == "assigned"


def test_the_strictest_deadline_counts_and_there_is_one(desk):
    opened(desk, allowance_left=0)
    started = desk.cases["c1"].live_watch("rectify")
    case = desk.must("c1", "join", breach="b2", level="violation")
    live = [watch for watch in case.watches if watch.what == "rectify" and watch.state == "running"]
    assert [watch.deadline for watch in live] == [desk.now + 4 * HOUR]
    assert started.deadline > live[0].deadline
    desk.now += HOUR
    assert desk.must("c1", "join", breach="b3", level="violation").live_watch("rectify") == live[0]


def test_hours_that_the_rule_gives_take_the_place_of_the_tables(desk):
    opened(desk, allowance_left=0, rectify_hours=2)
    assert desk.cases["c1"].live_watch("rectify").deadline == desk.now + 2 * HOUR


def test_over_stopped_and_suppressed_stand_beside_the_state(desk):
    in_state(desk, "rectifying")
    assert desk.must("c1", "over").over_at == desk.now
    assert desk.refused("c1", "over") == "not_over_yet"
    assert desk.refused("c1", "resume_work", BUILDER) == "work_stopped"
    assert desk.must("c1", "stop_work", BUILDER).stopped_at == desk.now
    assert desk.refused("c1", "stop_work", BUILDER) == "work_goes_on"
    assert desk.must("c1", "resume_work", BUILDER).stopped_at is None
    assert desk.refused("c1", "unsuppress") == "suppressed"
    assert desk.refused("c1", "suppress", until=desk.now) == "until_ahead"
    assert desk.must("c1", "suppress", until=desk.now + HOUR, why="regional").suppressed_at == desk.now
    assert desk.cases["c1"].state == "rectifying"
    assert "unsuppress" in desk.pass_time(desk.now + HOUR)
    assert desk.cases["c1"].suppressed_at is None


def test_a_further_breach_says_that_it_is_not_over(desk):
    in_state(desk, "awaiting_verification")
    desk.must("c1", "over")
    assert desk.must("c1", "join", breach="b2").over_at is None
    assert desk.refused("c1", "accept", BRANCH) == "over"


def test_other_lines_sign_for_themselves_and_move_no_state(desk):
    opened(desk, lines=(("sector", "housing"), ("territorial", "town"), ("sector", "housing")))
    assert [line.name for line in desk.cases["c1"].lines] == ["sector/housing", "territorial/town"]
    assert desk.refused("c1", "countersign", OFFICE) == "unit_of_a_line"
    case = desk.must("c1", "countersign", HOUSING)
    assert case.state == "assigned"
    assert [(b.signed_at, b.watch.state) for b in case.lines] == [(desk.now, "frozen"), (None, "running")]
    assert desk.refused("c1", "countersign", HOUSING) == "line_waits"
    assert desk.must("c1", "countersign", TOWN).lines[0].signed_at == case.lines[0].signed_at


def test_a_further_round_asks_the_other_lines_anew(desk):
    in_state(desk, "awaiting_verification", lines=(("sector", "housing"),))
    desk.must("c1", "countersign", HOUSING)
    desk.must("c1", "over")
    desk.must("c1", "accept", BRANCH)
    case = desk.must("c1", "rebound", breach="b2", day="2026-11-24")
    assert [(b.name, b.signed_at, b.watch.round) for b in case.lines] == [("sector/housing", None, 2)]


def test_a_threshold_is_told_once_for_the_case_and_for_each_line(desk):
    opened(desk, lines=(("sector", "housing"),))
    assert desk.pass_time(desk.now + 12 * HOUR) == ["threshold", "threshold"]
    assert desk.pass_time(desk.now) == []
    assert desk.refused("c1", "threshold", what="sign", percent=75) == "threshold_is_due"
    desk.must("c1", "countersign", HOUSING)
    assert desk.pass_time(desk.now + 12 * HOUR) == ["threshold", "threshold"]


def test_a_stale_command_is_a_conflict_that_says_what_has_changed(desk):
    opened(desk)
    desk.must("c1", "sign", BUILDER)
    stale = command("refuse", BUILDER, 1, desk.now, unit="housing", reason="不是我们")
    decided = decide(desk.cases["c1"], stale, desk.facts_for(desk.cases["c1"]))
    assert decided.refusal.guard == "version"
    assert [(record.command, record.unit) for record in decided.refusal.missed] == [("sign", "builder")]
    assert decided.case is desk.cases["c1"]


def test_a_refusal_names_the_steps_that_are_possible_for_the_role(desk):
    in_state(desk, "rebound_watch")
    decided = desk.give("c1", "submit", BUILDER)
    assert decided.refusal.guard == "known_step"
    assert decided.refusal.detail == ("countersign", "note")
    assert decided.refusal.way_out


def test_a_field_that_is_not_asked_for_or_stands_in_another_part_is_refused(desk):
    opened(desk)
    assert desk.refused("c1", "sign", BUILDER, reason="x") == "fields_asked"
    said = replace(command("sign", BUILDER, 1, desk.now), values={"note": "王经理已收到"})
    assert decide(desk.cases["c1"], said, FACTS).refusal.guard == "fields_asked"


def test_a_command_from_before_the_last_change_counts_as_given_then_and_keeps_its_own_time(desk):
    opened(desk)
    case = desk.cases["c1"]
    early = decide(case, command("sign", BUILDER, 1, MORNING - HOUR), FACTS)
    assert early.record.at == case.updated_at
    assert early.record.values["said_at"] == MORNING - HOUR


def test_an_unknown_command_is_a_fault_of_the_caller(desk):
    with pytest.raises(ValueError, match="no command"):
        decide(None, command("explode", MACHINE, 0, MORNING), FACTS)


def test_an_auditor_reads_and_commands_nothing(desk):
    opened(desk)
    assert desk.refused("c1", "note", ("auditor", "audit"), note="x") == "role"


def test_every_command_has_its_effect_and_every_guard_says_what_to_do():
    from alerts.lifecycle.table import COMMANDS

    assert set(EFFECTS) == set(COMMANDS)
    assert all(guard.refusal and guard.way_out for guard in GUARDS.values())


def test_what_people_found_is_over_when_people_see_it_and_takes_nothing_that_is_measured(desk):
    desk.facts = replace(FACTS, newest_determined=False)
    in_state(desk, "awaiting_verification", source="patrol", kind="problem")
    measured = {**NEW, "case": "c2", "kind": "exceedance", "source": "machine", "unit": "builder"}
    desk.must(None, "open", **measured)
    assert desk.refused("c2", "merge", OFFICE, into="c1", reason="同一处") == "target_takes_it"
    assert desk.must("c1", "accept", TOWN).state == "rebound_watch"


def test_a_deadline_that_is_set_is_the_one_for_rectifying(desk):
    due = desk.now + 5 * HOUR
    case = desk.must(
        None, "open", OFFICE, **{**NEW, "kind": "problem"}, source="above", unit="builder", due=due
    )
    assert 0 <= due - case.live_watch("rectify").deadline < MINUTE


def test_a_notice_of_an_alert_ends_with_the_alert_signed_or_not(desk):
    for number, signs in enumerate((False, True)):
        said = {**NEW, "case": f"n{number}", "kind": "alert", "source": "above", "unit": "builder"}
        assert desk.must(None, "open", **said).track == "sign"
        if signs:
            desk.must(f"n{number}", "sign", BUILDER)
        case = desk.must(f"n{number}", "lift")
        assert (case.state, case.archived_as) == ("archived", "alert_lifted")
    in_state(desk, "assigned", kind="exceedance")
    assert desk.refused("c1", "lift") == "is_for_an_alert"
