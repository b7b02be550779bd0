"""Quarantine: reads `dust.quarantine`, and resubmits messages that a fix has made usable.

Resubmitted messages are marked in the same topic by a record of schema `dust.retried/1`, written after the
feed has confirmed the reading: a second retry skips them. A crash between the two sends the reading twice,
with the instant of its first receipt, and the fold counts it once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from ingest.admin import partitions_of
from ingest.batches import Row
from ingest.codec import (
    NOTICE,
    QUARANTINED,
    REMARK,
    decode,
    decode_notice,
    decode_quarantined,
    headers_of,
    schema_of,
)
from ingest.decoders import hj212
from ingest.feed import Feed, FeedOptions
from ingest.feed_news import SCHEMA as FED
from ingest.feed_news import FeedNews, decode_news
from ingest.kafka_options import KafkaOptions
from ingest.records import Decoded, Noticed, Quarantined, Rejected, Remark
from ingest.resolve import Arrival, Outcome, Resolver, gathered
from ingest.telemetry import Telemetry
from ingest.topics import MAX_RECORD_BYTES, QUARANTINE
from ingest.unmatched import SCHEMA as UNMATCHED
from ingest.unmatched import TopicLook, decode_look

log = structlog.get_logger(__name__)

RETRIED = "dust.retried/1"
_NOT_OURS = frozenset({"store", "alerts"})  # what they set aside no decoder mends
_SEND_WITHIN_S = 60.0
_MOST_UNCONFIRMED = 2000


class QuarantinedMessage(NamedTuple):
    """A quarantined message and its position in the topic."""

    partition: int
    offset: int
    record: Quarantined

    @property
    def id(self) -> str:
        return f"{self.partition}/{self.offset}"


@dataclass(slots=True)
class Retried:
    """Result of a retry."""

    put_through: int = 0
    readings: int = 0
    still: dict[str, int] = field(default_factory=dict)  # code -> how many can't be used yet
    not_ours: int = 0  # what a store or the case store refused: no decoder helps


@dataclass(slots=True)
class Beside:
    """What the topic holds beside messages that can't be used."""

    looks: list[TopicLook] = field(default_factory=list)  # what bridges found of topics
    notices: list[Noticed] = field(default_factory=list)  # messages without a measurement, oldest first
    remarks: list[Remark] = field(default_factory=list)  # what was seen of devices
    feeds: list[FeedNews] = field(default_factory=list)  # what came of feeds of background

    @property
    def counts(self) -> Counter[str]:
        """Number of notices by kind."""
        return Counter(one.kind for one in self.notices)


async def read_quarantine(kafka: KafkaOptions, beside: Beside | None = None) -> list[QuarantinedMessage]:
    """What is held and was not put through yet, oldest first; `beside` gets the rest of the topic.

    Raises KafkaMissing.
    """
    held: dict[str, QuarantinedMessage] = {}
    async for record in _to_the_end(kafka):
        note_record(held, record, beside)
    return sorted(held.values(), key=lambda one: (one.record.received_at, one.partition, one.offset))


def note_record(held: dict[str, QuarantinedMessage], record: Any, beside: Beside | None = None) -> None:
    """Bring `held` (by id) up to a record of the topic; one that others wrote wrongly hides no other."""
    try:
        schema = schema_of(record.headers)
        if schema == QUARANTINED:
            one = QuarantinedMessage(record.partition, record.offset, decode_quarantined(record.value))
            held[one.id] = one
        elif schema == RETRIED:
            held.pop(orjson.loads(record.value)["id"], None)
        elif schema == UNMATCHED and beside is not None:
            beside.looks.append(decode_look(record.value))
        elif schema == FED and beside is not None:
            beside.feeds.append(decode_news(record.value))
        elif schema == NOTICE and beside is not None:
            beside.notices.append(decode_notice(record.value))
        elif schema == REMARK and beside is not None:
            remark = decode(record.value, record.headers)
            beside.remarks += [remark] if isinstance(remark, Remark) else []
    except (ValueError, TypeError, KeyError) as error:
        place = f"{record.partition}/{record.offset}"
        log.warning("quarantine_record_unreadable", place=place, error=repr(error))


async def retry(
    options: FeedOptions, resolver: Resolver, telemetry: Telemetry, code: str | None = None
) -> Retried:
    """Decode held messages (of one code, or all) with the present configuration; publish the good readings.

    Raises TimeoutError if Kafka does not confirm in time; messages already confirmed stay marked.
    """
    report = Retried()
    feed = Feed(options, telemetry, lambda record: None)
    producing = asyncio.create_task(feed.producer.run())
    try:
        done: list[QuarantinedMessage] = []
        for held in await read_quarantine(options.kafka):
            if code is not None and held.record.code != code:
                continue
            if held.record.source in _NOT_OURS:
                report.not_ours += 1
                continue
            outcomes = outcomes_of(held.record, resolver)
            for code_still in dict.fromkeys(one.code for one in outcomes if isinstance(one, Quarantined)):
                report.still[code_still] = report.still.get(code_still, 0) + 1
            if not is_worth_it(outcomes):
                continue
            for outcome in gathered(outcomes, held.record.raw, held.record.parts):
                feed.put(outcome)
            report.readings += sum(isinstance(one, Row) for one in outcomes)
            done.append(held)
            if len(done) >= _MOST_UNCONFIRMED:
                report.put_through += await _remember(feed, done, producing)
                done = []
        report.put_through += await _remember(feed, done, producing)
    finally:
        producing.cancel()
        await asyncio.gather(producing, return_exceptions=True)
    return report


def outcomes_of(record: Quarantined, resolver: Resolver) -> list[Outcome]:
    """Outcomes of a quarantined message under the present configuration, as of its original receipt."""
    if record.source == "gateway":
        return _of_frames(record, resolver)
    came = Arrival(record.topic, record.raw, record.received_at, record.retain, record.dup)
    return resolver.resolve(came, frozenset(record.parts or (() if record.part < 0 else (record.part,))))


def _of_frames(record: Quarantined, resolver: Resolver) -> list[Outcome]:
    """Outcomes of a message received over TCP; the peer's address in its topic is checked again."""
    topic, _, peer = record.topic.rpartition("/") if record.topic.count("/") > 1 else (record.topic, "", None)
    came = Arrival(topic, record.raw, record.received_at, peer=peer)
    results = [
        Rejected("not_allowed", fault, record.raw)
        if isinstance(one, Decoded) and (fault := resolver.peer_fault(one.device, peer))
        else one
        for one in hj212.decode(record.raw, topic, resolver.policy_of)
    ]
    return resolver.of_decoded(results, came)


def is_worth_it(outcomes: list[Outcome]) -> bool:
    """True if a retry gains anything: some of many readings may be good now; the others go back.

    Readings that stay bad go back as records of their own, so that a message of nine good readings and a bad
    one does not wait for the bad one, which may never be fixed.
    """
    return not outcomes or any(not isinstance(one, Quarantined) for one in outcomes)


async def _remember(feed: Feed, done: list[QuarantinedMessage], producing: asyncio.Task[None]) -> int:
    await _confirm(feed, producing)
    for held in done:
        feed.send(
            QUARANTINE,
            held.partition,
            orjson.dumps({"id": held.id}),
            headers_of(RETRIED, held.record.received_at),
        )
    await _confirm(feed, producing)
    return len(done)


async def _confirm(feed: Feed, producing: asyncio.Task[None]) -> None:
    closing = asyncio.create_task(feed.close(_SEND_WITHIN_S))
    await asyncio.wait([closing, producing], return_when=asyncio.FIRST_COMPLETED)
    if producing.done():
        closing.cancel()
        producing.result()
    if not await closing:
        raise TimeoutError(f"Kafka did not confirm within {_SEND_WITHIN_S:.0f} s: {feed.producer.why or ''}")


async def _to_the_end(kafka: KafkaOptions) -> AsyncIterator[Any]:
    """Every record of the quarantine up to its present end."""
    count = (await partitions_of(kafka, [QUARANTINE])).get(QUARANTINE, 0)
    if not count:
        return
    parts = [TopicPartition(QUARANTINE, number) for number in range(count)]
    consumer = AIOKafkaConsumer(
        **kafka.client(),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=MAX_RECORD_BYTES,
    )
    await consumer.start()
    try:
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        behind = {part for part in parts if ends[part] > 0}
        while behind:
            for part, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    if record.offset < ends[part]:
                        yield record
            behind = {part for part in behind if await consumer.position(part) < ends[part]}
    finally:
        await consumer.stop()
