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
CASES = "dust.cases"

DEFAULT_PARTITIONS = 12
MAX_RECORD_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """Required properties of a topic at creation."""

    name: str
    config: dict[str, str] = field(default_factory=dict)
    partitions: int | None = None  # None: as many as are configured


def _by_time(days: int) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(days * DAY_MS),
        # LogAppendTime lets a bridge compare its own clock with the broker's.
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(MAX_RECORD_BYTES),
    }


# What people and the desk did with cases: in one order, and kept without end.
CASES_TOPIC = TopicSpec(
    CASES,
    {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(MAX_RECORD_BYTES),
    },
    partitions=1,
)

# All others have the same number of partitions: what belongs to a site stays together in each of them.
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
    CASES_TOPIC,
)


def partition_of(site: str, partitions: int) -> int:
    """Partition of a site: murmur2 of its id, as in Kafka's default partitioner."""
    return int(murmur2(site.encode()) & 0x7FFFFFFF) % partitions
