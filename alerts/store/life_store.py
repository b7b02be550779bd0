"""Lives of cases in SQL: what follows from a finding, a person's command, and the passing of time.

Each change writes the case, its record and the texts that the record has as digests in one transaction, with
the case's row locked. All methods block, and may raise SQLAlchemy's `OperationalError` when the database is
down.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy import Connection, and_, bindparam, delete, exists, func, insert, or_, select, update
from sqlalchemy import case as case_when

from alerts.casework.life_planner import CaseFinding, LifePlanner, PlacedBreach, complies_now
from alerts.casework.problems import OpeningProblem
from alerts.casework.traits import CAUSE
from alerts.kinds import WORKED
from alerts.lifecycle import Decided, FoundBreach, LifeCase, LifeCommand, LifeFacts, decide, next_due, place
from alerts.lifecycle.case import SALT_BYTES, Salted
from alerts.lifecycle.states import ARCHIVED, rank_of
from alerts.lifecycle.trail import CaseRecord
from alerts.records import Case
from alerts.step_tellings import StepTeller, ToldCase, parties_of
from alerts.store import rows
from alerts.store.engine import Database
from alerts.store.found_rows import BY_PEOPLE, begin_finding, end_finding
from alerts.store.life_reads import OF_CASE, LifeReads, trail_of
from alerts.store.life_rows import (
    life_of,
    placed_of,
    record_of,
    row_of_life,
    row_of_record,
    row_of_text,
    rows_of_lines,
)
from alerts.store.life_tables import (
    case_actions,
    case_breaches,
    case_files,
    case_records,
    case_units,
    clear_texts,
    life_cases,
)
from alerts.store.tables import cases
from alerts.store.telling_store import TellingStore
from alerts.store.trait_store import write_traits
from ingest.plain_text import plain

log = structlog.get_logger(__name__)
_MOST_DUE = 200  # cases looked at in one turn of the timer
_IMPORTED_AT_ONCE = 500

_PLACED = select(case_breaches).where(case_breaches.c.breach == bindparam("of"))
_LIFE = select(life_cases).where(life_cases.c.id == bindparam("of")).with_for_update()
_CHANGE_LIFE = update(life_cases).where(life_cases.c.id == bindparam("of"))
# of a record that nobody has to be told of: where all before it was told, it is as well
_CHANGE_UNTOLD = _CHANGE_LIFE.values(
    told=case_when(
        (life_cases.c.told == life_cases.c.version, life_cases.c.version + 1), else_=life_cases.c.told
    )
)
_NEW_LIFE = insert(life_cases)
_NEW_RECORD = insert(case_records)
_OF_MATTER = (
    select(life_cases)
    .where(
        life_cases.c.site == bindparam("at_site"),
        life_cases.c.kind == bindparam("of_kind"),
        or_(
            life_cases.c.state != ARCHIVED,
            and_(life_cases.c.day <= bindparam("on"), life_cases.c.last_day >= bindparam("on")),
            life_cases.c.n
            == select(func.max(life_cases.c.n))
            .where(life_cases.c.site == bindparam("at_site"), life_cases.c.kind == bindparam("of_kind"))
            .scalar_subquery(),
        ),
    )
    .order_by(life_cases.c.n)
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class LifeAction:
    """A person's command: who they are, the form it came with, and what was handed in."""

    command: LifeCommand
    account: str
    name: str
    form: str = ""  # a form sent twice is one action
    files: tuple[HandedIn, ...] = ()


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A file that was handed in with a command; `digest`: SHA-256 of its bytes."""

    digest: str
    kind: str
    content: bytes
    shown: bytes | None
    received_at: int


# Writes a person's signature of a case, given at an instant, into the findings named.
SignFindings = Callable[[Connection, Sequence[str], LifeAction, int], None]


class LifeStore(LifeReads):
    """The lives of the cases in one database."""

    def __init__(self, database: Database, sign: SignFindings) -> None:
        super().__init__(database)
        self._sign = sign

    # ---------------------------------------------------------------- what is found

    def follow(self, connection: Connection, finding: CaseFinding, planner: LifePlanner) -> None:
        """Place a finding that was just written, or note its end, in the transaction that wrote it."""
        if finding.case.kind not in WORKED:
            return
        found = planner.found(finding)
        row = connection.execute(_PLACED, {"of": found.id}).mappings().first()
        placed = before = None if row is None else placed_of(row)
        if placed is None or finding.event != "closed":
            placed = self._place(connection, finding, found, planner, placed)
        if finding.event == "closed" and placed.over_at is None:
            self._end(connection, finding, placed, planner, seen=before is not None)
        elif placed.over_at is not None:
            self._note_end(connection, finding, placed.case, planner)

    def _place(
        self,
        connection: Connection,
        finding: CaseFinding,
        found: FoundBreach,
        planner: LifePlanner,
        before: PlacedBreach | None,
    ) -> PlacedBreach:
        there = _of_matter(connection, finding.site, finding.case.kind, found.day, before)
        placement = place(found, list(there.values()), before.case if before else None)
        case = there.get(placement.case)
        command = planner.placing(finding, placement, case)
        decided = self._write(connection, case, command, planner.facts(), _title(finding))
        if decided.case is None:
            raise AssertionError(f"{command.name} of {found.id}: {decided.refusal}")
        placed = PlacedBreach(
            found.id,
            placement.case,
            finding.case.id,
            decided.case.round,
            placement.why if before is None or placement.moved_from else before.why,
            *finding.span,
            *((before.over_at, before.complies) if before else ()),
        )
        if finding.event != "closed":
            write_traits(connection, placement.case, planner.traits(finding))
        if before is None:
            connection.execute(insert(case_breaches).values(_row_of_placed(placed)))
        elif placement.moved_from or before.round != placed.round:
            of = case_breaches.c.breach == found.id
            connection.execute(update(case_breaches).where(of).values(_row_of_placed(placed)))
        else:
            placed = before
        return placed

    def _end(
        self,
        connection: Connection,
        finding: CaseFinding,
        placed: PlacedBreach,
        planner: LifePlanner,
        seen: bool,
    ) -> None:
        """Note the end of a breach; `seen`: its beginning was seen here."""
        ended = replace(placed, over_at=finding.at, complies=seen and complies_now(placed, finding))
        of = case_breaches.c.breach == placed.breach
        connection.execute(
            update(case_breaches).where(of).values(over_at=ended.over_at, complies=ended.complies)
        )
        self._note_end(connection, finding, placed.case, planner)

    def _note_end(self, connection: Connection, finding: CaseFinding, id: str, planner: LifePlanner) -> None:
        """Note that a case is over if nothing of it lasts: a later result ends no breach a second time."""
        case = life_of(connection.execute(_LIFE, {"of": id}).mappings().one())
        if case.over_at is not None or case.withdrawal_at is not None:
            return
        all_of_it = [placed_of(row) for row in connection.execute(OF_CASE, {"of": case.id}).mappings()]
        command = planner.ended(case, all_of_it, finding)
        if command is not None:
            self._write(connection, case, command, planner.facts(), None)

    def take_over(self, planner: LifePlanner, now: int) -> int:
        """Give a life to cases of before there were stages, some at a time; how many: 0: all have one."""
        lacking = (
            select(cases)
            .where(cases.c.kind.in_(sorted(WORKED)))
            .where(~exists().where(case_breaches.c.finding == cases.c.id))
            .order_by(cases.c.n)
            .limit(_IMPORTED_AT_ONCE)
        )
        with self._database.writing() as connection:
            found = [rows.case_of(row) for row in connection.execute(lacking).mappings()]
            for finding in found:
                self._take_over(connection, finding, planner, now)
        return len(found)

    def _take_over(self, connection: Connection, finding: Case, planner: LifePlanner, now: int) -> None:
        command, facts = planner.before(finding, now, os.urandom(SALT_BYTES))
        as_found = CaseFinding(finding, "opened", finding.data, finding.opened_at)
        decided = self._write(connection, None, command, facts, _title(as_found))
        assert decided.case is not None, decided.refusal
        placed = PlacedBreach(
            as_found.id, decided.case.id, finding.id, 1, "imported", *as_found.span, finding.recovered_at
        )
        connection.execute(insert(case_breaches).values(_row_of_placed(placed)))
        write_traits(connection, decided.case.id, planner.traits(as_found))

    # ---------------------------------------------------------------- what people do

    def begin(
        self,
        connection: Connection,
        opening: OpeningProblem,
        facts: LifeFacts,
        found: tuple[Case, PlacedBreach],
        action: LifeAction | None,
    ) -> None:
        """Open a case that no monitor found, with the row by which messages know it. Raises ValueError."""
        finding, placed = found
        decided = self._write(connection, None, opening.command, facts, opening.title, action)
        if not decided.accepted:
            raise ValueError(f"{decided.refusal}")
        begin_finding(connection, finding)
        connection.execute(insert(case_breaches).values(_row_of_placed(placed)))
        write_traits(connection, placed.case, opening.traits)

    def act(self, id: str, action: LifeAction, facts: LifeFacts) -> Decided | None:
        """Decide a person's command on a case and write it; None: there is no such case.

        A form that was sent before gives the decision again without doing it twice.
        """
        with self._database.writing() as connection:
            row = connection.execute(_LIFE, {"of": id}).mappings().first()
            if row is None:
                return None
            case = life_of(row)
            if action.form and _was_sent(connection, action.form):
                return Decided(True, case, None, None, (), "this form was sent before")
            known = replace(facts, trail=trail_of(connection, id))
            if into := action.command.values.get("into"):
                other = connection.execute(_LIFE, {"of": into}).mappings().first()
                known = replace(known, other=None if other is None else life_of(other))
            decided = self._write(connection, case, action.command, known, None, action)
            if decided.accepted and action.command.name == "sign":
                found = connection.execute(OF_CASE, {"of": id}).mappings()
                names = [one["finding"] for one in found]
                self._sign(connection, names, action, action.command.at)
            return decided

    def end_by_machine(self, connection: Connection, id: str, command: LifeCommand, facts: LifeFacts) -> bool:
        """End an open case by a command of the machine, at the version that it has; False: it had ended."""
        case = life_of(connection.execute(_LIFE, {"of": id}).mappings().one())
        timely = replace(command, version=case.version)
        return case.is_open and self._write(connection, case, timely, facts, None).accepted

    # ---------------------------------------------------------------- the passing of time

    def wake(self, planner: LifePlanner, now: int) -> int:
        """Do what the passing of time asks for; how many steps were taken. Cheap when nothing is due."""
        with self._database.reading() as connection:
            due = select(life_cases.c.id).where(life_cases.c.wakes_at <= now)
            names = (
                connection.execute(due.order_by(life_cases.c.wakes_at, life_cases.c.n).limit(_MOST_DUE))
                .scalars()
                .all()
            )
        return sum(self._wake_one(name, planner, now) for name in names)

    def _wake_one(self, id: str, planner: LifePlanner, now: int) -> int:
        steps = 0
        with self._database.writing() as connection:
            held = _LIFE.with_for_update(skip_locked=True)
            row = connection.execute(held, {"of": id}).mappings().first()
            if row is None:
                return 0  # somebody works at it; it is still due in the next turn
            case = life_of(row)
            facts = planner.facts()
            if case.merged_into is not None:
                other = connection.execute(_LIFE, {"of": case.merged_into}).mappings().first()
                facts = replace(facts, other=None if other is None else life_of(other))
            while (command := next_due(case, now, facts)) is not None:
                decided = self._write(connection, case, command, facts, None)
                if not decided.accepted or decided.case is None:
                    log.error("timer_refused", case=id, command=command.name, refusal=decided.refusal)
                    break
                case = decided.case
                steps += 1
            if not steps:
                due = row_of_life(case)["wakes_at"]
                later = None if due is None or due <= now else due
                connection.execute(_CHANGE_LIFE, {"of": id, "wakes_at": later})
        return steps

    def tell(self, teller: StepTeller, tellings: TellingStore, now: int) -> int:
        """Write what is to be told of records that nobody was told of yet; how many cases. Cheap if none."""
        with self._database.reading() as connection:
            untold = select(life_cases.c.id).where(life_cases.c.told < life_cases.c.version)
            names = connection.execute(untold.order_by(life_cases.c.n).limit(_MOST_DUE)).scalars().all()
        for name in names:
            with self._database.writing() as connection:
                self._tell_one(connection, name, teller, tellings, now)
        return len(names)

    def _tell_one(
        self, connection: Connection, id: str, teller: StepTeller, tellings: TellingStore, now: int
    ) -> None:
        held = _LIFE.with_for_update(skip_locked=True)
        row = connection.execute(held, {"of": id}).mappings().first()
        if row is None or row["told"] >= row["version"]:
            return
        any_of_it = select(func.max(case_breaches.c.finding)).where(case_breaches.c.case == id)
        finding = connection.execute(any_of_it).scalar_one()
        if finding is not None:
            told = ToldCase(row["n"], life_of(row), row["title"], finding)
            query = select(case_records).where(case_records.c.case == id, case_records.c.number > row["told"])
            found = connection.execute(query.order_by(case_records.c.number)).mappings().all()
            for one in found:
                tellings.write_tellings(connection, teller.tellings(told, record_of(one), one["tells"], now))
        connection.execute(_CHANGE_LIFE, {"of": id, "told": row["version"]})

    # ---------------------------------------------------------------- inside

    def _write(
        self,
        connection: Connection,
        case: LifeCase | None,
        command: LifeCommand,
        facts: LifeFacts,
        title: dict[str, str] | None,
        action: LifeAction | None = None,
    ) -> Decided:
        """Decide, and write what was decided."""
        decided = decide(case, command, facts)
        after, record = decided.case, decided.record
        if not decided.accepted or after is None or record is None:
            return decided
        row = row_of_life(after)
        parties = parties_of(record, decided.tells)
        if case is None:
            told = 0 if parties else after.version
            connection.execute(_NEW_LIFE, {**row, "title": title or {}, "told": told})
        else:
            rose = title is not None and rank_of(after.level) > rank_of(case.level)
            more = {"title": title} if rose else {}
            connection.execute((_CHANGE_LIFE if parties else _CHANGE_UNTOLD), {**row, **more, "of": after.id})
        connection.execute(_NEW_RECORD, row_of_record(record, parties))
        if case is None or case.lines != after.lines:
            if case is not None:
                connection.execute(delete(case_units).where(case_units.c.case == after.id))
            if lines := rows_of_lines(after):
                connection.execute(insert(case_units), lines)
        if cause := command.values.get("cause"):
            write_traits(connection, after.id, ((CAUSE, str(cause)),))
        if case is not None and case.is_open and not after.is_open and after.kind in BY_PEOPLE:
            end_finding(connection, after.id, record.at)
        self._keep(connection, after, command, record, action)
        if after.state == ARCHIVED:  # those that were merged into it end with it
            merged = life_cases.c.merged_into == after.id
            connection.execute(update(life_cases).where(merged).values(wakes_at=record.at))
        return decided

    def _keep(
        self,
        connection: Connection,
        after: LifeCase,
        command: LifeCommand,
        record: CaseRecord,
        action: LifeAction | None,
    ) -> None:
        """Write the texts that the record has as digests, the files, and that the form was sent."""
        account = action.account if action else ""
        said: Iterable[Salted | None] = (command.actor.person, *command.texts.values())
        texts = [
            row_of_text(one, after.id, account, record.at)
            for one in said
            if one is not None and one.text.strip()
        ]
        if texts:
            connection.execute(insert(clear_texts), texts)
        if action is None:
            return
        if action.form:
            sent = {"form": action.form, "case": after.id, "record": record.id, "at": record.at}
            connection.execute(insert(case_actions), sent)
        for file in action.files:
            known = select(case_files.c.digest).where(
                case_files.c.digest == file.digest, case_files.c.case == after.id
            )
            if connection.execute(known).first() is None:
                connection.execute(
                    insert(case_files),
                    {
                        "digest": file.digest,
                        "case": after.id,
                        "kind": file.kind,
                        "size": len(file.content),
                        "received_at": file.received_at,
                        "by": account,
                        "content": file.content,
                        "shown": file.shown,
                    },
                )


def salted(text: str) -> Salted:
    """A text with a new salt."""
    return Salted(os.urandom(SALT_BYTES), plain(text))


def _of_matter(
    connection: Connection, site: str, kind: str, day: str, before: PlacedBreach | None
) -> dict[str, LifeCase]:
    """What placing has to know: cases of the matter, the one that has the breach, and where those went."""
    asked = {"at_site": site, "of_kind": kind, "on": day}
    there = {row["id"]: life_of(row) for row in connection.execute(_OF_MATTER, asked).mappings()}
    wanted = {case.merged_into for case in there.values()} | ({before.case} if before else set())
    while missing := {name for name in wanted if name is not None and name not in there}:
        for name in sorted(missing):
            row = connection.execute(_LIFE, {"of": name}).mappings().one()
            there[name] = life_of(row)
            wanted.add(there[name].merged_into)
    return there


def _was_sent(connection: Connection, form: str) -> bool:
    query = select(case_actions.c.form).where(case_actions.c.form == form)
    return connection.execute(query).first() is not None


def _row_of_placed(placed: PlacedBreach) -> dict[str, Any]:
    return {name: getattr(placed, name) for name in PlacedBreach.__dataclass_fields__}


def _title(finding: CaseFinding) -> dict[str, str]:
    """Titles of what was found, by language; of the platform's trouble in the one that it has."""
    named = finding.data.get("title")
    return dict(named) if isinstance(named, dict) else {"": finding.case.title}
