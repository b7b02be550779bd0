"""Producer: sends records to Kafka in order until each is confirmed; nothing is skipped or given up.

aiokafka's idempotent producer retries what can be retried, without duplicating. When it fails for good (a
fenced id, a lost sequence, a refused request) it is closed and a new one takes over with everything not
confirmed yet, in the same order; records stored without our knowledge are then duplicated, and the fold
counts them once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError

from ingest.admin import TopicMismatch
from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import KafkaMissing, refusal_by, why_missing
from ingest.records import Headers
from ingest.telemetry import Telemetry
from ingest.topics import FEED, MAX_RECORD_BYTES

log = structlog.get_logger(__name__)

_FIRST_BACKOFF_S, _LONGEST_BACKOFF_S = 0.2, 10.0
_BATCH_BYTES = 1024 * 1024  # per partition and request
_STOP_WITHIN_S = 2.0
_SLOW_S = 10.0
_RETRY_MS = 250


@dataclass(slots=True, eq=False)
class Outgoing:
    """A record under way; `number` is unique in this process and increases."""

    number: int
    topic: str
    partition: int
    value: bytes
    headers: Headers
    queued_ms: int = 0  # wall clock, for the comparison with the broker's


Confirmed = Callable[[Outgoing, int], None]  # record, broker's append time in ms


class Producer:
    """A process's connection for writing to Kafka."""

    checked = FEED  # the topic whose number of partitions must be as told

    def __init__(
        self,
        kafka: KafkaOptions,
        partitions: int,
        confirmed: Confirmed,
        telemetry: Telemetry,
        compression: str | None = None,
        connect: Callable[..., Any] = AIOKafkaProducer,
    ) -> None:
        self._kafka, self._partitions = kafka, partitions
        self._confirmed, self._telemetry, self._compression = confirmed, telemetry, compression
        self._connect = connect
        self._outstanding: dict[int, Outgoing] = {}
        self._unsent: deque[Outgoing] = deque()
        self._wake = asyncio.Event()
        self._settled_one = asyncio.Event()
        self._failure: BaseException | None = None
        self._generation = 0  # of the producer; what an old one says of a failure is old
        self._backoff_s = _FIRST_BACKOFF_S
        self._why: str | None = "not connected to Kafka yet"
        self._why_slow: KafkaMissing | None = None

    @property
    def why(self) -> str | None:
        """Reason why Kafka is not working, or None; aiokafka's own retries, which are silent, included."""
        waiting_s = self._waiting_s()
        if self._why is None and waiting_s > _SLOW_S:
            slow = f"Kafka at {self._kafka} has not confirmed a record for {waiting_s:.0f} s"
            return slow if self._why_slow is None else f"{slow}: {self._why_slow}"
        return self._why

    def _waiting_s(self) -> float:
        """How long the oldest unconfirmed record has waited."""
        oldest = next(iter(self._outstanding.values()), None)
        return 0.0 if oldest is None else time.time() - oldest.queued_ms / 1000

    @property
    def outstanding(self) -> int:
        """Number of unconfirmed records."""
        return len(self._outstanding)

    def send(self, record: Outgoing) -> None:
        """Queue a record behind all others."""
        self._outstanding[record.number] = record
        self._unsent.append(record)
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled. Raises TopicMismatch, KafkaMisconfigured."""
        asking = asyncio.create_task(self._ask_why_slow())
        try:
            await self._run()
        finally:
            asking.cancel()

    async def _run(self) -> None:
        while True:
            producer = self._connect(
                **self._kafka.client(),
                acks="all",
                enable_idempotence=True,
                compression_type=self._compression,
                max_batch_size=_BATCH_BYTES,
                max_request_size=MAX_RECORD_BYTES,
                retry_backoff_ms=_RETRY_MS,
            )
            try:
                await producer.start()
                await self._check_partitions(producer)
                self._why = None
                self._unsent = deque(self._outstanding.values())
                await self._pump(producer)
            except KafkaError as error:
                self._why = await self._words(error)
                self._telemetry.faults.labels("kafka").inc()
                log.error("kafka_failed", error=self._why, outstanding=len(self._outstanding))
            finally:
                await _close(producer)
            await asyncio.sleep(self._backoff_s)
            self._backoff_s = min(self._backoff_s * 2, _LONGEST_BACKOFF_S)

    async def _words(self, error: KafkaError) -> str:
        if isinstance(error, KafkaConnectionError):
            return str(await why_missing(self._kafka, error))
        return f"Kafka at {self._kafka}: {error!r}"

    async def _ask_why_slow(self) -> None:
        """Find out what aiokafka's own retries keep to themselves: a password changed under way, say."""
        while True:
            await asyncio.sleep(_SLOW_S)
            if self._why is None and self._waiting_s() > _SLOW_S:
                self._why_slow = await refusal_by(self._kafka)

    async def drain(self, within_s: float) -> bool:
        """Wait until everything is confirmed; False if the time runs out first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self._outstanding:
                    self._settled_one.clear()
                    await self._settled_one.wait()
        return not self._outstanding

    async def _check_partitions(self, producer: AIOKafkaProducer) -> None:
        found = await producer.partitions_for(self.checked)
        if len(found) != self._partitions:
            raise TopicMismatch(
                f"{self.checked} has {len(found)} partitions and DUSTWATCH_PARTITIONS says "
                f"{self._partitions}; sites would change their partition: set it to what the topic has"
            )

    async def _pump(self, producer: AIOKafkaProducer) -> None:
        self._failure = None
        self._generation += 1
        while True:
            self._wake.clear()
            while self._unsent and self._failure is None:
                record = self._unsent[0]
                if record.number in self._outstanding:
                    future = await producer.send(
                        record.topic, record.value, partition=record.partition, headers=record.headers
                    )
                    future.add_done_callback(partial(self._settled, record, self._generation))
                self._unsent.popleft()
            if self._failure is not None:
                raise KafkaError(f"a send failed for good: {self._failure!r}") from self._failure
            await self._wake.wait()

    def _settled(self, record: Outgoing, generation: int, future: asyncio.Future[Any]) -> None:
        failure = KafkaError("cancelled") if future.cancelled() else future.exception()
        if failure is not None:
            if generation == self._generation and self._failure is None:
                self._failure = failure
                self._wake.set()
            return
        # a record sent twice, by an old and a new producer, is confirmed once
        if self._outstanding.pop(record.number, None) is not None:
            self._backoff_s = _FIRST_BACKOFF_S
            self._settled_one.set()
            self._confirmed(record, future.result().timestamp)


async def _close(producer: AIOKafkaProducer) -> None:
    try:
        await asyncio.wait_for(producer.stop(), _STOP_WITHIN_S)
    except (TimeoutError, KafkaError) as error:
        log.warning("kafka_close", error=repr(error))
