"""Case stores as programs of former times left them, put into an empty database; and what is in a database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from alerts.store.migrations.revisions import OURS, Revisions

STORES = Path(__file__).parent / "cases" / "stores"
TO_COME = Revisions(OURS, STORES / "revisions")  # ours and one that contracts


def put_stored(url: str) -> str:
    """Fill the empty database at a URL with the store of revision 0001; returns the URL."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.executescript((STORES / "revision-1.sqlite.sql").read_text(encoding="utf-8"))
    else:
        execute(url, (STORES / "revision-1.postgresql.sql").read_text(encoding="utf-8"))
    return url


def execute(url: str, *statements: str) -> None:
    """Run statements behind the store's back, each of them in a transaction of its own."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as database:
            for statement in statements:
                database.execute(statement)
    else:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type]


def rows_of(url: str, *tables: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of tables, in the order of their numbers."""
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            return {
                table: [
                    dict(row)
                    for row in connection.execute(sa.text(f"SELECT * FROM {table} ORDER BY n")).mappings()
                ]
                for table in tables
            }
    finally:
        engine.dispose()


def shape_of(url: str) -> dict[str, Any]:
    """Tables, columns, keys and indexes (with their conditions) as the database itself tells them."""
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            found = sa.inspect(connection)
            shape: dict[str, Any] = {
                name: {
                    "columns": {
                        c["name"]: (str(c["type"]), c["nullable"], c["default"])
                        for c in found.get_columns(name)
                    },
                    "key": found.get_pk_constraint(name)["constrained_columns"],
                    "unique": sorted(
                        tuple(one["column_names"]) for one in found.get_unique_constraints(name)
                    ),
                    "foreign": sorted(
                        (one["constrained_columns"], one["referred_table"], one["referred_columns"])
                        for one in found.get_foreign_keys(name)
                    ),
                }
                for name in found.get_table_names()
            }
            asked = (
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
                if engine.dialect.name == "sqlite"
                else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            )
            shape["indexes"] = dict(tuple(row) for row in connection.exec_driver_sql(asked))
            return shape
    finally:
        engine.dispose()
