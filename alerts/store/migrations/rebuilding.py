"""Changes a table in place where the database can, and by a new table in its place on SQLite."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from alembic import op
from alembic.operations import BatchOperations

_BESIDE = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY rowid"
_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"


@contextlib.contextmanager
def rebuilt(table: str, drop_indexes: tuple[str, ...] = ()) -> Iterator[BatchOperations]:
    """Alembic's batch of changes to one table, with what belongs to the table kept as it was.

    SQLite knows few changes to a table: alembic makes another one, copies the rows, drops the first and gives
    its name to the second. The drop takes the table's triggers along, and the renaming fails where a trigger
    or view names a table that is not there; so all of them are taken away before and made again after, from
    their own SQL. Indexes come back the same way, but for those in `drop_indexes`. A trigger or view that
    must change is for the revision to drop before. Elsewhere `ALTER TABLE` does all of it in place.
    """
    if op.get_bind().dialect.name != "sqlite":
        for name in drop_indexes:
            op.drop_index(name, table)
        with op.batch_alter_table(table) as batch:
            yield batch
        return
    connection = op.get_bind()
    beside = connection.exec_driver_sql(_BESIDE).all()
    indexes = connection.exec_driver_sql(_INDEXES, (table,)).all()
    for kind, name, _ in beside:
        connection.exec_driver_sql(f"DROP {kind} {_quoted(name)}")
    for name, _ in indexes:
        connection.exec_driver_sql(f"DROP INDEX {_quoted(name)}")
    with op.batch_alter_table(table) as batch:
        yield batch
    kept = [sql for name, sql in indexes if name not in drop_indexes]
    for sql in (*kept, *(sql for _, _, sql in beside)):
        connection.exec_driver_sql(sql)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
