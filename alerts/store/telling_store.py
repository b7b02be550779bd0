"""Tellings in SQL: written with their case; a composer makes messages of those whose time has come.

A telling is in exactly one message, or waits (`look_at`), or is withheld and names by what. A message is
composed in one transaction, in which the pace of its recipient is locked: two workers count together, and
whoever dies between composing and sending leaves a message with its id. What waits for nothing is composed in
the transaction that writes it. Instants are those of the clock that cases follow, but for the outbox's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Executable, RowMapping, and_, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from alerts.messages import (
    AT_ONCE,
    QUIET_HOURS,
    SUPPRESSORS,
    GroupTiming,
    TellingBundle,
    TellingPace,
    TellingSilence,
    WaitingTelling,
    decide_groups,
    is_alone,
    message_of,
    silence_over,
    wait_of,
)
from alerts.records import ENDS, MUTED, NOT_OF_A_FINDING, CaseChange, Telling, ToldState
from alerts.store import rows
from alerts.store.engine import Database
from alerts.store.set_aside import MESSAGE, Aside, is_of_the_record
from alerts.store.surroundings import fallen_again, others_open
from alerts.store.tables import messages, telling_paces, tellings
from alerts.store.withholding import (
    WITHHOLD,
    TellingHold,
    decide_anew,
    holds_on,
    over_among,
    silences_in_force,
    withhold,
)

UNWRITABLE = "unwritable"  # withheld because no text could be made of it
_KEYS = 20  # recipients and ways of one transaction

# Built once: putting a statement together costs more than running it.
_NEW_TELLINGS: dict[str, Executable] = {
    "sqlite": sqlite.insert(tellings).on_conflict_do_nothing().returning(tellings.c.id),
    "postgresql": postgresql.insert(tellings).on_conflict_do_nothing().returning(tellings.c.id),
}
_NEW_MESSAGES: dict[str, Executable] = {
    "sqlite": sqlite.insert(messages).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(messages).on_conflict_do_nothing(),
}
_NEW_PACE: dict[str, Executable] = {
    "sqlite": sqlite.insert(telling_paces).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(telling_paces).on_conflict_do_nothing(),
}
_OF_KEY = and_(
    tellings.c.recipient == bindparam("whom"),
    tellings.c.way == bindparam("by"),
    tellings.c.message.is_(None),
)
_PACE = (
    select(telling_paces.c.body)
    .where(telling_paces.c.recipient == bindparam("whom"), telling_paces.c.way == bindparam("by"))
    .with_for_update()
)
_KEEP_PACE = (
    update(telling_paces)
    .where(telling_paces.c.recipient == bindparam("whom"), telling_paces.c.way == bindparam("by_way"))
    .values(body=bindparam("kept"))
)
_DUE = select(tellings).where(_OF_KEY, tellings.c.look_at <= bindparam("now")).order_by(tellings.c.n)
_ALL_WAITING = (
    select(tellings)
    .where(_OF_KEY, tellings.c.look_at.is_not(None), tellings.c.withheld_by.is_(None))
    .order_by(tellings.c.n)
)
_PUT_IN = (
    update(tellings)
    .where(tellings.c.id == bindparam("of"), tellings.c.message.is_(None))
    .values(message=bindparam("into"), look_at=None, withheld_by=None, withheld_until=None)
)
_LOOK_LATER = update(tellings).where(tellings.c.id == bindparam("of")).values(look_at=bindparam("at"))
_MUTE = (
    update(messages)
    .where(messages.c.id == bindparam("of"))
    .values(id=bindparam("becomes"), state=MUTED, done_at=bindparam("at"), reason=bindparam("why"))
)


class TellingKey(NamedTuple):
    """Whose messages are counted together."""

    recipient: str
    way: str


class TellingStore:
    """The rows of `tellings`, and the messages made of them. `timing`: as the configuration in force says."""

    def __init__(self, database: Database, aside: Aside, wall: Callable[[], int]) -> None:
        self._database, self._aside, self._wall = database, aside, wall
        self.timing: GroupTiming = AT_ONCE
        self.clock: Callable[[], int] = wall  # that cases follow; whoever runs alerts says which

    # ------------------------------------------------------------------------------ written with the case

    def write(self, connection: Connection, changes: Sequence[CaseChange]) -> int:
        """Write what is to be told of these changes, and compose what waits for nothing; how many were new.

        In the transaction of the changes. What a case that is over has held back is looked at again.
        """
        found = [telling for change in changes for telling in change.tellings]
        over = [c.case for c in changes if c.case.recovered_at is not None and c.case.kind in SUPPRESSORS]
        if over:
            decide_anew(connection, [(case.id, case.recovered_at) for case in over])
        return self.write_tellings(connection, found)

    def write_tellings(self, connection: Connection, found: Sequence[Telling]) -> int:
        """Write these tellings, and compose what of them waits for nothing; how many were new."""
        if not found:
            return 0
        timing = self.timing
        new = [rows.row_of_telling(t, t.told_at + wait_of(t, timing)) for t in found]
        wanted = _NEW_TELLINGS[connection.dialect.name]
        written = set(connection.execute(wanted, new).scalars())
        fresh = [telling for telling in found if telling.id in written]
        now = max(telling.told_at for telling in found)
        if timing.at_once and not timing.quiet.spans:
            self._each_alone(connection, fresh, now)
        else:
            due = {_key_of(t) for t in fresh if wait_of(t, timing) == 0}
            for key in sorted(due):
                self._compose_key(connection, key, now)
        return len(written)

    def _each_alone(self, connection: Connection, fresh: Sequence[Telling], now: int) -> None:
        """Every telling a message of its own, in one go: as many as there are."""
        held = holds_on(connection, fresh, now)
        over = over_among(connection, [t.case for t in fresh if t.id in held and t.of_finding])
        for telling in fresh:
            if telling.id in held:
                is_over = telling.of_finding and telling.case in over
                withhold(connection, telling, held[telling.id], is_over, now)
        held |= self._withhold_ends(connection, [t for t in fresh if t.ends and t.id not in held], now)
        self._put(connection, [[telling] for telling in fresh if telling.id not in held], now)

    # ------------------------------------------------------------------------------ composed later

    def compose(self, now: int) -> int:
        """Compose what is due at `now`, ms UTC of the clock; how many messages. Cheap when there is none."""
        asked = select(tellings.c.recipient, tellings.c.way).where(tellings.c.look_at <= now).distinct()
        with self._database.reading() as connection:
            keys = sorted(TellingKey(*row) for row in connection.execute(asked))
        made = 0
        for first in range(0, len(keys), _KEYS):
            some = keys[first : first + _KEYS]
            try:
                with self._database.writing() as connection:
                    made += sum(self._compose_key(connection, key, now) for key in some)
            except Exception as error:
                if not is_of_the_record(error):
                    raise
                made += self._compose_carefully(some, now)
        return made

    def _compose_carefully(self, keys: Sequence[TellingKey], now: int) -> int:
        """The same one by one: what no text can be made of is set aside, and keeps no other back."""
        made = 0
        for key in keys:
            with self._database.reading() as connection:
                found = connection.execute(_ALL_WAITING, {"whom": key.recipient, "by": key.way}).mappings()
                waiting = [row["id"] for row in found]
            bad = [id for id in waiting if not self._is_writable(id, now)]
            if bad:
                with self._database.writing() as connection:
                    connection.execute(
                        WITHHOLD,
                        [{"of": id, "why": UNWRITABLE, "until": now, "at": None} for id in bad],
                    )
            with self._database.writing() as connection:
                made += self._compose_key(connection, key, now)
        return made

    def _is_writable(self, id: str, now: int) -> bool:
        try:
            with self._database.reading() as connection:
                row = connection.execute(select(tellings).where(tellings.c.id == id)).mappings().one()
                message_of([rows.telling_of(row)], now)
        except Exception as error:
            if not is_of_the_record(error):
                raise
            self._aside.note(MESSAGE, id, error)
            return False
        return True

    def _compose_key(self, connection: Connection, key: TellingKey, now: int) -> int:
        of = {"whom": key.recipient, "by": key.way}
        pace = _locked_pace(connection, key)
        due = connection.execute(_DUE, {**of, "now": now}).mappings().all()
        told = self._awake(connection, self._undisturbed(connection, due, now), now)
        asked = [WaitingTelling(row["id"], row["site"], row["urgent"], is_alone(row["kind"])) for row in told]
        decided = decide_groups(asked, pace, self.timing, now)
        if decided.later:
            connection.execute(_LOOK_LATER, [{"of": id, "at": at} for id, at in decided.later.items()])
        made = 0
        for bundle in decided.bundles:
            made += self._put(connection, [self._members(connection, key, bundle, told, now)], now)
        if decided.pace != pace:
            kept = {"whom": key.recipient, "by_way": key.way, "kept": decided.pace.as_body()}
            connection.execute(_KEEP_PACE, kept)
        return made

    def _awake(self, connection: Connection, due: Sequence[RowMapping], now: int) -> list[RowMapping]:
        """Those of the due that neither wait for the end of quiet hours, nor outlived their time in them."""
        quiet = self.timing.quiet
        if not quiet.spans:
            return list(due)
        found = {row["id"]: rows.telling_of(row) for row in due}
        waits = {id: until for id, one in found.items() if (until := quiet.until(one, now)) is not None}
        gone = [one for id, one in found.items() if id not in waits and quiet.outlived(one, now)]
        if waits:
            connection.execute(_LOOK_LATER, [{"of": id, "at": at} for id, at in waits.items()])
        for one in gone:
            withhold(connection, one, TellingHold(QUIET_HOURS), True, now)
        left = {*waits, *(one.id for one in gone)}
        return [row for row in due if row["id"] not in left]

    def _undisturbed(self, connection: Connection, due: Sequence[RowMapping], now: int) -> list[RowMapping]:
        """Those of the due that nothing holds back; the others are withheld, or held on to."""
        found = {row["id"]: rows.telling_of(row) for row in due}
        held = holds_on(connection, list(found.values()), now)
        # what was withheld until now, and is over meanwhile, is not told any more: nor is its end
        before = {row["id"]: row["withheld_by"] for row in due if row["withheld_by"] is not None}
        asked = {id for id in (*held, *before) if found[id].of_finding}
        over = over_among(connection, [found[id].case for id in asked])
        gone = {id for id in asked if found[id].case in over}
        held |= {id: TellingHold(by) for id, by in before.items() if id in gone}
        for id, hold in held.items():
            withhold(connection, found[id], hold, id in gone, now)
        ends = [t for id, t in found.items() if t.ends and id not in held]
        held |= self._withhold_ends(connection, ends, now)
        freed = [id for id in before if id not in held]
        if freed:
            connection.execute(WITHHOLD, [{"of": i, "why": None, "until": None, "at": now} for i in freed])
        return [row for row in due if row["id"] not in held]

    def _withhold_ends(
        self, connection: Connection, ends: Sequence[Telling], now: int
    ) -> dict[str, TellingHold]:
        """Withhold the ends of what is withheld from the same recipient, and both for good; by what."""
        if not ends:
            return {}
        asked = select(tellings).where(
            tellings.c.case.in_([t.case for t in ends]),
            tellings.c.message.is_(None),
            tellings.c.withheld_by.is_not(None),
            tellings.c.step.not_in(ENDS),
            tellings.c.template.not_in(NOT_OF_A_FINDING),
        )
        found = {
            (row["case"], row["round"], row["recipient"], row["way"]): row
            for row in connection.execute(asked).mappings()
        }
        held: dict[str, TellingHold] = {}
        for end in ends:
            row = found.get((end.case, end.round, end.recipient.id, end.recipient.way))
            if row is not None:
                held[end.id] = hold = TellingHold(row["withheld_by"])
                withhold(connection, end, hold, True, now)
                if row["look_at"] is not None:
                    withhold(connection, rows.telling_of(row), hold, True, now)
        return held

    def _members(
        self,
        connection: Connection,
        key: TellingKey,
        bundle: TellingBundle,
        due: Sequence[RowMapping],
        now: int,
    ) -> list[Telling]:
        """What a bundle consists of: what is due, and what waits for its time and goes along."""
        if bundle.only is not None:
            return [rows.telling_of(row) for row in due if row["id"] == bundle.only]
        query = _ALL_WAITING.where(tellings.c.site.in_(bundle.sites)) if bundle.sites else _ALL_WAITING
        waiting = connection.execute(query, {"whom": key.recipient, "by": key.way}).mappings().all()
        along = [row for row in waiting if not is_alone(row["kind"])]
        told = self._undisturbed(connection, along, now)
        return [rows.telling_of(row) for row in told]

    def _put(self, connection: Connection, bundles: Iterable[Sequence[Telling]], now: int) -> int:
        """Write a message for each bundle that has members, and where these stand; how many."""
        full = [members for members in bundles if members]
        fallen = fallen_again(connection, [one for members in full for one in members])
        made = [
            (message_of(members, now, others_open(connection, members), fallen), members) for members in full
        ]
        if made:
            wall = self._wall()
            new = [rows.row_of_message(message, wall) for message, _ in made]
            connection.execute(_NEW_MESSAGES[connection.dialect.name], new)
            where = [{"of": one.id, "into": message.id} for message, members in made for one in members]
            connection.execute(_PUT_IN, where)
        return len(made)

    # ------------------------------------------------------------------------------ silenced

    def mute(self, connection: Connection, of: Sequence[str]) -> set[str]:
        """Stop those of these messages, of which none was attempted, that a silence covers; which.

        A muted message stays as a record of its own; what it told of is withheld, and what of it the silence
        does not cover leaves in a message by itself at once.
        """
        now = self.clock()
        silences = silences_in_force(connection, now) if of else []
        if not silences:
            return set()
        within: dict[str, list[RowMapping]] = {}
        asked = select(tellings).where(tellings.c.message.in_(of)).order_by(tellings.c.n)
        for row in connection.execute(asked).mappings():
            within.setdefault(row["message"], []).append(row)
        muted: set[str] = set()
        for message, members in within.items():
            covered = (silence_over(rows.telling_of(row), silences) for row in members)
            by = next((silence for silence in covered if silence is not None), None)
            if by is not None:
                self._mute_one(connection, message, members, by)
                muted.add(message)
        return muted

    def _mute_one(
        self, connection: Connection, message: str, members: Sequence[RowMapping], by: TellingSilence
    ) -> None:
        now = self.clock()
        left = update(tellings).where(tellings.c.message == message).values(message=None, look_at=now)
        connection.execute(left)
        number = connection.execute(select(messages.c.n).where(messages.c.id == message)).scalar_one()
        # its id is free again: the same tellings may be told by it later
        row = {"of": message, "becomes": f"{message}.{number}", "at": self._wall(), "why": by.mark}
        connection.execute(_MUTE, row)
        told = self._undisturbed(connection, members, now)
        self._put(connection, [[rows.telling_of(row) for row in told]], now)

    # ------------------------------------------------------------------------------ read

    def of_cases(self, connection: Connection, of: Collection[str]) -> list[ToldState]:
        """What is to be told of these cases, in the order in which it was written, with what became of it."""
        asked = select(tellings).where(tellings.c.case.in_(of)).order_by(tellings.c.n)
        return [rows.told_state_of(row) for row in connection.execute(asked).mappings()]

    def states(self) -> list[ToldState]:
        """All tellings with what became of each, in the order in which they were written."""
        with self._database.reading() as connection:
            found = connection.execute(select(tellings).order_by(tellings.c.n)).mappings()
            return [rows.told_state_of(row) for row in found]

    def counts(self, connection: Connection) -> dict[str, int]:
        """How many there are, how many wait, and how many are withheld."""
        withheld = tellings.c.withheld_by.is_not(None)
        waits = and_(tellings.c.message.is_(None), or_(~withheld, tellings.c.look_at.is_not(None)))
        asked = select(
            func.count(),
            func.count().filter(and_(waits, ~withheld)),
            func.count().filter(withheld),
        ).select_from(tellings)
        number, waiting, held = connection.execute(asked).one()
        return {"tellings": number, "tellings_waiting": waiting, "tellings_withheld": held}


def _key_of(telling: Telling) -> TellingKey:
    return TellingKey(telling.recipient.id, telling.recipient.way)


def _locked_pace(connection: Connection, key: TellingKey) -> TellingPace:
    """The pace of a recipient, locked until the end of the transaction."""
    new = {"recipient": key.recipient, "way": key.way, "body": TellingPace().as_body()}
    connection.execute(_NEW_PACE[connection.dialect.name], new)
    body = connection.execute(_PACE, {"whom": key.recipient, "by": key.way}).scalar_one()
    return TellingPace.from_body(body)
