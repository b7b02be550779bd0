"""Tables of what people did: a trigger refuses to change or remove a row, on both databases."""

from __future__ import annotations

from alembic import op

_WORDS = "is append-only: what was done stays written"


def append_only(table: str) -> None:
    """Let rows only be added to `table` from now on."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} {_WORDS}'); END"
            )
        return
    connection.exec_driver_sql(
        "CREATE OR REPLACE FUNCTION dustwatch_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' {_WORDS}', "
        "ERRCODE = 'restrict_violation'; "
        "END $$"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION dustwatch_append_only()"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION dustwatch_append_only()"
    )
