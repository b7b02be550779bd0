"""Kafka topics: their names, their settings, and the assignment of sites to partitions."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiokafka.partitioner import murmur2

from ingest.durations import DAY_MS

FEED = "dust.feed"
RESULTS = "dust.results"
BREACHES = "dust.breaches"
QUARANTINE = "dust.quarantine"
SNAPSHOTS = "dust.snapshots"

DEFAULT_PARTITIONS = 12
MAX_RECORD_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """Required properties of a topic at creation."""

    name: str
    config: dict[str, str] = field(default_factory=dict)


def _by_time(days: int) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(days * DAY_MS),
        # LogAppendTime lets a bridge compare its own clock with the broker's.
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(MAX_RECORD_BYTES),
    }


# All have the same number of partitions: what belongs to a site stays together in every topic.
TOPICS: tuple[TopicSpec, ...] = (
    TopicSpec(FEED, _by_time(30)),
    TopicSpec(RESULTS, _by_time(30)),
    TopicSpec(BREACHES, _by_time(30)),
    TopicSpec(QUARANTINE, _by_time(30)),
    TopicSpec(
        SNAPSHOTS,
        {
            "cleanup.policy": "compact",
            "max.message.bytes": str(MAX_RECORD_BYTES),
            "segment.ms": "600000",
            "min.cleanable.dirty.ratio": "0.1",
        },
    ),
)


def partition_of(site: str, partitions: int) -> int:
    """Partition of a site: murmur2 of its id, as in Kafka's default partitioner."""
    return int(murmur2(site.encode()) & 0x7FFFFFFF) % partitions
