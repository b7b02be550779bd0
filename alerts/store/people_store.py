"""People at the desk in the case store's database: accounts, devices, links, tokens, and what they did.

A change is written together with its entry of the audit log, in one transaction. All methods block, and may
raise SQLAlchemy's `OperationalError` when the database is down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from alerts.people.accounts import ACTIVE, ENDED, Account, AuditEntry, Link, MachineToken, Visit
from alerts.people.throttle import LONGEST_MS
from alerts.store.engine import Database
from alerts.store.tables import accounts, audit_log, failures, links, tokens, visits
from ingest.plain_text import plain_values

_SEEN_EVERY_MS = 60_000  # how exactly it is kept when a device or a token was last used
PAGE = 100  # entries of the audit log


class PeopleStore:
    """The people in the case store at a URL (`alerts.store.CaseStore`). Raises StoreError."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    # ---------------------------------------------------------------- accounts

    def accounts(self) -> list[Account]:
        """All of them, those that ended last, by login."""
        query = select(accounts).order_by(accounts.c.ended_at.is_not(None), accounts.c.login)
        with self._database.reading() as connection:
            return [_account(row) for row in connection.execute(query).mappings()]

    def is_empty(self) -> bool:
        """True if there is no account yet."""
        with self._database.reading() as connection:
            return connection.execute(select(accounts.c.id).limit(1)).first() is None

    def account(self, id: str) -> Account | None:
        """The account with this id."""
        return self._one_account(accounts.c.id == id)

    def account_of(self, login: str) -> Account | None:
        """The account with this login."""
        return self._one_account(accounts.c.login == login)

    def account_told(self, contact: str) -> Account | None:
        """The person that messages to a recipient reach, if exactly one may sign in."""
        query = select(accounts).where(accounts.c.contact == contact, accounts.c.state == ACTIVE).limit(2)
        with self._database.reading() as connection:
            found = connection.execute(query).mappings().all()
        return _account(found[0]) if len(found) == 1 else None

    def of_demo(self) -> list[str]:
        """Logins of accounts that a demo made, and that may still sign in."""
        query = select(accounts.c.login).where(accounts.c.of_demo, accounts.c.state != ENDED)
        with self._database.reading() as connection:
            return list(connection.execute(query.order_by(accounts.c.login)).scalars())

    def add_account(self, account: Account, entry: AuditEntry) -> bool:
        """Write a new account; False: another has its login."""
        try:
            with self._database.writing() as connection:
                connection.execute(insert(accounts).values(_row(account)))
                append_entry(connection, entry)
        except IntegrityError:
            return False
        return True

    def change_account(self, account: Account, entry: AuditEntry) -> None:
        """Write what has changed; who has ended is signed out everywhere, and links lead nowhere."""
        with self._database.writing() as connection:
            connection.execute(update(accounts).where(accounts.c.id == account.id).values(_row(account)))
            if account.state == ENDED:
                connection.execute(delete(visits).where(visits.c.account == account.id))
                _spend_links(connection, account.id, entry.at)
            append_entry(connection, entry)

    def set_password(self, id: str, hashed: str, keep: str | None, entry: AuditEntry) -> None:
        """A new password: every other device is signed out; `keep`: the digest of the one that stays."""
        with self._database.writing() as connection:
            connection.execute(
                update(accounts).where(accounts.c.id == id).values(password=hashed, state=ACTIVE)
            )
            others = delete(visits).where(visits.c.account == id)
            connection.execute(others if keep is None else others.where(visits.c.token != keep))
            _spend_links(connection, id, entry.at)
            append_entry(connection, entry)

    # ---------------------------------------------------------------- devices

    def begin_visit(self, visit: Visit, entry: AuditEntry) -> None:
        """Sign a device in."""
        with self._database.writing() as connection:
            connection.execute(delete(visits).where(visits.c.expires_at <= visit.began_at))
            connection.execute(insert(visits).values(_row(visit)))
            append_entry(connection, entry)

    def visit(self, token: str, now: int) -> tuple[Visit, Account] | None:
        """The signed-in device with this digest, and whose it is; None: it is not signed in (any more)."""
        query = (
            select(visits, accounts)
            .join(accounts, visits.c.account == accounts.c.id)
            .where(visits.c.token == token, visits.c.expires_at > now, accounts.c.state == ACTIVE)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        found = row._mapping
        visit = Visit(**{name: found[visits.c[name]] for name in Visit.__dataclass_fields__})
        account = Account(**{name: found[accounts.c[name]] for name in Account.__dataclass_fields__})
        if now - visit.seen_at >= _SEEN_EVERY_MS:
            visit = replace(visit, seen_at=now)
            self._write(update(visits).where(visits.c.token == token).values(seen_at=now))
        return visit, account

    def visits_of(self, account: str, now: int) -> list[Visit]:
        """The devices on which somebody is signed in, the last used first."""
        query = select(visits).where(visits.c.account == account, visits.c.expires_at > now)
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(visits.c.seen_at.desc())).mappings()
            return [Visit(**row) for row in found]

    def confirm_visit(self, token: str, at: int, entry: AuditEntry) -> None:
        """The person has proved again who they are."""
        self._write(update(visits).where(visits.c.token == token).values(confirmed_at=at), entry)

    def end_visit(self, account: str, token: str, entry: AuditEntry) -> None:
        """Sign one device of an account out."""
        self._write(delete(visits).where(visits.c.token == token, visits.c.account == account), entry)

    # ---------------------------------------------------------------- one-time links

    def add_link(self, link: Link, entry: AuditEntry) -> None:
        """Write a link; of those that were not used only the newest of its purpose (and case) is good."""
        with self._database.writing() as connection:
            before = update(links).where(
                links.c.account == link.account, links.c.purpose == link.purpose, links.c.used_at.is_(None)
            )
            before = before.where(links.c.case == link.case if link.case else links.c.case.is_(None))
            connection.execute(before.values(used_at=link.created_at))
            connection.execute(insert(links).values(_row(link)))
            append_entry(connection, entry)

    def link(self, token: str) -> Link | None:
        """The link with this digest, good or not."""
        with self._database.reading() as connection:
            row = connection.execute(select(links).where(links.c.token == token)).mappings().first()
        return None if row is None else Link(**row)

    def use_link(self, token: str, now: int) -> bool:
        """Use a link; False if it was used before, or its time is over: of two at once only one gets True."""
        good = (links.c.token == token, links.c.used_at.is_(None), links.c.expires_at > now)
        with self._database.writing() as connection:
            return bool(connection.execute(update(links).where(*good).values(used_at=now)).rowcount)

    # ---------------------------------------------------------------- machines

    def tokens(self) -> list[MachineToken]:
        """All tokens, the newest first."""
        query = select(tokens).order_by(tokens.c.created_at.desc(), tokens.c.id)
        with self._database.reading() as connection:
            return [_token(row) for row in connection.execute(query).mappings()]

    def token(self, digest: str, now: int) -> MachineToken | None:
        """The machine's token with this digest, unless it is revoked."""
        query = select(tokens).where(tokens.c.token == digest, tokens.c.revoked_at.is_(None))
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        found = _token(row)
        if found.seen_at is None or now - found.seen_at >= _SEEN_EVERY_MS:
            self._write(update(tokens).where(tokens.c.id == found.id).values(seen_at=now))
        return found

    def add_token(self, token: MachineToken, digest: str, entry: AuditEntry) -> None:
        """Write a new token, known by its digest."""
        self._write(insert(tokens).values(_row(token) | {"token": digest}), entry)

    def revoke_token(self, id: str, at: int, entry: AuditEntry) -> None:
        """Take a token back at once."""
        still = (tokens.c.id == id, tokens.c.revoked_at.is_(None))
        self._write(update(tokens).where(*still).values(revoked_at=at), entry)

    # ---------------------------------------------------------------- failures

    def failures(self, key: str, since: int) -> list[int]:
        """When signing in failed for a key (a login, an address) after an instant."""
        query = select(failures.c.at).where(failures.c.key == key, failures.c.at > since)
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())

    def note_failures(self, keys: Sequence[str], at: int, entry: AuditEntry) -> None:
        """Count a failure for each key; what no throttle asks for any more goes."""
        with self._database.writing() as connection:
            connection.execute(delete(failures).where(failures.c.at <= at - LONGEST_MS))
            connection.execute(insert(failures), [{"key": key, "at": at} for key in keys])
            append_entry(connection, entry)

    def forget_failures(self, key: str) -> None:
        """Somebody has signed in."""
        self._write(delete(failures).where(failures.c.key == key))

    # ---------------------------------------------------------------- the audit log

    def note(self, entry: AuditEntry) -> None:
        """Add an entry; one with `once` only if that is new."""
        with self._database.writing() as connection:
            append_entry(connection, entry)

    def entries(
        self, before: int | None = None, actor: str = "", action: str = "", limit: int = PAGE
    ) -> list[tuple[int, AuditEntry]]:
        """(number, entry), the newest first; `before`: those of a smaller number."""
        query = select(audit_log).order_by(audit_log.c.n.desc()).limit(limit)
        if before is not None:
            query = query.where(audit_log.c.n < before)
        if actor:
            query = query.where(audit_log.c.actor == actor)
        if action:
            query = query.where(audit_log.c.action == action)
        with self._database.reading() as connection:
            found = connection.execute(query).mappings().all()
        names = AuditEntry.__dataclass_fields__
        return [(row["n"], AuditEntry(**{name: row[name] for name in names})) for row in found]

    # ---------------------------------------------------------------- inside

    def _one_account(self, which: Any) -> Account | None:
        with self._database.reading() as connection:
            row = connection.execute(select(accounts).where(which)).mappings().first()
        return None if row is None else _account(row)

    def _write(self, change: Any, entry: AuditEntry | None = None) -> None:
        with self._database.writing() as connection:
            connection.execute(change)
            if entry is not None:
                append_entry(connection, entry)


_NOBODY = Account("", "", "", "", "", "", 0, "")


def changed(before: Account | None, after: Account) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of an account differs (None: there was none), for the audit log: never its password."""
    before = before or _NOBODY
    names: Iterable[str] = (n for n in Account.__dataclass_fields__ if n not in ("id", "password"))
    differs = [name for name in names if getattr(before, name) != getattr(after, name)]
    return {n: getattr(before, n) for n in differs}, {n: getattr(after, n) for n in differs}


def append_entry(connection: Connection, entry: AuditEntry) -> None:
    """Write an entry of the audit log in the transaction of what it is about."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(audit_log).values(_row(entry)).on_conflict_do_nothing())


def _spend_links(connection: Connection, account: str, at: int) -> None:
    unused = (links.c.account == account, links.c.used_at.is_(None))
    connection.execute(update(links).where(*unused).values(used_at=at))


def _row(record: Any) -> dict[str, Any]:
    """The columns of a record, without the signs that a database refuses."""
    return {name: plain_values(value) for name, value in asdict(record).items()}


def _account(row: RowMapping) -> Account:
    return Account(**row)


def _token(row: RowMapping) -> MachineToken:
    names = MachineToken.__dataclass_fields__
    return MachineToken(**{**{name: row[name] for name in names}, "scopes": tuple(row["scopes"])})
