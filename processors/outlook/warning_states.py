"""States of an early warning as two tables: what is published of an open window, and when.

States and conditions are numbers in numpy columns; the two tables below are the whole of the logic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from processors.columns import NANO, UNBOUNDED, Bools, Int8s, Int32s, Int64s
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
from processors.outlook.recent_levels import Recent
from processors.plan import Plan, Rule, RuleInForce
from processors.records import (
    CERTAIN,
    EVENTS,
    IF_MEASURED,
    QUIET,
    STATES,
    UNDETERMINABLE,
    WARNING,
    Outlook,
    short_id,
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
    """Thresholds of a warning and of its withdrawal; a proposal of this project, tuned on recordings."""

    warn_permyriad: int = 9000
    clear_permyriad: int = 4000


@dataclass(slots=True, eq=False)
class WindowStates:
    """States of one rule's open window, one line per device row. `turn`: how often it was taken back."""

    state: Int8s
    turn: Int8s

    @classmethod
    def of(cls, n: int) -> WindowStates:
        """A window that has just begun."""
        return cls(np.zeros(n, np.int8), np.zeros(n, np.int8))

    def moved(self, old_row: Int32s) -> WindowStates:
        """The same under a new plan; `old_row[new]` is -1 for a new device."""
        made, stays = WindowStates.of(len(old_row)), old_row >= 0
        made.state[stays], made.turn[stays] = self.state[old_row[stays]], self.turn[old_row[stays]]
        return made


def conditions(certain: Prospects, projection: Projection, settings: OutlookSettings) -> Int8s:
    """Condition of each point, (n) codes from UNKNOWN to OUT_OF_REACH."""
    p = projection.permyriad
    made = np.full(len(p), BETWEEN, np.int8)
    made[p < settings.clear_permyriad] = CLEAR
    made[p >= settings.warn_permyriad] = LIKELY
    made[p == NONE] = UNKNOWN
    made[certain.zeros_exceed] = ZEROS_EXCEED
    made[certain.cannot_comply] = CANNOT_COMPLY
    made[~certain.reachable] = OUT_OF_REACH
    return made


def step(watch: WindowStates, rows: Int32s, condition: Int8s) -> Int8s:
    """Move the points to their next states, and return the event of each, NOTHING if there is none."""
    before = watch.state.take(rows)
    after = NEXT.take(before * np.int8(NEXT.shape[1]) + condition)
    if np.array_equal(before, after):
        return np.zeros(len(rows), np.int8)
    event: Int8s = EVENT.take(before * np.int8(EVENT.shape[1]) + after)
    watch.state[rows] = after
    watch.turn[rows] = np.minimum(watch.turn[rows] + (event >= CLEARED), _MOST_TURNS)
    return event


@dataclass(frozen=True, slots=True, eq=False)
class OpenWindow:
    """A window of a rule, evaluated while it is open; its points are `rule.rows`. Instants in ms."""

    plan: Plan
    rule: RuleInForce
    start: int
    end: int
    at: int  # instant of the log at which it is looked at


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Evaluation of an open window; one line per point, in the order of `rule.rows`."""

    progress: Progress
    bars: Bars
    is_background_known: Bools
    prospects: Prospects
    projection: Projection


def evaluate(
    window: OpenWindow,
    progress: Progress,
    background: Int64s,
    expected: Int64s,
    recent: Recent,
    settings: ProjectionSettings,
) -> Evaluation:
    """Evaluate a window that is made of slots: its certain and its likely outcome.

    `background` of this window and the `expected` one: 1e-9 unit, NONE where unknown (both are ignored
    by a rule without background). `recent` (of the rule's pollutant) has one line per device row.
    """
    rule, rows = window.rule, window.rule.rows
    cap = None if rule.cap == UNBOUNDED else rule.cap
    if rule.rule.background is None:
        cap, background = 0, np.zeros(len(rows), np.int64)
    bars, strict = bars_of(rule.limit, cap, background, expected), rule.rule.strict
    certain = prospects(progress, bars, strict, rule.least_permyriad)
    interval = window.plan.interval[rows]
    likely = project(progress, bars, strict, rows_of(recent, rows), interval, window.at, settings)
    return Evaluation(progress, bars, background != NONE, certain, likely)


def tell(
    watch: WindowStates, window: OpenWindow, evaluation: Evaluation, settings: OutlookSettings
) -> list[Outlook]:
    """Move the points to their next states, and return the outlooks to publish where that is news."""
    found = conditions(evaluation.prospects, evaluation.projection, settings)
    return outlooks(watch, window, evaluation, step(watch, window.rule.rows, found))


def outlooks(watch: WindowStates, window: OpenWindow, evaluation: Evaluation, event: Int8s) -> list[Outlook]:
    """Outlooks to publish after `step`; `event`: one per point."""
    return [
        _outlook(watch, window, evaluation, line, EVENTS[int(event[line])])
        for line in np.flatnonzero(event != NOTHING).tolist()
    ]


def _outlook(
    watch: WindowStates, window: OpenWindow, evaluation: Evaluation, line: int, event: str
) -> Outlook:
    plan, rule, own = window.plan, window.rule, window.rule.rule
    progress, projection = evaluation.progress, evaluation.projection
    row, start, end = int(rule.rows[line]), window.start, window.end
    state, turn = STATES[int(watch.state[row])], int(watch.turn[row])
    likely, permyriad = int(evaluation.bars.likely[line]), int(projection.permyriad[line])
    required, is_projected = int(evaluation.prospects.required[line]), permyriad != NONE
    return Outlook(
        id=short_id("outlook", own.id, rule.revision, start, end, state, turn, plan.devices[row]),
        event=event,
        state=state,
        at=window.at,
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
        background_known=bool(evaluation.is_background_known[line]),
        projected=_shown(projection.mean[line]) if is_projected else None,
        low=_shown(projection.low[line]) if is_projected else None,
        high=_shown(projection.high[line]) if is_projected else None,
        probability=permyriad / 10_000 if is_projected else None,
        covered=int(progress.covered[line]),
        settled=int(progress.settled[line]),
        slots=int(progress.slots[line]),
        required=required / NANO if required != NONE else None,
        minutes_left=max(end - window.at, 0) / 60_000,
        configuration=plan.id,
        tell="interval" in own.opens,
    )


def _shown_background(rule: Rule, nano: int) -> float | None:
    return nano / NANO if rule.background is not None else None


def _shown(value: np.float64) -> float:
    return round(float(value), 3)


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """Time from reaching a state, or a higher one, for good until the window's end; ms, None: never."""

    warning: int | None
    if_measured: int | None
    certain: int | None


def lead_times(states: Sequence[tuple[int, str]], end: int) -> LeadTimes:
    """Lead times of one window from (instant, state) in order of time; `undeterminable` counts as quiet."""
    rank = {name: number for number, name in enumerate(STATES)} | {STATES[UNDETERMINABLE]: QUIET}
    since: dict[int, int] = {}
    for at, state in states:
        for level in (WARNING, IF_MEASURED, CERTAIN):
            if rank[state] < level:
                since.pop(level, None)
            else:
                since.setdefault(level, at)
    won = {level: max(end - at, 0) for level, at in since.items()}
    return LeadTimes(won.get(WARNING), won.get(IF_MEASURED), won.get(CERTAIN))
