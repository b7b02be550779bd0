"""The desk's interface to the case store, and the error for a store that does not answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from alerts.cases import ACKNOWLEDGED, OPEN, RECOVERED
from alerts.records import Case, CaseFile

UNCLOSED = (OPEN, ACKNOWLEDGED, RECOVERED)


class CaseSource(Protocol):
    """The part of the case store that the desk uses; every method may raise."""

    def cases(self, state: str | None = None, site: str | None = None, limit: int = 200) -> Sequence[Case]:
        """Cases, newest first."""

    def case(self, case_id: str) -> CaseFile | None:
        """One case with its history and messages; None: no case has this id."""

    def acknowledge(self, case_id: str, by: str, note: str, at: int) -> Any:
        """Acknowledge a case; repeating it changes nothing."""


class StoreDown(RuntimeError):
    """A store did not answer; `store` is `history` or `cases`."""

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(f"{store}: {reason}")
        self.store = store
        self.reason = reason


def unclosed(store: CaseSource, limit: int) -> list[Case]:
    """Cases of every state but the last, newest first."""
    found = [case for state in UNCLOSED for case in store.cases(state=state, limit=limit)]
    return sorted(found, key=lambda case: -case.opened_at)[:limit]
