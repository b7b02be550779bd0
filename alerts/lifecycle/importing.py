"""Cases of before there were stages: the life cycle's case of such a row, and the command that records it.

    open -> assigned · recovered -> assigned and over · acknowledged -> acknowledged · closed -> archived

Nobody's identity stands behind an old signature, so the name is kept as a note that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from alerts.lifecycle.case import Actor, LifeCase, LifeCommand, LifeFacts, Salted
from alerts.lifecycle.matters import SIGN_ONLY
from alerts.lifecycle.states import (
    ACKNOWLEDGED,
    ARCHIVED,
    ASSIGNED,
    MACHINE,
    MACHINE_FOUND,
    SIGN,
    SIGNED_AND_OVER,
    WATCH_SIGN,
)
from alerts.lifecycle.stop_watch import URGENT_HOUR, TimeAllowed, due_percents, started, triggered

_HOUR = 3_600_000
STATES_BEFORE: Mapping[str, str] = {
    "open": ASSIGNED,
    "recovered": ASSIGNED,
    "acknowledged": ACKNOWLEDGED,
    "closed": ARCHIVED,
}


class CaseOfBefore(NamedTuple):
    """What an old row says; `day` is the county day of its beginning, `unit` whom routing would name now."""

    id: str
    state: str
    kind: str
    level: str
    site: str
    day: str
    unit: str
    opened_at: int
    deadline: int | None = None
    recovered_at: int | None = None
    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    closed_at: int | None = None


def life_of_before(old: CaseOfBefore, at: int, facts: LifeFacts) -> LifeCase:
    """The case of an old row, of the track that needs a signature; its deadline becomes that for signing.

    Thresholds that were reached before `at` count as told. Raises KeyError for a state that has no successor
    (`foretold`: an outlook has no life cycle).
    """
    state = STATES_BEFORE[old.state]
    case = LifeCase(
        id=old.id,
        site=old.site,
        kind=old.kind,
        day=old.day,
        days=(old.day,),
        source=MACHINE_FOUND,
        level=old.level,
        state=state,
        track=SIGN,
        opened_at=old.opened_at,
        state_since=at,
        updated_at=at,
        unit=old.unit or facts.county_office,
        times=SIGN_ONLY,
        signed_at=old.acknowledged_at,
        over_at=old.recovered_at,
    )
    if state == ARCHIVED:
        ended = old.closed_at if old.closed_at is not None else at
        return replace(case, archived_at=ended, archived_as=SIGNED_AND_OVER)
    if state != ASSIGNED or old.deadline is None:
        return case
    hours = max(1, round((old.deadline - old.opened_at) / _HOUR))
    allowed = TimeAllowed(WATCH_SIGN, hours, URGENT_HOUR)
    watch = started(allowed, case.unit, 1, old.deadline - hours * _HOUR, facts.calendar)
    for percent in due_percents(watch, at):
        watch = triggered(watch, percent, at)
    return replace(case, times=(allowed,), watches=(watch,))


def import_of(old: CaseOfBefore, at: int, salt: bytes) -> LifeCommand:
    """The command for `decide(None, ..., facts with `other` = the case)`, one for each case."""
    by = old.acknowledged_by
    texts = {"note": Salted(salt, f"signed without identity: {by}")} if by else {}
    said = {
        "case": old.id,
        "site": old.site,
        "kind": old.kind,
        "day": old.day,
        "source": MACHINE_FOUND,
        "level": old.level,
    }
    return LifeCommand("imported", at, 0, Actor(MACHINE), said, texts)
