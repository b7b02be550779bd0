"""What has changed since an instant, in the order in which it changed, page by page: for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, false, or_, select

from alerts.store.life_tables import case_breaches, life_cases
from alerts.store.tables import cases

CASES, BREACHES = "cases", "breaches"


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """What is asked for; `since`: ms UTC; `after`: where the page before ended."""

    since: int = 0
    after: tuple[int, int] | None = None
    limit: int = 100
    site: str = ""
    sites: frozenset[str] | None = None  # of these alone
    but: frozenset[str] = frozenset()  # kinds


class ChangedPage(NamedTuple):
    """Rows as plain values, and where the next page begins; None: there is none yet."""

    rows: tuple[Mapping[str, Any], ...]
    after: tuple[int, int] | None


def changed_page(connection: Connection, what: str, of: ChangeFilter) -> ChangedPage:
    """A page of cases, or of breaches with the number of their case."""
    table = life_cases if what == CASES else cases
    query = select(life_cases) if what == CASES else _BREACHES
    query = query.where(_wanted(table, of)).order_by(table.c.updated_at, table.c.n).limit(of.limit + 1)
    found = connection.execute(query).mappings().all()
    last = found[of.limit - 1] if len(found) > of.limit else None
    rows = tuple(dict(row) for row in found[: of.limit])
    return ChangedPage(rows, None if last is None else (last["updated_at"], last["n"]))


# those of programs of before that have no case yet are there as well
_BREACHES = (
    select(cases, life_cases.c.n.label("number"), case_breaches.c.round)
    .outerjoin(case_breaches, case_breaches.c.finding == cases.c.id)
    .outerjoin(life_cases, life_cases.c.id == case_breaches.c.case)
    .where(cases.c.breach.is_not(None))
)


def _wanted(table: Table, of: ChangeFilter) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [table.c.updated_at >= of.since]
    if of.after is not None:
        at, n = of.after
        conditions.append(or_(table.c.updated_at > at, and_(table.c.updated_at == at, table.c.n > n)))
    if of.site:
        conditions.append(table.c.site == of.site)
    if of.sites is not None:
        conditions.append(table.c.site.in_(sorted(of.sites)) if of.sites else false())
    if of.but:
        conditions.append(table.c.kind.not_in(sorted(of.but)))
    return and_(*conditions)
