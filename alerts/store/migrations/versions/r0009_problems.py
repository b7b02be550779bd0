"""Problems that people found, notices of alerts, and by what cases are counted and compared."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Text

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """New tables alone: programs of before go on."""
    op.create_table(
        "problems",
        Column("case", Text, ForeignKey("life_cases.id"), primary_key=True),
        Column("how", Text, nullable=False),
        Column("found_at", BigInteger, nullable=False),
        Column("due", BigInteger),
        Column("document", Text, nullable=False),
        Column("by", Text, nullable=False),
        Column("digest", Text, nullable=False),
    )
    op.create_table(
        "case_traits",
        Column("case", Text, ForeignKey("life_cases.id"), primary_key=True),
        Column("trait", Text, primary_key=True),
        Column("value", Text, primary_key=True),
    )
    op.create_index("case_traits_by_value", "case_traits", ["trait", "value"])
    op.create_table(
        "alert_notices",
        Column("order", Text, primary_key=True),
        Column("site", Text, primary_key=True),
        Column("case", Text, ForeignKey("life_cases.id"), nullable=False, unique=True),
        Column("level", Text, nullable=False),
        Column("start", BigInteger, nullable=False),
        Column("end", BigInteger),
        Column("lifted_at", BigInteger),
    )
