"""Group commit: items waiting at the same time share one call of a worker thread, one transaction, one sync.

Nothing waits for more items: the first one starts a call, and those that arrive meanwhile share the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

A = TypeVar("A")
B = TypeVar("B")


class GroupCommit(Generic[A, B]):
    """Calls of `work`, one at a time, each with everything then waiting. `work` returns one result per item.

    A call that fails, fails for everyone in it: `work` must leave nothing half done.
    """

    def __init__(self, work: Callable[[Sequence[A]], Sequence[B]], threads: Executor) -> None:
        self._work = work
        self._threads = threads
        self._waiting: list[tuple[Sequence[A], asyncio.Future[Sequence[B]]]] = []
        self._running: asyncio.Task[None] | None = None

    async def do(self, items: Sequence[A]) -> Sequence[B]:
        """Results of `items`, which stay together and in order. Raises what `work` raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Sequence[B]] = loop.create_future()
        self._waiting.append((items, future))
        if self._running is None or self._running.done():
            self._running = loop.create_task(self._run())
        return await future

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            taken, self._waiting = self._waiting, []
            items = [item for group, _ in taken for item in group]
            try:
                results = await loop.run_in_executor(self._threads, self._work, items)
            except Exception as error:
                for _, future in taken:
                    if not future.done():  # whoever was cancelled doesn't ask any more
                        future.set_exception(error)
                continue
            start = 0
            for group, future in taken:
                if not future.done():
                    future.set_result(results[start : start + len(group)])
                start += len(group)
