"""Rebuilds the log from stored history: readings, background, signals, and ticks (`feed` says how many).

History holds the content and receipt of readings, but not the log's ticks, its order within a millisecond,
or repeated readings. So our own outages are missing, and late decisions can't be reproduced.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from ingest.batches import Row, readings_of
from ingest.records import FeedRecord, Revision, Tick, ValueAside
from processors.columns import DAY_MS, MINUTE_MS
from processors.history import (
    BACKGROUND,
    SIGNAL,
    History,
    ReadingRow,
    background_of,
    context_row,
    reading_row,
    signal_of,
)
from processors.replay.feed import TICK_MS

AGE_MS = DAY_MS  # how much older than its receipt what is read may be
# marks that detection makes again; others (of the bridge) are kept
_OF_DETECTION = frozenset({"amends", "conflict", "duplicate", "future", "late", "unjudged", "unknown_device"})


def log_from(history: History, revision: Revision, start: int, end: int) -> Iterator[FeedRecord]:
    """The log of [start, end) by a configuration. Raises HistoryUnusable."""
    timed: list[tuple[int, int, FeedRecord | Row]] = []
    for device in revision.body["devices"]:
        for measurement in ("readings", "conflicts"):
            for row in history.rows(measurement, {"device": device["id"]}, start - AGE_MS, end):
                reading = reading_row(row, measurement)
                if start <= reading.received_at < end:
                    timed.append((reading.received_at, 1, row_of(reading)))
    for row in history.rows("context", {"kind": BACKGROUND}, start - AGE_MS, end):
        background = background_of(context_row(row))
        if start <= background.received_at < end:
            timed.append((background.received_at, 2, background))
    for row in history.rows("context", {"kind": SIGNAL}, None, end):
        signal = signal_of(context_row(row))
        if signal.received_at < end:  # an order may be much older and still be in force
            timed.append((max(signal.received_at, start), 2, signal))
    last = (end - 1 - start) // MINUTE_MS * MINUTE_MS + start
    ticks = [*range(start, last, TICK_MS), last] if end > start else []
    timed += [(at, 0, Tick(at, TICK_MS, "history")) for at in ticks]
    timed.sort(key=lambda one: one[:2])
    yield Revision(revision.id, start, start, revision.body)
    rows: list[Row] = []
    for _, _, record in timed:
        if isinstance(record, Row):
            rows.append(record)
            continue
        if rows:
            yield readings_of(rows, revision.id)
            rows = []
        yield record
    if rows:
        yield readings_of(rows, revision.id)


def row_of(reading: ReadingRow) -> Row:
    """A stored reading in the form that the bridge gave it."""
    return Row(
        reading.device,
        reading.site,
        reading.time,
        reading.period,
        reading.received_at,
        reading.thousandths,
        dict(reading.flags),
        orjson.loads(reading.extras) if reading.extras else {},
        tuple(mark for mark in reading.marks if mark not in _OF_DETECTION),
        set_aside=_set_aside(reading.set_aside) if reading.set_aside else {},
    )


def _set_aside(text: str) -> dict[str, ValueAside]:
    return {
        name: ValueAside(one["raw"], one["reason"], one.get("key", ""))
        for name, one in orjson.loads(text).items()
    }
