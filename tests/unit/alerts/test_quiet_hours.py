"""Quiet hours: which severities wait for their end, by the county's clock."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from alerts.messages import QuietHours
from alerts.records import CaseContext
from alerts.routing import RoutingForm
from tests.fakes.alerts import HOUR, NIGHT, breach, ms, outlook, planner

ZONE = ZoneInfo("Asia/Shanghai")
QUIET = QuietHours({"warning": "22:00-06:30", "notice": "12:00-14:00"}, ZONE)


def told(**changes):
    (change,) = planner().breach(breach(**changes), CaseContext(), NIGHT)
    return change.tellings[0]


@pytest.mark.parametrize(
    ("level", "at", "until"),
    [
        ("warning", "2026-11-23T23:00:00+08:00", "2026-11-24T06:30:00+08:00"),
        ("warning", "2026-11-24T03:00:00+08:00", "2026-11-24T06:30:00+08:00"),
        ("warning", "2026-11-24T06:30:00+08:00", None),
        ("warning", "2026-11-23T21:59:00+08:00", None),
        ("notice", "2026-11-23T12:00:00+08:00", "2026-11-23T14:00:00+08:00"),
        ("notice", "2026-11-23T23:00:00+08:00", None),
        ("violation", "2026-11-23T23:00:00+08:00", None),
    ],
)
def test_a_severity_waits_until_its_quiet_hours_end(level, at, until):
    assert QUIET.until(told(level=level), ms(at)) == (None if until is None else ms(until))


def test_until_midnight_is_until_the_next_day():
    quiet = QuietHours({"warning": "20:00-24:00"}, ZONE)
    assert quiet.until(told(), ms("2026-11-23T23:00:00+08:00")) == ms("2026-11-24T00:00:00+08:00")


def test_nothing_from_above_and_no_violation_waits_even_where_a_level_is_named():
    quiet = QuietHours({"warning": "00:00-24:00", "violation": "00:00-24:00"}, ZONE)
    assert quiet.until(told(level="violation"), NIGHT) is None
    above = replace(told(), facts={**told().facts, "from_above": True})
    assert quiet.until(above, NIGHT) is None


def test_a_forecast_that_waited_in_vain_is_outlived_and_a_breach_is_not():
    (change,) = planner().outlook(outlook(), CaseContext(), outlook().at)
    foretold = change.tellings[0]
    assert not QUIET.outlived(foretold, NIGHT - HOUR // 4), "its window is still open"
    assert QUIET.outlived(foretold, ms("2026-11-24T06:30:00+08:00"))
    assert not QUIET.outlived(replace(foretold, told_at=NIGHT - 5 * HOUR), NIGHT + 8 * HOUR)
    assert not QUIET.outlived(told(), ms("2026-11-24T06:30:00+08:00"))


@pytest.mark.parametrize(
    "delivery",
    [
        {"quiet_hours": {"violation": "22:00-06:00"}},
        {"quiet_hours": {"loud": "22:00-06:00"}},
        {"quiet_hours": {"warning": "22:00"}},
        {"quiet_hours": {"warning": "22:00-22:00"}},
        {"quiet_hours": {"warning": "25:00-06:00"}},
        {"morning_digest": "7:30"},
        {"morning_digest": "24:00"},
        {"silence_alone": 0.0},
    ],
)
def test_what_cannot_be_is_refused(delivery):
    with pytest.raises(ValidationError):
        RoutingForm.model_validate({"delivery": delivery})


def test_without_them_nothing_waits_and_no_digest_is_written():
    delivery = RoutingForm().delivery
    assert (dict(delivery.quiet_hours), delivery.morning_digest) == ({}, None)
    assert QuietHours().until(told(), NIGHT) is None
