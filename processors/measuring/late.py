"""Readings and maintenance that come after a window has closed: which windows are to be judged anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import UNBOUNDED, Int64s
from processors.measuring.intake import Intake
from processors.measuring.reopened import ReopenedWindows, next_minute
from processors.plan import Order, Plan, is_under
from processors.windows import Track


@dataclass(frozen=True, slots=True, eq=False)
class LateReadings:
    """A view on a partition's state: the plan, which windows have closed, what waits to be judged anew.

    `forgotten`: readings before it enter no window any more.
    """

    plan: Plan
    closed: dict[Track, int]
    forgotten: int
    late: ReopenedWindows

    def until(self, time: Int64s, clock: Int64s, begin: int, end: int) -> int:
        """Where a slice of a batch must end because a late reading in it makes a decision due."""
        late = np.flatnonzero(time[begin:end] < max(self.closed.values()))
        if not len(late):
            return end
        due = next_minute(int(clock[begin + int(late[0])]))
        return max(begin + 1, min(end, int(np.searchsorted(clock, due))))

    def readings(self, fresh: Intake, clock: Int64s) -> tuple[list[int], list[int]]:
        """Positions of readings that enter no window any more, and of those whose window is judged anew.

        `clock`: the log's instant at each reading, which no earlier receipt puts back.
        """
        columns = fresh.columns
        begun = np.flatnonzero(columns.time < max(self.closed.values())).tolist()
        late: list[int] = []
        amends: list[int] = []
        for i in begun:
            start = int(columns.time[i])
            end = start + max(int(columns.period[i]), 1)
            if end <= self.forgotten:
                late.append(i)
            elif self._supersede(int(columns.row[i]), start, end, int(clock[i])):
                amends.append(i)
        return late, amends

    def _supersede(self, row: int, start: int, end: int, at: int) -> bool:
        """Remember which closed windows a reading over [start, end) belongs to; are there any?"""
        found = False
        for track in self.plan.tracks:
            if end - start > track.window:
                continue  # a mean over more than the window never enters it
            for closed in self._windows(track, start, end):
                self.late.add((track, closed), row, at)
                found = True
        return found

    def maintenance(self, order: Order, at: int) -> None:
        """Closed windows that a maintenance touches which was named late."""
        end = min(
            max(self.closed.values(), default=order.start), UNBOUNDED if order.end is None else order.end
        )
        rows = np.flatnonzero(is_under(order, self.plan)).tolist()
        for track in self.plan.tracks:
            for closed in self._windows(track, order.start, end):
                for row in rows:
                    self.late.add((track, closed), row, at)

    def _windows(self, track: Track, start: int, end: int) -> list[int]:
        """Ends of the track's closed windows over [start, end) whose readings are all still there."""
        begin = max(start, self.forgotten)
        if track.is_long or begin >= end:
            return []  # long windows follow the hours that they are made of
        zone = self.plan.zone
        ends = track.ends_over(begin, end, self.closed[track], zone)
        return [one for one in ends if track.start(one, zone) >= self.forgotten]
