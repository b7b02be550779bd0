"""Takes a person's name and words out of the case store; the records keep their digests, so that they verify.

What is emptied: the person's rows of `clear_text` (text and salt: without the salt nobody can try names
against the digest), their account but for its id, role and unit, and their name beside what they have signed
for. What stays: the audit log, which takes no change, and what the county's folder names.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from alerts.people.accounts import ENDED, AuditEntry
from alerts.people.erasures import Erasure
from alerts.store.connecting import parsed_url
from alerts.store.engine import Database
from alerts.store.life_tables import clear_texts, erasures
from alerts.store.migrating import path_of
from alerts.store.people_store import append_entry
from alerts.store.signatures import erase_signatures, named_for_good
from alerts.store.tables import accounts, links, visits


class ErasureStore:
    """Erasures in the case store at a URL. Raises StoreError."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)
        self._path = path_of(parsed_url(url))

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def erasures(self) -> list[Erasure]:
        """All of them, in their order."""
        query = select(erasures).order_by(erasures.c.n)
        names = Erasure.__dataclass_fields__
        with self._database.reading() as connection:
            found = connection.execute(query).mappings().all()
        return [Erasure(**{name: row[name] for name in names}) for row in found]

    def apply(self, wanted: Sequence[tuple[Erasure, AuditEntry]]) -> int:
        """Erase, each with its entry of the audit log, all or nothing; how many texts were emptied.

        One that is on the list already is carried out again, so that a text that a copy brought back goes.
        """
        emptied = 0
        with self._database.writing() as connection:
            if connection.dialect.name == "sqlite":  # else what is freed keeps its bytes
                connection.exec_driver_sql("PRAGMA secure_delete=ON")
            for one, entry in wanted:
                known = select(erasures.c.n).where(erasures.c.id == one.id)
                if connection.execute(known).first() is None:
                    connection.execute(insert(erasures).values(asdict(one)))
                    append_entry(connection, entry)
                emptied += _empty(connection, one)
        if self._path is not None:
            with contextlib.closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return emptied

    def named_for_good(self, account: str) -> int:
        """How many signatures, given to a program of before, name an account's person and take no change."""
        with self._database.reading() as connection:
            return named_for_good(connection, account)

    def copies(self) -> list[Path]:
        """Copies of a SQLite file that migrations have left beside it: they still have what was erased."""
        if self._path is None:
            return []
        return sorted(self._path.parent.glob(f"{self._path.name}.revision-*"))


def _empty(connection: Connection, one: Erasure) -> int:
    mine = (clear_texts.c.person == one.account, clear_texts.c.salt != "")
    emptied = connection.execute(update(clear_texts).where(*mine).values(salt="", text="")).rowcount
    connection.execute(
        update(accounts)
        .where(accounts.c.id == one.account)
        .values(login=f"erased-{one.id}", name="", contact="", password="", state=ENDED)
    )
    connection.execute(
        update(accounts)
        .where(accounts.c.id == one.account, accounts.c.ended_at.is_(None))
        .values(ended_at=one.at)
    )
    connection.execute(delete(visits).where(visits.c.account == one.account))
    connection.execute(delete(links).where(links.c.account == one.account))
    erase_signatures(connection, one.account)
    return emptied
