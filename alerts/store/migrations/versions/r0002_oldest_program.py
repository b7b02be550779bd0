"""A store says the oldest program that may work with it."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Every program may: that of the first revision looks at `version` alone, which stays 1."""
    op.add_column(
        "dustwatch_schema", Column("oldest_program", Integer, nullable=False, server_default=text("1"))
    )
