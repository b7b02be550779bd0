"""Tables of the life of cases: matters with their trail, and what people hand in."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from alerts.store.tables import Serial, metadata

# A case as people work at it: a matter (site, kind, county day), `n` is the number that is said on the phone.
# Each row of `cases` is what one breach, or one trouble of the platform, came to.
life_cases = Table(
    "life_cases",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("site", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("day", Text, nullable=False),  # of its matter
    Column("last_day", Text, nullable=False),  # of its present round
    Column("state", Text, nullable=False),
    Column("track", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("verifier", Text, nullable=False),  # wanted
    Column("title", JSON, nullable=False),  # of its worst breach, by language
    Column("version", Integer, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("deadline", BigInteger),  # of the watch that runs and ends first
    Column("over_at", BigInteger),
    Column("signed_at", BigInteger),
    Column("archived_at", BigInteger),
    Column("appealed_at", BigInteger),
    Column("withdrawal_at", BigInteger),
    Column("wakes_at", BigInteger),  # the passing of time may ask for something then
    Column("told", Integer, nullable=False),  # up to which record it was told
    Column("relayed", Integer, nullable=False, server_default=text("0")),  # up to which it is on Kafka
    Column("merged_into", Text),
    Column("body", JSON, nullable=False),  # the case as the life cycle sees it
    Index("life_cases_by_matter", "site", "kind", "day"),
    Index("life_cases_by_change", "updated_at", "n"),
    Index("life_cases_by_state", "state", "deadline"),
    Index(
        "life_cases_wake",
        "wakes_at",
        sqlite_where=text("wakes_at IS NOT NULL"),
        postgresql_where=text("wakes_at IS NOT NULL"),
    ),
    Index(
        "life_cases_to_tell",
        "n",
        sqlite_where=text("told < version"),
        postgresql_where=text("told < version"),
    ),
    Index(
        "life_cases_to_relay",
        "n",
        sqlite_where=text("relayed < version"),
        postgresql_where=text("relayed < version"),
    ),
)

# Lines of responsibility beside the rectifying unit, to find a unit's by.
case_units = Table(
    "case_units",
    metadata,
    Column("case", Text, ForeignKey("life_cases.id"), primary_key=True),
    Column("line", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("deadline", BigInteger),
    Column("signed_at", BigInteger),
    Index("case_units_by_unit", "unit", "signed_at"),
)

# Each breach is in exactly one case.
case_breaches = Table(
    "case_breaches",
    metadata,
    Column("breach", Text, primary_key=True),
    Column("case", Text, ForeignKey("life_cases.id"), nullable=False, index=True),
    Column("finding", Text, ForeignKey("cases.id"), nullable=False, unique=True),
    Column("round", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("over_at", BigInteger),
    Column("complies", Boolean, nullable=False),
)

# Append-only: every change of a case, as `dust.cases` has it.
case_records = Table(
    "case_records",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("case", Text, ForeignKey("life_cases.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("command", Text, nullable=False),
    Column("tells", JSON, nullable=False),  # parties that hear of it
    Column("body", JSON, nullable=False),
    Column("digest", Text, nullable=False),
    UniqueConstraint("case", "number", name="case_records_numbered"),
)
# A form that was sent twice is one action.
case_actions = Table(
    "case_actions",
    metadata,
    Column("form", Text, primary_key=True),
    Column("case", Text, ForeignKey("life_cases.id"), nullable=False),
    Column("record", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# What the records have as digests: the one table that may be emptied.
clear_texts = Table(
    "clear_text",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("salt", Text, nullable=False),  # hex
    Column("text", Text, nullable=False),
    Column("case", Text, nullable=False, index=True),
    Column("person", Text, nullable=False),  # account whose name or words it is
    Column("at", BigInteger, nullable=False),
    Index("clear_text_by_person", "person"),
)
# Append-only: whose texts were emptied. It names nobody, so that it may be kept beside copies of the store.
erasures = Table(
    "erasures",
    metadata,
    Column("n", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("account", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
# Work that one worker does for all: whose it is, and until when if it dies (real time).
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
)
# Photographs and documents, as they were received; `digest` is SHA-256 of the bytes.
case_files = Table(
    "case_files",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("case", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # media type
    Column("size", Integer, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("shown", LargeBinary),  # a picture made anew from it, without what the camera wrote
)
