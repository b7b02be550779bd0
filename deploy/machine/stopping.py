"""Stopping of `up` and `demo`: by Ctrl-C, SIGTERM, or a closed terminal.

The services are children in sessions of their own: a parent that ends without stopping them leaves them
running.
"""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass, field
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StoppedEarly(Exception):
    """Told to stop before everything was ready."""

    exit_code = 130


@dataclass(slots=True)
class Stop:
    """Stop request, and how often it was made: the second time means immediately."""

    event: threading.Event = field(default_factory=threading.Event)
    times: int = 0

    def listen(self) -> None:
        """Handle the signals for as long as this process lives."""
        for name in SIGNALS:
            signal.signal(name, self.ask)

    def ask(self, signum: int = signal.SIGINT, frame: FrameType | None = None) -> None:
        """Request a stop, as a signal does."""
        self.times += 1
        self.event.set()

    def check(self) -> None:
        """Check between the steps of a start. Raises StoppedEarly."""
        if self.event.is_set():
            raise StoppedEarly("stopped before all was ready")
