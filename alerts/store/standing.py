"""Where the tables of a case store stand, and whether a program may work with them.

Programs and stores are counted alike: by the newest revision that a program knows, and by the last one that a
store went through. `oldest_program` is the program that a store needs at least.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from sqlalchemy import Connection, RowMapping, inspect, select, text

from alerts.store.errors import WrongSchema
from alerts.store.tables import REVISION, REVISION_TABLE, metadata, revisions, schema

FIRST = 1  # the revision of stores made before they said so themselves
_NAME = re.compile(r"\d{4}")

Answer = Literal["empty", "behind", "current", "ahead", "too new"]


class SchemaStanding(NamedTuple):
    """Of a store: its revision (0: no tables yet) and the oldest program that may work with it."""

    revision: int
    oldest_program: int

    def answer(self, program: int = REVISION) -> Answer:
        """What a program that knows revisions up to `program` makes of it."""
        if not self.revision:
            return "empty"
        if program < self.oldest_program:
            return "too new"
        if self.revision == program:
            return "current"
        return "behind" if self.revision < program else "ahead"


EMPTY = SchemaStanding(0, 0)


def name_of(revision: int) -> str:
    """How a revision is written."""
    return f"{revision:04d}"


def standing_of(connection: Connection, where: str) -> SchemaStanding:
    """Read the standing; `where` is the store's address in errors. Raises WrongSchema."""
    found = inspect(connection)
    has_schema, has_revision = found.has_table(schema.name), found.has_table(REVISION_TABLE)
    if not has_schema and not has_revision:
        foreign = [name for name in metadata.tables if found.has_table(name)]
        if foreign:
            raise _contradiction(where, f"there are tables {', '.join(foreign)}, but no {schema.name}")
        return EMPTY
    if not has_schema:
        raise _contradiction(where, f"there is a table {REVISION_TABLE}, but no {schema.name}")
    rows = connection.execute(text(f"SELECT * FROM {schema.name}")).mappings().all()
    names = connection.execute(select(revisions)).scalars().all() if has_revision else None
    return _read(rows, names, where)


def _read(rows: Sequence[RowMapping], names: Sequence[str] | None, where: str) -> SchemaStanding:
    """The standing that the two tables tell together; `names`: None where there is no table of revisions."""
    if len(rows) != 1:
        raise _contradiction(where, f"{schema.name} has {len(rows)} rows instead of one")
    version, oldest = rows[0].get("version"), rows[0].get("oldest_program")
    if names is None:
        if oldest is not None:
            raise _contradiction(
                where, f"{schema.name} has `oldest_program`, but there is no {REVISION_TABLE}"
            )
        if version != FIRST:
            raise WrongSchema(
                f"the case store at {where} has tables of version {version!r}, which no dustwatch wrote; "
                "use the program that wrote them, or another database (DUSTWATCH_CASES)"
            )
        return SchemaStanding(FIRST, FIRST)
    if len(names) != 1:
        raise _contradiction(where, f"{REVISION_TABLE} has {len(names)} rows instead of one")
    if not _NAME.fullmatch(names[0]) or not int(names[0]):
        raise WrongSchema(
            f"the case store at {where} says that it is at revision {names[0]!r}, which no dustwatch wrote; "
            "use the program that wrote it, or another database (DUSTWATCH_CASES)"
        )
    revision = int(names[0])
    if revision == FIRST and oldest is None:
        oldest = FIRST
    if not isinstance(oldest, int) or not FIRST <= oldest <= revision:
        raise _contradiction(where, f"`oldest_program` is {oldest!r} at revision {names[0]}")
    if version != oldest:
        raise _contradiction(where, f"`version` is {version!r} and `oldest_program` {oldest}")
    return SchemaStanding(revision, oldest)


def _contradiction(where: str, what: str) -> WrongSchema:
    return WrongSchema(
        f"what the case store at {where} says of its own tables is damaged: {what}; nothing was changed. Put "
        "a copy back in its place, or use another database (DUSTWATCH_CASES)"
    )


def too_new(standing: SchemaStanding, where: str, program: int = REVISION) -> WrongSchema:
    """The refusal of a program that is older than the store allows."""
    return WrongSchema(
        f"the case store at {where} is at revision {name_of(standing.revision)} and works with programs from "
        f"{name_of(standing.oldest_program)} on; this one knows up to {name_of(program)}: run the dustwatch "
        "that migrated it, or a newer one, or put the copy from before the migration back"
    )


def behind_words(standing: SchemaStanding, where: str, program: int = REVISION) -> str:
    """What a program says that needs newer tables."""
    return (
        f"the case store at {where} is at revision {name_of(standing.revision)}, this program needs "
        f"{name_of(program)}: run `dustwatch store migrate`; until then it is left as it is"
    )
