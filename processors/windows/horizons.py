"""Horizons: how far back data may still matter once an hour has closed; the rest may be forgotten. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Horizons:
    """Instants in ms; before each of them nothing of its kind can change a verdict any more."""

    due: int  # when the hour was to be closed
    rows: int  # readings: they enter no window that is still measured
    answers: int  # intervals: no reading that may still come changes one
    late: int  # windows: nothing that comes late, nor a background, changes one; what they depend on may go
    unsettled: Callable[[str], int]  # of a rule: the start of its first day that is not settled


class Bounded:
    """Base of state that does not grow with the log (one line per device, say): it has nothing to forget."""

    __slots__ = ()

    def forget(self, until: object) -> None:
        """Does nothing."""
