"""Watchdog over what must be told: each minute it looks for what was due a minute ago and still is.

A minute of the real clock, however fast the county's is: that is how long the worker had to deal with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from alerts.store import CaseStore
from alerts.store.neglected import NeglectedNow

_EVERY_S = 60.0
_NAMED = 3


class UntoldMatters(NamedTuple):
    """How many tellings and cases were neglected, and some of them by name."""

    tellings: int
    cases: int
    named: str


class UntoldWatch:
    """Remembers what was due at its look before; `monotonic`: seconds of the real clock."""

    def __init__(self, store: CaseStore, monotonic: Callable[[], float]) -> None:
        self._store, self._monotonic = store, monotonic
        self._before: NeglectedNow | None = None
        self._looked = -_EVERY_S
        self._found: UntoldMatters | None = None

    def look(self, now: int) -> UntoldMatters | None:
        """What was neglected, `now` in ms UTC of the county's clock; None: not known yet.

        Blocks; looks once a minute. While the database is away nothing is neglected but the database.
        """
        at = self._monotonic()
        if at - self._looked < _EVERY_S:
            return self._found
        before, self._before = self._before, None  # where this look fails, the next one begins anew
        self._looked = at
        seen = self._store.neglected(now)
        self._before = seen
        if before is None:
            self._found = None
            return None
        tellings, cases = before.tellings & seen.tellings, before.cases & seen.cases
        named = [*(id for id, _ in sorted(tellings)), *(f"No. {number}" for number, _ in sorted(cases))]
        self._found = UntoldMatters(len(tellings), len(cases), ", ".join(named[:_NAMED]))
        return self._found
