"""Proof that every line of every site reaches somebody at each hour ahead, or who is missing where and when.

A day of which nobody knows yet whether people work is tried both ways. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise, product
from typing import NamedTuple

from alerts.duty import PLATFORM, Deputy, DutyRow, DutyTurn, unit_of_line
from alerts.duty.book import DutyMoment
from alerts.duty.rows import days_from
from alerts.kinds import LINES
from alerts.routing.forms import Routing
from alerts.routing.who import clock_text, joined, standing_of
from ingest.register import Contact, Register, Site

YEAR_DAYS = 366
_DAY_MIN = 24 * 60
_FOUND_AT_MOST = 3  # spans of days that a line names


class DutyGap(NamedTuple):
    """Hours of some days at which units that answer for a line of some sites reach nobody.

    `units`: the first answers, the next ones where it reaches nobody. `start`, `end`: minutes of the day.
    `supposing`: `workday` or `restday`, where the day may be either; empty: as it is known.
    """

    line: str
    units: tuple[str, ...]
    sites: tuple[str, ...]
    start: int
    end: int
    supposing: str
    days: tuple[date, ...]

    def words(self) -> str:
        """The gap in a line, and the way out."""
        spans = _spans(self.days)
        when = ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in spans[:_FOUND_AT_MOST])
        more = f" and {len(spans) - _FOUND_AT_MOST} spans more" if len(spans) > _FOUND_AT_MOST else ""
        supposing = {"workday": " should it be a day of work", "restday": " should it be a day of rest"}
        whose = f" for {_listed(self.sites)}" if self.sites else ""
        count = f"{len(self.days)} day{'' if len(self.days) == 1 else 's'}"
        return (
            f"{self.line}: {' and '.join(f'`{unit}`' for unit in self.units)} reach nobody{whose} "
            f"at {clock_text(self.start)}-{clock_text(self.end)} on {count} ({when}{more})"
            f"{supposing.get(self.supposing, '')}; name a person with a way to reach them, or a turn of duty"
        )


_Hole = tuple[int, int, str]  # start, end, supposing


def gaps_ahead(register: Register, routing: Routing, first: date, days: int = YEAR_DAYS) -> list[DutyGap]:
    """All gaps of so many days from `first` on, by line and unit; empty: somebody is reached at each hour."""
    proof = _Proof(register, routing, first, days)
    held: dict[tuple[str, tuple[str, ...]], dict[str, set[date]]] = {}
    for site in register.sites.values():
        for line in LINES:
            for units, span in proof.answering(site, line):
                held.setdefault((line, units), {}).setdefault(site.id, set()).update(span)
    held[PLATFORM, (PLATFORM,)] = {"": set(days_from(first, days))}
    found: dict[tuple[str, tuple[str, ...], tuple[str, ...], _Hole], list[date]] = {}
    for (line, units), of_sites in held.items():
        holes = proof.holes(units)
        for day, of_day in holes.items():
            sites = tuple(site for site, span in of_sites.items() if day in span and site)
            if sites or line == PLATFORM:
                for hole in of_day:
                    found.setdefault((line, units, sites, hole), []).append(day)
    return [
        DutyGap(line, units, sites, *hole, tuple(sorted(of)))
        for (line, units, sites, hole), of in found.items()
    ]


@dataclass
class _Proof:
    """Looks at each day of a unit once, and at days that are alike only once."""

    register: Register
    routing: Routing
    first: date
    days: int
    _known: dict[tuple[str, ...], dict[date, tuple[_Hole, ...]]] = field(default_factory=dict)

    def answering(self, site: Site, line: str) -> Iterator[tuple[tuple[str, ...], list[date]]]:
        """(units, days) of a line of a site."""
        found: dict[tuple[str, ...], list[date]] = {}
        otherwise = unit_of_line(site, line)
        for day in days_from(self.first, self.days):
            unit = self.routing.book.unit_of(site.id, line, day, otherwise)
            units: tuple[str, ...] = (unit,)
            if unit == f"site:{site.id}" and site.contractor:
                units = (unit, f"contractor:{site.contractor}")
            found.setdefault(units, []).append(day)
        yield from found.items()

    def holes(self, units: tuple[str, ...]) -> dict[date, tuple[_Hole, ...]]:
        """Days on which none of the units reaches anybody at some hour, with these."""
        if units not in self._known:
            self._known[units] = dict(self._holes(units))
        return self._known[units]

    def _holes(self, units: tuple[str, ...]) -> Iterator[tuple[date, tuple[_Hole, ...]]]:
        kinds = self.routing.duty.day_kinds(self.register.county.zone)
        rows = list(_rows_of(self.routing, units))
        turning_points = _turning_points(rows)
        edges = list(pairwise(sorted(_cuts(rows, [c for u in units for c in self._contacts(u)]))))
        alike: dict[tuple[object, ...], tuple[_Hole, ...]] = {}
        for day in days_from(self.first, self.days):
            before, today = kinds.possible(day - timedelta(days=1)), kinds.possible(day)
            same = (bisect_right(turning_points, day), day.weekday(), before, today)
            if same not in alike:
                alike[same] = self._holes_on(units, day, edges, list(product(today, before)))
            if alike[same]:
                yield day, alike[same]

    def _holes_on(
        self, units: tuple[str, ...], day: date, edges: list[tuple[int, int]], kinds: list[tuple[bool, bool]]
    ) -> tuple[_Hole, ...]:
        tried = {
            (today, before): [
                (start, end)
                for start, end in edges
                if not self._reached(units, DutyMoment(day, start, today, before))
            ]
            for today, before in kinds
        }
        always = [span for span in edges if all(span in holes for holes in tried.values())]
        found = [(start, end, "") for start, end in joined(always)]
        for working, words in ((True, "workday"), (False, "restday")):
            some = {span for (today, _), holes in tried.items() if today is working for span in holes}
            found += ((s, e, words) for s, e in joined(sorted(some - set(always))))
        return tuple(found)

    def _reached(self, units: tuple[str, ...], moment: DutyMoment) -> bool:
        return any(
            not isinstance(self.routing.channel_of(use), str)
            for unit in units
            for contact, _ in standing_of(self.routing, unit, self._contacts(unit), moment)
            for use in contact.channels
        )

    def _contacts(self, unit: str) -> tuple[Contact, ...]:
        kind, _, id = unit.partition(":")
        if unit == PLATFORM:
            return self.routing.form.operator
        known = self.register.departments.get(id) if kind == "department" else self.register.sites.get(id)
        return known.contacts if known is not None and kind != "contractor" else ()


def _rows_of(routing: Routing, units: Iterable[str]) -> Iterator[DutyRow]:
    book = routing.book
    for unit in units:
        for row in book.rows_of(unit):
            yield row
            if isinstance(row, DutyTurn) and row.person in book.people:
                yield book.people[row.person]
    for other in book.rows:
        if isinstance(other, Deputy):
            yield other
            if other.deputy in book.people:
                yield book.people[other.deputy]


def _turning_points(rows: Iterable[DutyRow]) -> list[date]:
    """Days from which on something may be otherwise; a night's turn reaches into the day after."""
    found = set()
    for row in rows:
        begins = [date.fromisoformat(row.since)] if row.since else []
        begins += [date.fromisoformat(row.until) + timedelta(days=1)] if row.until else []
        found |= {day + timedelta(days=n) for day in begins for n in (0, 1)}
    return sorted(found)


def _cuts(rows: Iterable[DutyRow], contacts: Iterable[Contact]) -> set[int]:
    hours = [row.hours for row in rows if isinstance(row, DutyTurn)]
    hours += [contact.hours or "" for contact in contacts]
    cuts = {0, _DAY_MIN}
    for text in filter(None, hours):
        cuts |= {int(part[:2]) * 60 + int(part[3:]) for part in text.split("-")}
    return cuts


def _spans(days: Iterable[date]) -> list[tuple[date, date]]:
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and spans[-1][1] + timedelta(days=1) == day:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


def _listed(names: tuple[str, ...]) -> str:
    some = ", ".join(names[:_FOUND_AT_MOST])
    left = len(names) - _FOUND_AT_MOST
    return f"{some} and {left} more" if left > 0 else some
