"""Lists of messages: who was told of what, by which channel, and what became of it; counted and paged.

A question reads the case store only. Instants are of the real clock, as all of the outbox are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from alerts.records import FAILED, MUTED, PENDING, SENDING, SENT, Case, Delivery
from alerts.store.engine import Database
from alerts.store.rows import case_of, delivery_of
from alerts.store.tables import attempts, cases, messages

ALL, WAITING, ACCEPTED, UNTOLD, SILENCED = "all", "waiting", "accepted", "failed", "muted"
WHICH: tuple[str, ...] = (ALL, WAITING, ACCEPTED, UNTOLD, SILENCED)
_STATES: Mapping[str, tuple[str, ...]] = {
    WAITING: (PENDING, SENDING),
    ACCEPTED: (SENT,),
    UNTOLD: FAILED,
    SILENCED: (MUTED,),
}
_SIDE_BY_SIDE_MS = 600_000
_NEWEST = 2_000  # messages whose channels a filter offers: all of them would be read each time


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """What a list shows. `person` is looked for in ids of recipients; `units`: units that it names.

    `sites`, `but`: what the asker sees, as of cases. `since`, `until`: [start, end) in ms UTC.
    """

    which: str = ALL
    channel: str = ""  # id of a channel, or one of its lanes
    person: str = ""
    units: frozenset[str] = frozenset()
    site: str = ""
    case: str = ""
    since: int | None = None
    until: int | None = None
    sites: frozenset[str] | None = None
    but: frozenset[str] = frozenset()  # kinds of case


class ListedMessage(NamedTuple):
    """A message with its attempts, and the case that it tells of."""

    delivery: Delivery
    case: Case


class MessagePage(NamedTuple):
    """Messages, the newest first, and where the next page begins; None: there is none."""

    messages: tuple[ListedMessage, ...]
    after: int | None


class LaneStanding(NamedTuple):
    """What waits on a channel or one of its servers, what failed lately, and the last reason."""

    lane: str
    waiting: int
    oldest: int | None  # of those that wait, when it was written
    failed: int
    reason: str


class MessageLists:
    """Reads the messages in the case store at a URL. Raises StoreError."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def find(self, of: MessageFilter, after: int | None = None, limit: int = 50) -> MessagePage:
        """A page of what a filter finds, the newest first; `after`: that of the page before."""
        query = select(messages).join(cases, cases.c.id == messages.c.case).where(_wanted(of))
        if after is not None:
            query = query.where(messages.c.n < after)
        query = query.order_by(messages.c.n.desc()).limit(limit + 1)
        with self._database.reading() as connection:
            found = connection.execute(query.where(*_numbered(connection, of))).mappings().all()
            shown = found[:limit]
            tries: dict[str, list[Any]] = {}
            of_these = attempts.c.message.in_([row["id"] for row in shown])
            for row in connection.execute(select(attempts).where(of_these).order_by(attempts.c.n)).mappings():
                tries.setdefault(row["message"], []).append(row)
            told_of = {row["case"] for row in shown}
            known = {
                row["id"]: case_of(row)
                for row in connection.execute(select(cases).where(cases.c.id.in_(told_of))).mappings()
            }
        listed = [
            ListedMessage(delivery_of(row, tries.get(row["id"], ())), known[row["case"]]) for row in shown
        ]
        return MessagePage(tuple(listed), shown[-1]["n"] if len(found) > limit else None)

    def counts(self, of: MessageFilter) -> dict[str, int]:
        """How many messages a filter finds, by each of `WHICH`."""
        query = select(messages.c.state, func.count()).select_from(_joined(of))
        query = query.where(_wanted(replace(of, which=ALL))).group_by(messages.c.state)
        with self._database.reading() as connection:
            rows = connection.execute(query.where(*_numbered(connection, of)))
            found: dict[str, int] = {row[0]: row[1] for row in rows}
        by_which = {which: sum(found.get(state, 0) for state in states) for which, states in _STATES.items()}
        return {ALL: sum(found.values()), **by_which}

    def channels(self) -> list[str]:
        """Channels that the newest messages went by, without their servers."""
        newest = select(messages.c.channel).order_by(messages.c.n.desc()).limit(_NEWEST).subquery()
        with self._database.reading() as connection:
            lanes = connection.execute(select(newest.c.channel).distinct()).scalars()
            return sorted({lane.partition("|")[0] for lane in lanes})

    def standing(self, failed_since: int) -> list[LaneStanding]:
        """The lanes on which messages wait, or failed after an instant; those that fail first."""
        waiting = _per_lane(messages.c.done_at.is_(None), func.min(messages.c.written_at))
        failed = _per_lane(
            and_(messages.c.state.in_(FAILED), messages.c.done_at >= failed_since), func.max(messages.c.n)
        )
        lanes: dict[str, LaneStanding] = {}
        with self._database.reading() as connection:
            for lane, number, oldest in connection.execute(waiting):
                lanes[lane] = LaneStanding(lane, number, oldest, 0, "")
            for lane, number, newest in connection.execute(failed):
                why = connection.execute(select(messages.c.reason).where(messages.c.n == newest)).scalar_one()
                before = lanes.get(lane, LaneStanding(lane, 0, None, 0, ""))
                lanes[lane] = before._replace(failed=number, reason=why)
        return sorted(lanes.values(), key=lambda one: (-one.failed, -one.waiting, one.lane))


def _numbered(connection: Connection, of: MessageFilter) -> list[ColumnElement[bool]]:
    """Between which numbers the messages of a filter's span lie, so that no others are read.

    Numbers rise with time, but for transactions that ran side by side.
    """
    conditions: list[ColumnElement[bool]] = []
    if of.since is not None:
        conditions.append(messages.c.n >= _first_since(connection, of.since - _SIDE_BY_SIDE_MS))
    if of.until is not None:
        conditions.append(messages.c.n < _first_since(connection, of.until + _SIDE_BY_SIDE_MS))
    return conditions


def _first_since(connection: Connection, instant: int) -> int:
    """The number from which on messages were written since an instant, by halving."""
    low, newest = connection.execute(select(func.min(messages.c.n), func.max(messages.c.n))).one()
    low, high = low or 0, (newest or 0) + 1
    while low < high:
        middle = (low + high) // 2
        n, at = connection.execute(_NEXT, {"from": middle}).one()
        if at >= instant:
            high = middle
        else:
            low = n + 1
    return int(high)


_NEXT = (
    select(messages.c.n, messages.c.written_at)
    .where(messages.c.n >= bindparam("from"))
    .order_by(messages.c.n)
    .limit(1)
)


def _per_lane(condition: ColumnElement[bool], more: ColumnElement[Any]) -> Select[Any]:
    return select(messages.c.channel, func.count(), more).where(condition).group_by(messages.c.channel)


def _joined(of: MessageFilter) -> Any:
    """Messages, with their cases only where the filter asks of these: counting is quick without."""
    of_cases = of.site or of.sites is not None or of.but
    return messages.join(cases, cases.c.id == messages.c.case) if of_cases else messages


def _wanted(of: MessageFilter) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if of.which in _STATES:
        conditions.append(messages.c.state.in_(_STATES[of.which]))
    if of.channel:
        own_server = messages.c.channel.startswith(f"{of.channel}|", autoescape=True)
        conditions.append(or_(messages.c.channel == of.channel, own_server))
    if of.person:
        of_units = [messages.c.recipient.startswith(f"{unit}/", autoescape=True) for unit in sorted(of.units)]
        conditions.append(or_(messages.c.recipient.icontains(of.person, autoescape=True), *of_units))
    if of.case:
        conditions.append(_tells_of(of.case))
    if of.since is not None:
        conditions.append(messages.c.written_at >= of.since)
    if of.until is not None:
        conditions.append(messages.c.written_at < of.until)
    conditions += _seen(of.site, of.sites, of.but)
    return and_(*conditions)


def _tells_of(case: str) -> ColumnElement[bool]:
    """Messages of a case, and those of the case that told of several, if they cover it."""
    parent = select(cases.c.parent).where(cases.c.id == case, cases.c.parent.is_not(None)).scalar_subquery()
    covered = cast(messages.c.covers, Text).contains(f'"{case}"', autoescape=True)
    return or_(messages.c.case == case, and_(messages.c.case == parent, covered))


def _seen(site: str, sites: frozenset[str] | None, but: Collection[str]) -> list[ColumnElement[bool]]:
    """What the asker sees, and the site asked for; a message that covers a case of it is of it too."""
    found: list[ColumnElement[bool]] = []
    for wanted in (frozenset({site}) if site else None, sites):
        if wanted is None:
            continue
        if not wanted:
            found.append(false())
            continue
        member = cases.alias()
        covered = cast(messages.c.covers, Text).like(literal('%"') + member.c.id + literal('"%'))
        own = exists().where(member.c.parent == cases.c.id, member.c.site.in_(sorted(wanted)), covered)
        found.append(or_(cases.c.site.in_(sorted(wanted)), own))
    if but:
        found.append(cases.c.kind.not_in(sorted(but)))
    return found
