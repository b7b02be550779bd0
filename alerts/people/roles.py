"""Table of roles: of which units they are, what they may do, how long a device stays signed in.

A permission is a word of the route table, `alerts.web.route_table`: what a role may not is no route of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from alerts.people.units import CONTRACTOR, COUNTY, DEPARTMENT, SITE, kind_of_unit, units_of
from ingest.durations import HOUR_MS
from ingest.register import Register
from ingest.strict_yaml import did_you_mean

DAY_MS = 24 * HOUR_MS

# What a person may do.
SEE = "see"  # what their unit answers for
SIGN = "sign"  # for a case: they have taken note
PEOPLE = "people"  # accounts, invitations
TOKENS = "tokens"  # of machines
AUDIT = "audit"  # who has done and seen what
OWN = "own"  # their own account
WORK = "work"  # at cases: what their role may do is in the table of the life cycle
NAMES = "names"  # who of other units was told, by name, and what the channel answered
HEALTH = "health"  # how the platform itself is
SILENCE = "silence"  # hold back for a while what others are told, approve of that, end it
PERMISSIONS: tuple[str, ...] = (SEE, SIGN, WORK, PEOPLE, TOKENS, AUDIT, OWN, NAMES, HEALTH, SILENCE)

# What a machine's token may do.
READ = "read"
SCOPES: tuple[str, ...] = (READ,)


@dataclass(frozen=True, slots=True)
class Role:
    """One role; `units`: of which kinds of unit its people are."""

    units: tuple[str, ...]
    may: frozenset[str]
    remembered_ms: int  # how long a device stays signed in


def _may(*words: str) -> frozenset[str]:
    return frozenset((SEE, OWN, *words))


ROLES: dict[str, Role] = {
    "site": Role((SITE,), _may(SIGN, WORK), 90 * DAY_MS),
    "contractor": Role((CONTRACTOR,), _may(SIGN, WORK), 90 * DAY_MS),
    "township": Role((DEPARTMENT,), _may(SIGN, WORK, NAMES, SILENCE), 90 * DAY_MS),
    "department": Role((DEPARTMENT,), _may(SIGN, WORK, NAMES, SILENCE), 30 * DAY_MS),
    "office": Role((COUNTY,), _may(SIGN, WORK, NAMES, HEALTH, SILENCE), 30 * DAY_MS),
    "verifier": Role((DEPARTMENT, COUNTY), _may(WORK, NAMES), 30 * DAY_MS),
    "auditor": Role((COUNTY,), _may(AUDIT, NAMES, HEALTH), 12 * HOUR_MS),
    "administrator": Role((COUNTY,), _may(PEOPLE, TOKENS, AUDIT, NAMES, HEALTH), 12 * HOUR_MS),
}
ADMINISTRATOR = "administrator"
UNREMEMBERED_MS = 12 * HOUR_MS  # of a device that is not to be remembered


def unit_fault(role: str, unit: str, register: Register) -> str | None:
    """Why people of `role` can't be of `unit`; None: they can."""
    if role not in ROLES:
        return f"no role {role!r}{did_you_mean(role, ROLES) or '; known are ' + ', '.join(ROLES)}"
    kind, id = kind_of_unit(unit)
    if kind not in ROLES[role].units:
        return f"a {role} is of a unit of kind {' or '.join(ROLES[role].units)}, not {unit!r}"
    known = {own for of, own in map(kind_of_unit, units_of(register)) if of == kind}
    if id not in known:
        return f"no {kind} {id!r} in the register{did_you_mean(id, known)}"
    return None
