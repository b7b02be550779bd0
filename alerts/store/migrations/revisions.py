"""Runs the revisions that a store has not been through yet."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, update

from alerts.store.tables import REVISION_TABLE, schema

OURS = Path(__file__).parent / "versions"
_ONE_AT_A_TIME = threading.Lock()  # the `op` that revisions import is one for the whole process


class SchemaStep(NamedTuple):
    """One revision: its number, what it does, and the program needed from then on (None: it expands)."""

    number: int
    words: str
    oldest_program: int | None

    def __str__(self) -> str:
        kind = (
            "expands"
            if self.oldest_program is None
            else f"contracts, programs from {self.oldest_program:04d} on"
        )
        return f"{self.number:04d}  {self.words} ({kind})"


class DanglingReference(Exception):
    """After a revision on SQLite a row refers to one that is not there."""


class Revisions:
    """The revisions in one or more folders (none: ours), as one line without branches."""

    def __init__(self, *folders: Path) -> None:
        self._scripts = ScriptDirectory(OURS, version_locations=folders or (OURS,))

    @property
    def newest(self) -> int:
        """Number of the last one."""
        return int(self._scripts.get_current_head() or 0)

    def after(self, revision: int) -> list[SchemaStep]:
        """What a store at `revision` has still to go through, in order."""
        return [_step_of(script) for script in self._after(revision)]

    def run(self, connection: Connection, since: int) -> list[SchemaStep]:
        """Take a store from `since` to the newest revision, all within the transaction of `connection`.

        Returns what was run. Raises DanglingReference. On SQLite that transaction has foreign keys off
        (`alerts.store.connecting.changing_schema`): a table that is rebuilt is dropped meanwhile.
        """
        with _ONE_AT_A_TIME:
            context = MigrationContext.configure(connection, opts={"version_table": REVISION_TABLE})
            done = []
            if since and not context.get_current_heads():  # made before a store said its revision itself
                context.stamp(self._scripts, f"{since:04d}")
            for script in self._after(since):
                step = _step_of(script)
                with Operations.context(context):
                    script.module.upgrade()
                context.stamp(self._scripts, script.revision)
                if step.oldest_program is not None:
                    raised = {"oldest_program": step.oldest_program, "version": step.oldest_program}
                    connection.execute(update(schema).values(raised))
                done.append(step)
            _check_references(connection)
        return done

    def _after(self, revision: int) -> Iterator[Script]:
        found = self._scripts.iterate_revisions("head", "base")  # the newest first
        return reversed([script for script in found if int(script.revision) > revision])


@functools.cache
def our_revisions() -> Revisions:
    """Those of this program: the files are read once."""
    return Revisions()


def _step_of(script: Script) -> SchemaStep:
    words = script.doc.removesuffix(".")
    return SchemaStep(int(script.revision), words, getattr(script.module, "oldest_program", None))


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return  # PostgreSQL never stops checking
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if dangling:
        table, row, parent, _ = dangling[0]
        raise DanglingReference(
            f"{len(dangling)} rows refer to rows that are not there: first row {row} of {table}, to {parent}"
        )
