"""Applying of a checked configuration to the log: one `Revision` record in every partition.

An unfinished apply is completed by running it again: the fold ignores an id it has already seen.
The revision of each partition is noted in the compacted topic under `revision/PARTITION`, and the
revision itself, with who applied it and why, under `configuration/RECEIVED_AT/ID`: the feed forgets.
"""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
import structlog
from aiokafka import AIOKafkaProducer, TopicPartition

from deploy.county.revisions import Standing, prepared, standing
from ingest import codec
from ingest.admin import partitions_of
from ingest.decoders.instants import instant_text
from ingest.kafka_options import KafkaOptions
from ingest.records import Revision
from ingest.scan import plain_consumer, scan
from ingest.topics import FEED, SNAPSHOTS

log = structlog.get_logger(__name__)

_NOTE = "dust.revision-note/1"
RECORD = "dust.revision-record/1"
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


class WouldCancel(Exception):
    """The revision in force is applied while another is waiting, which it would cancel."""

    exit_code = 2


class OtherCounty(Exception):
    """The log holds another county's configuration: whose, and what to do."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Wish:
    """Who applies a configuration and why.

    `cancel`: what is in force already may cancel revisions that wait. `replace`: another county's may go.
    """

    by: str
    reason: str = ""
    cancel: bool = False
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Put:
    """Result of an apply: the revision as it is in the log, and the state before it."""

    revision: Revision
    partitions: list[Applied]
    before: Standing
    repeated: bool

    @property
    def cancelled(self) -> list[Revision]:
        """Revisions that were waiting and will no longer come into force."""
        if self.repeated:
            return []
        return [one for one in self.before.waiting if one.effective >= self.revision.effective]


async def put_configuration(kafka: KafkaOptions, revision: Revision, partitions: int, wish: Wish) -> Put:
    """Put a revision into the log with who, why and what it changes; topics must be there.

    Raises OtherCounty, WouldCancel, KafkaError.
    """
    held = await revisions_in_log(kafka)
    known = standing(held, revision.received_at)
    if known.newest is not None and not wish.replace:
        _same_county(county_of(known.newest), county_of(revision))
    waiting = known.waiting
    if waiting and not wish.cancel and known.in_force is not None and known.in_force.id == revision.id:
        raise WouldCancel(
            f"revision {revision.id} is in force already, and {waiting[-1].id} waits until "
            f"{instant_text(waiting[-1].effective)}: nothing was done. To cancel what waits add "
            "--cancel-waiting; to finish a half-done apply of it, apply its folder again"
        )
    made = prepared(revision, known, wish.by, wish.reason)
    repeated = known.newest is not None and known.newest.id == revision.id
    remember = [one for one in held if not one.applied]  # of the feed, which will forget it
    remember += [] if repeated else [made]
    return Put(made, await apply_revision(kafka, made, partitions, remember), known, repeated)


def county_of(revision: Revision) -> str:
    """The name of the county that a revision configures."""
    return str(revision.body["county"]["name"])


def _same_county(held: str, given: str) -> None:
    if held != given:
        raise OtherCounty(
            f"the log holds the configuration of {held!r}, and this is one of {given!r}: nothing was done. "
            "Two counties need two Kafkas (or data folders). If this one is to take the other's place, or is "
            "the same one under another name, add --replace, and start detect, store and alerts again"
        )


async def apply_revision(
    kafka: KafkaOptions, revision: Revision, partitions: int, remember: Sequence[Revision] | None = None
) -> list[Applied]:
    """Send the revision to all partitions and wait until all have confirmed. Raises KafkaError.

    `remember`: revisions that `revisions_in_log` is to keep for ever; None: this revision.
    """
    producer = AIOKafkaProducer(
        **kafka.client(),
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
        for one in (revision,) if remember is None else remember:
            notes.append(await producer.send(SNAPSHOTS, **_record(one)))
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


def _record(revision: Revision) -> dict[str, object]:
    value, _ = codec.encode(revision)
    return {
        "key": f"configuration/{revision.received_at}/{revision.id}".encode(),
        "value": value,
        "headers": codec.headers_of(RECORD, revision.received_at),
        "partition": 0,
    }


def user_name() -> str:
    """Login name, recorded as who applies a configuration if no name is given."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        return f"uid {os.getuid()}"


async def revisions_in_log(kafka: KafkaOptions) -> list[Revision]:
    """Every revision that was applied to all partitions, in the log's order.

    If none was remembered (an earlier version applied it), the newest that the feed still has.
    Raises KafkaMissing.
    """
    if SNAPSHOTS not in await partitions_of(kafka, [SNAPSHOTS]):
        return []
    kept: dict[bytes, Revision] = {}  # compaction leaves what was sent twice for a while
    async for record in scan(kafka, SNAPSHOTS, 1):
        if codec.schema_of(record.headers) == RECORD:
            try:
                revision = codec.decode(record.value, {"schema": codec.REVISION.encode()})
            except (ValueError, KeyError, TypeError) as error:
                log.warning("revision_unreadable", offset=record.offset, error=repr(error))
                continue
            assert isinstance(revision, Revision)
            kept[record.key] = revision
    found = list(kept.values()) or await _newest_of_feed(kafka)
    return sorted(found, key=lambda revision: revision.received_at)


async def _newest_of_feed(kafka: KafkaOptions) -> list[Revision]:
    for note in await applied_revisions(kafka, 1):
        async with plain_consumer(kafka) as consumer:
            part = TopicPartition(FEED, note.partition)
            consumer.assign([part])
            first, end = await consumer.beginning_offsets([part]), await consumer.end_offsets([part])
            if first[part] <= note.offset < end[part]:
                consumer.seek(part, note.offset)
                raw = await consumer.getone()
                record = codec.decode(raw.value, raw.headers)
                return [record] if isinstance(record, Revision) else []
    return []


async def applied_revisions(kafka: KafkaOptions, partitions: int) -> list[Applied]:
    """The newest revision of each partition that has one, by partition. Raises KafkaError."""
    found: dict[int, Applied] = {}
    async for record in scan(kafka, SNAPSHOTS, partitions):
        if codec.schema_of(record.headers) == _NOTE:
            number = int(record.key.decode().rsplit("/", 1)[1])
            found[number] = Applied(number, **orjson.loads(record.value))
    return [found[p] for p in sorted(found)]
