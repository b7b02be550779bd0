"""Dated rows of responsibility. Days are of the county, `since` and `until` included; empty: open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from ingest.register import Site

PLATFORM = "platform"  # the unit of those who look after the platform itself
ALL_DAYS, WORKDAYS, REST_DAYS = "all", "workdays", "restdays"
WEEKDAYS: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")
_WAY = re.compile(r"(?P<kind>[a-z_]+)(@(?P<via>[^:\s]+))?(:(?P<address>.+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Way:
    """A way to a person, written KIND[@CHANNEL][:ADDRESS]."""

    kind: str
    via: str = ""
    address: str = ""

    def __str__(self) -> str:
        via = f"@{self.via}" if self.via else ""
        return f"{self.kind}{via}:{self.address}" if self.address else f"{self.kind}{via}"

    @classmethod
    def of(cls, text: str) -> Way:
        """The inverse of `str`. Raises ValueError."""
        found = _WAY.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"`{text}` is no way to a person; write for example mail:zhou@example.org")
        return cls(found["kind"], found["via"] or "", (found["address"] or "").strip())


@dataclass(frozen=True, slots=True)
class DutyPerson:
    """A person or duty desk of a unit. Without turns at it reachable at any hour."""

    id: str
    name: str
    unit: str
    phone: str = ""
    ways: tuple[Way, ...] = ()
    language: str = ""  # empty: the county's
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """The unit that answers for a line of a site meanwhile, instead of the one in the register."""

    id: str
    site: str
    line: str
    unit: str
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class DutyTurn:
    """When a person is on duty for a unit; `days`: all, workdays, restdays, or names of weekdays."""

    id: str
    unit: str
    person: str
    hours: str = ""  # 08:00-18:00, 18:00-08:00 (till the morning after); empty: the whole day
    days: str = ALL_DAYS
    since: str = ""
    until: str = ""

    @property
    def over_midnight(self) -> bool:
        """True if it ends on the day after."""
        return bool(self.hours) and self.hours[:5] >= self.hours[6:]


@dataclass(frozen=True, slots=True)
class Deputy:
    """Who stands in for a person, wherever that one would be told."""

    id: str
    person: str
    deputy: str
    since: str = ""
    until: str = ""
    reason: str = ""


DutyRow = DutyPerson | SiteAnswer | DutyTurn | Deputy


def in_force(row: DutyRow, day: date) -> bool:
    """True if a row holds on a day."""
    iso = day.isoformat()
    return (not row.since or row.since <= iso) and (not row.until or iso <= row.until)


def is_duty_day(days: str, day: date, working: bool) -> bool:
    """True if a turn of `days` begins on a day that is, or is not, one of work."""
    if days in (WORKDAYS, REST_DAYS):
        return working is (days == WORKDAYS)
    return days == ALL_DAYS or WEEKDAYS[day.weekday()] in days.split()


def overlap(one: DutyRow, other: DutyRow) -> bool:
    """True if two rows hold on a common day."""
    begins = max(one.since, other.since)
    ends = min(one.until or "9999", other.until or "9999")
    return begins <= ends


def days_from(first: date, count: int) -> Iterator[date]:
    """So many days from `first` on."""
    return (first + timedelta(days=n) for n in range(count))


def unit_of_line(site: Site, line: str) -> str:
    """The unit that the register names for a line of a site; empty: none."""
    return {
        "sector": f"department:{site.department}",
        "territorial": f"department:{site.township}",
        "site": f"site:{site.id}",
    }.get(line, "")
