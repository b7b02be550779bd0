"""Overview of all stages, read from Kafka itself, so that it works even if a service can't answer."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.case_topic import Reconciliation
from deploy.county.groups import groups_in_log
from ingest import codec
from ingest.durations import DAY_MS
from ingest.feed_news import FeedNews, newest_news
from ingest.kafka_options import KafkaOptions
from ingest.quarantine import Beside, read_quarantine
from ingest.remarks import summed
from ingest.scan import partitions_in_use, plain_consumer
from ingest.topics import BREACHES, FEED, RESULTS
from ingest.unmatched import TopicLook, newest_looks
from processors.stream.reader import Reader
from processors.stream.snapshots import Snapshots, state_of

# stage -> the topic it reads
INPUTS: dict[str, str] = {"detect": FEED, "store": RESULTS, "alerts": BREACHES}
STUCK_AFTER_S = 60.0  # a record waits this long for a stage
TICKS_STOPPED_S = 60.0  # a tick is due each second
# How many records of a partition's end are looked through for its last reading; a tick comes each second.
_LOOK_BACK = (50, 1000, 10_000)


@dataclass(slots=True)
class StageState:
    """Where a stage stands: records it has not handled, how long the oldest has waited (s), and what of its
    saved states can't be read, in words by partition."""

    stage: str
    lag: int = 0
    waiting_s: float = 0.0
    unreadable: dict[int, str] = field(default_factory=dict)

    @property
    def stuck(self) -> bool:
        return self.waiting_s > STUCK_AFTER_S


@dataclass(slots=True)
class Overview:
    """Content of `dustwatch status`."""

    last_tick: int | None = None  # ms, by the clock of the log
    tick_age_s: float = 0.0  # since Kafka took it, by the real clock
    last_reading: int | None = None
    looked_back: int | None = None  # records a partition without a reading; None: all there are
    stages: list[StageState] = field(default_factory=list)
    quarantined: Counter[str] = field(default_factory=Counter)  # by reason
    notices: Counter[str] = field(default_factory=Counter)  # messages without a measurement, by kind
    # kind -> device -> name -> how often in the last day of the log
    remarks: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    outbox: dict[str, int] = field(default_factory=dict)
    records: Reconciliation | None = None  # of the cases
    looks: list[TopicLook] = field(default_factory=list)  # of each bridge at topics that no filter matches
    feeds: list[FeedNews] = field(default_factory=list)  # of background values, each as it stands

    @property
    def well(self) -> bool:
        """Whether no stage is stuck, the log has a clock that goes, and no case's record is broken."""
        broken = self.records is not None and self.records.faults
        return self.ticking and not broken and not any(s.stuck or s.unreadable for s in self.stages)

    @property
    def ticking(self) -> bool:
        return self.last_tick is not None and self.tick_age_s <= TICKS_STOPPED_S


async def look(kafka: KafkaOptions, application: str) -> Overview:
    """The present state of the log and its stages. Raises KafkaMissing, TopicMismatch."""
    partitions = await partitions_in_use(kafka)
    groups = await groups_in_log(kafka, application)
    async with plain_consumer(kafka) as consumer:
        view = Overview()
        await _look_at_clock(consumer, partitions, view)
        for stage, topic in INPUTS.items():
            state = StageState(stage)
            names = [state_of(stage, group) for group in groups.of(stage)]
            reached = await _reached(kafka, names, state, partitions)
            await _look_at_stage(consumer, state, topic, reached, partitions)
            view.stages.append(state)
        beside = Beside()
        view.quarantined.update(held.record.code for held in await read_quarantine(kafka, beside))
        view.looks = newest_looks(beside.looks)
        view.feeds = [news for news in newest_news(beside.feeds).values() if not news.gone]
        view.notices = beside.counts
        view.remarks = summed(beside.remarks, (view.last_tick or 0) - DAY_MS)
        return view


async def _reached(
    kafka: KafkaOptions, names: Sequence[str], state: StageState, partitions: int
) -> dict[int, int]:
    """The offset up to which a stage's snapshots cover each partition; notes what of them can't be read."""
    reader = Reader(kafka)
    await reader.start()
    reached: dict[int, int] = {}
    try:
        snapshots = Snapshots(None, reader)
        for partition in range(partitions):
            newest, damages = await snapshots.faults(names, partition)
            if newest is not None:
                reached[partition] = newest.next
            if damages:
                state.unreadable[partition] = "; ".join(damage.words() for damage in damages)
    finally:
        await reader.stop()
    return reached


async def _look_at_clock(consumer: AIOKafkaConsumer, partitions: int, view: Overview) -> None:
    """Read the end of every partition of the feed, going further back until a reading is found."""
    feed = [TopicPartition(FEED, p) for p in range(partitions)]
    ends = await consumer.end_offsets(feed)
    starts = await consumer.beginning_offsets(feed)
    seen = dict(ends)
    for tail in _LOOK_BACK:
        since = {part: max(starts[part], ends[part] - tail) for part in feed}
        await _look_between(consumer, since, seen, view)
        seen = since
        if view.last_reading is not None or seen == starts:
            return
    view.looked_back = _LOOK_BACK[-1]


async def _look_between(
    consumer: AIOKafkaConsumer,
    since: dict[TopicPartition, int],
    until: dict[TopicPartition, int],
    view: Overview,
) -> None:
    behind = {part for part in since if since[part] < until[part]}
    consumer.assign(list(behind))
    for part in behind:
        consumer.seek(part, since[part])
    deadline = time.monotonic() + 10
    while behind and time.monotonic() < deadline:
        for part, records in (await consumer.getmany(timeout_ms=200)).items():
            for record in records:
                if record.offset < until[part]:
                    _note(record, view)
        behind = {part for part in behind if await consumer.position(part) < until[part]}


def _note(record: Any, view: Overview) -> None:
    schema = codec.schema_of(record.headers)
    if schema in codec.ALL_READINGS:
        at = int(codec.header(record.headers, "received_at") or b"0")
        view.last_reading = max(view.last_reading or 0, at)
    elif schema == codec.TICK:
        age = max(0.0, time.time() - record.timestamp / 1000)
        view.tick_age_s = age if view.last_tick is None else min(view.tick_age_s, age)
        view.last_tick = max(view.last_tick or 0, int(orjson.loads(record.value)["received_at"]))


async def _look_at_stage(
    consumer: AIOKafkaConsumer, state: StageState, topic: str, reached: dict[int, int], partitions: int
) -> None:
    parts = [TopicPartition(topic, p) for p in range(partitions)]
    ends = await consumer.end_offsets(parts)
    starts = await consumer.beginning_offsets(parts)
    behind = {p: max(reached.get(p.partition, 0), starts[p]) for p in parts}
    behind = {p: at for p, at in behind.items() if at < ends[p]}
    state.lag = sum(ends[p] - at for p, at in behind.items())
    if not behind:
        return
    consumer.assign(list(behind))
    for part, at in behind.items():
        consumer.seek(part, at)
    now_ms = time.time() * 1000
    oldest = now_ms
    for records in (await consumer.getmany(timeout_ms=1000)).values():
        oldest = min(oldest, records[0].timestamp)
    state.waiting_s = (now_ms - oldest) / 1000
