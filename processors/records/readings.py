"""Readings as detection publishes them: the batch, detection's marks, and quality flags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from ingest.codec import decode_readings, decode_readings_together, header, headers_of
from ingest.records import Headers, Readings

JUDGED = "dust.judged/1"
FLAGS = "dust.flags/1"


@dataclass(frozen=True, slots=True)
class Flagged:
    """What the quality checks say of a reading's values: at its arrival, and again where that has changed."""

    site: str
    device: str
    time: int
    period: int
    words: dict[str, tuple[str, ...]]  # pollutant -> checks: `spike!` failed, `spike` suspect
    final: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch for the store, with detection's marks merged into `readings.marks`."""

    readings: Readings
    duplicates: int


def encode_judged(
    value: bytes, marks: dict[int, str], duplicates: int, received_at: int
) -> tuple[bytes, Headers]:
    """(value, headers) of a judged batch; `value` is the Arrow value of the feed record, unchanged."""
    more: list[tuple[str, bytes]] = []
    if marks:
        more.append(("marks", orjson.dumps({str(row): text for row, text in sorted(marks.items())})))
    if duplicates:
        more.append(("duplicates", b"%d" % duplicates))
    return value, headers_of(JUDGED, received_at, *more)


def decode_judged(value: bytes, headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None) -> Judged:
    """Decodes a batch, with detection's marks appended to its own (comma-separated)."""
    readings = decode_readings(value)
    return Judged(readings, _add_said(readings, 0, headers))


def decode_judged_together(records: Sequence[tuple[bytes, Headers]]) -> Judged:
    """Several batches of one schema as one. Raises as `decode_readings_together`: some may be sound."""
    readings, begins = decode_readings_together([value for value, _ in records])
    said = zip(begins, records, strict=True)
    return Judged(readings, sum(_add_said(readings, begin, headers) for begin, (_, headers) in said))


def _add_said(
    readings: Readings, begin: int, headers: Iterable[tuple[str, bytes]] | dict[str, bytes] | None
) -> int:
    """Add the marks in a record's headers to its rows, which start at `begin`; return its duplicates."""
    found = header(headers, "marks")
    for row, text in (orjson.loads(found) if found else {}).items():
        at = begin + int(row)
        own = readings.marks.get(at)
        readings.marks[at] = f"{own},{text}" if own else text
    return int(header(headers, "duplicates") or b"0")


def encode_flags(found: Sequence[Flagged], received_at: int) -> tuple[bytes, Headers]:
    """(value, headers) of the flags that one feed record led to."""
    return orjson.dumps({"flags": list(found)}, option=orjson.OPT_SORT_KEYS), headers_of(FLAGS, received_at)


def decode_flags(value: bytes) -> list[Flagged]:
    """The inverse of `encode_flags`."""
    found = orjson.loads(value)["flags"]
    return [Flagged(**{**f, "words": {q: tuple(w) for q, w in f["words"].items()}}) for f in found]
