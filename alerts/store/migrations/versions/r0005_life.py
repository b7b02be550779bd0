"""Cases have a life: matters with stages and stop watches, their trail, and what people hand in."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)

from alerts.store.migrations import append_only

revision = "0005"
down_revision = "0004"

_Serial = BigInteger().with_variant(Integer, "sqlite")


def _only(where: str) -> dict[str, Any]:
    return {"sqlite_where": text(where), "postgresql_where": text(where)}


def upgrade() -> None:
    """New tables and indexes alone: programs of before go on; their cases are taken over at the start."""
    op.create_table(
        "life_cases",
        Column("n", _Serial, primary_key=True, autoincrement=True),
        Column("id", Text, nullable=False, unique=True),
        Column("site", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("day", Text, nullable=False),
        Column("last_day", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("track", Text, nullable=False),
        Column("level", Text, nullable=False),
        Column("unit", Text, nullable=False),
        Column("verifier", Text, nullable=False),
        Column("title", JSON, nullable=False),
        Column("version", Integer, nullable=False),
        Column("opened_at", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
        Column("deadline", BigInteger),
        Column("over_at", BigInteger),
        Column("signed_at", BigInteger),
        Column("archived_at", BigInteger),
        Column("appealed_at", BigInteger),
        Column("withdrawal_at", BigInteger),
        Column("wakes_at", BigInteger),
        Column("told", Integer, nullable=False),
        Column("merged_into", Text),
        Column("body", JSON, nullable=False),
    )
    op.create_index("life_cases_by_matter", "life_cases", ["site", "kind", "day"])
    op.create_index("cases_by_change", "cases", ["updated_at", "n"])
    op.create_index("life_cases_by_change", "life_cases", ["updated_at", "n"])
    op.create_index("life_cases_by_state", "life_cases", ["state", "deadline"])
    op.create_index("life_cases_wake", "life_cases", ["wakes_at"], **_only("wakes_at IS NOT NULL"))
    op.create_index("life_cases_to_tell", "life_cases", ["n"], **_only("told < version"))
    op.create_table(
        "case_units",
        Column("case", Text, ForeignKey("life_cases.id"), primary_key=True),
        Column("line", Text, primary_key=True),
        Column("unit", Text, primary_key=True),
        Column("deadline", BigInteger),
        Column("signed_at", BigInteger),
    )
    op.create_index("case_units_by_unit", "case_units", ["unit", "signed_at"])
    op.create_table(
        "case_breaches",
        Column("breach", Text, primary_key=True),
        Column("case", Text, ForeignKey("life_cases.id"), nullable=False),
        Column("finding", Text, ForeignKey("cases.id"), nullable=False, unique=True),
        Column("round", Integer, nullable=False),
        Column("why", Text, nullable=False),
        Column("start", BigInteger, nullable=False),
        Column("end", BigInteger, nullable=False),
        Column("over_at", BigInteger),
        Column("complies", Boolean, nullable=False),
    )
    op.create_index("ix_case_breaches_case", "case_breaches", ["case"])
    op.create_table(
        "case_records",
        Column("n", _Serial, primary_key=True, autoincrement=True),
        Column("id", Text, nullable=False, unique=True),
        Column("case", Text, ForeignKey("life_cases.id"), nullable=False),
        Column("number", Integer, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("command", Text, nullable=False),
        Column("tells", JSON, nullable=False),
        Column("body", JSON, nullable=False),
        Column("digest", Text, nullable=False),
        UniqueConstraint("case", "number", name="case_records_numbered"),
    )
    op.create_table(
        "case_actions",
        Column("form", Text, primary_key=True),
        Column("case", Text, ForeignKey("life_cases.id"), nullable=False),
        Column("record", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
    )
    op.create_table(
        "clear_text",
        Column("digest", Text, primary_key=True),
        Column("salt", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("case", Text, nullable=False),
        Column("person", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
    )
    op.create_index("clear_text_by_person", "clear_text", ["person"])
    op.create_index("ix_clear_text_case", "clear_text", ["case"])
    op.create_table(
        "case_files",
        Column("digest", Text, primary_key=True),
        Column("case", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("size", Integer, nullable=False),
        Column("received_at", BigInteger, nullable=False),
        Column("by", Text, nullable=False),
        Column("content", LargeBinary, nullable=False),
        Column("shown", LargeBinary),
    )
    append_only("case_records")
