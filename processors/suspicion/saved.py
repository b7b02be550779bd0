"""The state of suspicion as bytes; of what changes once an hour, only the hours that changed are packed.

Format: magic, length of the head, head (JSON: version, newest hour, patterns, columns, devices, the length
of each block), then a block for each eight hours of both rings and one for what stands, each zstd. The
bytes of a half float are put apart, high ones first: they compress to half, as most of an hour is alike
from device to device or not known.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from processors.columns import Array
from processors.suspicion.episodes import Episodes
from processors.suspicion.feature_history import LONG_NAMES, RECENT_NAMES, FeatureHistory
from processors.suspicion.features import LONG_HOURS, RECENT_HOURS
from processors.suspicion.patterns import PATTERNS

VERSION = 3  # 1 and 2: all arrays in one block; 1 does not name its columns
_COLUMNS_OF_1 = {
    "recent": [name for name in RECENT_NAMES if name != "astray"],
    "long": list(LONG_NAMES),
}
_MAGIC = b"dustwatch-suspicion\x01"
_HEAD = struct.Struct("<IQ")  # length of the head; of the arrays of versions 1 and 2
_HOURS = 8  # of a block: fewer pack less in an hour, more pack better
_BLOCKS = [(depth, first) for depth in (RECENT_HOURS, LONG_HOURS) for first in range(0, depth, _HOURS)]


@dataclass(slots=True)
class Blocks:
    """The packed hours of a history, by ring (its depth) and first place in it."""

    of: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def bring_up(self, history: FeatureHistory) -> list[bytes]:
        """All blocks; those of hours that have changed are packed anew."""
        for depth, first in {(depth, place // _HOURS * _HOURS) for depth, place in history.changed}:
            self.of[depth, first] = _pack(_apart(_ring(history, depth)[:, first : first + _HOURS]))
        history.changed.clear()
        return [self.of[key] for key in _BLOCKS]


def to_bytes(watch: Episodes, blocks: Blocks | None = None) -> bytes:
    """The whole state; the same state gives the same bytes. `blocks`: what the last call packed.

    Without them all hours are packed.
    """
    if blocks is None or not blocks.of:
        watch.history.changed.update(_BLOCKS)
    packed = (blocks or Blocks()).bring_up(watch.history)
    rest: list[Array] = [watch.since, watch.seen, watch.how]
    packed = [*packed, _pack(b"".join(_apart(array) for array in rest))]
    head = orjson.dumps(
        {
            "version": VERSION,
            "newest": watch.history.newest,
            "patterns": list(PATTERNS),
            "columns": {"recent": RECENT_NAMES, "long": LONG_NAMES},
            "devices": watch.history.devices,
            "blocks": [len(block) for block in packed],
        }
    )
    return b"".join([_MAGIC, _HEAD.pack(len(head), 0), head, *packed])


def from_bytes(data: bytes) -> Episodes:
    """The inverse. Raises ValueError for bytes of another version or of other patterns."""
    if not data.startswith(_MAGIC):
        raise ValueError(f"a state of suspicion must begin with {_MAGIC!r}, not with {data[:20]!r}")
    length, size = _HEAD.unpack_from(data, len(_MAGIC))
    start = len(_MAGIC) + _HEAD.size
    head: dict[str, Any] = orjson.loads(data[start : start + length])
    if head["version"] not in (1, 2, VERSION) or head["patterns"] != list(PATTERNS):
        raise ValueError(
            f"a state of suspicion of version {head['version']} with the patterns {head['patterns']}; "
            f"this program reads version {VERSION} with {list(PATTERNS)}"
        )
    columns = head.get("columns", _COLUMNS_OF_1)
    body = data[start + length :]
    arrays = _of_blocks(body, head, columns) if head["version"] == VERSION else _of_one(body, head, size)
    arrays[0] = _by_name(arrays[0], columns["recent"], RECENT_NAMES)
    arrays[1] = _by_name(arrays[1], columns["long"], LONG_NAMES)
    return Episodes.restored(head["newest"], arrays)


def _ring(history: FeatureHistory, depth: int) -> Array:
    return history.recent if depth == RECENT_HOURS else history.long


def _of_blocks(body: bytes, head: dict[str, Any], columns: dict[str, list[str]]) -> list[Array]:
    devices, at = head["devices"], 0
    count = {RECENT_HOURS: len(columns["recent"]), LONG_HOURS: len(columns["long"])}
    rings = {depth: np.empty((n, depth, devices), np.float16) for depth, n in count.items()}
    for (depth, first), length in zip(_BLOCKS, head["blocks"][:-1], strict=True):
        items = count[depth] * _HOURS * devices
        raw = _unpack(body[at : at + length], 2 * items)
        hours = _together(raw, 0, items, np.dtype(np.float16)).reshape(-1, _HOURS, devices)
        rings[depth][:, first : first + _HOURS] = hours
        at += length
    shape = (len(PATTERNS), devices)
    raw, place = _unpack(body[at:], 9 * shape[0] * devices), 0
    rest = []
    for dtype in (np.dtype(np.int32), np.dtype(np.int32), np.dtype(np.int8)):
        rest.append(_together(raw, place, shape[0] * devices, dtype).reshape(shape))
        place += shape[0] * devices * dtype.itemsize
    return [rings[RECENT_HOURS], rings[LONG_HOURS], *rest]


def _of_one(body: bytes, head: dict[str, Any], size: int) -> list[Array]:
    """The arrays of version 1 or 2."""
    raw = _unpack(body, size)
    arrays: list[Array] = []
    at = 0
    for name, shape in head["arrays"]:
        dtype = np.dtype(name)
        count = int(np.prod(shape))
        arrays.append(_together(raw, at, count, dtype).reshape(shape))
        at += count * dtype.itemsize
    return arrays


def _pack(raw: bytes) -> bytes:
    return bytes(pa.Codec("zstd", compression_level=1).compress(raw, asbytes=True))


def _unpack(packed: bytes, size: int) -> bytes:
    return bytes(pa.Codec("zstd").decompress(packed, decompressed_size=size, asbytes=True))


def _by_name(ring: Array, had: list[str], wanted: tuple[str, ...]) -> Array:
    """A ring with the columns of this version; what another one did not keep is not known."""
    if list(wanted) == list(had):
        return ring
    made = np.full((len(wanted), *ring.shape[1:]), np.nan, ring.dtype)
    for place, name in enumerate(wanted):
        if name in had:
            made[place] = ring[had.index(name)]
    return made


def _apart(array: Array) -> bytes:
    """Its bytes, all first ones of its items, then all second ones."""
    width = array.dtype.itemsize
    own = np.ascontiguousarray(array).view(np.uint8).reshape(-1, width)
    return b"".join(own[:, place].tobytes() for place in range(width - 1, -1, -1))


def _together(raw: bytes, at: int, count: int, dtype: np.dtype[Any]) -> Array:
    width = dtype.itemsize
    made = np.empty((count, width), np.uint8)
    for nth, place in enumerate(range(width - 1, -1, -1)):
        made[:, place] = np.frombuffer(raw, np.uint8, count, at + nth * count)
    return made.reshape(-1).view(dtype)
