"""Units that answer for a matter: which one has to act, and the other lines of responsibility beside it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from alerts.duty import DutyBook, unit_of_line
from alerts.kinds import LINES, SUSPICION
from alerts.people.units import CONTRACTOR, COUNTY, DEPARTMENT, SITE, units_of
from ingest.register import Register, Site


class Responsible(NamedTuple):
    """The rectifying unit, and the other lines as (line, unit)."""

    unit: str
    lines: tuple[tuple[str, str], ...]


def responsible_for(
    register: Register, site: str, kind: str, day: date, book: DutyBook | None = None
) -> Responsible:
    """Who answers for a matter of `kind` at `site` on a county day; `book`: rows above the register.

    The site itself acts where somebody of it can be told, else its contractor, else its township, else the
    county office. Whom a suspicion is about neither acts on it nor hears of it: the sector department does.
    """
    known = register.sites.get(site)
    if known is None:
        return Responsible(COUNTY, ())
    book = DutyBook() if book is None else book
    lines = [(line, book.unit_of(site, line, day, unit_of_line(known, line))) for line in LINES]
    there = [(line, unit) for line, unit in lines if line == SITE or _is_there(register, unit)]
    if kind == SUSPICION:
        there = [(line, unit) for line, unit in there if line != SITE]
        unit = next((unit for line, unit in there if line == "sector"), COUNTY)
    else:
        unit = _of_the_site(known, lines[-1][1], book) or next(
            (u for line, u in there if line == "territorial"), COUNTY
        )
        there = [(line, own) for line, own in there if line != SITE]
    return Responsible(unit, tuple((line, own) for line, own in there if own != unit))


def environment_units(register: Register) -> frozenset[str]:
    """Units of the environment branch; where the register names none, the county office stands for it."""
    named = {f"{DEPARTMENT}:{d.id}" for d in register.departments.values() if d.environment}
    return frozenset(named or {COUNTY})


def all_units(register: Register) -> frozenset[str]:
    """Units to which a case may be given."""
    return frozenset(units_of(register))


def acts_for(register: Register, unit: str) -> frozenset[str]:
    """Other units whose part the people of `unit` may take: a contractor that of its sites."""
    kind, _, name = unit.partition(":")
    if kind != CONTRACTOR:
        return frozenset()
    return frozenset(f"{SITE}:{site.id}" for site in register.sites.values() if site.contractor == name)


def _is_there(register: Register, unit: str) -> bool:
    return unit.partition(":")[2] in register.departments


def _of_the_site(site: Site, unit: str, book: DutyBook) -> str:
    """Who acts for the site: whom the rows name, else itself if it has people, else its contractor."""
    own = f"{SITE}:{site.id}"
    if unit != own or site.contacts or book.keeps(own):
        return unit
    return f"{CONTRACTOR}:{site.contractor}" if site.contractor else ""
