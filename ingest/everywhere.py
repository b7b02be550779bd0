"""Records for every partition of `dust.feed`, written by a command as a bridge writes signals."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from ingest.codec import encode
from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import why_missing
from ingest.records import Background, Signal
from ingest.scan import partitions_in_use
from ingest.topics import FEED

_TIMEOUT_MS = 15_000


async def put_everywhere(kafka: KafkaOptions, records: Sequence[Background | Signal]) -> int:
    """Write records to all partitions, in their order; returns how many partitions have confirmed them.

    Done twice is done once: the fold ignores what it knows. Raises KafkaMissing, TopicMismatch, KafkaError.
    """
    partitions = await partitions_in_use(kafka)
    producer = AIOKafkaProducer(
        **kafka.client(), acks="all", enable_idempotence=True, request_timeout_ms=_TIMEOUT_MS
    )
    try:
        await producer.start()
    except (KafkaError, OSError) as error:
        await producer.stop()
        raise await why_missing(kafka, error) from error
    try:
        sent = []
        for record in records:
            value, headers = encode(record)
            for partition in range(partitions):
                sent.append(await producer.send(FEED, value, headers=headers, partition=partition))
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return partitions
