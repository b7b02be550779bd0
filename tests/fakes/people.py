"""People at a desk under test: accounts of every role, and devices that are signed in already."""

from __future__ import annotations

from pathlib import Path

from alerts.people.accounts import ACTIVE, Account, AuditEntry, Visit
from alerts.people.tokens import digest
from alerts.store.case_store import wall_ms
from alerts.store.engine import Database
from alerts.store.message_lists import MessageLists
from alerts.store.people_store import PeopleStore
from alerts.store.silence_store import SilenceStore

UNITS = {
    "site": "site:site-01",
    "contractor": "contractor:示范建工集团",
    "township": "department:town-east",
    "department": "department:housing",
    "office": "county",
    "verifier": "department:ecology",
    "auditor": "county",
    "administrator": "county",
}
_LASTS_MS = 3_600_000


def entry(action: str = "set_up") -> AuditEntry:
    """An entry of the audit log for what a test prepares."""
    return AuditEntry(wall_ms(), "terminal", "", "", "", action, "test")


def people_in(folder: Path) -> PeopleStore:
    """A store of people by itself, in a SQLite file."""
    return PeopleStore(f"sqlite:///{folder}/people.sqlite")


def messages_in(folder: Path) -> MessageLists:
    """The lists of messages of a store that has none, beside its people."""
    return MessageLists(f"sqlite:///{folder}/people.sqlite")


def silences_in(folder: Path) -> SilenceStore:
    """The silences of a store beside its people."""
    return SilenceStore(Database(f"sqlite:///{folder}/people.sqlite"))


def account(
    people: PeopleStore,
    role: str,
    unit: str | None = None,
    login: str = "",
    name: str = "张敏",
    password: str = "",
) -> Account:
    """The account of a role that may sign in, made if it is not there yet."""
    login = login or f"{role}.{(unit or UNITS[role]).partition(':')[2] or 'county'}"
    known = people.account_of(login)
    if known is not None:
        return known
    made = Account(
        f"a-{login}", login, name, role, unit or UNITS[role], ACTIVE, wall_ms(), "terminal", password=password
    )
    assert people.add_account(made, entry())
    return made


def signed_in(people: PeopleStore, who: Account, at: int | None = None, confirmed: int | None = None) -> str:
    """The secret of a device on which somebody is signed in from now on."""
    now = wall_ms() if at is None else at
    token = digest(f"{who.login} {now}")
    visit = Visit(
        digest(token), who.id, now, now, now + _LASTS_MS, now if confirmed is None else confirmed, "a test"
    )
    if people.visit(visit.token, now) is None:
        people.begin_visit(visit, entry())
    return token


def cookie_of(people: PeopleStore, role: str = "office", unit: str | None = None) -> dict[str, str]:
    """The cookie of somebody of a role."""
    return {"desk_session": signed_in(people, account(people, role, unit))}
