"""Lines of a replay in temporary files, by hour, so that a long one needs little memory; read back in order.

Every file of lines is sorted by an instant first: hours can be sorted one by one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple, cast

import orjson

from processors.records import Flagged
from processors.replay.lines import Line, ReadingKey, conclude, order_of, text_of

_MOST_WAITING = 2 * 1024 * 1024  # bytes of a file that wait in memory
_HOUR = len("2026-11-23T00")  # of an instant's text


class _Kept(NamedTuple):
    """What is kept of a line: JSON of what it is sorted and found by, and its text."""

    head: bytes
    text: bytes


@dataclass(slots=True)
class _Hours:
    """Lines by hour in one temporary file, in the order of their coming."""

    waiting: dict[str, list[bytes]] = field(default_factory=dict)
    size: int = 0
    places: dict[str, list[tuple[int, int]]] = field(default_factory=dict)  # hour -> (offset, bytes)
    file: BinaryIO | None = None

    def add(self, hour: str, kept: _Kept) -> None:
        line = b"%b\t%b" % kept  # JSON has no tabs of its own
        self.waiting.setdefault(hour, []).append(line)
        self.size += len(line)
        if self.size > _MOST_WAITING:
            self._spill()

    def _spill(self) -> None:
        if self.file is None:
            # it goes when nothing holds it any more
            self.file = cast("BinaryIO", tempfile.TemporaryFile(prefix="dustwatch-replay-"))  # noqa: SIM115
        at = self.file.seek(0, 2)
        for hour, lines in self.waiting.items():
            data = b"".join(lines)
            self.places.setdefault(hour, []).append((at, len(data)))
            at += self.file.write(data)
        self.waiting, self.size = {}, 0

    def hours(self) -> list[str]:
        """The hours that have lines, in their order."""
        return sorted({*self.places, *self.waiting})

    def of(self, hour: str) -> list[_Kept]:
        """The lines of an hour."""
        lines: list[bytes] = []
        for at, size in self.places.get(hour, ()):
            assert self.file is not None
            self.file.seek(at)
            lines += self.file.read(size).splitlines(keepends=True)
        return [_Kept(*line.split(b"\t", 1)) for line in (*lines, *self.waiting.get(hour, ()))]


@dataclass(slots=True)
class SpilledLines:
    """Lines that do not change any more, sorted by the instant under the key `when`."""

    when: str
    count: int = 0
    _hours: _Hours = field(default_factory=_Hours)

    def add(self, line: Line) -> None:
        """Keep a line."""
        order = order_of(line, self.when)
        self._hours.add(order[0][:_HOUR], _Kept(orjson.dumps(order), text_of(line)))
        self.count += 1

    def texts(self) -> Iterator[bytes]:
        """The text of each line, in their order."""
        for hour in self._hours.hours():
            lines = ((orjson.loads(head), text) for head, text in self._hours.of(hour))
            yield from (text for _, text in sorted(lines))

    def __iter__(self) -> Iterator[Line]:
        return map(orjson.loads, self.texts())

    def __len__(self) -> int:
        return self.count


@dataclass(slots=True)
class SpilledReadings:
    """Lines of readings, and what the checks have said of them since: the last word counts."""

    count: int = 0
    _hours: _Hours = field(default_factory=_Hours)
    _said: _Hours = field(default_factory=_Hours)
    _turn: int = 0  # number of what came last, line or word

    def add(self, key: ReadingKey, line: Line) -> None:
        """Keep a line; words that came before it are not about it."""
        self._turn += 1
        order = order_of(line, "time")
        self._hours.add(order[0][:_HOUR], _Kept(orjson.dumps([order, key, self._turn]), text_of(line)))
        self.count += 1

    def conclude(self, said: Flagged, time: str) -> None:
        """Keep the checks' last word on the readings of a device and time (`time` as in their lines)."""
        self._turn += 1
        head = orjson.dumps([(said.device, said.time, said.period), self._turn])
        self._said.add(time[:_HOUR], _Kept(head, orjson.dumps(said.words) + b"\n"))

    def texts(self) -> Iterator[bytes]:
        """The text of each line, in their order."""
        for hour in self._hours.hours():
            yield from _concluded(self._hours.of(hour), self._said.of(hour))

    def __iter__(self) -> Iterator[Line]:
        return map(orjson.loads, self.texts())

    def __len__(self) -> int:
        return self.count


def _concluded(lines: list[_Kept], said: list[_Kept]) -> list[bytes]:
    """The texts of an hour's readings in their order, with the last words on them."""
    last: dict[tuple[Any, ...], tuple[int, bytes]] = {}
    for head, words in said:
        key, turn = orjson.loads(head)
        last[tuple(key)] = turn, words
    made = []
    for head, text in lines:
        order, key, turn = orjson.loads(head)
        when, words = last.get(tuple(key), (0, b""))
        if when > turn:
            line, found = orjson.loads(text), orjson.loads(words)
            for name, value in line["values"].items():
                conclude(value, tuple(found.get(name, ())))
            made.append((order, text_of(line)))
        else:
            made.append((order, text))
    return [text for _, text in sorted(made)]
