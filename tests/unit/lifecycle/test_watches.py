"""Stop watches and working time by example: nights, holidays, days of work at a weekend, pauses, restarts."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date

import pytest

from alerts.lifecycle import WorkingCalendar, next_due, wakes_at
from alerts.lifecycle.stop_watch import (
    NATURAL_DAY,
    URGENT_HOUR,
    WORKING_DAY,
    WORKING_HOUR,
    TimeAllowed,
    due_percents,
    frozen,
    paused,
    resumed,
    seen_at,
    started,
    time_paused,
    time_spent,
    triggered,
)
from alerts.lifecycle.working_time import after_working, is_working_day, working_ms
from tests.fakes.lifecycle import CALENDAR, DAY, FACTS, HOUR, MINUTE, OFFICE, LifeDesk, at, in_state, opened

FRIDAY = at("2026-11-27T16:30:00")


@pytest.mark.parametrize(
    ("amount", "measure", "begins", "ends"),
    [
        (2, WORKING_HOUR, "2026-11-27T16:30:00", "2026-11-30T09:30:00"),  # over a weekend
        (1, WORKING_DAY, "2026-11-27T16:30:00", "2026-11-30T16:30:00"),
        (1, NATURAL_DAY, "2026-11-27T16:30:00", "2026-11-28T16:30:00"),
        (4, URGENT_HOUR, "2026-11-27T22:00:00", "2026-11-28T02:00:00"),  # at night
        (1, WORKING_HOUR, "2026-11-27T22:00:00", "2026-11-30T09:30:00"),
        (1, WORKING_HOUR, "2026-11-27T11:30:00", "2026-11-27T14:30:00"),  # over noon
        (1, WORKING_DAY, "2026-09-30T16:30:00", "2026-10-08T16:30:00"),  # over a holiday
        (1, WORKING_DAY, "2026-10-09T17:30:00", "2026-10-10T17:30:00"),  # a Saturday of work
        (7, WORKING_HOUR, "2026-11-23T08:30:00", "2026-11-23T17:30:00"),
    ],
)
def test_the_deadline_of_a_watch(amount, measure, begins, ends):
    watch = started(TimeAllowed("rectify", amount, measure), "builder", 1, at(begins), CALENDAR)
    assert watch.deadline == at(ends)


def test_holidays_and_days_of_work_at_a_weekend_are_data():
    days = ["2026-09-30", "2026-10-01", "2026-10-03", "2026-10-10", "2026-10-11"]
    assert [is_working_day(CALENDAR, date.fromisoformat(day)) for day in days] == [
        True,
        False,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"duty": ()}, "needs duty hours"),
        ({"duty": ((600, 500),)}, "not in order"),
        ({"duty": ((600, 700), (650, 800))}, "not in order"),
        ({"duty": ((600, 1500),)}, "not in order"),
        ({"duty": ((600, 659),)}, "an hour of duty at least"),
        ({"weekdays": frozenset()}, "needs duty hours"),
        ({"weekdays": frozenset({7})}, "needs duty hours"),
        ({"workdays": frozenset({"2026-10-01"})}, "both a holiday and a day of work"),
        ({"holidays": frozenset({"1 October"})}, "Invalid isoformat"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(change, why):
    with pytest.raises(ValueError, match=why):
        replace(CALENDAR, **change)


def test_a_night_shift_ends_at_midnight():
    night = WorkingCalendar("Asia/Shanghai", duty=((1320, 1440),))
    start = at("2026-11-23T23:00:00")
    assert working_ms(night, start, start + DAY) == 2 * HOUR
    assert after_working(night, start, HOUR) == at("2026-11-24T00:00:00")


def test_no_working_time_is_spent_backwards_or_at_once():
    assert working_ms(CALENDAR, FRIDAY, FRIDAY - HOUR) == 0
    assert after_working(CALENDAR, FRIDAY, 0) == FRIDAY


def test_a_calendar_of_holidays_alone_names_its_fault():
    with pytest.raises(ValueError, match="working time within"):
        after_working(WorkingCalendar("Asia/Shanghai"), FRIDAY, 10**12)


def test_a_watch_counts_no_nothing():
    with pytest.raises(ValueError, match="cannot count"):
        started(TimeAllowed("sign", 0, URGENT_HOUR), "builder", 1, FRIDAY, CALENDAR)
    with pytest.raises(ValueError, match="cannot count"):
        started(TimeAllowed("sign", 1, "moon"), "builder", 1, FRIDAY, CALENDAR)


def watch_of(hours: int = 4):
    return started(TimeAllowed("sign", hours, URGENT_HOUR), "builder", 1, FRIDAY, CALENDAR)


def test_thresholds_lie_at_half_three_quarters_and_all_of_the_time():
    assert [t.deadline - FRIDAY for t in watch_of().thresholds] == [2 * HOUR, 3 * HOUR, 4 * HOUR]


def test_a_pause_moves_what_lies_ahead_and_is_kept_with_its_reason():
    watch = paused(watch_of(), FRIDAY + HOUR, "postponed", CALENDAR)
    assert (watch.state, watch.spent, watch.deadline) == ("paused", HOUR, FRIDAY + 4 * HOUR)
    watch = resumed(watch, FRIDAY + 11 * HOUR, CALENDAR)
    assert watch.deadline == FRIDAY + 14 * HOUR
    assert [(p.reason, p.end - p.start) for p in watch.pauses] == [("postponed", 10 * HOUR)]
    assert time_spent(watch, FRIDAY + 12 * HOUR, CALENDAR) == 2 * HOUR
    assert time_paused(watch, FRIDAY + 12 * HOUR, CALENDAR) == 10 * HOUR


def test_what_was_passed_before_a_pause_stays_passed():
    watch = paused(watch_of(), FRIDAY + 2 * HOUR, "postponed", CALENDAR)
    assert due_percents(watch, FRIDAY + 2 * HOUR) == (50,)
    watch = resumed(watch, FRIDAY + 9 * HOUR, CALENDAR)
    assert [t.deadline - FRIDAY for t in watch.thresholds] == [2 * HOUR, 10 * HOUR, 11 * HOUR]


def test_nothing_becomes_due_while_the_watch_stands():
    watch = paused(watch_of(), FRIDAY + HOUR, "postponed", CALENDAR)
    assert due_percents(watch, FRIDAY + 100 * DAY) == ()


def test_a_threshold_that_was_told_is_due_no_more_and_says_when_it_passed():
    watch = triggered(watch_of(), 50, FRIDAY + 2 * HOUR + MINUTE)
    assert due_percents(watch, FRIDAY + 3 * HOUR) == (75,)
    half = watch.thresholds[0]
    assert (half.passed, half.triggered) == (FRIDAY + 2 * HOUR, FRIDAY + 2 * HOUR + MINUTE)
    assert triggered(watch, 50, FRIDAY + 9 * HOUR) == watch


def test_what_is_over_its_time_says_by_how_much_and_a_frozen_watch_keeps_it():
    shown = seen_at(watch_of(), FRIDAY + 5 * HOUR, CALENDAR)
    assert [t.overrun for t in shown.thresholds] == [3 * HOUR, 2 * HOUR, HOUR]
    watch = frozen(watch_of(), FRIDAY + 5 * HOUR, CALENDAR)
    assert watch.thresholds == shown.thresholds
    assert seen_at(watch, FRIDAY + 99 * HOUR, CALENDAR) == watch
    assert time_spent(watch, FRIDAY + 99 * HOUR, CALENDAR) == 5 * HOUR
    assert due_percents(watch, FRIDAY + 99 * HOUR) == ()


def test_a_watch_that_is_frozen_while_it_stands_ends_its_pause():
    watch = frozen(paused(watch_of(), FRIDAY + HOUR, "x", CALENDAR), FRIDAY + 3 * HOUR, CALENDAR)
    assert (watch.state, watch.ended, watch.pauses[-1].end) == (
        "frozen",
        FRIDAY + 3 * HOUR,
        FRIDAY + 3 * HOUR,
    )


def test_what_does_not_apply_changes_nothing():
    watch = watch_of()
    assert resumed(watch, FRIDAY, CALENDAR) is watch
    standing = paused(watch, FRIDAY, "x", CALENDAR)
    assert paused(standing, FRIDAY, "y", CALENDAR) is standing
    ended = frozen(watch, FRIDAY, CALENDAR)
    assert frozen(ended, FRIDAY + HOUR, CALENDAR) is ended


# ---- in the case


def running(case) -> dict[str, str]:
    return {watch.what: watch.state for watch in case.watches if watch.state != "frozen"}


@pytest.mark.parametrize(
    ("state", "watches"),
    [
        ("recorded", {}),
        ("assigned", {"sign": "running", "rectify": "running"}),
        ("acknowledged", {"rectify": "running"}),
        ("rectifying", {"rectify": "running"}),
        ("awaiting_verification", {"rectify": "paused", "verify": "running"}),
        ("postponed", {"sign": "paused", "rectify": "paused"}),
        ("rebound_watch", {}),
        ("merged", {}),
        ("archived", {}),
    ],
)
def test_which_watch_runs_in_which_state(state, watches):
    desk = LifeDesk()
    in_state(desk, state)
    assert running(desk.cases["c1"]) == watches


def test_after_a_rejection_the_time_to_rectify_goes_on_where_it_stood():
    desk = LifeDesk()
    in_state(desk, "awaiting_verification")
    stood = desk.cases["c1"].live_watch("rectify")
    desk.now += 2 * DAY
    case = desk.must("c1", "reject", ("verifier", "environment"), reason="照片不清")
    goes_on = case.live_watch("rectify")
    assert goes_on.spent == stood.spent
    assert goes_on.pauses[-1].reason == "awaiting_verification"


def test_what_is_due_after_a_restart_is_what_was_due_before():
    desk = LifeDesk()
    opened(desk)
    case = desk.cases["c1"]
    again = pickle.loads(pickle.dumps(case))
    wakes = wakes_at(case)
    assert wakes == case.opened_at + 12 * HOUR
    assert next_due(again, wakes - 1, FACTS) is None
    assert next_due(again, wakes, FACTS) == next_due(case, wakes, FACTS)


def test_nothing_is_due_before_the_case_wakes():
    desk = LifeDesk()
    for state, id in (("postponed", "p"), ("rebound_watch", "r"), ("archived", "a"), ("recorded", "n")):
        in_state(desk, state, id, site=id)
    wakes = {id: wakes_at(case) for id, case in desk.cases.items()}
    assert wakes["p"] == desk.cases["p"].postponed_until
    assert wakes["r"] == desk.cases["r"].watch_until
    assert wakes["a"] is wakes["n"] is None


def test_a_withdrawn_postponement_lets_the_watches_run_on():
    desk = LifeDesk()
    in_state(desk, "postponed")
    desk.now += DAY
    case = desk.must("c1", "resume", OFFICE)
    assert running(case) == {"sign": "running", "rectify": "running"}
    assert case.live_watch("rectify").deadline == case.opened_at + 4 * HOUR + DAY + MINUTE
