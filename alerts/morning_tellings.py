"""The morning's digest of a unit: what is open, overdue, due today, and what came in the night. Pure.

Times of day are the county's; the night begins when the offices close (`calendar.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from alerts.casework.responsible import environment_units
from alerts.kinds import MORNING, kind_of
from alerts.lifecycle.case import LifeCase
from alerts.lifecycle.states import AWAITING, ENVIRONMENT, OPEN_STATES
from alerts.lifecycle.stop_watch import RUNNING
from alerts.messages.writer import title_in
from alerts.people.units import COUNTY, DEPARTMENT, SITE, name_of_unit
from alerts.records import OF_A_MORNING, Recipient, Telling
from alerts.routing import Routing, contacts_told
from alerts.step_tellings import ToldCase
from ingest.durations import HOUR_MS
from ingest.register import Register

_LATEST_MS = 4 * HOUR_MS  # who comes on duty so long after it still gets it; later it is no morning's
_COORDINATION = "coordination"
_LISTED = 20  # of each group; the others are counted
OVERDUE, DUE_TODAY, OF_THE_NIGHT, REST = "overdue", "today", "night", "rest"


class Morning(NamedTuple):
    """A county day's digest: its day (ISO), when it is due or told, when the night before began, when the day
    ends; ms UTC.
    """

    day: str
    at: int
    night_since: int
    day_ends: int


class MorningTeller(NamedTuple):
    """Tells units in the morning by one configuration."""

    register: Register
    routing: Routing
    base_url: str

    def due(self, now: int) -> Morning | None:
        """The digest whose time has come at `now` (ms UTC) and is not long past; None: there is none."""
        clock = self.routing.form.delivery.morning_digest
        if clock is None:
            return None
        today = datetime.fromtimestamp(now / 1000, UTC).astimezone(self.register.zone).date()
        at = self._instant(today, clock)
        if not at <= now < at + _LATEST_MS:
            return None
        closes = max((hours.partition("-")[2] for hours in self.routing.duty.duty), default="18:00")
        night = self._instant(today - timedelta(days=1), closes)
        return Morning(today.isoformat(), at, night, self._instant(today + timedelta(days=1), "00:00"))

    def units(self) -> tuple[str, ...]:
        """Units that get one, where they have anything to do: departments and sites."""
        departments = (f"{DEPARTMENT}:{id}" for id in self.register.departments)
        return (*departments, *(f"{SITE}:{id}" for id in self.register.sites))

    def recipients(self, unit: str, now: int) -> list[Recipient]:
        """People of a unit who are on duty."""
        return contacts_told(self.register, self.routing, unit, now)

    def concerns(self, unit: str, case: LifeCase) -> bool:
        """True if a unit has a part in a case: it rectifies, answers for a line, verifies, or coordinates."""
        department = self.register.departments.get(unit.partition(":")[2])
        if unit.startswith(f"{DEPARTMENT}:") and department and department.line == _COORDINATION:
            return True
        verifies = case.state == AWAITING and case.verifier == ENVIRONMENT
        return unit in (case.unit, *(line.unit for line in case.lines)) or (
            verifies and unit in environment_units(self.register)
        )

    def tellings(
        self, unit: str, cases: Iterable[ToldCase], morning: Morning, now: int
    ) -> tuple[Telling, ...]:
        """What a unit is told, to each of its people on duty; of nothing to do nobody is told."""
        own = [case for case in cases if self.concerns(unit, case.life)]
        groups = _grouped(own, unit, morning, now)
        pressing = next((ones[0] for ones in groups.values() if ones), None)
        if pressing is None:
            return ()
        return tuple(self._telling(unit, groups, pressing, morning, to) for to in self.recipients(unit, now))

    def _telling(
        self,
        unit: str,
        groups: Mapping[str, Sequence[ToldCase]],
        pressing: ToldCase,
        morning: Morning,
        to: Recipient,
    ) -> Telling:
        ones = [one for group in groups.values() for one in group]
        facts: dict[str, Any] = {
            "unit": name_of_unit(self.register, unit),
            "own": unit.startswith(f"{SITE}:"),
            "night_since": morning.night_since,
            "open": sum(one.life.state in OPEN_STATES for one in ones),
            "counts": {name: len(found) for name, found in groups.items()},
            "listed": {
                name: [self._entry(one, unit, to.language) for one in found[:_LISTED]]
                for name, found in groups.items()
                if name != REST
            },
        }
        return Telling(
            case=pressing.finding,
            step=MORNING,
            kind=MORNING,
            level="",
            site="",
            recipient=to,
            template=OF_A_MORNING,
            told_at=morning.at,
            number=date.fromisoformat(morning.day).toordinal(),
            covers=tuple(dict.fromkeys(one.finding for one in ones)),
            facts={
                "at": morning.at,
                "zone": str(self.register.zone),
                "link": f"{self.base_url.rstrip('/')}/tasks",
                "facts": facts,
            },
            data={"morning": {"day": morning.day, "unit": unit, "counts": facts["counts"]}},
        )

    def _entry(self, case: ToldCase, unit: str, language: str) -> dict[str, Any]:
        life = case.life
        site = self.register.sites.get(life.site)
        known = (unit, COUNTY, f"{SITE}:{life.site}")  # said already, or by nobody named
        return {
            "number": case.number,
            "site": site.name if site else "",
            "kind": kind_of(life.kind).shown.get(language.partition("_")[0], life.kind),
            "title": title_in(language, dict(case.title)),
            "state": life.state,
            "deadline": _deadline(life, unit),
            "acts": name_of_unit(self.register, life.unit) if life.unit not in known else "",
        }

    def _instant(self, day: date, clock: str) -> int:
        hour, minute = clock.split(":")
        whole, hours = divmod(int(hour), 24)
        local = datetime.combine(day + timedelta(days=whole), time(hours, int(minute)), self.register.zone)
        return round(local.timestamp() * 1000)


def _deadline(life: LifeCase, unit: str) -> int | None:
    """The first deadline of a case: its own, or that of a unit's line."""
    lines = [one.watch.deadline for one in life.lines if one.unit == unit and one.watch.state == RUNNING]
    return min([*lines, *([] if life.deadline is None else [life.deadline])], default=None)


def _grouped(cases: Sequence[ToldCase], unit: str, morning: Morning, now: int) -> dict[str, list[ToldCase]]:
    """Cases by the first group that fits, what presses most first in each."""
    groups: dict[str, list[ToldCase]] = {name: [] for name in (OVERDUE, DUE_TODAY, OF_THE_NIGHT, REST)}
    far = morning.day_ends * 2
    for case in sorted(cases, key=lambda one: (_deadline(one.life, unit) or far, one.number)):
        deadline = _deadline(case.life, unit)
        if case.life.is_open and deadline is not None and deadline < now:
            group = OVERDUE
        elif case.life.is_open and deadline is not None and deadline < morning.day_ends:
            group = DUE_TODAY
        elif case.life.opened_at >= morning.night_since:
            group = OF_THE_NIGHT
        else:
            group = REST
        groups[group].append(case)
    return groups
