"""Puts a checked configuration into the log: one `Revision` record in every partition.

A half-done apply is finished by running it again: the fold ignores an id it has already seen.
Which partition has which revision is noted in the compacted topic under `revision/PARTITION`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from aiokafka import AIOKafkaProducer

from deploy.scan import scan
from ingest import codec
from ingest.records import Revision
from ingest.topics import FEED, SNAPSHOTS

_NOTE = "dust.revision-note/1"
_TIMEOUT_MS = 15_000


@dataclass(frozen=True, slots=True)
class Applied:
    """The newest revision that a partition of the feed holds."""

    partition: int
    revision: str
    offset: int
    effective: int

    def words(self) -> str:
        """One line for the operator."""
        at = datetime.fromtimestamp(self.effective / 1000, UTC).isoformat(timespec="seconds")
        return f"partition {self.partition}: revision {self.revision} at offset {self.offset}, effective {at}"


async def apply_revision(bootstrap: str, revision: Revision, partitions: int) -> list[Applied]:
    """Send the revision to all partitions and wait until all have confirmed. Raises KafkaError."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        max_request_size=32 * 1024 * 1024,
        request_timeout_ms=_TIMEOUT_MS,
    )
    await producer.start()
    try:
        value, headers = codec.encode(revision)
        sent = [
            await producer.send(FEED, value=value, headers=headers, partition=p) for p in range(partitions)
        ]
        done = [
            Applied(p, revision.id, result.offset, revision.effective)
            for p, result in enumerate(await asyncio.gather(*sent))
        ]
        notes = [await producer.send(SNAPSHOTS, **_note(applied)) for applied in done]
        await asyncio.gather(*notes)
    finally:
        await producer.stop()
    return done


def _note(applied: Applied) -> dict[str, object]:
    body = {"revision": applied.revision, "offset": applied.offset, "effective": applied.effective}
    return {
        "key": f"revision/{applied.partition}".encode(),
        "value": orjson.dumps(body, option=orjson.OPT_SORT_KEYS),
        "headers": codec.headers_of(_NOTE, applied.effective),
        "partition": applied.partition,
    }


async def applied_revisions(bootstrap: str, partitions: int) -> list[Applied]:
    """The newest revision of each partition that has one, by partition. Raises KafkaError."""
    found: dict[int, Applied] = {}
    async for record in scan(bootstrap, SNAPSHOTS, partitions):
        if codec.schema_of(record.headers) == _NOTE:
            number = int(record.key.decode().rsplit("/", 1)[1])
            found[number] = Applied(number, **orjson.loads(record.value))
    return [found[p] for p in sorted(found)]
