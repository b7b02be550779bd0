"""Keeper of one assigned partition: folds in order, delivers, saves, and acknowledges what is saved.

The stream coroutine (`take`) and the saver task (`save_when_due`) share it under one lock. After each
await the keeper checks whether a rebalance has dropped it; if so, it leaves everything unchanged.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import structlog

from processors.stream.book import Book
from processors.stream.opening import Assignment, start_of
from processors.stream.reader import Reader
from processors.stream.snapshots import Snapshot, Snapshots, StateWriter
from processors.stream.stage import Pace, RawRecord, Stage, Weighed

log = structlog.get_logger(__name__)

Acknowledge = Callable[[Any], None]
Saw = Callable[[RawRecord], None]


class Dropped(Exception):
    """The partition was taken away while the keeper waited."""


class Keeper:
    """One partition of one stage, from its assignment to the next rebalance."""

    def __init__(
        self,
        assignment: Assignment,
        stage: Stage,
        pace: Pace,
        snapshots: Snapshots,
        reader: Reader,
        acknowledge: Acknowledge,
        saw: Saw,
    ) -> None:
        self.name, self.topic, self.partition = assignment.stage, assignment.topic, assignment.partition
        self._assignment = assignment
        self._stage, self._pace = stage, pace
        self._snapshots, self._reader = snapshots, reader
        self._acknowledge, self._saw = acknowledge, saw
        self._lock = asyncio.Lock()
        self._dirty = asyncio.Event()  # something waits to be delivered or saved
        self._collecting = asyncio.Event()  # the first record since the last delivery has come
        self._collected = 0
        self._deliver_at = 0.0  # at the latest, by time.monotonic; of what is collected
        self._saved_at = time.monotonic()
        self.book: Book | None = None
        self._writer: StateWriter | None = None
        self._begun = 0  # the offset from which on the log gives the state; -1: none
        self.dropped = False
        self.waits_since: float | None = None  # for its target, by time.monotonic
        self.moved_at = time.monotonic()  # when a record was last folded, or the target waited for

    async def open(self, committed: int | None) -> None:
        """Loads the newest readable snapshot, and folds records that were committed beyond it."""
        async with self._alone():
            if self.book is None:
                await self._open()
            book = self._opened()
            if committed is not None and committed > book.next:
                log.warning(
                    "acknowledged_beyond_snapshot",
                    stage=self.name,
                    partition=self.partition,
                    next=book.next,
                    committed=committed,
                )
                await self._catch_up(book, committed)

    async def take(self, record: RawRecord, event: Any) -> None:
        """Folds a record that the engine brought, after any missing records before it."""
        async with self._alone():
            if self.book is None:
                await self._open()
            book = self._opened()
            step = book.arrive(record.offset, event)
            if step.missing_from is not None:
                await self._catch_up(book, record.offset)
            if step.fold:
                self._fold(book, record)
                await self._after_fold(book)
            else:
                self._release(book)

    async def save(self) -> None:
        """Delivers, settles, saves and acknowledges everything folded so far."""
        async with self._alone():
            if self.book is not None:
                await self._save(self.book)

    async def save_when_due(self) -> None:
        """Saver task: delivers and saves when due, until cancelled."""
        while True:
            await self._dirty.wait()
            await self._until_due()
            async with self._alone():
                book = self._opened()
                now = time.monotonic()
                if self._collected and now >= self._deliver_at:
                    await self._deliver()
                if book.unsaved and now >= self._saved_at + self._pace.save_s:
                    await self._save(book)
                if not self._collected and not book.unsaved:
                    self._dirty.clear()

    async def _until_due(self) -> None:
        """Sleeps until there is something to do; records collected meanwhile may be due earlier."""
        while (wait := self._due_at() - time.monotonic()) > 0:
            self._collecting.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._collecting.wait()

    def drop(self) -> None:
        """Abandons the partition after a rebalance took it away; nothing this keeper does counts any more."""
        self.dropped = True

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Exclusive work on the partition. If it is interrupted (the engine cancels a stream on stop while
        its target is dead), a stage may have released outputs that never arrived: no save may follow.
        """
        async with self._lock:
            self._check()
            try:
                yield
            except BaseException:
                self.drop()
                raise

    def _check(self) -> None:
        if self.dropped:
            raise Dropped

    def _opened(self) -> Book:
        assert self.book is not None, "a keeper works only after it was opened"
        return self.book

    async def _open(self) -> None:
        start = await start_of(self._assignment, self._snapshots, self._reader, self._stage.restore)
        self._check()
        self._writer = self._snapshots.writer(self._assignment.state, self.partition, start.keys)
        self._begun = start.begun
        self.book = Book(start.next)

    async def _catch_up(self, book: Book, end: int) -> None:
        log.info("reads_missing_records", stage=self.name, partition=self.partition, start=book.next, end=end)
        async for record in self._reader.missing(self.topic, self.partition, book.next, end):
            self._check()
            self._fold(book, record)
            await self._after_fold(book)
        self._check()

    def _fold(self, book: Book, record: RawRecord) -> None:
        self._stage.fold(record)
        book.folded(record.offset)
        if not self._collected:
            patience_s = self._pace.patience_s(record.appended_at, time.time() * 1000)
            self._deliver_at = time.monotonic() + patience_s
            self._collecting.set()
        self._collected += 1
        self.moved_at = time.monotonic()
        self._saw(record)

    async def _after_fold(self, book: Book) -> None:
        weight = self._stage.weight() if isinstance(self._stage, Weighed) else self._collected
        if self._pace.deliver_s <= 0 or weight >= self._pace.deliver_weight:
            await self._deliver()
        if book.unsaved >= self._pace.save_records:
            await self._save(book)
        self._dirty.set()

    async def _deliver(self) -> None:
        self.waits_since = time.monotonic()
        try:
            await self._stage.deliver()
        finally:
            self.waits_since = None
            self.moved_at = time.monotonic()
        self._check()
        self._collected = 0

    async def _save(self, book: Book) -> None:
        if self._collected:
            await self._deliver()
        if book.unsaved:
            self.waits_since = time.monotonic()
            try:
                await self._stage.settle()
            finally:
                self.waits_since = None
            self._check()
            covered = book.next
            assert self._writer is not None, "a keeper that has a book has a writer"
            manifest = await self._writer.send_parts(Snapshot(covered, self._stage.snapshot(), self._begun))
            self._check()
            await self._writer.confirm(manifest)
            self._check()
            book.confirmed(covered)
        self._saved_at = self.moved_at = time.monotonic()
        self._release(book)

    def _release(self, book: Book) -> None:
        for event in book.release():
            self._acknowledge(event)

    def _due_at(self) -> float:
        due = self._saved_at + self._pace.save_s
        if self._collected:
            due = min(due, self._deliver_at)
        return due
