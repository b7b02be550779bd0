"""Outlooks for rolling windows and windows of several hours, which are not sums of quarter-hours.

For a rolling rule, the window that ends next is evaluated (where one ends every few minutes: the first to end
at the next quarter of an hour or after it). The one before has been announced, so people are told only if
things get worse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from processors.columns import HOUR_MS, QUARTER_MS, Int32s, Int64s
from processors.measuring import Hours, Meter
from processors.outlook.from_hours import BegunHour, hour_prospects, project_hours
from processors.outlook.projection import (
    NONE,
    Progress,
    ProjectionSettings,
    bars_of,
    rows_of,
    settled_slots,
)
from processors.outlook.recent_levels import Recent, learn
from processors.outlook.warning_states import (
    ROSE,
    Evaluation,
    OpenWindow,
    OutlookSettings,
    WindowStates,
    evaluate,
    tell,
)
from processors.plan import Plan, RuleInForce
from processors.records import EVENTS, STATES, UNDETERMINABLE, Outlook
from processors.verdicts import Answers
from processors.windows import HOUR, QUARTER, Track, slots_of

_FORECAST, _WORDS = ProjectionSettings(), OutlookSettings()
BegunSums = Callable[[int, int], tuple[Int64s, Int64s]]  # [start, cut) -> sum and number of slot means


@dataclass(frozen=True, slots=True, eq=False)
class DecidedWindows:
    """Closed windows with their measurements and answers, as known when open windows are evaluated."""

    meter: Meter
    closed: dict[Track, int]  # end of a track's last window that closed
    answers: dict[str, dict[int, Answers]]  # by rule and start

    @property
    def hours(self) -> Hours:
        """Clock hours that long windows are made of."""
        return self.meter.hours


@dataclass(slots=True, eq=False)
class LongWindows:
    """States of open windows and recent levels of hours.

    `watches`: by rule and the window's end; `recent`: levels of clock hours by judged pollutant.
    """

    watches: dict[tuple[str, int], WindowStates] = field(default_factory=dict)
    recent: dict[int, Recent] = field(default_factory=dict)

    def begin(self, plan: Plan, old_row: Int32s) -> None:
        """Adopt a plan; `old_row[new]` is -1 for a new device."""
        names = {rule.rule.id for rule in plan.rules}
        self.watches = {k: watch.moved(old_row) for k, watch in self.watches.items() if k[0] in names}
        self.recent = {q: recent.moved(old_row) for q, recent in self.recent.items()}

    def hour(self, plan: Plan, start: int, hours: Hours) -> None:
        """Learn the level of a clock hour that has closed, for the pollutants of long windows."""
        for q in sorted({rule.pollutant for rule in plan.rules if rule.track.is_long and rule.looks_out}):
            kept = [hour for key, hour in sorted(hours.held.get(start, {}).items()) if key.pollutant == q]
            if not kept:
                continue
            recent = self.recent.get(q)
            if recent is None:
                recent = self.recent[q] = Recent.of(len(plan))
            rows = np.flatnonzero(kept[0].code == 2).astype(np.int32)
            begun = np.full(len(rows), start, np.int64)
            interval = np.full(len(plan), HOUR_MS, np.int64)
            learn(recent, rows, begun, kept[0].mean[rows], interval, _FORECAST.memory)

    def look(
        self,
        plan: Plan,
        rule: RuleInForce,
        at: int,
        rows_for: Callable[[RuleInForce, int], Int32s],
        past: DecidedWindows,
        recent: Recent,
        begun: BegunSums,
    ) -> list[Outlook]:
        """Outlooks on the rule's window that ends next.

        `recent`: levels of readings; `begun`: sums of the hour that has not closed.
        """
        end = next_end(rule.track, at, plan.zone)
        start = rule.track.start(end, plan.zone)
        if not rule.holds(start) or start >= at:
            return []
        window = OpenWindow(plan, replace(rule, rows=rows_for(rule, start)), start, end, at)
        watch, before = self._watch(rule.rule.id, end, len(plan))
        said = before.state.copy() if before is not None else None
        if rule.track.is_long:
            evaluation = self._of_hours(window, past, begun)
        else:
            evaluation = _of_readings(window, past, recent)
        made = tell(watch, window, evaluation, _WORDS)
        if said is None:
            return made
        return [
            replace(one, tell=one.tell and _is_news(one, int(said[plan.row_of[one.point]]))) for one in made
        ]

    def _watch(self, name: str, end: int, n: int) -> tuple[WindowStates, WindowStates | None]:
        """States of the window that ends at `end`, and of the one before."""
        ends = sorted(other for known, other in self.watches if known == name and other < end)
        for other in ends[:-1]:
            del self.watches[name, other]
        watch = self.watches.get((name, end))
        if watch is None:
            watch = self.watches[name, end] = WindowStates.of(n)
        return watch, self.watches[name, ends[-1]] if ends else None

    def _of_hours(self, window: OpenWindow, past: DecidedWindows, begun: BegunSums) -> Evaluation:
        plan, rule, start, end = window.plan, window.rule, window.start, window.end
        closed, rows = past.closed[HOUR], rule.rows
        means = past.hours.window(start, min(end, closed), rule.admits)[rule.pollutant]
        total, covered = np.zeros(len(plan), np.int64), np.zeros(len(plan), np.int64)
        total[means.row], covered[means.row] = means.total, means.covered
        slots = np.full(len(rows), (end - start) // HOUR_MS, np.int64)
        settled = np.full(len(rows), max(0, min(closed, end) - start) // HOUR_MS, np.int64)
        progress = Progress(total[rows], covered[rows], np.zeros_like(slots), settled, slots)
        delay = max(plan.lateness[HOUR], plan.lateness[QUARTER])
        interval = plan.interval[rows]
        of_hour = np.where(slots_of(interval, QUARTER_MS) > 0, slots_of(interval, HOUR_MS), 0)
        over = settled_slots(window.at, closed, delay, interval, of_hour)
        sums, counts = begun(closed, min(window.at - delay, closed + HOUR_MS))
        hour = BegunHour(sums[rows], counts[rows], over, of_hour)
        zeros = np.zeros(len(rows), np.int64)
        bars = bars_of(rule.limit, 0, zeros, zeros)
        strict, nominal = rule.rule.strict, rule.window // HOUR_MS
        certain = hour_prospects(progress, hour, bars, strict, rule.least_permyriad, nominal)
        recent = rows_of(self.recent.setdefault(rule.pollutant, Recent.of(len(plan))), rows)
        likely = project_hours(progress, certain, bars, strict, recent, window.at, _FORECAST)
        return Evaluation(progress, bars, np.ones(len(rows), bool), certain, likely)


def _of_readings(window: OpenWindow, past: DecidedWindows, recent: Recent) -> Evaluation:
    plan, rule, rows = window.plan, window.rule, window.rule.rows
    start, end, at = window.start, window.end, window.at
    delay = max(plan.lateness[rule.track], plan.lateness[QUARTER])
    interval = plan.interval[rows]
    slots = slots_of(interval, rule.window)
    settled = settled_slots(at, start, delay, interval, slots)
    held = past.meter.held(start, end)
    means = past.meter.means(held, start, end, {rule.admits})[rule.admits][rule.pollutant]
    total, covered = np.zeros(len(plan), np.int64), np.zeros(len(plan), np.int64)
    over = means.slot < ((at - delay - start) // np.maximum(plan.interval, 1))[means.slot_row]
    np.add.at(total, means.slot_row[over], means.slot_mean[over])
    np.add.at(covered, means.slot_row[over], 1)
    progress = Progress(total[rows], covered[rows], np.zeros_like(slots), settled, slots)
    nothing = np.full(len(rows), NONE, np.int64)
    return evaluate(window, progress, nothing, nothing, recent, _FORECAST)


def next_end(track: Track, at: int, zone: str) -> int:
    """End of the window to evaluate: the first at the next quarter of an hour or after it."""
    least = (at // QUARTER_MS + 1) * QUARTER_MS
    end = track.next_end(track.last_end(at, zone), zone)
    return end if end >= least else track.next_end(track.last_end(least - 1, zone), zone)


_RANK = {name: number for number, name in enumerate(STATES)} | {STATES[UNDETERMINABLE]: 0}


def _is_news(outlook: Outlook, before: int) -> bool:
    """True if it is worse than the outlook on the window before; anything but a rise always counts."""
    return outlook.event != EVENTS[ROSE] or _RANK[outlook.state] > _RANK[STATES[before]]
