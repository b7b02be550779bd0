"""InfluxDB line protocol, written from the columns of a batch without a Python loop per row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from processors.history.measurements import FLOAT, INT, MEASUREMENTS
from processors.history.points import PointBatch

_EMPTY = pa.scalar("", pa.utf8())


class Lines:
    """Lines of a batch in one buffer, where any run of lines is one slice."""

    def __init__(self, column: Any) -> None:
        _, offsets, data = column.buffers()
        self._data = memoryview(data) if data is not None else memoryview(b"")
        self._at = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]

    def __len__(self) -> int:
        return len(self._at) - 1

    def run(self, start: int, stop: int) -> bytes:
        """Lines [start, stop), each ended by a line feed."""
        return bytes(self._data[self._at[start] : self._at[stop]])


def lines_of(batch: PointBatch) -> Lines:
    """The batch in line protocol with times in ms. Its tags must have passed `points.set_apart`.

    Escaped: comma, equals sign and space in tags; quote and backslash in texts. A tag without text is
    left out, as InfluxDB requires; so is a field without value.
    """
    spec = MEASUREMENTS[batch.measurement]
    columns = {name: batch.data[name] for name in batch.data.column_names}
    head = [_tag(name, columns[name]) for name in spec.tags]
    fields = [_field(name, kind, columns[name]) for name, kind in spec.fields.items() if name in columns]
    body = pc.binary_join_element_wise(*fields, ",", null_handling="skip")
    time = columns["time"].cast(pa.utf8())
    joined = pc.binary_join_element_wise(spec.name, *head, " ", body, " ", time, "\n", "")
    if isinstance(joined, pa.ChunkedArray):
        joined = joined.combine_chunks() if joined.num_chunks != 1 else joined.chunk(0)
    return Lines(joined)


def _tag(name: str, column: Any) -> Any:
    escaped = pc.replace_substring_regex(column, "([,= ])", r"\\\1")
    written = pc.binary_join_element_wise(f",{name}=", escaped, "")
    blank = pc.equal(column, _EMPTY)
    return pc.if_else(blank, _EMPTY, written) if pc.any(blank).as_py() else written


def _field(name: str, kind: str, column: Any) -> Any:
    if kind == FLOAT:
        return pc.binary_join_element_wise(f"{name}=", column.cast(pa.utf8()), "")
    if kind == INT:
        return pc.binary_join_element_wise(f"{name}=", column.cast(pa.utf8()), "i", "")
    escaped = pc.replace_substring_regex(column, r'(["\\])', r"\\\1")
    return pc.binary_join_element_wise(f'{name}="', escaped, '"', "")
