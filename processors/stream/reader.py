"""Reader of topic ranges, with a plain consumer: records that the engine skipped, and snapshots."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import KafkaMissing, why_missing
from ingest.topics import MAX_RECORD_BYTES
from processors.stream.stage import RawRecord

_SINGLE_BYTES = 64 * 1024  # of a fetch for one record, which comes whole however large it is
T = TypeVar("T")
_COORDINATED_WITHIN_S, _COORDINATED_PAUSE_S = 30.0, 0.2
_STUCK_S = 30.0  # a range that brings nothing for so long is an error, not a wait


class FeedError(Exception):
    """The log can't supply what the state needs; ends the stage (exit code 1, SnapshotUnreadable: 2)."""


class LogGap(FeedError):
    """The log begins after the first missing record: retention has deleted some."""

    def __init__(self, topic: str, partition: int, missing_from: int, log_start: int) -> None:
        self.topic, self.partition = topic, partition
        self.missing_from, self.log_start = missing_from, log_start
        super().__init__(
            f"log gap: {topic} partition {partition} begins at offset {log_start}, but the state was saved "
            f"before {missing_from}: {log_start - missing_from} records [{missing_from}, {log_start}) are "
            "gone. To go on without them, and have the intervals they touch judged undetermined, run "
            f"`dustwatch feed accept-gap`"
        )


class LogShort(FeedError):
    """The log ends before the offset that the state covers: the topic was recreated, or its end lost."""

    def __init__(self, topic: str, partition: int, covered: int, log_end: int) -> None:
        self.topic, self.partition = topic, partition
        self.covered, self.log_end = covered, log_end
        super().__init__(
            f"short log: {topic} partition {partition} ends at offset {log_end}, but the state covers "
            f"everything below {covered}: the topic was made anew or the broker lost records. Going on would "
            "skip what comes next. Restore the topic, or run `dustwatch feed accept-gap` to go on from its "
            "beginning"
        )


async def _when_coordinated(ask: Callable[[], Awaitable[T]]) -> T:
    """Answer of the coordinator of groups: a Kafka that has just begun makes their topic first."""
    deadline = time.monotonic() + _COORDINATED_WITHIN_S
    while True:
        try:
            return await ask()
        except KafkaError as error:
            if not error.retriable or time.monotonic() > deadline:
                raise
        await asyncio.sleep(_COORDINATED_PAUSE_S)


class Reader:
    """One plain consumer without a group, shared by all partitions of a process."""

    def __init__(self, kafka: KafkaOptions) -> None:
        self._kafka = kafka
        self._consumer: Any = None
        self._single: Any = None  # for records one by one
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Connects."""
        self._consumer = self._consumer_of(MAX_RECORD_BYTES)
        await self._consumer.start()

    def _consumer_of(self, fetch_bytes: int) -> Any:
        return AIOKafkaConsumer(
            **self._kafka.client(),
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=fetch_bytes,
            # a request waits for the one before; what we read is there already
            fetch_max_wait_ms=20,
        )

    async def stop(self) -> None:
        """Disconnects."""
        for consumer in (self._consumer, self._single):
            if consumer is not None:
                await consumer.stop()

    async def missing_by(self, error: BaseException) -> KafkaMissing:
        """What an operator should look at when Kafka does not answer any more."""
        return await why_missing(self._kafka, error)

    async def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """(first offset, offset after the last) of the log."""
        at = TopicPartition(topic, partition)
        async with self._lock:
            begin = await self._consumer.beginning_offsets([at])
            end = await self._consumer.end_offsets([at])
        return int(begin[at]), int(end[at])

    async def ends(self, topic: str, partitions: list[int]) -> dict[int, int]:
        """Offset after the last record, by partition."""
        async with self._lock:
            found = await self._consumer.end_offsets([TopicPartition(topic, p) for p in partitions])
        return {at.partition: int(offset) for at, offset in found.items()}

    async def committed(self, group: str, topic: str) -> dict[int, int]:
        """Offsets committed by a consumer group, by partition. Only a hint."""
        admin = AIOKafkaAdminClient(**self._kafka.client())
        await admin.start()
        try:
            found = await _when_coordinated(lambda: admin.list_consumer_group_offsets(group))
        finally:
            await admin.close()
        return {at.partition: meta.offset for at, meta in found.items() if at.topic == topic}

    async def records(self, topic: str, partition: int, start: int, end: int) -> list[Any]:
        """Existing records of [start, end) (a compacted topic has holes), as aiokafka returns them."""
        return [r async for r in self._read(topic, partition, start, end)]

    async def record(self, topic: str, partition: int, offset: int) -> Any | None:
        """Record at an offset; None if there is none (any more)."""
        begin, end = await self.bounds(topic, partition)
        if not begin <= offset < end:
            return None
        async with self._lock:
            if self._single is None:
                single = self._consumer_of(_SINGLE_BYTES)
                await single.start()
                self._single = single
            try:
                records = await self._fetch(self._single, TopicPartition(topic, partition), offset)
            finally:
                self._single.unsubscribe()
        return records[0] if records and records[0].offset == offset else None

    async def missing(self, topic: str, partition: int, start: int, end: int) -> AsyncIterator[RawRecord]:
        """Every record of [start, end). Raises LogGap if the log doesn't have them all."""
        due = start
        begin, _ = await self.bounds(topic, partition)
        if start < begin:
            raise LogGap(topic, partition, start, begin)
        async for record in self._read(topic, partition, start, end):
            if record.offset != due:
                raise LogGap(topic, partition, due, record.offset)
            due += 1
            yield raw(record)
        if due != end:
            raise LogGap(topic, partition, due, end)

    async def _read(self, topic: str, partition: int, start: int, end: int) -> AsyncIterator[Any]:
        at = TopicPartition(topic, partition)
        position = start
        while position < end:
            async with self._lock:  # held a fetch at a time: other partitions may read between
                try:
                    batch = await self._fetch(self._consumer, at, position)
                finally:
                    self._consumer.unsubscribe()  # or it goes on asking, and all else waits for its answers
            for record in batch:
                if record.offset >= end:
                    return
                position = record.offset + 1
                yield record
            if not batch:
                return

    async def _fetch(self, consumer: Any, at: TopicPartition, position: int) -> list[Any]:
        """At least one record from `position` on; empty if compaction left none up to the log's end."""
        consumer.assign([at])
        consumer.seek(at, position)
        deadline = time.monotonic() + _STUCK_S
        while True:
            got = await consumer.getmany(at, timeout_ms=500)
            if got.get(at):
                return list(got[at])
            end = (await consumer.end_offsets([at]))[at]
            if await consumer.position(at) >= end:
                return []
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{at.topic} partition {at.partition}: nothing came from offset {position} within "
                    f"{_STUCK_S:.0f} s although the log ends at {end}"
                )


def raw(record: Any) -> RawRecord:
    """Converts a record of aiokafka to the form that stages receive."""
    return RawRecord(
        record.partition, record.offset, list(record.headers), record.value, int(record.timestamp)
    )
