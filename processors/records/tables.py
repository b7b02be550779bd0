"""Tables of records that differ in a few fields, as one window yields by the thousand: shared fields once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, Generic, TypeVar

from processors.records.verdicts import Interval, Verdict

Record = TypeVar("Record", Interval, Verdict)


class Table(Generic[Record]):
    """Layout of one kind of record: the fields that are each record's own; all others are shared."""

    def __init__(self, kind: type[Record], *own: str) -> None:
        names = [field.name for field in fields(kind)]
        self.kind: type[Record] = kind
        self.own = own
        self.shared = tuple(name for name in names if name not in own)
        together = (*self.shared, *own)
        self._shared_of, self._own_of = attrgetter(*self.shared), attrgetter(*own)
        self._in_order = itemgetter(*(together.index(name) for name in names))

    def group(self, rows: list[tuple[Any, ...]], **shared: Any) -> Group[Record]:
        """Groups rows given by the fields in `own`. Raises KeyError for a missing shared field."""
        return Group(self, tuple([shared[name] for name in self.shared]), rows)

    def groups(self, records: Iterable[Record]) -> list[Group[Record]]:
        """A group for each record."""
        return [Group(self, self._shared_of(one), [self._own_of(one)]) for one in records]

    def record(self, shared: tuple[Any, ...], row: tuple[Any, ...]) -> Record:
        """Builds a record from its shared fields and its own."""
        made: Record = self.kind(*self._in_order(shared + row))
        return made

    def write(self, groups: Iterable[Group[Record]]) -> list[dict[str, Any]]:
        """JSON: shared fields, `each` (names), `rows` (values by those names); like neighbours are joined."""
        written = []
        for shared, alike in groupby(filter(len, groups), attrgetter("shared")):
            rows = [row for group in alike for row in group.rows]
            written.append({**dict(zip(self.shared, shared, strict=True)), "each": self.own, "rows": rows})
        return written

    def read(self, groups: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Fields of each record. Raises KeyError or ValueError for data that isn't such a table."""
        for group in groups:
            names = group.pop("each")
            rows = group.pop("rows")
            for row in rows:
                yield {**group, **dict(zip(names, row, strict=True))}


@dataclass(slots=True)  # not frozen: each rule makes one a window, and freezing costs 2 us
class Group(Generic[Record]):
    """Records that share all but their own fields. `shared`, `rows`: values by the table's names."""

    table: Table[Record]
    shared: tuple[Any, ...]
    rows: list[tuple[Any, ...]]

    def __len__(self) -> int:
        return len(self.rows)

    def record(self, line: int) -> Record:
        """Record at a line of the group."""
        return self.table.record(self.shared, self.rows[line])

    def records(self) -> list[Record]:
        """All records of the group."""
        return [self.table.record(self.shared, row) for row in self.rows]


def parted(groups: Iterable[Group[Record]], most: int) -> Iterator[list[Group[Record]]]:
    """Splits groups into parts of `most` records each; the last may be smaller."""
    part: list[Group[Record]] = []
    room = most
    for group in groups:
        rows = group.rows
        while rows:
            piece, rows = rows[:room], rows[room:]
            part.append(Group(group.table, group.shared, piece))
            room -= len(piece)
            if not room:
                yield part
                part, room = [], most
    if part:
        yield part


INTERVALS = Table(Interval, "id", "site", "device", "value", "capture", "count", "revision")
VERDICTS = Table(
    Verdict,
    "id",
    "site",
    "point",
    "answer",
    "reasons",
    "value",
    "background",
    "subtracted",
    "background_ids",
    "capture",
    "interval",
    "revision",
)
