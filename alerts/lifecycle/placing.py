"""Where a breach goes: each is in exactly one case, found by the first of four rules that fits.

1. late or not to be told: the case of its day, else one on record; never a rebound
2. an open case of its site, matter and day
3. the newest case of its site and matter in rebound watch that closed before its interval: a further round
4. a new case that names its predecessor; a case on record of that day is opened instead

A matter is a kind at a site on a county day. Exceeding hours past the day of their breach go to the case of
their own day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts.lifecycle.case import LifeCase
from alerts.lifecycle.states import NOT_TOLD_ON_RECORD, REBOUND_WATCH, RECORDED
from processors.records import short_id

# Why a breach is in its case: the `why` of `case_breaches`
NOT_TOLD_CASE_OF_DAY = "not_told_case_of_day"
OPEN_CASE_OF_DAY = "open_case_of_day"
FURTHER_ROUND = "further_round"
NEW_CASE = "new_case"
OPENED_FROM_RECORD = "opened_from_record"
STAYS = "stays"
FOLLOWS_MERGED = "follows_merged"
PLACINGS: Mapping[str, str] = {
    NOT_TOLD_CASE_OF_DAY: "late or not to be told: noted in the case of its day",
    NOT_TOLD_ON_RECORD: "late or not to be told, and its day has no case: on record",
    OPEN_CASE_OF_DAY: "an open case of its site, matter and day takes it",
    FURTHER_ROUND: "found again after the closing of a case that is watched: a further round of it",
    NEW_CASE: "no case takes it: a new one, which names its predecessor",
    OPENED_FROM_RECORD: "its day has a case on record, which is opened now",
    STAYS: "it has its case already",
    FOLLOWS_MERGED: "its case was merged into this one, which goes on for it",
}


class FoundBreach(NamedTuple):
    """What placing has to know of a breach. `tell`: found in time, and somebody is to be told."""

    id: str
    site: str
    kind: str
    day: str  # county day of its interval, ISO
    start: int  # of the interval that opened it, ms UTC
    tell: bool


class Placement(NamedTuple):
    """The case of a breach and the command to give it: open, record, join, amend or rebound.

    `is_new`: no such case is there yet. `moved_from`: the case that had the breach before.
    """

    breach: str
    case: str
    command: str
    round: int
    day: str
    why: str
    is_new: bool = False
    predecessor: str | None = None
    moved_from: str | None = None


class HourPlacement(NamedTuple):
    """An exceeding hour (its start, ms UTC), its county day, and where it goes."""

    hour: int
    day: str
    placement: Placement


def county_day(start: int, end: int, zone: str) -> str:
    """County day of an interval [start, end), ISO: the day of its last instant.

    So an hour and a whole day are of their own day, a rolling window of the day on which it was found.
    """
    last = max(start, end - 1)
    return datetime.fromtimestamp(last / 1000, ZoneInfo(zone)).date().isoformat()


def hours_by_day(hours: Iterable[int], zone: str) -> dict[str, tuple[int, ...]]:
    """Exceeding hours (starts, ms UTC) by county day, each once and in order."""
    found: dict[str, list[int]] = {}
    for hour in sorted(set(hours)):
        found.setdefault(county_day(hour, hour, zone), []).append(hour)
    return {day: tuple(starts) for day, starts in found.items()}


def case_id(site: str, kind: str, day: str, ordinal: int) -> str:
    """Id of the case of a matter: `ordinal` cases of it were there before."""
    return short_id("matter", site, kind, day, ordinal)


def in_order(found: Iterable[FoundBreach]) -> list[FoundBreach]:
    """Breaches of one minute in the order in which to place them, however they came: those to tell first."""
    return sorted(found, key=lambda one: (not one.tell, one.start, one.id))


def place(found: FoundBreach, cases: Sequence[LifeCase], placed_in: str | None = None) -> Placement:
    """Where a breach goes. `placed_in`: the case that has it already.

    `cases`: of its site, at least all of its kind that are of its day or have not ended, the newest of its
    kind, and those that they were merged into. A breach stays where it is, unless it is told only now and its
    case is not worked at. Raises ValueError if `placed_in` is not among the cases.
    """
    by_id = {case.id: case for case in cases}
    had = _having(placed_in, by_id)
    if had is not None:
        now = _where_it_went(had, by_id)
        if now.is_open:
            command = "join" if found.tell else "amend"
            if now is had:
                return Placement(found.id, had.id, command, had.round, found.day, STAYS)
            return Placement(
                found.id, now.id, command, now.round, found.day, FOLLOWS_MERGED, moved_from=had.id
            )
        if not found.tell:
            return Placement(found.id, had.id, "amend", had.round, found.day, STAYS)
    own = [case for case in cases if (case.site, case.kind) == (found.site, found.kind)]
    placement = _told(found, own, by_id) if found.tell else _not_told(found, own)
    moved = placed_in is not None and placed_in != placement.case
    return placement._replace(moved_from=placed_in) if moved else placement


def place_hours(
    found: FoundBreach, hours: Iterable[int], cases: Sequence[LifeCase], placed_in: str, zone: str
) -> list[HourPlacement]:
    """Where the exceeding hours of a placed breach go.

    To its own case while that is open and the day is the same; past midnight to the case of the new day;
    where there is none, to a new one that names the case before.
    """
    by_id = {case.id: case for case in cases}
    own = [case for case in cases if (case.site, case.kind) == (found.site, found.kind)]
    had = _having(placed_in, by_id)
    result: list[HourPlacement] = []
    before = placed_in
    for day, starts in hours_by_day(hours, zone).items():
        of_day = found._replace(day=day, start=starts[0])
        if had is not None and had.days[-1:] == (day,) and (not found.tell or _goes_on(had, by_id)):
            placement = place(of_day, cases, placed_in)
        elif found.tell:
            placement = _open_of_day(of_day, own, by_id) or _new(of_day, own, before)
        else:
            placement = _not_told(of_day, own, before)
        before = placement.case
        result += [HourPlacement(hour, day, placement) for hour in starts]
    return result


def taken_by(site: str, kind: str, day: str, cases: Sequence[LifeCase]) -> str | None:
    """The open case of a matter, or None: for `LifeFacts.taken_by`, before anybody opens another."""
    own = [case for case in cases if (case.site, case.kind) == (site, kind)]
    asked = FoundBreach("", site, kind, day, 0, True)
    found = _open_of_day(asked, own, {case.id: case for case in cases})
    return found.case if found is not None else None


def _having(placed_in: str | None, by_id: Mapping[str, LifeCase]) -> LifeCase | None:
    if placed_in is not None and placed_in not in by_id:
        raise ValueError(f"the breach is in case {placed_in}, which is not among the cases given")
    return by_id.get(placed_in or "")


def _goes_on(case: LifeCase, by_id: Mapping[str, LifeCase]) -> bool:
    return _where_it_went(case, by_id).is_open


def _where_it_went(case: LifeCase, by_id: Mapping[str, LifeCase]) -> LifeCase:
    """The case that goes on for a merged one."""
    seen = {case.id}
    while (into := by_id.get(case.merged_into or "")) is not None and into.id not in seen:
        case = into
        seen.add(case.id)
    return case


def _newest(cases: Iterable[LifeCase]) -> LifeCase | None:
    return max(cases, key=lambda case: (case.days[-1:], case.opened_at, case.id), default=None)


def _not_told(found: FoundBreach, own: Sequence[LifeCase], before: str | None = None) -> Placement:
    if (case := _newest(c for c in own if found.day in c.days)) is not None:
        return Placement(found.id, case.id, "amend", case.round, found.day, NOT_TOLD_CASE_OF_DAY)
    return _new(found, own, before)._replace(command="record", why=NOT_TOLD_ON_RECORD)


def _told(found: FoundBreach, own: Sequence[LifeCase], by_id: Mapping[str, LifeCase]) -> Placement:
    if (open_one := _open_of_day(found, own, by_id)) is not None:
        return open_one
    watched = _newest(
        c for c in own if c.state == REBOUND_WATCH and c.closed_at is not None and c.closed_at <= found.start
    )
    if watched is not None:
        return Placement(found.id, watched.id, "rebound", watched.round + 1, found.day, FURTHER_ROUND)
    return _new(found, own)


def _open_of_day(
    found: FoundBreach, own: Sequence[LifeCase], by_id: Mapping[str, LifeCase]
) -> Placement | None:
    of_day = (_where_it_went(c, by_id) for c in own if c.days[-1:] == (found.day,))
    case = _newest(c for c in of_day if c.is_open)
    if case is None:
        return None
    return Placement(found.id, case.id, "join", case.round, found.day, OPEN_CASE_OF_DAY)


def _new(found: FoundBreach, own: Sequence[LifeCase], before: str | None = None) -> Placement:
    recorded = _newest(c for c in own if c.state == RECORDED and c.day == found.day)
    if recorded is not None:
        return Placement(found.id, recorded.id, "open", recorded.round, found.day, OPENED_FROM_RECORD)
    ordinal = sum(c.day == found.day for c in own)
    newest = _newest(own)
    predecessor = before or (newest.id if newest is not None else None)
    id = case_id(found.site, found.kind, found.day, ordinal)
    return Placement(found.id, id, "open", 1, found.day, NEW_CASE, True, predecessor)
