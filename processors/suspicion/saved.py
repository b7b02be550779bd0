"""Saved state of suspicion: of what changes once an hour, only the changed hours are packed.

One block for every eight hours of each ring and one for current suspicions, each zstd; beside them, as JSON
data, the newest hour and the contents of the blocks: patterns, columns, devices. The bytes of half floats are
separated, high ones first: they compress to half, as most of an hour is alike across devices or unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from processors.columns import Array
from processors.suspicion.episodes import Episodes
from processors.suspicion.feature_history import LONG_NAMES, RECENT_NAMES, FeatureHistory
from processors.suspicion.features import LONG_HOURS, RECENT_HOURS
from processors.suspicion.patterns import PATTERNS

STANDING = "standing"  # the block of what stands
_HOURS = 8  # of a block: fewer pack less in an hour, more pack better
_RINGS = {RECENT_HOURS: ("recent", len(RECENT_NAMES)), LONG_HOURS: ("long", len(LONG_NAMES))}
_BLOCKS = {
    (depth, first): f"{name}-{first}"
    for depth, (name, _) in _RINGS.items()
    for first in range(0, depth, _HOURS)
}
_KINDS = {"patterns": list(PATTERNS), "columns": [list(RECENT_NAMES), list(LONG_NAMES)]}


@dataclass(slots=True)
class Blocks:
    """The packed hours of a history, by name."""

    of: dict[str, bytes] = field(default_factory=dict)

    def bring_up(self, history: FeatureHistory) -> dict[str, bytes]:
        """All blocks; those with changed hours are packed anew."""
        changed = {(depth, place // _HOURS * _HOURS) for depth, place in history.changed}
        for (depth, first), name in _BLOCKS.items():
            if (depth, first) in changed or name not in self.of:
                ring = history.recent if depth == RECENT_HOURS else history.long
                self.of[name] = _pack(_apart(ring[:, first : first + _HOURS]))
        history.changed.clear()
        return dict(self.of)


def described(episodes: Episodes) -> dict[str, Any]:
    """Description of the blocks' contents, as JSON data."""
    return {"newest": episodes.history.newest, "devices": episodes.history.devices, **_KINDS}


def standing_block(episodes: Episodes) -> bytes:
    """Block of the current suspicions."""
    return _pack(b"".join(_apart(array) for array in (episodes.since, episodes.seen, episodes.how)))


def restored(description: Mapping[str, Any], blocks: Mapping[str, bytes]) -> Episodes:
    """Restores the state. Raises ValueError if its patterns or columns differ from this program's."""
    kinds = {name: description[name] for name in _KINDS}
    if kinds != _KINDS:
        raise ValueError(f"a state of suspicion with {kinds}; this program reads one with {_KINDS}")
    devices: int = description["devices"]
    rings = {depth: np.empty((n, depth, devices), np.float16) for depth, (_, n) in _RINGS.items()}
    for (depth, first), name in _BLOCKS.items():
        shape = _RINGS[depth][1], _HOURS, devices
        raw = _unpack(blocks[name], 2 * int(np.prod(shape)))
        rings[depth][:, first : first + _HOURS] = _together(raw, 0, np.dtype(np.float16), shape)
    standing = len(PATTERNS), devices
    raw, place, rest = _unpack(blocks[STANDING], 9 * standing[0] * devices), 0, []
    for dtype in (np.dtype(np.int32), np.dtype(np.int32), np.dtype(np.int8)):
        rest.append(_together(raw, place, dtype, standing))
        place += rest[-1].nbytes
    return Episodes.restored(description["newest"], [rings[RECENT_HOURS], rings[LONG_HOURS], *rest])


def _pack(raw: bytes) -> bytes:
    return bytes(pa.Codec("zstd", compression_level=1).compress(raw, asbytes=True))


def _unpack(packed: bytes, size: int) -> bytes:
    return bytes(pa.Codec("zstd").decompress(packed, decompressed_size=size, asbytes=True))


def _apart(array: Array) -> bytes:
    """Bytes of an array with the bytes of its items separated: all high ones first, low ones last."""
    width = array.dtype.itemsize
    own = np.ascontiguousarray(array).view(np.uint8).reshape(-1, width)
    return b"".join(own[:, place].tobytes() for place in range(width - 1, -1, -1))


def _together(raw: bytes, at: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    count, width = int(np.prod(shape)), dtype.itemsize
    made = np.empty((count, width), np.uint8)
    for nth, place in enumerate(range(width - 1, -1, -1)):
        made[:, place] = np.frombuffer(raw, np.uint8, count, at + nth * count)
    return made.reshape(-1).view(dtype).reshape(shape)
