"""Days of work and of rest: as announced by the State Council, above that the county's own calendar.

What neither knows is unknown, and has to be tried both ways. Announced days are those of the package
`chinesecalendar` (2004 to the last year that it has).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

from chinese_calendar import constants

from alerts.lifecycle import WorkingCalendar
from alerts.lifecycle.working_time import is_working_day

_CHINESE = ("Asia/Shanghai", "Asia/Urumqi", "Asia/Harbin", "Asia/Chongqing", "Asia/Kashgar", "PRC")


@cache
def announced(zone: str) -> tuple[frozenset[str], frozenset[str], frozenset[int]]:
    """(holidays, weekend days of work, years known) in a zone; empty where it is not of China."""
    if ZoneInfo(zone).key not in _CHINESE:
        return frozenset(), frozenset(), frozenset()
    holidays = frozenset(day.isoformat() for day in constants.holidays)
    workdays = frozenset(day.isoformat() for day in constants.workdays)
    return holidays, workdays, frozenset(day.year for day in constants.holidays)


@dataclass(frozen=True, slots=True)
class DayKinds:
    """What each day is. `known_years`: those that the calendar knows whole, `known_days`: single days."""

    calendar: WorkingCalendar
    known_years: frozenset[int] = frozenset()
    known_days: frozenset[str] = frozenset()

    def works(self, day: date) -> bool:
        """True for a day of work; one that is unknown goes by its weekday."""
        return is_working_day(self.calendar, day)

    def possible(self, day: date) -> tuple[bool, ...]:
        """What the day may turn out to be."""
        if day.year in self.known_years or day.isoformat() in self.known_days:
            return (self.works(day),)
        return (True, False)
