"""Lists of cases with a life: what a person has to do, and all the others, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from alerts.lifecycle.states import (
    ACKNOWLEDGED,
    ARCHIVED,
    ASSIGNED,
    AWAITING,
    ENVIRONMENT,
    OPEN_STATES,
    REBOUND_WATCH,
    RECTIFY,
    RECTIFYING,
)
from alerts.store.life_rows import KeptCase
from alerts.store.life_tables import case_breaches, case_units, life_cases
from alerts.store.tables import cases

MINE, OPEN_TASKS, LATE, AWAITED, WATCHED, ENDED, EVERY = (
    "mine",
    "open",
    "overdue",
    "awaiting",
    "watched",
    "archived",
    "all",
)
WHICH_TASKS: tuple[str, ...] = (MINE, OPEN_TASKS, LATE, AWAITED, WATCHED, ENDED, EVERY)
_FAR = 1 << 52  # after every deadline


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What a list of cases shows. `text`: in numbers, titles, monitors; `named`: sites that it names."""

    which: str = MINE
    kind: str = ""
    site: str = ""
    text: str = ""
    named: frozenset[str] = frozenset()
    sites: frozenset[str] | None = None  # of these alone
    but: frozenset[str] = frozenset()  # kinds
    units: frozenset[str] = frozenset()  # whose part the asker takes
    verifies: bool = False  # the asker's role verifies
    branch: bool = False  # the asker's unit is of the environment branch
    now: int = 0


class TaskPage(NamedTuple):
    """Cases, and where the next page begins; None: there is none."""

    tasks: tuple[KeptCase, ...]
    after: tuple[int, int] | None


def page_of(of: TaskFilter, after: tuple[int, int] | None, limit: int) -> Select[Any]:
    """Rows of a page, with `urgency`: one more than `limit`, if there is a next page."""
    key = _urgency(of)
    query = select(life_cases, key.label("urgency")).where(_wanted(of))
    if after is not None:
        query = query.where(or_(key > after[0], and_(key == after[0], life_cases.c.n < after[1])))
    return query.order_by(key, life_cases.c.n.desc()).limit(limit + 1)


def count_of(of: TaskFilter) -> Select[Any]:
    """How many cases a filter finds."""
    return select(func.count()).select_from(life_cases).where(_wanted(of))


def _wanted(of: TaskFilter) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [_which(of)]
    if of.kind:
        conditions.append(life_cases.c.kind == of.kind)
    if of.site:
        conditions.append(life_cases.c.site == of.site)
    if of.sites is not None:
        conditions.append(life_cases.c.site.in_(sorted(of.sites)) if of.sites else false())
    if of.but:
        conditions.append(life_cases.c.kind.not_in(sorted(of.but)))
    if of.text:
        conditions.append(_said(of))
    return and_(*conditions)


def _said(of: TaskFilter) -> ColumnElement[bool]:
    """What is searched: the number, the site's name, and titles, monitors and ids of what was found."""
    found = [column.icontains(of.text, autoescape=True) for column in (cases.c.title, cases.c.device)]
    inside = exists().where(
        case_breaches.c.case == life_cases.c.id, cases.c.id == case_breaches.c.finding, or_(*found)
    )
    number = life_cases.c.n == int(of.text) if of.text.isdecimal() and len(of.text) < 12 else false()
    named = life_cases.c.site.in_(sorted(of.named)) if of.named else false()
    return or_(number, named, life_cases.c.id == of.text, inside)


def _which(of: TaskFilter) -> ColumnElement[bool]:
    state = life_cases.c.state
    conditions: dict[str, ColumnElement[bool]] = {
        MINE: _mine(of),
        OPEN_TASKS: state.in_(OPEN_STATES),
        LATE: and_(state.in_(OPEN_STATES), life_cases.c.deadline < of.now),
        AWAITED: state == AWAITING,
        WATCHED: state == REBOUND_WATCH,
        ENDED: state == ARCHIVED,
        EVERY: true(),
    }
    return conditions[of.which]


def _mine(of: TaskFilter) -> ColumnElement[bool]:
    """What waits for somebody of these units: to act, to sign for a line, or to decide as another unit."""
    units = sorted(of.units)
    own = life_cases.c.unit.in_(units) if units else false()
    acts = life_cases.c.state.in_((ASSIGNED, RECTIFYING))
    begins = and_(life_cases.c.state == ACKNOWLEDGED, life_cases.c.track == RECTIFY)
    waits = [and_(own, or_(acts, begins))]
    if units:
        asked = exists().where(
            case_units.c.case == life_cases.c.id,
            case_units.c.unit.in_(units),
            case_units.c.signed_at.is_(None),
        )
        waits.append(and_(asked, life_cases.c.state.in_(OPEN_STATES)))
    if of.verifies:
        wanted = true() if of.branch else life_cases.c.verifier != ENVIRONMENT
        decides = or_(
            and_(life_cases.c.state == AWAITING, wanted),
            and_(life_cases.c.state.in_(OPEN_STATES), life_cases.c.appealed_at.is_not(None)),
            and_(life_cases.c.state.in_(OPEN_STATES), life_cases.c.withdrawal_at.is_not(None), wanted),
        )
        waits.append(and_(not_(own), decides))
    return or_(*waits)


def _urgency(of: TaskFilter) -> ColumnElement[int]:
    """Sort key: deadlines that run, then none; of what has ended the newest first."""
    if of.which in (WATCHED, ENDED, EVERY):
        return literal(0)
    return case((life_cases.c.deadline.is_(None), _FAR), else_=life_cases.c.deadline)
