"""People silence what is told for a while, and units get a digest in the morning."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Integer, Text

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """New tables alone: programs of before go on, and tell as if nobody had silenced anything."""
    op.create_table(
        "telling_silences",
        Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("id", Text, nullable=False, unique=True),
        Column("author", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("made_at", BigInteger, nullable=False),
        Column("begins_at", BigInteger, nullable=False),
        Column("ends_at", BigInteger, nullable=False),
        Column("site", Text, nullable=False),
        Column("device", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("unit", Text, nullable=False),
        Column("needs_approval", Boolean, nullable=False),
        Column("approved_by", Text),
        Column("approved_at", BigInteger),
        Column("ended_by", Text),
        Column("ended_at", BigInteger),
        Column("ended_reason", Text, nullable=False),
    )
    op.create_index("telling_silences_by_end", "telling_silences", ["ends_at"])
    op.create_table(
        "morning_digests",
        Column("day", Text, primary_key=True),
        Column("unit", Text, primary_key=True),
        Column("written_at", BigInteger, nullable=False),
    )
