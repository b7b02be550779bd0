"""Traits of cases in SQL: what cases are counted by, which are alike, where a night check is worth it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Executable, and_, exists, false, func, select
from sqlalchemy.dialects import postgresql, sqlite

from alerts.casework.life_planner import SEVERAL_SITES
from alerts.casework.traits import ALIKE, HOUR_OF_DAY, NIGHT_HOURS, TRAITS, WIND_FROM, Traits
from alerts.kinds import EXCEEDANCE
from alerts.lifecycle.states import OPEN_STATES
from alerts.store.engine import Database
from alerts.store.life_tables import case_breaches, case_traits, life_cases

_NEW: dict[str, Executable] = {
    "sqlite": sqlite.insert(case_traits).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(case_traits).on_conflict_do_nothing(),
}
_MOST_ALIKE = 50
_MOST_SITES = 20


def write_traits(connection: Connection, case: str, traits: Traits) -> None:
    """Write what a case is counted by; what is there already stays."""
    if traits:
        new = [{"case": case, "trait": trait, "value": value} for trait, value in dict.fromkeys(traits)]
        connection.execute(_NEW[connection.dialect.name], new)


@dataclass(frozen=True, slots=True)
class CausePeriod:
    """Cases opened in [start, end), ms UTC, of these sites (None: all) and of no kind in `but`."""

    start: int
    end: int
    sites: frozenset[str] | None = None
    but: frozenset[str] = frozenset()


class TraitCount(NamedTuple):
    """How many cases have a value of a trait; `still_open`: how many of them people still work at."""

    value: str
    cases: int
    sites: int
    still_open: int


class AlikeCase(NamedTuple):
    """An open case of another site with the same measure or cause."""

    number: int
    site: str
    trait: str
    value: str


class CommonCauses:
    """Counts over `case_traits`. May raise SQLAlchemy's `OperationalError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, of: CausePeriod) -> dict[str, tuple[TraitCount, ...]]:
        """For each of `TRAITS` its values, the most frequent first."""
        number = func.count()
        still_open = func.count().filter(life_cases.c.state.in_(OPEN_STATES))
        sites = func.count(life_cases.c.site.distinct())
        query = (
            select(case_traits.c.trait, case_traits.c.value, number, sites, still_open)
            .join(life_cases, life_cases.c.id == case_traits.c.case)
            .where(_within(of))
            .group_by(case_traits.c.trait, case_traits.c.value)
            .order_by(number.desc(), case_traits.c.value)
        )
        found: dict[str, list[TraitCount]] = {trait: [] for trait in TRAITS}
        with self._database.reading() as connection:
            for trait, *count in connection.execute(query):
                found.setdefault(trait, []).append(TraitCount(*count))
        return {trait: tuple(counts) for trait, counts in found.items()}

    def total(self, of: CausePeriod) -> int:
        """How many cases were opened."""
        query = select(func.count()).select_from(life_cases).where(_within(of))
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def alike(self, case: str, of: CausePeriod) -> tuple[AlikeCase, ...]:
        """Open cases of other sites with a measure or cause of this one, by site; `of`: whose and which."""
        own, other = case_traits.alias(), case_traits.alias()
        mine = life_cases.alias()
        query = (
            select(life_cases.c.n, life_cases.c.site, other.c.trait, other.c.value)
            .join(other, other.c.case == life_cases.c.id)
            .join(own, and_(own.c.trait == other.c.trait, own.c.value == other.c.value))
            .join(mine, mine.c.id == own.c.case)
            .where(
                own.c.case == case,
                own.c.trait.in_(ALIKE),
                life_cases.c.state.in_(OPEN_STATES),
                life_cases.c.site != mine.c.site,
                life_cases.c.site != SEVERAL_SITES,
                _within(of),
            )
            .order_by(life_cases.c.site, life_cases.c.n, other.c.trait, other.c.value)
            .limit(_MOST_ALIKE)
        )
        with self._database.reading() as connection:
            return tuple(AlikeCase(*row) for row in connection.execute(query))

    def worth_a_night_check(self, of: CausePeriod) -> tuple[tuple[str, int], ...]:
        """(site, hours of the night in which exceedances began), those with most first: 22:00 to 06:00."""
        hours = func.count()
        query = (
            select(life_cases.c.site, hours)
            .join(case_traits, case_traits.c.case == life_cases.c.id)
            .where(
                life_cases.c.kind == EXCEEDANCE,
                case_traits.c.trait == HOUR_OF_DAY,
                case_traits.c.value.in_(NIGHT_HOURS),
                _within(of),
            )
            .group_by(life_cases.c.site)
            .order_by(hours.desc(), life_cases.c.site)
            .limit(_MOST_SITES)
        )
        with self._database.reading() as connection:
            return tuple((site, number) for site, number in connection.execute(query))

    def without_wind(self, since: int, until: int, limit: int) -> tuple[tuple[str, str, int], ...]:
        """(case, site, first interval's start) of exceedances opened in [since, until) without a wind."""
        noted = exists().where(case_traits.c.case == life_cases.c.id, case_traits.c.trait == WIND_FROM)
        query = (
            select(life_cases.c.id, life_cases.c.site, func.min(case_breaches.c.start))
            .join(case_breaches, case_breaches.c.case == life_cases.c.id)
            .where(
                life_cases.c.kind == EXCEEDANCE,
                life_cases.c.opened_at >= since,
                life_cases.c.opened_at < until,
                ~noted,
            )
            .group_by(life_cases.c.id, life_cases.c.site, life_cases.c.n)
            .order_by(life_cases.c.n)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return tuple((case, site, start) for case, site, start in connection.execute(query))

    def note_wind(self, found: Mapping[str, str]) -> None:
        """Write where the wind of cases came from: case -> sector, or why none is known."""
        with self._database.writing() as connection:
            for case, sector in found.items():
                write_traits(connection, case, ((WIND_FROM, sector),))


def _within(of: CausePeriod) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [
        life_cases.c.opened_at >= of.start,
        life_cases.c.opened_at < of.end,
    ]
    if of.sites is not None:
        conditions.append(life_cases.c.site.in_(sorted(of.sites)) if of.sites else false())
    if of.but:
        conditions.append(life_cases.c.kind.not_in(sorted(of.but)))
    return and_(*conditions)
