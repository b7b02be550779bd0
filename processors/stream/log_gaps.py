"""Log gaps: lets a stage resume when its log has lost records or its state can't be read.

A stage never continues by itself in such a case (`LogGap`, `LogShort`, `SnapshotUnreadable`). Accepting the
gap writes a `gap` signal into the partition, so that the fold, audits and replays know of it, and then moves
the stage's state to the beginning of the log, or starts a new state if it can't be read.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiokafka import AIOKafkaProducer

from ingest.admin import partitions_of
from ingest.codec import encode, received_at_of
from ingest.kafka_options import KafkaOptions
from ingest.records import Revision, Signal
from ingest.topics import BREACHES, FEED, MAX_RECORD_BYTES, RESULTS, SNAPSHOTS
from processors.columns import DAY_MS
from processors.fold import Detector, Parts
from processors.stream.opening import Assignment, SnapshotUnreadable, start_of
from processors.stream.reader import LogGap, LogShort, Reader
from processors.stream.snapshots import Damage, Snapshot, Snapshots, group_of, state_of

_STAGES: Mapping[str, str] = {"detect": FEED, "store": RESULTS, "alerts": BREACHES}
_WINDOWS_MS = 2 * DAY_MS  # before a new state begins: longer than any window that may be open then
GAP = "gap"
EVERYWHERE = "*"  # place of a signal that concerns all sites of its partition


async def stages_in_use(
    kafka: KafkaOptions, applications: Sequence[str], snapshots: str = SNAPSHOTS
) -> dict[str, str]:
    """Name of the states -> topic that is read, for each stage: of the first application that has any.

    Raises KafkaMissing.
    """
    found: dict[str, str] = {}
    async with _opened(kafka, snapshots) as opened:
        count = (await partitions_of(kafka, [snapshots])).get(snapshots, 0)
        for stage, topic in _STAGES.items():
            names = [state_of(stage, group_of(stage, application)) for application in applications]
            used = [(await opened.states.first_of(names, p))[0] for p in range(count)]
            found[next((name for name in names if name in used), names[0])] = topic
    return found


@dataclass(frozen=True, slots=True)
class Gap:
    """A stage whose next record is not in the log, or whose state can't be read (`damages`).

    `next`: offset it would continue from, or where a new state begins.
    """

    stage: str
    topic: str
    partition: int
    next: int
    log_start: int
    log_end: int
    damages: tuple[Damage, ...] = ()

    def words(self) -> str:
        """Description of what is missing."""
        where = f"{self.stage}: {self.topic} partition {self.partition}"
        if self.damages:
            read = "; ".join(damage.words() for damage in self.damages)
            return f"{where} has a state that cannot be read ({read}); a new one begins at offset {self.next}"
        if self.next < self.log_start:
            count = self.log_start - self.next
            return f"{where} lacks {count} records [{self.next}, {self.log_start})"
        return f"{where} ends at {self.log_end}, the state covers everything below {self.next}"


async def find_gaps(
    kafka: KafkaOptions, stages: Mapping[str, str] = _STAGES, snapshots: str = SNAPSHOTS
) -> list[Gap]:
    """Every partition that can't continue; `stages`: name of the states -> topic. Raises KafkaMissing."""
    async with _opened(kafka, snapshots) as opened:
        return [gap async for gap in opened.gaps(stages)]


async def accept_gaps(
    kafka: KafkaOptions,
    stages: Mapping[str, str] = _STAGES,
    snapshots: str = SNAPSHOTS,
    revisions: Sequence[Revision] = (),
) -> list[Gap]:
    """Lets the stages continue; returns what was accepted. `revisions`: all that were applied, in order.

    Run it while the stages concerned are stopped. Running it again finds nothing more to do, or finishes
    a run that was interrupted. Raises KafkaMissing.
    """
    accepted = []
    async with _opened(kafka, snapshots) as opened:
        async for gap in opened.gaps(stages):
            await opened.accept(gap, revisions)
            accepted.append(gap)
    return accepted


@dataclass(frozen=True, slots=True)
class _Opened:
    """Connections to a running Kafka for finding and accepting gaps."""

    kafka: KafkaOptions
    reader: Reader
    states: Snapshots
    producer: Any

    async def gaps(self, stages: Mapping[str, str]) -> AsyncIterator[Gap]:
        partitions = await partitions_of(self.kafka, [*stages.values(), self.states.topic])
        for stage, topic in stages.items():
            for partition in range(min(partitions.get(topic, 0), partitions.get(self.states.topic, 0))):
                gap = await self._gap(Assignment(stage, stage, topic, partition))
                if gap is not None:
                    yield gap

    async def _gap(self, assignment: Assignment) -> Gap | None:
        damages: tuple[Damage, ...] = ()
        start, end = await self.reader.bounds(assignment.topic, assignment.partition)
        try:
            await start_of(assignment, self.states, self.reader, _restorer(assignment.topic))
        except (LogGap, LogShort):
            newest = await self.states.newest(assignment.state, assignment.partition)
            assert newest is not None
            going_on = newest.next
        except SnapshotUnreadable as error:
            damages = tuple(error.damages)
            going_on = await self._new_start(assignment, error, start, end)
        else:
            return None
        return Gap(assignment.stage, assignment.topic, assignment.partition, going_on, start, end, damages)

    async def _new_start(
        self, assignment: Assignment, error: SnapshotUnreadable, start: int, end: int
    ) -> int:
        """Offset at which a new state begins: after everything the old one covered, as far as known."""
        if error.newest is not None and start <= error.newest.next <= end:
            return error.newest.next
        group = group_of(assignment.state) if assignment.state in _STAGES else assignment.state
        committed = await self.reader.committed(group, assignment.topic)
        # nothing was acknowledged before a state covered it
        return min(max(start, committed.get(assignment.partition, start)), end)

    async def accept(self, gap: Gap, revisions: Sequence[Revision]) -> None:
        parts: Parts | None = None
        begun, going_on = -1, gap.next
        if not gap.damages:
            newest = await self.states.newest(gap.stage, gap.partition)
            assert newest is not None
            parts, going_on = await self.states.read(newest, gap.partition), gap.log_start
            begun = newest.begun if gap.next < gap.log_start else -1
        if gap.topic == FEED:
            signal = await self._signal(gap, parts)
            value, headers = encode(signal)
            await self.producer.send_and_wait(FEED, value, partition=gap.partition, headers=headers)
            if parts is None:
                partitions = (await partitions_of(self.kafka, [FEED]))[FEED]
                parts = _begun_anew(Detector.empty(gap.partition, partitions), revisions, signal)
        await self.states.replace(gap.stage, gap.partition, Snapshot(going_on, parts, begun))

    async def _signal(self, gap: Gap, parts: Parts | None) -> Signal:
        """Signal from the last instant that the state has seen to the first that the log still has.

        For a state that can't be read it covers all windows that may have been open where the new one begins.
        """
        at = gap.log_start if parts is not None else min(gap.next, gap.log_end - 1)
        first = await self.reader.records(gap.topic, gap.partition, max(at, 0), min(at + 1, gap.log_end))
        if parts is None:
            until = received_at_of(first[0].headers, first[0].timestamp) if first else 0
            name = f"anew-{gap.partition}-{gap.next}"
            return Signal(name, until, EVERYWHERE, GAP, None, max(until - _WINDOWS_MS, 0), until)
        since = Detector.load(parts).now
        until = max(since, received_at_of(first[0].headers, since) if first else since)
        name = f"gap-{gap.partition}-{gap.next}-{gap.log_start}"
        return Signal(name, until, EVERYWHERE, GAP, None, since, until)


def _begun_anew(detector: Detector, revisions: Sequence[Revision], signal: Signal) -> Parts:
    """A state that knows its configuration, and that everything before the signal is lost."""
    for revision in revisions:
        # what was said later is in the log that is still to be folded
        if revision.received_at <= signal.received_at:
            detector.fold(replace(revision, received_at=signal.received_at))
    detector.fold(signal)
    return detector.dump()


def _restorer(topic: str) -> Any:
    """Function that raises if a state can't be read."""
    if topic != FEED:
        return lambda parts: None
    return lambda parts: None if parts is None else Detector.load(parts)


@contextlib.asynccontextmanager
async def _opened(kafka: KafkaOptions, snapshots: str) -> AsyncIterator[_Opened]:
    await partitions_of(kafka, [snapshots])  # says what is wrong where no Kafka answers
    reader = Reader(kafka)
    producer = AIOKafkaProducer(**kafka.client(), acks="all", max_request_size=MAX_RECORD_BYTES)
    await reader.start()
    await producer.start()
    try:
        yield _Opened(kafka, reader, Snapshots(producer, reader, snapshots), producer)
    finally:
        await producer.stop()
        await reader.stop()
