"""Relay: brings the cases' records from the store to Kafka, each case's in order, marked once Kafka has them.

One worker relays for all, by a lease; the lease only spares repeats. Two at once would do no harm: whoever
sends a record has sent the one before it, or has read that Kafka confirmed it, so that the first of each
number comes in turn, and readers count a number once. A crash between sending and marking is a repeat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from alerts.lifecycle.topic_trails import RECORD_SCHEMA
from alerts.lifecycle.trail import CaseRecord, canonical_bytes
from alerts.store.case_store import wall_ms
from alerts.store.relay_store import RelayStore
from ingest.admin import TopicMismatch, partitions_of
from ingest.codec import encode, headers_of
from ingest.durations import MINUTE_MS
from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import KafkaMissing
from ingest.producer import Outgoing, Producer
from ingest.records import Headers, Tick
from ingest.telemetry import Telemetry
from ingest.topics import CASES, CASES_TOPIC

log = structlog.get_logger(__name__)
T = TypeVar("T")
_LOOK_S = 5.0  # at a Kafka that is away, or that has no such topic


@dataclass(frozen=True, slots=True)
class RelayPacing:
    """Intervals of the loop; real time."""

    poll_s: float = 0.5
    lease_ms: int = 10_000  # a dead holder keeps the others waiting for so long
    drain_s: float = 1.0


class CasesProducer(Producer):
    """A producer for the topic of the cases alone."""

    checked = CASES


class CaseRelay:
    """The relay of one alerts worker."""

    def __init__(
        self,
        store: RelayStore,
        kafka: KafkaOptions,
        owner: str,
        now: Callable[[], int],
        telemetry: Telemetry,
        pacing: RelayPacing = RelayPacing(),
    ) -> None:
        self._store, self._kafka, self._owner, self._now = store, kafka, owner, now
        self._telemetry, self._pacing = telemetry, pacing
        self._threads = ThreadPoolExecutor(1, "relay")
        partitions = CASES_TOPIC.partitions or 1
        self.producer: Producer = CasesProducer(kafka, partitions, lambda record, at_ms: None, telemetry)
        self._numbers = 0
        self._leads, self._ask_at = False, 0.0  # by the loop's clock
        self._ticked_at: int | None = None
        self._no_topic: str | None = None
        self._store_away: str | None = None
        telemetry.ready_when("case_relay", lambda: self.why)

    @property
    def why(self) -> str | None:
        """Why records don't reach Kafka, or None; they wait in the store."""
        return self._no_topic or self.producer.why or self._store_away

    async def run(self) -> None:
        """Relay until cancelled. While the store or Kafka is away, wait for it."""
        try:
            await asyncio.gather(self._send(), self._relay())
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _relay(self) -> None:
        while True:
            try:
                await self.turn()
                self._store_away = None
            except SQLAlchemyError as error:
                self._store_away = str(error).splitlines()[0]
                self._telemetry.faults.labels("case_store").inc()
                log.error("case_store_away", error=self._store_away)
            await asyncio.sleep(self._pacing.poll_s)

    async def turn(self) -> int:
        """Relay all that waits, if it is this worker's to do; how many records. May raise SQLAlchemyError."""
        began, after, count = self._now(), 0, 0
        while await self._holds_lease():
            page = await self._call(lambda after=after: self._store.unrelayed(after))  # type: ignore[misc]
            self._telemetry.waiting.labels("case_records").set(len(page.records))
            if page.last is None:
                await self._tick(began)
                break
            await self._deliver([(canonical_bytes(one), _headers(one)) for one in page.records])
            await self._call(lambda upto=page.upto: self._store.mark(upto))  # type: ignore[misc]
            self._telemetry.written.labels("case_record").inc(len(page.records))
            after, count = page.last, count + len(page.records)
        return count

    async def _tick(self, now: int) -> None:
        """Move the topic's clock each minute: what was in the store by `now` stands before the tick."""
        if self._ticked_at is None or now - self._ticked_at >= MINUTE_MS:
            await self._deliver([encode(Tick(now, MINUTE_MS, self._owner))])
            self._ticked_at = now

    async def _holds_lease(self) -> bool:
        """Whether this worker relays; the store is asked three times in a lease: each answer is a write."""
        running = asyncio.get_running_loop().time()
        if running >= self._ask_at:
            lasts = self._pacing.lease_ms
            self._ask_at = running + lasts / 3000
            self._leads = await self._call(lambda: self._store.take_lease(self._owner, wall_ms(), lasts))
        return self._leads

    async def _deliver(self, records: Sequence[tuple[bytes, Headers]]) -> None:
        """Send, and wait until Kafka has confirmed all of it, for as long as that takes.

        The lease is not prolonged meanwhile: another worker's Kafka may be nearer.
        """
        for value, headers in records:
            self._numbers += 1
            self.producer.send(Outgoing(self._numbers, CASES, 0, value, headers, wall_ms()))
        while not await self.producer.drain(self._pacing.drain_s):
            pass

    async def _send(self) -> None:
        """Keep the sender running, once the topic is there."""
        while True:
            try:
                await self._until_there()
                await self.producer.run()
            except TopicMismatch as error:
                self._no_topic = str(error)
                log.error("relay_waits", why=self._no_topic)
                await asyncio.sleep(_LOOK_S)

    async def _until_there(self) -> None:
        """Wait for the topic: a Kafka that makes it by itself would not keep it without end."""
        while True:
            try:
                found = await partitions_of(self._kafka, [CASES])
                if CASES in found:
                    self._no_topic = None
                    return
                why = f"Kafka at {self._kafka} has no topic {CASES}: `dustwatch apply CONFIG` creates it"
            except KafkaMissing as error:
                why = str(error)
            if why != self._no_topic:
                log.error("relay_waits", why=why)
            self._no_topic = why
            await asyncio.sleep(_LOOK_S)

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _headers(record: CaseRecord) -> Headers:
    return headers_of(RECORD_SCHEMA, record.at)
