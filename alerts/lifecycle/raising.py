"""What a further breach asks of a case: level, track, evidence, verifier and times only rise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from alerts.lifecycle.case import LifeCase, LifeCommand, LifeFacts
from alerts.lifecycle.matters import (
    MatterRow,
    all_evidence,
    higher_level,
    higher_track,
    matter_of,
    stricter_verifier,
)
from alerts.lifecycle.states import WATCH_RECTIFY, WATCHES, rank_of
from alerts.lifecycle.stop_watch import MINUTE, URGENT_HOUR, TimeAllowed, deadline_after
from alerts.lifecycle.working_time import WorkingCalendar


class AskedMatter(NamedTuple):
    """What a command says of the matter, over what the case has of it."""

    kind: str
    level: str
    source: str
    allowance_left: int | None


def raised(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> AskedMatter:
    """The matter after a command: the higher level, and the allowance that it names."""
    said = command.values
    level = str(said.get("level", case.level))
    left = said.get("allowance_left")
    return AskedMatter(
        str(said.get("kind", case.kind)) if not case.id else case.kind,
        level if not case.id else higher_level(case.level, level),
        str(said.get("source", case.source)) if not case.id else case.source,
        left if isinstance(left, int) else None,
    )


def with_matter(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> LifeCase:
    """The case with all that the command's matter asks for, and nothing less than before."""
    asked = raised(case, command, facts)
    row = matter_of(asked.kind, asked.level, asked.source, asked.allowance_left, facts.matters)
    return replace(
        case,
        level=asked.level,
        track=higher_track(case.track, row.track),
        evidence=all_evidence(case.evidence, row.evidence),
        verifier=stricter_verifier(case.verifier, row.verifier),
        times=strictest(case.times, _times_of(row, command), command.at, facts.calendar),
        rebound_days=max(case.rebound_days, row.rebound_days),
    )


def rises(case: LifeCase, command: LifeCommand, facts: LifeFacts) -> bool:
    """True if the command raises the case's level or track."""
    after = with_matter(case, command, facts)
    return after.track != case.track or rank_of(after.level) > rank_of(case.level)


def asks_as_much(one: LifeCase, other: LifeCase) -> bool:
    """True if `one` asks for no lower track and no easier verifier than `other`."""
    return (
        higher_track(one.track, other.track) == one.track
        and stricter_verifier(one.verifier, other.verifier) == one.verifier
    )


def strictest(
    one: Sequence[TimeAllowed], other: Sequence[TimeAllowed], at: int, calendar: WorkingCalendar
) -> tuple[TimeAllowed, ...]:
    """For each watch the time whose deadline would come first if it began at `at`; the first of two alike."""
    found: list[TimeAllowed] = []
    for what in WATCHES:
        both = [allowed for allowed in (*one, *other) if allowed.what == what]
        if both:
            found.append(min(both, key=lambda a: deadline_after(a.measure, at, a.ms(calendar), calendar)))
    return tuple(found)


def _times_of(row: MatterRow, command: LifeCommand) -> tuple[TimeAllowed, ...]:
    """Times of a row; for rectifying the hours that the rule gives, or the deadline that somebody has set."""
    due = command.values.get("due")
    if isinstance(due, int):  # whoever it comes from has set it
        ruled = TimeAllowed(WATCH_RECTIFY, max(1, (due - command.at) // 60_000), MINUTE)
        return tuple(ruled if allowed.what == WATCH_RECTIFY else allowed for allowed in row.times)
    hours = command.values.get("rectify_hours")
    if not isinstance(hours, int) or hours <= 0:
        return row.times
    ruled = TimeAllowed(WATCH_RECTIFY, hours, URGENT_HOUR)
    return tuple(ruled if allowed.what == WATCH_RECTIFY else allowed for allowed in row.times)
