"""The desk's interface to the case store, and the error for a store that does not answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from alerts.records import Case, CaseFile
from alerts.store.case_lists import CaseFilter, CasePage
from alerts.store.duty_store import DutyStore
from alerts.store.life_store import LifeStore
from alerts.store.message_lists import MessageLists
from alerts.store.people_store import PeopleStore
from alerts.store.silence_store import SilenceStore
from processors.history import History


class CaseSource(Protocol):
    """The part of the case store that the desk uses; every method may raise."""

    def cases(
        self,
        state: str | None = None,
        site: str | None = None,
        limit: int = 200,
        *,
        but: Collection[str] = (),
    ) -> Sequence[Case]:
        """Cases, newest first, of no kind in `but`."""

    def find(self, of: CaseFilter, after: tuple[int, int] | None = None, limit: int = 50) -> CasePage:
        """A page of the cases that a filter finds."""

    def count(self, of: CaseFilter) -> int:
        """How many cases a filter finds."""

    def changed(self, since: int | None = None) -> tuple[int, list[Case]]:
        """(mark, cases): all open ones, or those that changed after the mark of a call before."""

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
    messages: MessageLists
    lives: LifeStore | None = None  # of the cases; None: this store has none
    silences: SilenceStore | None = None  # likewise
    duty: DutyStore | None = None  # responsibility with dates; None: the folder's alone


class StoreDown(RuntimeError):
    """A store did not answer; `store` is `history` or `cases`."""

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(f"{store}: {reason}")
        self.store = store
        self.reason = reason
