"""What a replay says of the time that its outlooks won."""

from __future__ import annotations

from typing import Any

from processors.replay.lead_time import lead_times_by_rule

HOUR = {"rule": "r", "point": "d1", "start": "2026-11-23T00:00:00.000Z", "end": "2026-11-23T01:00:00.000Z"}


def verdict(answer: str, kind: str = "interval", revision: int = 1, **more: Any) -> dict[str, Any]:
    return {**HOUR, "kind": kind, "answer": answer, "revision": revision, **more}


def said(minute: int, state: str, kind: str = "interval", **more: Any) -> dict[str, Any]:
    return {**HOUR, "kind": kind, "at": f"2026-11-23T00:{minute:02d}:00.000Z", "state": state, **more}


def test_the_median_of_what_was_not_taken_back_is_told_by_rule() -> None:
    second = {"point": "d2"}
    found = lead_times_by_rule(
        [verdict("exceeds"), verdict("exceeds", **second)],
        [
            said(20, "warning"),
            said(45, "certain"),
            said(10, "warning", **second),
            said(30, "quiet", **second),
        ],
    )
    assert found == {
        "r": {
            "exceeding": 2,
            "otherwise": 0,
            "warning": {"windows": 1, "minutes": 40.0},
            "exceeds_if_measuring_goes_on": {"windows": 1, "minutes": 15.0},
            "certain": {"windows": 1, "minutes": 15.0},
        }
    }


def test_a_certain_that_ended_otherwise_is_counted_by_the_last_revision() -> None:
    verdicts = [verdict("exceeds"), verdict("compliant", revision=2)]
    assert lead_times_by_rule(verdicts, [said(45, "certain")])["r"]["otherwise"] == 1
    assert lead_times_by_rule(verdicts[:1], [said(45, "certain")])["r"]["otherwise"] == 0


def test_a_day_stands_beside_its_intervals_and_a_single_value_has_no_line() -> None:
    found = lead_times_by_rule(
        [verdict("exceeds", "day"), verdict("exceeds", "instant", rule="single")], [said(5, "warning", "day")]
    )
    assert list(found) == ["r/day"]
    assert found["r/day"]["warning"] == {"windows": 1, "minutes": 55.0}
