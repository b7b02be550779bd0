"""Administration of the Kafka topics: creates them and checks that existing ones fit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code

from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import why_missing
from ingest.topics import TOPICS, TopicSpec

_ALREADY_EXISTS = 36
_VISIBLE_WITHIN_S = 15.0


class TopicMismatch(Exception):
    """A topic has a different number of partitions, or does not exist."""


async def ensure_topics(
    kafka: KafkaOptions, partitions: int, replication: int = 1, topics: Sequence[TopicSpec] = TOPICS
) -> list[str]:
    """Create missing topics; returns warnings. Raises KafkaMissing, KafkaRefused, TopicMismatch.

    The number of partitions is fixed at creation: if it changed, sites would move to other partitions, away
    from their state. A topic that names its own number has that.
    """
    wanted = {t.name: t.partitions or partitions for t in topics}
    admin = await _connect(kafka)
    try:
        found = await _partitions(admin, [t.name for t in topics])
        new = [
            NewTopic(t.name, wanted[t.name], replication, topic_configs=dict(t.config))
            for t in topics
            if t.name not in found
        ]
        if new:
            _check_created(await admin.create_topics(new))
            found = await _until_visible(admin, [t.name for t in topics])
    finally:
        await admin.close()
    _check_partitions(found, wanted)
    if replication == 1:
        return [
            "replication factor 1: what one Kafka broker has confirmed survives kill -9, but not the loss "
            "of its disk or of power; use 3 brokers and replication factor 3 where that matters"
        ]
    return []


async def partitions_of(kafka: KafkaOptions, topics: Sequence[str]) -> dict[str, int]:
    """Number of partitions of each topic that exists. Raises KafkaMissing."""
    admin = await _connect(kafka)
    try:
        return await _partitions(admin, topics)
    finally:
        await admin.close()


async def _connect(kafka: KafkaOptions) -> Any:
    admin = AIOKafkaAdminClient(**kafka.client(), request_timeout_ms=15_000)
    try:
        await admin.start()
    except (KafkaError, OSError, ValueError) as error:
        await admin.close()
        raise await why_missing(kafka, error) from error
    return admin


async def _partitions(admin: Any, topics: Sequence[str]) -> dict[str, int]:
    described = await admin.describe_topics(list(topics))
    return {t["topic"]: len(t["partitions"]) for t in described if not t["error_code"]}


async def _until_visible(admin: Any, topics: Sequence[str]) -> dict[str, int]:
    deadline = asyncio.get_running_loop().time() + _VISIBLE_WITHIN_S
    while True:
        found = await _partitions(admin, topics)
        if all(found.get(name) for name in topics):
            return found
        if asyncio.get_running_loop().time() > deadline:
            missing = sorted(set(topics) - set(found))
            raise TopicMismatch(
                f"topics {', '.join(missing)} were created but Kafka does not show them after "
                f"{_VISIBLE_WITHIN_S:.0f} s: look at the broker's log"
            )
        await asyncio.sleep(0.1)


def _check_created(response: Any) -> None:
    for topic, code, *message in response.topic_errors:
        if code not in (0, _ALREADY_EXISTS):
            raise TopicMismatch(
                f"topic {topic} cannot be created: {for_code(code).__name__} {message[0] if message else ''}"
            )


def _check_partitions(found: dict[str, int], wanted: dict[str, int]) -> None:
    wrong = {name: count for name, count in found.items() if count != wanted[name]}
    if wrong:
        listed = ", ".join(f"{name} has {count}, not {wanted[name]}" for name, count in sorted(wrong.items()))
        raise TopicMismatch(
            f"number of partitions: {listed} as configured. It is fixed when a topic is created, because a "
            "site's state stays in its partition: set DUSTWATCH_PARTITIONS to what the topics have, or start "
            "with new topics"
        )
