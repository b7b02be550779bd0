"""Stop watch of a deadline: what is spent, what was paused and why, and which thresholds have passed.

Everything is in the value: a watch that was stored and read again, by another process and much later, says
the same. Time counts in one of five measures; in each, at any instant, spent + paused = elapsed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from alerts.lifecycle.working_time import WorkingCalendar, after_working, working_ms

_HOUR = 3_600_000
NATURAL_DAY = "natural_day"  # 自然日: 24 hours around the clock
WORKING_DAY = "working_day"  # 工作日: the duty time of one day
WORKING_HOUR = "working_hour"  # 工作时
URGENT_HOUR = "urgent_hour"  # 紧急: an hour around the clock
MINUTE = "minute"  # around the clock: of a deadline that somebody has set
MEASURES: tuple[str, ...] = (NATURAL_DAY, WORKING_DAY, WORKING_HOUR, URGENT_HOUR, MINUTE)
_AROUND_THE_CLOCK = {NATURAL_DAY: 24 * _HOUR, URGENT_HOUR: _HOUR, MINUTE: 60_000}

PERCENTS: tuple[int, ...] = (50, 75, 100)

RUNNING = "running"
PAUSED = "paused"
FROZEN = "frozen"


class TimeAllowed(NamedTuple):
    """An amount of time for one thing: 24 urgent hours to rectify."""

    what: str  # sign | rectify | verify
    amount: int
    measure: str

    def ms(self, calendar: WorkingCalendar) -> int:
        """The amount in counted ms."""
        if self.measure in _AROUND_THE_CLOCK:
            return self.amount * _AROUND_THE_CLOCK[self.measure]
        return self.amount * (calendar.day_ms if self.measure == WORKING_DAY else _HOUR)


class WatchPause(NamedTuple):
    """A span in which the watch stood, `end` None while it does; `counted` ms of its measure lie inside."""

    start: int
    end: int | None
    reason: str
    counted: int = 0


class WatchThreshold(NamedTuple):
    """A share of the time allowed.

    `deadline`: when it is reached if the watch goes on running; while it stands, as it was when it stopped.
    `passed`: when it was reached. `triggered`: when somebody was told. `overrun`: counted ms beyond it.
    """

    percent: int
    deadline: int
    passed: int | None = None
    triggered: int | None = None
    overrun: int = 0


@dataclass(frozen=True, slots=True)
class StopWatch:
    """One deadline of a case, for one unit in one round."""

    what: str
    unit: str
    round: int
    amount: int
    measure: str
    started: int
    since: int | None  # running since; None: paused or frozen
    spent: int = 0  # counted ms before `since`
    ended: int | None = None  # frozen at
    pauses: tuple[WatchPause, ...] = ()
    thresholds: tuple[WatchThreshold, ...] = ()

    @property
    def state(self) -> str:
        """running, paused or frozen."""
        if self.ended is not None:
            return FROZEN
        return PAUSED if self.since is None else RUNNING

    @property
    def deadline(self) -> int:
        """When all the time allowed is, or was, spent; as it was when the watch stopped, where it stands."""
        return self.thresholds[-1].deadline


def counted_ms(measure: str, start: int, end: int, calendar: WorkingCalendar) -> int:
    """Time of a measure in [start, end), ms."""
    return max(0, end - start) if measure in _AROUND_THE_CLOCK else working_ms(calendar, start, end)


def deadline_after(measure: str, start: int, counted: int, calendar: WorkingCalendar) -> int:
    """First instant at which `counted` ms of a measure have been spent since `start`."""
    if measure in _AROUND_THE_CLOCK:
        return start + max(0, counted)
    return after_working(calendar, start, counted)


def started(allowed: TimeAllowed, unit: str, round: int, at: int, calendar: WorkingCalendar) -> StopWatch:
    """A watch that runs from `at`. Raises ValueError for no time, or a measure that there is not."""
    if allowed.amount <= 0 or allowed.measure not in MEASURES:
        raise ValueError(f"a stop watch cannot count {allowed.amount} x {allowed.measure!r}")
    thresholds = tuple(WatchThreshold(percent, at) for percent in PERCENTS)
    fresh = StopWatch(
        allowed.what, unit, round, allowed.amount, allowed.measure, at, at, thresholds=thresholds
    )
    return _timed(fresh, at, calendar)


def time_spent(watch: StopWatch, at: int, calendar: WorkingCalendar) -> int:
    """Counted ms spent until `at`."""
    if watch.since is None:
        return watch.spent
    return watch.spent + counted_ms(watch.measure, watch.since, at, calendar)


def time_paused(watch: StopWatch, at: int, calendar: WorkingCalendar) -> int:
    """Counted ms in which the watch stood until `at`."""
    return sum(
        p.counted if p.end is not None else counted_ms(watch.measure, p.start, at, calendar)
        for p in watch.pauses
    )


def paused(watch: StopWatch, at: int, reason: str, calendar: WorkingCalendar) -> StopWatch:
    """The watch standing from `at`; one that does not run is handed back as it is."""
    if watch.since is None:
        return watch
    stood = _banked(watch, at, calendar)
    return replace(stood, pauses=(*watch.pauses, WatchPause(at, None, reason)))


def resumed(watch: StopWatch, at: int, calendar: WorkingCalendar) -> StopWatch:
    """The watch running again from `at`; one that is not paused is handed back as it is."""
    if watch.state != PAUSED:
        return watch
    return _timed(replace(_pause_ended(watch, at, calendar), since=at), at, calendar)


def frozen(watch: StopWatch, at: int, calendar: WorkingCalendar) -> StopWatch:
    """The watch stopped for good: what it shows at `at` is kept."""
    if watch.state == FROZEN:
        return watch
    stood = _pause_ended(watch, at, calendar) if watch.since is None else _banked(watch, at, calendar)
    return replace(stood, ended=at)


def due_percents(watch: StopWatch, at: int) -> tuple[int, ...]:
    """Thresholds that are reached at `at` and of which nobody was told yet, in order."""
    if watch.state == FROZEN:
        return ()
    runs = watch.since is not None
    reached = (t for t in watch.thresholds if t.passed is not None or (runs and t.deadline <= at))
    return tuple(t.percent for t in reached if t.triggered is None)


def triggered(watch: StopWatch, percent: int, at: int) -> StopWatch:
    """The watch after somebody was told of a threshold at `at`."""

    def told(threshold: WatchThreshold) -> WatchThreshold:
        if threshold.percent != percent or threshold.triggered is not None:
            return threshold
        return threshold._replace(passed=threshold.deadline, triggered=at)

    return replace(watch, thresholds=tuple(told(t) for t in watch.thresholds))


def seen_at(watch: StopWatch, at: int, calendar: WorkingCalendar) -> StopWatch:
    """The watch as it is to be shown at `at`: `passed` and `overrun` of each threshold filled in."""
    if watch.since is None:
        return watch
    shown = _overrun(watch, time_spent(watch, at, calendar), at, calendar)
    return replace(watch, thresholds=shown)


def _needed(watch: StopWatch, percent: int, calendar: WorkingCalendar) -> int:
    whole = TimeAllowed(watch.what, watch.amount, watch.measure).ms(calendar)
    return -(-whole * percent // 100)  # rounded up: never early


def _timed(watch: StopWatch, at: int, calendar: WorkingCalendar) -> StopWatch:
    """The watch with the deadlines that it has if it runs on from `at`; those passed already stay."""
    ahead = tuple(
        t
        if t.passed is not None
        else t._replace(
            deadline=deadline_after(
                watch.measure, at, _needed(watch, t.percent, calendar) - watch.spent, calendar
            )
        )
        for t in watch.thresholds
    )
    return replace(watch, thresholds=ahead)


def _overrun(watch: StopWatch, spent: int, at: int, calendar: WorkingCalendar) -> tuple[WatchThreshold, ...]:
    def one(threshold: WatchThreshold) -> WatchThreshold:
        if threshold.deadline > at:
            return threshold
        over = max(0, spent - _needed(watch, threshold.percent, calendar))
        return threshold._replace(passed=threshold.deadline, overrun=over)

    return tuple(one(t) for t in watch.thresholds)


def _banked(watch: StopWatch, at: int, calendar: WorkingCalendar) -> StopWatch:
    """The watch standing, with what it has spent."""
    spent = time_spent(watch, at, calendar)
    return replace(watch, spent=spent, since=None, thresholds=_overrun(watch, spent, at, calendar))


def _pause_ended(watch: StopWatch, at: int, calendar: WorkingCalendar) -> StopWatch:
    if not watch.pauses or watch.pauses[-1].end is not None:
        return watch
    last = watch.pauses[-1]
    counted = counted_ms(watch.measure, last.start, at, calendar)
    return replace(watch, pauses=(*watch.pauses[:-1], last._replace(end=at, counted=counted)))
