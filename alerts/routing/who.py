"""Recipients and reasons: routing of a breach to people, duty hours, deadlines, gaps in duty.

Pure. By default the sector department, the territorial line and the site's own contacts are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from alerts.channels import CHANNEL_KINDS
from alerts.duty import PLATFORM, DutyBook, OnDuty, Way, unit_of_line
from alerts.duty.book import DutyMoment
from alerts.kinds import ASKED, BREACH_KINDS
from alerts.records import Recipient
from alerts.routing.forms import Route, Routing
from ingest.durations import HOUR_MS
from ingest.register import Channel, Contact, Register, Site
from ingest.strict_yaml import Document, Problem

_DAY_MIN = 24 * 60
_LINE_WORDS = {
    "sector": "sector line, `{0}` answers for `{1}`",
    "territorial": "territorial line, `{1}` lies in `{0}`",
}


def recipients_of(
    register: Register, routing: Routing, site: str, at: int, kind: str, level: str | None = None
) -> list[Recipient]:
    """Everybody who is told of a matter of `kind` at `site` at the instant `at` (ms UTC), and why.

    If the register does not know the site, the platform's operator is told.
    """
    known = register.sites.get(site)
    if known is None:
        why = f"site `{site}` is not in the register, nobody else can be found"
        return [r._replace(why=f"{r.why}; {why}") for r in operators_on_duty(register, routing, at)]
    moment = moment_of(register, routing, at)
    return _once(_told(register, routing, known, moment, ASKED.get(kind, kind), level))


def contacts_told(register: Register, routing: Routing, unit: str, at: int) -> list[Recipient]:
    """People of a unit (`department:ID`, `site:ID`, `contractor:NAME`) who are on duty at `at`, ms UTC."""
    moment = moment_of(register, routing, at)
    return _once(
        recipient
        for party, contacts in parties_of_unit(register, unit)
        for recipient in _reached(register, routing, contacts, moment, party)
    )


def parties_of_unit(register: Register, unit: str) -> list[tuple[Party, tuple[Contact, ...]]]:
    """Groups that stand for a unit, with the contacts that the register names for each."""
    kind, _, id = unit.partition(":")
    parties: list[tuple[Party, tuple[Contact, ...]]] = []
    if kind == "department" and id in register.departments:
        known = register.departments[id]
        parties.append((Party(unit, known.name, known.line, f"unit `{unit}`"), known.contacts))
    if kind == "contractor":
        parties.append((Party(unit, id, "site", f"unit `{unit}`"), ()))
    for site in register.sites.values():
        if unit in (f"site:{site.id}", f"contractor:{site.contractor}"):
            parties.append((Party(f"site:{site.id}", site.name, "site", f"unit `{unit}`"), site.contacts))
    return parties


def operators_on_duty(register: Register, routing: Routing, at: int) -> list[Recipient]:
    """Operators of the platform who are on duty at `at`."""
    return _once(_operators(register, routing, moment_of(register, routing, at)))


def deadline_ms(routing: Routing, level: str, hours: float | None, at: int) -> int | None:
    """Instant by which a matter of `level` must be rectified; `hours` is the rule's own period, if any."""
    allowed = hours if hours is not None else routing.form.deadlines.get(level)
    return None if allowed is None else at + round(allowed * HOUR_MS)


def uncovered(register: Register, routing: Routing) -> list[Problem]:
    """Every site, kind and hour for which the folder's own people reach nobody, the same every day.

    `uncovered_ahead` asks those of the store as well, day by day.
    """
    edges = _edges(register, routing)
    routing = replace(routing, book=DutyBook())
    found: list[Problem] = []
    for site in register.sites.values():
        gaps: dict[tuple[tuple[int, int], ...], list[str]] = {}
        for kind in BREACH_KINDS:
            for level in _levels(routing, kind):
                empty = [
                    (start, end)
                    for start, end in edges
                    if not any(True for _ in _told(register, routing, site, _any_day(start), kind, level))
                ]
                if empty:
                    matter = kind if level is None else f"{kind} of level `{level}`"
                    gaps.setdefault(tuple(joined(empty)), []).append(matter)
        for when, matters in gaps.items():
            words = (
                f"site `{site.id}` reaches nobody {_hours_text(when)} for {', '.join(matters)}; give its "
                "department, its township or the site a contact with a channel and hours that cover it"
            )
            found.append(register.problem_of("site", site.id, words))
    empty = [(s, e) for s, e in edges if not any(True for _ in _operators(register, routing, _any_day(s)))]
    if empty:
        words = f"the platform's operator is not reachable {_hours_text(joined(empty))}; add a contact"
        document = routing.documents.get("routing.yaml", Document("routing.yaml"))
        found.append(document.problem(("operator",), words))
    return found


# ------------------------------------------------------------------------------------------- inside


class Party(NamedTuple):
    """Group whose contacts are told, its line, and why."""

    id: str
    name: str
    line: str
    why: str


def _told(
    register: Register, routing: Routing, site: Site, moment: DutyMoment, kind: str, level: str | None
) -> Iterator[Recipient]:
    number, route = _route_for(routing, site, kind, level)
    rule = f"routes[{number}]" if number < len(routing.form.routes) else "default route"
    for whom in route.tell:
        if whom == "site":
            yield from _reached_of_site(register, routing, site, moment, rule)
            continue
        id, line, why = _department(register, routing, site, whom, moment)
        department = register.departments.get(id)
        if department is not None:
            party = Party(f"department:{id}", department.name, line, f"{rule}: {why}")
            yield from _reached(register, routing, department.contacts, moment, party)


def _reached_of_site(
    register: Register, routing: Routing, site: Site, moment: DutyMoment, rule: str
) -> Iterator[Recipient]:
    """Own people of a site, else those of its contractor."""
    unit = routing.book.unit_of(site.id, "site", moment.day, f"site:{site.id}")
    why = f"{rule}: own contact of site `{site.id}`"
    found = []
    if unit == f"site:{site.id}":
        found = list(_reached(register, routing, site.contacts, moment, Party(unit, site.name, "site", why)))
        unit = f"contractor:{site.contractor}"
    if not found:
        why = f"{rule}: `{unit}` answers for site `{site.id}`"
        party = Party(unit, unit.partition(":")[2], "site", why)
        found = list(_reached(register, routing, (), moment, party))
    yield from found


def _department(
    register: Register, routing: Routing, site: Site, whom: str, moment: DutyMoment
) -> tuple[str, str, str]:
    """(department, line, why) for an entry of `tell`."""
    if whom in _LINE_WORDS:
        unit = routing.book.unit_of(site.id, whom, moment.day, unit_of_line(site, whom))
        id = unit.partition(":")[2]
        return id, whom, _LINE_WORDS[whom].format(id, site.id)
    id = whom.removeprefix("department:")
    known = register.departments.get(id)
    return id, known.line if known else "sector", f"named by the route as `{whom}`"


def _operators(register: Register, routing: Routing, moment: DutyMoment) -> Iterator[Recipient]:
    party = Party(PLATFORM, "", PLATFORM, "looks after the platform")
    return _reached(register, routing, routing.form.operator, moment, party)


def _reached(
    register: Register,
    routing: Routing,
    contacts: Iterable[Contact],
    moment: DutyMoment,
    party: Party,
) -> Iterator[Recipient]:
    for contact, instead in standing_of(routing, party.id, contacts, moment):
        duty = f"on duty {contact.hours}" if contact.hours else "on duty at any hour"
        duty += f" instead of {instead}" if instead else ""
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


def standing_of(
    routing: Routing, unit: str, contacts: Iterable[Contact], moment: DutyMoment
) -> Iterator[tuple[Contact, str]]:
    """(contact, instead of whom) for everybody of a unit who is on duty.

    By the rows of the store, where they know the unit; else those of `contacts`, by their hours.
    """
    if routing.book.keeps(unit):
        for one in routing.book.on_duty(unit, moment):
            yield contact_of(one), one.instead.name if one.instead else ""
        return
    yield from ((contact, "") for contact in contacts if on_duty(contact.hours, moment.minute))


def contact_of(one: OnDuty) -> Contact:
    """A person on duty as the register would name them."""
    return Contact.model_construct(
        name=one.person.name,
        channels=tuple(channel_of(way) for way in one.person.ways),
        hours=one.hours or None,
        language=None if not one.person.language else "en" if one.person.language == "en" else "zh_CN",
    )


def channel_of(way: Way) -> Channel:
    """A way to a person as the register would name it."""
    kind = CHANNEL_KINDS.get(way.kind)
    key = kind.form.address_key if kind else None
    more = {"via": way.via} if way.via else {}
    if way.address:
        more[key or "address"] = way.address  # one too many is refused by its key
    return Channel.model_validate({"kind": way.kind, **more})


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


def moment_of(register: Register, routing: Routing, at: int) -> DutyMoment:
    """An instant, ms UTC, as duty sees it in the county's zone."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(register.zone)
    day = local.date()
    kinds = routing.duty.day_kinds(register.county.zone)
    return DutyMoment(
        day, local.hour * 60 + local.minute, kinds.works(day), kinds.works(day - timedelta(days=1))
    )


def _any_day(minute: int) -> DutyMoment:
    """A minute of whichever day: the folder's people are there on all of them."""
    return DutyMoment(date(2000, 1, 1), minute, True, True)


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


def joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in stretches:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _hours_text(stretches: Iterable[tuple[int, int]]) -> str:
    found = list(stretches)
    if found == [(0, _DAY_MIN)]:
        return "at any hour"
    return "at " + " and ".join(f"{clock_text(start)}-{clock_text(end)}" for start, end in found)


def clock_text(minute: int) -> str:
    """A minute of the day as 08:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _once(recipients: Iterable[Recipient]) -> list[Recipient]:
    """Each recipient once per channel and address, with the first reason."""
    seen: dict[tuple[str, str], Recipient] = {}
    for recipient in recipients:
        seen.setdefault((recipient.id, recipient.way), recipient)
    return list(seen.values())
