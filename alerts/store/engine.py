"""The case store's database, opened: its tables are in place, and a program too old for them is refused."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from alerts.store.connecting import READ_ONLY, changing_schema, connect, damage_told, trouble_told
from alerts.store.errors import StoreBehind
from alerts.store.standing import SchemaStanding, behind_words, standing_of, too_new
from ingest.addresses import shown

log = structlog.get_logger(__name__)

_NOT_THERE = frozenset({"42P01", "42703"})  # PostgreSQL's SQLSTATEs of a table and a column


class Database:
    """The database at a URL, with its tables in place; transactions on SQLite write in turn."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._where = shown(url)
        self._reader = self._engine.execution_options(**{READ_ONLY: True})
        # SQLite takes one writer at a time, and lets the others look again after up to 100 ms of sleep.
        one_writer = self._engine.dialect.name == "sqlite"
        self._turn: contextlib.AbstractContextManager[Any] = (
            threading.Lock() if one_writer else contextlib.nullcontext()
        )

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, committed at the end of the block: then it is on the disk."""
        with self._turn, self._trouble_told(), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._trouble_told(), self._reader.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def _trouble_told(self) -> Iterator[None]:
        """Raises StoreDamaged, and WrongSchema where the tables were taken from under this program."""
        try:
            with damage_told(self._engine.url):
                yield
        except DatabaseError as error:
            if _is_of_the_tables(error):
                with self._reader.begin() as connection:
                    standing = standing_of(connection, self._where)
                if standing.answer() == "too new":
                    raise too_new(standing, self._where) from None
            raise

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _is_of_the_tables(error: DatabaseError) -> bool:
    """Whether a table or column was not there."""
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    return getattr(error.orig, "sqlstate", None) in _NOT_THERE


def open_engine(url: str) -> Engine:
    """Open an engine with its tables in place: an empty database gets them.

    Raises StoreError, whose text omits the password; StoreBehind where somebody has to migrate first.
    """
    where = shown(url)
    with trouble_told(url, "used"):
        engine = connect(url)
        try:
            standing = _standing(engine, where)
        except BaseException:
            engine.dispose()
            raise
    match standing.answer():
        case "behind":
            engine.dispose()
            raise StoreBehind(behind_words(standing, where))
        case "too new":
            engine.dispose()
            raise too_new(standing, where)
        case "ahead":
            log.info("store_is_newer", store=where, revision=standing.revision)
    return engine


def _standing(engine: Engine, where: str) -> SchemaStanding:
    """Where the tables stand, made first if there are none."""
    with engine.execution_options(**{READ_ONLY: True}).begin() as connection:
        standing = standing_of(connection, where)
    if standing.answer() != "empty":
        return standing
    with changing_schema(engine, where, lambda words: log.info("schema_waits", why=words)) as connection:
        standing = standing_of(connection, where)
        if standing.answer() == "empty":  # nobody else has made them meanwhile
            standing = _make_tables(connection, where)
    return standing


def _make_tables(connection: Connection, where: str) -> SchemaStanding:
    from alerts.store.migrations import our_revisions  # brings alembic, which an open store does without

    our_revisions().run(connection, since=0)
    return standing_of(connection, where)
