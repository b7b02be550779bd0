"""Planner of the life cycle's commands: from what detection found, and what a case has to know to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from alerts.casework.responsible import (
    Responsible,
    all_units,
    environment_units,
    responsible_for,
)
from alerts.casework.traits import Traits, place_traits
from alerts.duty import DutyBook
from alerts.kinds import EXCEEDANCE
from alerts.lifecycle import (
    Actor,
    FoundBreach,
    LifeCase,
    LifeCommand,
    LifeFacts,
    MatterRow,
    Placement,
    WorkingCalendar,
    county_day,
)
from alerts.lifecycle.importing import CaseOfBefore, import_of, life_of_before
from alerts.lifecycle.matters import MATTERS
from alerts.lifecycle.states import MACHINE, MACHINE_FOUND, NOT_TOLD_ON_RECORD
from alerts.lifecycle.trail import Plain
from alerts.people.units import COUNTY
from alerts.records import Case, CaseChange
from ingest.register import Register
from processors.silence import AT_REST

_MACHINE = Actor(MACHINE)
LATE_MS = 30 * 60_000  # told so long after it was found, a message says that it is late
SEVERAL_SITES = "*"  # the site of a case that concerns several, or none more than the others
_ALLOWANCE_USED_UP = "allowance_exceeded"
# Reasons for which a breach ends without its verdicts being compliant.
NOT_JUDGED = frozenset({"rule_removed", "rule_suspended", "device_removed", "site_removed", AT_REST})


def in_register(site: str) -> str:
    """The site of a case as the register has it; empty: it concerns several."""
    return "" if site == SEVERAL_SITES else site


class CaseFinding(NamedTuple):
    """What was found, as its case has it: a breach with its newest event, or trouble of the platform."""

    case: Case
    event: str  # opened | amended | closed
    data: dict[str, Any]  # the event's fields
    at: int  # of the event, ms UTC

    @property
    def id(self) -> str:
        """Id under which it is placed: the breach's, or that of the trouble."""
        return self.case.breach or self.case.id

    @property
    def site(self) -> str:
        """The site, or that it concerns none of them more than the others."""
        return self.case.site or SEVERAL_SITES

    @property
    def span(self) -> tuple[int, int]:
        """Its interval; where it has none the instant at which it was found; ms UTC."""
        start, end = self.data.get("start"), self.data.get("end")
        at = self.case.opened_at
        return at if start is None else int(start), at if end is None else int(end)

    @property
    def tell(self) -> bool:
        """True if somebody is to be told of it now."""
        return bool(self.data.get("tell", True)) and self.event != "closed"


@dataclass(frozen=True, slots=True)
class PlacedBreach:
    """A breach in its case. `start`, `end`: the interval that opened it; `over_at`: None while it lasts."""

    breach: str
    case: str
    finding: str
    round: int
    why: str
    start: int
    end: int
    over_at: int | None = None
    complies: bool = False  # it ended because its own verdict was put right, or is no longer judged


@dataclass(frozen=True, slots=True)
class LifePlanner:
    """What one configuration says of units, times and the county's days."""

    register: Register
    calendar: WorkingCalendar
    matters: tuple[MatterRow, ...] = MATTERS
    book: DutyBook = field(default_factory=DutyBook)  # who answers for what, by the store
    # of the register as a whole: made once, not with each decision
    _facts: LifeFacts = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        facts = LifeFacts(
            county_office=COUNTY,
            calendar=self.calendar,
            environment_units=environment_units(self.register),
            matters=self.matters,
            units=all_units(self.register),
        )
        object.__setattr__(self, "_facts", facts)

    def facts(self, **known: Any) -> LifeFacts:
        """What a decision has to know; `known`: what is particular to the case."""
        return replace(self._facts, **known) if known else self._facts

    def found(self, finding: CaseFinding) -> FoundBreach:
        """What placing has to know of a finding."""
        start, end = _interval(finding)
        day = county_day(start, end, self.calendar.zone)
        case = finding.case
        return FoundBreach(finding.id, finding.site, case.kind, day, start, finding.tell)

    def traits(self, finding: CaseFinding) -> Traits:
        """What the case of a finding is counted by; of an exceedance also the hour judged."""
        exceeds = finding.case.kind == EXCEEDANCE
        return place_traits(self.register, finding.site, [finding.span[0]] if exceeds else [])

    def placing(self, finding: CaseFinding, placement: Placement, case: LifeCase | None) -> LifeCommand:
        """The command that a placement asks for."""
        said: dict[str, Plain] = {}
        if placement.is_new:
            said |= {
                "case": placement.case,
                "site": finding.site,
                "kind": finding.case.kind,
                "day": placement.day,
                "source": MACHINE_FOUND,
            }
        if placement.predecessor and placement.is_new:
            said["predecessor"] = placement.predecessor
        if placement.command == "rebound":
            said["day"] = placement.day
        if placement.command in ("open", "join", "rebound", "record"):
            said |= self._matter(finding)
        if placement.command in ("record", "amend", "join"):
            said["why"] = NOT_TOLD_ON_RECORD if placement.command == "record" else placement.why
        answering = self.responsible(finding.site, finding.case.kind, finding.at)
        if placement.command in ("open", "record"):
            said["unit"] = answering.unit
        refs: dict[str, Plain] = {"breach": finding.id}
        if placement.command in ("open", "record") and self.book.revision:
            refs["responsibility"] = self.book.revision
        if finding.data.get("verdict"):
            refs["verdict"] = str(finding.data["verdict"])
        version = case.version if case is not None else 0
        lines = answering.lines if placement.command == "open" else ()
        return LifeCommand(placement.command, finding.at, version, _MACHINE, said, refs=refs, lines=lines)

    def ended(
        self, case: LifeCase, breaches: Sequence[PlacedBreach], finding: CaseFinding
    ) -> LifeCommand | None:
        """What the end of a breach asks of its case: over, withdrawn, or nothing while another one lasts."""
        own = [one for one in breaches if one.round == case.round]
        if not own or any(one.over_at is None for one in own):
            return None
        refs = {"verdict": str(finding.data["verdict"])} if finding.data.get("verdict") else {}
        if all(one.complies for one in own) and case.withdrawal_at is None:
            return LifeCommand("withdraw", finding.at, case.version, _MACHINE, refs=refs)
        if case.over_at is not None:
            return None
        return LifeCommand("over", finding.at, case.version, _MACHINE, refs=refs)

    def before(self, finding: Case, at: int, salt: bytes) -> tuple[LifeCommand, LifeFacts]:
        """The import of a case of before there were stages, and the facts that it is decided with."""
        as_found = CaseFinding(finding, "opened", finding.data, finding.opened_at)
        day = self.found(as_found).day
        unit = self.responsible(finding.site, finding.kind, finding.opened_at).unit
        old = CaseOfBefore(
            id=finding.id,
            state=finding.state,
            kind=finding.kind,
            level=finding.level,
            site=as_found.site,
            day=day,
            unit=unit,
            opened_at=finding.opened_at,
            deadline=finding.deadline,
            recovered_at=finding.recovered_at,
            acknowledged_at=finding.acknowledged_at,
            acknowledged_by=finding.acknowledged_by,
            closed_at=finding.closed_at,
        )
        facts = self.facts()
        return import_of(old, at, salt), replace(facts, other=life_of_before(old, at, facts))

    def responsible(self, site: str, kind: str, at: int) -> Responsible:
        """Who answers for a matter at an instant, ms UTC."""
        day = datetime.fromtimestamp(at / 1000, self.register.zone).date()
        return responsible_for(self.register, site, kind, day, self.book)

    def _matter(self, finding: CaseFinding) -> dict[str, Plain]:
        said: dict[str, Plain] = {"level": str(finding.data.get("level") or finding.case.level)}
        hours = finding.data.get("deadline_h")
        if hours is not None and hours >= 1:
            said["rectify_hours"] = int(hours)
        if _ALLOWANCE_USED_UP in (finding.data.get("reasons") or ()):
            said["allowance_left"] = 0
        return said


def found_by(change: CaseChange, now: int) -> CaseFinding | None:
    """What a change found, or found to be over; None: it is about something else.

    What is told long after it was found counts from when it is told.
    """
    event = change.event
    if event.event not in ("opened", "amended", "closed"):
        return None
    at = now if now - event.at > LATE_MS and event.event != "closed" else event.at
    return CaseFinding(change.case, event.event, event.data, at)


def complies_now(placed: PlacedBreach, finding: CaseFinding) -> bool:
    """True if a breach ended because its own interval complies after all, or is no longer judged."""
    if NOT_JUDGED & set(finding.data.get("reasons") or ()):
        return True
    same = (finding.data.get("start"), finding.data.get("end")) == (placed.start, placed.end)
    return finding.case.kind == EXCEEDANCE and same


def _interval(finding: CaseFinding) -> tuple[int, int]:
    """The interval by which it has its day: of an exceedance the one judged, else when it was found."""
    found_at = finding.case.opened_at
    return finding.span if finding.case.kind == EXCEEDANCE else (found_at, found_at)
