"""The outbox in SQL: workers claim messages, write each attempt before they make it, then its outcome.

A claim is a lease: a worker that dies keeps it until it ends or a worker of the same name starts.
All instants here are of the real clock.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, insert, or_, select, true, update

from alerts.operator import Trouble
from alerts.outbox import UNKNOWN, Next, Outcome
from alerts.records import FAILED, PENDING, SENDING, SENT, SYSTEM, Claim
from alerts.store.engine import READ_ONLY
from alerts.store.rows import message_of
from alerts.store.tables import attempts, messages


class OutboxStore:
    """The rows of `messages` and `attempts`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, wall: int) -> dict[str, int]:
        """Channels that have messages to send now, and how many."""
        query = select(messages.c.channel, func.count()).where(_claimable(wall)).group_by(messages.c.channel)
        with self._engine.execution_options(**{READ_ONLY: True}).begin() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def claim(self, channel: str, owner: str, limit: int, wall: int, lease_ms: int) -> list[Claim]:
        """Up to `limit` messages of a channel, oldest first; their attempts are written as unknown."""
        query = (
            select(messages)
            .where(messages.c.channel == channel, _claimable(wall))
            .order_by(messages.c.due_at, messages.c.n)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._engine.begin() as connection:
            found = connection.execute(query).mappings().all()
            doubtful = _doubtful(connection, [row["id"] for row in found])
            claims: list[Claim] = []
            for row in found:
                number = row["tries"] + 1
                taken = {"state": SENDING, "owner": owner, "lease_until": wall + lease_ms, "tries": number}
                connection.execute(update(messages).where(messages.c.n == row["n"]).values(taken))
                repeat = row["id"] in doubtful
                connection.execute(
                    insert(attempts).values(
                        message=row["id"],
                        number=number,
                        owner=owner,
                        started_at=wall,
                        outcome=UNKNOWN,
                        reason="begun",
                        receipt="",
                        possible_repeat=repeat,
                    )
                )
                claims.append(Claim(message_of(row), number, row["written_at"], repeat))
            return claims

    def finish(self, claim: Claim, owner: str, outcome: Outcome, then: Next, wall: int) -> None:
        """Write how an attempt ended and what becomes of its message.

        Where the lease was lost meanwhile only a confirmed sending still counts for the message.
        """
        mine = and_(messages.c.owner == owner, messages.c.tries == claim.number)
        with self._engine.begin() as connection:
            connection.execute(
                update(attempts)
                .where(attempts.c.message == claim.message.id, attempts.c.number == claim.number)
                .values(
                    outcome=outcome.kind,
                    reason=outcome.reason,
                    receipt=outcome.receipt,
                    finished_at=wall,
                )
            )
            connection.execute(
                update(messages)
                .where(messages.c.id == claim.message.id, messages.c.done_at.is_(None))
                .where(true() if then.state == SENT else mine)
                .values(
                    state=then.state,
                    due_at=then.due_at,
                    done_at=wall if then.done else None,
                    owner=None,
                    lease_until=None,
                    receipt=outcome.receipt,
                    reason=then.reason,
                )
            )

    def free(self, owner: str, wall: int) -> int:
        """Give back what an earlier life of this worker had claimed; how many messages."""
        held = and_(messages.c.owner == owner, messages.c.state == SENDING, messages.c.done_at.is_(None))
        with self._engine.begin() as connection:
            freed = update(messages).where(held).values(state=PENDING, due_at=wall, owner=None)
            return connection.execute(freed.values(lease_until=None)).rowcount

    def troubles(self, waiting_since: int, failed_since: int) -> list[Trouble]:
        """Channels with messages that were tried and still wait since before the one instant, or that
        failed after the other. Messages of the platform's own faults don't count: telling the operator
        that the operator can't be told would never end."""
        late = and_(
            messages.c.done_at.is_(None), messages.c.tries > 0, messages.c.written_at <= waiting_since
        )
        failed = and_(messages.c.state.in_(FAILED), messages.c.done_at >= failed_since)
        query = (
            select(messages.c.channel, messages.c.state, messages.c.reason)
            .where(messages.c.kind != SYSTEM, or_(late, failed))
            .order_by(messages.c.n)
        )
        found: dict[str, Trouble] = {}
        with self._engine.execution_options(**{READ_ONLY: True}).begin() as connection:
            for channel, state, reason in connection.execute(query):
                known = found.get(channel, Trouble(channel, 0, 0, ""))
                lost = state in FAILED
                found[channel] = Trouble(
                    channel, known.waiting + (not lost), known.failed + lost, reason or known.reason
                )
        return list(found.values())


def _claimable(wall: int) -> ColumnElement[bool]:
    """Due, not held by a living worker, and nothing earlier for the same eyes is unfinished."""
    earlier = messages.alias("earlier")
    before = select(earlier.c.n).where(
        earlier.c.case == messages.c.case,
        earlier.c.recipient == messages.c.recipient,
        earlier.c.way == messages.c.way,
        earlier.c.n < messages.c.n,
        earlier.c.done_at.is_(None),
    )
    free = or_(messages.c.state == PENDING, and_(messages.c.state == SENDING, messages.c.lease_until <= wall))
    return and_(messages.c.done_at.is_(None), messages.c.due_at <= wall, free, ~before.exists())


def _doubtful(connection: Connection, of: Sequence[str]) -> set[str]:
    """Those of the messages that have an attempt of unknown outcome."""
    query = select(attempts.c.message).where(attempts.c.message.in_(of), attempts.c.outcome == UNKNOWN)
    return set(connection.execute(query).scalars())
