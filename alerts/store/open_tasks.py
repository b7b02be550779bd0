"""The open cases as a board lists them: little of each, and whether any has changed, both asked cheaply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from alerts.lifecycle.states import ASSIGNED, OPEN_STATES
from alerts.store.life_tables import life_cases
from ingest.durations import HOUR_MS

_SHOWN = (
    life_cases.c.n,
    life_cases.c.site,
    life_cases.c.kind,
    life_cases.c.state,
    life_cases.c.level,
    life_cases.c.unit,
    life_cases.c.title,
    life_cases.c.last_day,
    life_cases.c.deadline,
    life_cases.c.over_at,
)
_OPEN = life_cases.c.state.in_(OPEN_STATES)
# any change of a case raises its version, and no case is ever taken away
_STANDS = select(func.count(), func.coalesce(func.sum(life_cases.c.version), 0)).where(_OPEN)
_BY_DEADLINE = (life_cases.c.deadline.is_(None), life_cases.c.deadline, life_cases.c.n)
_ROWS = select(*_SHOWN).where(_OPEN).order_by(*_BY_DEADLINE)

_SOON = 2 * HOUR_MS

Standing = tuple[int, int]


@dataclass(frozen=True, slots=True)
class OpenTask:
    """An open case: `number` is said on the phone, `deadline` of the watch that runs and ends first."""

    number: int
    site: str
    kind: str
    state: str
    level: str
    unit: str  # that rectifies
    title: Mapping[str, str]
    day: str  # county day of its present round
    deadline: int | None
    over_at: int | None

    @property
    def unsigned(self) -> bool:
        """True if the unit has not signed yet."""
        return self.state == ASSIGNED

    def late(self, now: int) -> bool:
        """True if its deadline has passed."""
        return self.deadline is not None and self.deadline < now

    def soon(self, now: int) -> bool:
        """True if less than two hours are left."""
        return self.deadline is not None and now <= self.deadline < now + _SOON


def open_tasks(connection: Connection, known: Standing | None) -> tuple[Standing, list[OpenTask] | None]:
    """(how they stand, the open cases by deadline); None: nothing has changed since `known`."""
    count, versions = connection.execute(_STANDS).one()
    stands = (int(count), int(versions))
    if stands == known:
        return stands, None
    return stands, [_task(row) for row in connection.execute(_ROWS)]


def _task(row: Any) -> OpenTask:
    return OpenTask(*row)
