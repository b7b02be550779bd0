"""What must be told is a row of its own: a message tells of one or more, those of before of one each."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Integer, Text, UniqueConstraint, text

from alerts.store.migrations import rebuilt

revision = "0004"
down_revision = "0003"

_Serial = BigInteger().with_variant(Integer, "sqlite")


def _only(where: str) -> dict[str, Any]:
    return {"sqlite_where": text(where), "postgresql_where": text(where)}


def upgrade() -> None:
    """New tables, filled from what was told so far; programs of before go on, and write messages as ever."""
    op.create_table(
        "tellings",
        Column("n", _Serial, primary_key=True, autoincrement=True),
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
        Column("message", Text, ForeignKey("messages.id")),
        Column("look_at", BigInteger),
        Column("withheld_by", Text),
        Column("withheld_until", BigInteger),
        UniqueConstraint("case", "round", "step", "number", "recipient", "way", name="tellings_once"),
    )
    op.create_index("ix_tellings_message", "tellings", ["message"])
    op.create_index("tellings_to_look", "tellings", ["look_at"], **_only("look_at IS NOT NULL"))
    waiting = ["recipient", "way", "look_at"]
    op.create_index("tellings_waiting", "tellings", waiting, **_only("look_at IS NOT NULL"))
    op.create_index("tellings_withheld", "tellings", ["withheld_by"], **_only("withheld_by IS NOT NULL"))
    op.create_table(
        "telling_paces",
        Column("recipient", Text, primary_key=True),
        Column("way", Text, primary_key=True),
        Column("body", JSON, nullable=False),
    )
    _told_so_far()
    # a message may tell of steps of several cases, and of one step again: its id alone is unique
    with rebuilt("messages") as batch:
        batch.drop_constraint("messages_told_once", type_="unique")


def _told_so_far() -> None:
    messages = sa.table(
        "messages", *(sa.column(name) for name in ("n", "id", "case", "kind", "step", "recipient", "way")),
        *(sa.column(name) for name in ("target", "covers", "data", "created_at")),
    )  # fmt: skip
    cases = sa.table("cases", *(sa.column(name) for name in ("id", "level", "site", "device")))
    columns = {
        "id": sa.func.substr(messages.c.id, 2),
        "case": messages.c.case,
        "round": sa.literal_column("1"),
        "step": messages.c.step,
        "number": sa.literal_column("1"),
        "recipient": messages.c.recipient,
        "way": messages.c.way,
        "kind": messages.c.kind,
        "level": cases.c.level,
        "site": cases.c.site,
        "device": cases.c.device,
        "pollutant": sa.literal_column("''"),
        "urgent": sa.false(),
        "template": sa.literal_column("''"),
        "target": messages.c.target,
        "covers": messages.c.covers,
        "facts": sa.literal_column("'{}'::json" if op.get_bind().dialect.name == "postgresql" else "'{}'"),
        "data": messages.c.data,
        "told_at": messages.c.created_at,
        "message": messages.c.id,
    }
    told = sa.select(*columns.values()).join_from(messages, cases, cases.c.id == messages.c.case)
    tellings = sa.table("tellings", *(sa.column(name) for name in columns))
    op.get_bind().execute(sa.insert(tellings).from_select(list(columns), told.order_by(messages.c.n)))
