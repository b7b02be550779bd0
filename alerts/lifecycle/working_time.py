"""Working time: how much of it lies between two instants, and when an amount of it has been spent.

Instants are ms UTC, days are of the calendar's zone. Duty hours, holidays and the weekend days on which
people work instead (调休) are data; nothing is assumed about a day that the calendar does not name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

_MINUTES_OF_A_DAY = 24 * 60
_MINUTE = 60_000
_MOST_DAYS = 4000  # further ahead no deadline of a case can lie


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """When people are on duty.

    `duty`: minutes of the day, disjoint and in order: ((510, 720), (840, 1050)) is 08:30-12:00, 14:00-17:30.
    `weekdays`: 0 is Monday. `holidays` and `workdays` (调休): ISO days. Raises ValueError for what cannot be.
    """

    zone: str
    duty: tuple[tuple[int, int], ...] = ((510, 720), (840, 1050))
    weekdays: frozenset[int] = frozenset(range(5))
    holidays: frozenset[str] = frozenset()
    workdays: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        last = 0
        for start, end in self.duty:
            if not last <= start < end <= _MINUTES_OF_A_DAY:
                raise ValueError(f"duty hours are not in order within a day: {self.duty}")
            last = end
        if not self.duty or not self.weekdays or not self.weekdays <= set(range(7)):
            raise ValueError("a calendar needs duty hours, and weekdays of 0 (Monday) to 6")
        if self.day_ms < 60 * _MINUTE:
            raise ValueError("a working day has an hour of duty at least: else no deadline would come near")
        if both := self.holidays & self.workdays:
            raise ValueError(f"both a holiday and a day of work: {', '.join(sorted(both))}")
        for day in (*self.holidays, *self.workdays):
            date.fromisoformat(day)
        ZoneInfo(self.zone)

    @property
    def day_ms(self) -> int:
        """Duty time of one working day, ms."""
        return sum(end - start for start, end in self.duty) * _MINUTE


def is_working_day(calendar: WorkingCalendar, day: date) -> bool:
    """True if people are on duty that day."""
    iso = day.isoformat()
    if iso in calendar.workdays:
        return True
    return iso not in calendar.holidays and day.weekday() in calendar.weekdays


def working_ms(calendar: WorkingCalendar, start: int, end: int) -> int:
    """Working time in [start, end), ms; 0 where `end` does not lie after `start`."""
    if end <= start:
        return 0
    spent = 0
    for opens, closes in _shifts(calendar, start):
        if opens >= end:
            break
        spent += max(0, min(closes, end) - max(opens, start))
    return spent


def after_working(calendar: WorkingCalendar, start: int, amount: int) -> int:
    """First instant at which `amount` ms of working time have been spent since `start`; `start` for none.

    Raises ValueError if the calendar has not so much working time ahead.
    """
    left = amount
    if left <= 0:
        return start
    for opens, closes in _shifts(calendar, start):
        room = closes - max(opens, start)
        if 0 < left <= room:
            return max(opens, start) + left
        left -= max(0, room)
    raise ValueError(f"no {amount} ms of working time within {_MOST_DAYS} days")


def _shifts(calendar: WorkingCalendar, start: int) -> Iterator[tuple[int, int]]:
    """Spans of duty as instants, in order, from the day of `start` on."""
    day = datetime.fromtimestamp(start / 1000, ZoneInfo(calendar.zone)).date()
    for _ in range(_MOST_DAYS):
        if is_working_day(calendar, day):
            yield from _day_shifts(calendar.zone, calendar.duty, day)
        day += timedelta(days=1)


@cache
def _day_shifts(zone: str, duty: tuple[tuple[int, int], ...], day: date) -> tuple[tuple[int, int], ...]:
    return tuple((_instant(zone, day, start), _instant(zone, day, end)) for start, end in duty)


def _instant(zone: str, day: date, minute: int) -> int:
    later, minute = divmod(minute, _MINUTES_OF_A_DAY)
    day += timedelta(days=later)
    at = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone))
    return round(at.timestamp() * 1000)
