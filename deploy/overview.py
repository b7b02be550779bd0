"""How every stage is doing, read from Kafka itself: works also when a service can't answer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.scan import plain_consumer
from ingest import codec
from ingest.quarantine import read_quarantine
from ingest.topics import BREACHES, FEED, RESULTS
from processors.feedreader import Reader
from processors.snapshots import Snapshots, group_of, state_of

# stage -> the topic it reads
INPUTS: dict[str, str] = {"detect": FEED, "store": RESULTS, "alerts": BREACHES}
STUCK_AFTER_S = 60.0  # a record waits this long for a stage
_TAIL = 50


@dataclass(slots=True)
class StageState:
    """Where a stage stands: records it has not handled, and how long the oldest has waited (s)."""

    stage: str
    lag: int = 0
    waiting_s: float = 0.0

    @property
    def stuck(self) -> bool:
        return self.waiting_s > STUCK_AFTER_S


@dataclass(slots=True)
class Overview:
    """What `dustwatch status` prints."""

    last_tick: int | None = None  # ms, by the clock of the log
    last_reading: int | None = None
    stages: list[StageState] = field(default_factory=list)
    quarantined: int = 0
    outbox: dict[str, int] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        """Whether no stage is stuck and the log has a clock."""
        return self.last_tick is not None and not any(s.stuck for s in self.stages)


async def look(bootstrap: str, partitions: int, application: str) -> Overview:
    """The present state of the log and its stages. Raises KafkaMissing."""
    async with plain_consumer(bootstrap) as consumer:
        view = Overview()
        await _look_at_clock(consumer, partitions, view)
        for stage, topic in INPUTS.items():
            reached = await _reached(bootstrap, state_of(stage, group_of(stage, application)), partitions)
            view.stages.append(await _look_at_stage(consumer, stage, topic, reached, partitions))
        view.quarantined = len(await read_quarantine(bootstrap))
        return view


async def _reached(bootstrap: str, stage: str, partitions: int) -> dict[int, int]:
    """The offset up to which a stage's snapshots cover each partition."""
    reader = Reader(bootstrap)
    await reader.start()
    try:
        snapshots = Snapshots(None, reader)
        found = {p: await snapshots.newest(stage, p) for p in range(partitions)}
    finally:
        await reader.stop()
    return {p: snapshot.next for p, snapshot in found.items() if snapshot is not None}


async def _look_at_clock(consumer: AIOKafkaConsumer, partitions: int, view: Overview) -> None:
    """Read the last few records of every partition of the feed."""
    feed = [TopicPartition(FEED, p) for p in range(partitions)]
    consumer.assign(feed)
    ends = await consumer.end_offsets(feed)
    starts = await consumer.beginning_offsets(feed)
    for part in feed:
        consumer.seek(part, max(starts[part], ends[part] - _TAIL))
    behind = {p for p in feed if ends[p] > starts[p]}
    deadline = time.monotonic() + 10
    while behind and time.monotonic() < deadline:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                at = int(codec.header(record.headers, "received_at") or b"0")
                schema = codec.schema_of(record.headers)
                if schema == codec.READINGS:
                    view.last_reading = max(view.last_reading or 0, at)
                elif schema == "dust.tick/1":
                    view.last_tick = max(view.last_tick or 0, int(orjson.loads(record.value)["received_at"]))
        behind = {p for p in behind if await consumer.position(p) < ends[p]}


async def _look_at_stage(
    consumer: AIOKafkaConsumer, stage: str, topic: str, reached: dict[int, int], partitions: int
) -> StageState:
    state = StageState(stage)
    parts = [TopicPartition(topic, p) for p in range(partitions)]
    ends = await consumer.end_offsets(parts)
    starts = await consumer.beginning_offsets(parts)
    behind = {p: max(reached.get(p.partition, 0), starts[p]) for p in parts}
    behind = {p: at for p, at in behind.items() if at < ends[p]}
    state.lag = sum(ends[p] - at for p, at in behind.items())
    if not behind:
        return state
    consumer.assign(list(behind))
    for part, at in behind.items():
        consumer.seek(part, at)
    now_ms = time.time() * 1000
    oldest = now_ms
    for records in (await consumer.getmany(timeout_ms=1000)).values():
        oldest = min(oldest, records[0].timestamp)
    state.waiting_s = (now_ms - oldest) / 1000
    return state
