"""Begins a consumer group where the states of an earlier one end: it need not read the whole log.

What a group has committed is a hint (the state's `next` decides); without it the engine hands over the whole
log, days of it, for the shell to pass over.
"""

from __future__ import annotations

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, KafkaError
from aiokafka.structs import OffsetAndMetadata

from ingest.kafka_options import KafkaOptions
from processors.stream.reader import Reader
from processors.stream.shell import Work
from processors.stream.snapshots import Snapshots, state_of

log = structlog.get_logger(__name__)


async def begin_group(kafka: KafkaOptions, work: Work, reader: Reader, snapshots: Snapshots) -> None:
    """Commit for a group that has committed nothing what the states of the groups before it cover."""
    if await reader.committed(work.group, work.topic):
        return
    names = [state_of(work.name, group) for group in (work.group, *work.former)]
    offsets: dict[TopicPartition, OffsetAndMetadata] = {}
    for partition in range(work.partitions):
        _, newest = await snapshots.first_of(names, partition)
        if newest is not None:
            begin, end = await reader.bounds(work.topic, partition)
            at = min(max(newest.next, begin), end)
            offsets[TopicPartition(work.topic, partition)] = OffsetAndMetadata(at, "")
    if not offsets:
        return
    consumer = AIOKafkaConsumer(**kafka.client(), group_id=work.group, enable_auto_commit=False)
    try:
        await consumer.start()
        consumer.assign(list(offsets))
        await consumer.commit(offsets)
        log.info("group_begins", stage=work.name, group=work.group, partitions=len(offsets))
    except CommitFailedError:  # it has a member by now, which commits itself
        log.info("group_has_begun", stage=work.name, group=work.group)
    except KafkaError as error:
        log.warning("group_not_begun", stage=work.name, group=work.group, error=repr(error))
    finally:
        await consumer.stop()
