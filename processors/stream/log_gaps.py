"""The way out of a log that lacks what a stage needs next: find such gaps, and accept them on the record.

A stage never goes on by itself where records are gone (`LogGap`, `LogShort`). Accepting writes a `gap`
signal into the partition, so that the fold, audits and replays know of it, and then moves the stage's
snapshot to the beginning of the log.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer

from ingest.admin import partitions_of
from ingest.codec import encode, received_at_of
from ingest.records import Signal
from ingest.topics import BREACHES, FEED, MAX_RECORD_BYTES, RESULTS, SNAPSHOTS
from processors.fold.detector import Detector
from processors.stream.reader import Reader
from processors.stream.snapshots import Snapshot, Snapshots, group_of, state_of

_STAGES: Mapping[str, str] = {"detect": FEED, "store": RESULTS, "alerts": BREACHES}
GAP = "gap"
EVERYWHERE = "*"  # place of a signal that concerns all sites of its partition


def stages_of(application: str) -> dict[str, str]:
    """The stages of an application: name of the states -> topic that is read."""
    return {state_of(stage, group_of(stage, application)): topic for stage, topic in _STAGES.items()}


@dataclass(frozen=True, slots=True)
class Gap:
    """A stage whose next record is not in the log: below its beginning, or beyond its end."""

    stage: str
    topic: str
    partition: int
    next: int
    log_start: int
    log_end: int

    def words(self) -> str:
        """What is missing."""
        if self.next < self.log_start:
            count = self.log_start - self.next
            return (
                f"{self.stage}: {self.topic} partition {self.partition} lacks {count} records "
                f"[{self.next}, {self.log_start})"
            )
        return (
            f"{self.stage}: {self.topic} partition {self.partition} ends at {self.log_end}, the state covers "
            f"everything below {self.next}"
        )


async def find_gaps(
    bootstrap: str, stages: Mapping[str, str] = _STAGES, snapshots: str = SNAPSHOTS
) -> list[Gap]:
    """Every partition that cannot go on; `stages`: name of the states -> topic. Raises KafkaMissing."""
    async with _kafka(bootstrap, snapshots) as (reader, states, _):
        return [gap async for gap, _ in _gaps(bootstrap, reader, states, stages)]


async def accept_gaps(
    bootstrap: str, stages: Mapping[str, str] = _STAGES, snapshots: str = SNAPSHOTS
) -> list[Gap]:
    """Let the stages go on from the beginning of their logs; returns what was accepted.

    Run it while the stages concerned are stopped. Doing it again finds nothing more to do; cut off in
    the middle, it is finished by running it again. Raises KafkaMissing.
    """
    accepted = []
    async with _kafka(bootstrap, snapshots) as (reader, states, producer):
        async for gap, state in _gaps(bootstrap, reader, states, stages):
            if gap.topic == FEED:
                signal = await _signal(reader, gap, state)
                value, headers = encode(signal)
                await producer.send_and_wait(FEED, value, partition=gap.partition, headers=headers)
            if gap.next > gap.log_end:  # else the old state, with its higher `next`, would stay the newest
                await states.forget(gap.stage, gap.partition)
            await states.write(gap.stage, gap.partition, Snapshot(gap.log_start, state.body, state.version))
            accepted.append(gap)
    return accepted


async def _gaps(
    bootstrap: str, reader: Reader, states: Snapshots, stages: Mapping[str, str]
) -> AsyncIterator[tuple[Gap, Snapshot]]:
    partitions = await partitions_of(bootstrap, [*stages.values(), states.topic])
    for stage, topic in stages.items():
        for partition in range(min(partitions.get(topic, 0), partitions.get(states.topic, 0))):
            state = await states.newest(stage, partition)
            if state is None:
                continue
            start, end = await reader.bounds(topic, partition)
            if not start <= state.next <= end:
                yield Gap(stage, topic, partition, state.next, start, end), state


async def _signal(reader: Reader, gap: Gap, state: Snapshot) -> Signal:
    """From the last instant that the state has seen to the first that the log still has."""
    since = Detector.load(state.body).now
    first = await reader.records(gap.topic, gap.partition, gap.log_start, min(gap.log_start + 1, gap.log_end))
    until = max(since, received_at_of(first[0].headers, since) if first else since)
    name = f"gap-{gap.partition}-{gap.next}-{gap.log_start}"
    return Signal(name, until, EVERYWHERE, GAP, None, since, until)


@contextlib.asynccontextmanager
async def _kafka(bootstrap: str, snapshots: str) -> AsyncIterator[tuple[Reader, Snapshots, Any]]:
    await partitions_of(bootstrap, [snapshots])  # says what is wrong where no Kafka answers
    reader = Reader(bootstrap)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=MAX_RECORD_BYTES)
    await reader.start()
    await producer.start()
    try:
        yield reader, Snapshots(producer, reader, snapshots), producer
    finally:
        await producer.stop()
        await reader.stop()
