"""Bookkeeping of one partition: which offsets are folded, held, saved or missing. Pure.

Our `next` is authoritative. The engine's events only bring records and carry the acknowledgement: an
event is acknowledged once a confirmed snapshot covers it, in order of offset, never leaving a hole.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple


class OutOfOrder(RuntimeError):
    """The engine broke one of our assumptions; the process must end."""


class HeldEvent(NamedTuple):
    """An event awaiting its acknowledgement."""

    offset: int
    event: Any


@dataclass(frozen=True, slots=True)
class Step:
    """Action for an arrived offset: read [missing_from, offset) from the topic, then fold or not."""

    fold: bool
    missing_from: int | None = None


class Book:
    """Offsets of one partition since it was assigned; `next` is the first offset not folded yet."""

    __slots__ = ("_held", "next", "saved")

    def __init__(self, next_offset: int) -> None:
        self.next = next_offset
        self.saved = next_offset
        self._held: deque[HeldEvent] = deque()

    @property
    def unsaved(self) -> int:
        """Number of folded records that no snapshot covers yet."""
        return self.next - self.saved

    @property
    def held(self) -> int:
        """Number of events awaiting their acknowledgement."""
        return len(self._held)

    def arrive(self, offset: int, event: Any) -> Step:
        """Holds the event and returns what to do with its record."""
        if self._held and offset <= self._held[-1].offset:
            raise OutOfOrder(
                f"offset {offset} arrived after {self._held[-1].offset} without a rebalance between them"
            )
        self._held.append(HeldEvent(offset, event))
        if offset < self.next:
            return Step(fold=False)
        return Step(fold=True, missing_from=None if offset == self.next else self.next)

    def folded(self, offset: int) -> None:
        """Marks the record at `offset` as folded. Raises OutOfOrder unless it is the next one."""
        if offset != self.next:
            raise OutOfOrder(f"folded offset {offset} where {self.next} was due")
        self.next = offset + 1

    def confirmed(self, next_offset: int) -> None:
        """Marks a snapshot covering everything below `next_offset` as durable, with all outputs before it."""
        if not self.saved <= next_offset <= self.next:
            raise OutOfOrder(f"snapshot of {next_offset} confirmed between {self.saved} and {self.next}")
        self.saved = next_offset

    def release(self) -> list[Any]:
        """Events that may be acknowledged now, in order of offset; they are no longer held."""
        events: list[Any] = []
        while self._held and self._held[0].offset < self.saved:
            events.append(self._held.popleft().event)
        return events
