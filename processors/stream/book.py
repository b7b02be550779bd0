"""The bookkeeping of one partition: what is folded, held, saved, missing. Pure.

Our `next` is the truth. The engine's events only bring records and carry the acknowledgement: an
event is acknowledged when a confirmed snapshot covers it, in order of offset, never with a hole.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple


class OutOfOrder(RuntimeError):
    """The engine broke an assumption of ours; the process must end."""


class HeldEvent(NamedTuple):
    """An event that waits for its acknowledgement."""

    offset: int
    event: Any


@dataclass(frozen=True, slots=True)
class Step:
    """What to do with an arrived offset: read [missing_from, offset) from the topic, then fold or not."""

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
        """Folded records that no snapshot covers yet."""
        return self.next - self.saved

    @property
    def held(self) -> int:
        """Events that wait for their acknowledgement."""
        return len(self._held)

    def arrive(self, offset: int, event: Any) -> Step:
        """Hold the event and say what to do with its record."""
        if self._held and offset <= self._held[-1].offset:
            raise OutOfOrder(
                f"offset {offset} arrived after {self._held[-1].offset} without a rebalance between them"
            )
        self._held.append(HeldEvent(offset, event))
        if offset < self.next:
            return Step(fold=False)
        return Step(fold=True, missing_from=None if offset == self.next else self.next)

    def folded(self, offset: int) -> None:
        """The record at `offset` is folded. Raises OutOfOrder unless it is the next one."""
        if offset != self.next:
            raise OutOfOrder(f"folded offset {offset} where {self.next} was due")
        self.next = offset + 1

    def confirmed(self, next_offset: int) -> None:
        """A snapshot that covers everything below `next_offset` is durable, and all outputs with it."""
        if not self.saved <= next_offset <= self.next:
            raise OutOfOrder(f"snapshot of {next_offset} confirmed between {self.saved} and {self.next}")
        self.saved = next_offset

    def release(self) -> list[Any]:
        """Events that may be acknowledged now, in order of offset; they are no longer held."""
        events: list[Any] = []
        while self._held and self._held[0].offset < self.saved:
            events.append(self._held.popleft().event)
        return events
