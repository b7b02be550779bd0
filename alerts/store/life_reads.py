"""What there is of the lives of cases: lists, what changed, a case with all that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, or_, select

from alerts.casework.life_planner import PlacedBreach
from alerts.lifecycle.trail import CaseRecord
from alerts.records import Case
from alerts.store import rows
from alerts.store.changed_lists import ChangedPage, ChangeFilter, changed_page
from alerts.store.engine import Database
from alerts.store.life_rows import KeptCase, kept_of, placed_of, record_of
from alerts.store.life_tables import case_breaches, case_files, case_records, clear_texts, life_cases
from alerts.store.open_tasks import OpenTask, Standing, open_tasks
from alerts.store.tables import cases
from alerts.store.task_lists import TaskFilter, TaskPage, count_of, page_of

OF_CASE = select(case_breaches).where(case_breaches.c.case == bindparam("of"))


class LifeFile(NamedTuple):
    """A case with its trail, what it was found by, and the texts of its records by digest."""

    kept: KeptCase
    trail: tuple[CaseRecord, ...]
    placed: tuple[PlacedBreach, ...]
    findings: tuple[Case, ...]
    texts: Mapping[str, str]
    files: Mapping[str, str]  # digest -> media type


class CaseChapter(NamedTuple):
    """A case as the ledger takes it: with its trail, and the (breach, round) found in it."""

    kept: KeptCase
    trail: tuple[CaseRecord, ...]
    breaches: tuple[tuple[str, int], ...]


class ChapterPage(NamedTuple):
    """Chapters, and where the next page begins; None: there is none."""

    chapters: tuple[CaseChapter, ...]
    after: tuple[int, int] | None


class LifeReads:
    """The reading half of `alerts.store.life_store.LifeStore`."""

    def __init__(self, database: Database) -> None:
        self._database = self.database = database

    def find(self, of: TaskFilter, after: tuple[int, int] | None = None, limit: int = 50) -> TaskPage:
        """A page of the cases that a filter finds, what is due first at the top."""
        with self._database.reading() as connection:
            found = connection.execute(page_of(of, after, limit)).mappings().all()
        last = found[limit - 1] if len(found) > limit else None
        shown = tuple(kept_of(row) for row in found[:limit])
        return TaskPage(shown, None if last is None else (last["urgency"], last["n"]))

    def count(self, of: TaskFilter) -> int:
        """How many cases a filter finds."""
        with self._database.reading() as connection:
            return int(connection.execute(count_of(of)).scalar_one())

    def open_tasks(self, known: Standing | None = None) -> tuple[Standing, list[OpenTask] | None]:
        """(how they stand, all open cases by deadline); None: nothing has changed since `known`."""
        with self._database.reading() as connection:
            return open_tasks(connection, known)

    def chapters(self, of: TaskFilter, after: tuple[int, int] | None = None, limit: int = 200) -> ChapterPage:
        """A page of cases with their trails and the (breach, round) found in each, for the ledger."""
        page = self.find(of, after, limit)
        names = [kept.life.id for kept in page.tasks]
        trails: dict[str, list[CaseRecord]] = {name: [] for name in names}
        found: dict[str, list[tuple[str, int]]] = {name: [] for name in names}
        records = select(case_records).where(case_records.c.case.in_(names)).order_by(case_records.c.number)
        breaches = select(case_breaches).where(case_breaches.c.case.in_(names))
        with self._database.reading() as connection:
            for row in connection.execute(records).mappings():
                trails[row["case"]].append(record_of(row))
            for row in connection.execute(breaches).mappings():
                found[row["case"]].append((row["breach"], row["round"]))
        chapters = tuple(
            CaseChapter(kept, tuple(trails[kept.life.id]), tuple(found[kept.life.id])) for kept in page.tasks
        )
        return ChapterPage(chapters, page.after)

    def changed(self, what: str, of: ChangeFilter) -> ChangedPage:
        """A page of the cases, or of the breaches, in the order in which they changed."""
        with self._database.reading() as connection:
            return changed_page(connection, what, of)

    def find_id(self, of: str) -> str | None:
        """The id of the case that `of` names: its own, its number, a finding's or a breach's."""
        with self._database.reading() as connection:
            wanted = life_cases.c.id == of
            if of.isdecimal() and len(of) < 12:
                wanted = or_(wanted, life_cases.c.n == int(of))
            own = connection.execute(select(life_cases.c.id).where(wanted)).scalar()
            if own is not None:
                return str(own)
            placed = or_(case_breaches.c.finding == of, case_breaches.c.breach == of)
            found = connection.execute(select(case_breaches.c.case).where(placed)).scalar()
            return None if found is None else str(found)

    def number_of(self, finding: str) -> int | None:
        """The number of the case that a finding is in; None: it is in none."""
        query = (
            select(life_cases.c.n)
            .join(case_breaches, case_breaches.c.case == life_cases.c.id)
            .where(case_breaches.c.finding == finding)
        )
        with self._database.reading() as connection:
            return connection.execute(query).scalar()

    def file(self, id: str) -> LifeFile | None:
        """A case with all that belongs to it, by its own id."""
        with self._database.reading() as connection:
            row = connection.execute(select(life_cases).where(life_cases.c.id == id)).mappings().first()
            if row is None:
                return None
            placed = [placed_of(one) for one in connection.execute(OF_CASE, {"of": id}).mappings()]
            names = [one.finding for one in placed]
            found = connection.execute(select(cases).where(cases.c.id.in_(names)).order_by(cases.c.n))
            kept = (clear_texts.c.case == id, clear_texts.c.salt != "")  # one that was erased has none
            texts = select(clear_texts.c.digest, clear_texts.c.text).where(*kept)
            files = select(case_files.c.digest, case_files.c.kind).where(case_files.c.case == id)
            trail = trail_of(connection, id)
            return LifeFile(
                kept_of(row),
                trail,
                tuple(placed),
                tuple(rows.case_of(one) for one in found.mappings()),
                {row.digest: row.text for row in connection.execute(texts)},
                {row.digest: row.kind for row in connection.execute(files)},
            )

    def picture(self, case: str, digest: str, original: bool) -> tuple[str, bytes] | None:
        """(media type, bytes) of a file that was handed in: the picture made anew, or as it was received."""
        query = select(case_files).where(case_files.c.case == case, case_files.c.digest == digest)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        if original or row["shown"] is None:
            return row["kind"], row["content"]
        return "image/jpeg", row["shown"]


def trail_of(connection: Connection, case: str) -> tuple[CaseRecord, ...]:
    query = select(case_records).where(case_records.c.case == case).order_by(case_records.c.number)
    return tuple(record_of(row) for row in connection.execute(query).mappings())
