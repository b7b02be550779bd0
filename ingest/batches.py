"""Gathers readings into one open batch a partition, and turns a batch into columns. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import orjson

from ingest.records import MISSING, Int64s, Readings

MOST_ROWS = 500  # a batch that grows to this many readings is not kept waiting


class Row(NamedTuple):
    """One reading, resolved and placed in time; instants and period in ms, values in thousandths."""

    device: str
    site: str
    time: int
    period: int
    received_at: int
    values: Mapping[str, int]
    flags: Mapping[str, str]
    extras: Mapping[str, Any]
    marks: tuple[str, ...] = ()


class Batch:
    """The rows of one partition that wait to be sent as one record, numbered `record`."""

    __slots__ = ("opened_at", "partition", "record", "rows")

    def __init__(self, record: int, partition: int, opened_at: float) -> None:
        self.record, self.partition, self.opened_at = record, partition, opened_at
        self.rows: list[Row] = []


class Batches:
    """The open batches of all partitions; the caller names the instant (any steady clock, seconds)."""

    def __init__(self) -> None:
        self._open: dict[int, Batch] = {}
        self.rows = 0  # in all open batches

    def batch(self, partition: int) -> Batch | None:
        """The open batch of a partition."""
        return self._open.get(partition)

    def open(self, record: int, partition: int, at: float) -> Batch:
        """A new batch for a partition that has none."""
        batch = self._open[partition] = Batch(record, partition, at)
        return batch

    def take(self, partition: int) -> Batch | None:
        """Close the batch of a partition and hand it over."""
        batch = self._open.pop(partition, None)
        if batch is not None:
            self.rows -= len(batch.rows)
        return batch

    def take_all(self) -> Iterator[Batch]:
        """Close all open batches, oldest first."""
        for partition in list(self._open):
            batch = self.take(partition)
            if batch is not None:
                yield batch

    def oldest(self) -> float | None:
        """When the oldest open batch was opened."""
        return next(iter(self._open.values())).opened_at if self._open else None


def readings_of(rows: list[Row], revision: str = "") -> Readings:
    """The columns of at least one row."""
    devices: dict[str, int] = {}
    sites: list[str] = []
    codes = np.empty(len(rows), np.int32)
    for index, row in enumerate(rows):
        code = devices.get(row.device)
        if code is None:
            code = devices[row.device] = len(sites)
            sites.append(row.site)
        codes[index] = code
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row.values))
    count = len(rows)
    return Readings(
        devices=tuple(devices),
        sites=tuple(sites),
        codes=codes,
        time=np.fromiter((row.time for row in rows), np.int64, count),
        period=np.fromiter((row.period for row in rows), np.int64, count),
        received_at=np.fromiter((row.received_at for row in rows), np.int64, count),
        values={name: _column(rows, name, count) for name in sorted(names)},
        flags={i: text for i, row in enumerate(rows) if row.flags and (text := flags_text(row.flags))},
        extras={i: _json(row.extras) for i, row in enumerate(rows) if row.extras},
        marks={i: ",".join(row.marks) for i, row in enumerate(rows) if row.marks},
        revision=revision,
    )


def _column(rows: list[Row], name: str, count: int) -> Int64s:
    return np.fromiter((row.values.get(name, MISSING) for row in rows), np.int64, count)


def flags_text(flags: Mapping[str, str]) -> str:
    """`pm10=D;tsp=T`: only what is not N, sorted."""
    return ";".join(f"{name}={flag}" for name, flag in sorted(flags.items()) if flag != "N")


def _json(extras: Mapping[str, Any]) -> str:
    return orjson.dumps(extras, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
