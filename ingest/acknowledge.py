"""Acknowledgements: when, and in what order, one connection's messages are due. Pure; no MQTT, no Kafka.

A message is due when every record that holds a part of it, or of any message before it, is confirmed.
Records are few and messages many, so each record remembers the first message it holds: every message that
arrived before the first message of any open record is due.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

Name = TypeVar("Name")


class Acknowledgements(Generic[Name]):
    """Messages of one connection in order of arrival, and the open records that hold them back.

    `Name` is what the acknowledgement needs: a packet id of MQTT, or the bytes to answer on TCP.
    `inherited` are records still open from the previous connection: their messages may be delivered
    again on this one and be taken for duplicates, so nothing is due before they are confirmed.
    """

    __slots__ = ("_due", "_first_of", "_names", "_next")

    def __init__(self, inherited: Iterable[int] = ()) -> None:
        self._names: deque[Name | None] = deque()
        self._next = 0  # the number of the next message to arrive
        self._due = 0  # the number of the first message not handed out by `due`
        self._first_of: dict[int, int] = dict.fromkeys(inherited, 0)  # ascending: numbers only grow

    def arrived(self, name: Name | None) -> None:
        """Add the next message; None for one that wants no acknowledgement."""
        self._names.append(name)
        self._next += 1

    def hold(self, record: int) -> None:
        """Note that the message that arrived last has a part in this record."""
        if record not in self._first_of:
            self._first_of[record] = self._next - 1

    def confirmed(self, record: int) -> None:
        """Note that the record is durable; an unknown record holds nothing of this connection."""
        self._first_of.pop(record, None)

    def due(self) -> list[Name]:
        """Names to acknowledge now, in order of arrival; each is returned once."""
        limit = next(iter(self._first_of.values()), self._next)
        popleft = self._names.popleft
        names = [popleft() for _ in range(limit - self._due)]
        self._due = max(self._due, limit)
        return [name for name in names if name is not None]

    @property
    def names(self) -> list[Name | None]:
        """Names of the messages not acknowledged yet, in order of arrival."""
        return list(self._names)

    @property
    def open_records(self) -> list[int]:
        """Records not confirmed yet."""
        return list(self._first_of)

    @property
    def waiting(self) -> int:
        """Number of messages not acknowledged yet."""
        return len(self._names)
