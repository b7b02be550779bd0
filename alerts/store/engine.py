"""Database engine of the case store: SQLite with a write-ahead log, or PostgreSQL."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from alerts.store.tables import SCHEMA_VERSION, metadata, versions
from ingest.addresses import HIDDEN, shown, without_secrets
from ingest.damaged import is_damage, words_of_damage
from ingest.private import make_private

_BUSY_S = 10.0  # how long SQLite waits for another process's write
_SCHEMA_LOCK = 0x64757374  # any number; workers that start together create the tables one after another
_READ_ONLY = "dustwatch_read_only"


class StoreError(ConnectionError):
    """The case store can't be used: address, what happened, what to do."""

    exit_code = 3


class WrongStore(StoreError):
    """The address is invalid, or the database there is not one of ours."""

    exit_code = 2


class StoreDamaged(WrongStore):
    """The file is no whole database: a person has to put a copy back, or move it away."""


class Database:
    """The database at a URL, with its tables in place; transactions on SQLite write in turn."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._reader = self._engine.execution_options(**{_READ_ONLY: True})
        # SQLite takes one writer at a time, and lets the others look again after up to 100 ms of sleep.
        one_writer = self._engine.dialect.name == "sqlite"
        self._turn: contextlib.AbstractContextManager[Any] = (
            threading.Lock() if one_writer else contextlib.nullcontext()
        )

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, committed at the end of the block: then it is on the disk."""
        with self._turn, _damage_told(self._engine.url), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with _damage_told(self._engine.url), self._reader.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


@contextlib.contextmanager
def _damage_told(url: URL) -> Iterator[None]:
    """Raises StoreDamaged for what SQLite says of a damaged file: waiting for it would never end."""
    try:
        yield
    except DatabaseError as error:
        if is_damage(error.orig):
            raise StoreDamaged(words_of_damage("case store", url.database or "", error.orig)) from None
        raise


def open_engine(url: str) -> Engine:
    """Open an engine with its tables in place. Raises StoreError, whose text omits the password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number, say
        raise WrongStore(f"DUSTWATCH_CASES={shown(url)!r} is no address; {_FORMS}") from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise WrongStore(f"DUSTWATCH_CASES: no case store of kind {parsed.drivername!r}; {_FORMS}")
    try:
        engine = _sqlite(parsed) if parsed.drivername == "sqlite" else _postgresql(parsed)
        with _damage_told(parsed), engine.begin() as connection:
            _create_tables(connection)
    except StoreError:
        raise
    except (DatabaseError, OSError) as error:
        said = _words(error)
        if parsed.password:
            said = said.replace(parsed.password, HIDDEN)
        raise StoreError(
            f"the case store at {shown(url)} can't be used: {said}; "
            "check DUSTWATCH_CASES, the server, and the space on its disk"
        ) from None
    return engine


def _words(error: Exception) -> str:
    said = str(error.orig if isinstance(error, DatabaseError) else error).strip().splitlines()
    return without_secrets(said[0]) if said else type(error).__name__


_FORMS = "write sqlite:///path/to/cases.sqlite or postgresql+psycopg://user:password@host:5432/name"


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        make_private(Path(url.database))  # what SQLite lays beside it gets the same mode
    engine = create_engine(url, connect_args={"timeout": _BUSY_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        # The driver would begin a transaction only at the first write; ours begin where we say.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later could not wait for another writer.
        reading = connection.get_execution_options().get(_READ_ONLY)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL) -> Engine:
    return create_engine(url, pool_pre_ping=True, pool_size=5, connect_args={"connect_timeout": 10})


def _create_tables(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
    if inspect(connection).has_table(versions.name):
        found = connection.execute(select(versions.c.version)).scalar_one()
        if found != SCHEMA_VERSION:
            raise WrongStore(
                f"the case store has tables of version {found}, this program reads {SCHEMA_VERSION}; "
                "use the program that wrote them, or another database"
            )
        return
    metadata.create_all(connection)
    connection.execute(insert(versions).values(version=SCHEMA_VERSION))
