"""Meter: measures windows from the readings of a partition or its clock hours, and makes interval records.

A view of parts of a partition's state, made when it is needed; it holds no state of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ingest.units import JUDGED
from processors.columns import ABSENT, Bools, Int32s
from processors.measuring.clock_hours import Hours, Key
from processors.measuring.interval_groups import intervals_of
from processors.plan import PLAIN, Admission, Orders, Plan, under_maintenance
from processors.records import Group, Interval
from processors.windows import (
    BASE,
    HOUR,
    MEAN,
    QUARTER,
    REFUSED,
    Columns,
    Means,
    RowLog,
    Statistic,
    Track,
    means_by,
)

Measured = Mapping[Admission, tuple[Means, ...]]  # by what they admit, one per judged pollutant


@dataclass(frozen=True, slots=True, eq=False)
class Meter:
    """Measures windows under the plan in force."""

    plan: Plan
    log: RowLog
    hours: Hours
    orders: Orders

    def measure(
        self, track: Track, start: int, end: int, only: Int32s | None = None
    ) -> tuple[Measured, Bools]:
        """Means of a window, for all devices or the rows `only`, and the rows that sent something in it."""
        if track.is_long:
            return self._of_hours(self._admissions(track), start, end, only)
        spoke = np.zeros(len(self.plan), bool)
        held = self.log.within(start, end)
        if only is not None:
            held = held.take(np.isin(held.row, only))
        spoke[held.row] = True
        self.leave_out_maintenance(held, start, end)
        return self.means(held, start, end, self._admissions(track)), spoke

    def held(self, start: int, end: int) -> Columns:
        """Readings of [start, end), with values measured during maintenance refused."""
        held = self.log.within(start, end)
        self.leave_out_maintenance(held, start, end)
        return held

    def _of_hours(
        self, admissions: set[Admission], start: int, end: int, only: Int32s | None
    ) -> tuple[Measured, Bools]:
        spoke = np.zeros(len(self.plan), bool)
        measured = {}
        for admits in sorted(admissions):
            found = self.hours.window(start, end, admits)
            for means in found:
                spoke[means.row] = True
            measured[admits] = found if only is None else tuple(m.of_rows(only) for m in found)
        return measured, spoke

    def _admissions(self, track: Track) -> set[Admission]:
        return self.plan.once(("admissions", track), lambda: self._admitted(track))

    def _admitted(self, track: Track) -> set[Admission]:
        admissions = {PLAIN} if track in BASE else set()
        admissions |= {rule.admits for rule in self.plan.rules_of(track)}
        if track == QUARTER:
            admissions |= {rule.admits for rule in self.plan.rules if rule.has_outlook}
        if track == HOUR:
            admissions |= {rule.admits for rule in self.plan.rules if rule.track.is_long}
        return admissions

    def means(self, held: Columns, start: int, end: int, admissions: Iterable[Admission]) -> Measured:
        """Means of [start, end) over these rows, by admission."""
        flagged = bool(len(held) and (held.fail.any() or held.suspect.any()))
        by = sorted(admissions)
        refusals = [(held.fail & a.fail | held.suspect & a.suspect) != 0 if flagged else None for a in by]
        return dict(zip(by, means_by(held, self.plan.interval, start, end, refusals), strict=True))

    def leave_out_maintenance(self, held: Columns, start: int, end: int) -> None:
        """Refuse values measured while their monitor was being maintained, so that they enter no mean."""
        if not len(held) or not self.orders.maintenance(start, end):
            return
        reach = held.time + np.maximum(held.period, 1)
        during = under_maintenance(self.orders, self.plan, held.row, held.time, reach)
        held.values = held.values.copy()
        held.values[:, during] = np.where(held.values[:, during] == ABSENT, ABSENT, REFUSED)

    def keep_hour(self, start: int, measured: Measured) -> None:
        """Keep a clock hour for the windows made of it."""
        asked = self.plan.once(
            "of hours", lambda: {(r.pollutant, r.admits) for r in self.plan.rules if r.track.is_long}
        )
        for pollutant, admits in asked:
            self.hours.put(start, Key(pollutant, *admits), measured[admits][pollutant], self.plan.interval)

    def intervals(
        self,
        track: Track,
        start: int,
        end: int,
        measured: Measured,
        revisions: dict[int, int] | None = None,
    ) -> list[Group[Interval]]:
        """Intervals to publish: the mean of each pollutant over a quarter or hour, else what rules ask for.

        `revisions`: row -> revision; None: all are the first.
        """
        asked = self._asked(track)
        clock, zone = Track(track.window, track.window), self.plan.zone
        rolling = track != clock and clock in self.plan.tracks
        # a window of the clock too: what is published of it is not published again
        if rolling and (clock.start(end, zone), clock.last_end(end, zone)) == (start, end):
            asked = {key: admits for key, admits in asked.items() if key not in self._asked(clock)}
        made: list[Group[Interval]] = []
        for (pollutant, statistic), admits in asked.items():
            found = of_statistic(measured[admits][pollutant], statistic)
            if not len(found.row):
                continue
            numbers = None if revisions is None else numbers_of(found.row, revisions)
            made.append(intervals_of(self.plan, JUDGED[pollutant], statistic, found, (start, end), numbers))
        return made

    def _asked(self, track: Track) -> dict[tuple[int, Statistic], Admission]:
        """Pollutants and statistics published as intervals of the track's windows, with their admission."""

        def found() -> dict[tuple[int, Statistic], Admission]:
            asked = {(q, MEAN): PLAIN for q in range(len(JUDGED)) if track in BASE}
            for rule in self.plan.rules_of(track):
                asked.setdefault((rule.pollutant, rule.statistic), rule.admits)
            return dict(sorted(asked.items()))

        return self.plan.once(("asked", track), found)


def rows_of(measured: Measured) -> Int32s:
    """All rows that the means have lines of."""
    found = [means.row for by_pollutant in measured.values() for means in by_pollutant]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int32)


def of_statistic(means: Means, statistic: Statistic) -> Means:
    """The lines of which the statistic can be made: where more came late to a part, that is the mean only."""
    if statistic.name == "mean":
        return means
    lacks = (means.covered > 0) & ~np.isin(means.row, means.slot_row)
    return means.of_rows(means.row[~lacks]) if lacks.any() else means


def numbers_of(rows: Int32s, revisions: dict[int, int]) -> Int32s:
    """The revision of each row."""
    return np.array([revisions[row] for row in rows.tolist()], np.int32)
