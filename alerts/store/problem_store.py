"""Problems in SQL: what somebody hands in becomes a case in one transaction, once.

Blocks, and may raise SQLAlchemy's `OperationalError` when the database is down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from alerts.casework.checklist import Checklist
from alerts.casework.life_planner import LifePlanner, PlacedBreach
from alerts.casework.problems import FoundProblem, ProblemWording, opening_of
from alerts.lifecycle import Actor
from alerts.store.found_rows import finding_of
from alerts.store.life_store import HandedIn, LifeAction, LifeStore, salted
from alerts.store.life_tables import life_cases, problems
from alerts.store.trait_store import CommonCauses

_BY_PEOPLE = "found_by_people"  # why its row is in its case


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who hands a problem in: a person, or a machine by its token."""

    actor: Actor
    account: str
    name: str

    def as_actor(self) -> Actor:
        """The actor, with the person's name under a salt of its own: each case can be erased by itself."""
        person = self.actor.person
        return replace(self.actor, person=None if person is None else salted(person.text))


class ReportedProblem(NamedTuple):
    """The case of a problem; `new`: by this handing in. `clash`: its key came before with something else."""

    number: int
    case: str
    new: bool
    clash: bool = False


class ClashingProblem(Exception):
    """The key of the problem at `index` of a list was used for another problem before."""

    def __init__(self, index: int, number: int) -> None:
        super().__init__(f"this key is that of No. {number}, which says something else")
        self.index = index


class _NothingWritten(Exception):
    """Leaves a transaction without a trace."""


class ProblemStore(CommonCauses):
    """Problems, by the side of the lives of cases."""

    def __init__(self, lives: LifeStore) -> None:
        super().__init__(lives.database)
        self._lives = lives

    def report(
        self,
        problem: FoundProblem,
        by: Reporter,
        files: Sequence[HandedIn],
        planner: LifePlanner,
        checklist: Checklist,
        at: int,
    ) -> ReportedProblem:
        """Open the case of a problem without flaws; handed in again, it is the case that there is."""
        try:
            with self._database.writing() as connection:
                known = _known(connection, problem)
                if known is None:
                    known = self._open(connection, problem, by, files, (planner, checklist, at))
                return known
        except IntegrityError:  # two at once: the other one was first
            with self._database.reading() as connection:
                known = _known(connection, problem)
            if known is None:
                raise
            return known

    def report_all(
        self,
        found: Sequence[FoundProblem],
        by: Reporter,
        planner: LifePlanner,
        checklist: Checklist,
        at: int,
        dry_run: bool = False,
    ) -> list[ReportedProblem]:
        """Open the cases of a whole list in one transaction: all of them, or none if anything raises.

        Raises ClashingProblem. `dry_run`: what it would come to; nothing is written.
        """
        made: list[ReportedProblem] = []
        try:
            with self._database.writing() as connection:
                for index, one in enumerate(found):
                    known = _known(connection, one)
                    if known is not None and known.clash:
                        raise ClashingProblem(index, known.number)
                    made.append(known or self._open(connection, one, by, (), (planner, checklist, at)))
                if dry_run:
                    raise _NothingWritten
        except _NothingWritten:
            pass
        return made

    def _open(
        self,
        connection: Connection,
        problem: FoundProblem,
        by: Reporter,
        files: Sequence[HandedIn],
        known: tuple[LifePlanner, Checklist, int],
    ) -> ReportedProblem:
        planner, checklist, at = known
        pictures = tuple(one.digest for one in files)
        wording = ProblemWording(salted(problem.place), salted(problem.words), pictures)
        opening = opening_of(problem, wording, by.as_actor(), at, (planner, checklist))
        finding = finding_of(opening, planner.register.county.language, {"how": problem.how})
        action = LifeAction(opening.command, by.account, by.name, "", tuple(files))
        span = (problem.found_at, problem.found_at)
        placed = PlacedBreach(problem.id, problem.id, finding.id, 1, _BY_PEOPLE, *span)
        self._lives.begin(connection, opening, planner.facts(), (finding, placed), action)
        row = {
            "case": problem.id,
            "how": problem.how,
            "found_at": problem.found_at,
            "due": problem.due,
            "document": problem.document,
            "by": by.account,
            "digest": problem.digest,
        }
        connection.execute(insert(problems), row)
        number = connection.execute(select(life_cases.c.n).where(life_cases.c.id == problem.id)).scalar_one()
        return ReportedProblem(number, problem.id, True)


def _known(connection: Connection, problem: FoundProblem) -> ReportedProblem | None:
    query = select(life_cases.c.n, problems.c.digest).join(problems, problems.c.case == life_cases.c.id)
    row = connection.execute(query.where(life_cases.c.id == problem.id)).first()
    return None if row is None else ReportedProblem(row.n, problem.id, False, row.digest != problem.digest)
