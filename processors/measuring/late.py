"""Late readings, maintenance, later findings: the closed windows to be judged again.

What comes within the two hours of full state joins the readings in time; what comes later, and no later than
`late_for`, is kept by itself and added to what the windows had in time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import UNBOUNDED, Bools, Int64s
from processors.measuring.intake import Intake, Positions
from processors.measuring.reopened import ChangedWindows, ReopenedWindows, next_minute
from processors.plan import Order, Plan, is_under
from processors.windows import LONGEST_MS, RETAIN_MS, Track


@dataclass(frozen=True, slots=True, eq=False)
class LateReadings:
    """View of a partition's state: the plan, the closed windows, those waiting to be judged again.

    `since`: no window that began before it is judged; `forgotten`: readings in time before it are gone.
    """

    plan: Plan
    closed: dict[Track, int]
    since: int
    forgotten: int
    late: ReopenedWindows

    @property
    def begun(self) -> int:
        """The end of the newest closed window."""
        return max(self.closed.values())

    def until(self, late: Bools, clock: Int64s, begin: int, end: int) -> int:
        """End of the slice [begin, end) of a batch, cut short where a `late` one makes a decision due."""
        if not late.any():
            return end
        due = next_minute(int(clock[begin + int(late.argmax())]))
        return max(begin + 1, min(end, int(np.searchsorted(clock, due))))

    def kept(self, fresh: Intake, clock: Int64s) -> Positions:
        """Positions of readings to be kept beside those in time, as these are gone or go before long.

        `clock`: as for `readings`.
        """
        columns = fresh.columns
        late = columns.time < self.forgotten + LONGEST_MS
        late &= columns.time < clock - RETAIN_MS
        late &= columns.time >= np.maximum(self.since, clock - self.plan.late_for[columns.row])
        return np.flatnonzero(late)

    def readings(self, fresh: Intake, clock: Int64s) -> tuple[list[int], list[int]]:
        """Positions of readings that no longer enter any window, and of those whose windows are judged again.

        `clock`: the log's time at each reading, which an earlier receipt never sets back.
        """
        columns = fresh.columns
        begun = np.flatnonzero(columns.time < self.begun).tolist()
        late: list[int] = []
        amends: list[int] = []
        for i in begun:
            start = int(columns.time[i])
            end = start + max(int(columns.period[i]), 1)
            if end > self.forgotten:
                self.late.flag(int(columns.row[i]), int(clock[i]))
            if self.supersede(int(columns.row[i]), start, end, int(clock[i])):
                amends.append(i)
            elif end <= self.forgotten:
                late.append(i)
        return late, amends

    def supersede(self, row: int, start: int, end: int, at: int) -> bool:
        """Reopen the closed windows that a reading over [start, end) belongs to; True if there are any."""
        if start < self.forgotten and start < at - int(self.plan.late_for[row]):
            return False
        found = False
        for track in self.plan.tracks:
            if end - start > track.window:
                continue  # a mean over more than the window never enters it
            for closed in self._windows(track, start, end, self.since):
                self.late.add((track, closed), row, at)
                found = True
        return found

    def again(self, row: int, start: int, end: int, changed: ChangedWindows) -> None:
        """Add the windows of a reading over [start, end) whose flags have changed to those measured again."""
        for track in self.plan.tracks:
            if end - start <= track.window:
                for closed in self._windows(track, start, end, self.since):
                    changed.add((track, closed), [row])

    def maintenance(self, order: Order, at: int) -> None:
        """Reopen the closed windows touched by maintenance that was reported late."""
        end = min(
            max(self.closed.values(), default=order.start), UNBOUNDED if order.end is None else order.end
        )
        rows = np.flatnonzero(is_under(order, self.plan)).tolist()
        for track in self.plan.tracks:
            for closed in self._windows(track, order.start, end, self.forgotten):
                for row in rows:
                    self.late.add((track, closed), row, at)

    def _windows(self, track: Track, start: int, end: int, least: int) -> list[int]:
        """Ends of the track's closed windows over [start, end) that begin at `least` or after it."""
        begin = max(start, least)
        if track.is_long or begin >= end:
            return []  # long windows follow the hours that they are made of
        zone = self.plan.zone
        ends = track.ends_over(begin, end, self.closed[track], zone)
        return [one for one in ends if track.start(one, zone) >= least]
