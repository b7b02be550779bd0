"""Tables of responsibility with dates, append-only: a revision adds rows, and says which went."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from alerts.store.tables import Serial, metadata

duty_revisions = Table(
    "duty_revisions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 …
    Column("at", BigInteger, nullable=False),  # from when on it is in force; ms UTC of the cases' clock
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

# A row as a revision leaves it; the newest of its sheet and key counts.
duty_rows = Table(
    "duty_rows",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("revision", Integer, ForeignKey("duty_revisions.number"), nullable=False),
    Column("sheet", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("since", Text, nullable=False),  # ISO days of the county, both included; empty: open
    Column("until", Text, nullable=False),
    Column("body", JSON, nullable=False),  # the columns that name nobody
    Column("personal", Text),  # digest in clear_text of the others
    Index("duty_rows_by_key", "sheet", "key", "revision"),
)
