"""Takes a case store to the newest revision: under a lock, all of it or nothing, on SQLite after a copy."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from alerts.store.connecting import READ_ONLY, Say, changing_schema, connect, parsed_url, trouble_told
from alerts.store.copying import copy_beside, name_of_copy
from alerts.store.errors import StoreError, WrongStore
from alerts.store.migrations import DanglingReference, Revisions, SchemaStep, our_revisions
from alerts.store.standing import SchemaStanding, name_of, standing_of, too_new
from ingest.addresses import shown


class StoreState(NamedTuple):
    """Where a store stands, what it has still to go through, and where a file will be copied to before."""

    standing: SchemaStanding
    steps: list[SchemaStep]
    copy: Path | None


class Migration(NamedTuple):
    """What was done to a store; `copy`: of the file as it was before, None where none was made."""

    before: SchemaStanding
    after: SchemaStanding
    steps: list[SchemaStep]
    copy: Path | None


def look(url: str, revisions: Revisions | None = None) -> StoreState:
    """Where the store at a URL stands; nothing is made or changed.

    Raises StoreError; WrongSchema also for a store that is too new for these revisions.
    """
    revisions, where = revisions or our_revisions(), shown(url)
    with trouble_told(url, "used"):
        _must_be_there(parsed_url(url))
        engine = connect(url)
        try:
            with engine.execution_options(**{READ_ONLY: True}).begin() as connection:
                standing = standing_of(connection, where)
        finally:
            engine.dispose()
    _must_be_ours(standing, where, revisions)
    steps, path = revisions.after(standing.revision), _to_copy(parsed_url(url), standing)
    return StoreState(standing, steps, name_of_copy(path, _label(standing)) if path and steps else None)


def migrate(url: str, say: Say, revisions: Revisions | None = None) -> Migration:
    """Take the store at a URL to the newest revision, after a copy if it is a SQLite file.

    It happens in one transaction: who is killed meanwhile leaves the store as it was. A second caller waits,
    says so by `say`, and finds nothing left to do. Raises StoreError, and nothing was changed then.
    """
    revisions, where = revisions or our_revisions(), shown(url)
    parsed = parsed_url(url)
    with trouble_told(url, "migrated (it is done as a whole or not at all, see `dustwatch store status`)"):
        _must_be_there(parsed)
        engine = connect(url)
        try:
            with changing_schema(engine, where, say) as connection:
                before = standing_of(connection, where)
                _must_be_ours(before, where, revisions)
                if not revisions.after(before.revision):
                    return Migration(before, before, [], None)
                path = _to_copy(parsed, before)
                copy = copy_beside(path, _label(before)) if path else None
                steps = _run(connection, where, before, revisions)
                after = standing_of(connection, where)
        finally:
            engine.dispose()
    return Migration(before, after, steps, copy)


def words_of(done: Migration) -> str:
    """A migration in one line."""
    if not done.steps:
        return f"nothing to do, it is at revision {name_of(done.after.revision)}"
    if not done.before.revision:
        return f"its tables were made, at revision {name_of(done.after.revision)}"
    kept = f"; as it was before: {done.copy}" if done.copy else ""
    return f"migrated from revision {name_of(done.before.revision)} to {name_of(done.after.revision)}{kept}"


def path_of(url: URL) -> Path | None:
    """The file of a store on SQLite."""
    in_memory = url.database in (None, "", ":memory:")
    return None if url.drivername != "sqlite" or in_memory else Path(str(url.database))


def _must_be_there(url: URL) -> None:
    """Raises WrongStore for a file that is not there: asking SQLite for it would make it."""
    path = path_of(url)
    if path is not None and not path.is_file():
        raise WrongStore(
            f"there is no case store at {path} (no such file): set DUSTWATCH_CASES to where `dustwatch run "
            "alerts` keeps it, or DUSTWATCH_SETTINGS to settings.env in the data folder of `dustwatch up`"
        )


def _must_be_ours(standing: SchemaStanding, where: str, revisions: Revisions) -> None:
    if standing.answer(revisions.newest) == "too new":
        raise too_new(standing, where, revisions.newest)


def _to_copy(url: URL, before: SchemaStanding) -> Path | None:
    """The file that is copied before a migration: of an empty one there is nothing to keep."""
    return path_of(url) if before.revision else None


def _label(before: SchemaStanding) -> str:
    return f"revision-{name_of(before.revision)}"


def _run(
    connection: Connection, where: str, before: SchemaStanding, revisions: Revisions
) -> list[SchemaStep]:
    try:
        return revisions.run(connection, before.revision)
    except DanglingReference as error:
        raise StoreError(
            f"the case store at {where} can't be migrated, nothing was changed in it: {error}; `PRAGMA "
            "foreign_key_check` in sqlite3 lists them: mend them in a copy, put it in place, and migrate that"
        ) from None
