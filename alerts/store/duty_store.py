"""Responsibility with dates in the case store's database: revisions of rows, none of which is ever changed.

Names, phones and addresses stand apart, in `clear_text`; a row whose text was erased names nobody any more,
and reaches nobody. All methods block, and may raise SQLAlchemy's `OperationalError`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from alerts.duty import DutyBook
from alerts.duty.difference import DutyChange
from alerts.duty.rows import DutyRow
from alerts.duty.sheets import PERSONAL, SHEET_OF, row_of, texts_of
from alerts.lifecycle.case import SALT_BYTES, Salted
from alerts.people.accounts import AuditEntry
from alerts.store.duty_tables import duty_revisions, duty_rows
from alerts.store.engine import Database
from alerts.store.life_rows import row_of_text
from alerts.store.life_tables import clear_texts
from alerts.store.people_store import append_entry

ERASED = "(erased)"


class DutyRevision(NamedTuple):
    """A change of responsibility as a whole; `at`: from when on it is in force, ms UTC."""

    number: int
    at: int
    author: str
    reason: str


class DutyConflict(ValueError):
    """Somebody else has written a revision meanwhile."""


class DutyStore:
    """Responsibility in the case store at a URL. Raises StoreError."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def revisions(self) -> list[DutyRevision]:
        """All revisions, the newest first."""
        query = select(duty_revisions).order_by(duty_revisions.c.number.desc())
        with self._database.reading() as connection:
            return [DutyRevision(**row) for row in connection.execute(query).mappings()]

    def newest(self) -> int:
        """Number of the newest revision; 0: there is none."""
        with self._database.reading() as connection:
            return connection.execute(select(func.max(duty_revisions.c.number))).scalar() or 0

    def book(self, at: int | None = None) -> DutyBook:
        """The rows of the revision that was in force at an instant, ms UTC; None: of the newest."""
        with self._database.reading() as connection:
            number = _number_at(connection, at)
            return DutyBook(number, _rows(connection, number) if number else ())

    def write(
        self, changes: Sequence[DutyChange], based_on: int, revision: DutyRevision, entry: AuditEntry
    ) -> int:
        """Write changes to revision `based_on` as the next one; its number. Raises DutyConflict.

        `revision`: author, reason and when; its number is not looked at. It is in force no earlier than the
        one before it.
        """
        try:
            with self._database.writing() as connection:
                newest = connection.execute(
                    select(duty_revisions).order_by(duty_revisions.c.number.desc()).limit(1)
                ).first()
                if (newest.number if newest else 0) != based_on:
                    raise DutyConflict(f"revision {newest.number if newest else 0} came meanwhile")
                at = max(revision.at, newest.at if newest else 0)
                made = revision._replace(number=based_on + 1, at=at)
                connection.execute(insert(duty_revisions).values(made._asdict()))
                for change in changes:
                    _write_row(connection, change, made)
                append_entry(connection, entry)
        except IntegrityError:
            raise DutyConflict(f"revision {based_on + 1} came meanwhile") from None
        return made.number


def _number_at(connection: Connection, at: int | None) -> int:
    query = select(func.max(duty_revisions.c.number))
    if at is not None:
        query = query.where(duty_revisions.c.at <= at)
    return connection.execute(query).scalar() or 0


def _rows(connection: Connection, number: int) -> tuple[DutyRow, ...]:
    newest = (
        select(duty_rows.c.sheet, duty_rows.c.key, func.max(duty_rows.c.n).label("n"))
        .where(duty_rows.c.revision <= number)
        .group_by(duty_rows.c.sheet, duty_rows.c.key)
        .subquery()
    )
    query = (
        select(duty_rows.c.sheet, duty_rows.c.body, duty_rows.c.personal, clear_texts.c.text)
        .join(newest, duty_rows.c.n == newest.c.n)
        .outerjoin(clear_texts, clear_texts.c.digest == duty_rows.c.personal)
        .where(duty_rows.c.gone.is_(False))
    )
    found = [_row(row) for row in connection.execute(query).mappings()]
    return tuple(sorted(found, key=lambda row: (SHEET_OF[type(row)], row.id)))


def _row(found: Any) -> DutyRow:
    erased = found["personal"] is not None and found["text"] is None
    personal = {"name": ERASED} if erased and "name" in PERSONAL[found["sheet"]] else {}
    if found["text"] is not None:
        personal = json.loads(found["text"])
    return row_of(found["sheet"], {**found["body"], **personal})


def _write_row(connection: Connection, change: DutyChange, revision: DutyRevision) -> None:
    texts = texts_of(change.after) if change.after is not None else {"id": change.key}
    own = {name: text for name, text in texts.items() if name in PERSONAL[change.sheet] and text}
    kept = None
    if own:
        kept = Salted(os.urandom(SALT_BYTES), json.dumps(own, ensure_ascii=False, sort_keys=True))
        connection.execute(
            insert(clear_texts).values(row_of_text(kept, "", f"duty:{change.key}", revision.at))
        )
    row = {
        "revision": revision.number,
        "sheet": change.sheet,
        "key": change.key,
        "gone": change.after is None,
        "since": texts.get("since", ""),
        "until": texts.get("until", ""),
        "body": {name: text for name, text in texts.items() if name not in own},
        "personal": kept.digest if kept else None,
    }
    connection.execute(insert(duty_rows).values(row))
