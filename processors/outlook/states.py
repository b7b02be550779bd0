"""The word before the breach: the state of a rule's open window at a point, said once and when it rises.

States and conditions are numbers in numpy columns; both tables below are the whole of the logic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from processors.columns import NANO, UNBOUNDED, Int8s, Int32s, Int64s
from processors.outlook.levels import Recent
from processors.outlook.projection import (
    NONE,
    Bars,
    Progress,
    Projection,
    ProjectionSettings,
    Prospects,
    bars_of,
    project,
    prospects,
    rows_of,
)
from processors.plan.plan import Plan
from processors.plan.rule_in_force import RuleInForce
from processors.plan.rules import Rule
from processors.records.ids import short_id
from processors.records.outlooks import (
    CERTAIN,
    EVENTS,
    IF_MEASURED,
    QUIET,
    STATES,
    UNDETERMINABLE,
    WARNING,
    Outlook,
)

_MOST_TURNS = 100


# What an evaluation finds; a later one takes the place of an earlier one.
UNKNOWN, CLEAR, BETWEEN, LIKELY, ZEROS_EXCEED, CANNOT_COMPLY, OUT_OF_REACH = range(7)

_Q, _W, _I, _C, _U = QUIET, WARNING, IF_MEASURED, CERTAIN, UNDETERMINABLE
NEXT: Int8s = np.array(  # [state][condition]
    [
        # unknown clear between likely zeros_exceed cannot_comply out_of_reach
        [_Q, _Q, _Q, _W, _I, _C, _U],  # quiet
        [_W, _Q, _W, _W, _I, _C, _U],  # warning: stays until the probability is well below
        [_W, _Q, _W, _W, _I, _C, _U],  # exceeds if measuring goes on: falls only if readings changed
        [_W, _Q, _W, _W, _I, _C, _U],  # certain: the same
        [_Q, _Q, _Q, _W, _I, _C, _U],  # undeterminable
    ],
    np.int8,
)
NOTHING, ROSE, CLEARED, WITHDRAWN, LOST = range(5)
EVENT: Int8s = np.array(  # [state before][state after]
    [
        # quiet warning if_measured certain undeterminable
        [NOTHING, ROSE, ROSE, ROSE, NOTHING],  # nobody was told anything that must be taken back
        [CLEARED, NOTHING, ROSE, ROSE, LOST],
        [WITHDRAWN, WITHDRAWN, NOTHING, ROSE, LOST],
        [WITHDRAWN, WITHDRAWN, WITHDRAWN, NOTHING, LOST],
        [NOTHING, ROSE, ROSE, ROSE, NOTHING],
    ],
    np.int8,
)


@dataclass(frozen=True, slots=True)
class OutlookSettings:
    """When to warn and when to take it back; a proposal of this project, tuned on recordings."""

    warn_permyriad: int = 9000
    clear_permyriad: int = 4000


@dataclass(slots=True, eq=False)
class Watch:
    """One rule's open window; a line a device row. `turn`: how often a word was taken back."""

    state: Int8s
    turn: Int8s

    @classmethod
    def of(cls, n: int) -> Watch:
        """A window that has just begun."""
        return cls(np.zeros(n, np.int8), np.zeros(n, np.int8))

    def moved(self, old_row: Int32s) -> Watch:
        """The same for a new plan; `old_row[new]` is -1 for a device that was not there."""
        made, stays = Watch.of(len(old_row)), old_row >= 0
        made.state[stays], made.turn[stays] = self.state[old_row[stays]], self.turn[old_row[stays]]
        return made


def conditions(found: Prospects, projection: Projection, settings: OutlookSettings) -> Int8s:
    """What an evaluation finds of each point, (n) codes from UNKNOWN to OUT_OF_REACH."""
    p = projection.permyriad
    made = np.full(len(p), BETWEEN, np.int8)
    made[p < settings.clear_permyriad] = CLEAR
    made[p >= settings.warn_permyriad] = LIKELY
    made[p == NONE] = UNKNOWN
    made[found.zeros_exceed] = ZEROS_EXCEED
    made[found.cannot_comply] = CANNOT_COMPLY
    made[~found.reachable] = OUT_OF_REACH
    return made


def step(watch: Watch, rows: Int32s, condition: Int8s) -> Int8s:
    """Put the points into their next states; the event of each, NOTHING where there is nothing to say."""
    before = watch.state.take(rows)
    after = NEXT.take(before * np.int8(NEXT.shape[1]) + condition)
    if np.array_equal(before, after):
        return np.zeros(len(rows), np.int8)
    event: Int8s = EVENT.take(before * np.int8(EVENT.shape[1]) + after)
    watch.state[rows] = after
    watch.turn[rows] = np.minimum(watch.turn[rows] + (event >= CLEARED), _MOST_TURNS)
    return event


def outlooks(
    watch: Watch,
    rows: Int32s,
    event: Int8s,
    plan: Plan,
    rule: RuleInForce,
    start: int,
    end: int,
    at: int,
    progress: Progress,
    bars: Bars,
    background_known: npt.NDArray[np.bool_],
    found: Prospects,
    projection: Projection,
) -> list[Outlook]:
    """What is to be published after `step`; the arrays are of the same n points as `rows`."""
    own, made = rule.rule, []
    for i in np.flatnonzero(event != NOTHING).tolist():
        row = int(rows[i])
        state, turn = STATES[int(watch.state[row])], int(watch.turn[row])
        likely, permyriad = int(bars.likely[i]), int(projection.permyriad[i])
        told = permyriad != NONE
        made.append(
            Outlook(
                id=short_id("outlook", own.id, rule.revision, start, end, state, turn, plan.devices[row]),
                event=EVENTS[int(event[i])],
                state=state,
                at=at,
                site=plan.sites[row],
                point=plan.devices[row],
                rule=own.id,
                rule_revision=rule.revision,
                title=own.titles,
                clause=own.clause,
                citation=own.citation,
                status=own.status,
                pollutant=own.pollutant,
                unit=rule.unit,
                start=start,
                end=end,
                limit=rule.limit / NANO,
                subtracted=_shown_background(own, likely - rule.limit) if likely < UNBOUNDED else None,
                background_known=bool(background_known[i]),
                projected=_shown(projection.mean[i]) if told else None,
                low=_shown(projection.low[i]) if told else None,
                high=_shown(projection.high[i]) if told else None,
                probability=permyriad / 10_000 if told else None,
                covered=int(progress.covered[i]),
                settled=int(progress.settled[i]),
                slots=int(progress.slots[i]),
                required=int(found.required[i]) / NANO if found.required[i] != NONE else None,
                minutes_left=max(end - at, 0) / 60_000,
                configuration=plan.id,
                tell="interval" in own.opens,
            )
        )
    return made


def look(
    watch: Watch,
    plan: Plan,
    rule: RuleInForce,
    start: int,
    end: int,
    at: int,
    progress: Progress,
    known: Int64s,
    expected: Int64s,
    recent: Recent,
    forecast: ProjectionSettings,
    settings: OutlookSettings,
) -> list[Outlook]:
    """Look at a rule's open window at an instant of the log; what is to be published.

    `progress`, `known`, `expected` are of the points `rule.rows`, in their order; the background of this
    window and the one to expect are in 1e-9 unit, NONE where there is none (both are ignored by a rule
    without background). `watch`, `recent` (of the rule's pollutant) have a line a device row.
    """
    own, rows = rule.rule, rule.rows
    cap = None if rule.cap == UNBOUNDED else rule.cap
    if own.background is None:
        cap, known = 0, np.zeros(len(rows), np.int64)
    bars = bars_of(rule.limit, cap, known, expected)
    found = prospects(progress, bars, own.strict, rule.least_permyriad)
    seen = project(progress, bars, own.strict, rows_of(recent, rows), plan.interval[rows], at, forecast)
    return say(watch, plan, rule, start, end, at, progress, bars, known != NONE, found, seen, settings)


def say(
    watch: Watch,
    plan: Plan,
    rule: RuleInForce,
    start: int,
    end: int,
    at: int,
    progress: Progress,
    bars: Bars,
    background_known: npt.NDArray[np.bool_],
    found: Prospects,
    seen: Projection,
    settings: OutlookSettings,
) -> list[Outlook]:
    """Take in what was found of the points `rule.rows`; what is to be published of it."""
    rows = rule.rows
    event = step(watch, rows, conditions(found, seen, settings))
    return outlooks(
        watch, rows, event, plan, rule, start, end, at, progress, bars, background_known, found, seen
    )


def _shown_background(rule: Rule, nano: int) -> float | None:
    return nano / NANO if rule.background is not None else None


def _shown(value: np.float64) -> float:
    return round(float(value), 3)


@dataclass(frozen=True, slots=True)
class TimeWon:
    """How long before a window's end a state was reached that it did not leave again; ms, None: never."""

    warning: int | None
    if_measured: int | None
    certain: int | None


def time_won(states: Sequence[tuple[int, str]], end: int) -> TimeWon:
    """Of one window's (instant, state) in order of time, until its end; `undeterminable` counts as quiet."""
    rank = {name: number for number, name in enumerate(STATES)} | {STATES[UNDETERMINABLE]: QUIET}
    since: dict[int, int] = {}
    for at, state in states:
        for level in (WARNING, IF_MEASURED, CERTAIN):
            if rank[state] < level:
                since.pop(level, None)
            else:
                since.setdefault(level, at)
    won = {level: max(end - at, 0) for level, at in since.items()}
    return TimeWon(won.get(WARNING), won.get(IF_MEASURED), won.get(CERTAIN))
