"""Batching of readings: one open batch per partition, and its conversion to columns. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import orjson

from ingest.records import MISSING, Int64s, Readings, ValueAside

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
    beside: Mapping[str, int] = {}
    set_aside: Mapping[str, ValueAside] = {}  # by quantity
    unknown: tuple[str, ...] = ()  # keys that no code names


class OpenBatch:
    """Rows of one partition waiting to be sent as one record, numbered `record`."""

    __slots__ = ("opened_at", "partition", "record", "rows")

    def __init__(self, record: int, partition: int, opened_at: float) -> None:
        self.record, self.partition, self.opened_at = record, partition, opened_at
        self.rows: list[Row] = []


class Batches:
    """Open batches of all partitions; the caller supplies the instant (any steady clock, seconds)."""

    def __init__(self) -> None:
        self._open: dict[int, OpenBatch] = {}
        self.rows = 0  # in all open batches

    def batch(self, partition: int) -> OpenBatch | None:
        """Open batch of a partition; None: there is none."""
        return self._open.get(partition)

    def open(self, record: int, partition: int, at: float) -> OpenBatch:
        """Open a batch for a partition that has none."""
        batch = self._open[partition] = OpenBatch(record, partition, at)
        return batch

    def close(self, partition: int) -> OpenBatch | None:
        """Close the batch of a partition and return it; None: there was none."""
        batch = self._open.pop(partition, None)
        if batch is not None:
            self.rows -= len(batch.rows)
        return batch

    def close_all(self) -> Iterator[OpenBatch]:
        """Close all open batches, oldest first."""
        for partition in list(self._open):
            batch = self.close(partition)
            if batch is not None:
                yield batch

    def oldest(self) -> float | None:
        """Instant at which the oldest open batch was opened; None: there is none."""
        return next(iter(self._open.values())).opened_at if self._open else None


def readings_of(rows: list[Row], revision: str = "") -> Readings:
    """The columns of at least one row."""
    devices, sites, time, period, received_at, values, flags, extras, marks, beside, aside, _ = zip(
        *rows, strict=True
    )
    code_of: dict[str, int] = {}
    site_of: list[str] = []
    codes: list[int] = []
    for device, site in zip(devices, sites, strict=True):
        code = code_of.get(device)
        if code is None:
            code = code_of[device] = len(site_of)
            site_of.append(site)
        codes.append(code)
    return Readings(
        devices=tuple(code_of),
        sites=tuple(site_of),
        codes=np.array(codes, np.int32),
        time=np.array(time, np.int64),
        period=np.array(period, np.int64),
        received_at=np.array(received_at, np.int64),
        values=_columns(values),
        beside=_columns(beside),
        flags={i: text for i, sent in enumerate(flags) if sent and (text := flags_text(sent))},
        extras={i: _json(sent) for i, sent in enumerate(extras) if sent},
        marks={i: ",".join(sent) for i, sent in enumerate(marks) if sent},
        set_aside={i: aside_text(found) for i, found in enumerate(aside) if found},
        revision=revision,
    )


def _columns(sent: tuple[Mapping[str, int], ...]) -> dict[str, Int64s]:
    names = sorted(set().union(*sent))
    return {name: np.array([one.get(name, MISSING) for one in sent], np.int64) for name in names}


def flags_text(flags: Mapping[str, str]) -> str:
    """`pm10=D;tsp=T`: all flags other than N, sorted."""
    return ";".join(f"{name}={flag}" for name, flag in sorted(flags.items()) if flag != "N")


def aside_text(found: Mapping[str, ValueAside]) -> str:
    """`{"pm10":{"raw":"--","reason":"empty"}}`: what was set aside, by quantity, as JSON."""
    plain = {name: aside_object(one) for name, one in found.items()}
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS).decode()


def aside_object(one: ValueAside) -> dict[str, Any]:
    """What was set aside as plain data; `key` only where it is not the quantity's own name."""
    return {"raw": one.raw, "reason": one.reason, **({"key": one.key} if one.key else {})}


def _json(extras: Mapping[str, Any]) -> str:
    return orjson.dumps(extras, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
