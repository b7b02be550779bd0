"""The ledger: a row a round, from the trail alone."""

from __future__ import annotations

from alerts.lifecycle.ledger import ledger_rows
from tests.fakes.lifecycle import BRANCH, BUILDER, HOUR, LifeDesk, in_state, opened


def rows_of(desk: LifeDesk, breaches=()):
    return ledger_rows(desk.trails["c1"], breaches)


def test_a_case_without_a_trail_has_no_row():
    assert ledger_rows((), ()) == ()


def test_the_row_says_when_each_step_was_taken_and_what_was_found():
    desk = LifeDesk()
    opened(desk, level="violation")
    desk.now += HOUR
    desk.must("c1", "sign", BUILDER)
    (row,) = rows_of(desk, [("b2", 1), ("b1", 1)])
    assert (row.case, row.round, row.state, row.unit) == ("c1", 1, "acknowledged", "builder")
    assert (row.found_at, row.signed_at) == (desk.trails["c1"][0].at, desk.now)
    assert (row.submitted_at, row.ended_at, row.ended_as) == (None, None, "")
    assert row.breaches == ("b1", "b2")
    assert row.records == (1, len(desk.trails["c1"]))


def test_a_rebound_ends_its_round_and_begins_a_row_of_its_own():
    desk = LifeDesk()
    in_state(desk, "rebound_watch", level="violation")
    desk.now += 30 * HOUR
    desk.must("c1", "rebound", breach="b2", day="2026-11-26")
    first, second = rows_of(desk, [("b1", 1), ("b2", 2)])
    assert (first.ended_as, first.ended_at, first.breaches) == ("rebound", desk.now, ("b1",))
    assert first.closed_at is not None
    assert (second.round, second.day, second.found_at) == (2, "2026-11-26", desk.now)
    assert (second.signed_at, second.closed_at, second.breaches) == (None, None, ("b2",))
    assert second.records[0] == first.records[1] + 1


def test_what_was_sent_back_appealed_and_late_is_counted():
    desk = LifeDesk()
    in_state(desk, "awaiting_verification", level="violation")
    desk.must("c1", "reject", BRANCH, reason="未覆盖到位")
    desk.must("c1", "appeal", BUILDER, reason="非本工地")
    desk.pass_time(desk.now + 60 * 24 * HOUR)
    (row,) = rows_of(desk)
    assert (row.reworked, row.appealed, row.upheld) == (1, 1, 0)
    assert row.overdue == ("rectify",)
