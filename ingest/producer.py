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
from aiokafka.errors import KafkaError

from ingest.admin import TopicMismatch
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
    """This process's only connection for writing to Kafka."""

    def __init__(
        self,
        bootstrap: str,
        partitions: int,
        confirmed: Confirmed,
        telemetry: Telemetry,
        compression: str | None = None,
        connect: Callable[..., Any] = AIOKafkaProducer,
    ) -> None:
        self._bootstrap, self._partitions = bootstrap, partitions
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

    @property
    def why(self) -> str | None:
        """Reason why Kafka is not working, or None; aiokafka's own retries, which are silent, included."""
        oldest = next(iter(self._outstanding.values()), None)
        if self._why is None and oldest is not None:
            waiting_s = time.time() - oldest.queued_ms / 1000
            if waiting_s > _SLOW_S:
                return f"Kafka at {self._bootstrap} has not confirmed a record for {waiting_s:.0f} s"
        return self._why

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
        """Send until cancelled. Raises TopicMismatch."""
        while True:
            producer = self._connect(
                bootstrap_servers=self._bootstrap,
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
                self._why = f"Kafka at {self._bootstrap}: {error!r}"
                self._telemetry.faults.labels("kafka").inc()
                log.error("kafka_failed", error=repr(error), outstanding=len(self._outstanding))
            finally:
                await _close(producer)
            await asyncio.sleep(self._backoff_s)
            self._backoff_s = min(self._backoff_s * 2, _LONGEST_BACKOFF_S)

    async def drain(self, within_s: float) -> bool:
        """Wait until everything is confirmed; False if the time runs out first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self._outstanding:
                    self._settled_one.clear()
                    await self._settled_one.wait()
        return not self._outstanding

    async def _check_partitions(self, producer: AIOKafkaProducer) -> None:
        found = await producer.partitions_for(FEED)
        if len(found) != self._partitions:
            raise TopicMismatch(
                f"{FEED} has {len(found)} partitions and DUSTWATCH_PARTITIONS says {self._partitions}; "
                "sites would change their partition: set it to what the topic has"
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
