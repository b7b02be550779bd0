"""Decoder for records of detection, chosen by their schema header."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.codec import schema_of
from processors.records.breaches import BREACH, Breach, decode_breach
from processors.records.judgements import decode_judgements
from processors.records.readings import FLAGS, JUDGED, Flagged, Judged, decode_flags, decode_judged
from processors.records.verdicts import JUDGEMENTS, Interval, Verdict


def decode(
    value: bytes, headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None
) -> Judged | list[Flagged] | tuple[list[Interval], list[Verdict]] | Breach:
    """Decodes a judged batch, flags, judgements or a breach, by its schema header. Raises ValueError."""
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
