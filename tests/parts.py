"""Parts of the fold's memory in tests: saved and read again, under other rows, and what they let go of."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from processors.columns import UNBOUNDED, Packing, Renumbering, Unpacked
from processors.fold.parts import Parts
from processors.fold.snapshot import NUMBERS
from processors.windows.horizons import Horizons

Kept = TypeVar("Kept")


def read_again(part: Kept, plan: object = None) -> Kept:
    """What is read from what a part saves."""
    pack = Packing()
    one: Any = part
    data = one.dump(pack)
    read: Kept = type(one).load(data, Unpacked([array.copy() for array in pack.arrays], pack.blocks), plan)
    return read


def rows(old_row: list[int], new_row: list[int] | None = None, digest: Any = ()) -> Renumbering:
    """Devices under other rows: by new row the old one, and the other way round."""
    if new_row is None:
        new_row = [old_row.index(row) if row in old_row else -1 for row in range(max(old_row) + 1)]
    return Renumbering(np.array(old_row, np.int32), np.array(new_row, np.int32), np.array(digest, np.uint64))


def until(instant: int, unsettled: int = UNBOUNDED) -> Horizons:
    """Everything before the instant may be forgotten."""
    return Horizons(instant, instant, instant, instant, lambda rule: unsettled)


def size_of(parts: Parts) -> int:
    """Bytes of a saved state."""
    return sum(len(part.data) for part in parts.values())


def plain(parts: Parts) -> dict[str, bytes]:
    """The parts that have columns, before compression."""
    return {
        name: pa.decompress(
            part.data[8:], int.from_bytes(part.data[:8], "little"), codec="zstd", asbytes=True
        )
        for name, part in parts.items()
        if name != NUMBERS and not name.startswith("suspicions/")
    }
