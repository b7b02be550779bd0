"""Units that answer for a matter: which one has to act, and the other lines of responsibility beside it."""

from __future__ import annotations

from typing import NamedTuple

from alerts.kinds import SUSPICION
from alerts.people.units import CONTRACTOR, COUNTY, DEPARTMENT, SITE, units_of
from ingest.register import Register, Site


class Responsible(NamedTuple):
    """The rectifying unit, and the other lines as (line, unit)."""

    unit: str
    lines: tuple[tuple[str, str], ...]


def responsible_for(register: Register, site: str, kind: str) -> Responsible:
    """Who answers for a matter of `kind` at `site`.

    The site itself acts where somebody of it can be told, else its contractor, else its township, else the
    county office. Whom a suspicion is about neither acts on it nor hears of it: the sector department does.
    """
    known = register.sites.get(site)
    if known is None:
        return Responsible(COUNTY, ())
    there = [(line, unit) for line, unit in _lines(known) if line == SITE or _is_there(register, unit)]
    if kind == SUSPICION:
        there = [(line, unit) for line, unit in there if line != SITE]
        unit = next((unit for line, unit in there if line == "sector"), COUNTY)
    else:
        unit = _of_the_site(known) or next((u for line, u in there if line == "territorial"), COUNTY)
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


def _lines(site: Site) -> tuple[tuple[str, str], ...]:
    return (
        ("sector", f"{DEPARTMENT}:{site.department}"),
        ("territorial", f"{DEPARTMENT}:{site.township}"),
        (SITE, f"{SITE}:{site.id}"),
    )


def _is_there(register: Register, unit: str) -> bool:
    return unit.partition(":")[2] in register.departments


def _of_the_site(site: Site) -> str:
    if site.contacts:
        return f"{SITE}:{site.id}"
    return f"{CONTRACTOR}:{site.contractor}" if site.contractor else ""
