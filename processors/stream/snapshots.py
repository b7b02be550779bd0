"""States in the compacted topic `dust.snapshots`: named parts, and the manifest that covers them.

Large parts are records of their own, confirmed before the manifest that names them; small ones are inlined
in the manifest's record. Keys, in the partition of the same number:

    STAGE/PARTITION/OPENING/manifest/SLOT           SLOT: 0, 1 in turn
    STAGE/PARTITION/OPENING/part/NAME/SLOT/PIECE    SLOT: 0 to 2, one that neither of two manifests names

STAGE is the consumer group if its name differs from `dustwatch-STAGE`, so that two applications on one Kafka
stay separate. OPENING is different each time a worker opens the partition, so that no worker overwrites what
another has written. Of all manifests present, the one with the highest `next` is the newest.
"""

from __future__ import annotations

import asyncio
import secrets
import zlib
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

import orjson

from ingest.topics import SNAPSHOTS
from processors.fold import Parts, SavedPart
from processors.stream.reader import Reader

SCHEMA = "dust.snapshot/2"
MANIFEST = "manifest"
INLINE_BYTES = 16 * 1024  # a part of at most so many rides in its manifest
PIECE_BYTES = 8 * 1024 * 1024  # of a part in one record, far below what the topic takes
_SLOTS = 3  # of a part: two manifests may name one each while the next is written
_LOOK_BACK = (64, 1024, 16384)  # records of the topic's end to look through before all of it


class SnapshotRefused(RuntimeError):
    """The broker (or our own limit) rejected a snapshot: nothing may be acknowledged on it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State of a stage after everything below `next`; `parts` None: it starts there with nothing.

    `begun`: the offset from which folding the log gives this state; -1: there is none.
    """

    next: int
    parts: Parts | None
    begun: int = 0


@dataclass(frozen=True, slots=True)
class Damage:
    """A part that is missing, damaged or of another version; `offset`: of its record in the topic."""

    part: str
    offset: int
    why: str

    def words(self) -> str:
        """Which part, where, and why."""
        return f"part {self.part} at offset {self.offset}: {self.why}"


class Damaged(Exception):
    """A state can't be read."""

    def __init__(self, damage: Damage) -> None:
        self.damage = damage
        super().__init__(damage.words())


@dataclass(frozen=True, slots=True)
class PartEntry:
    """A part as listed in a manifest: in records at `offsets`, or `at` a position in the manifest's own."""

    name: str
    version: int
    length: int
    crc32: int  # finds damage; nobody who wants to alter a state is kept from it
    slot: int = 0
    offsets: tuple[int, ...] = ()
    at: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """Contents of a state; `offset` and `key` of the manifest's record, `inline`: the parts inlined in it."""

    next: int
    begun: int
    parts: tuple[PartEntry, ...] | None
    inline: bytes = b""
    offset: int = -1
    key: str = ""

    def where(self, part: str) -> int:
        """Offset of the record that holds a part."""
        named = [one.offsets[0] for one in self.parts or () if one.name == part and one.offsets]
        return named[0] if named else self.offset

    @property
    def keys(self) -> Iterable[bytes]:
        """Keys of all records that the manifest's opening may have written for these parts."""
        opening = self.key.rsplit("/", 2)[0]
        yield from (_manifest_key(opening, slot) for slot in range(2))
        for one in self.parts or ():
            for slot in range(_SLOTS):
                yield from (_part_key(opening, one.name, slot, n) for n in range(len(one.offsets)))


def encode_manifest(manifest: Manifest) -> bytes:
    """The value of the Kafka record: schema and checksum of the next line, a line of JSON, inline parts."""
    body = {
        "next": manifest.next,
        "begun": manifest.begun,
        "parts": None if manifest.parts is None else [asdict(one) for one in manifest.parts],
    }
    line = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return b"%s %08x\n%s\n%s" % (SCHEMA.encode(), zlib.crc32(line), line, manifest.inline)


def decode_manifest(value: bytes, offset: int = -1, key: str = "") -> Manifest:
    """Inverse of `encode_manifest`. Raises Damaged."""
    head, _, rest = value.partition(b"\n")
    schema, _, checksum = head.partition(b" ")
    if schema != SCHEMA.encode():
        why = f"{schema[:40]!r} is no {SCHEMA}, which this version reads"
        raise Damaged(Damage(MANIFEST, offset, why))
    line, _, inline = rest.partition(b"\n")
    found = b"%08x" % zlib.crc32(line)
    if checksum != found:
        why = f"its checksum is {found.decode()}, not {checksum[:20]!r}"
        raise Damaged(Damage(MANIFEST, offset, why))
    try:
        body = orjson.loads(line)
        if type(body["next"]) is not int or type(body["begun"]) is not int:
            raise ValueError("its offsets are no numbers")
        entries = None
        if body["parts"] is not None:
            entries = tuple(PartEntry(**one | {"offsets": tuple(one["offsets"])}) for one in body["parts"])
        return Manifest(body["next"], body["begun"], entries, inline, offset, key)
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(Damage(MANIFEST, offset, f"{type(error).__name__}: {error}")) from error


def group_of(stage: str, application: str = "dustwatch") -> str:
    """The consumer group (Faust's application id) of a stage."""
    return f"{application}-{stage}"


def state_of(stage: str, group: str) -> str:
    """The name under which a stage of that group keeps its states."""
    return stage if group == group_of(stage) else group


def place_of(state: str, partition: int) -> str:
    """Prefix of the keys of a partition's states."""
    return f"{state}/{partition}"


def _manifest_key(opening: str, slot: int) -> bytes:
    return f"{opening}/{MANIFEST}/{slot}".encode()


def _part_key(opening: str, name: str, slot: int, piece: int) -> bytes:
    return f"{opening}/part/{name}/{slot}/{piece}".encode()


class StateSearch:
    """Backward search for states of a partition from the topic's end; collects the keys on the way."""

    def __init__(self, reader: Reader, topic: str, state: str, partition: int) -> None:
        self._reader, self._topic, self._partition = reader, topic, partition
        self._place = place_of(state, partition).encode()
        self._seen: set[bytes] = set()
        self.keys: set[bytes] = set()  # of records that are there

    async def candidates(self) -> AsyncIterator[Manifest | Damage]:
        """Manifests, newest first; unreadable ones come first in each stretch of the log searched."""
        begin, end = await self._reader.bounds(self._topic, self._partition)
        looked = end
        for window in (*_LOOK_BACK, end - begin):
            start = max(begin, end - window)
            found = await self._between(start, looked)
            for one in found:
                yield one
            looked = start
            if start == begin:
                return

    async def _between(self, start: int, end: int) -> list[Manifest | Damage]:
        damaged: list[Damage] = []
        manifests: list[Manifest] = []
        for record in reversed(await self._reader.records(self._topic, self._partition, start, end)):
            key: bytes = record.key or b""
            if (key != self._place and not key.startswith(self._place + b"/")) or key in self._seen:
                continue
            self._seen.add(key)  # what stands before it under the same key does not count
            if record.value is None:
                continue
            self.keys.add(key)
            if key == self._place or key.rsplit(b"/", 2)[1] == MANIFEST.encode():
                try:
                    name = key.decode(errors="replace")  # one that is no text names no part that is there
                    manifests.append(decode_manifest(record.value, record.offset, name))
                    self.keys.update(manifests[-1].keys)
                except Damaged as error:
                    damaged.append(error.damage)
        return [*damaged, *sorted(manifests, key=lambda manifest: -manifest.next)]


@dataclass(slots=True)
class _Written:
    """The newest content of a part that was sent in records of its own."""

    part: SavedPart
    entry: PartEntry


@dataclass(slots=True)
class StateWriter:
    """Writer of a partition's states, from one opening to the next."""

    producer: Any
    topic: str
    state: str
    partition: int
    former: set[bytes] = field(default_factory=set)  # keys of openings before this one
    _opening: str = field(default_factory=lambda: secrets.token_hex(4))
    _written: dict[str, _Written] = field(default_factory=dict)
    _confirmed: deque[Manifest] = field(default_factory=lambda: deque(maxlen=2))
    _turn: int = 0

    async def send_parts(self, snapshot: Snapshot) -> Manifest:
        """Sends large parts that have changed; returns the manifest once the broker has all parts.

        Raises SnapshotRefused.
        """
        if snapshot.parts is None:
            return Manifest(snapshot.next, snapshot.begun, None)
        inline: list[bytes] = []
        at, entries = 0, []
        sent = {
            name: asyncio.ensure_future(self._send_part(name, part, snapshot.next))
            for name, part in snapshot.parts.items()
            if len(part.data) > INLINE_BYTES
        }
        if sent:
            await asyncio.gather(*sent.values())
        for name, part in snapshot.parts.items():
            if name in sent:
                entries.append(sent[name].result())
                continue
            entries.append(PartEntry(name, part.version, len(part.data), zlib.crc32(part.data), at=at))
            inline.append(part.data)
            at += len(part.data)
        return Manifest(snapshot.next, snapshot.begun, tuple(entries), b"".join(inline))

    async def confirm(self, manifest: Manifest) -> None:
        """Sends the manifest; the state is valid once the broker has confirmed it. Raises SnapshotRefused."""
        key, value = _manifest_key(self._place, self._turn), encode_manifest(manifest)
        await self._send(key, value, MANIFEST, manifest.next)
        self._turn = 1 - self._turn
        self._confirmed.append(manifest)
        if self.former and len(self._confirmed) == 2:
            former, self.former = self.former, set()
            await bury(self.producer, self.topic, self.partition, former)

    @property
    def _place(self) -> str:
        return f"{place_of(self.state, self.partition)}/{self._opening}"

    async def _send_part(self, name: str, part: SavedPart, next_offset: int) -> PartEntry:
        written = self._written.get(name)
        if written is not None and written.part == part:
            return written.entry
        named = chain.from_iterable(manifest.parts or () for manifest in self._confirmed)
        taken = {one.slot for one in named if one.name == name and one.offsets}
        slot = min(set(range(_SLOTS)) - taken)
        pieces = [part.data[at : at + PIECE_BYTES] for at in range(0, len(part.data), PIECE_BYTES)]
        offsets = [
            await self._send(_part_key(self._place, name, slot, n), piece, f"part {name}", next_offset)
            for n, piece in enumerate(pieces)
        ]
        entry = PartEntry(name, part.version, len(part.data), zlib.crc32(part.data), slot, tuple(offsets))
        self._written[name] = _Written(part, entry)
        return entry

    async def _send(self, key: bytes, value: bytes, what: str, next_offset: int) -> int:
        """Sends a record and returns its offset. Raises SnapshotRefused."""
        try:
            sent = await self.producer.send_and_wait(
                self.topic, value, key=key, partition=self.partition, headers=[("schema", SCHEMA.encode())]
            )
        except Exception as error:
            raise SnapshotRefused(
                f"{self.topic}: {what} of the snapshot {self.state}/{self.partition}, {len(value)} bytes, "
                f"covering everything below offset {next_offset}, was not confirmed: {error!r}. Nothing was "
                "acknowledged. If it is too large, raise max.message.bytes of the topic"
            ) from error
        return int(sent.offset)


class Snapshots:
    """The snapshots topic as the shell uses it."""

    def __init__(self, producer: Any, reader: Reader, topic: str = SNAPSHOTS) -> None:
        self._producer, self._reader, self.topic = producer, reader, topic

    def search(self, state: str, partition: int) -> StateSearch:
        """A search for a partition's states."""
        return StateSearch(self._reader, self.topic, state, partition)

    def writer(self, state: str, partition: int, former: Iterable[bytes] = ()) -> StateWriter:
        """A new opening of a partition; keys in `former` get tombstones once it has confirmed two states."""
        return StateWriter(self._producer, self.topic, state, partition, set(former))

    async def newest(self, state: str, partition: int) -> Manifest | None:
        """The manifest of the newest state, whether or not its parts can be read; None: there is none."""
        async for found in self.search(state, partition).candidates():
            if isinstance(found, Manifest):
                return found
        return None

    async def first_of(self, states: Iterable[str], partition: int) -> tuple[str | None, Manifest | None]:
        """The first of these names under which the partition has a state, and its newest manifest."""
        for state in states:
            newest = await self.newest(state, partition)
            if newest is not None:
                return state, newest
        return None, None

    async def faults(self, states: Iterable[str], partition: int) -> tuple[Manifest | None, list[Damage]]:
        """The newest manifest of the first name that has anything, and what of it can't be read."""
        damages: list[Damage] = []
        for state in states:
            async for found in self.search(state, partition).candidates():
                if isinstance(found, Damage):
                    damages.append(found)
                    continue
                try:
                    await self.read(found, partition)
                except Damaged as error:
                    damages.append(error.damage)
                return found, damages
            if damages:
                break
        return None, damages

    async def read(self, manifest: Manifest, partition: int) -> dict[str, SavedPart] | None:
        """The parts of a state. Raises Damaged."""
        if manifest.parts is None:
            return None
        made = {}
        for one in manifest.parts:
            data = await self._data_of(one, manifest, partition)
            if len(data) != one.length or zlib.crc32(data) != one.crc32:
                found = f"{len(data)} bytes of checksum {zlib.crc32(data):08x}"
                why = f"{found} where the manifest names {one.length} of {one.crc32:08x}"
                raise Damaged(Damage(one.name, manifest.where(one.name), why))
            made[one.name] = SavedPart(one.version, data)
        return made

    async def _data_of(self, entry: PartEntry, manifest: Manifest, partition: int) -> bytes:
        if not entry.offsets:
            return manifest.inline[entry.at : entry.at + entry.length]
        opening = manifest.key.rsplit("/", 2)[0]
        pieces: list[bytes] = []
        for n, offset in enumerate(entry.offsets):
            record = await self._reader.record(self.topic, partition, offset)
            key = _part_key(opening, entry.name, entry.slot, n)
            if record is None or record.key != key or record.value is None:
                raise Damaged(Damage(entry.name, offset, "its record is missing"))
            pieces.append(record.value)
        return b"".join(pieces)

    async def replace(self, state: str, partition: int, snapshot: Snapshot) -> None:
        """Makes this the only valid state, whatever the `next` of others. Only while no worker runs."""
        search = self.search(state, partition)
        [_ async for _ in search.candidates()]
        writer = self.writer(state, partition)
        await writer.confirm(await writer.send_parts(snapshot))
        await bury(self._producer, self.topic, partition, search.keys)


async def bury(producer: Any, topic: str, partition: int, keys: Iterable[bytes]) -> None:
    """Writes tombstones for keys, so that compaction removes their records."""
    await asyncio.gather(
        *(producer.send_and_wait(topic, None, key=key, partition=partition) for key in sorted(keys))
    )
