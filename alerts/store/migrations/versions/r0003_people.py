"""People sign in: accounts, their devices, one-time links, machines' tokens; what was done stays written."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Integer, Text, text

from alerts.store.migrations import append_only

revision = "0003"
down_revision = "0002"

_Serial = BigInteger().with_variant(Integer, "sqlite")


def _only(where: str) -> dict[str, Any]:
    return {"sqlite_where": text(where), "postgresql_where": text(where)}


def upgrade() -> None:
    """New tables alone, so that programs of before go on; what stands in two of them stays as it is."""
    op.create_table(
        "accounts",
        Column("id", Text, primary_key=True),
        Column("login", Text, nullable=False, unique=True),
        Column("name", Text, nullable=False),
        Column("role", Text, nullable=False),
        Column("unit", Text, nullable=False),
        Column("contact", Text, nullable=False),
        Column("password", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("of_demo", Boolean, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("created_by", Text, nullable=False),
        Column("ended_at", BigInteger),
    )
    op.create_index("accounts_by_contact", "accounts", ["contact"])
    op.create_table(
        "visits",
        Column("token", Text, primary_key=True),
        Column("account", Text, ForeignKey("accounts.id"), nullable=False),
        Column("began_at", BigInteger, nullable=False),
        Column("seen_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        Column("confirmed_at", BigInteger, nullable=False),
        Column("device", Text, nullable=False),
    )
    op.create_index("ix_visits_account", "visits", ["account"])
    op.create_table(
        "sign_in_links",
        Column("token", Text, primary_key=True),
        Column("account", Text, ForeignKey("accounts.id"), nullable=False),
        Column("purpose", Text, nullable=False),
        Column("case", Text),
        Column("created_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        Column("used_at", BigInteger),
    )
    op.create_index("ix_sign_in_links_account", "sign_in_links", ["account"])
    op.create_table(
        "machine_tokens",
        Column("id", Text, primary_key=True),
        Column("token", Text, nullable=False, unique=True),
        Column("name", Text, nullable=False),
        Column("scopes", JSON, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("created_by", Text, nullable=False),
        Column("seen_at", BigInteger),
        Column("revoked_at", BigInteger),
    )
    op.create_table(
        "sign_in_failures",
        Column("n", _Serial, primary_key=True, autoincrement=True),
        Column("key", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
    )
    op.create_index("sign_in_failures_by_key", "sign_in_failures", ["key", "at"])
    op.create_table(
        "audit_log",
        Column("n", _Serial, primary_key=True, autoincrement=True),
        Column("at", BigInteger, nullable=False),
        Column("actor", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("role", Text, nullable=False),
        Column("unit", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("object", Text, nullable=False),
        Column("before", JSON, nullable=False),
        Column("after", JSON, nullable=False),
        Column("reason", Text, nullable=False),
        Column("address", Text, nullable=False),
        Column("once", Text),
    )
    op.create_index("audit_log_by_actor", "audit_log", ["actor", "n"])
    op.create_index("audit_log_once", "audit_log", ["once"], unique=True, **_only("once IS NOT NULL"))
    append_only("audit_log")
    append_only("case_events")
