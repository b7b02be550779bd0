"""Numeric columns: array types, sentinel values, and helpers to save and renumber columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

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
    "Packing",
    "Positions",
    "Renumbering",
    "Rowless",
    "Uint8s",
    "Uint16s",
    "Uint32s",
    "Uint64s",
    "Unpacked",
    "carried",
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
