"""Early warnings for windows of up to an hour, evaluated every five minutes of the log.

Closed quarters of an hour are kept as sums; only the open one is measured again. A device whose interval does
not divide a quarter of an hour has no outlook on its hour. Windows of more than an hour and rolling ones:
`long_windows`; days with an allowance: `day_allowance`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import numpy as np

from ingest.units import JUDGED
from processors.columns import HOUR_MS, QUARTER_MS, Bools, Int32s, Int64s, Packing, Unpacked, carried
from processors.measuring import Backgrounds, Measured
from processors.outlook.day_allowance import DayAllowances
from processors.outlook.long_windows import DecidedWindows, LongWindows
from processors.outlook.projection import NONE, Progress, ProjectionSettings, settled_slots
from processors.outlook.recent_levels import Recent, learn
from processors.outlook.warning_states import OpenWindow, OutlookSettings, WindowStates, evaluate, tell
from processors.plan import Admission, Plan, PlanChange, RuleInForce
from processors.records import Outlook
from processors.windows import HOUR, QUARTER, Bounded, Columns, slots_of

GRID_MS = 300_000
TRACKS = (QUARTER, HOUR)
_PLAIN_FORECAST, _PLAIN_WORDS = ProjectionSettings(), OutlookSettings()
Measure = Callable[[Columns, int, int], Measured]
RowsFor = Callable[[RuleInForce, int], Int32s]
MeasuredOf = Callable[[int, int], Measured]  # [begin, cut) of an open quarter -> its means
Sums = tuple[Int64s, Int64s]  # of slot means (1e-9 unit) and of covered slots, by device row


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """An instant of the log at which open windows are evaluated, and what is known then."""

    plan: Plan
    at: int
    closed: int  # end of the last quarter of an hour that closed
    rows: Columns  # the readings from there on
    measure: Measure  # their means over [start, end)
    backgrounds: Backgrounds
    rows_for: RowsFor  # of the devices that a rule judges over what begins at an instant
    past: DecidedWindows  # what longer windows are made of


@dataclass(slots=True, eq=False)
class OutlookMemory(Bounded):
    """Memory of open windows; `due`: the next evaluation, None while no rule asks for one."""

    due: int | None = None
    recent: dict[int, Recent] = field(default_factory=dict)  # judged pollutant -> levels
    # by rule and the start of its open window
    watches: dict[tuple[str, int], WindowStates] = field(default_factory=dict)
    quarters: dict[tuple[int, int, Admission], Sums] = field(default_factory=dict)  # start, pollutant
    long_windows: LongWindows = field(default_factory=LongWindows)
    days: DayAllowances = field(default_factory=DayAllowances)

    def follow(self, change: PlanChange) -> None:
        """Adopt a plan: move devices to their new rows, and schedule an evaluation if a rule asks for one."""
        plan, old_row = change.after, change.old_row
        self.due = next_look(change.at) if any(rule.has_outlook for rule in plan.rules) else None
        self.recent = {q: recent.moved(old_row) for q, recent in self.recent.items()}
        self.watches = {key: watch.moved(old_row) for key, watch in self.watches.items()}
        self.long_windows.begin(plan, old_row)
        self.days.begin(plan, old_row)
        self.quarters = {
            key: (carried(total, old_row, 0), carried(covered, old_row, 0))
            for key, (total, covered) in self.quarters.items()
        }

    def dump(self, pack: Packing) -> dict[str, Any]:
        """The state as JSON data."""
        return {
            "due": self.due,
            "recent": _levels_saved(self.recent, pack),
            "watches": _watches_saved(self.watches, pack),
            "quarters": [
                [start, q, *admits, pack.add_all(sums)]
                for (start, q, admits), sums in sorted(self.quarters.items())
            ],
            "hourly": _levels_saved(self.long_windows.recent, pack),
            "further": _watches_saved(self.long_windows.watches, pack),
            "days": _watches_saved(self.days.watches, pack),
        }

    @classmethod
    def load(cls, data: dict[str, Any], arrays: Unpacked, plan: object) -> OutlookMemory:
        """The inverse of `dump`."""
        made = cls(data["due"])
        for name, levels in (("recent", made.recent), ("hourly", made.long_windows.recent)):
            levels.update({q: Recent(*arrays.all_of(columns)) for q, columns in data[name]})
        watched = {"watches": made.watches, "further": made.long_windows.watches, "days": made.days.watches}
        for name, watches in watched.items():
            watches.update(
                {(rule, at): WindowStates(*arrays.all_of(columns)) for rule, at, columns in data[name]}
            )
        for start, q, fail, suspect, columns in data["quarters"]:
            total, covered = arrays.all_of(columns)
            made.quarters[start, q, Admission(fail, suspect)] = total, covered
        return made

    def quarter(self, plan: Plan, start: int, measured: Measured) -> None:
        """Keep the sums of a quarter of an hour that has closed, and learn its levels."""
        wanted = plan.once("foreseen", lambda: {(r.pollutant, r.admits) for r in plan.rules if r.has_outlook})
        for q, admits in sorted(wanted):
            means = measured.get(admits, next(iter(measured.values())))[q]
            total, covered = np.zeros(len(plan), np.int64), np.zeros(len(plan), np.int64)
            total[means.row], covered[means.row] = means.total, means.covered
            self.quarters[start, q, admits] = total, covered
        for q in sorted({q for q, _ in wanted}):
            admits = min(a for other, a in wanted if other == q)
            means = measured.get(admits, next(iter(measured.values())))[q]
            recent = self.recent.get(q)
            if recent is None:
                recent = self.recent[q] = Recent.of(len(plan))
            begun = start + means.slot * plan.interval[means.slot_row]
            learn(recent, means.slot_row, begun, means.slot_mean, plan.interval, _PLAIN_FORECAST.memory)
        oldest = start - HOUR_MS
        if not (self.quarters or self.watches):
            return
        self.quarters = {key: sums for key, sums in self.quarters.items() if key[0] > oldest}
        # what has ended but waits for its background still counts for its day
        unanswered = oldest - max((rule.wait for rule in plan.rules), default=0) - HOUR_MS
        self.watches = {key: watch for key, watch in self.watches.items() if key[1] > unanswered}

    def look(self, moment: Moment) -> list[Outlook]:
        """Outlooks on the windows that are open at the moment."""
        plan, at, closed = moment.plan, moment.at, moment.closed
        self.due = next_look(at)
        made: list[Outlook] = []
        divides = slots_of(plan.interval, QUARTER_MS) > 0
        measured = cache(partial(_of_open, moment))  # rules that look at the same air share it
        for rule in plan.rules:
            if not rule.has_outlook:
                continue
            if rule.track not in TRACKS:
                levels = self._levels(rule, len(plan))
                begun = partial(self._settled, moment, rule, measured)
                made += self.long_windows.look(plan, rule, at, moment.rows_for, moment.past, levels, begun)
                continue
            start = rule.track.last_end(at, plan.zone)
            end = start + rule.window
            if not rule.holds(start) or closed < start - QUARTER_MS:
                continue
            judged = moment.rows_for(rule, start)
            judged = judged[divides[judged]]
            delay = max(plan.lateness[rule.track], plan.lateness[QUARTER])
            interval = plan.interval[judged]
            slots = slots_of(interval, rule.window)
            settled = settled_slots(at, start, delay, interval, slots)
            total, covered = self._settled(moment, rule, measured, start, at - delay)
            progress = Progress(total[judged], covered[judged], np.zeros_like(slots), settled, slots)
            watch = self.watches.get((rule.rule.id, start))
            if watch is None:
                watch = self.watches[rule.rule.id, start] = WindowStates.of(len(plan))
            background, before = _background(plan, rule, start, end, moment.backgrounds)
            window = OpenWindow(plan, replace(rule, rows=judged), start, end, at)
            levels = self._levels(rule, len(plan))
            evaluation = evaluate(
                window, progress, background[judged], before[judged], levels, _PLAIN_FORECAST
            )
            made += tell(watch, window, evaluation, _PLAIN_WORDS)
        backed = partial(_backed, plan, moment.backgrounds)
        return made + self.days.look(plan, at, self.watches, backed, moment.rows_for, moment.past.answers)

    def _levels(self, rule: RuleInForce, n: int) -> Recent:
        """Recent levels of the rule's pollutant; nothing known at first."""
        return self.recent.setdefault(rule.pollutant, Recent.of(n))

    def _settled(self, moment: Moment, rule: RuleInForce, measured: MeasuredOf, start: int, cut: int) -> Sums:
        """Sums over the slots of the window beginning at `start` that end at `cut` or before."""
        total, covered = self._sums(rule, start, moment.closed, len(moment.plan))
        interval = moment.plan.interval
        for begin in range(max(start, moment.closed), cut, QUARTER_MS):
            means = measured(begin, min(cut, begin + QUARTER_MS))[rule.admits][rule.pollutant]
            # a mean that reaches beyond its slot covers slots that are not over yet
            last = (cut - begin) // interval[means.slot_row]
            over = means.slot < last
            np.add.at(total, means.slot_row[over], means.slot_mean[over])
            np.add.at(covered, means.slot_row[over], 1)
        return total, covered

    def _sums(self, rule: RuleInForce, start: int, closed: int, n: int) -> tuple[Int64s, Int64s]:
        """Sums over the closed quarters of a window."""
        total, covered = np.zeros(n, np.int64), np.zeros(n, np.int64)
        for begin in range(start, closed, QUARTER_MS):
            sums = self.quarters.get((begin, rule.pollutant, rule.admits))
            if sums is not None:
                total += sums[0]
                covered += sums[1]
        return total, covered


def _of_open(moment: Moment, begin: int, cut: int) -> Measured:
    """Means of the quarter that begins at `begin`, over its slots up to `cut`."""
    rows = moment.rows
    step = moment.plan.interval[rows.row]
    until = begin + (cut - begin) // step * step
    inside = (rows.time < until) & (rows.time + np.maximum(rows.period, 1) > begin)
    return moment.measure(rows.take(inside), begin, begin + QUARTER_MS)


def _levels_saved(levels: dict[int, Recent], pack: Packing) -> list[Any]:
    return [
        [q, pack.add_all((recent.count, recent.last, recent.level, recent.spread))]
        for q, recent in sorted(levels.items())
    ]


def _watches_saved(watches: dict[tuple[str, int], WindowStates], pack: Packing) -> list[Any]:
    return [[*key, pack.add_all((watch.state, watch.turn))] for key, watch in sorted(watches.items())]


def next_look(at: int) -> int:
    """The first instant of the grid after `at`."""
    return (at // GRID_MS + 1) * GRID_MS


def _background(
    plan: Plan, rule: RuleInForce, start: int, end: int, backgrounds: Backgrounds
) -> tuple[Int64s, Int64s]:
    """(background of this window, expected one: the window before) by device row, 1e-9 unit or NONE."""
    now, before = (np.full(len(plan), NONE, np.int64) for _ in range(2))
    if rule.rule.background is None:
        return now, before
    areas = plan.areas_for(rule)
    for index, area in enumerate(plan.areas):
        for column, begin in ((now, start), (before, start - (end - start))):
            mean = backgrounds.mean(area, begin, begin + (end - start), JUDGED[rule.pollutant])
            if mean is not None:
                column[areas == index] = mean.nano
    return now, before


def _backed(plan: Plan, backgrounds: Backgrounds, rule: RuleInForce, start: int) -> Bools:
    """True where everything that may be subtracted from the window is known, by device row."""
    if rule.rule.background is None:
        return np.ones(len(plan), bool)
    now, _ = _background(plan, rule, start, start + rule.window, backgrounds)
    found: Bools = now != NONE
    return found
