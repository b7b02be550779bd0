"""In what order, and when, messages of one connection may be acknowledged. Pure; knows no MQTT and no Kafka.

A message is due when every record that holds a part of it, and of every message before it, is
confirmed. Records are few and messages many, so the records remember the first message they hold:
due is what arrived before the first message of any record still open.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

Name = TypeVar("Name")


class Acknowledgements(Generic[Name]):
    """The messages of one connection in order of arrival, and the open records that hold them back.

    `Name` is what the acknowledgement needs: a packet id of MQTT, the bytes to answer on TCP.
    `inherited` are records still open from the connection before: what they hold may be delivered
    again on this one and be taken for a duplicate, so nothing is due before they are confirmed.
    """

    __slots__ = ("_due", "_first_of", "_names", "_next")

    def __init__(self, inherited: Iterable[int] = ()) -> None:
        self._names: deque[Name | None] = deque()
        self._next = 0  # the number of the next message to arrive
        self._due = 0  # the number of the first message not handed out by `due`
        self._first_of: dict[int, int] = dict.fromkeys(inherited, 0)  # ascending: numbers only grow

    def arrived(self, name: Name | None) -> None:
        """The next message; None for one that wants no acknowledgement."""
        self._names.append(name)
        self._next += 1

    def hold(self, record: int) -> None:
        """The message that arrived last has a part in this record."""
        if record not in self._first_of:
            self._first_of[record] = self._next - 1

    def confirmed(self, record: int) -> None:
        """The record is durable; one that is not known holds nothing of this connection."""
        self._first_of.pop(record, None)

    def due(self) -> list[Name]:
        """Whom to acknowledge now, in order of arrival; each is handed out once."""
        limit = next(iter(self._first_of.values()), self._next)
        popleft = self._names.popleft
        names = [popleft() for _ in range(limit - self._due)]
        self._due = max(self._due, limit)
        return [name for name in names if name is not None]

    @property
    def open_records(self) -> list[int]:
        """Records not confirmed yet."""
        return list(self._first_of)

    @property
    def waiting(self) -> int:
        """How many messages are not acknowledged yet."""
        return len(self._names)
