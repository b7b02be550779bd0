"""Intervals and verdicts on Kafka: fields shared within a window and rule are written once, the rest in rows.

A window of a county produces thousands that differ only in point and numbers; written out one by one they
would be most of what detection sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any

import orjson

from ingest.codec import headers_of
from ingest.records import Headers
from processors.records.tables import INTERVALS, VERDICTS, Group, parted
from processors.records.verdicts import JUDGEMENTS, Interval, Verdict


def encode_judgements(
    intervals: Iterable[Group[Interval]], verdicts: Iterable[Group[Verdict]], received_at: int
) -> tuple[bytes, Headers]:
    """(value, headers) of intervals and verdicts that were decided together."""
    body = {"intervals": INTERVALS.write(intervals), "verdicts": VERDICTS.write(verdicts)}
    return orjson.dumps(body), headers_of(JUDGEMENTS, received_at)


def judgement_records(
    intervals: Iterable[Group[Interval]],
    verdicts: Iterable[Group[Verdict]],
    received_at: int,
    most: int = 5000,
) -> Iterator[tuple[bytes, Headers]]:
    """Splits `encode_judgements` into as many records as needed: after an outage one tick closes many
    windows, and Kafka rejects records above `topics.MAX_RECORD_BYTES` (one verdict alone is about 1 KB).
    """
    for some, others in zip_longest(parted(intervals, most), parted(verdicts, most), fillvalue=()):
        yield encode_judgements(some, others, received_at)


def decode_judgements(value: bytes) -> tuple[list[Interval], list[Verdict]]:
    """The inverse of `encode_judgements`."""
    body = orjson.loads(value)
    intervals = [Interval(**found) for found in INTERVALS.read(body["intervals"])]
    return intervals, [_verdict(found) for found in VERDICTS.read(body["verdicts"])]


def _verdict(body: dict[str, Any]) -> Verdict:
    body["reasons"] = tuple(body["reasons"])
    body["background_ids"] = tuple(body["background_ids"])
    return Verdict(**body)
