"""The curve on the page of a case: of which monitor, and of which hours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from alerts.records import Case
from alerts.web.case_curve import curve_of
from alerts.web.curves import LONGEST
from tests.fakes.desk import DUSTY, HOUR, NOW, case_of, example_register, floor_hour

REGISTER = example_register()
HOUR_NOW = floor_hour(NOW)


def finding(device: str, value: float, hours_ago: int = 0, over: int | None = None, **data: Any) -> Case:
    plain = case_of(f"{device}-{hours_ago}", DUSTY, device, HOUR_NOW - hours_ago * HOUR, value, "open")
    return replace(plain, recovered_at=over, data={**plain.data, **data})


def test_the_worst_finding_is_drawn_from_before_the_first_of_its_monitor_until_now() -> None:
    found = [finding("dev-001", 300.0), finding("dev-003", 420.0), finding("dev-003", 250.0, hours_ago=2)]
    curve = curve_of(REGISTER, found, NOW)
    assert curve is not None
    assert (curve.device.id, curve.quantity) == ("dev-003", "pm10")
    assert (curve.start, curve.end) == (HOUR_NOW - 2 * HOUR - 7 * HOUR, None)


def test_what_is_over_is_drawn_until_a_while_after_its_end() -> None:
    over = finding("dev-001", 300.0, hours_ago=20, over=NOW - 10 * HOUR)
    curve = curve_of(REGISTER, [over], NOW)
    assert curve is not None
    assert curve.end == NOW - 7 * HOUR
    still = curve_of(REGISTER, [over, finding("dev-001", 200.0)], NOW)
    assert still is not None
    assert still.end is None


def test_no_curve_is_longer_than_may_be_asked_for() -> None:
    old = finding("dev-001", 300.0, hours_ago=24 * 50)
    for found in ([old], [old, finding("dev-001", 500.0)]):
        curve = curve_of(REGISTER, found, NOW)
        assert curve is not None
        assert 0 < (curve.end or NOW) - curve.start <= LONGEST


def test_what_no_monitor_measured_has_no_curve() -> None:
    assert curve_of(REGISTER, [], NOW) is None
    assert curve_of(REGISTER, [replace(finding("dev-001", 1.0), kind="offline")], NOW) is None
    assert curve_of(REGISTER, [finding("dev-001", 1.0, pollutant=None)], NOW) is None
    assert curve_of(REGISTER, [replace(finding("dev-001", 1.0), device="gone")], NOW) is None
