"""Bundles of consecutive readings and ticks, because the fold costs per call, not per reading.

At real load a record has a few readings and a tick follows each second; after an outage thousands of
both wait. What is due between two rows is still decided between them (`Detector.fold_bundle`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import NamedTuple

import numpy as np

from ingest.records import MISSING, FeedRecord, Readings, Tick
from ingest.text_codes import Texts
from processors.columns import Int64s


class TickAt(NamedTuple):
    """A tick and the number of rows that came before it."""

    row: int
    tick: Tick


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """n readings of several records, one after another, and the ticks between them."""

    readings: Readings | None  # None: ticks alone
    ticks: tuple[TickAt, ...]
    begins: tuple[int, ...]  # first row of each record of readings

    @property
    def count(self) -> int:
        """Number of records."""
        return len(self.begins) + len(self.ticks)

    @classmethod
    def of(cls, records: list[Readings | Tick]) -> Bundle:
        """Bundle the records in their order."""
        batches = [record for record in records if isinstance(record, Readings)]
        ends = [0, *accumulate(len(batch) for batch in batches)]
        ticks, seen = [], 0
        for record in records:
            if isinstance(record, Tick):
                ticks.append(TickAt(ends[seen], record))
            else:
                seen += 1
        return cls(_joined(batches) if batches else None, tuple(ticks), tuple(ends[:-1]))


def bundles(records: Iterable[FeedRecord]) -> Iterator[Bundle | FeedRecord]:
    """The same log with consecutive readings and ticks bundled; other records stay separate."""
    for together, group in groupby(records, lambda record: isinstance(record, (Readings, Tick))):
        if together:
            yield Bundle.of([record for record in group if isinstance(record, (Readings, Tick))])
        else:
            yield from group


def _joined(batches: list[Readings]) -> Readings:
    if len(batches) == 1:
        return batches[0]
    known = 0  # devices so far
    codes = []
    flags: dict[int, str] = {}
    extras: dict[int, str] = {}
    marks: dict[int, str] = {}
    aside: dict[int, str] = {}
    begin = 0
    for batch in batches:
        codes.append(batch.codes + np.int32(known))
        known += len(batch.devices)
        sparse = (flags, batch.flags), (extras, batch.extras), (marks, batch.marks), (aside, batch.set_aside)
        for joined, own in sparse:
            if own:
                joined.update((row + begin, text) for row, text in own.items())
        begin += len(batch)
    return Readings(
        devices=Texts.joined([batch.devices for batch in batches]),
        sites=Texts.joined([batch.sites for batch in batches]),
        codes=np.concatenate(codes),
        time=np.concatenate([batch.time for batch in batches]),
        period=np.concatenate([batch.period for batch in batches]),
        received_at=np.concatenate([batch.received_at for batch in batches]),
        values=_columns([batch.values for batch in batches], batches),
        flags=flags,
        extras=extras,
        marks=marks,
        revision=batches[-1].revision,
        beside=_columns([batch.beside for batch in batches], batches),
        set_aside=aside,
    )


def _columns(of: list[dict[str, Int64s]], batches: list[Readings]) -> dict[str, Int64s]:
    """The columns `of` each batch joined, with MISSING where a batch has none."""
    names = dict.fromkeys(name for columns in of for name in columns)
    return {
        name: np.concatenate(
            [
                columns[name] if name in columns else np.full(len(batch), MISSING, np.int64)
                for columns, batch in zip(of, batches, strict=True)
            ]
        )
        for name in names
    }
