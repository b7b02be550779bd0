"""Responsibility with dates: persons, turns of duty, deputies, and the units that answer for sites."""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Integer, Text

from alerts.store.migrations import append_only

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """New tables alone: programs of before go on, by the county's folder."""
    op.create_table(
        "duty_revisions",
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("at", BigInteger, nullable=False),
        Column("author", Text, nullable=False),
        Column("reason", Text, nullable=False),
    )
    op.create_table(
        "duty_rows",
        Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("revision", Integer, ForeignKey("duty_revisions.number"), nullable=False),
        Column("sheet", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("gone", Boolean, nullable=False),
        Column("since", Text, nullable=False),
        Column("until", Text, nullable=False),
        Column("body", JSON, nullable=False),
        Column("personal", Text),
    )
    op.create_index("duty_rows_by_key", "duty_rows", ["sheet", "key", "revision"])
    append_only("duty_revisions")
    append_only("duty_rows")
