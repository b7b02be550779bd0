"""Reopened windows: closed windows that have changed and are to be measured and judged again.

What arrives from one device within one minute of the log is handled together; the minute's end is a decision
of the log like any other, so the size of batches changes nothing, nor does what else shares the partition.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from processors.columns import MINUTE_MS, Bools, Int32s, Renumbering
from processors.windows import Horizons, Track

Window = tuple[Track, int]  # and its end


def next_minute(instant: int) -> int:
    """The first whole minute after an instant of the log."""
    return (instant // MINUTE_MS + 1) * MINUTE_MS


@dataclass(slots=True)
class ChangedWindows:
    """Windows to be measured again in one run, with the device rows that changed."""

    rows: dict[Window, set[int]] = field(default_factory=dict)
    _order: list[Window] = field(default_factory=list)

    def add(self, window: Window, rows: Iterable[int]) -> None:
        """Add rows to a window; one that is made of others may be added while they are taken."""
        if window not in self.rows:
            heapq.heappush(self._order, window)
            self.rows[window] = set()
        self.rows[window].update(rows)

    def __iter__(self) -> Iterator[tuple[Window, Int32s]]:
        """Each window and its rows, once; short windows come first, because long ones are made of them."""
        while self._order:
            window = heapq.heappop(self._order)
            yield window, np.array(sorted(self.rows.pop(window)), np.int32)


@dataclass(slots=True)
class LateRowsOf:
    """Device rows to whose windows something came late, in one run; `devices`: number of all rows."""

    devices: int
    rows: dict[Window, Bools] = field(default_factory=dict)

    def add(self, window: Window, rows: Int32s) -> None:
        """Add rows to a window."""
        self.rows.setdefault(window, np.zeros(self.devices, bool))[rows] = True

    def of(self, window: Window) -> Bools | None:
        """(all rows) True for those of a window; None: it has none."""
        return self.rows.get(window)


@dataclass(slots=True)
class ReopenedWindows:
    """Reopened windows. `waiting`: window -> device rows that changed; `due_of`: row -> when it is handled.

    `unflagged`: device rows whose values in closed windows are to be flagged again, before any is measured.
    `revisions`: window -> row -> revision, for windows that were measured again.
    """

    waiting: dict[Window, set[int]] = field(default_factory=dict)
    due_of: dict[int, int] = field(default_factory=dict)
    revisions: dict[Window, dict[int, int]] = field(default_factory=dict)
    unflagged: set[int] = field(default_factory=set)

    def flag(self, row: int, at: int) -> None:
        """Have a device's values in closed windows flagged again, because of something that came at `at`."""
        self.unflagged.add(row)
        self.due_of.setdefault(row, next_minute(at))

    def to_flag(self, until: int) -> list[int]:
        """The devices whose values are to be flagged again, of those that are due at `until` or before."""
        rows = sorted(row for row in self.unflagged if self.due_of[row] <= until)
        self.unflagged.difference_update(rows)
        return rows

    def add(self, window: Window, row: int, at: int) -> None:
        """Reopen a closed window for a device, because of something that came at `at`."""
        self.waiting.setdefault(window, set()).add(row)
        self.due_of.setdefault(row, next_minute(at))

    @property
    def due(self) -> int | None:
        """When the first device's windows are handled; None: nothing waits."""
        return min(self.due_of.values(), default=None)

    def take(self, until: int) -> ChangedWindows:
        """The windows of the devices that are due at `until` or before; they wait no longer."""
        ready = {row for row, due in self.due_of.items() if due <= until}
        taken = ChangedWindows()
        for window, rows in list(self.waiting.items()):
            if not rows.isdisjoint(ready):
                taken.add(window, rows & ready)
                self.waiting[window] = rows - ready
        self.waiting = {window: rows for window, rows in self.waiting.items() if rows}
        self.due_of = {row: due for row, due in self.due_of.items() if row not in ready}
        return taken

    def revise(self, window: Window, rows: Int32s) -> Int32s:
        """Raise the revision of each device's interval, and return the new ones."""
        known = self.revisions.setdefault(window, {})
        for row in rows.tolist():
            known[row] = known.get(row, 1) + 1
        return np.array([known[row] for row in rows.tolist()], np.int32)

    def forget(self, until: Horizons) -> None:
        """Forget revisions of windows that will not be measured again."""
        for window in [window for window in self.revisions if window[1] <= until.late]:
            del self.revisions[window]

    def follow(self, change: Renumbering) -> None:
        """Move devices to their new rows."""
        new_row = change.new_row
        moved = {
            window: {int(new_row[row]) for row in rows if new_row[row] >= 0}
            for window, rows in self.waiting.items()
        }
        self.waiting = {window: rows for window, rows in moved.items() if rows}
        self.due_of = {int(new_row[row]): due for row, due in self.due_of.items() if new_row[row] >= 0}
        self.unflagged = {int(new_row[row]) for row in self.unflagged if new_row[row] >= 0}
        self.revisions = {
            window: {int(new_row[row]): number for row, number in known.items() if new_row[row] >= 0}
            for window, known in self.revisions.items()
        }

    def dump(self, pack: object) -> list[Any]:
        """The state as JSON data."""
        return [
            sorted(self.due_of.items()),
            [[*track, end, sorted(rows)] for (track, end), rows in sorted(self.waiting.items())],
            [[*track, end, sorted(known.items())] for (track, end), known in sorted(self.revisions.items())],
            sorted(self.unflagged),
        ]

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> ReopenedWindows:
        """The inverse of `dump`."""
        due, waiting, revisions, unflagged = data
        return cls(
            {(Track(window, step), end): set(rows) for window, step, end, rows in waiting},
            dict(due),
            {(Track(window, step), end): dict(known) for window, step, end, known in revisions},
            set(unflagged),
        )
