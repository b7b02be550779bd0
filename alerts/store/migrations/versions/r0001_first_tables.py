"""The first tables: cases, their events, the outbox and its attempts."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Integer, Text, UniqueConstraint, text

revision = "0001"
down_revision = None

# SQLite counts rows by itself only where the key is an INTEGER.
_Serial = BigInteger().with_variant(Integer, "sqlite")


def _only(where: str) -> dict[str, Any]:
    return {"sqlite_where": text(where), "postgresql_where": text(where)}


def upgrade() -> None:
    """Make them as they were before a store knew revisions: a store of that time is stamped with this one."""
    schema = op.create_table("dustwatch_schema", Column("version", Integer, primary_key=True))
    op.bulk_insert(schema, [{"version": 1}])
    op.create_table(
        "cases",
        Column("n", _Serial, primary_key=True, autoincrement=True),
        Column("id", Text, nullable=False, unique=True),
        Column("kind", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("level", Text, nullable=False),
        Column("site", Text, nullable=False),
        Column("device", Text, nullable=False),
        Column("title", Text, nullable=False),
        Column("rule", Text, nullable=False),
        Column("opened_at", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
        Column("breach", Text, unique=True),
        Column("fault", Text),
        Column("parent", Text),
        Column("deadline", BigInteger),
        Column("recovered_at", BigInteger),
        Column("acknowledged_at", BigInteger),
        Column("acknowledged_by", Text),
        Column("closed_at", BigInteger),
        Column("hold_until", BigInteger),
        Column("tell", Boolean, nullable=False),
        Column("delayed", Boolean, nullable=False),
        Column("data", JSON, nullable=False),
    )
    op.create_index("cases_by_state", "cases", ["state", "opened_at"])
    op.create_index("cases_by_site", "cases", ["site", "opened_at"])
    op.create_index("cases_by_parent", "cases", ["parent"])
    op.create_index("cases_held", "cases", ["hold_until"], **_only("hold_until IS NOT NULL"))
    op.create_index(
        "cases_one_open_fault",
        "cases",
        ["fault"],
        unique=True,
        **_only("fault IS NOT NULL AND recovered_at IS NULL"),
    )
    op.create_table(
        "case_events",
        Column("n", _Serial, primary_key=True, autoincrement=True),
        Column("id", Text, nullable=False, unique=True),
        Column("case", Text, ForeignKey("cases.id"), nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("event", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("before", Text),
        Column("after", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("note", Text, nullable=False),
        Column("data", JSON, nullable=False),
    )
    op.create_index("ix_case_events_case", "case_events", ["case"])
    op.create_table(
        "messages",
        Column("n", _Serial, primary_key=True, autoincrement=True),
        Column("id", Text, nullable=False, unique=True),
        Column("case", Text, ForeignKey("cases.id"), nullable=False),
        Column("kind", Text, nullable=False),
        Column("step", Text, nullable=False),
        Column("recipient", Text, nullable=False),
        Column("way", Text, nullable=False),
        Column("channel", Text, nullable=False),
        Column("target", JSON, nullable=False),
        Column("subject", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("link", Text, nullable=False),
        Column("covers", JSON, nullable=False),
        Column("data", JSON, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("written_at", BigInteger, nullable=False),
        Column("state", Text, nullable=False),
        Column("due_at", BigInteger, nullable=False),
        Column("tries", Integer, nullable=False),
        Column("owner", Text),
        Column("lease_until", BigInteger),
        Column("done_at", BigInteger),
        Column("receipt", Text, nullable=False),
        Column("reason", Text, nullable=False),
        UniqueConstraint("case", "step", "recipient", "way", name="messages_told_once"),
    )
    op.create_index("ix_messages_case", "messages", ["case"])
    op.create_index("messages_unfinished", "messages", ["channel", "due_at"], **_only("done_at IS NULL"))
    op.create_index("messages_by_state", "messages", ["state"])
    op.create_table(
        "attempts",
        Column("n", _Serial, primary_key=True, autoincrement=True),
        Column("message", Text, ForeignKey("messages.id"), nullable=False),
        Column("number", Integer, nullable=False),
        Column("owner", Text, nullable=False),
        Column("started_at", BigInteger, nullable=False),
        Column("outcome", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("receipt", Text, nullable=False),
        Column("finished_at", BigInteger),
        Column("possible_repeat", Boolean, nullable=False),
        UniqueConstraint("message", "number", name="attempts_numbered"),
    )
