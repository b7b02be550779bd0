"""A month of a site as county days by hours, each with the verdict of the hour. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from ingest.durations import HOUR_MS
from processors.history import StepAnswer

EXCEEDS, UNDETERMINED, COMPLIANT, NONE, AHEAD = "exceeds", "undetermined", "compliant", "none", "ahead"
ANSWERS = (EXCEEDS, UNDETERMINED, COMPLIANT, NONE)
_BY_CODE = (COMPLIANT, UNDETERMINED, EXCEEDS)
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A county day: an answer for each hour of its clock; `ahead`: the hour has not ended yet."""

    date: date
    hours: tuple[str, ...]

    def count(self, answer: str) -> int:
        """Number of hours with an answer."""
        return self.hours.count(answer)

    @property
    def exceeding(self) -> list[tuple[int, int]]:
        """The exceeding hours, those that follow each other as one: (first hour, hour of the end)."""
        found: list[tuple[int, int]] = []
        for hour, answer in enumerate(self.hours):
            if answer != EXCEEDS:
                continue
            if found and found[-1][1] == hour:
                found[-1] = (found[-1][0], hour + 1)
            else:
                found.append((hour, hour + 1))
        return found


@dataclass(frozen=True, slots=True)
class VerdictMonth:
    """The days of a month up to the present one, and the names of its neighbours (`2026-10`)."""

    name: str
    days: tuple[CalendarDay, ...]
    before: str
    after: str | None  # None: it is not there yet

    def count(self, answer: str) -> int:
        """Number of hours with an answer."""
        return sum(day.count(answer) for day in self.days)

    @property
    def judged(self) -> bool:
        """True if any hour has a verdict."""
        return any(self.count(answer) for answer in (EXCEEDS, UNDETERMINED, COMPLIANT))


def month_asked(text: str, now: int, zone: tzinfo) -> date:
    """First day of the month that is asked for; the present one where that is none, or has not come."""
    today = datetime.fromtimestamp(now / 1000, zone).date()
    found = _MONTH.fullmatch(text)
    asked = date(int(found[1]), int(found[2]), 1) if found else today
    return min(asked, today).replace(day=1)


def bounds_of(first: date, now: int, zone: tzinfo) -> tuple[int, int]:
    """[start, end) of a month in ms UTC, as far as it has come."""
    start, end = midnight(first, zone), midnight(_next(first), zone)
    return start, max(min(end, now), start)


def month_of(answers: Iterable[StepAnswer], first: date, now: int, zone: tzinfo) -> VerdictMonth:
    """The month from the worst answers by rule and hour.

    Of several rules the worst counts; windows longer than an hour speak for no hour of their own.
    """
    worst: dict[tuple[date, int], int] = {}
    for one in answers:
        if one.until - one.start > HOUR_MS:
            continue
        at = datetime.fromtimestamp(one.start / 1000, zone)
        key = at.date(), at.hour
        worst[key] = max(worst.get(key, 0), one.code)
    local = datetime.fromtimestamp(now / 1000, zone)
    present = local.date(), local.hour
    days = []
    day = first
    while day < _next(first) and day <= local.date():
        hours = (
            _BY_CODE[worst[day, hour]] if (day, hour) in worst else NONE if (day, hour) < present else AHEAD
            for hour in range(24)
        )
        days.append(CalendarDay(day, tuple(hours)))
        day += timedelta(days=1)
    after = _next(first)
    return VerdictMonth(
        f"{first:%Y-%m}",
        tuple(days),
        f"{first - timedelta(days=1):%Y-%m}",
        f"{after:%Y-%m}" if after <= local.date() else None,
    )


def midnight(day: date, zone: tzinfo) -> int:
    """The instant at which a county day begins, ms UTC."""
    return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)


def _next(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)
