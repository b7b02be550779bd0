"""Which stop watch runs, stands or ends in which state, and what a step makes of the watches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from alerts.lifecycle.case import LifeCase, LifeFacts
from alerts.lifecycle.responsibility import ResponsibleLine, ended_lines, lines_of
from alerts.lifecycle.states import (
    ACKNOWLEDGED,
    ASSIGNED,
    AWAITING,
    POSTPONED,
    RECTIFYING,
    WATCH_RECTIFY,
    WATCH_SIGN,
    WATCH_VERIFY,
    WATCHES,
)
from alerts.lifecycle.stop_watch import StopWatch, TimeAllowed, frozen, paused, resumed, started

# Anywhere else a watch is frozen.
RUNS_IN: Mapping[str, tuple[str, ...]] = {
    WATCH_SIGN: (ASSIGNED,),
    WATCH_RECTIFY: (ASSIGNED, ACKNOWLEDGED, RECTIFYING),
    WATCH_VERIFY: (AWAITING,),
}
STANDS_IN: Mapping[str, tuple[str, ...]] = {
    WATCH_SIGN: (POSTPONED,),
    WATCH_RECTIFY: (AWAITING, POSTPONED),
    WATCH_VERIFY: (POSTPONED,),
}


def with_watches(case: LifeCase, at: int, facts: LifeFacts) -> LifeCase:
    """The case with the watches that its state asks for: begun, running on, standing, or frozen."""
    for what in WATCHES:
        case = _with_watch(case, what, at, facts)
    return case if case.is_open else replace(case, lines=ended_lines(case.lines, at, facts.calendar))


def with_lines(case: LifeCase, named: tuple[tuple[str, str], ...], at: int, facts: LifeFacts) -> LifeCase:
    """The case with its other lines of responsibility asked to sign; a new round asks those of the last."""
    again = named or tuple((line.line, line.unit) for line in case.lines if line.watch.round < case.round)
    allowed = next((a for a in case.times if a.what == WATCH_SIGN), None)
    if not again or allowed is None:
        return case
    asked: tuple[ResponsibleLine, ...] = lines_of(again, allowed, case.round, at, facts.calendar)
    return replace(case, lines=asked)


def _with_watch(case: LifeCase, what: str, at: int, facts: LifeFacts) -> LifeCase:
    live = case.live_watch(what)
    allowed = next((a for a in case.times if a.what == what), None)
    if case.state in RUNS_IN[what]:
        if live is None:
            return case if allowed is None else _added(case, allowed, at, facts)
        running = resumed(live, at, facts.calendar)
        if allowed is None or (allowed.amount, allowed.measure) == (live.amount, live.measure):
            return _replaced(case, live, running)
        stricter = started(allowed, case.unit, case.round, at, facts.calendar)
        if stricter.deadline >= running.deadline:
            return _replaced(case, live, running)
        ended = _replaced(case, live, frozen(live, at, facts.calendar))
        return replace(ended, watches=(*ended.watches, stricter))
    if live is None:
        return case
    if case.state in STANDS_IN[what]:
        return _replaced(case, live, paused(live, at, case.state, facts.calendar))
    return _replaced(case, live, frozen(live, at, facts.calendar))


def _added(case: LifeCase, allowed: TimeAllowed, at: int, facts: LifeFacts) -> LifeCase:
    watch = started(allowed, case.unit, case.round, at, facts.calendar)
    return replace(case, watches=(*case.watches, watch))


def _replaced(case: LifeCase, old: StopWatch, new: StopWatch) -> LifeCase:
    return replace(case, watches=tuple(new if watch is old else watch for watch in case.watches))
