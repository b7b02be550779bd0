"""Arrays and JSON data as bytes, and blocks of bytes made again only where something has changed. Pure.

Format: length of the raw body, then zstd of (length of the JSON head, head, arrays back to back); the head holds
the data, and each array's type and shape. `apart`: the bytes of numbers are separated, high ones first, as those
of most columns are alike.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import orjson
import pyarrow as pa

from processors.columns import Array, Packing, Uint8s, Unpacked

_LENGTH = struct.Struct("<Q")
Group = TypeVar("Group", bound=Hashable)


def to_bytes(data: Any, arrays: list[Array], *, apart: bool = False) -> bytes:
    """Data and arrays as bytes; `apart`: with the bytes of each number separated."""
    shapes = [[array.dtype.str, list(array.shape)] for array in arrays]
    text = orjson.dumps({"data": data, "arrays": shapes, "apart": apart})
    bodies = ((planes_of(array) if apart else array).tobytes() for array in arrays)
    raw = b"".join([_LENGTH.pack(len(text)), text, *bodies])
    return b"".join([_LENGTH.pack(len(raw)), pa.compress(raw, codec="zstd", asbytes=True)])


def from_bytes(saved: bytes) -> tuple[Any, list[Array]]:
    """The inverse of `to_bytes`. Any exception means that these are no such bytes."""
    (size,) = _LENGTH.unpack_from(saved)
    raw = pa.decompress(saved[_LENGTH.size :], decompressed_size=size, codec="zstd", asbytes=True)
    (length,) = _LENGTH.unpack_from(raw)
    at = _LENGTH.size + length
    head = orjson.loads(raw[_LENGTH.size : at])
    return head["data"], list(_arrays(raw, at, head["arrays"], head["apart"]))


def _arrays(raw: bytes, at: int, shapes: list[Any], apart: bool) -> Iterator[Array]:
    for dtype, shape in shapes:
        kind, count = np.dtype(dtype), int(np.prod(shape))
        if apart:
            planes = np.frombuffer(raw, np.uint8, count * kind.itemsize, at).reshape(kind.itemsize, count)
            array = of_planes(planes, kind).reshape(shape)
        else:
            array = np.frombuffer(raw, kind, count, at).reshape(shape).copy()
        at += array.nbytes
        yield array


def planes_of(array: Array) -> Uint8s:
    """(bytes of a number, numbers) of an array, the highest byte first."""
    own = np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(-1, array.dtype.itemsize)
    return np.ascontiguousarray(own.T[::-1])


def of_planes(planes: Uint8s, kind: np.dtype[Any]) -> Array:
    """The inverse of `planes_of`, in one dimension."""
    return np.ascontiguousarray(planes[::-1].T).reshape(-1).view(kind)


@dataclass(slots=True)
class PackedGroups(Generic[Group]):
    """Packed groups of what seldom changes, by group; a name of each is made by the owner."""

    of: dict[Group, bytes] = field(default_factory=dict)

    def changed(self, group: Group) -> None:
        """Forget the bytes of a group that has changed."""
        self.of.pop(group, None)

    def bring_up(self, pack: Packing, groups: Iterable[Group], make: Callable[[Group, Packing], Any]) -> None:
        """Add the blocks of exactly these groups to `pack`; those that have changed are made again."""
        kept: dict[Group, bytes] = {}
        for group in groups:
            known = self.of.get(group)
            if known is None:
                own = Packing()
                data = make(group, own)
                known = to_bytes(data, own.arrays, apart=True)
            kept[group] = pack.blocks[str(group)] = known
        self.of = kept


def read_blocks(arrays: Unpacked) -> Iterator[tuple[Any, Unpacked, bytes]]:
    """(data, arrays, bytes) of each block."""
    for _, block in sorted(arrays.blocks.items()):
        data, own = from_bytes(block)
        yield data, Unpacked(own), block
