"""Topics are made once, and a topic that does not fit is a named error."""

from __future__ import annotations

import time

import pytest

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.ports import free_port
from ingest.admin import TopicMismatch, ensure_topics, partitions_of
from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import KafkaMissing
from ingest.telemetry import Telemetry
from ingest.topics import TopicSpec
from processors.stream.app import StageOptions, run_in_loop


def topics(*names: str) -> list[TopicSpec]:
    return [TopicSpec(f"admin-{time.monotonic_ns()}-{name}", {"cleanup.policy": "delete"}) for name in names]


async def test_topics_are_made_once_and_replication_factor_one_is_warned_of(kafka: KafkaNode) -> None:
    wanted = topics("a", "b")
    for _ in range(2):
        (warning,) = await ensure_topics(kafka.options, 3, 1, wanted)
        assert "replication factor 1" in warning
    assert await partitions_of(kafka.options, [t.name for t in wanted]) == {t.name: 3 for t in wanted}


async def test_another_number_of_partitions_is_a_named_error(kafka: KafkaNode) -> None:
    wanted = topics("a")
    await ensure_topics(kafka.options, 2, 1, wanted)
    with pytest.raises(TopicMismatch, match=f"{wanted[0].name} has 2, not 3"):
        await ensure_topics(kafka.options, 3, 1, wanted)


async def test_a_topic_that_names_its_number_of_partitions_has_that(kafka: KafkaNode) -> None:
    (one,) = topics("one")
    wanted = [TopicSpec(one.name, one.config, partitions=1), *topics("a")]
    for _ in range(2):
        await ensure_topics(kafka.options, 3, 1, wanted)
    assert await partitions_of(kafka.options, [t.name for t in wanted]) == {one.name: 1, wanted[1].name: 3}


async def test_a_replication_factor_that_the_cluster_cannot_give_is_a_named_error(kafka: KafkaNode) -> None:
    with pytest.raises(TopicMismatch, match="cannot be created"):
        await ensure_topics(kafka.options, 3, 3, topics("a"))


async def test_no_kafka_at_the_address_is_a_named_error() -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(KafkaMissing, match=address):
        await ensure_topics(KafkaOptions(address), 3)


async def test_a_stage_does_not_start_on_topics_that_do_not_fit(kafka: KafkaNode) -> None:
    feed, snapshots = topics("feed", "snapshots")
    await ensure_topics(kafka.options, 2, 1, [feed])

    async def run() -> int:
        options = StageOptions(snapshots=snapshots.name)
        return await run_in_loop("numbered", kafka.options, feed.name, None, Telemetry("t"), options, ())  # type: ignore[arg-type]

    with pytest.raises(TopicMismatch, match=f"no topic {snapshots.name}"):
        await run()
    await ensure_topics(kafka.options, 3, 1, [snapshots])
    with pytest.raises(TopicMismatch, match="has 2 partitions but"):
        await run()
