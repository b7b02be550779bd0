"""A desk in memory for the life cycle: cases, their trails, and commands of people by role and unit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from alerts.lifecycle import (
    Actor,
    CaseRecord,
    Decided,
    FoundBreach,
    LifeCase,
    LifeCommand,
    LifeFacts,
    Placement,
    Salted,
    WorkingCalendar,
    decide,
    next_due,
    place,
    taken_by,
)
from alerts.lifecycle.fields import FIELD_HOLDERS, REF, TEXT

HOUR = 3_600_000
MINUTE = 60_000
DAY = 24 * HOUR
ZONE = "Asia/Shanghai"
SALT = bytes(range(16))
CALENDAR = WorkingCalendar(
    ZONE,
    holidays=frozenset({"2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07"}),
    workdays=frozenset({"2026-10-10"}),
)


def at(text: str) -> int:
    """The instant of an ISO text in the county's time."""
    return round(datetime.fromisoformat(f"{text}+08:00").timestamp() * 1000)


MORNING = at("2026-11-23T09:00:00")  # a Monday
FACTS = LifeFacts(
    county_office="office",
    calendar=CALENDAR,
    environment_units=frozenset({"environment"}),
    units=frozenset({"office", "builder", "housing", "town", "environment"}),
    newest_determined=True,
)
BUILDER = ("contractor", "builder")
HOUSING = ("department", "housing")
OFFICE = ("office", "office")
BRANCH = ("verifier", "environment")
TOWN = ("township", "town")
MACHINE = ("machine", "")


def salted(text: str) -> Salted:
    """A text with the salt of the tests."""
    return Salted(SALT, text)


def command(name: str, who: tuple[str, str], version: int, instant: int, **fields: Any) -> LifeCommand:
    """A command whose fields stand where they belong."""
    values, texts, refs = {}, {}, {}
    lines = fields.pop("lines", ())
    for field, value in fields.items():
        holder = FIELD_HOLDERS[field]
        if holder == TEXT:
            texts[field] = salted(value)
        else:
            (refs if holder == REF else values)[field] = value
    role, unit = who
    person = None if role == "machine" else salted(f"somebody of {unit}")
    return LifeCommand(name, instant, version, Actor(role, unit, person), values, texts, refs, lines)


class LifeDesk:
    """Cases by id with their trails; `now` goes on by a minute with each command."""

    def __init__(self, facts: LifeFacts = FACTS) -> None:
        self.facts = facts
        self.cases: dict[str, LifeCase] = {}
        self.trails: dict[str, list[CaseRecord]] = {}
        self.placed: dict[str, Placement] = {}
        self.now = MORNING

    def facts_for(self, case: LifeCase | None, into: str | None = None, **changes: Any) -> LifeFacts:
        """The facts for a command on a case."""
        other = self.cases.get(into or (case.merged_into if case else None) or "")
        trail = tuple(self.trails.get(case.id, ())) if case else ()
        return replace(self.facts, other=other, trail=trail, **changes)

    def give(self, id: str | None, name: str, who: tuple[str, str] = MACHINE, **fields: Any) -> Decided:
        """Give a command to a case (None: to none) and keep what follows."""
        case = self.cases.get(id or "")
        self.now += MINUTE
        said = command(name, who, case.version if case else 0, self.now, **fields)
        facts = self.facts_for(case, fields.get("into"), taken_by=self.taken(case, fields))
        return self.keep(decide(case, said, facts))

    def taken(self, case: LifeCase | None, fields: dict[str, Any]) -> str | None:
        """The open case of the matter that a command is about."""
        site, kind, day = (
            (case.site, case.kind, fields.get("day", case.day))
            if case
            else (fields.get(f, "") for f in ("site", "kind", "day"))
        )
        return taken_by(site, kind, day, list(self.cases.values())) or self.facts.taken_by

    def keep(self, decided: Decided) -> Decided:
        """Keep what was decided."""
        if decided.accepted:
            assert decided.case is not None
            assert decided.record is not None
            self.cases[decided.case.id] = decided.case
            self.trails.setdefault(decided.case.id, []).append(decided.record)
        return decided

    def must(self, id: str | None, name: str, who: tuple[str, str] = MACHINE, **fields: Any) -> LifeCase:
        """Give a command that has to be accepted; the case after it."""
        decided = self.give(id, name, who, **fields)
        assert decided.accepted, decided.refusal
        assert decided.case is not None
        return decided.case

    def refused(self, id: str | None, name: str, who: tuple[str, str] = MACHINE, **fields: Any) -> str:
        """Give a command that has to be refused; the guard that failed."""
        decided = self.give(id, name, who, **fields)
        assert not decided.accepted
        assert decided.refusal is not None
        return decided.refusal.guard

    def find(self, found: FoundBreach, **fields: Any) -> Placement:
        """Place a breach and give its case the command that follows."""
        had = self.placed.get(found.id)
        placement = place(found, list(self.cases.values()), had.case if had else None)
        said: dict[str, Any] = {"breach": found.id, "why": placement.why, **fields}
        if placement.is_new:
            said |= {"case": placement.case, "site": found.site, "kind": found.kind, "day": found.day}
            said |= {"source": "machine", "level": said.get("level", "warning"), "unit": "builder"}
            said |= {"predecessor": placement.predecessor or ""}
        elif placement.command == "rebound":
            said |= {"day": found.day}
        elif placement.command == "amend":
            said = {"breach": found.id, "why": placement.why}
        elif placement.command == "open":
            said |= {"unit": "builder"}
        self.must(None if placement.is_new else placement.case, placement.command, **said)
        self.placed[found.id] = placement
        return placement

    def pass_time(self, until: int) -> list[str]:
        """Let time pass: what is due is done, in each case until nothing is; the commands in order."""
        self.now = max(self.now, until)
        done = []
        for id in list(self.cases):
            for _ in range(100):
                case = self.cases[id]
                facts = self.facts_for(case)
                due = next_due(case, self.now, facts)
                if due is None:
                    break
                decided = self.keep(decide(case, due, facts))
                assert decided.accepted, decided.refusal
                done.append(due.name)
            else:
                raise AssertionError(f"{id}: what is due never ends: {done[-3:]}")
        return done


def opened(desk: LifeDesk, id: str = "c1", **fields: Any) -> str:
    """A case that the machine found; `fields` replace what it was found with."""
    said = {
        "case": id,
        "site": "site-1",
        "kind": "exceedance",
        "day": "2026-11-23",
        "source": "machine",
        "level": "warning",
        "unit": "builder",
    }
    desk.must(None, "open", **{**said, **fields})
    return id


def in_state(desk: LifeDesk, state: str, id: str = "c1", **fields: Any) -> str:
    """A case for rectification that was brought into a state."""
    more = {"level": "violation", **fields}
    if state == "recorded":
        said = {"case": id, "site": "site-1", "kind": "exceedance", "day": "2026-11-23", "source": "machine"}
        more.pop("lines", None)
        desk.must(None, "record", why="not_told_on_record", **{**said, **more})
        return id
    opened(desk, id, **more)
    way = ["assigned", "acknowledged", "rectifying", "awaiting_verification", "rebound_watch"]
    steps = {
        "acknowledged": lambda: desk.must(id, "sign", BUILDER),
        "rectifying": lambda: desk.must(id, "start", BUILDER),
        "awaiting_verification": lambda: desk.must(
            id, "submit", BUILDER, photo_after="p1", statement="网已盖好"
        ),
        "rebound_watch": lambda: (desk.must(id, "over"), desk.must(id, "accept", BRANCH)),
    }
    if state in way:
        for step in way[1 : way.index(state) + 1]:
            steps[step]()
    elif state == "postponed":
        desk.must(id, "postpone", OFFICE, until=desk.now + 3 * DAY, reason="等待材料")
    elif state == "merged":
        opened(desk, f"{id}-target", kind="suspicion", site=desk.cases[id].site, day=desk.cases[id].day)
        desk.must(id, "merge", OFFICE, into=f"{id}-target", reason="同一事件")
    elif state == "archived":
        desk.must(id, "false_alarm", OFFICE, reason="仪器校准")
    assert desk.cases[id].state == state
    return id
