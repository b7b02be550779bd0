"""Clocks that are wrong in known ways, told from one message; and what a device's policy makes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batches import Row
from ingest.decoders.instants import parse_instant
from ingest.durations import DAY_MS, HOUR_MS, MINUTE_MS
from ingest.records import Quarantined
from ingest.register import County, Device, DeviceClock, Register, Site
from ingest.resolve import Arrival, Duplicate, Resolver
from ingest.wrong_clocks import WITHIN_MS, found

ZONE_MS = 8 * HOUR_MS
NOON = parse_instant("2026-11-05T12:00:00+08:00", 0)


def kinds(time: int, at: int = NOON, zone_ms: int = ZONE_MS) -> list[str]:
    return [one.kind for one in found(time, at, zone_ms)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-05T12:00:00+08:00", []),
        ("2026-11-05T12:04:59+08:00", []),
        ("2026-11-05T11:40:00+08:00", []),
        ("2026-11-05T00:00:00+08:00", ["half_day"]),
        ("2026-11-06T00:04:59+08:00", ["half_day"]),
        ("2026-11-05T00:05:01+08:00", []),
        ("2026-11-05T04:00:00+08:00", ["zone"]),
        ("2026-11-05T20:00:00+08:00", ["zone"]),
        ("2026-05-11T12:00:00+08:00", ["calendar"]),
        ("2025-11-05T12:02:00+08:00", ["year"]),
        ("2027-11-05T12:00:00+08:00", ["year"]),
        ("1970-01-01T08:00:03+08:00", ["before_2000"]),
        ("1999-12-31T12:00:00+08:00", ["before_2000"]),
        ("2024-11-05T12:00:00+08:00", []),
    ],
)
def test_a_time_is_wrong_in_the_ways_that_it_fits(text: str, expected: list[str]) -> None:
    assert kinds(parse_instant(text, 0)) == expected


def test_in_a_zone_of_twelve_hours_a_half_day_fits_two_kinds() -> None:
    assert kinds(NOON - 12 * HOUR_MS, zone_ms=12 * HOUR_MS) == ["half_day", "zone"]


@given(off=st.integers(-400 * DAY_MS, 400 * DAY_MS), at=st.integers(NOON, NOON + 365 * DAY_MS))
@settings(max_examples=300, deadline=None)
def test_a_correction_brings_a_time_within_five_minutes_of_its_receipt(off: int, at: int) -> None:
    for one in found(at + off, at, ZONE_MS):
        assert one.shift is None or abs(off + one.shift) <= WITHIN_MS


def resolver(**clock: Any) -> Resolver:
    policy = DeviceClock(**clock) if clock else None
    device = Device(id="d1", site="s1", format="json_v1", clock=policy)
    site = Site(
        id="s1", name="s", kind="building", stage="earthwork", zone="urban", township="t", department="d",
        location=(39.9, 116.4),
    )  # fmt: skip
    return Resolver(Register(County(name="县"), {}, {"s1": site}, {"d1": device}))


def outcome(time: object, at: int = NOON, retain: bool = False, **clock: Any) -> Any:
    body = json.dumps({"time": time, "pm10": 5}).encode()
    (one,) = resolver(**clock).resolve(Arrival("dust/v1/d1/readings", body, at, retain))
    return one


def test_without_a_policy_a_wrong_clock_is_marked_and_placed_as_before() -> None:
    one = outcome(NOON - 12 * HOUR_MS)
    assert isinstance(one, Row)
    assert (one.time, one.marks) == (NOON - 12 * HOUR_MS, ("clock_half_day",))
    ahead = outcome(NOON + 12 * HOUR_MS)
    assert (ahead.time, ahead.marks) == (NOON, ("clock_half_day", "clock"))


def test_a_policy_corrects_by_exactly_the_amount_and_keeps_what_was_sent() -> None:
    one = outcome(NOON - 12 * HOUR_MS + 2000, when_wrong="correct")
    assert (one.time, one.marks) == (NOON + 2000, ("clock_half_day", "clock_corrected"))
    assert one.extras["time_sent"] == "2026-11-04T16:00:02.000Z"


@pytest.mark.parametrize(
    "time", [NOON - 12 * HOUR_MS, 3, "1970-01-01T00:00:03", "soon", True, "2026-13-41T00:00"]
)
def test_receipt_holds_whatever_is_thought_of_the_time(time: object) -> None:
    one = outcome(time, when_wrong="receipt")
    assert isinstance(one, Row)
    assert one.time == NOON
    assert "clock" in one.marks


@pytest.mark.parametrize("time", [NOON - 12 * HOUR_MS, 3, "1970-01-01T00:00:03", "soon"])
def test_a_policy_may_refuse_with_words_that_do_not_contradict_themselves(time: object) -> None:
    one = outcome(time, when_wrong="refuse")
    assert isinstance(one, Quarantined)
    assert (one.code, one.device) == ("bad_time", "d1")
    assert "outside the years 1970" not in one.detail


def test_what_the_broker_retained_is_old_by_nature() -> None:
    one = outcome(NOON - 12 * HOUR_MS, retain=True)
    assert one.marks == ("retained",)
    assert isinstance(outcome("soon", retain=True, when_wrong="receipt"), Duplicate)


@pytest.mark.parametrize(
    ("start", "period", "marked"),
    [
        (NOON - HOUR_MS, 3600, False),
        (NOON - HOUR_MS + 50_000, 3600, False),
        (NOON, 3600, True),
        (NOON, 600, True),
        (NOON - 2_000, 60, True),
        (NOON - MINUTE_MS + 25_000, 60, False),
        (NOON, 0, False),
    ],
)
def test_a_period_that_ends_after_its_own_receipt_is_marked(start: int, period: int, marked: bool) -> None:
    body = json.dumps({"time": start, "period": period, "pm10": 5}).encode()
    (one,) = resolver().resolve(Arrival("dust/v1/d1/readings", body, NOON))
    assert isinstance(one, Row)
    assert ("label" in one.marks) == marked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T24:00:00+08:00", "2026-11-24T00:00:00+08:00"),
        ("2026-11-23 24:00", "2026-11-24T00:00:00+08:00"),
        ("2026-12-31T24:00Z", "2027-01-01T00:00:00Z"),
        ("20261123T240000+0800", "2026-11-24T00:00:00+08:00"),
    ],
)
def test_24_00_is_the_end_of_the_day_that_it_names(text: str, expected: str) -> None:
    assert parse_instant(text, 8 * 3600) == parse_instant(expected, 0)


def test_a_time_without_zone_takes_the_offset_of_its_own_instant() -> None:
    from zoneinfo import ZoneInfo

    berlin = ZoneInfo("Europe/Berlin")
    assert parse_instant("2026-07-01T12:00:00", berlin) == parse_instant("2026-07-01T10:00:00Z", 0)
    assert parse_instant("2026-12-01T12:00:00", berlin) == parse_instant("2026-12-01T11:00:00Z", 0)
