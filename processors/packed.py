"""Arrays and JSON data as bytes, and blocks of bytes made again only where something has changed. Pure.

Format: length of the raw body, then zstd of (length of the JSON head, head, arrays back to back); the head
holds the data, and each array's type and shape. The bytes of the numbers of an array are separated, high ones
first: those of most columns are alike, and take a quarter less room.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from processors.columns import Array, Packing, Uint8s, Unpacked

_LENGTH = struct.Struct("<Q")
_LEAST_RING = 32


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
