"""Why a stored reading entered a mean or not: by its flags, marks, the orders of its time, and when it came."""

from __future__ import annotations

from typing import Any

import pytest

from processors.audit.admission import Admission, admission
from processors.plan.rules import NO_MEASUREMENT

MINUTE = 60_000
READING: dict[str, Any] = {"pm10": 120, "time": 10 * MINUTE, "period": 60, "received_at": 12 * MINUTE}


def _why(
    reading: dict[str, Any] | None = None, rule: dict[str, Any] | None = None, **more: Any
) -> tuple[str, ...]:
    said = admission({**READING, **(reading or {})}, "pm10", rule or {}, **more)
    assert said is not None
    return said.why


def test_a_good_value_is_admitted_as_a_number():
    assert admission(READING, "pm10", {}) == Admission(120.0, (), ())


def test_a_pollutant_that_was_not_sent_is_neither_admitted_nor_refused():
    assert admission(READING, "tsp", {}) is None


@pytest.mark.parametrize(
    ("flags", "words", "said"),
    [
        (None, None, ()),
        ("pm10=N", None, ()),
        ("tsp=D", "tsp=spike!", ()),
        ("pm10=T", None, ("above_range!",)),
        ("pm10=D;tsp=N", None, ("device_flag!",)),
        ("tsp=N;pm10=D", "tsp=spike!;pm10=spike,flat_line!", ("device_flag!", "flat_line!", "spike")),
        ("pm10", "pm10", ()),
    ],
)
def test_what_checks_and_device_say_of_the_value_is_told(
    flags: str | None, words: str | None, said: tuple[str, ...]
):
    found = admission({**READING, "flags": flags}, "pm10", {}, words)
    assert found is not None
    assert found.words == said


def test_a_rule_refuses_the_failures_that_it_names_and_suspects_only_if_it_says_so():
    words = "pm10=spike,flat_line!,device_flag!"
    assert _why(words=words) == tuple(
        f"check:{word}!" for word in ("device_flag", "flat_line") if word in NO_MEASUREMENT
    )
    assert _why(rule={"refuses": ["flat_line"]}, words=words) == ("check:flat_line!",)
    assert _why(rule={"refuses": [], "refuses_suspect": ["spike", "flat_line"]}, words=words) == (
        "check:spike",
    )


@pytest.mark.parametrize(
    ("marks", "why"),
    [
        ("late", ("mark:late",)),
        ("unjudged,future", ("mark:future", "mark:unjudged")),
        ("unknown_device", ("mark:unknown_device",)),
        ("numbers_as_text,latest", ()),
        ("", ()),
        (None, ()),
    ],
)
def test_only_the_marks_that_windows_leave_out_count(marks: str | None, why: tuple[str, ...]):
    assert _why({"marks": marks}) == why


def test_of_two_that_contradict_each_other_the_beaten_one_says_so():
    assert _why(beaten=True) == ("conflict",)


@pytest.mark.parametrize(
    ("start", "until", "inside"),
    [
        (11 * MINUTE - 1, 12 * MINUTE, True),
        (11 * MINUTE, 12 * MINUTE, False),  # begins where the mean ends
        (0, 10 * MINUTE + 1, True),
        (0, 10 * MINUTE, False),  # until is not part of the order
        (0, None, True),
        (11 * MINUTE - 1, None, True),
        (11 * MINUTE, None, False),
    ],
)
def test_maintenance_refuses_what_was_measured_within_it(start: int, until: int | None, inside: bool):
    assert _why(maintenance=[(start, until)]) == (("maintenance",) if inside else ())
    assert _why(maintenance=[(0, 1), (start, until)]) == (("maintenance",) if inside else ())


def test_an_instant_lies_in_maintenance_by_its_time_alone():
    instant = {"period": None}
    assert _why(instant, maintenance=[(10 * MINUTE, 11 * MINUTE)]) == ("maintenance",)
    assert _why(instant, maintenance=[(10 * MINUTE + 1, None)]) == ()


def test_what_came_with_the_decision_or_after_it_did_not_count():
    assert _why(before=12 * MINUTE) == ("after",)
    assert _why(before=12 * MINUTE + 1) == ()


def test_all_reasons_are_told_together():
    found = _why({"marks": "late"}, rule={"refuses": ["spike"]}, words="pm10=spike!", beaten=True,
                 maintenance=[(0, None)], before=0)  # fmt: skip
    assert found == ("check:spike!", "mark:late", "conflict", "maintenance", "after")
