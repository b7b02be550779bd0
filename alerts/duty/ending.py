"""What a person holds who is to end, and handing it over to a successor from a day on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from alerts.duty.book import DutyBook
from alerts.duty.rows import Deputy, DutyPerson, DutyRow, DutyTurn


class Holding(NamedTuple):
    """What keeps a person from ending. `kind`: turn, deputy, last (of a unit), task; `said`: which one."""

    kind: str
    said: str


def person_of(book: DutyBook, contact: str) -> DutyPerson | None:
    """The person that an account is, by its recipient of messages, UNIT/NAME."""
    unit, _, name = contact.partition("/")
    return next((one for one in book.people.values() if (one.unit, one.name) == (unit, name)), None)


def held_by(book: DutyBook, person: DutyPerson, day: date) -> list[Holding]:
    """Turns and deputyships that are not over on a day, and that nobody else is of the unit."""
    found = [
        Holding("turn" if isinstance(row, DutyTurn) else "deputy", row.id)
        for row in book.rows
        if _is_held(row, person.id) and not _is_over(row, day)
    ]
    others = [
        row
        for row in book.rows_of(person.unit)
        if isinstance(row, DutyPerson) and row.id != person.id and not _is_over(row, day)
    ]
    return found if others else [*found, Holding("last", person.unit)]


def handed_over(book: DutyBook, person: DutyPerson, successor: DutyPerson, last: date) -> tuple[DutyRow, ...]:
    """The rows with `person` there until `last`, and the successor in all turns and deputyships after it."""
    rows: list[DutyRow] = []
    for row in book.rows:
        leaves = isinstance(row, DutyPerson) and row.id == person.id
        stood_for = isinstance(row, Deputy) and row.person == person.id
        if (leaves or stood_for) and not _is_over(row, last):
            if row.since <= last.isoformat():
                rows.append(replace(row, until=last.isoformat()))
        elif _is_held(row, person.id) and not _is_over(row, last):
            rows += _split(book, row, successor.id, last)
        else:
            rows.append(row)
    return tuple(rows)


def _split(book: DutyBook, row: DutyRow, successor: str, last: date) -> list[DutyRow]:
    """A row until `last`, if it has begun, and what follows with the successor."""
    after = (last + timedelta(days=1)).isoformat()
    begun = not row.since or row.since < after
    changed = {"since": max(row.since, after)}
    if not begun:
        changed = {}
    elif row.until and row.until < after:
        return [row]
    id = _free_id(book, row.id) if begun else row.id
    match row:
        case DutyTurn():
            follows: DutyRow = replace(row, id=id, person=successor, **changed)
        case Deputy() if row.person != successor:
            follows = replace(row, id=id, deputy=successor, **changed)
        case _:
            return [replace(row, until=last.isoformat())] if begun else []
    return [replace(row, until=last.isoformat()), follows] if begun else [follows]


def _free_id(book: DutyBook, id: str) -> str:
    taken = {row.id for row in book.rows}
    return next(name for n in range(2, len(taken) + 3) if (name := f"{id}-{n}") not in taken)


def _is_held(row: DutyRow, id: str) -> bool:
    return (isinstance(row, DutyTurn) and row.person == id) or (isinstance(row, Deputy) and row.deputy == id)


def _is_over(row: DutyRow, day: date) -> bool:
    return bool(row.until) and row.until <= day.isoformat()
