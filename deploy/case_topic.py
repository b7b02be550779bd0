"""Reconciles the case store with the topic of its records: both are read, neither is changed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import NamedTuple

from alerts.lifecycle.topic_trails import RECORD_SCHEMA, TopicTrails
from alerts.store.case_store import wall_ms
from alerts.store.relay_store import RelayStanding, RelayStore
from ingest.admin import partitions_of
from ingest.codec import schema_of
from ingest.kafka_options import KafkaOptions
from ingest.scan import scan
from ingest.topics import CASES, CASES_TOPIC

NOBODY_AFTER_MS = 60_000  # a relay says each half second that it is there
_MOST_SHOWN = 20  # breaks; the rest is a number


class TopicRead(NamedTuple):
    """What the topic says, read to its end; `ticked_at`: the newest tick, by Kafka's clock (ms)."""

    trails: TopicTrails
    ticked_at: int | None


@dataclass(slots=True)
class Reconciliation:
    """How store and topic stand to each other."""

    standing: RelayStanding
    on_topic: int = 0
    repeats: int = 0
    ticked_at: int | None = None
    faults: list[str] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        return self.standing.records - self.standing.relayed

    def lines(self) -> list[str]:
        """In words: counts, then what is wrong."""
        found = self.standing
        repeats = f", {self.repeats} of them again" if self.repeats else ""
        counts = (
            f"{found.records} in the store, {found.relayed} relayed, {self.on_topic} on the topic{repeats}"
        )
        left = len(self.faults) - _MOST_SHOWN
        more = [f"and {left} more"] if left > 0 else []
        shown = (*self.faults[:_MOST_SHOWN], *more)
        return [f"case records  {counts}", *(f"{'':<13} {words}" for words in shown)]


async def read_trails(kafka: KafkaOptions) -> TopicRead | None:
    """The trails of all cases, verified from the topic alone; None: there is no such topic.

    Raises KafkaMissing.
    """
    if CASES not in await partitions_of(kafka, [CASES]):
        return None
    trails, ticked_at = TopicTrails(), None
    async for record in scan(kafka, CASES, CASES_TOPIC.partitions or 1):
        if schema_of(record.headers) == RECORD_SCHEMA:
            trails.take(record.value, f"offset {record.offset} of {CASES}")
        else:
            ticked_at = record.timestamp
    return TopicRead(trails, ticked_at)


async def reconcile(store: RelayStore, kafka: KafkaOptions) -> Reconciliation:
    """Compare store and topic. Raises KafkaMissing, and SQLAlchemyError where the store can't be asked."""
    standing = await asyncio.to_thread(store.standing)
    marks = await asyncio.to_thread(store.marks)
    found = Reconciliation(standing)
    read = await read_trails(kafka)
    if read is None:
        found.faults.append(f"Kafka has no topic {CASES}: `dustwatch apply CONFIG` creates it")
        return found
    trails, found.ticked_at = read
    found.on_topic, found.repeats = trails.records, trails.repeats
    found.faults += trails.unreadable
    found.faults += [f"case {case}: on the topic {words}" for case, words in sorted(trails.flaws.items())]
    stored = await asyncio.to_thread(lambda: list(store.trails()))
    found.faults += trails.differences(stored, marks)
    if found.waiting and (standing.until or 0) < wall_ms() - NOBODY_AFTER_MS:
        found.faults.append(
            f"NOBODY RELAYS the {found.waiting} that wait: see the log of `dustwatch run alerts`"
        )
    return found
