"""The desk's interface to the case store, and the error for a store that does not answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from alerts.cases import ACKNOWLEDGED, OPEN, RECOVERED
from alerts.people.answering import Answering
from alerts.records import Case, CaseFile
from alerts.store.people_store import PeopleStore
from processors.history import History

UNCLOSED = (OPEN, ACKNOWLEDGED, RECOVERED)


class CaseSource(Protocol):
    """The part of the case store that the desk uses; every method may raise."""

    def cases(
        self,
        state: str | None = None,
        site: str | None = None,
        limit: int = 200,
        *,
        sites: Collection[str] | None = None,
        but: Collection[str] = (),
    ) -> Sequence[Case]:
        """Cases, newest first: of `sites` alone, and of no kind in `but`."""

    def case(self, case_id: str) -> CaseFile | None:
        """One case with its history and messages; None: no case has this id."""

    def acknowledge(
        self, case_id: str, by: str, note: str, at: int, signer: Mapping[str, str] | None = None
    ) -> Any:
        """Acknowledge a case; repeating it changes nothing. `signer`: account, role and unit of who signs."""


class Sources(NamedTuple):
    """The stores behind the desk."""

    history: History
    cases: CaseSource
    people: PeopleStore


class StoreDown(RuntimeError):
    """A store did not answer; `store` is `history` or `cases`."""

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(f"{store}: {reason}")
        self.store = store
        self.reason = reason


_EVERYTHING = Answering(None)


def seen(
    store: CaseSource, answering: Answering, limit: int, state: str | None = None, site: str | None = None
) -> Sequence[Case]:
    """The newest cases that a unit sees."""
    return store.cases(state, site, limit, sites=answering.sites, but=answering.withheld)


def unclosed(store: CaseSource, limit: int, answering: Answering = _EVERYTHING) -> list[Case]:
    """Cases of every state but the last that a unit sees, newest first."""
    found = [case for state in UNCLOSED for case in seen(store, answering, limit, state)]
    return sorted(found, key=lambda case: -case.opened_at)[:limit]
