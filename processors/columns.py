"""Numeric columns: array types, sentinel values, and helpers to save and renumber columns.

Saved bytes: length of the raw body, then zstd of (length of the JSON head, head, arrays back to back); the
head holds the data, and each array's type and shape. The bytes of the numbers of an array are separated, high
ones first: those of most columns are alike, and take a quarter less room.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from ingest.durations import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS, SECOND_MS
from ingest.records import Int32s, Int64s

__all__ = [
    "ABSENT",
    "DAY_MS",
    "HOUR_MS",
    "MINUTE_MS",
    "NANO",
    "NANO_PER_THOUSANDTH",
    "NEVER",
    "QUARTER_MS",
    "SECOND_MS",
    "UNBOUNDED",
    "Array",
    "Bools",
    "Floats",
    "Int8s",
    "Int16s",
    "Int32s",
    "Int64s",
    "PackedGroups",
    "Packing",
    "Positions",
    "Renumbering",
    "Rowless",
    "Uint8s",
    "Uint16s",
    "Uint32s",
    "Uint64s",
    "Unpacked",
    "among",
    "carried",
    "from_bytes",
    "read_blocks",
    "to_bytes",
]

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Int8s = npt.NDArray[np.int8]
Int16s = npt.NDArray[np.int16]
Positions = npt.NDArray[np.intp]
Uint8s = npt.NDArray[np.uint8]
Uint16s = npt.NDArray[np.uint16]
Uint32s = npt.NDArray[np.uint32]
Uint64s = npt.NDArray[np.uint64]

NANO = 10**9  # sums are whole 1e-9 of the unit, so that neither order nor batch changes a digit
ABSENT = int(np.iinfo(np.int32).min)  # of thousandths: the reading has no such value
NANO_PER_THOUSANDTH = NANO // 1000
NEVER = int(np.iinfo(np.int64).min)  # of instants: it has not happened
UNBOUNDED = int(np.iinfo(np.int64).max)  # of instants and limits: there is none
_LENGTH = struct.Struct("<Q")
_LEAST_RING = 32


@dataclass(slots=True, eq=False)
class Packing:
    """Arrays on their way to bytes: each gets a number, by which the JSON data beside them refers to it.

    `blocks`: bytes that are already packed and seldom change; each is saved, and sent, separately.
    """

    arrays: list[Array] = field(default_factory=list)
    blocks: dict[str, bytes] = field(default_factory=dict)
    _shared: dict[int, int] = field(default_factory=dict)

    def add(self, array: Array) -> int:
        """Add an array and return its number."""
        self.arrays.append(np.ascontiguousarray(array))
        return len(self.arrays) - 1

    def add_all(self, arrays: Iterable[Array]) -> list[int]:
        """Add several arrays and return their numbers."""
        return [self.add(array) for array in arrays]

    def share(self, array: Array) -> int:
        """Add an array that several owners hold only once; every call returns the same number."""
        number = self._shared.get(id(array))
        if number is None:
            number = self._shared[id(array)] = self.add(array)
        return number


@dataclass(frozen=True, slots=True, eq=False)
class Unpacked:
    """Contents of a `Packing`; the reader owns each array."""

    arrays: list[Array]
    blocks: Mapping[str, bytes] = field(default_factory=dict)

    def __getitem__(self, number: int) -> Array:
        return self.arrays[number]

    def all_of(self, numbers: Iterable[int]) -> list[Array]:
        """The arrays of these numbers."""
        return [self.arrays[number] for number in numbers]


@dataclass(frozen=True, slots=True, eq=False)
class Renumbering:
    """New device rows under a new plan. -1: in `old_row` a device is new, in `new_row` it is gone."""

    old_row: Int32s  # by new row
    new_row: Int32s  # by old row
    digest: Uint64s  # of each device, by new row


class Rowless:
    """A part without device rows: a new plan changes nothing in it."""

    __slots__ = ()

    def follow(self, change: object) -> None:
        """Do nothing."""


def carried(column: Array, old_row: Int32s, fill: Any) -> Array:
    """A column (..., rows) under a new plan: devices that stay keep their value, new ones get `fill`."""
    made = np.full((*column.shape[:-1], len(old_row)), fill, column.dtype)
    stays = old_row >= 0
    made[..., stays] = column[..., old_row[stays]]
    return made


def among(numbers: Int32s, known: Int32s) -> Bools:
    """True for each of the numbers that is one of `known`: sorted, and fewer. (`np.isin` asks more first.)"""
    if len(known) < 2:
        return np.asarray(numbers == known[0]) if len(known) else np.zeros(len(numbers), np.bool_)
    place = known.searchsorted(numbers)
    place[place == len(known)] = 0
    return np.asarray(known[place] == numbers)


def to_bytes(data: Any, arrays: list[Array]) -> bytes:
    """Data and arrays as bytes."""
    shapes = [[array.dtype.str, list(array.shape)] for array in arrays]
    text = orjson.dumps({"data": data, "planes": shapes})
    raw = b"".join([_LENGTH.pack(len(text)), text, *(planes_of(array).tobytes() for array in arrays)])
    return b"".join([_LENGTH.pack(len(raw)), pa.compress(raw, codec="zstd", asbytes=True)])


def from_bytes(saved: bytes) -> tuple[Any, list[Array]]:
    """The inverse of `to_bytes`. Any exception means that these are no such bytes."""
    (size,) = _LENGTH.unpack_from(saved)
    raw = pa.decompress(saved[_LENGTH.size :], decompressed_size=size, codec="zstd", asbytes=True)
    (length,) = _LENGTH.unpack_from(raw)
    at = _LENGTH.size + length
    head = orjson.loads(raw[_LENGTH.size : at])
    return head["data"], list(_arrays(raw, at, head["planes"]))


def _arrays(raw: bytes, at: int, shapes: list[Any]) -> Iterator[Array]:
    for dtype, shape in shapes:
        kind, count = np.dtype(dtype), int(np.prod(shape))
        planes = np.frombuffer(raw, np.uint8, count * kind.itemsize, at).reshape(kind.itemsize, count)
        at += planes.nbytes
        yield of_planes(planes, kind).reshape(shape)


def planes_of(array: Array) -> Uint8s:
    """(bytes of a number, numbers) of an array, the highest byte first."""
    own = np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(-1, array.dtype.itemsize)
    return np.ascontiguousarray(own.T[::-1])


def of_planes(planes: Uint8s, kind: np.dtype[Any]) -> Array:
    """The inverse of `planes_of`, in one dimension; its own memory."""
    return np.array(planes[::-1].T, order="C").reshape(-1).view(kind)


@dataclass(slots=True)
class PackedGroups:
    """Packed groups of what seldom changes, by a number that grows with time.

    The names of blocks are of a bounded set, as each stays in the topic of the states: numbers in a ring.
    """

    of: dict[int, bytes] = field(default_factory=dict)

    def changed(self, group: int) -> None:
        """Forget the bytes of a group that has changed."""
        self.of.pop(group, None)

    def bring_up(
        self, pack: Packing, groups: Iterable[int], make: Callable[[int, Packing], Any], kind: str = ""
    ) -> list[str]:
        """Add the blocks of exactly these groups to `pack`, and return their names, in the groups' order.

        Blocks of groups that have changed are made again.
        """
        kept: dict[int, bytes] = {}
        listed = sorted(groups)
        ring = _LEAST_RING
        while listed and listed[-1] - listed[0] >= ring:
            ring *= 2
        names = [f"{kind}{group % ring}" for group in listed]
        for name, group in zip(names, listed, strict=True):
            known = self.of.get(group)
            if known is None:
                own = Packing()
                data = make(group, own)
                known = to_bytes(data, own.arrays)
            kept[group] = pack.blocks[name] = known
        self.of = kept
        return names


def read_blocks(arrays: Unpacked, names: Iterable[str]) -> Iterator[tuple[Any, Unpacked, bytes]]:
    """(data, arrays, bytes) of each block. Raises KeyError for one that is missing."""
    for name in names:
        block = arrays.blocks[name]
        data, own = from_bytes(block)
        yield data, Unpacked(own), block
