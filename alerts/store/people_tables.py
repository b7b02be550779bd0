"""Tables of the people at the desk: accounts, signed-in devices, one-time links, tokens, the audit log."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Table, Text, text

from alerts.store.tables import _Serial, metadata

accounts = Table(
    "accounts",
    metadata,
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
    Index("accounts_by_contact", "contact"),
)

visits = Table(
    "visits",
    metadata,
    Column("token", Text, primary_key=True),  # digest
    Column("account", Text, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("began_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger, nullable=False),
    Column("device", Text, nullable=False),
)

links = Table(
    "sign_in_links",
    metadata,
    Column("token", Text, primary_key=True),  # digest
    Column("account", Text, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("case", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

tokens = Table(
    "machine_tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("token", Text, nullable=False, unique=True),  # digest
    Column("name", Text, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("seen_at", BigInteger),
    Column("revoked_at", BigInteger),
)

failures = Table(
    "sign_in_failures",
    metadata,
    Column("n", _Serial, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("sign_in_failures_by_key", "key", "at"),
)

# Append-only: triggers refuse to change or remove a row, on both databases.
audit_log = Table(
    "audit_log",
    metadata,
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
    Index("audit_log_by_actor", "actor", "n"),
    Index(
        "audit_log_once",
        "once",
        unique=True,
        sqlite_where=text("once IS NOT NULL"),
        postgresql_where=text("once IS NOT NULL"),
    ),
)
