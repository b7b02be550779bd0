"""Recipients and reasons: routing of a breach to people, duty hours, deadlines, gaps in duty.

Pure. By default the sector department, the territorial line and the site's own contacts are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts.kinds import ASKED, BREACH_KINDS
from alerts.records import Recipient
from alerts.routing.forms import Route, Routing
from ingest.durations import HOUR_MS
from ingest.register import Contact, Register, Site
from ingest.strict_yaml import Document, Problem

_DAY_MIN = 24 * 60


def recipients_of(
    register: Register, routing: Routing, site: str, at: int, kind: str, level: str | None = None
) -> list[Recipient]:
    """Everybody who is told of a matter of `kind` at `site` at the instant `at` (ms UTC), and why.

    If the register does not know the site, the platform's operator is told.
    """
    minute = _minute_of_day(at, register.zone)
    known = register.sites.get(site)
    if known is None:
        why = f"site `{site}` is not in the register, nobody else can be found"
        return [r._replace(why=f"{r.why}; {why}") for r in operators_on_duty(register, routing, at)]
    return _once(_told(register, routing, known, minute, ASKED.get(kind, kind), level))


def contacts_told(register: Register, routing: Routing, unit: str, at: int) -> list[Recipient]:
    """People of a unit (`department:ID`, `site:ID`, `contractor:NAME`) who are on duty at `at`, ms UTC."""
    minute = _minute_of_day(at, register.zone)
    kind, _, id = unit.partition(":")
    parties: list[tuple[_Party, tuple[Contact, ...]]] = []
    if kind == "department" and id in register.departments:
        known = register.departments[id]
        parties.append((_Party(unit, known.name, known.line, f"unit `{unit}`"), known.contacts))
    for site in register.sites.values():
        if unit in (f"site:{site.id}", f"contractor:{site.contractor}"):
            parties.append((_Party(f"site:{site.id}", site.name, "site", f"unit `{unit}`"), site.contacts))
    return _once(
        recipient
        for party, contacts in parties
        for recipient in _reached(register, routing, contacts, minute, party)
    )


def operators_on_duty(register: Register, routing: Routing, at: int) -> list[Recipient]:
    """Operators of the platform who are on duty at `at`."""
    minute = _minute_of_day(at, register.zone)
    return _once(_operators(register, routing, minute))


def deadline_ms(routing: Routing, level: str, hours: float | None, at: int) -> int | None:
    """Instant by which a matter of `level` must be rectified; `hours` is the rule's own period, if any."""
    allowed = hours if hours is not None else routing.form.deadlines.get(level)
    return None if allowed is None else at + round(allowed * HOUR_MS)


def uncovered(register: Register, routing: Routing) -> list[Problem]:
    """Every site, kind and hour for which nobody would be told; duty hours are the same every day."""
    edges = _edges(register, routing)
    found: list[Problem] = []
    for site in register.sites.values():
        gaps: dict[tuple[tuple[int, int], ...], list[str]] = {}
        for kind in BREACH_KINDS:
            for level in _levels(routing, kind):
                empty = [
                    (start, end)
                    for start, end in edges
                    if not any(True for _ in _told(register, routing, site, start, kind, level))
                ]
                if empty:
                    matter = kind if level is None else f"{kind} of level `{level}`"
                    gaps.setdefault(tuple(_joined(empty)), []).append(matter)
        for when, matters in gaps.items():
            words = (
                f"site `{site.id}` reaches nobody {_hours_text(when)} for {', '.join(matters)}; give its "
                "department, its township or the site a contact with a channel and hours that cover it"
            )
            found.append(register.problem_of("site", site.id, words))
    empty = [(s, e) for s, e in edges if not any(True for _ in _operators(register, routing, s))]
    if empty:
        words = f"the platform's operator is not reachable {_hours_text(_joined(empty))}; add a contact"
        document = routing.documents.get("routing.yaml", Document("routing.yaml"))
        found.append(document.problem(("operator",), words))
    return found


# ------------------------------------------------------------------------------------------- inside


class _Party(NamedTuple):
    """Group whose contacts are told, its line, and why."""

    id: str
    name: str
    line: str
    why: str


def _told(
    register: Register, routing: Routing, site: Site, minute: int, kind: str, level: str | None
) -> Iterator[Recipient]:
    number, route = _route_for(routing, site, kind, level)
    rule = f"routes[{number}]" if number < len(routing.form.routes) else "default route"
    for whom in route.tell:
        if whom == "site":
            why = f"{rule}: own contact of site `{site.id}`"
            party = _Party(f"site:{site.id}", site.name, "site", why)
            yield from _reached(register, routing, site.contacts, minute, party)
            continue
        id, line, why = _department(register, site, whom)
        department = register.departments.get(id)
        if department is not None:
            party = _Party(f"department:{id}", department.name, line, f"{rule}: {why}")
            yield from _reached(register, routing, department.contacts, minute, party)


def _department(register: Register, site: Site, whom: str) -> tuple[str, str, str]:
    """(department, line, why) for an entry of `tell`."""
    if whom == "sector":
        return site.department, "sector", f"sector line, `{site.department}` answers for `{site.id}`"
    if whom == "territorial":
        return site.township, "territorial", f"territorial line, `{site.id}` lies in `{site.township}`"
    id = whom.removeprefix("department:")
    known = register.departments.get(id)
    return id, known.line if known else "sector", f"named by the route as `{whom}`"


def _operators(register: Register, routing: Routing, minute: int) -> Iterator[Recipient]:
    party = _Party("platform", "", "platform", "looks after the platform")
    return _reached(register, routing, routing.form.operator, minute, party)


def _reached(
    register: Register,
    routing: Routing,
    contacts: Iterable[Contact],
    minute: int,
    party: _Party,
) -> Iterator[Recipient]:
    for contact in contacts:
        if not on_duty(contact.hours, minute):
            continue
        duty = f"on duty {contact.hours}" if contact.hours else "on duty at any hour"
        for use in contact.channels:
            channel = routing.channel_of(use)
            if isinstance(channel, str):
                continue
            yield Recipient(
                id=f"{party.id}/{contact.name}",
                name=contact.name if party.name in contact.name else f"{party.name} {contact.name}",
                line=party.line,
                channel=channel.id,
                kind=channel.kind,
                address=str(use.options.get(channel.address_key or "") or ""),
                why=f"{party.why}; {duty}",
                language=contact.language or register.county.language,
            )


def _route_for(routing: Routing, site: Site, kind: str, level: str | None) -> tuple[int, Route]:
    for number, route in enumerate(routing.routes):
        if route.means(kind) and route.level in (None, level) and route.site_kind in (None, site.kind):
            return number, route
    raise AssertionError("the default route matches everything")


def _levels(routing: Routing, kind: str) -> list[str | None]:
    named = {route.level for route in routing.form.routes if route.kind in (None, kind)}
    return [None, *sorted(level for level in named if level is not None)]


def on_duty(hours: str | None, minute: int) -> bool:
    """True if the minute of the day is within hours such as 08:00-18:00 or 18:00-08:00; None: always."""
    if hours is None:
        return True
    start, end = (_minutes(text) for text in hours.split("-"))
    if start < end:
        return start <= minute < end
    return minute >= start or minute < end


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _minute_of_day(at: int, zone: ZoneInfo) -> int:
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    return local.hour * 60 + local.minute


def _edges(register: Register, routing: Routing) -> list[tuple[int, int]]:
    """Stretches of the day in which nobody's duty begins or ends."""
    contacts = [c for d in register.departments.values() for c in d.contacts]
    contacts += [c for s in register.sites.values() for c in s.contacts]
    contacts += routing.form.operator
    cuts = {0, _DAY_MIN}
    for contact in contacts:
        if contact.hours:
            cuts.update(_minutes(text) for text in contact.hours.split("-"))
    ordered = sorted(cuts)
    return list(pairwise(ordered))


def _joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in stretches:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _hours_text(stretches: Iterable[tuple[int, int]]) -> str:
    found = list(stretches)
    if found == [(0, _DAY_MIN)]:
        return "at any hour"
    return "at " + " and ".join(f"{_clock(start)}-{_clock(end)}" for start, end in found)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _once(recipients: Iterable[Recipient]) -> list[Recipient]:
    """Each recipient once per channel and address, with the first reason."""
    seen: dict[tuple[str, str], Recipient] = {}
    for recipient in recipients:
        seen.setdefault((recipient.id, recipient.way), recipient)
    return list(seen.values())
