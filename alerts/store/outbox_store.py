"""Outbox in SQL: workers claim messages, record each attempt before they make it, then its outcome.

A claim is a lease: that of a dead worker lasts until it expires or a worker of the same name starts.
All instants here are of the real clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from alerts.kinds import SYSTEM
from alerts.platform_faults import ChannelTrouble
from alerts.records import (
    FAILED,
    PENDING,
    REFUSED,
    SENDING,
    SENT,
    Claim,
)
from alerts.retry import UNKNOWN, EndedAttempt
from alerts.store.engine import Database
from alerts.store.rows import message_of
from alerts.store.set_aside import MESSAGE, Aside, SetAside, is_of_the_record
from alerts.store.tables import attempts, messages, tellings
from ingest.plain_text import plain


class OutboxStore:
    """The rows of `messages` and `attempts`. `mute`: stops those of messages before their first attempt that
    somebody has silenced, and says which.
    """

    def __init__(
        self, database: Database, aside: Aside, mute: Callable[[Connection, Sequence[str]], set[str]]
    ) -> None:
        self._database, self._aside, self._mute = database, aside, mute

    def due(self, wall: int) -> dict[str, int]:
        """Number of messages to send now, by lane."""
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(_DUE, {"wall": wall})}

    def claim(self, room: Mapping[str, int], owner: str, wall: int, lease_ms: int) -> list[Claim]:
        """Claim up to `room` messages for each lane, oldest first; their attempts are written as unknown.

        All in one transaction: when this returns, every attempt is on the disk and may be made. A message
        that cannot be read is set aside as refused, with the reason.
        """
        lease = Lease(owner, wall, wall + lease_ms)
        try:
            return self._claim([_of_channel(channel, most, wall) for channel, most in room.items()], lease)
        except Exception as error:
            if not is_of_the_record(error):
                raise
            return self._claim_one_by_one(room, lease)

    def _claim_one_by_one(self, room: Mapping[str, int], lease: Lease) -> list[Claim]:
        claims: list[Claim] = []
        for channel, most in room.items():
            asked = {"of": channel, "most": most, "wall": lease.since}
            with self._database.reading() as connection:
                ids = connection.execute(_IDS_CLAIMABLE_OF, asked).scalars().all()
            for id in ids:
                try:
                    claims += self._claim([(_CLAIMABLE, {"of": id, "wall": lease.since})], lease)
                except Exception as error:
                    if not is_of_the_record(error):
                        raise
                    self._refuse(id, self._aside.note(MESSAGE, id, error), lease.since)
        return claims

    def _refuse(self, id: str, noted: SetAside, wall: int) -> None:
        over = update(messages).where(messages.c.id == id)
        with self._database.writing() as connection:
            connection.execute(over.values(state=REFUSED, done_at=wall, owner=None, reason=noted.why))

    def _claim(self, asked: Sequence[tuple[Select[Any], dict[str, Any]]], lease: Lease) -> list[Claim]:
        with self._database.writing() as connection:
            found = [row for query, of in asked for row in connection.execute(query, of).mappings()]
            muted = self._mute(connection, [row["id"] for row in found if not row["tries"]])
            found = [row for row in found if row["id"] not in muted]
            if not found:
                return []
            doubtful = _doubtful(connection, [row["id"] for row in found])
            claims = [
                Claim(message_of(row), row["tries"] + 1, row["written_at"], row["id"] in doubtful)
                for row in found
            ]
            held = {"holder": lease.owner, "until": lease.until}
            connection.execute(
                _TAKE, [{"of": claim.message.id, "nth": claim.number, **held} for claim in claims]
            )
            connection.execute(_NEW_ATTEMPT, [_attempt(claim, lease.owner, lease.since) for claim in claims])
            return claims

    def finish(self, ended: Sequence[EndedAttempt], owner: str, wall: int) -> None:
        """Record how attempts ended and the new state of their messages, in one transaction.

        Where the lease was lost meanwhile only a confirmed sending still counts for the message. An end
        that cannot be written as it is keeps no other back: it is written without the other side's words.
        """
        try:
            self._finish(ended, owner, wall)
        except Exception as error:
            if not is_of_the_record(error):
                raise
            if len(ended) > 1:
                for end in ended:
                    self.finish([end], owner, wall)
                return
            (end,) = ended
            noted = self._aside.note(MESSAGE, end.claim.message.id, error)
            outcome = end.outcome._replace(reason=noted.why, receipt="")
            self._finish([EndedAttempt(end.claim, outcome, end.then._replace(reason=noted.why))], owner, wall)

    def _finish(self, ended: Sequence[EndedAttempt], owner: str, wall: int) -> None:
        # always in the same order, so that no two workers wait for each other
        found = sorted(ended, key=lambda end: end.claim.message.id)
        with self._database.writing() as connection:
            connection.execute(_NOTE_OUTCOME, [_outcome(end, wall) for end in found])
            connection.execute(_SETTLE, [{**_settled(end, wall), "holder": owner} for end in found])

    def free(self, owner: str, wall: int) -> int:
        """Release what an earlier run of this worker had claimed; returns the number of messages."""
        held = and_(messages.c.owner == owner, messages.c.state == SENDING, messages.c.done_at.is_(None))
        with self._database.writing() as connection:
            freed = update(messages).where(held).values(state=PENDING, due_at=wall, owner=None)
            return connection.execute(freed.values(lease_until=None)).rowcount

    def troubles(self, waiting_since: int, failed_since: int) -> list[ChannelTrouble]:
        """Lanes with messages that were tried and have been waiting since before `waiting_since`, or that
        failed after `failed_since`. Messages about the platform's own faults don't count: telling the
        operator that the operator can't be told would never end.
        """
        late = and_(
            messages.c.done_at.is_(None), messages.c.tries > 0, messages.c.written_at <= waiting_since
        )
        failed = and_(messages.c.state.in_(FAILED), messages.c.done_at >= failed_since)
        query = (
            select(messages.c.channel, messages.c.state, messages.c.reason)
            .where(messages.c.kind != SYSTEM, or_(late, failed))
            .order_by(messages.c.n)
        )
        troubles: dict[str, ChannelTrouble] = {}
        with self._database.reading() as connection:
            for channel, state, reason in connection.execute(query):
                before = troubles.get(channel, ChannelTrouble(channel, 0, 0, ""))
                lost = state in FAILED
                troubles[channel] = ChannelTrouble(
                    channel, before.waiting + (not lost), before.failed + lost, reason or before.reason
                )
        return list(troubles.values())


def _claimable() -> ColumnElement[bool]:
    """Condition for messages that are due, not held by a living worker, and not behind an unfinished
    earlier one for the same case and recipient.
    """
    wall = bindparam("wall", type_=BigInteger)
    earlier = messages.alias("earlier")
    before = select(earlier.c.n).where(
        earlier.c.case == messages.c.case,
        earlier.c.recipient == messages.c.recipient,
        earlier.c.way == messages.c.way,
        earlier.c.n < messages.c.n,
        earlier.c.done_at.is_(None),
    )
    # also where it tells of another step of a case among several
    mine, theirs = tellings.alias("mine"), tellings.alias("theirs")
    of_a_case = (
        select(earlier.c.n)
        .join(theirs, theirs.c.message == earlier.c.id)
        .join(mine, mine.c.case == theirs.c.case)
        .where(
            mine.c.message == messages.c.id,
            theirs.c.recipient == messages.c.recipient,
            theirs.c.way == messages.c.way,
            earlier.c.n < messages.c.n,
            earlier.c.done_at.is_(None),
        )
    )
    free = or_(messages.c.state == PENDING, and_(messages.c.state == SENDING, messages.c.lease_until <= wall))
    return and_(
        messages.c.done_at.is_(None), messages.c.due_at <= wall, free, ~before.exists(), ~of_a_case.exists()
    )


class Lease(NamedTuple):
    """Who claims, since when and until when; ms UTC of the real clock."""

    owner: str
    since: int
    until: int


def _of_channel(channel: str, most: int, wall: int) -> tuple[Select[Any], dict[str, Any]]:
    return _CLAIMABLE_OF, {"of": channel, "most": most, "wall": wall}


# Built once: putting a statement together costs more than running it.
_DUE = select(messages.c.channel, func.count()).where(_claimable()).group_by(messages.c.channel)
_CLAIMABLE_OF = (
    select(messages)
    .where(messages.c.channel == bindparam("of"), _claimable())
    .order_by(messages.c.due_at, messages.c.n)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIMABLE = (
    select(messages).where(messages.c.id == bindparam("of"), _claimable()).with_for_update(skip_locked=True)
)
_IDS_CLAIMABLE_OF = (
    select(messages.c.id)
    .where(messages.c.channel == bindparam("of"), _claimable())
    .order_by(messages.c.due_at, messages.c.n)
    .limit(bindparam("most"))
)
_TAKE = (
    update(messages)
    .where(messages.c.id == bindparam("of"))
    .values(state=SENDING, owner=bindparam("holder"), lease_until=bindparam("until"), tries=bindparam("nth"))
)
_NEW_ATTEMPT = insert(attempts)
_NOTE_OUTCOME = (
    update(attempts)
    .where(attempts.c.message == bindparam("of"), attempts.c.number == bindparam("nth"))
    .values(
        outcome=bindparam("ended"),
        reason=bindparam("why"),
        receipt=bindparam("said"),
        finished_at=bindparam("at"),
    )
)
_SETTLE = (
    update(messages)
    .where(messages.c.id == bindparam("of"), messages.c.done_at.is_(None))
    .where(
        or_(
            bindparam("confirmed", type_=Boolean),
            and_(messages.c.owner == bindparam("holder"), messages.c.tries == bindparam("nth")),
        )
    )
    .values(
        state=bindparam("becomes"),
        due_at=bindparam("due"),
        done_at=bindparam("done"),
        owner=None,
        lease_until=None,
        receipt=bindparam("said"),
        reason=bindparam("why"),
    )
)


def _attempt(claim: Claim, owner: str, wall: int) -> dict[str, Any]:
    return {
        "message": claim.message.id,
        "number": claim.number,
        "owner": owner,
        "started_at": wall,
        "outcome": UNKNOWN,
        "reason": "begun",
        "receipt": "",
        "possible_repeat": claim.possible_repeat,
    }


def _outcome(end: EndedAttempt, wall: int) -> dict[str, Any]:
    return {
        "of": end.claim.message.id,
        "nth": end.claim.number,
        "ended": end.outcome.kind,
        "why": plain(end.outcome.reason),
        "said": plain(end.outcome.receipt),
        "at": wall,
    }


def _settled(end: EndedAttempt, wall: int) -> dict[str, Any]:
    return {
        "of": end.claim.message.id,
        "nth": end.claim.number,
        "confirmed": end.then.state == SENT,
        "becomes": end.then.state,
        "due": end.then.due_at,
        "done": wall if end.then.done else None,
        "said": plain(end.outcome.receipt),
        "why": plain(end.then.reason),
    }


def _doubtful(connection: Connection, of: Sequence[str]) -> set[str]:
    """Messages among these that have an attempt of unknown outcome."""
    query = select(attempts.c.message).where(attempts.c.message.in_(of), attempts.c.outcome == UNKNOWN)
    return set(connection.execute(query).scalars())
