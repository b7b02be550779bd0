"""Silences in the case store's database: asked for, approved, ended; each with its entry of the audit log.

Instants are ms UTC of the clock that cases follow, those of the audit log of the real one. All methods block.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, insert, not_, or_, select, update

from alerts.messages import TellingSilence, needs_second
from alerts.messages.silencing import PAST
from alerts.people.accounts import AuditEntry
from alerts.store.engine import Database
from alerts.store.people_store import append_entry
from alerts.store.tables import telling_silences
from alerts.store.withholding import SILENCE_FIELDS, decide_anew
from ingest.plain_text import plain_values

_MOST_PAST = 200  # of those that have ended a list shows the newest
NOT_THERE, TOO_LATE, NOT_NEEDED, OWN_SILENCE = "gone", "late", "not_needed", "own"


class SilenceStore:
    """The rows of `telling_silences`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, wish: TellingSilence, alone_ms: int, entry: AuditEntry) -> TellingSilence:
        """Write a silence; what is longer than one person may do alone waits for a second."""
        with self._database.writing() as connection:
            known = _read(connection, telling_silences.c.author == wish.author)
            made = replace(wish, needs_approval=needs_second(wish, known, alone_ms))
            row = {name: plain_values(value) for name, value in asdict(made).items()}
            connection.execute(insert(telling_silences).values(row))
            append_entry(connection, replace(entry, after=_shown(made)))
        return made

    def approve(self, id: str, by: str, at: int, entry: AuditEntry) -> str:
        """Approve of one that waits for it; empty, or why not: `gone`, `late`, `not_needed`, `own`."""
        with self._database.writing() as connection:
            found = _locked(connection, id)
            if found is None:
                return NOT_THERE
            if found.state(at) == PAST:
                return TOO_LATE
            if not found.needs_approval or found.approved_at is not None:
                return NOT_NEEDED
            if found.author == by:
                return OWN_SILENCE
            self._change(connection, id, approved_by=by, approved_at=at)
            append_entry(connection, entry)
        return ""

    def end(self, id: str, by: str, reason: str, at: int, entry: AuditEntry) -> str:
        """End one before its time: what it withheld is decided anew. Empty, or why not: `gone`, `late`."""
        with self._database.writing() as connection:
            found = _locked(connection, id)
            if found is None:
                return NOT_THERE
            if found.state(at) == PAST:
                return TOO_LATE
            self._change(connection, id, ended_by=by, ended_at=at, ended_reason=reason)
            decide_anew(connection, [(found.mark, at)])
            append_entry(connection, entry)
        return ""

    def one(self, id: str) -> TellingSilence | None:
        """The silence with this id."""
        with self._database.reading() as connection:
            return next(iter(_read(connection, telling_silences.c.id == id)), None)

    def listing(self, now: int) -> list[TellingSilence]:
        """Those that are present, coming or waiting, and the newest of those that have ended."""
        before = and_(telling_silences.c.ended_at.is_not(None), telling_silences.c.ended_at <= now)
        ended = or_(telling_silences.c.ends_at <= now, before)
        newest = select(telling_silences.c.n).where(ended).order_by(telling_silences.c.n.desc())
        with self._database.reading() as connection:
            shown = connection.execute(newest.limit(_MOST_PAST)).scalars().all()
            return _read(connection, or_(telling_silences.c.n.in_(shown), not_(ended)))

    def _change(self, connection: Connection, id: str, **values: object) -> None:
        of = update(telling_silences).where(telling_silences.c.id == id)
        connection.execute(of.values({name: plain_values(value) for name, value in values.items()}))


def _read(connection: Connection, which: ColumnElement[bool]) -> list[TellingSilence]:
    found = connection.execute(select(telling_silences).where(which).order_by(telling_silences.c.n.desc()))
    return [_silence(row) for row in found.mappings()]


def _locked(connection: Connection, id: str) -> TellingSilence | None:
    asked = select(telling_silences).where(telling_silences.c.id == id).with_for_update()
    row = connection.execute(asked).mappings().first()
    return None if row is None else _silence(row)


def _silence(row: RowMapping) -> TellingSilence:
    return TellingSilence(**{name: row[name] for name in SILENCE_FIELDS})


def _shown(silence: TellingSilence) -> dict[str, Any]:
    """What the audit log says of a new one."""
    names = ("site", "device", "kind", "unit", "begins_at", "ends_at", "needs_approval")
    return {name: value for name in names if (value := getattr(silence, name)) != ""}
