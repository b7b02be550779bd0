"""The state of suspicion as bytes; it changes once an hour, so once an hour they are made anew.

Format: magic, length of the head, head (JSON: version, newest hour, columns, type and shape of each
array), then the arrays back to back, zstd. The bytes of a half float are put apart, high ones first: they
compress to half, as most of a ring is alike from hour to hour or not known.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from processors.suspicion.history import LONG_NAMES, RECENT_NAMES
from processors.suspicion.watch import PATTERNS, Watch

VERSION = 2
_BEFORE = {  # columns of version 1, whose head does not name them
    "recent": [name for name in RECENT_NAMES if name != "astray"],
    "long": list(LONG_NAMES),
}
_MAGIC = b"dustwatch-suspicion\x01"
_HEAD = struct.Struct("<IQ")  # length of the head, length of the arrays


def to_bytes(watch: Watch) -> bytes:
    """The whole state; the same state gives the same bytes."""
    arrays = watch.arrays()
    head = orjson.dumps(
        {
            "version": VERSION,
            "newest": watch.history.newest,
            "patterns": list(PATTERNS),
            "columns": {"recent": RECENT_NAMES, "long": LONG_NAMES},
            "arrays": [[array.dtype.str, list(array.shape)] for array in arrays],
        }
    )
    raw = b"".join(_apart(array) for array in arrays)
    packed = bytes(pa.Codec("zstd", compression_level=1).compress(raw, asbytes=True))
    return b"".join([_MAGIC, _HEAD.pack(len(head), len(raw)), head, packed])


def from_bytes(data: bytes) -> Watch:
    """The inverse. Raises ValueError for bytes of another version or of other patterns."""
    if not data.startswith(_MAGIC):
        raise ValueError(f"a state of suspicion must begin with {_MAGIC!r}, not with {data[:20]!r}")
    length, size = _HEAD.unpack_from(data, len(_MAGIC))
    start = len(_MAGIC) + _HEAD.size
    head: dict[str, Any] = orjson.loads(data[start : start + length])
    if head["version"] not in (1, VERSION) or head["patterns"] != list(PATTERNS):
        raise ValueError(
            f"a state of suspicion of version {head['version']} with the patterns {head['patterns']}; "
            f"this program reads version {VERSION} with {list(PATTERNS)}"
        )
    raw = pa.Codec("zstd").decompress(data[start + length :], decompressed_size=size, asbytes=True)
    arrays: list[npt.NDArray[Any]] = []
    at = 0
    for name, shape in head["arrays"]:
        dtype = np.dtype(name)
        count = int(np.prod(shape))
        arrays.append(_together(raw, at, count, dtype).reshape(shape))
        at += count * dtype.itemsize
    columns = head.get("columns", _BEFORE)
    arrays[0] = _by_name(arrays[0], columns["recent"], RECENT_NAMES)
    arrays[1] = _by_name(arrays[1], columns["long"], LONG_NAMES)
    return Watch.restored(head["newest"], arrays)


def _by_name(ring: npt.NDArray[Any], had: list[str], wanted: tuple[str, ...]) -> npt.NDArray[Any]:
    """A ring with the columns of this version; what another one did not keep is not known."""
    if list(wanted) == list(had):
        return ring
    made = np.full((len(wanted), *ring.shape[1:]), np.nan, ring.dtype)
    for place, name in enumerate(wanted):
        if name in had:
            made[place] = ring[had.index(name)]
    return made


def _apart(array: npt.NDArray[Any]) -> bytes:
    """Its bytes, all first ones of its items, then all second ones."""
    width = array.dtype.itemsize
    own = np.ascontiguousarray(array).view(np.uint8).reshape(-1, width)
    return b"".join(own[:, place].tobytes() for place in range(width - 1, -1, -1))


def _together(raw: bytes, at: int, count: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    width = dtype.itemsize
    made = np.empty((count, width), np.uint8)
    for nth, place in enumerate(range(width - 1, -1, -1)):
        made[:, place] = np.frombuffer(raw, np.uint8, count, at + nth * count)
    return made.reshape(-1).view(dtype)
