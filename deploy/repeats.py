"""Log handler that writes an event once, and its repetitions within a minute as one line with their count.

Without Kafka, for example, a dozen clients log the same error several times a second: 43,000 lines in 100 s,
in which nobody finds the line that matters.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?")
_MOST_KEYS = 1000
_TRACES = ("exc_info", "exception", "stack_info")


@dataclass(slots=True)
class _Repeats:
    """Event that was written, and the number of its repetitions since."""

    first: logging.LogRecord
    since: float
    count: int = 0


class FoldingHandler(logging.StreamHandler[Any]):
    """Stream handler that folds repeated records of level INFO and above; DEBUG records are all written."""

    def __init__(self, stream: Any = None, window_s: float = 60.0, now: Callable[[], float] = time.monotonic):
        super().__init__(stream)
        self._window_s, self._now = window_s, now
        self._repeats: dict[Hashable, _Repeats] = {}
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or count it as a repetition. Called with the handler's lock held."""
        if record.levelno < logging.INFO:
            super().emit(record)
            return
        now, key = self._now(), key_of(record)
        self._tell(now)
        known = self._repeats.get(key)
        if known is not None:
            known.count += 1
            self._tell_later()
            return
        if len(self._repeats) >= _MOST_KEYS:
            self._tell(now, everything=True)
        self._repeats[key] = _Repeats(_bare(record), now)
        super().emit(record)

    def tell(self) -> None:
        """Write the counts of all repetitions whose window is over."""
        self.acquire()
        try:
            self._timer = None
            self._tell(self._now())
            if any(one.count for one in self._repeats.values()):
                self._tell_later()
        finally:
            self.release()

    def close(self) -> None:
        """Write all pending counts; called at the end of the process."""
        self.acquire()
        try:
            if self._timer is not None:
                self._timer.cancel()
            self._tell(self._now(), everything=True)
        finally:
            self.release()
        super().close()

    def _tell(self, now: float, everything: bool = False) -> None:
        for key, one in list(self._repeats.items()):  # the oldest first
            if not everything and now - one.since < self._window_s:
                return
            del self._repeats[key]
            if one.count:
                super().emit(summary(one.first, one.count, now - one.since))
                if not everything:  # still going on, perhaps: the next one is counted, not written
                    self._repeats[key] = _Repeats(one.first, now)

    def _tell_later(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(self._window_s, self.tell)
            self._timer.daemon = True
            self._timer.start()


def key_of(record: logging.LogRecord) -> Hashable:
    """Key of an event: logger, level, text and fields, without the numbers in them."""
    kind = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
    if isinstance(record.msg, dict):
        fields = ((name, _shape(value)) for name, value in record.msg.items() if name != "timestamp")
        return record.name, record.levelno, kind, frozenset(fields)
    return record.name, record.levelno, kind, _NUMBERS.sub("#", record.getMessage())


def summary(first: logging.LogRecord, count: int, seconds: float) -> logging.LogRecord:
    """Record that stands for the repetitions of `first`, which was made by `_bare`."""
    words = f"repeated {count} times in {seconds:.0f} s"
    said: Any = first.msg
    if isinstance(said, dict):
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        said = {**said, "event": f"{said.get('event')} ... {words}", "repeated": count, "timestamp": at}
    else:
        said = f"{said} ... {words}"
    return logging.makeLogRecord({**first.__dict__, "msg": said, "created": time.time()})


def _bare(record: logging.LogRecord) -> logging.LogRecord:
    """Copy a record without traceback and arguments, which would keep other objects alive."""
    said: Any = record.msg
    if isinstance(said, dict):
        said = {name: value for name, value in said.items() if name not in _TRACES}
    else:
        said = record.getMessage()
    nothing = dict.fromkeys(("args", "exc_info", "exc_text", "stack_info"))
    return logging.makeLogRecord({**record.__dict__, **nothing, "msg": said})


def _shape(value: object) -> Hashable:
    """Field value for the key: numbers are masked, texts kept, since ids in them tell devices apart."""
    if isinstance(value, bool) or value is None:
        return value
    return "#" if isinstance(value, int | float) else str(value)
