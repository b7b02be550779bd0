"""Connections of the case store: SQLite with a write-ahead log, or PostgreSQL; and the lock of its tables."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from alerts.store.errors import StoreDamaged, StoreError, WrongStore
from ingest.addresses import HIDDEN, shown, without_secrets
from ingest.damaged import is_damage, words_of_damage
from ingest.private import make_private

Say = Callable[[str], None]
READ_ONLY = "dustwatch_read_only"  # option of a connection
_CHANGES_SCHEMA = "dustwatch_changes_schema"
_BUSY_S = 10.0  # how long SQLite waits for another process's write
_TABLE_HELD = "30s"  # how long a change waits for a table that a transaction of PostgreSQL holds
_LOCK_TIMEOUT = "55P03"  # PostgreSQL's SQLSTATE
_SCHEMA_LOCK = 0x64757374  # any number; who changes the tables does so one after another
_FORMS = "write sqlite:///path/to/cases.sqlite or postgresql+psycopg://user:password@host:5432/name"


def connect(url: str) -> Engine:
    """An engine for the database at a URL, whatever is in it. Raises WrongStore, OSError."""
    parsed = parsed_url(url)
    return _sqlite(parsed) if parsed.drivername == "sqlite" else _postgresql(parsed)


def parsed_url(url: str) -> URL:
    """The parts of an address of a case store. Raises WrongStore."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number, say
        raise WrongStore(f"DUSTWATCH_CASES={shown(url)!r} is no address; {_FORMS}") from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise WrongStore(f"DUSTWATCH_CASES: no case store of kind {parsed.drivername!r}; {_FORMS}")
    return parsed


@contextlib.contextmanager
def trouble_told(url: str, done: str) -> Iterator[None]:
    """Raises StoreError for what a database or a disk says, and that the store therefore can't be `done`."""
    parsed = parsed_url(url)
    try:
        with damage_told(parsed):
            yield
    except StoreError:
        raise
    except (DatabaseError, sqlite3.Error, OSError) as error:
        said = _words(error)
        if parsed.password:
            said = said.replace(parsed.password, HIDDEN)
        raise StoreError(
            f"the case store at {shown(url)} can't be {done}: {said}; "
            "check DUSTWATCH_CASES, the server, and the space on its disk"
        ) from None


def _words(error: Exception) -> str:
    if getattr(_cause(error), "sqlstate", None) == _LOCK_TIMEOUT:
        return f"another transaction has held one of its tables for {_TABLE_HELD}: end it, try again"
    said = str(_cause(error)).strip().splitlines()
    return without_secrets(said[0]) if said else type(error).__name__


def _cause(error: BaseException) -> BaseException:
    """What the driver said."""
    return error.orig or error if isinstance(error, DatabaseError) else error


@contextlib.contextmanager
def damage_told(url: URL) -> Iterator[None]:
    """Raises StoreDamaged for what SQLite says of a damaged file: waiting for it would never end."""
    try:
        yield
    except (DatabaseError, sqlite3.Error) as error:
        said = _cause(error)
        if is_damage(said):
            raise StoreDamaged(words_of_damage("case store", url.database or "", said)) from None
        raise


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        make_private(Path(url.database))  # what SQLite lays beside it gets the same mode
    engine = create_engine(url, connect_args={"timeout": _BUSY_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        # The driver would begin a transaction only at the first write; ours begin where we say.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        _usual(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later could not wait for another writer.
        options = connection.get_execution_options()
        if say := options.get(_CHANGES_SCHEMA):
            _begin_in_turn(connection, say)
        else:
            connection.exec_driver_sql("BEGIN" if options.get(READ_ONLY) else "BEGIN IMMEDIATE")

    return engine


def _usual(connection: Any) -> None:
    """Foreign keys and patience of a connection to SQLite, as all but a change of the tables have them."""
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={round(_BUSY_S * 1000)}")


def _begin_in_turn(connection: Connection, say: Callable[[], None]) -> None:
    """Begin to write without foreign keys, as soon as no other process writes."""
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    told = False
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        if not told:
            say()
            told = True
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(_BUSY_S * 1000)}")


def _postgresql(url: URL) -> Engine:
    return create_engine(url, pool_pre_ping=True, pool_size=5, connect_args={"connect_timeout": 10})


@contextlib.contextmanager
def changing_schema(engine: Engine, where: str, say: Say) -> Iterator[Connection]:
    """The transaction in which tables change: one at a time, whoever comes second waits and says so.

    The lock is the database's own and ends with the process that holds it. SQLite does not look at foreign
    keys meanwhile, and can't be told to inside a transaction: the caller checks them before the end.
    """
    waits = f"another process writes to the case store at {where}, or migrates it; waiting until it is done"
    connection = engine.connect().execution_options(**{_CHANGES_SCHEMA: lambda: say(waits)})
    try:
        with connection.begin():
            if engine.dialect.name == "postgresql":
                _wait_for_lock(connection, lambda: say(waits))
            yield connection
    finally:
        if engine.dialect.name == "sqlite":
            _usual(connection.connection.driver_connection)
        connection.close()


def _wait_for_lock(connection: Connection, say: Callable[[], None]) -> None:
    if not connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_SCHEMA_LOCK})").scalar_one():
        say()
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
    # a change that waits for a long transaction keeps all others from the table
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_TABLE_HELD}'")
