"""What should have happened and has not: tellings that are due and stand nowhere, deadlines that woke nobody.

Looked for apart from how either is found for the work itself: a fault of that way is found as well.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, and_, or_, select

from alerts.lifecycle.states import OPEN_STATES
from alerts.lifecycle.timers import wakes_at
from alerts.store.life_rows import life_of
from alerts.store.life_tables import life_cases
from alerts.store.tables import tellings

_MOST = 1000  # rows of each kind in one look

# Which, and what would have changed if anybody had dealt with it meanwhile.
Overlooked = frozenset[tuple[str, int]]


class NeglectedNow(NamedTuple):
    """Tellings (id, when they were due) and cases (number, what they wait at)."""

    tellings: Overlooked
    cases: Overlooked


def neglected_at(connection: Connection, now: int) -> NeglectedNow:
    """What is due at `now`, ms UTC of the clock: most of it because its time has only just come."""
    return NeglectedNow(_tellings(connection, now), _untold(connection) | _asleep(connection, now))


def _tellings(connection: Connection, now: int) -> Overlooked:
    nowhere = and_(tellings.c.look_at.is_(None), tellings.c.withheld_by.is_(None))
    wanted = and_(tellings.c.message.is_(None), or_(tellings.c.look_at <= now, nowhere))
    found = connection.execute(select(tellings.c.id, tellings.c.look_at).where(wanted).limit(_MOST))
    return frozenset((id, at or 0) for id, at in found)


def _untold(connection: Connection) -> Overlooked:
    """Cases with records of which nobody was told yet."""
    asked = select(life_cases.c.n, life_cases.c.told).where(life_cases.c.told < life_cases.c.version)
    return frozenset((str(n), told) for n, told in connection.execute(asked.limit(_MOST)))


def _asleep(connection: Connection, now: int) -> Overlooked:
    """Cases that time asks something of: by the column that wakes them, and open ones past their deadline."""
    late = and_(life_cases.c.state.in_(OPEN_STATES), life_cases.c.deadline <= now)
    wanted = or_(life_cases.c.wakes_at <= now, late)
    found: set[tuple[str, int]] = set()
    asked = select(life_cases).where(wanted).order_by(life_cases.c.deadline).limit(_MOST)
    for row in connection.execute(asked).mappings():
        due = wakes_at(life_of(row))
        if due is not None and due <= now:
            found.add((str(row["n"]), due))
    return frozenset(found)
