"""Unexpected errors in callbacks of an event loop: they end the service.

asyncio would log them and continue: a half-handled message, or a batch that was never sent, would then be
nobody's concern.
"""

from __future__ import annotations

import asyncio
from typing import Any


class Unexpected:
    """First unexpected error; `future` raises it in whatever runs the service. Create in the running loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[None] = self._loop.create_future()

    def __bool__(self) -> bool:
        """True if anything has gone wrong."""
        return self.future.done()

    def raised(self, error: BaseException) -> None:
        """Record an error raised by our own code."""
        if not self.future.done():
            self.future.set_exception(error)

    def listen(self) -> None:
        """Start to catch everything that callbacks (timers, sockets, futures) raise."""
        self._loop.set_exception_handler(self._handle)

    def close(self) -> None:
        """Stop catching."""
        self._loop.set_exception_handler(None)
        self.future.cancel()

    def _handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        loop.default_exception_handler(context)
        error = context.get("exception")
        if "handle" in context and isinstance(error, Exception):
            self.raised(error)
