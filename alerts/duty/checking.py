"""What rows must be to each other: whom they name is there, and no two answer for the same at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple, TypeVar

from alerts.duty.rows import Deputy, DutyPerson, DutyRow, DutyTurn, SiteAnswer, overlap
from alerts.duty.sheets import SHEET_OF
from ingest.strict_yaml import did_you_mean

_KINDS: Mapping[str, tuple[str, ...]] = {
    "sector": ("department",),
    "territorial": ("department",),
    "site": ("site", "contractor"),
}


_R = TypeVar("_R", bound=DutyRow)


class RowFault(NamedTuple):
    """What is wrong with a column of a row."""

    sheet: str
    id: str
    column: str
    words: str


def faults_between(rows: Iterable[DutyRow]) -> list[RowFault]:
    """Everything that is wrong with the rows together."""
    known = list(rows)
    people = {row.id: row for row in known if isinstance(row, DutyPerson)}
    found: list[RowFault] = []
    for row in known:
        match row:
            case DutyTurn():
                found += _named(row, "person", row.person, people)
            case Deputy():
                found += _named(row, "person", row.person, people)
                found += _named(row, "deputy", row.deputy, people)
            case SiteAnswer():
                if row.unit.partition(":")[0] not in _KINDS[row.line]:
                    kinds = " or ".join(f"{kind}:…" for kind in _KINDS[row.line])
                    found.append(_fault(row, "unit", f"for the line {row.line} write a unit {kinds}"))
    found += _twice([row for row in known if isinstance(row, SiteAnswer)], _same_line)
    deputies = [row for row in known if isinstance(row, Deputy)]
    found += _twice(deputies, lambda one, other: one.person == other.person)
    return [*found, *_circles(deputies)]


def _named(
    row: DutyTurn | Deputy, column: str, id: str, people: Mapping[str, DutyPerson]
) -> Iterator[RowFault]:
    person = people.get(id)
    if person is None:
        hint = did_you_mean(id, people) or "; write the id that the person has on the sheet of people"
        yield _fault(row, column, f"no person `{id}`{hint}")
    elif not overlap(row, person):
        span = f"{person.since or '…'} to {person.until or '…'}"
        yield _fault(row, column, f"`{id}` is there on none of these days: from {span}")


def _same_line(one: SiteAnswer, other: SiteAnswer) -> bool:
    return (one.site, one.line) == (other.site, other.line)


def _twice(rows: Sequence[_R], same: Callable[[_R, _R], bool]) -> Iterator[RowFault]:
    for one, other in combinations(rows, 2):
        if same(one, other) and overlap(one, other):
            words = f"`{one.id}` says the same for common days; let one end before the other begins"
            yield _fault(other, "since", words)


def _circles(deputies: Sequence[Deputy]) -> Iterator[RowFault]:
    """Deputies of whom each stands in for another, so that nobody is left."""
    for first in deputies:
        seen, ahead = {first.person}, [first]
        while ahead:
            row = ahead.pop()
            if row.deputy in seen and row.deputy == first.person:
                words = (
                    f"`{first.person}` and `{row.person}` stand in for each other: name somebody who is there"
                )
                yield _fault(first, "deputy", words)
                break
            if row.deputy not in seen:
                seen.add(row.deputy)
                ahead += (d for d in deputies if d.person == row.deputy and overlap(d, first))


def _fault(row: DutyRow, column: str, words: str) -> RowFault:
    return RowFault(SHEET_OF[type(row)], row.id, column, words)
