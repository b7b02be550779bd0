"""A store that a desk goes on without: no use when it was opened, asked again at every question."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)
S = TypeVar("S")


class LateStore(Generic[S]):
    """Stands for the store that `open` gives; while that raises, so does every method."""

    def __init__(self, open: Callable[[], S]) -> None:
        self._open = open
        self._opened: S | None = None
        self._turn = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        def ask(*arguments: Any, **named: Any) -> Any:
            return getattr(self._store(), name)(*arguments, **named)

        return ask

    def _store(self) -> S:
        with self._turn:
            if self._opened is None:
                self._opened = self._open()
                log.info("store_is_back", store=type(self._opened).__name__)
            return self._opened


def opened_or_late(open: Callable[[], S], *faults: type[Exception]) -> S:
    """The store; one that is damaged, or not migrated yet, is left to be put right while all else is shown.

    Raises what `open` raises beyond `faults`.
    """
    try:
        return open()
    except faults as error:
        log.error("store_is_no_use", why=str(error))
        late: Any = LateStore(open)
        return late  # type: ignore[no-any-return]
