"""Morning digests in SQL: one for each unit and county day, whoever writes it and however often they try."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Executable, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from alerts.kinds import MORNING
from alerts.lifecycle.states import OPEN_STATES
from alerts.morning_tellings import Morning, MorningTeller
from alerts.step_tellings import ToldCase
from alerts.store.engine import Database
from alerts.store.life_rows import life_of
from alerts.store.life_tables import case_breaches, life_cases
from alerts.store.set_aside import MESSAGE, Aside, is_of_the_record
from alerts.store.tables import morning_digests
from alerts.store.telling_store import TellingStore

_AGAIN_MS = 60_000  # how often those are looked for whose people come on duty later
_NEW: dict[str, Executable] = {
    "sqlite": sqlite.insert(morning_digests).on_conflict_do_nothing().returning(morning_digests.c.unit),
    "postgresql": postgresql.insert(morning_digests)
    .on_conflict_do_nothing()
    .returning(morning_digests.c.unit),
}


class MorningStore:
    """Writes what units are told in the morning."""

    def __init__(self, database: Database, tellings: TellingStore, aside: Aside) -> None:
        self._database, self._tellings, self._aside = database, tellings, aside
        self._looked: tuple[str, int] = ("", 0)  # day and instant of the newest look

    def write(self, teller: MorningTeller, now: int) -> int:
        """Write the digests that are due at `now`, ms UTC of the clock; how many tellings. Cheap if none."""
        morning = teller.due(now)
        if morning is None:
            return 0
        day, at = self._looked
        if day == morning.day and at <= now < at + _AGAIN_MS:
            return 0
        self._looked = (morning.day, now)
        with self._database.reading() as connection:
            asked = select(morning_digests.c.unit).where(morning_digests.c.day == morning.day)
            done = set(connection.execute(asked).scalars())
            missing = [unit for unit in teller.units() if unit not in done and teller.recipients(unit, now)]
            cases = _cases(connection, morning) if missing else []
        return sum(self._write(teller, unit, cases, morning, now) for unit in missing)

    def _write(
        self, teller: MorningTeller, unit: str, cases: Sequence[ToldCase], morning: Morning, now: int
    ) -> int:
        row = {"day": morning.day, "unit": unit, "written_at": now}
        try:
            found = teller.tellings(unit, cases, morning, now)
            with self._database.writing() as connection:
                if not connection.execute(_NEW[connection.dialect.name], row).scalars().all():
                    return 0  # another worker has written it meanwhile
                return self._tellings.write_tellings(connection, found)
        except Exception as error:
            if not is_of_the_record(error):
                raise
            self._aside.note(MESSAGE, f"{MORNING}/{morning.day}/{unit}", error)
        with self._database.writing() as connection:
            connection.execute(_NEW[connection.dialect.name], row)
        return 0


def _cases(connection: Connection, morning: Morning) -> list[ToldCase]:
    """All open cases, and what came since the evening, each with one of its findings."""
    finding = (
        select(func.max(case_breaches.c.finding))
        .where(case_breaches.c.case == life_cases.c.id)
        .scalar_subquery()
    )
    wanted = or_(life_cases.c.state.in_(OPEN_STATES), life_cases.c.opened_at >= morning.night_since)
    asked = select(life_cases, finding.label("finding")).where(wanted).order_by(life_cases.c.n)
    return [
        ToldCase(row["n"], life_of(row), row["title"], row["finding"])
        for row in connection.execute(asked).mappings()
        if row["finding"] is not None
    ]
