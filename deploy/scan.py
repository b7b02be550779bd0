"""Reads a topic from its start to its present end: for accounts and status, never for a stage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

_WAIT_MS = 500


async def scan(bootstrap: str, topic: str, partitions: int) -> AsyncIterator[Any]:
    """Every record of the topic up to the end that it has now, in order within each partition.

    Raises KafkaConnectionError when the broker can't be reached.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=32 * 1024 * 1024,
    )
    await consumer.start()
    try:
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
    finally:
        await consumer.stop()
