"""What a site's page says of its record: the verdict calendar, what monitors captured, flags."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.web.names import FLAGS
from alerts.web.site_record import captures_by_day, flag_lines
from alerts.web.verdict_calendar import ANSWERS, bounds_of, midnight, month_asked, month_of
from processors.history import FlaggedReading, StepAnswer, StepCapture
from processors.quality import CHECKS
from tests.fakes.desk import HOUR, NOW

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2026, 11, 1)
DAY = 24 * HOUR
TODAY = midnight(date(2026, 11, 23), ZONE)


def answer(hour: int, code: int, rule: str = "r", length: int = HOUR) -> StepAnswer:
    start = TODAY + hour * HOUR
    return StepAnswer(start, rule, code, start + length)


def test_an_hour_bears_the_worst_answer_of_its_rules_and_a_longer_window_none() -> None:
    answers = [answer(3, 0), answer(3, 2, "s"), answer(4, 1), answer(5, 0), answer(6, 2, "day", DAY)]
    month = month_of(answers, FIRST, NOW, ZONE)
    today = month.days[-1]
    assert today.date == date(2026, 11, 23)
    assert today.hours[3:8] == ("exceeds", "undetermined", "compliant", "none", "none")
    assert today.hours[14:17] == ("none", "ahead", "ahead")  # it is 15:05
    assert (month.count("exceeds"), month.judged) == (1, True)
    assert (month.before, month.after) == ("2026-10", None)


def test_exceeding_hours_that_follow_each_other_are_one() -> None:
    month = month_of([answer(h, 2) for h in (0, 1, 2, 9, 14)], FIRST, NOW, ZONE)
    assert month.days[-1].exceeding == [(0, 3), (9, 10), (14, 15)]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("2026-10", date(2026, 10, 1)),
        ("2026-11", FIRST),
        ("2026-12", FIRST),  # has not come
        ("2026-13", FIRST),
        ("", FIRST),
        ("1999-01", FIRST),
        ("2026-02'; DROP", FIRST),
    ],
)
def test_a_month_that_is_none_is_the_present_one(asked: str, first: date) -> None:
    assert month_asked(asked, NOW, ZONE) == first
    start, end = bounds_of(first, NOW, ZONE)
    assert start == midnight(first, ZONE)
    assert end <= NOW


@given(st.lists(st.tuples(st.integers(0, 10**4), st.integers(0, 2)), max_size=60), st.integers(0, 40))
def test_every_hour_of_every_day_bears_exactly_one_answer(found: list[tuple[int, int]], back: int) -> None:
    first = month_asked(f"{2024 + back // 12}-{back % 12 + 1:02}", NOW, ZONE)
    start = midnight(first, ZONE)
    answers = [StepAnswer(start + h * HOUR, "r", code, start + (h + 1) * HOUR) for h, code in found]
    month = month_of(answers, first, NOW, ZONE)
    assert all(len(day.hours) == 24 and set(day.hours) <= {*ANSWERS, "ahead"} for day in month.days)
    assert [day.date.day for day in month.days] == list(range(1, len(month.days) + 1))


def capture(
    device: str, channel: str, day: int, captured: float, until: int, window: str = "1h"
) -> StepCapture:
    return StepCapture(TODAY + day * DAY, device, channel, window, captured, until)


def test_a_monitors_capture_is_that_of_its_first_channel_by_the_hours_that_are_over() -> None:
    ended = TODAY + 15 * HOUR
    found = [
        capture("a", "pm10", -1, 18.0, TODAY),
        capture("a", "pm10", 0, 15.0, ended),
        capture("a", "pm2_5", 0, 1.0, ended),
        capture("a", "pm10", 0, 3.0, ended, "15m"),
        capture("a", "pm10", 0, 1.0, ended, "1d"),
        capture("b", "tsp", 0, 3.75, ended),
    ]
    lines = captures_by_day(found, ("a", "b", "c"), (TODAY - DAY, TODAY), NOW)
    assert [(line.device, line.channel, line.days) for line in lines] == [
        ("a", "pm10", (0.75, 1.0)),
        ("b", "tsp", (None, 0.25)),
        ("c", "", (None, None)),
    ]


def test_flags_are_counted_those_that_failed_first() -> None:
    readings = [
        FlaggedReading("a", "pm10=spike,gross_range!;tsp=spike"),
        FlaggedReading("b", "pm10=spike"),
        FlaggedReading("b", ""),
    ]
    first, second = flag_lines(readings)
    assert (first.check, first.failed, first.values) == ("gross_range", True, 1)
    assert (second.check, second.failed, second.values) == ("spike", False, 3)
    assert (second.devices, second.channels) == ({"a", "b"}, {"pm10", "tsp"})


def test_every_check_has_a_name() -> None:
    assert set(CHECKS) == set(FLAGS)
