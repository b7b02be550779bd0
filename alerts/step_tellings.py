"""Tellings of a case's steps: whom a record is told to, and in which words. Pure.

What a breach itself is told by (its opening, a further one, its end) is the planner's; these are the steps
that people take, and what the passing of time brings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from alerts.casework.life_planner import in_register
from alerts.casework.responsible import environment_units
from alerts.kinds import kind_of
from alerts.lifecycle.case import LifeCase
from alerts.lifecycle.states import (
    ENVIRONMENT,
    FROM_ABOVE,
    MACHINE_FOUND,
    TO_COUNTY_OFFICE,
    TO_LINES,
    TO_UNIT,
    TO_VERIFIER,
)
from alerts.lifecycle.trail import CaseRecord
from alerts.messages.writer import names_but, title_in
from alerts.people.units import COUNTY, DEPARTMENT, name_of_unit
from alerts.records import OF_A_STEP, Recipient, Telling
from alerts.routing import Routing, contacts_told, operators_on_duty
from ingest.register import Register

# Told as what was found: by the planner.
_FOUND: frozenset[str] = frozenset({"open", "join", "record", "over", "imported"})
# Of a share of the time allowed: half of it is noted, and nobody is told.
_THRESHOLDS: Mapping[int, tuple[str, ...]] = {50: (), 75: (TO_UNIT,), 100: (TO_UNIT, TO_COUNTY_OFFICE)}


class ToldCase(NamedTuple):
    """A case whose steps are told; `finding`: the row by which messages know it."""

    number: int
    life: LifeCase
    title: Mapping[str, str]
    finding: str


def parties_of(record: CaseRecord, tells: Iterable[str]) -> tuple[str, ...]:
    """Parties that hear of a record by a telling of its own."""
    if record.command in _FOUND and not (record.command == "open" and _by_people(record)):
        return ()
    if record.command == "rebound":  # the breach itself is told to the others
        return (TO_COUNTY_OFFICE,)
    if record.command == "threshold":
        return _THRESHOLDS.get(int(str(record.values.get("percent", 0))), ())
    return tuple(tells)


def _by_people(record: CaseRecord) -> bool:
    return record.values.get("source", MACHINE_FOUND) != MACHINE_FOUND


class StepTeller(NamedTuple):
    """Tells the steps of cases by one configuration."""

    register: Register
    routing: Routing
    base_url: str

    def tellings(
        self, case: ToldCase, record: CaseRecord, tells: Iterable[str], now: int
    ) -> tuple[Telling, ...]:
        """What has to be told of a record, and to whom; each recipient once."""
        units = dict.fromkeys(
            unit for party in parties_of(record, tells) for unit in self._units(case.life, party, record)
        )
        told: dict[tuple[str, str], Recipient] = {}
        for unit in units:
            for recipient in self._recipients(unit, now):
                told.setdefault((recipient.id, recipient.way), recipient)
        everybody = list(told.values())
        return tuple(self._telling(case, record, one, everybody, now) for one in everybody)

    def _units(self, life: LifeCase, party: str, record: CaseRecord) -> tuple[str, ...]:
        lines = tuple(line.unit for line in life.lines)
        line = str(record.values.get("line", "")).partition("/")[2]
        return {
            TO_UNIT: (line or life.unit,),
            TO_LINES: lines,
            TO_COUNTY_OFFICE: (COUNTY,),
            TO_VERIFIER: tuple(sorted(environment_units(self.register)))
            if life.verifier == ENVIRONMENT
            else tuple(unit for unit in lines if unit != life.unit) or (COUNTY,),
        }[party]

    def _recipients(self, unit: str, now: int) -> list[Recipient]:
        """People of a unit on duty; of the county office those who coordinate, else the operator."""
        if unit != COUNTY:
            found = contacts_told(self.register, self.routing, unit, now)
            return found or operators_on_duty(self.register, self.routing, now)
        offices = [
            f"{DEPARTMENT}:{d.id}" for d in self.register.departments.values() if d.line == "coordination"
        ]
        found = [one for office in offices for one in contacts_told(self.register, self.routing, office, now)]
        return found or operators_on_duty(self.register, self.routing, now)

    def _telling(
        self, case: ToldCase, record: CaseRecord, to: Recipient, everybody: list[Recipient], now: int
    ) -> Telling:
        life, language = case.life, to.language
        site = self.register.sites.get(life.site)
        head = language.partition("_")[0]
        facts = {
            "number": case.number,
            "command": record.command,
            "source": life.source,
            "matter": life.kind,
            "document": record.refs.get("document", ""),
            "percent": record.values.get("percent", 0),
            "what": record.values.get("what", ""),
            "state": life.state,
            "site": site.name if site else "",
            "kind": kind_of(life.kind).shown.get(head, life.kind),
            "title": title_in(language, dict(case.title)),
            "by": name_of_unit(self.register, record.unit),
            "unit": name_of_unit(self.register, life.unit),
        }
        return Telling(
            case=case.finding,
            step=record.command,
            kind=life.kind,
            level=life.level,
            site=in_register(life.site),
            recipient=to,
            template=OF_A_STEP,
            urgent=life.source == FROM_ABOVE,  # never held back
            told_at=now,
            round=record.round,
            number=record.number,
            facts={
                "at": record.at,
                "zone": str(self.register.zone),
                "others": list(names_but(everybody, to)),
                "link": f"{self.base_url.rstrip('/')}/tasks/{case.number}",
                "deadline": life.deadline,
                "from_above": life.source == FROM_ABOVE,
                "facts": facts,
            },
        )
