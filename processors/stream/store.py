"""Store stage: writes `dust.results` to history, and points that the store refuses to quarantine.

A dead store blocks this stage and nothing else: points not written are retried until the store accepts
them, and nothing behind them is folded meanwhile. The snapshot counts stored points, each once.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import orjson
import structlog

from ingest.codec import received_at_of, schema_of
from ingest.records import Quarantined, Readings
from ingest.telemetry import Telemetry
from ingest.topics import RESULTS
from processors.history import (
    CONTEXT,
    MEASUREMENTS,
    Context,
    History,
    PointBatch,
    Refusal,
    batches_of,
    decode_context,
    point_to_json,
)
from processors.records import (
    JUDGED,
    OUTLOOKS,
    WINDS,
    Flagged,
    Interval,
    Judged,
    Outlook,
    Verdict,
    decode,
    decode_outlooks,
    decode_winds,
)
from processors.stream.judged_together import SMALL_BYTES, decode_records
from processors.stream.set_aside import MOST_RAW, Quarantine, to_quarantine
from processors.stream.stage import (
    Outlet,
    Parts,
    PartUnreadable,
    RawRecord,
    SavedPart,
    StageFactory,
    data_of,
)

log = structlog.get_logger(__name__)

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
_WRITERS = 4
_COUNTS, _COUNTS_VERSION = "counts", 1  # the one part of the state
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.2, 5.0


@dataclass(slots=True)
class _Collected:
    """Records waiting for `deliver`."""

    small: list[RawRecord] = field(default_factory=list)  # judged batches, not decoded yet
    readings: list[Readings] = field(default_factory=list)
    flags: list[Flagged] = field(default_factory=list)
    outlooks: list[Outlook] = field(default_factory=list)
    intervals: list[Interval] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    context: list[Context] = field(default_factory=list)
    undecodable: list[Quarantined] = field(default_factory=list)
    duplicates: int = 0
    received_at: int = 0  # the greatest of them
    records: int = 0
    weight: int = 0

    def decode_small(self) -> list[tuple[RawRecord, str]]:
        """Decode what waits for it, and return what can't be read."""
        found = decode_records(self.small)
        self.small = []
        for judged in found.judged:
            self.take(judged)
        return found.unreadable

    def take(self, judged: Judged) -> None:
        """Add a judged batch."""
        self.readings.append(judged.readings)
        self.received_at = max(self.received_at, int(judged.readings.received_at.max(initial=0)))
        self.duplicates += judged.duplicates

    def batches(self) -> list[PointBatch]:
        """All of them as points."""
        return batches_of(
            {
                "readings": self.readings,
                "flags": self.flags,
                "outlooks": self.outlooks,
                "intervals": self.intervals,
                "verdicts": self.verdicts,
                "context": self.context,
            }
        )


@dataclass(slots=True)
class Worker:
    """State shared by the stages of one process: the store, its threads, and what blocks writing."""

    history: History
    telemetry: Telemetry
    sleep: Sleep = asyncio.sleep
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_WRITERS, thread_name_prefix="history")
    )
    waits: dict[int, str] = field(default_factory=dict)  # partition -> what is in the way

    def in_the_way(self) -> str | None:
        """Reason why points are waiting, for /readyz; None: they are not."""
        return next(iter(self.waits.values()), None)


class StoreStage:
    """One partition of `dust.results` (a `Stage` of processors/stream/stage.py)."""

    def __init__(self, partition: int, worker: Worker, quarantine: Quarantine) -> None:
        self.partition = partition
        self.counts: Counter[str] = Counter()
        self._worker, self._quarantine = worker, quarantine
        self._collected = _Collected()

    def restore(self, parts: Parts | None) -> None:
        """See `Stage`."""
        self.counts = Counter() if parts is None else _counts(data_of(parts, _COUNTS, _COUNTS_VERSION))
        self._collected = _Collected()

    def snapshot(self) -> Parts:
        """Counts of stored points by kind, of duplicates, and of refusals by code."""
        data = orjson.dumps(dict(self.counts), option=orjson.OPT_SORT_KEYS)
        return {_COUNTS: SavedPart(_COUNTS_VERSION, data)}

    def weight(self) -> int:
        """Number of points collected; a small record that is not decoded yet counts as one."""
        return self._collected.weight

    def fold(self, record: RawRecord) -> None:
        """See `Stage`. A record that can't be read goes to quarantine unchanged."""
        collected = self._collected
        collected.records += 1
        schema = schema_of(record.headers)
        if schema == JUDGED and len(record.value) <= SMALL_BYTES:
            collected.small.append(record)
            collected.weight += 1
            return
        collected.received_at = max(collected.received_at, _received_at(record))
        try:
            if schema == CONTEXT:
                collected.context.append(decode_context(record.value, record.headers))
                collected.weight += 1
                return
            if schema == OUTLOOKS:
                outlooks = decode_outlooks(record.value)
                collected.outlooks += outlooks
                collected.weight += len(outlooks)
                return
            if schema == WINDS:
                winds = decode_winds(record.value)
                collected.context += winds
                collected.weight += len(winds)
                return
            found = decode(record.value, record.headers)
        except Exception as error:  # whatever Arrow and JSON raise on bytes that are not theirs
            collected.undecodable.append(self._undecodable(record, str(error)))
            return
        if isinstance(found, Judged):
            collected.take(found)
            collected.weight += len(found.readings)
        elif isinstance(found, list):
            collected.flags += found
            collected.weight += len(found)
        elif isinstance(found, tuple):
            collected.intervals += found[0]
            collected.verdicts += found[1]
            collected.weight += len(found[0]) + len(found[1])
        else:
            collected.undecodable.append(self._undecodable(record, "a breach does not belong here"))

    async def deliver(self) -> None:
        """See `Stage`: returns when every point is stored or in quarantine, however long that takes."""
        collected, self._collected = self._collected, _Collected()
        self._worker.telemetry.records.labels("results").inc(collected.records)
        if collected.small:
            unreadable = await self._in_thread(collected.decode_small)
            collected.undecodable += [self._undecodable(record, why) for record, why in unreadable]
        for quarantined in collected.undecodable:
            await self._set_aside(quarantined)
        self.counts["duplicates"] += collected.duplicates
        if not collected.weight:
            return
        batches = await self._in_thread(collected.batches)
        points = Counter(_rows(batches))
        refused = await self._write(batches, collected.received_at)
        for kind, count in (points - refused).items():
            self.counts[kind] += count
            self._worker.telemetry.written.labels(kind).inc(count)
        if collected.duplicates:
            self._worker.telemetry.discard("duplicate", collected.duplicates)
        if collected.readings:
            newest = max(int(one.received_at.max()) for one in collected.readings)
            self._worker.telemetry.last_reading.set(newest / 1000)

    async def settle(self) -> None:
        """Nothing to wait for: `deliver` returned only once all was durable."""

    async def _write(self, batches: list[PointBatch], received_at: int) -> Counter[str]:
        """Writes until no points remain; returns the number of refused points by kind."""
        refused: Counter[str] = Counter()
        tries = 0
        try:
            while True:
                outcome = await self._in_thread(partial(self._worker.history.write_batches, batches))
                refused.update(filter(None, (_counter(r.point.measurement) for r in outcome.rejected)))
                await asyncio.gather(
                    *(self._set_aside(_quarantined(one, received_at)) for one in outcome.rejected)
                )
                if not outcome.kept:
                    break
                batches = outcome.kept
                tries += 1
                await self._wait(outcome.why, tries, outcome.wait_s or 0.0)
        finally:
            self._worker.waits.pop(self.partition, None)
        if tries:
            log.info("store_takes_again", partition=self.partition, tries=tries)
        return refused

    async def _wait(self, why: str, tries: int, asked_s: float) -> None:
        longest = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(tries - 1, 10))
        self._worker.waits[self.partition] = why
        self._worker.telemetry.faults.labels("store_keeps").inc()
        if tries == 1 or tries % 12 == 0:
            log.warning("store_does_not_take", partition=self.partition, why=why, tries=tries)
        await self._worker.sleep(max(longest * random.uniform(0.5, 1.0), asked_s))

    async def _set_aside(self, quarantined: Quarantined) -> None:
        await self._quarantine(quarantined)
        self.counts[f"refused:{quarantined.code}"] += 1
        self._worker.telemetry.quarantined.labels(quarantined.code).inc()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker.threads, work)

    def _undecodable(self, record: RawRecord, why: str) -> Quarantined:
        place = f"partition {record.partition}, offset {record.offset}: {why}"
        raw = (record.value or b"")[:MOST_RAW]
        return Quarantined(_received_at(record), "store", RESULTS, "bad_syntax", place, raw)


def store_stages(
    history: History, telemetry: Telemetry, quarantine: Quarantine | None = None
) -> StageFactory:
    """The factory for the shell. Without `quarantine` refusals go to `dust.quarantine`, same partition."""
    worker = Worker(history, telemetry)
    telemetry.ready_when("history", worker.in_the_way)

    def make(outlet: Outlet) -> StoreStage:
        return StoreStage(outlet.partition, worker, quarantine or to_quarantine(outlet))

    return make


def _counts(data: bytes) -> Counter[str]:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise PartUnreadable(_COUNTS, str(error)) from error
    if not isinstance(found, dict) or any(type(count) is not int for count in found.values()):
        raise PartUnreadable(_COUNTS, "no counts by name")
    return Counter(found)


def _quarantined(refusal: Refusal, received_at: int) -> Quarantined:
    """Quarantine record of a refused point as JSON (`points.point_from_json` reads it back)."""
    raw = point_to_json(refusal.point)
    return Quarantined(received_at, "store", RESULTS, "store_refused", refusal.reason, raw)


def _rows(batches: Iterable[PointBatch]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for batch in batches:
        if counter := _counter(batch.measurement):
            found[counter] += len(batch)
    return found


def _counter(measurement: str) -> str | None:
    """The name under which its points are counted; None: each repeats one that is counted already."""
    return MEASUREMENTS[measurement].counter


def _received_at(record: RawRecord) -> int:
    return received_at_of(record.headers, record.appended_at)
