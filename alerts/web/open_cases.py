"""What is open, kept up to date by what has changed: a board of thousands asks for a few rows a second."""

from __future__ import annotations

import time
from collections.abc import Callable

from alerts.kinds import UNSIGNED
from alerts.records import Case
from alerts.store.case_lists import UNCLOSED
from alerts.store.life_reads import LifeReads
from alerts.store.open_tasks import OpenTask, Standing
from alerts.web.sources import CaseSource

_WHOLE_EVERY_S = 60.0  # read anew as a whole, should anything have been missed


class OpenTasks:
    """The open cases of a store, by deadline; `newest` blocks, and is called by one thread at a time."""

    def __init__(self, lives: LifeReads) -> None:
        self._lives = lives
        self._stands: Standing | None = None
        self._tasks: tuple[OpenTask, ...] = ()

    def newest(self) -> tuple[OpenTask, ...]:
        """The open cases as they are now. Raises what the store raises, and keeps what it had."""
        self._stands, found = self._lives.open_tasks(self._stands)
        if found is not None:
            self._tasks = tuple(found)
        return self._tasks


class OpenCases:
    """All findings of a store that are not closed; `newest` blocks, and is called by one thread at a time."""

    def __init__(self, store: CaseSource, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._mark: int | None = None
        self._whole_at = float("-inf")
        self._cases: dict[str, Case] = {}

    def newest(self) -> list[Case]:
        """The open cases as they are now. Raises what the store raises, and keeps what it had."""
        now = self._monotonic()
        whole = self._mark is None or now - self._whole_at >= _WHOLE_EVERY_S
        mark, found = self._store.changed(None if whole else self._mark)
        if whole:
            self._cases, self._whole_at = {}, now
        for case in found:
            if case.state in UNCLOSED and case.kind not in UNSIGNED:
                self._cases[case.id] = case
            else:
                self._cases.pop(case.id, None)
        self._mark = mark
        return list(self._cases.values())
