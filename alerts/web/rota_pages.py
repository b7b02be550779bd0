"""Rota: who is on duty now and on the days ahead, by line and unit, for those whose unit answers for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from alerts.duty import DutyBook, unit_of_line
from alerts.duty.rows import days_from
from alerts.kinds import LINES
from alerts.lifecycle.working_time import is_working_day
from alerts.people.answering import Answering
from alerts.people.roles import NAMES
from alerts.people.units import CONTRACTOR, COUNTY, DEPARTMENT, SITE, kind_of_unit, units_of
from alerts.web.access import Person, answering_of, must_be
from alerts.web.desk import Desk
from alerts.web.poller import call
from alerts.web.sources import StoreDown
from ingest.register import Contact, Register, Site

_DAYS = 7
_MOST = 40  # units of a line that a page has; the others are found by their name


class ShownDuty(NamedTuple):
    """A person on a day, by which hours (empty: at any) and instead of whom."""

    name: str
    hours: str
    phone: str = ""
    instead: str = ""


class UnitRota(NamedTuple):
    """A unit with its people by day."""

    unit: str
    days: tuple[tuple[ShownDuty, ...], ...]


class LineRota(NamedTuple):
    """Units of a line; `left`: how many more there are."""

    line: str
    units: tuple[UnitRota, ...]
    left: int


async def rota(request: Request) -> Response:
    """Today and the days ahead; `?q=` a part of a unit's name."""
    desk: Desk = request.app.state.desk
    person, answering = must_be(request), answering_of(request)
    asked = " ".join(request.query_params.get("q", "").split())[:60]
    book, away = await book_of(desk)
    words = desk.words_of(request)
    today = words.local(desk.clock.now_ms()).date()
    days = list(days_from(today, _DAYS))
    working = [is_working_day(desk.life.calendar, day) for day in days]
    lines = []
    for line, units in units_by_line(desk.register, answering, book).items():
        named = [unit for unit in units if asked in f"{desk.unit_name(unit, words)} {unit}"]
        shown = (
            UnitRota(
                unit,
                tuple(
                    duty_of(desk, book, unit, day, works, person)
                    for day, works in zip(days, working, strict=True)
                ),
            )
            for unit in named[:_MOST]
        )
        lines.append(LineRota(line, tuple(shown), len(named) - min(len(named), _MOST)))
    return desk.page(
        request,
        "rota.html",
        lines=[one for one in lines if one.units],
        days=list(zip(days, working, strict=True)),
        revision=book.revision,
        asked=asked,
        away=away,
    )


async def book_of(desk: Desk) -> tuple[DutyBook, bool]:
    """The rows in force, and whether the store that has them does not answer."""
    duty = desk.duty
    if duty is None:
        return DutyBook(), False
    try:
        found: DutyBook = await call("cases", duty.book)
    except StoreDown:
        return DutyBook(), True
    return found, False


def units_by_line(register: Register, answering: Answering, book: DutyBook) -> dict[str, list[str]]:
    """Units that answer for the sites that somebody sees, and those of the county, by line."""
    sites = [site for site in register.sites.values() if answering.site(site.id)]
    named = {f"{DEPARTMENT}:{id}" for site in sites for id in (site.department, site.township)}
    named |= {f"{CONTRACTOR}:{site.contractor}" for site in sites if site.contractor}
    named |= {f"{SITE}:{site.id}" for site in sites}
    found: dict[str, list[str]] = {}
    for unit in units_of(register):
        kind, id = kind_of_unit(unit)
        if answering.sites is not None and unit not in named:
            continue
        if kind in (COUNTY, CONTRACTOR) and not book.keeps(unit):
            continue
        line = (
            register.departments[id].line
            if kind == DEPARTMENT
            else "coordination"
            if kind == COUNTY
            else SITE
        )
        found.setdefault(line, []).append(unit)
    return found


def duty_of(
    desk: Desk, book: DutyBook, unit: str, day: date, working: bool, reader: Person
) -> tuple[ShownDuty, ...]:
    """Who of a unit is on duty on a day, by their hours; telephones for those who may see them."""
    if not book.keeps(unit):
        found = [ShownDuty(one.name, one.hours or "") for one in _contacts(desk.register, unit)]
        return tuple(sorted(found, key=lambda one: one.hours))
    sees = reader.may(NAMES) or reader.account.unit == unit
    rows = [
        ShownDuty(
            one.person.name,
            one.hours,
            one.person.phone if sees else "",
            one.instead.name if one.instead else "",
        )
        for _, one in book.turns_on(unit, day, working)
    ]
    return tuple(sorted(rows, key=lambda one: one.hours))


def answering_for(
    desk: Desk, site: Site, book: DutyBook, day: date, reader: Person
) -> Iterator[tuple[str, str, tuple[ShownDuty, ...]]]:
    """(line, unit, people on duty today) of a site."""
    working = is_working_day(desk.life.calendar, day)
    for line in LINES:
        unit = book.unit_of(site.id, line, day, unit_of_line(site, line))
        people = duty_of(desk, book, unit, day, working, reader)
        if line == SITE and not people and site.contractor:
            unit = f"{CONTRACTOR}:{site.contractor}"
            people = duty_of(desk, book, unit, day, working, reader)
        yield line, unit, people


def _contacts(register: Register, unit: str) -> tuple[Contact, ...]:
    kind, id = kind_of_unit(unit)
    known = register.departments.get(id) if kind == DEPARTMENT else register.sites.get(id)
    return known.contacts if known is not None and kind in (DEPARTMENT, SITE) else ()
