"""Cases and their events in SQL: one transaction writes a case, its event and what is to be told of it.

A `Planner`, a pure object, decides what to write; the store reads what the decision needs, keeps other
workers out meanwhile, and writes the result. All methods block: call them from a worker thread. Every method
may raise SQLAlchemy's `OperationalError` when the database is down.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection, RowMapping, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from alerts.acknowledgement import Acknowledgement, acknowledge
from alerts.cases import Decision, is_over
from alerts.casework.life_planner import LifePlanner, found_by
from alerts.kinds import EXCEEDANCE, UNSIGNED
from alerts.morning_tellings import MorningTeller
from alerts.records import (
    FAILED,
    MUTED,
    OPENED,
    PENDING,
    SENDING,
    SENT,
    Case,
    CaseChange,
    CaseContext,
    CaseEvent,
    CaseFile,
    Telling,
)
from alerts.step_tellings import StepTeller
from alerts.store import rows
from alerts.store.case_lists import CaseFilter, CasePage, count_of, page_of, wanted
from alerts.store.engine import Database
from alerts.store.life_store import LifeAction, LifeStore, salted
from alerts.store.morning_store import MorningStore
from alerts.store.neglected import NeglectedNow, neglected_at
from alerts.store.outbox_store import OutboxStore
from alerts.store.relay_store import RelayStore
from alerts.store.set_aside import BREACH, FAULT, HOLD, Aside, SetAside, is_of_the_record
from alerts.store.signatures import keep_note, with_words
from alerts.store.silence_store import SilenceStore
from alerts.store.tables import attempts, case_events, cases, messages, tellings
from alerts.store.telling_store import TellingStore
from processors.records import Breach, Outlook, short_id

T = TypeVar("T")
_RACES = 5  # how often a transaction is tried again when another worker wrote the same row first
_BEHIND = 100  # how many events may be written behind later ones: transactions under way at once
_DEADLOCK = "40P01"  # PostgreSQL's SQLSTATE
SET_ASIDE = "set_aside"  # the event of a case whose notice could not be written

# Built once: putting a statement together costs more than running it.
_SEEN = select(case_events.c.n).where(case_events.c.id == bindparam("of"))
_OF_BREACH = select(cases).where(cases.c.breach == bindparam("of")).with_for_update()
_OF_ID = select(cases).where(cases.c.id == bindparam("of")).with_for_update()
_HELD = select(cases).where(cases.c.hold_until.is_not(None)).order_by(cases.c.n)
_CHANGE_CASE = update(cases).where(cases.c.id == bindparam("of"))
_NEW_CASE = insert(cases)
_NEW_EVENT = insert(case_events)


def wall_ms() -> int:
    """Real time in ms UTC: due times and leases of the outbox never follow a simulated clock."""
    return time.time_ns() // 1_000_000


class Planner(Protocol):
    """Decides what follows from a breach event, the end of a hold, or a fault; knows no database."""

    @property
    def life(self) -> LifePlanner:
        """What its configuration says of the life of cases."""

    @property
    def steps(self) -> StepTeller:
        """Who tells the steps of cases."""

    @property
    def mornings(self) -> MorningTeller:
        """Who tells units in the morning."""

    def breach(self, event: Breach, context: CaseContext, now: int) -> list[CaseChange]:
        """Changes for one event of a breach."""

    def outlook(self, event: Outlook, context: CaseContext, now: int) -> list[CaseChange]:
        """Changes for an outlook of a window that is still open."""

    def release(self, held: Sequence[Case], now: int) -> list[CaseChange]:
        """Changes for the held cases that are due; the others stay held."""

    def fault_began(self, fault: str, facts: dict[str, Any], now: int) -> CaseChange:
        """The case of a fault of the platform."""

    def fault_ended(self, case: Case, told: Sequence[Telling], now: int) -> CaseChange | None:
        """The end of that case."""


class Written(NamedTuple):
    """Whether an event was new, why (not), how many `messages` are due by it, and whether it was set aside.

    What is due leaves at once or together with others: see `alerts.store.telling_store`.
    """

    new: bool
    reason: str
    messages: int
    set_aside: bool = False


class _TakenBack(Exception):
    """Leaves a transaction without a trace."""


class CaseStore:
    """The case store at a URL: `sqlite:///path` or `postgresql+psycopg://user:password@host/name`."""

    def __init__(self, url: str, wall: Callable[[], int] = wall_ms) -> None:
        self._database = Database(url)
        self.aside = Aside(wall)
        self.tellings = TellingStore(self._database, self.aside, wall)
        self.outbox = OutboxStore(self._database, self.aside, self.tellings.mute)
        self.silences = SilenceStore(self._database)
        self.mornings = MorningStore(self._database, self.tellings, self.aside)
        self._wall = wall
        self.life = LifeStore(self._database, self._signed)
        self.relay = RelayStore(self._database)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    # ---------------------------------------------------------------- what stage and watch write

    def apply_breaches(self, events: Sequence[Breach | Outlook], planner: Planner, now: int) -> list[Written]:
        """Write the cases, events and messages that follow from `events`, in order and in one transaction.

        An event that was applied before changes nothing. One that cannot be written is set aside, and keeps
        none of the others back.
        """

        def apply(connection: Connection, event: Breach | Outlook) -> Written:
            if connection.execute(_SEEN, {"of": event.event_id}).first() is not None:
                return Written(False, "this event was applied before", 0)
            if isinstance(event, Outlook):
                window = self._context_of_window(connection, event)
                return self._write(connection, planner.outlook(event, window, now))
            context = self._context_of_breach(connection, event.id)
            return self._write(connection, planner.breach(event, context, now), planner, now)

        try:
            return self._transact(lambda connection: [apply(connection, event) for event in events])
        except Exception as error:
            if not is_of_the_record(error):
                raise
            if len(events) == 1:
                noted = self.aside.note(BREACH, events[0].event_id, error)
                return [Written(False, noted.why, 0, set_aside=True)]
        # one after another, in their order
        return [written for event in events for written in self.apply_breaches([event], planner, now)]

    def release_holds(self, planner: Planner, now: int) -> Written:
        """Decide the held cases whose hold has ended; cheap when there are none.

        One that cannot be told is set aside: nobody is told of it but the operator.
        """
        with self._database.reading() as connection:
            due = select(func.count()).where(cases.c.hold_until <= now)
            if not connection.execute(due).scalar_one():
                return Written(False, "no hold has ended", 0)

        def work(connection: Connection) -> Written:
            found = connection.execute(_HELD.with_for_update(skip_locked=True)).mappings().all()
            return self._write(connection, planner.release([rows.case_of(row) for row in found], now))

        try:
            return self._transact(work)
        except Exception as error:
            if not is_of_the_record(error):
                raise
        if self._set_holds_aside(planner, now):
            return self.release_holds(planner, now)
        return self._release_each(planner, now)

    def _set_holds_aside(self, planner: Planner, now: int) -> int:
        """Take away the holds that fail by themselves; how many. The others are released together as ever."""
        found = 0
        for id in self._held_ids(until=None):
            try:
                self._release_one(id, planner, now, trial=True)
            except Exception as error:
                if not is_of_the_record(error):
                    raise
                self._end_hold(self.aside.note(HOLD, id, error), now)
                found += 1
        return found

    def _release_each(self, planner: Planner, now: int) -> Written:
        """Tell every hold that has ended by itself: together they cannot be."""
        written: list[Written] = []
        for id in self._held_ids(until=now):
            try:
                written.append(self._release_one(id, planner, now, trial=False))
            except Exception as error:
                if not is_of_the_record(error):
                    raise
                self._end_hold(self.aside.note(HOLD, id, error), now)
        return Written(
            any(one.new for one in written),
            "; ".join(one.reason for one in written if one.reason),
            sum(one.messages for one in written),
        )

    def _held_ids(self, until: int | None) -> Sequence[str]:
        query = _HELD.with_only_columns(cases.c.id)
        with self._database.reading() as connection:
            asked = query if until is None else query.where(cases.c.hold_until <= until)
            return connection.execute(asked).scalars().all()

    def _release_one(self, id: str, planner: Planner, now: int, trial: bool) -> Written:
        """What one hold leads to, written; as a trial it counts as ended, and all is taken back."""
        try:
            with self._database.writing() as connection:
                row = connection.execute(select(cases).where(cases.c.id == id)).mappings().one()
                case = rows.case_of(row)
                at = max(now, case.hold_until or now) if trial else now
                written = self._write(connection, planner.release([case], at))
                if trial:
                    raise _TakenBack
                return written
        except _TakenBack:
            return Written(False, "a trial", 0)

    def _end_hold(self, noted: SetAside, now: int) -> None:
        case = cases.c.id == noted.id
        with self._database.writing() as connection:
            state = connection.execute(select(cases.c.state).where(case)).scalar_one()
            connection.execute(update(cases).where(case).values(hold_until=None, updated_at=now))
            event = CaseEvent(
                short_id("set-aside", noted.id),
                noted.id,
                now,
                SET_ASIDE,
                "dustwatch",
                state,
                state,
                noted.why,
            )
            connection.execute(_NEW_EVENT, rows.row_of_event(event))

    def open_fault(self, fault: str, facts: dict[str, Any], planner: Planner, now: int) -> Written:
        """Open the case of a fault, unless it is open already."""

        def work(connection: Connection) -> Written:
            if connection.execute(_open_fault(fault)).first() is not None:
                return Written(False, "this fault is known", 0)
            return self._write(connection, [planner.fault_began(fault, facts, now)], planner, now)

        return self._of_fault(fault, work)

    def end_fault(self, fault: str, planner: Planner, now: int) -> Written:
        """Record the end of a fault, if it is open."""

        def work(connection: Connection) -> Written:
            row = connection.execute(_open_fault(fault).with_for_update()).mappings().first()
            if row is None:
                return Written(False, "this fault is not open", 0)
            change = planner.fault_ended(rows.case_of(row), _told(connection, row["id"]), now)
            return self._write(connection, [change] if change else [], planner, now)

        return self._of_fault(fault, work)

    def _of_fault(self, fault: str, work: Callable[[Connection], Written]) -> Written:
        try:
            return self._transact(work)
        except Exception as error:
            if not is_of_the_record(error):
                raise
            return Written(False, self.aside.note(FAULT, fault, error).why, 0, set_aside=True)

    def open_faults(self) -> dict[str, Case]:
        """Open faults of the platform by name."""
        with self._database.reading() as connection:
            query = select(cases).where(cases.c.fault.is_not(None), cases.c.recovered_at.is_(None))
            return {row["fault"]: rows.case_of(row) for row in connection.execute(query).mappings()}

    # ---------------------------------------------------------------- what the desk does

    def acknowledge(
        self, case_id: str, by: str, note: str, at: int, signer: Mapping[str, str] | None = None
    ) -> Decision:
        """Record that a person has acknowledged a case; a `many_silent` case includes its members.

        `signer`: account, role and unit of the person, kept with the event.
        """

        def work(connection: Connection) -> Decision:
            own = select(cases).where(cases.c.id == case_id).with_for_update()
            row = connection.execute(own).mappings().first()
            told = select(cases).where(cases.c.parent == case_id).order_by(cases.c.n).with_for_update()
            members = [rows.case_of(member) for member in connection.execute(told).mappings()]
            case = None if row is None else rows.case_of(row)
            said = salted(note) if signer and note.strip() else None
            signature = Acknowledgement(by, note, at, signer or {}, said.digest if said else "")
            decision, changes = acknowledge(case, members, signature)
            if signer and said and decision.accepted:
                keep_note(connection, case_id, said, signer["account"], at)
            self._write(connection, changes)
            return decision

        return self._transact(work)

    def _signed(self, connection: Connection, findings: Sequence[str], action: LifeAction, at: int) -> None:
        """Write the signature of a case into all that it was found by."""
        actor = action.command.actor
        signer = {"account": action.account, "role": actor.role, "unit": actor.unit}
        note = action.command.texts.get("note")
        signature = Acknowledgement(action.name, "", at, signer, note.digest if note else "")
        for finding in findings:
            row = connection.execute(_OF_ID, {"of": finding}).mappings().first()
            self._write(connection, acknowledge(None if row is None else rows.case_of(row), [], signature)[1])

    def cases(
        self,
        state: str | None = None,
        site: str | None = None,
        limit: int = 200,
        over: bool | None = None,
        *,
        but: Collection[str] = (),
    ) -> list[Case]:
        """Cases, newest first; `over=False`: those whose breach or fault is still going on.

        `but`: of other kinds than these.

        Cases of outlooks are listed only if their state is asked for.
        """
        query = select(cases).order_by(cases.c.opened_at.desc(), cases.c.n.desc()).limit(limit)
        asked = cases.c.state == state if state is not None else cases.c.kind.not_in(UNSIGNED)
        query = query.where(asked)
        if site is not None:
            query = query.where(cases.c.site == site)
        if but:
            query = query.where(cases.c.kind.not_in(sorted(but)))
        if over is not None:
            ended = cases.c.recovered_at.is_not(None)
            query = query.where(ended if over else ~ended)
        with self._database.reading() as connection:
            return [rows.case_of(row) for row in connection.execute(query).mappings()]

    def find(self, of: CaseFilter, after: tuple[int, int] | None = None, limit: int = 50) -> CasePage:
        """A page of what a filter finds, the most urgent first; `after`: that of the page before."""
        with self._database.reading() as connection:
            found = connection.execute(page_of(of, after, limit)).mappings().all()
        last = found[limit - 1] if len(found) > limit else None
        shown = tuple(rows.case_of(row) for row in found[:limit])
        return CasePage(shown, None if last is None else (last["urgency"], last["n"]))

    def count(self, of: CaseFilter) -> int:
        """How many cases a filter finds."""
        with self._database.reading() as connection:
            return int(connection.execute(count_of(of)).scalar_one())

    def changed(self, since: int | None = None) -> tuple[int, list[Case]]:
        """(mark, cases): all open ones, or those that something happened to after the mark of a call before.

        A row may show up behind others that were written later: the last few are given again.
        """
        with self._database.reading() as connection:
            newest = connection.execute(select(func.max(case_events.c.n))).scalar_one() or 0
            if since is None:
                which = wanted(CaseFilter())
            elif newest == since:
                return newest, []
            else:
                events = select(case_events.c.case).where(case_events.c.n > since - _BEHIND)
                which = cases.c.id.in_(events)
            return newest, [
                rows.case_of(row) for row in connection.execute(select(cases).where(which)).mappings()
            ]

    def case(self, case_id: str) -> CaseFile | None:
        """One case with its events, messages (also those of its `many_silent` case) and attempts."""
        with self._database.reading() as connection:
            row = connection.execute(select(cases).where(cases.c.id == case_id)).mappings().first()
            if row is None:
                return None
            found = rows.case_of(row)
            history = select(case_events).where(case_events.c.case == case_id).order_by(case_events.c.n)
            events = [rows.event_of(e) for e in connection.execute(history).mappings()]
            of = [case_id, found.parent] if found.parent else [case_id]
            told = self.tellings.of_cases(connection, of)
            # what is told of the parent concerns this case only if it covers it
            own = [t for t in told if t.telling.case == case_id or case_id in t.telling.covers]
            ids = {t.message for t in own if t.message is not None}
            here = or_(messages.c.case == case_id, messages.c.id.in_(ids))
            mine = connection.execute(select(messages).where(here).order_by(messages.c.n)).mappings().all()
            tries = _attempts_of(connection, [m["id"] for m in mine])
            members = connection.execute(select(cases).where(cases.c.parent == case_id).order_by(cases.c.n))
            return CaseFile(
                found,
                with_words(connection, found, events),
                tuple(rows.delivery_of(m, tries.get(m["id"], ())) for m in mine),
                tuple(rows.case_of(member) for member in members.mappings()),
                tuple(t for t in own if t.message is None),
            )

    def neglected(self, now: int) -> NeglectedNow:
        """What is due at `now` (ms UTC of the clock) and was not dealt with yet."""
        with self._database.reading() as connection:
            return neglected_at(connection, now)

    def counts(self) -> dict[str, int]:
        """Counts for status: cases of breaches by state, other cases, messages by state, repeats."""
        with self._database.reading() as connection:
            by_state = select(cases.c.state, cases.c.breach.is_not(None).label("own"), func.count())
            found = connection.execute(by_state.group_by(cases.c.state, "own")).all()
            counts = {"cases": 0, "cases_other": 0}
            for state, own, number in found:
                counts["cases" if own else "cases_other"] += number
                if own:
                    counts[f"cases_{state}"] = number
            counts |= self.tellings.counts(connection)
            counts["messages"] = 0
            for name in (PENDING, SENDING, SENT, *FAILED, MUTED):
                counts[f"messages_{name}"] = 0
            grouped = select(messages.c.state, func.count()).group_by(messages.c.state)
            for state, number in connection.execute(grouped).all():
                counts["messages"] += number
                counts[f"messages_{state}"] = number
            repeats = select(func.count()).where(attempts.c.possible_repeat)
            counts["possible_repeats"] = connection.execute(repeats).scalar_one()
            aside = select(func.count()).where(case_events.c.event == SET_ASIDE)
            counts["cases_set_aside"] = connection.execute(aside).scalar_one()
            return counts

    # ---------------------------------------------------------------- inside

    def _context_of_breach(self, connection: Connection, breach: str) -> CaseContext:
        row = connection.execute(_OF_BREACH, {"of": breach}).mappings().first()
        if row is None:
            return CaseContext()
        case = rows.case_of(row)
        told = _told(connection, case.id)
        if case.parent is None:
            return CaseContext(case, told)
        parent = connection.execute(select(cases).where(cases.c.id == case.parent).with_for_update())
        siblings = connection.execute(
            select(cases.c.id, cases.c.state).where(cases.c.parent == case.parent, cases.c.id != case.id)
        ).all()
        still = frozenset(name for name, state in siblings if not is_over(state))
        owner = rows.case_of(parent.mappings().one())
        return CaseContext(case, told, owner, _told(connection, owner.id), still)

    def _context_of_window(self, connection: Connection, outlook: Outlook) -> CaseContext:
        query = select(cases).where(cases.c.id == outlook.window_id).with_for_update()
        row = connection.execute(query).mappings().first()
        same = select(cases.c.n).where(cases.c.site == outlook.site, cases.c.rule == outlook.rule)
        lasting = same.where(cases.c.kind == EXCEEDANCE, cases.c.recovered_at.is_(None)).limit(1)
        return CaseContext(
            rows.case_of(row) if row is not None else None,
            _told(connection, outlook.window_id, any_step=True),
            rule_open=connection.execute(lasting).first() is not None,
        )

    def _write(
        self,
        connection: Connection,
        changes: Sequence[CaseChange],
        planner: Planner | None = None,
        now: int = 0,
    ) -> Written:
        """Write changes; with a planner their cases live on by what was found."""
        for change in changes:
            row = rows.row_of_case(change.case)
            if connection.execute(_CHANGE_CASE, {**row, "of": change.case.id}).rowcount == 0:
                connection.execute(_NEW_CASE, row)
            connection.execute(_NEW_EVENT, rows.row_of_event(change.event))
            if planner is not None and (finding := found_by(change, now)) is not None:
                self.life.follow(connection, finding, planner.life)
        # for one case, round, step, number, recipient and way there is one telling, whoever asks again
        written = self.tellings.write(connection, changes)
        return Written(bool(changes), "; ".join(c.reason for c in changes), written)

    def _transact(self, work: Callable[[Connection], T]) -> T:
        for left in reversed(range(_RACES)):
            try:
                with self._database.writing() as connection:
                    return work(connection)
            except (IntegrityError, OperationalError) as error:
                if not left or not _lost_a_race(error):
                    raise
        raise AssertionError("unreachable")


def _open_fault(fault: str) -> Any:
    return select(cases).where(cases.c.fault == fault, cases.c.recovered_at.is_(None))


def _told(connection: Connection, case_id: str, any_step: bool = False) -> tuple[Telling, ...]:
    given_up = and_(messages.c.id == tellings.c.message, messages.c.state.in_(FAILED))
    query = select(tellings).where(tellings.c.case == case_id, ~select(messages.c.n).where(given_up).exists())
    if not any_step:
        query = query.where(tellings.c.step == OPENED)
    found = connection.execute(query.order_by(tellings.c.n)).mappings()
    return tuple(rows.telling_of(row) for row in found)


def _attempts_of(connection: Connection, of: Sequence[str]) -> dict[str, list[RowMapping]]:
    found: dict[str, list[RowMapping]] = {}
    query = select(attempts).where(attempts.c.message.in_(of)).order_by(attempts.c.n)
    for row in connection.execute(query).mappings():
        found.setdefault(row["message"], []).append(row)
    return found


def _lost_a_race(error: DBAPIError) -> bool:
    """True if another worker wrote the same row first, or the two waited for each other."""
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) == _DEADLOCK
