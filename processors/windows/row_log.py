"""Rows of open windows, in buckets of event time, and the hashes that identify duplicates.

Rows are only ever appended; a window's rows are sorted when it closes, so that the order of arrival
can't matter. The low three bits of a reading's content hash tell which judged pollutants it has.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from ingest.records import MISSING
from ingest.units import JUDGED
from processors.columns import (
    ABSENT,
    HOUR_MS,
    QUARTER_MS,
    Int8s,
    Int16s,
    Int32s,
    Int64s,
    PackedGroups,
    Packing,
    Renumbering,
    Uint16s,
    Uint32s,
    Uint64s,
    Unpacked,
    read_blocks,
)
from processors.windows.calendar import BEYOND_LATE_MS
from processors.windows.horizons import Horizons
from processors.windows.known_contents import KnownContents

BUCKET_MS = QUARTER_MS  # divides every window; offsets of all zones in use are multiples of it
LONGEST_MS = HOUR_MS  # of a window; what a value means over more than this enters none
KEEP_MS = 3 * LONGEST_MS  # how long after a bucket's end a duplicate of its readings is still known
REFUSED = ABSENT + 1  # it has one, but no mean may use it
GREATEST = int(np.iinfo(np.int32).max)
DRY = -1  # the reading has no humidity

_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_GOLD = np.uint64(0x9E3779B97F4A7C15)
_OFFSET_BITS = 36  # two years of milliseconds


def mix(x: Uint64s) -> Uint64s:
    """Finaliser of splitmix64: every bit of the input affects every bit of the output."""
    x = x ^ (x >> np.uint64(30))
    x *= _M1
    x ^= x >> np.uint64(27)
    x *= _M2
    x ^= x >> np.uint64(31)
    return x


def digest_of(text: str) -> int:
    """64 bits of a hash of the text, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


@lru_cache(maxsize=64)
def factor_of(name: str) -> np.uint64:
    """What `content_of` multiplies the values of a column of that name with."""
    return np.uint64(digest_of(name) | 1)


def key_of(digest: Uint64s, time: Int64s, period: Int64s) -> Uint64s:
    """Key shared by readings of one device over the same time."""
    return mix(mix(digest + time.view(np.uint64) * _GOLD) + period.view(np.uint64))


def row_key(row: Int32s, offset: Int64s) -> Int64s:
    """One number for each reading, ascending by row and then by `offset`: ms, below two years."""
    return (row.astype(np.int64) << _OFFSET_BITS) + offset


def content_of(key: Uint64s, values: dict[str, Int64s]) -> Uint64s:
    """Hash of a reading's values on top of its key; the order of the columns makes no difference."""
    total = key.copy()
    for name, column in values.items():
        part = (column.view(np.uint64) << np.uint64(1)) | np.uint64(1)
        part *= factor_of(name)
        hole = column == MISSING
        if hole.any():
            part[hole] = 0
        total += part
    return mix(total)


@dataclass(slots=True, eq=False)
class Columns:
    """n readings in columns; `values` is (3, n) int32 thousandths, ABSENT or REFUSED.

    `fail` and `suspect` (3, n): bits of the quality checks, the first ones until the final ones are
    known; `packed` (n): findings that can't be recomputed later (`quality.pointwise`). For suspicion only:
    `wet` (n) int8 percent of humidity or DRY, `lag` (n) int16 seconds of received_at - time.
    """

    row: Int32s
    time: Int64s
    period: Int32s
    hash: Uint64s
    values: Int32s
    packed: Uint32s
    fail: Uint16s
    suspect: Uint16s
    wet: Int8s
    lag: Int16s

    @classmethod
    def empty(cls, capacity: int = 0) -> Columns:
        """Room for that many rows, uninitialised."""
        return cls(
            np.empty(capacity, np.int32),
            np.empty(capacity, np.int64),
            np.empty(capacity, np.int32),
            np.empty(capacity, np.uint64),
            np.empty((3, capacity), np.int32),
            np.empty(capacity, np.uint32),
            np.empty((3, capacity), np.uint16),
            np.empty((3, capacity), np.uint16),
            np.empty(capacity, np.int8),
            np.empty(capacity, np.int16),
        )

    @classmethod
    def joined(cls, parts: list[Columns]) -> Columns:
        """All rows of the parts."""
        return cls(*(np.concatenate([getattr(part, n) for part in parts], axis=-1) for n in _NAMES))

    def take(self, which: npt.NDArray[np.generic] | slice) -> Columns:
        """Selected rows."""
        if isinstance(which, slice):
            return self._views(which)
        # `np.take` of positions costs a quarter of what indexing does
        places: npt.NDArray[Any] = which.nonzero()[0] if which.dtype == np.bool_ else which
        # names written out: a loop over them costs more than the few rows of most windows
        return Columns(
            self.row.take(places),
            self.time.take(places),
            self.period.take(places),
            self.hash.take(places),
            self.values.take(places, axis=1),
            self.packed.take(places),
            self.fail.take(places, axis=1),
            self.suspect.take(places, axis=1),
            self.wet.take(places),
            self.lag.take(places),
        )

    def _views(self, which: slice) -> Columns:
        return Columns(
            self.row[which],
            self.time[which],
            self.period[which],
            self.hash[which],
            self.values[:, which],
            self.packed[which],
            self.fail[:, which],
            self.suspect[:, which],
            self.wet[which],
            self.lag[which],
        )

    def copy(self) -> Columns:
        """Independent copy with no more room than its rows take."""
        return Columns(*(getattr(self, name).copy() for name in _NAMES))

    def put(self, place: slice, more: Columns) -> None:
        """Overwrites some of the rows."""
        for name in _NAMES:
            getattr(self, name)[..., place] = getattr(more, name)

    def __len__(self) -> int:
        return len(self.row)


def hashes_of(rows: Columns, digest: Uint64s) -> Uint64s:
    """Hash of each row's content, if its values are as they came, without flags, and at least one is judged.

    `digest`: of each device, by row.
    """
    keys = key_of(digest[rows.row], rows.time, rows.period.astype(np.int64))
    here = rows.values != ABSENT
    values = np.where(here, rows.values.astype(np.int64), MISSING)
    content = content_of(keys, dict(zip(JUDGED, values, strict=True))) & ~np.uint64(7)
    for q, one in enumerate(here):
        content |= one.astype(np.uint64) << np.uint64(q)
    return content


_NAMES = tuple(column.name for column in fields(Columns))


@dataclass(slots=True, eq=False)
class Bucket:
    """Growing columns of the readings that overlap one 15-minute bucket, and the contents known by key."""

    columns: Columns = field(default_factory=lambda: Columns.empty(64))
    n: int = 0
    known: KnownContents = field(default_factory=KnownContents)

    def append(self, more: Columns) -> None:
        n, end = self.n, self.n + len(more)
        if end > len(self.columns):
            grown = Columns.empty(end + end // 4 + 64)  # room that is never used is memory too
            grown.put(slice(0, n), self.filled())
            self.columns = grown
        self.columns.put(slice(n, end), more)
        self.n = end

    def filled(self) -> Columns:
        """The rows so far: views, what is written into them is written here."""
        return self.columns.take(slice(0, self.n))

    def learn(self, number: int, digest: Uint64s) -> None:
        """Rebuilds the known contents from exactly the rows whose time lies in this bucket."""
        rows = self.filled()
        own = rows.take(np.flatnonzero(rows.time // BUCKET_MS == number))
        self.known = KnownContents()
        self.known.sift(key_of(digest[own.row], own.time, own.period.astype(np.int64)), own.hash)

    def saved(self, number: int, digest: Uint64s) -> tuple[npt.NDArray[np.generic], ...]:
        """Columns from which `restored` rebuilds a bucket of that number; `digest`: of each device, by row.

        A hash does not compress: half of what a row takes. It follows from the values beside it, except where
        these were calibrated, flagged or too large, or there are none: of such rows alone it is kept.
        """
        rows = self.filled()
        own = np.flatnonzero(rows.hash != hashes_of(rows, digest)).astype(np.int32)
        offset = (rows.time - number * BUCKET_MS).astype(np.int32)  # half the bytes of the instant
        came = rows.lag + offset // 1000  # the second of receipt: rows that came together share it
        flagged = np.flatnonzero((rows.fail | rows.suspect).any(axis=0)).astype(np.int32)  # few are
        columns = (rows.row, offset, rows.period, rows.hash[own], rows.values, rows.packed, rows.wet, came)
        return (*columns, flagged, rows.fail[:, flagged], rows.suspect[:, flagged], own)

    @classmethod
    def restored(cls, number: int, columns: list[npt.NDArray[Any]], digest: Uint64s) -> Bucket:
        """The inverse of `saved`; `digest`: of each device, by row."""
        row, offset, period, hashes, values, packed, wet, came, flagged, fails, suspects, *own = columns
        fail, suspect = np.zeros(values.shape, np.uint16), np.zeros(values.shape, np.uint16)
        fail[:, flagged], suspect[:, flagged] = fails, suspects
        time = offset.astype(np.int64) + number * BUCKET_MS
        lag = (came - offset // 1000).astype(np.int16)
        rows = Columns(row, time, period, hashes, values, packed, fail, suspect, wet, lag)
        if own:  # a state of before has the hashes of all rows
            rows.hash = hashes_of(rows, digest)
            rows.hash[own[0]] = hashes
        made = cls(rows, len(rows))
        made.learn(number, digest)
        return made

    def trim(self) -> None:
        """Give back the room of rows that may never come."""
        if self.n < len(self.columns):
            self.columns = self.filled().copy()


class Digests(Protocol):
    """Source of a hash of each device, by its row: a plan."""

    @property
    def digest(self) -> Uint64s: ...


@dataclass(slots=True, eq=False)
class RowLog:
    """All buckets of a partition. `closed_until`: rows before it enter no window any more."""

    closed_until: int
    open: dict[int, Bucket] = field(default_factory=dict)
    closed: dict[int, Uint64s] = field(default_factory=dict)  # sorted content hashes
    straggled: dict[int, set[int]] = field(default_factory=dict)  # those that came after the close
    digest: Uint64s = field(default_factory=lambda: np.empty(0, np.uint64))  # of each device, by row
    _packed_open: PackedGroups = field(default_factory=PackedGroups)
    _packed_closed: PackedGroups = field(default_factory=PackedGroups)

    def sift(self, new: Columns, keys: Uint64s) -> tuple[list[int], list[int]]:
        """(duplicates, conflicts) among readings, by position; the others are known from now on."""
        home = new.time // BUCKET_MS
        duplicates: list[int] = []
        conflicts: list[int] = []
        for number in np.unique(home).tolist():
            which = np.flatnonzero(home == number)
            doubled, differing = self._sift(number, keys[which], new.hash[which])
            duplicates += which[doubled].tolist()
            conflicts += which[differing].tolist()
        return sorted(duplicates), sorted(conflicts)

    def _sift(self, number: int, keys: Uint64s, hashes: Uint64s) -> tuple[list[int], list[int]]:
        if self._is_open(number):
            return self._bucket(number).known.sift(keys, hashes)
        return self._sift_closed(number, hashes.tolist()), []

    def _is_open(self, number: int) -> bool:
        return (number + 1) * BUCKET_MS > self.closed_until

    def append(self, new: Columns) -> None:
        """Adds readings that are not duplicates, each to every open bucket that it overlaps."""
        if not len(new):
            return
        home = last = new.time // BUCKET_MS
        if new.period.any():
            last = (new.time + np.maximum(new.period, 1) - 1) // BUCKET_MS
            last = np.where(new.period <= LONGEST_MS, last, home)
        reach = int((last - home).max())
        numbers = np.unique(home if not reach else np.concatenate([home + k for k in range(reach + 1)]))
        for number in numbers.tolist():
            which = np.flatnonzero((home <= number) & (number <= last)) if len(numbers) > 1 else slice(None)
            if self._is_open(number) and (isinstance(which, slice) or len(which)):
                self._bucket(number).append(new if isinstance(which, slice) else new.take(which))
                self.changed(number)

    def changed(self, number: int) -> None:
        """To be called when something was written into the rows of a bucket."""
        self._packed_open.changed(number)

    def _bucket(self, number: int) -> Bucket:
        bucket = self.open.get(number)
        if bucket is None:
            bucket = self.open[number] = Bucket()
        return bucket

    def _sift_closed(self, number: int, hashes: list[int]) -> list[int]:
        held = self.closed.get(number)
        if held is None:
            return []
        extra = self.straggled.setdefault(number, set())
        places = np.searchsorted(held, np.array(hashes, np.uint64))
        duplicates = []
        for position, (content, place) in enumerate(zip(hashes, places.tolist(), strict=True)):
            if content in extra or (place < len(held) and int(held[place]) == content):
                duplicates.append(position)
            else:
                extra.add(content)
        return duplicates

    def within(self, start: int, end: int) -> Columns:
        """Rows of the open buckets overlapping [start, end), in any order; a row may occur more than once."""
        parts = [
            self.open[number].filled()
            for number in range(start // BUCKET_MS, -(-end // BUCKET_MS))
            if number in self.open
        ]
        if not parts:
            return Columns.empty()
        if len(parts) == 1:
            return parts[0]
        return Columns.joined(parts)

    def trim(self, until: int) -> None:
        """Give back the room in buckets before `until`, to which little is added any more."""
        for number, bucket in self.open.items():
            if (number + 1) * BUCKET_MS <= until:
                bucket.trim()

    def close(self, until: int) -> None:
        """Closes buckets before `until`, keeping only the hashes that identify duplicates."""
        self.closed_until = max(self.closed_until, until)
        for number in sorted(self.open):
            if (number + 1) * BUCKET_MS <= self.closed_until:
                held = self.open.pop(number).filled()
                own = held.time // BUCKET_MS == number
                self.closed[number] = np.sort(held.hash[own])
        # an empty bucket that closed remembers too, for what still comes
        for number in range((until - LONGEST_MS) // BUCKET_MS, until // BUCKET_MS):
            self.closed.setdefault(number, np.empty(0, np.uint64))

    def forget(self, until: Horizons) -> None:
        """Closes what no window uses any more; forgets hashes of duplicates too late to matter."""
        self.close(until.rows)
        for number in [n for n in self.closed if (n + 1) * BUCKET_MS + KEEP_MS <= until.due]:
            del self.closed[number]
            self.straggled.pop(number, None)

    def follow(self, change: Renumbering) -> None:
        """Moves devices to their new rows."""
        self._packed_open = PackedGroups()
        self.digest = change.digest
        for number, bucket in self.open.items():
            held = bucket.filled()
            if len(held):
                row = change.new_row[held.row]
                kept = held.take(row >= 0)
                kept.row = row[row >= 0]
                bucket.columns, bucket.n = kept, len(kept)
                if len(kept) < len(held):
                    bucket.learn(number, change.digest)

    def dump(self, pack: Packing) -> dict[str, Any]:
        """JSON data of the state; the buckets are in blocks, of which few change between two times."""

        return {
            "until": self.closed_until,
            "open": self._packed_open.bring_up(
                pack, self.open, lambda n, own: [n, own.add_all(self.open[n].saved(n, self.digest))], "open-"
            ),
            "closed": self._packed_closed.bring_up(
                pack, self.closed, lambda n, own: [n, own.add(self.closed[n])], "closed-"
            ),
            "straggled": [
                [number, pack.add(np.array(sorted(found), np.uint64))]
                for number, found in sorted(self.straggled.items())
                if found
            ],
        }

    @classmethod
    def load(cls, data: dict[str, Any], arrays: Unpacked, plan: Digests) -> Self:
        """The inverse of `dump`."""
        made = cls(data["until"], digest=plan.digest)
        made.straggled = {n: set(arrays[hashes].tolist()) for n, hashes in data["straggled"]}
        for (number, columns), own, block in read_blocks(arrays, data["open"]):
            made.open[number] = Bucket.restored(number, own.all_of(columns), plan.digest)
            made._packed_open.of[number] = block
        for (number, hashes), own, block in read_blocks(arrays, data["closed"]):
            made.closed[number] = own[hashes]
            made._packed_closed.of[number] = block
        return made


@dataclass(slots=True, eq=False)
class LateRows(RowLog):
    """Readings that came when the windows they belong to were no longer measured from readings in time."""

    def forget(self, until: Horizons) -> None:
        """Forgets readings that no late one can share a window with any more."""
        self.closed_until = max(self.closed_until, until.late + BEYOND_LATE_MS - LONGEST_MS)
        for number in [number for number in self.open if not self._is_open(number)]:
            del self.open[number]
