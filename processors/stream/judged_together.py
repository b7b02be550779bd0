"""Judged batches of many records decoded at once: of small ones decoding costs by record. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ingest.codec import schema_bytes_of
from processors.records import Judged, decode_judged, decode_judged_together
from processors.stream.stage import RawRecord

SMALL_BYTES = 2048  # up to here it is worth it: a handful of readings


class DecodedRecords(NamedTuple):
    """What records hold, and which of them can't be read, with why."""

    judged: list[Judged]
    unreadable: list[tuple[RawRecord, str]]


def decode_records(records: Iterable[RawRecord]) -> DecodedRecords:
    """Decode judged batches; those of one schema together, in the order of its first record."""
    alike: dict[bytes, list[RawRecord]] = {}
    for record in records:
        alike.setdefault(schema_bytes_of(record.value), []).append(record)
    found = DecodedRecords([], [])
    for same in alike.values():
        _decode(same, found)
    return found


def _decode(records: Sequence[RawRecord], found: DecodedRecords) -> None:
    """Decode records of one schema; where that fails, each half by itself, down to the one at fault."""
    try:
        if len(records) == 1:
            judged = decode_judged(records[0].value, records[0].headers)
        else:
            judged = decode_judged_together([(record.value, record.headers) for record in records])
    except Exception as error:  # whatever Arrow and JSON raise on bytes that are not theirs
        if len(records) == 1:
            found.unreadable.append((records[0], str(error)))
            return
        middle = len(records) // 2
        _decode(records[:middle], found)
        _decode(records[middle:], found)
        return
    found.judged.append(judged)
