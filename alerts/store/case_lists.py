"""Lists of cases: which of them, in which order, page by page; and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select, true

from alerts.cases import ACKNOWLEDGED, CLOSED, OPEN, RECOVERED
from alerts.kinds import UNSIGNED
from alerts.records import Case
from alerts.store.tables import cases

UNCLOSED = (OPEN, ACKNOWLEDGED, RECOVERED)
# Which cases: `waiting` for somebody to act, the most urgent first, or by their age.
ALL, OPEN_ONES, UNSIGNED_ONES, OVERDUE, CLOSED_ONES = "all", "open", "unsigned", "overdue", "closed"
WHICH: tuple[str, ...] = (OPEN_ONES, UNSIGNED_ONES, OVERDUE, CLOSED_ONES, ALL)
_WAITING = (OPEN_ONES, UNSIGNED_ONES, OVERDUE)
_FAR = 1 << 52  # after every deadline


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a list shows. `text` is looked for in ids, titles and devices; `named`: sites that it names."""

    which: str = OPEN_ONES
    kind: str = ""
    site: str = ""
    text: str = ""
    named: frozenset[str] = frozenset()
    sites: frozenset[str] | None = None  # of these alone
    but: frozenset[str] = frozenset()  # kinds
    now: int = 0


class CasePage(NamedTuple):
    """Cases, and where the next page begins; None: there is none."""

    cases: tuple[Case, ...]
    after: tuple[int, int] | None


def wanted(of: CaseFilter) -> ColumnElement[bool]:
    """The condition of a filter; cases of outlooks are never listed."""
    conditions: list[ColumnElement[bool]] = [cases.c.kind.not_in(UNSIGNED), _which(of)]
    if of.kind:
        conditions.append(cases.c.kind == of.kind)
    if of.site:
        conditions.append(cases.c.site == of.site)
    if of.sites is not None:
        conditions.append(cases.c.site.in_(sorted(of.sites)) if of.sites else false())
    if of.but:
        conditions.append(cases.c.kind.not_in(sorted(of.but)))
    if of.text:
        in_words = [column.icontains(of.text, autoescape=True) for column in _SEARCHED]
        conditions.append(or_(*in_words, cases.c.site.in_(sorted(of.named)) if of.named else false()))
    return and_(*conditions)


def page_of(of: CaseFilter, after: tuple[int, int] | None, limit: int) -> Select[Any]:
    """Rows of a page, with `urgency`: one more than `limit`, if there is a next page."""
    key = _urgency(of)
    query = select(cases, key.label("urgency")).where(wanted(of))
    if after is not None:
        query = query.where(or_(key > after[0], and_(key == after[0], cases.c.n < after[1])))
    return query.order_by(key, cases.c.n.desc()).limit(limit + 1)


def count_of(of: CaseFilter) -> Select[Any]:
    """How many cases a filter finds."""
    return select(func.count()).select_from(cases).where(wanted(of))


_SEARCHED = (cases.c.id, cases.c.title, cases.c.device, cases.c.site)


def _which(of: CaseFilter) -> ColumnElement[bool]:
    running = and_(cases.c.state.in_((OPEN, ACKNOWLEDGED)), cases.c.recovered_at.is_(None))
    conditions: dict[str, ColumnElement[bool]] = {
        ALL: true(),
        OPEN_ONES: cases.c.state.in_(UNCLOSED),
        UNSIGNED_ONES: cases.c.state.in_((OPEN, RECOVERED)),
        OVERDUE: and_(running, cases.c.deadline < of.now),
        CLOSED_ONES: cases.c.state == CLOSED,
    }
    return conditions[of.which]


def _urgency(of: CaseFilter) -> ColumnElement[int]:
    """Sort key: deadlines that still run, then none, then what is over; of the others the newest first."""
    if of.which not in _WAITING:
        return literal(0)
    return case(
        (cases.c.recovered_at.is_not(None), _FAR + 1),
        (cases.c.deadline.is_(None), _FAR),
        else_=cases.c.deadline,
    )
