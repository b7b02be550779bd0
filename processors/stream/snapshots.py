"""States kept in the compacted topic `dust.snapshots`: written confirmed, the highest `next` is the newest.

Key `STAGE/PARTITION`, in the partition of the same number; value: one line of JSON
(`next`, `schema`, `version`), then the stage's own bytes. STAGE is the consumer group where that has
another name than `dustwatch-STAGE`: two applications on one Kafka keep apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from ingest.topics import SNAPSHOTS
from processors.stream.reader import Reader

SCHEMA = "dust.snapshot/1"
_LOOK_BACK = (64, 1024, 16384)  # records of the topic's end to look through before all of it


class SnapshotRefused(RuntimeError):
    """The broker (or our own limit) did not take a snapshot: nothing may be acknowledged on it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stage's state after everything below `next`."""

    next: int
    body: bytes
    version: str = ""


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """The value of the Kafka record."""
    head = {"next": snapshot.next, "schema": SCHEMA, "version": snapshot.version}
    return orjson.dumps(head, option=orjson.OPT_SORT_KEYS) + b"\n" + snapshot.body


def decode_snapshot(value: bytes) -> Snapshot:
    """The inverse. Raises ValueError for a schema that this version does not read."""
    line, _, body = value.partition(b"\n")
    head = orjson.loads(line)
    if head["schema"] != SCHEMA:
        raise ValueError(f"snapshot of schema {head['schema']!r}; this version reads {SCHEMA}")
    return Snapshot(int(head["next"]), body, str(head.get("version", "")))


def group_of(stage: str, application: str = "dustwatch") -> str:
    """The consumer group (Faust's application id) of a stage."""
    return f"{application}-{stage}"


def state_of(stage: str, group: str) -> str:
    """The name under which a stage of that group keeps its states."""
    return stage if group == group_of(stage) else group


def key_of(stage: str, partition: int) -> bytes:
    """The key under which a stage keeps a partition's state."""
    return f"{stage}/{partition}".encode()


class Snapshots:
    """The snapshots topic as the shell uses it."""

    def __init__(self, producer: Any, reader: Reader, topic: str = SNAPSHOTS) -> None:
        self._producer, self._reader, self.topic = producer, reader, topic

    async def write(self, stage: str, partition: int, snapshot: Snapshot) -> None:
        """Return when the broker has confirmed it. Raises SnapshotRefused."""
        value = encode_snapshot(snapshot)
        try:
            await self._producer.send_and_wait(
                self.topic,
                value,
                key=key_of(stage, partition),
                partition=partition,
                headers=[("schema", SCHEMA.encode())],
            )
        except Exception as error:
            raise SnapshotRefused(
                f"{self.topic}: the snapshot {stage}/{partition} of {len(value)} bytes, covering everything "
                f"below offset {snapshot.next}, was not confirmed: {error!r}. Nothing was acknowledged. If "
                "it is too large, raise max.message.bytes of the topic"
            ) from error

    async def newest(self, stage: str, partition: int) -> Snapshot | None:
        """The state with the highest `next` among the last records; None: there is none.

        A worker that had lost the partition may have written an older state after a newer one. What
        stands before a tombstone (`forget`) doesn't count.
        """
        key = key_of(stage, partition)
        begin, end = await self._reader.bounds(self.topic, partition)
        for window in (*_LOOK_BACK, end - begin):
            start = max(begin, end - window)
            records = await self._reader.records(self.topic, partition, start, end)
            values = [r.value for r in records if r.key == key]
            forgotten = max((i for i, value in enumerate(values) if value is None), default=-1)
            found = [decode_snapshot(value) for value in values[forgotten + 1 :]]
            if found or forgotten >= 0 or start == begin:
                return max(found, key=lambda snapshot: snapshot.next, default=None)
        return None

    async def forget(self, stage: str, partition: int) -> None:
        """Let no state written so far count any more, whatever its `next`."""
        await self._producer.send_and_wait(
            self.topic, None, key=key_of(stage, partition), partition=partition
        )
