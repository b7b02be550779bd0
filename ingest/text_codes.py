"""Texts kept in Arrow's memory: looked up and joined there, converted to Python's only on demand.

A worker resolves the devices of each record to its rows and needs no device as a text; creating them
and looking them up one by one took a tenth of its time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Int32s = npt.NDArray[np.int32]
_UTF8 = pa.utf8()


class Texts(Sequence[str]):
    """A sequence over an Arrow array of utf8 without nulls."""

    __slots__ = ("_texts", "array")

    def __init__(self, array: Any) -> None:
        self.array = array
        self._texts: list[str] | None = None

    @classmethod
    def of(cls, words: Sequence[str]) -> Texts:
        """Build from Python's texts. (`pa.array` would import pandas if that is installed.)"""
        if isinstance(words, Texts):
            return words
        encoded = [word.encode() for word in words]
        ends = np.zeros(len(encoded) + 1, np.int32)
        np.cumsum([len(text) for text in encoded], out=ends[1:])
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
        return cls(pa.Array.from_buffers(_UTF8, len(encoded), buffers))

    @classmethod
    def joined(cls, parts: Sequence[Sequence[str]]) -> Texts:
        """All parts, one after another."""
        return cls(pa.concat_arrays([cls.of(part).array for part in parts]))

    def find(self, words: Sequence[str]) -> Int32s:
        """Index of each of the words in this sequence, -1 for one that isn't in it."""
        found = pc.index_in(Texts.of(words).array, value_set=self.array)
        places = np.frombuffer(found.buffers()[1], np.int32)[found.offset : found.offset + len(found)]
        if not found.null_count:
            return places
        return np.where(np.asarray(found.is_valid().to_pylist(), np.bool_), places, np.int32(-1))

    def _all(self) -> list[str]:
        if self._texts is None:
            self._texts = self.array.to_pylist()
        return self._texts

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        return self._all()[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Texts({self._all()!r})"
