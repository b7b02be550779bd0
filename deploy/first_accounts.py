"""First accounts of a desk: one administrator by a one-time link; those of a demo, with drawn passwords."""

from __future__ import annotations

import getpass
import uuid
from dataclasses import replace
from typing import NamedTuple

from alerts.people.accounts import (
    ACTIVE,
    ENDED,
    INVITATION,
    INVITED,
    Account,
    AuditEntry,
    Link,
)
from alerts.people.passwords import drawn, hashed
from alerts.people.roles import ADMINISTRATOR
from alerts.people.units import COUNTY
from alerts.store.case_store import wall_ms
from alerts.store.people_store import PeopleStore, changed
from ingest.register import Register

TERMINAL = "terminal"  # who does it: whoever may run commands on the machine
_FIRST_LOGIN = "admin"


class DemoAccounts(Exception):
    """A store with accounts whose passwords a demo has printed is no store for a county."""

    exit_code = 2


class DemoPerson(NamedTuple):
    """An account of a demo, as it is printed."""

    login: str
    password: str
    role: str
    name: str
    unit: str


def entry(action: str, object: str, **more: object) -> AuditEntry:
    """An entry of the audit log for what is done at the machine itself."""
    return AuditEntry(wall_ms(), TERMINAL, getpass.getuser(), "", "", action, object, **more)  # type: ignore[arg-type]


def refuse_demo(people: PeopleStore, where: str) -> None:
    """Raises DemoAccounts."""
    if logins := people.of_demo():
        raise DemoAccounts(
            f"the case store {where} holds accounts of a demo, whose passwords were printed: "
            f"{', '.join(logins)}; end them (`dustwatch people end LOGIN`), or use another data folder"
        )


def needs_administrator(people: PeopleStore) -> bool:
    """True if nobody has signed in as administrator yet."""
    return not any(one.role == ADMINISTRATOR and one.state == ACTIVE for one in people.accounts())


def administrator_link(people: PeopleStore, base_url: str) -> str:
    """A one-time link for the administrator that is made first, or for another where he has been lost.

    Of the links made before only the newest is good.
    """
    waiting = [a for a in people.accounts() if a.role == ADMINISTRATOR and a.state == INVITED]
    account = waiting[0] if waiting else _new_administrator(people)
    return link_for(people, account, base_url)


def link_for(people: PeopleStore, account: Account, base_url: str) -> str:
    """A one-time link by which somebody sets a password and signs in."""
    token, link = Link.drawn(account.id, INVITATION, wall_ms())
    people.add_link(link, entry("invited", f"account:{account.id}"))
    return f"{base_url.rstrip('/')}/in/{token}"


def _new_administrator(people: PeopleStore) -> Account:
    taken = {one.login for one in people.accounts()}
    login = next(
        name
        for n in range(1, len(taken) + 2)
        if (name := _FIRST_LOGIN + ("" if n == 1 else f"{n}")) not in taken
    )
    made = Account(uuid.uuid4().hex, login, "系统管理员", ADMINISTRATOR, COUNTY, INVITED, wall_ms(), TERMINAL)
    add(people, made)
    return made


def add(people: PeopleStore, account: Account) -> bool:
    """Write an account made at the machine itself; False: its login is taken."""
    after = changed(None, account)[1]
    return people.add_account(account, entry("account_made", f"account:{account.id}", after=after))


def end_account(people: PeopleStore, account: Account, reason: str) -> None:
    """End an account from the machine itself."""
    ended = replace(account, state=ENDED, ended_at=wall_ms())
    people.change_account(ended, entry("account_ended", f"account:{account.id}", reason=reason))


def demo_people(register: Register) -> list[tuple[str, str, str, str, str]]:
    """(login, role, name, unit, contact) of a demo: one of each role, at the register's first site."""
    site = next(iter(register.sites.values()))
    contractor = next((s.contractor for s in register.sites.values() if s.contractor), None)
    manager = site.contacts[0].name if site.contacts else site.name
    found = [
        ("gongdi", "site", manager, f"site:{site.id}", f"site:{site.id}/{manager}"),
        ("zhenjie", "township", "网格员", f"department:{site.township}", ""),
        ("bumen", "department", "值班员", f"department:{site.department}", ""),
        ("zhichenban", "office", "治尘办 值班员", COUNTY, ""),
        ("heyan", "verifier", "核验员", COUNTY, ""),
        ("shenji", "auditor", "审计员", COUNTY, ""),
        ("admin", ADMINISTRATOR, "系统管理员", COUNTY, ""),
    ]
    if contractor:
        found.insert(1, ("shigong", "contractor", "施工单位负责人", f"contractor:{contractor}", ""))
    return found


def make_demo_accounts(people: PeopleStore, register: Register) -> list[DemoPerson]:
    """Accounts of a demo, with passwords that are drawn anew each time."""
    made = []
    for login, role, name, unit, contact in demo_people(register):
        password = drawn()
        account = Account(
            uuid.uuid4().hex,
            login,
            name,
            role,
            unit,
            ACTIVE,
            wall_ms(),
            TERMINAL,
            contact=contact,
            password=hashed(password),
            of_demo=True,
        )
        if add(people, account):
            made.append(DemoPerson(login, password, role, name, unit))
    return made
