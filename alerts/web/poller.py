"""Poller of the stores, once a second for all readers of the board, which wakes its listeners."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import anyio.to_thread

from alerts.records import Case
from alerts.store.open_tasks import OpenTask
from alerts.web.board import LONGEST, LOOK_BACK, Board, compose
from alerts.web.open_cases import OpenCases, OpenTasks
from alerts.web.regional import LOOK_BACK as LONGEST_EPISODE
from alerts.web.regional import are_looked_for, lasting
from alerts.web.sources import Sources, StoreDown
from ingest.clock import Clock
from ingest.register import Register
from ingest.telemetry import Telemetry
from processors.history import EPISODE, History

_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)
_VERDICTS = 20_000
_SHARE, _LONGEST_REST = 20, 5.0  # a question rests so many times as long as it took, so many seconds at most
_FOLLOWED = 5.0  # s: how old a board may be that renews itself
_REST = 3  # a poll that took long is followed by so many times its length of rest


class Poller:
    """One poll for all clients: every page and stream shows `board`."""

    def __init__(
        self,
        sources: Sources,
        register: Register,
        clock: Clock,
        telemetry: Telemetry,
        every: float = 1.0,
    ) -> None:
        self.history: History = sources.history
        self._open_cases = OpenCases(sources.cases)
        self._open_tasks = None if sources.lives is None else OpenTasks(sources.lives)
        self.register = register
        self.clock = clock
        self.telemetry = telemetry
        self.every = every
        self.board: Board | None = None
        self.serial = 0
        self.closing = False  # streams end
        self._faults: dict[tuple[str, str], str] = {}  # (store, question) -> why it was not answered
        self._kept: dict[str, Any] = {}
        self._rests: dict[str, float] = {}  # question -> when it is asked again
        self._polled_at = float("-inf")
        self._polling = asyncio.Lock()
        self._news = asyncio.Condition()
        self._listeners = 0

    @property
    def down(self) -> dict[str, str]:
        """Stores that did not answer when last asked, with the reason."""
        return {store: reason for (store, _), reason in sorted(self._faults.items())}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Poll for as long as the context lasts, and only while there are listeners."""
        task = asyncio.create_task(self._run(), name="board-poller")
        self.telemetry.alive_when("poller", lambda: "has ended" if task.done() else None)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def fresh(self) -> Board:
        """Board from a poll at most `every` seconds ago; raises StoreDown if a store has never answered.

        While streams are followed, the poller goes on by itself, and no page waits for it.
        """
        if time.monotonic() - self._polled_at > (_FOLLOWED if self._listeners else self.every):
            await self.poll()
        board = self.board
        if board is None:
            store, reason = next(iter(self.down.items()))
            raise StoreDown(store, reason)
        return board

    def forget(self) -> None:
        """Make the next `fresh` poll again: something was just changed here."""
        self._polled_at = float("-inf")
        self._rests.clear()

    async def poll(self) -> None:
        """Ask all stores; if one does not answer, its last answer is kept."""
        asked = time.monotonic()
        async with self._polling:
            if self._polled_at >= asked:  # somebody else's poll was under way and is newer than the wish
                return
            now = self.clock.now_ms()
            await asyncio.gather(
                self._ask("history", "latest", self.history.latest),
                self._ask(
                    "history",
                    "verdicts",
                    lambda: self.history.verdicts(start_ms=now - LOOK_BACK, end_ms=now + 1, limit=_VERDICTS),
                ),
                self._ask(
                    "history",
                    "outlooks",
                    lambda: self.history.outlooks(start_ms=now - LONGEST, end_ms=now + 1),
                ),
                self._ask("cases", "cases", self._open),
                self._ask("history", "regional", lambda: self._regional(now)),
            )
            self._polled_at = time.monotonic()
            self._compose(self.clock.now_ms())
        async with self._news:
            self.serial += 1
            self._news.notify_all()

    def _open(self) -> tuple[list[Case], tuple[OpenTask, ...] | None]:
        found = self._open_cases.newest()  # first: what is found in between has its case already
        return found, None if self._open_tasks is None else self._open_tasks.newest()

    def _regional(self, now: int) -> list[dict[str, Any]]:
        if not are_looked_for(self.register.county.background):
            return []
        return self.history.rows("context", {"kind": EPISODE}, now - LONGEST_EPISODE, now + 1)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Count as a listener: the stores are polled while there is one."""
        self._listeners += 1
        self.telemetry.waiting.labels("board_streams").set(self._listeners)
        try:
            yield
        finally:
            self._listeners -= 1
            self.telemetry.waiting.labels("board_streams").set(self._listeners)

    async def newer(self, seen: int, within: float) -> int:
        """The serial of a board newer than `seen`, or `seen` itself after `within` seconds."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: self.serial > seen)
                return self.serial
        except TimeoutError:
            return seen

    async def _run(self) -> None:
        while True:
            began = time.monotonic()
            if self._listeners:
                await self.poll()
            took = time.monotonic() - began
            await asyncio.sleep(max(self.every, _REST * took))

    async def _ask(self, store: str, name: str, question: Callable[[], Any]) -> None:
        """Ask a store; what took long to answer is not asked at each poll."""
        began = time.monotonic()
        if began < self._rests.get(name, 0.0):
            return
        try:
            self._kept[name] = await call(store, question)
            ended = time.monotonic()
            self._rests[name] = ended + min(_SHARE * (ended - began), _LONGEST_REST)
            self._faults.pop((store, name), None)
        except StoreDown as fault:
            if store not in self.down:
                _LOG.warning("the %s store does not answer: %s", store, fault.reason)
            self._faults[store, name] = fault.reason
            self.telemetry.faults.labels(f"{store}_down").inc()

    def _compose(self, now: int) -> None:
        if not {"latest", "verdicts", "outlooks", "cases"} <= self._kept.keys():
            return
        cases, tasks = self._kept["cases"]
        board = compose(self.register, self._kept["latest"], self._kept["verdicts"], cases, now,
                        self._kept["outlooks"], tasks)  # fmt: skip
        regional = lasting(self._kept.get("regional", ()), now)
        board = replace(board, down=tuple(sorted(self.down)), regional=regional)
        self.board = board
        if board.last is not None:
            self.telemetry.last_reading.set(board.last / 1000)


async def call(store: str, question: Callable[[], _T]) -> _T:
    """Answer of a store, asked in a worker thread; anything it raises becomes StoreDown."""
    try:
        return await anyio.to_thread.run_sync(question)
    except Exception as fault:
        first = str(fault).strip().splitlines()[:1]
        raise StoreDown(store, f"{type(fault).__name__}: {first[0] if first else ''}"[:300]) from fault
