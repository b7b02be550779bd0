"""Units and contacts by the register: of what people may be, and which recipient of messages a person is."""

from __future__ import annotations

from ingest.register import Contact, Register

# Units are written `county`, `department:ID`, `site:ID`, `contractor:NAME`.
COUNTY = "county"
DEPARTMENT = "department"
SITE = "site"
CONTRACTOR = "contractor"


def kind_of_unit(unit: str) -> tuple[str, str]:
    """(kind, id) of a unit; the county has no id."""
    kind, _, id = unit.partition(":")
    return kind, id


def name_of_unit(register: Register, unit: str) -> str:
    """Name of a unit by the register; its id where that does not know it, the county's is empty."""
    kind, id = kind_of_unit(unit)
    known = register.departments.get(id) if kind == DEPARTMENT else register.sites.get(id)
    return known.name if known is not None else id


def units_of(register: Register) -> list[str]:
    """All units that people may be of, the widest first."""
    contractors = {site.contractor for site in register.sites.values() if site.contractor}
    return [
        COUNTY,
        *(f"{DEPARTMENT}:{id}" for id in register.departments),
        *(f"{CONTRACTOR}:{name}" for name in sorted(contractors)),
        *(f"{SITE}:{id}" for id in register.sites),
    ]


def contacts_of(register: Register) -> list[str]:
    """The recipients of messages that an account may be, as their ids: UNIT/NAME."""
    groups = contact_groups(register)
    return [f"{group}/{contact.name}" for group, contacts in groups for contact in contacts]


def contact_groups(register: Register) -> list[tuple[str, tuple[Contact, ...]]]:
    """Units that have contacts in the register, with these."""
    groups = [(f"{DEPARTMENT}:{d.id}", d.contacts) for d in register.departments.values()]
    return groups + [(f"{SITE}:{s.id}", s.contacts) for s in register.sites.values()]
