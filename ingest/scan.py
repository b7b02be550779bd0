"""Plain reading of topics, without a group: for accounts and status, never for a stage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from ingest.admin import TopicMismatch, partitions_of
from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import why_missing
from ingest.topics import MAX_RECORD_BYTES, TOPICS

_WAIT_MS = 500


async def partitions_in_use(kafka: KafkaOptions) -> int:
    """Number of partitions of the topics by site, from Kafka, not from the settings: one that does not
    exist would be waited for for ever.

    Raises KafkaMissing, TopicMismatch.
    """
    names = [topic.name for topic in TOPICS if topic.partitions is None]
    found = await partitions_of(kafka, names)
    missing = sorted(set(names) - set(found))
    if missing:
        raise TopicMismatch(
            f"Kafka at {kafka} has no topic {', '.join(missing)}: `dustwatch apply CONFIG` and "
            "`dustwatch up` create them; is it the right Kafka (DUSTWATCH_KAFKA)?"
        )
    return min(found.values())


@asynccontextmanager
async def plain_consumer(kafka: KafkaOptions) -> AsyncIterator[AIOKafkaConsumer]:
    """A started consumer that commits nothing. Raises KafkaMissing if no broker answers."""
    consumer = AIOKafkaConsumer(
        **kafka.client(),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=MAX_RECORD_BYTES,
    )
    try:
        try:
            await consumer.start()
        except (KafkaError, OSError) as error:
            raise await why_missing(kafka, error) from error
        yield consumer
    finally:
        await consumer.stop()


async def scan(kafka: KafkaOptions, topic: str, partitions: int) -> AsyncIterator[Any]:
    """Every record of the topic up to its present end, in order within each partition.

    Raises KafkaMissing.
    """
    async with plain_consumer(kafka) as consumer:
        assigned = [TopicPartition(topic, p) for p in range(partitions)]
        consumer.assign(assigned)
        ends = await consumer.end_offsets(assigned)
        behind = {p for p, end in ends.items() if end > 0}
        while behind:
            for part, records in (await consumer.getmany(timeout_ms=_WAIT_MS)).items():
                for record in records:
                    if record.offset < ends[part]:
                        yield record
            # a compacted or expired end has no record at end - 1: the position tells, not the records
            behind = {p for p in behind if await consumer.position(p) < ends[p]}
