"""What the passing of time asks for: the machine's next command to a case, and when to look again.

All of it follows from the case's values: after a restart, however long, the same commands are due.
"""

from __future__ import annotations

from alerts.lifecycle.case import Actor, LifeCase, LifeCommand, LifeFacts
from alerts.lifecycle.states import (
    ACKNOWLEDGED,
    ARCHIVED,
    MACHINE,
    MERGED,
    POSTPONED,
    REBOUND_WATCH,
    SIGN,
    WATCHES,
)
from alerts.lifecycle.stop_watch import RUNNING, StopWatch, due_percents
from alerts.lifecycle.trail import Plain

_MACHINE = Actor(MACHINE)


def next_due(case: LifeCase, at: int, facts: LifeFacts) -> LifeCommand | None:
    """The command that is due at `at`, or None. Several may be: give one, then ask with the case after it.

    `facts.other` is looked at for a merged case: the one that it was merged into.
    """
    if case.state == POSTPONED and _is_past(case.postponed_until, at):
        return LifeCommand("resume", at, case.version, _MACHINE)
    if case.state == REBOUND_WATCH and _is_past(case.watch_until, at):
        return LifeCommand("archive", at, case.version, _MACHINE)
    signed_and_over = case.signed_at is not None and case.over_at is not None
    if case.state == ACKNOWLEDGED and case.track == SIGN and signed_and_over:
        return LifeCommand("archive", at, case.version, _MACHINE)
    other = facts.other
    if case.state == MERGED and other and other.id == case.merged_into and other.state == ARCHIVED:
        return LifeCommand("archive", at, case.version, _MACHINE)
    if case.is_open and _is_past(case.suppressed_until, at):
        return LifeCommand("unsuppress", at, case.version, _MACHINE)
    return _threshold_due(case, at) if case.is_open else None


def wakes_at(case: LifeCase) -> int | None:
    """The earliest instant at which `next_due` may have something; None: not by time alone.

    For a column to look cases up by. What is due already has an instant of the past.
    """
    found: list[int | None] = []
    if case.state == POSTPONED:
        found.append(case.postponed_until)
    if case.state == REBOUND_WATCH:
        found.append(case.watch_until)
    if case.state == ACKNOWLEDGED and case.track == SIGN and case.signed_at is not None:
        found.append(case.over_at)
    if case.is_open:
        found.append(case.suppressed_until)
        found += [_first_untold(watch) for watch in _watches(case)]
    return min((instant for instant in found if instant is not None), default=None)


def _is_past(end: int | None, at: int) -> bool:
    return end is not None and end <= at


def _watches(case: LifeCase) -> tuple[StopWatch, ...]:
    return (*case.watches, *(line.watch for line in case.lines))


def _first_untold(watch: StopWatch) -> int | None:
    if watch.ended is not None:
        return None
    runs = watch.state == RUNNING
    untold = (t.deadline for t in watch.thresholds if t.triggered is None and (runs or t.passed is not None))
    return min(untold, default=None)


def _threshold_due(case: LifeCase, at: int) -> LifeCommand | None:
    for what in WATCHES:
        live = case.live_watch(what)
        if live is not None and (due := due_percents(live, at)):
            return LifeCommand("threshold", at, case.version, _MACHINE, {"what": what, "percent": due[0]})
    for line in case.lines:
        if due := due_percents(line.watch, at):
            said: dict[str, Plain] = {"what": line.watch.what, "line": line.name, "percent": due[0]}
            return LifeCommand("threshold", at, case.version, _MACHINE, said)
    return None
