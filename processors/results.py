"""Any record that detection publishes, by its schema header."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.codec import schema_of
from processors.judgements import decode_judgements
from processors.records import (
    BREACH,
    FLAGS,
    JUDGED,
    JUDGEMENTS,
    Breach,
    Flagged,
    Interval,
    Judged,
    Verdict,
    decode_breach,
    decode_flags,
    decode_judged,
)


def decode(
    value: bytes, headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None
) -> Judged | list[Flagged] | tuple[list[Interval], list[Verdict]] | Breach:
    """Any record of `dust.results` or `dust.breaches`, by its schema header. Raises ValueError."""
    schema = schema_of(headers)
    if schema == JUDGED:
        return decode_judged(value, headers)
    if schema == JUDGEMENTS:
        return decode_judgements(value)
    if schema == FLAGS:
        return decode_flags(value)
    if schema == BREACH:
        return decode_breach(value)
    raise ValueError(f"schema header {schema!r} is none of {JUDGED}, {FLAGS}, {JUDGEMENTS}, {BREACH}")
