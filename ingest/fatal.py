"""Ends a service when something unexpected is raised in a callback of its event loop.

asyncio would log it and go on: a message handled by half, or a batch that never left, is then nobody's.
"""

from __future__ import annotations

import asyncio
from typing import Any


class Unexpected:
    """What went wrong first; `future` raises it to whoever runs the service. Made in the running loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[None] = self._loop.create_future()

    def __bool__(self) -> bool:
        """Has anything gone wrong?"""
        return self.future.done()

    def raised(self, error: BaseException) -> None:
        """Something of ours raised this."""
        if not self.future.done():
            self.future.set_exception(error)

    def listen(self) -> None:
        """From now on, hear of everything that callbacks (timers, sockets, futures) raise."""
        self._loop.set_exception_handler(self._handle)

    def close(self) -> None:
        """Listen no more."""
        self._loop.set_exception_handler(None)
        self.future.cancel()

    def _handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        loop.default_exception_handler(context)
        error = context.get("exception")
        if "handle" in context and isinstance(error, Exception):
            self.raised(error)
