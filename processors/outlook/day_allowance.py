"""Early warnings for days with an allowance, from the intervals that have exceeded and those still open.

A day is *certain* from the first interval too many on, or one before it, as soon as that interval is certain
itself: no later verdict takes back an earlier one (late or invalidated readings excepted).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from processors.columns import UNBOUNDED, Bools, Int32s, Int64s
from processors.outlook.projection import NONE, Bars, Progress, Projection, Prospects
from processors.outlook.warning_states import Evaluation, OpenWindow, OutlookSettings, WindowStates, tell
from processors.plan import Plan, RuleInForce
from processors.records import CERTAIN, IF_MEASURED, UNDETERMINABLE, WARNING, Outlook
from processors.verdicts import IS_EXCEEDING, PENDING, Answers
from processors.verdicts import NONE as NO_ANSWER
from processors.windows import day_of

_WORDS = OutlookSettings()
Watches = Mapping[tuple[str, int], WindowStates]


@dataclass(slots=True, eq=False)
class DayAllowances:
    """States of days with an allowance; `watches`: by rule and the day's start."""

    watches: dict[tuple[str, int], WindowStates] = field(default_factory=dict)

    def begin(self, plan: Plan, old_row: Int32s) -> None:
        """Adopt a plan; `old_row[new]` is -1 for a new device."""
        self.watches = {k: w.moved(old_row) for k, w in self.watches.items() if k[0] in plan.latest}

    def look(
        self,
        plan: Plan,
        at: int,
        watches: Watches,
        backed: Callable[[RuleInForce, int], Bools],
        rows_for: Callable[[RuleInForce, int], Int32s],
        answers: Mapping[str, Mapping[int, Answers]],
    ) -> list[Outlook]:
        """Outlooks on the day that contains `at`.

        `watches`: states of intervals, by rule and start; `backed`: whether the background of a
        window is known, by device row; `answers`: by rule and start.
        """
        made: list[Outlook] = []
        start, end = day_of(at, plan.zone)
        self.watches = {key: watch for key, watch in self.watches.items() if key[1] == start}
        for name in plan.latest:
            rule = plan.rule_at(name, at)
            if rule is None or rule.rule.allowance is None or not rule.looks_out:
                continue
            count, decided = np.zeros(len(plan), np.int64), np.zeros(len(plan), np.int64)
            starts = answers.get(name, {})
            states = {begin: one.state for begin, one in starts.items() if start <= begin < end}
            for state in states.values():
                count += state == IS_EXCEEDING
                decided += (state != NO_ANSWER) & (state != PENDING)
            # intervals too many, by how surely each one will exceed
            over = {state: count.copy() for state in (WARNING, IF_MEASURED, CERTAIN)}
            for (other, begin), watch in watches.items():
                if other != name or not start <= begin < end:
                    continue
                state, answer = watch.state, states.get(begin)
                is_open = np.ones(len(plan), bool) if answer is None else answer == PENDING
                for least in (WARNING, IF_MEASURED):
                    over[least] += is_open & (state >= least) & (state != UNDETERMINABLE)
                # without its background the interval may still end undetermined
                over[CERTAIN] += is_open & (state == CERTAIN) & backed(rule, begin)
            allowed, rows = rule.rule.allowance, rows_for(rule, start)
            mine = self.watches.setdefault((name, start), WindowStates.of(len(plan)))
            beyond = {state: (number > allowed)[rows] for state, number in over.items()}
            day = OpenWindow(plan, replace(rule, rows=rows), start, end, at)
            made += _tell(mine, day, count[rows], decided[rows], beyond)
        return made


def _tell(
    watch: WindowStates, window: OpenWindow, count: Int64s, decided: Int64s, beyond: Mapping[int, Bools]
) -> list[Outlook]:
    """Outlooks on a day: `count` intervals of each point exceeded, `decided` have an answer.

    `beyond`: whether the allowance is exceeded, by state of certainty.
    """
    rule, n = window.rule, len(window.rule.rows)
    expected = np.full(n, (window.end - window.start) // rule.window, np.int64)
    nothing, always, level = np.full(n, NONE, np.int64), np.ones(n, bool), np.zeros(n, np.float64)
    unbounded, zeros = np.full(n, UNBOUNDED, np.int64), np.zeros(n, np.int64)
    likely = np.where(beyond[WARNING], 10_000, 0).astype(np.int64)
    evaluation = Evaluation(
        Progress(zeros, count, zeros, decided, expected),
        Bars(unbounded, unbounded),
        always,
        Prospects(always, always, beyond[IF_MEASURED], beyond[CERTAIN], nothing),
        Projection(level, level, level, likely),
    )
    return [
        replace(
            outlook,
            kind="day",
            unit="intervals",
            limit=float(rule.rule.allowance or 0),
            projected=None,
            low=None,
            high=None,
            probability=None,
            tell="day" in rule.rule.opens,
        )
        for outlook in tell(watch, window, evaluation, _WORDS)
    ]
