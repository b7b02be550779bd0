"""Why a stored reading entered a mean or not: by its flags, marks, the orders of its time, and when it came."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from processors.audit.admission import AdmissionTerms, ValueAdmission, admission
from processors.history.rows import ReadingRow
from processors.plan.rules import NO_MEASUREMENT

MINUTE = 60_000
READING = ReadingRow(
    device="d1",
    site="s1",
    time=10 * MINUTE,
    period=MINUTE,
    received_at=12 * MINUTE,
    values={"pm10": 120},
    flags={},
    marks=(),
    extras=None,
    configuration=None,
    stored={},
)


def _why(
    words: tuple[str, ...] = (), beaten: bool = False, reading: ReadingRow = READING, **terms: Any
) -> tuple[str, ...]:
    said = admission(reading, "pm10", AdmissionTerms(**terms), words, beaten)
    assert said is not None
    return said.why


def test_a_good_value_is_admitted_as_a_number():
    assert admission(READING, "pm10", AdmissionTerms()) == ValueAdmission(120.0, (), ())


def test_a_pollutant_that_was_not_sent_is_neither_admitted_nor_refused():
    assert admission(READING, "tsp", AdmissionTerms()) is None


@pytest.mark.parametrize(
    ("flags", "words", "said"),
    [
        ({}, (), ()),
        ({"pm10": "N"}, (), ()),
        ({"tsp": "D"}, (), ()),
        ({"pm10": "T"}, (), ("above_range!",)),
        ({"pm10": "D", "tsp": "N"}, (), ("device_flag!",)),
        ({"tsp": "N", "pm10": "D"}, ("spike", "flat_line!"), ("device_flag!", "flat_line!", "spike")),
    ],
)
def test_what_checks_and_device_say_of_the_value_is_told(
    flags: dict[str, str], words: tuple[str, ...], said: tuple[str, ...]
):
    found = admission(replace(READING, flags=flags), "pm10", AdmissionTerms(), words)
    assert found is not None
    assert found.words == said


def test_a_rule_refuses_the_failures_that_it_names_and_suspects_only_if_it_says_so():
    words = ("spike", "flat_line!", "device_flag!")
    assert _why(words) == tuple(
        f"check:{word}!" for word in ("device_flag", "flat_line") if word in NO_MEASUREMENT
    )
    assert _why(words, refuses=["flat_line"]) == ("check:flat_line!",)
    assert _why(words, refuses=[], refuses_suspect=["spike", "flat_line"]) == ("check:spike",)


@pytest.mark.parametrize(
    ("marks", "why"),
    [
        (("late",), ("mark:late",)),
        (("unjudged", "future"), ("mark:future", "mark:unjudged")),
        (("unknown_device",), ("mark:unknown_device",)),
        (("numbers_as_text", "latest"), ()),
        ((), ()),
    ],
)
def test_only_the_marks_that_windows_leave_out_count(marks: tuple[str, ...], why: tuple[str, ...]):
    assert _why(reading=replace(READING, marks=marks)) == why


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
    instant = replace(READING, period=0)
    assert _why(reading=instant, maintenance=[(10 * MINUTE, 11 * MINUTE)]) == ("maintenance",)
    assert _why(reading=instant, maintenance=[(10 * MINUTE + 1, None)]) == ()


def test_what_came_with_the_decision_or_after_it_did_not_count():
    assert _why(cutoff=12 * MINUTE) == ("after",)
    assert _why(cutoff=12 * MINUTE + 1) == ()


def test_all_reasons_are_told_together():
    found = _why(
        ("spike!",),
        beaten=True,
        reading=replace(READING, marks=("late",)),
        refuses=["spike"],
        maintenance=[(0, None)],
        cutoff=0,
    )
    assert found == ("check:spike!", "mark:late", "conflict", "maintenance", "after")
