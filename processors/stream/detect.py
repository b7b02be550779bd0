"""Detect stage: folds one partition of `dust.feed` and sends the outputs to Kafka at once.

Waiting records are folded together, at the latest a few milliseconds after the first (`DETECT_PACE`);
`settle` waits for the broker to confirm the outputs before a snapshot covers the records. Outputs go to the
partition of their feed record.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from functools import lru_cache
from typing import Any

import structlog

from ingest.codec import ALL_READINGS, REMARK, REVISION, decode, encode_quarantined, received_at_of, schema_of
from ingest.records import FeedRecord, Headers, Quarantined, Readings, Revision
from ingest.telemetry import Telemetry
from ingest.topics import BREACHES, FEED, QUARANTINE, RESULTS
from processors.fold import DUPLICATE, Detector, Outputs
from processors.history import encode_context
from processors.measuring import Bundle, bundles
from processors.plan import Plan
from processors.records import (
    BREACH,
    REGIONAL,
    encode_breach,
    encode_flags,
    encode_judged,
    encode_outlook,
    encode_outlooks,
    encode_regional,
    judgement_records,
    wind_records,
)
from processors.stream.set_aside import MOST_RAW
from processors.stream.stage import Outlet, Parts, RawRecord, StageFactory
from processors.windows import day_of

log = structlog.get_logger(__name__)

_OF_EVERY_PARTITION = ("dust.background/1", "dust.signal/1", REVISION)
_WEIGHT_OF_RECORD = 50  # readings: what reading a record costs beside them
_MOST_FLAGS = 20_000  # of a record: Kafka takes none above `topics.MAX_RECORD_BYTES`


@lru_cache(maxsize=2)  # every partition brings the same one
def _revision_of(value: bytes, headers: tuple[tuple[str, bytes], ...]) -> Revision:
    """Decodes a configuration and checks that it can be planned. Raises whatever is wrong with it."""
    revision = decode(value, headers)
    assert isinstance(revision, Revision)
    day_of(revision.effective, Plan.of(revision).zone)
    return revision


class DetectStage:
    """One partition of `dust.feed` (a `Stage` of processors/stream/stage.py)."""

    def __init__(self, outlet: Outlet, telemetry: Telemetry, results: str, breaches: str) -> None:
        self._outlet, self._telemetry = outlet, telemetry
        self._results, self._breaches = results, breaches  # names of topics
        self._detector = Detector.empty(outlet.partition, outlet.partitions)
        self._waiting: list[tuple[RawRecord, FeedRecord]] = []  # read, but not folded yet
        self._weight = 0
        self._outgoing: list[tuple[str, bytes | None, bytes, Headers]] = []
        self._sent: list[asyncio.Future[Any]] = []

    def restore(self, parts: Parts | None) -> None:
        """See `Stage`."""
        if parts is None:
            self._detector = Detector.empty(self._outlet.partition, self._outlet.partitions)
        else:
            self._detector = Detector.load(parts)

    def fold(self, record: RawRecord) -> None:
        """See `Stage`. A record that can't be read goes to quarantine unchanged."""
        try:
            if schema_of(record.headers) == REVISION:
                feed: FeedRecord = _revision_of(record.value, tuple(map(tuple, record.headers)))
            else:
                feed = decode(record.value, record.headers)
        except Exception as error:  # whatever Arrow and JSON raise on bytes that are not ours
            self._set_aside(record, error)
            return
        self._waiting.append((record, feed))
        self._weight += _WEIGHT_OF_RECORD + (len(feed) if isinstance(feed, Readings) else 0)

    def weight(self) -> int:
        """See `Weighed`: how many readings wait to be folded, and something for each record."""
        return self._weight

    def _fold_waiting(self) -> None:
        waiting, self._waiting, self._weight = self._waiting, [], 0
        raws = iter([record for record, _ in waiting])
        for part in bundles(feed for _, feed in waiting):
            if isinstance(part, Bundle):
                records = [next(raws) for _ in range(part.count)]
                self._collect(records, self._detector.fold_bundle(part), part.begins)
            else:
                self._collect([next(raws)], self._detector.fold(part), ())

    async def deliver(self) -> None:
        """See `Stage`: hands outputs to the producer, which confirms later."""
        self._fold_waiting()
        outgoing, self._outgoing = self._outgoing, []
        for topic, key, value, headers in outgoing:
            self._sent.append(
                await self._outlet.producer.send(
                    topic, value, key=key, partition=self._outlet.partition, headers=headers
                )
            )

    async def settle(self) -> None:
        """See `Stage`: waits until every output is confirmed; raises if one can't be."""
        sent, self._sent = self._sent, []
        await asyncio.gather(*sent)

    def snapshot(self) -> Parts:
        """See `Stage`."""
        return self._detector.dump()

    def _collect(self, records: list[RawRecord], out: Outputs, begins: tuple[int, ...]) -> None:
        """Queues the outputs of folding these records. `begins`: first row of each that has readings."""
        record = records[-1]
        received_at = received_at_of(record.headers, record.appended_at)
        trace = ("feed", b"%d/%d" % (record.partition, record.offset))
        if out.readings is not None:
            self._collect_judged(records, out, begins)
            self._count("readings", len(out.readings))
        for first in range(0, len(out.flags), _MOST_FLAGS):
            value, headers = encode_flags(out.flags[first : first + _MOST_FLAGS], received_at)
            self._outgoing.append((self._results, None, value, [*headers, trace]))
        if out.outlooks:
            value, headers = encode_outlooks(out.outlooks, received_at)
            self._outgoing.append((self._results, None, value, [*headers, trace]))
            self._count("outlooks", len(out.outlooks))
        for value, headers in wind_records(out.winds, received_at):
            self._outgoing.append((self._results, None, value, [*headers, trace]))
        self._count("winds", len(out.winds))
        for episode in out.regional:
            value, headers = encode_regional(episode)
            value, headers = encode_context(value, REGIONAL, episode.at)
            self._outgoing.append((self._results, None, value, [*headers, trace]))
        self._count("regional", len(out.regional))
        for value, headers in judgement_records(out.interval_groups, out.verdict_groups, received_at):
            self._outgoing.append((self._results, None, value, [*headers, trace]))
        self._count("intervals", sum(map(len, out.interval_groups)))
        self._count("verdicts", sum(map(len, out.verdict_groups)))
        for outlook in (one for one in out.outlooks if one.tell):
            key, value, headers = encode_outlook(outlook)
            self._outgoing.append((self._breaches, key, value, [*headers, trace]))
        for breach in out.breaches:
            key, value, headers = encode_breach(breach)
            self._outgoing.append((self._breaches, key, value, [*headers, trace]))
            value, headers = encode_context(value, BREACH, breach.at)
            self._outgoing.append((self._results, None, value, [*headers, trace]))
            self._count("breaches", 1)
        if out.duplicates:
            self._telemetry.discard("duplicate", out.duplicates)
        if not any(note.kind.startswith("repeated") for note in out.notes):
            self._keep_context(record, received_at)
        for note in out.notes:
            self._telemetry.discard(note.kind)

    def _collect_judged(self, records: list[RawRecord], out: Outputs, begins: tuple[int, ...]) -> None:
        own = [record for record in records if schema_of(record.headers) in ALL_READINGS]
        marks: list[dict[int, str]] = [{} for _ in own]
        for row, text in out.marks.items():
            which = bisect_right(begins, row) - 1
            marks[which][row - begins[which]] = text
        for record, found in zip(own, marks, strict=True):
            doubled = sum(DUPLICATE in text.split(",") for text in found.values())
            received_at = received_at_of(record.headers, record.appended_at)
            value, headers = encode_judged(record.value, found, doubled, received_at)
            trace = ("feed", b"%d/%d" % (record.partition, record.offset))
            self._outgoing.append((self._results, None, value, [*headers, trace]))

    def _keep_context(self, record: RawRecord, received_at: int) -> None:
        """Sends context and remarks to history as well: once, also what every partition reads."""
        schema = schema_of(record.headers)
        if schema == REMARK or (record.partition == 0 and schema in _OF_EVERY_PARTITION):
            value, headers = encode_context(record.value, schema, received_at)
            self._outgoing.append((self._results, None, value, headers))

    def _count(self, kind: str, count: int) -> None:
        self._telemetry.written.labels(kind).inc(count)

    def _set_aside(self, record: RawRecord, error: Exception) -> None:
        place = f"partition {record.partition}, offset {record.offset}: {error}"
        raw = (record.value or b"")[:MOST_RAW]
        value, headers = encode_quarantined(
            Quarantined(record.appended_at, "detect", FEED, "bad_syntax", place, raw)
        )
        self._outgoing.append((QUARANTINE, None, value, headers))
        self._telemetry.quarantined.labels("bad_syntax").inc()
        log.warning("feed_record_unreadable", why=place)


def detect_stages(telemetry: Telemetry, results: str = RESULTS, breaches: str = BREACHES) -> StageFactory:
    """Factory for the shell; `results` and `breaches` are the topics that its stages publish to."""

    def make(outlet: Outlet) -> DetectStage:
        return DetectStage(outlet, telemetry, results, breaches)

    return make
