"""How `up` and `demo` are told to stop: Ctrl-C, SIGTERM, or a terminal that is closed.

The services are children in sessions of their own: whoever ends without stopping them leaves them behind.
"""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass, field
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StoppedEarly(Exception):
    """Told to stop before all was ready."""

    exit_code = 130


@dataclass(slots=True)
class Stop:
    """Whether we were told to stop, and how often: the second time means now."""

    event: threading.Event = field(default_factory=threading.Event)
    times: int = 0

    def listen(self) -> None:
        """Take the signals, for as long as this process lives."""
        for name in SIGNALS:
            signal.signal(name, self.ask)

    def ask(self, signum: int = signal.SIGINT, frame: FrameType | None = None) -> None:
        """As a signal does."""
        self.times += 1
        self.event.set()

    def check(self) -> None:
        """Between the steps of a start. Raises StoppedEarly."""
        if self.event.is_set():
            raise StoppedEarly("stopped before all was ready")
