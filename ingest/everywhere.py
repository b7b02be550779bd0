"""Records for every partition of `dust.feed`, written by a command as a bridge writes signals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from ingest.codec import encode
from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import why_missing
from ingest.records import Background, Headers, Signal
from ingest.scan import partitions_in_use
from ingest.topics import FEED

_TIMEOUT_MS = 15_000


async def put_everywhere(kafka: KafkaOptions, records: Sequence[Background | Signal]) -> int:
    """Write records to all partitions, in their order; returns how many partitions have confirmed them.

    Done twice is done once: the fold ignores what it knows. Raises KafkaMissing, TopicMismatch, KafkaError.
    """
    partitions = await partitions_in_use(kafka)
    async with _producer(kafka) as producer:
        sent = []
        for record in records:
            value, headers = encode(record)
            for partition in range(partitions):
                sent.append(await producer.send(FEED, value, headers=headers, partition=partition))
        await asyncio.gather(*sent)
    return partitions


async def put_beside(kafka: KafkaOptions, topic: str, value: bytes, headers: Headers) -> None:
    """Write one record to the first partition of a topic. Raises KafkaMissing, KafkaError."""
    async with _producer(kafka) as producer:
        await producer.send_and_wait(topic, value, headers=headers, partition=0)


@asynccontextmanager
async def _producer(kafka: KafkaOptions) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        **kafka.client(), acks="all", enable_idempotence=True, request_timeout_ms=_TIMEOUT_MS
    )
    try:
        await producer.start()
    except (KafkaError, OSError) as error:
        await producer.stop()
        raise await why_missing(kafka, error) from error
    try:
        yield producer
    finally:
        await producer.stop()
