"""The tables of the case store, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    column,
    table,
    text,
)

# The revision that this program needs: the number of the newest file in `alerts/store/migrations/versions`.
REVISION = 8

metadata = MetaData()
# SQLite counts rows by itself only where the key is an INTEGER.
Serial = BigInteger().with_variant(Integer, "sqlite")

# One row. `oldest_program`: what a program must at least know to work here. The first program looks at
# `version` instead, and works while it is 1: so both always say the same.
schema = Table(
    "dustwatch_schema",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("oldest_program", Integer, nullable=False, server_default=text("1")),
)
# alembic's own table, which it makes and keeps: here only to be read
REVISION_TABLE = "dustwatch_revision"
revisions = table(REVISION_TABLE, column("version_num"))

cases = Table(
    "cases",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
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
    Column("breach", Text, unique=True),  # each breach has exactly one case
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
    Index("cases_by_state", "state", "opened_at"),
    Index("cases_by_site", "site", "opened_at"),
    Index("cases_by_parent", "parent"),
    Index("cases_by_change", "updated_at", "n"),
    Index(
        "cases_held",
        "hold_until",
        sqlite_where=text("hold_until IS NOT NULL"),
        postgresql_where=text("hold_until IS NOT NULL"),
    ),
    # one open case a fault, also where several workers watch
    Index(
        "cases_one_open_fault",
        "fault",
        unique=True,
        sqlite_where=text("fault IS NOT NULL AND recovered_at IS NULL"),
        postgresql_where=text("fault IS NOT NULL AND recovered_at IS NULL"),
    ),
)

case_events = Table(
    "case_events",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),  # the same breach event applied twice is found by it
    Column("case", Text, ForeignKey("cases.id"), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("before", Text),
    Column("after", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("data", JSON, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("case", Text, ForeignKey("cases.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("channel", Text, nullable=False),  # the recipient's lane: one dead server blocks only its own
    Column("target", JSON, nullable=False),  # the Recipient as it was when the message was written
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
    Index(
        "messages_unfinished",
        "channel",
        "due_at",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
    Index("messages_by_state", "state"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("message", Text, ForeignKey("messages.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),  # `unknown` from before the attempt
    Column("reason", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("finished_at", BigInteger),
    Column("possible_repeat", Boolean, nullable=False),
    UniqueConstraint("message", "number", name="attempts_numbered"),
)

# What must be told, written with its case: in exactly one message, or waiting (`look_at`), or withheld.
tellings = Table(
    "tellings",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("case", Text, ForeignKey("cases.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("step", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("pollutant", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("template", Text, nullable=False),
    Column("target", JSON, nullable=False),
    Column("covers", JSON, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("data", JSON, nullable=False),
    Column("told_at", BigInteger, nullable=False),
    Column("message", Text, ForeignKey("messages.id"), index=True),
    Column("look_at", BigInteger),
    Column("withheld_by", Text),
    Column("withheld_until", BigInteger),
    UniqueConstraint("case", "round", "step", "number", "recipient", "way", name="tellings_once"),
    Index(
        "tellings_to_look",
        "look_at",
        sqlite_where=text("look_at IS NOT NULL"),
        postgresql_where=text("look_at IS NOT NULL"),
    ),
    Index(
        "tellings_waiting",
        "recipient",
        "way",
        "look_at",
        sqlite_where=text("look_at IS NOT NULL"),
        postgresql_where=text("look_at IS NOT NULL"),
    ),
    Index(
        "tellings_withheld",
        "withheld_by",
        sqlite_where=text("withheld_by IS NOT NULL"),
        postgresql_where=text("withheld_by IS NOT NULL"),
    ),
)

# How much each recipient has had by each way: the row is locked while it is decided what leaves.
telling_paces = Table(
    "telling_paces",
    metadata,
    Column("recipient", Text, primary_key=True),
    Column("way", Text, primary_key=True),
    Column("body", JSON, nullable=False),
)

# What people have asked to be silent about for a while; people are ids of accounts.
telling_silences = Table(
    "telling_silences",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("begins_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("site", Text, nullable=False),  # this and the next three: empty matches everything
    Column("device", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("needs_approval", Boolean, nullable=False),
    Column("approved_by", Text),
    Column("approved_at", BigInteger),
    Column("ended_by", Text),
    Column("ended_at", BigInteger),
    Column("ended_reason", Text, nullable=False),
    Index("telling_silences_by_end", "ends_at"),
)

# Units whose morning digest was written, or was not needed, on a county day.
morning_digests = Table(
    "morning_digests",
    metadata,
    Column("day", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("written_at", BigInteger, nullable=False),
)

# ---------------------------------------------------------------- people at the desk

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
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("sign_in_failures_by_key", "key", "at"),
)

# Append-only: triggers refuse to change or remove a row, on both databases.
audit_log = Table(
    "audit_log",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
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
