"""Intervals and verdicts on Kafka: what those of one window and rule share stands once, the rest in rows.

A window of a county makes thousands that differ in their point and numbers only; written out each alone
they are most of what detection sends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from operator import attrgetter
from typing import Any

import orjson

from ingest.codec import headers_of
from ingest.records import Headers
from processors.records import JUDGEMENTS, Interval, Verdict


@dataclass(frozen=True, slots=True)
class Table:
    """How records of one kind are gathered: by which fields, which are shared then, which are each's own."""

    kind: type[Interval] | type[Verdict]
    by: tuple[str, ...]  # they settle all that is shared
    own: tuple[str, ...]

    @property
    def shared(self) -> tuple[str, ...]:
        """The fields that stand once for a group."""
        return tuple(field.name for field in fields(self.kind) if field.name not in self.own)

    def write(self, records: Sequence[Any]) -> list[dict[str, Any]]:
        """Groups of neighbours: their shared fields, `each` (names), `rows` (values by those names)."""
        shared, of_group, of_row = self.shared, attrgetter(*self.shared), attrgetter(*self.own)
        groups = []
        for _, group in groupby(records, attrgetter(*self.by)):
            members = list(group)
            body = dict(zip(shared, of_group(members[0]), strict=True))
            groups.append({**body, "each": self.own, "rows": list(map(of_row, members))})
        return groups

    def read(self, groups: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The fields of each record. Raises KeyError or ValueError for what is no such table."""
        for group in groups:
            names = group.pop("each")
            rows = group.pop("rows")
            for row in rows:
                yield {**group, **dict(zip(names, row, strict=True))}


TABLES = {
    "intervals": Table(
        Interval,
        ("pollutant", "statistic", "start", "end"),
        ("id", "site", "device", "value", "capture", "count", "revision"),
    ),
    "verdicts": Table(
        Verdict,
        ("kind", "rule", "rule_revision", "start", "end", "configuration", "decided_at"),
        (
            "id",
            "site",
            "point",
            "answer",
            "reasons",
            "value",
            "background",
            "subtracted",
            "background_ids",
            "capture",
            "interval",
            "revision",
        ),
    ),
}


def encode_judgements(
    intervals: Sequence[Interval], verdicts: Sequence[Verdict], received_at: int
) -> tuple[bytes, Headers]:
    """(value, headers) of intervals and verdicts that were decided together."""
    body = {"intervals": TABLES["intervals"].write(intervals), "verdicts": TABLES["verdicts"].write(verdicts)}
    return orjson.dumps(body), headers_of(JUDGEMENTS, received_at)


def judgement_records(
    intervals: Sequence[Interval], verdicts: Sequence[Verdict], received_at: int, most: int = 5000
) -> Iterator[tuple[bytes, Headers]]:
    """`encode_judgements` in as many records as it takes: after an outage one tick closes many windows,
    and Kafka takes no record above `topics.MAX_RECORD_BYTES` (a verdict alone is about 1 KB)."""
    for first in range(0, max(len(intervals), len(verdicts)), most):
        part = slice(first, first + most)
        yield encode_judgements(intervals[part], verdicts[part], received_at)


def decode_judgements(value: bytes) -> tuple[list[Interval], list[Verdict]]:
    """The inverse of `encode_judgements`."""
    body = orjson.loads(value)
    intervals = [Interval(**found) for found in TABLES["intervals"].read(body["intervals"])]
    return intervals, [_verdict(found) for found in TABLES["verdicts"].read(body["verdicts"])]


def _verdict(body: dict[str, Any]) -> Verdict:
    body["reasons"] = tuple(body["reasons"])
    body["background_ids"] = tuple(body["background_ids"])
    return Verdict(**body)
