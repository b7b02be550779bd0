"""How far the records of a case are on Kafka, work of one worker for all, and whose texts were emptied."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text, text

from alerts.store.migrations import append_only

revision = "0006"
down_revision = "0005"

_Serial = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Nothing of before is on Kafka yet: all of it is relayed, in the order of each case."""
    op.add_column("life_cases", Column("relayed", Integer, nullable=False, server_default=text("0")))
    where = text("relayed < version")
    op.create_index("life_cases_to_relay", "life_cases", ["n"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "leases",
        Column("name", Text, primary_key=True),
        Column("owner", Text, nullable=False),
        Column("until", BigInteger, nullable=False),
    )
    op.create_table(
        "erasures",
        Column("n", _Serial, primary_key=True, autoincrement=True),
        Column("id", Text, nullable=False, unique=True),
        Column("at", BigInteger, nullable=False),
        Column("account", Text, nullable=False),
        Column("by", Text, nullable=False),
        Column("reason", Text, nullable=False),
    )
    append_only("erasures")
