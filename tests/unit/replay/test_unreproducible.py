"""Verdicts of the past that can't be worked out again: each has the reason, and the others none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from processors.replay.backtest import VerdictKey
from processors.replay.unreproducible import WHY, by_history, by_log
from tests.logs import HOUR, MINUTE, T0, local_rule, revision

END = T0 + HOUR
KEY = VerdictKey("window", "local", "d1", T0, END)
USUAL = {
    "rule": "local",
    "kind": "window",
    "device": "d1",
    "pollutant": "pm10",
    "start": T0,
    "end": END,
    "value": 80.0,
    "background": None,
    "background_ids": (),
    "reasons": (),
    "revision": 1,
    "decided_at": END + 2 * MINUTE,
}


def history(readings: int = 1) -> Any:
    """Holds readings, and no background."""
    return SimpleNamespace(
        rows=lambda measurement, where, start, end: [],
        readings=lambda device, pollutant, start, end, limit: list(range(readings)),
    )


def why(stored: Any = None, judged_by: dict[str, Any] | None = None, **row: Any) -> str | None:
    """The reason for one verdict of an hour."""
    one: Any = SimpleNamespace(**{**USUAL, **row})
    found = by_history(stored or history(), {KEY: one}, revision(rules=[local_rule(**(judged_by or {}))]))
    return found.get(KEY)


def test_a_verdict_whose_readings_are_kept_can_be_worked_out_again() -> None:
    assert why() is None
    assert by_history(history(), {}, revision(rules=[local_rule()])) == {}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param({"reasons": ("log_gap",)}, "log_gap", id="the log had a gap"),
        pytest.param({"background": 60.0}, "background_not_kept", id="a background without its records"),
        pytest.param({"background_ids": ("b1",)}, "background_not_kept", id="a background that is gone"),
        pytest.param({"decided_at": END + 3 * HOUR}, "decided_late", id="an outage made it wait"),
        pytest.param({"decided_at": END + 3 * HOUR, "revision": 2}, None, id="later revisions come later"),
        pytest.param({"decided_at": END + 3 * HOUR, "kind": "instant"}, None, id="single values have no end"),
        pytest.param({"decided_at": None}, None, id="stored before the instant was"),
        pytest.param({"rule": "gone", "decided_at": END + 3 * HOUR}, None, id="a rule that is gone"),
    ],
)
def test_what_stands_in_the_way_is_named(row: dict[str, Any], reason: str | None) -> None:
    assert why(**row) == reason
    assert reason is None or reason in WHY


def test_a_value_without_a_reading_in_history_is_named_unless_it_is_a_day_s() -> None:
    assert why(history(readings=0)) == "readings_not_kept"
    assert why(history(readings=0), kind="day") is None
    assert why(history(readings=0), value=None) is None


def test_a_background_measured_at_the_site_is_measured_again() -> None:
    beside = {"background": {"kind": "upwind_device"}}
    assert why(judged_by=beside, background=60.0) is None


def verdict(*reasons: str, answer: str = "undetermined") -> Any:
    return SimpleNamespace(answer=answer, reasons=reasons)


def backtest(live: Any, again: Any) -> Any:
    """What was said and what the fold says again, of a log that begins an hour before the span."""
    return SimpleNamespace(
        start=T0,
        log_start=T0 - HOUR,
        live=SimpleNamespace(verdicts={KEY: live}),
        other=SimpleNamespace(verdicts={} if again is None else {KEY: again}),
    )


@pytest.mark.parametrize(
    ("live", "again", "reason"),
    [
        (verdict("device_silent"), verdict("never_seen"), "silent_before"),
        (verdict("device_silent"), verdict("device_silent"), None),
        (verdict("never_seen", "device_silent"), verdict("never_seen"), None),
        (verdict("device_silent"), verdict("never_seen", answer="compliant"), None),
        (verdict("device_silent"), None, None),
    ],
)
def test_a_device_that_was_silent_before_the_fold_begins_is_named(
    live: Any, again: Any, reason: str | None
) -> None:
    judged = backtest(live, again)
    assert list(by_log(judged, {}, {}).values()) == ([] if reason is None else [reason])


@pytest.mark.parametrize(("begins", "reason"), [(T0 - HOUR + 1, ["log_begins_later"]), (T0 - HOUR, [])])
def test_a_partition_that_retention_has_cut_is_named(begins: int, reason: list[str]) -> None:
    judged = backtest(verdict(answer="compliant"), verdict(answer="compliant"))
    assert list(by_log(judged, {KEY: 0}, {0: begins}).values()) == reason
