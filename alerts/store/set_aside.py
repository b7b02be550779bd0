"""What could not be written: set aside under its name, so that nothing else waits behind it.

A database that is away says nothing against a record and is waited for; one that refuses the record itself
(a sign that no column takes, a number too large) would refuse it for ever.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from alerts.store.errors import StoreError
from ingest.plain_text import one_line

log = structlog.get_logger(__name__)

BREACH, HOLD, MESSAGE, FAULT = "breach", "hold", "message", "fault"
# SQLSTATE classes that speak of the data though the class of error means "away": too large for an index
_OF_THE_DATA = ("22", "23", "54")
_KEPT = 1000  # notes; the counter knows how many there were
_LONGEST = 300


class SetAside(NamedTuple):
    """One thing that could not be written; `at`: ms UTC of the real clock."""

    at: int
    kind: str
    id: str
    why: str

    def words(self) -> str:
        """Which, and why."""
        return f"{self.kind} {self.id}: {self.why}"


def is_of_the_record(error: Exception) -> bool:
    """Whether the record is at fault, and no database that is away, busy, damaged, read-only or altered."""
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        return isinstance(error, DataError | IntegrityError) or state[:2] in _OF_THE_DATA
    if isinstance(error, SQLAlchemyError):
        return isinstance(error, StatementError)  # a value that became no parameter
    return not isinstance(error, StoreError | OSError)


class Aside:
    """What one worker has set aside since it began; safe to use from several threads."""

    def __init__(self, wall: Callable[[], int]) -> None:
        self._wall = wall
        self._lock = threading.Lock()
        self._notes: deque[SetAside] = deque(maxlen=_KEPT)
        self._heard: list[Callable[[SetAside], None]] = []

    def hear(self, listener: Callable[[SetAside], None]) -> None:
        """Call `listener` with everything that is set aside from now on."""
        self._heard.append(listener)

    def note(self, kind: str, id: str, error: Exception) -> SetAside:
        """Name, count and tell it."""
        cause = getattr(error, "orig", None) or error
        first = (str(cause).strip().splitlines() or [""])[0]
        noted = SetAside(self._wall(), kind, id, one_line(f"{type(cause).__name__}: {first}")[:_LONGEST])
        with self._lock:
            self._notes.append(noted)
        log.error("set_aside", kind=kind, id=id, why=noted.why, exc_info=error)
        for listener in self._heard:
            listener(noted)
        return noted

    def since(self, instant: int) -> list[SetAside]:
        """What was set aside at or after an instant (ms UTC of the real clock), oldest first."""
        with self._lock:
            return [one for one in self._notes if one.at >= instant]
