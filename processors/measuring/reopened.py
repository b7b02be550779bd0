"""Reopened windows: closed windows that have changed and are to be measured and judged again.

Readings that arrive within one minute of the log are handled together; the minute's end is a decision of the
log like any other, so the size of batches changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from processors.columns import MINUTE_MS, Int32s, Renumbering
from processors.windows import Horizons, Track

Window = tuple[Track, int]  # and its end


def next_minute(instant: int) -> int:
    """The first whole minute after an instant of the log."""
    return (instant // MINUTE_MS + 1) * MINUTE_MS


@dataclass(slots=True)
class ReopenedWindows:
    """Reopened windows. `waiting`: window -> device rows that changed.

    `unflagged`: device rows whose values in closed windows are to be flagged again, before any is measured.
    `revisions`: window -> row -> revision, for windows that were measured again.
    """

    waiting: dict[Window, set[int]] = field(default_factory=dict)
    due: int | None = None
    revisions: dict[Window, dict[int, int]] = field(default_factory=dict)
    unflagged: set[int] = field(default_factory=set)

    def flag(self, row: int, at: int) -> None:
        """Have a device's values in closed windows flagged again, because of something that came at `at`."""
        self.unflagged.add(row)
        if self.due is None:
            self.due = next_minute(at)

    def to_flag(self) -> list[int]:
        """The devices whose values are to be flagged again now."""
        rows, self.unflagged = sorted(self.unflagged), set()
        return rows

    def add(self, window: Window, row: int, at: int) -> None:
        """Reopen a closed window for a device, because of something that came at `at`."""
        self.waiting.setdefault(window, set()).add(row)
        if self.due is None:
            self.due = next_minute(at)

    def again(self, window: Window, rows: Int32s) -> None:
        """Reopen a window because something it is made of has changed; it is handled in the same run."""
        self.waiting.setdefault(window, set()).update(rows.tolist())

    def first(self) -> tuple[Window, Int32s] | None:
        """The next window and its rows; short windows come first, because long ones are made of them."""
        if not self.waiting:
            self.due = None
            return None
        window = min(self.waiting)
        return window, np.array(sorted(self.waiting.pop(window)), np.int32)

    def revise(self, window: Window, rows: Int32s) -> Int32s:
        """Raise the revision of each device's interval, and return the new ones."""
        known = self.revisions.setdefault(window, {})
        for row in rows.tolist():
            known[row] = known.get(row, 1) + 1
        return np.array([known[row] for row in rows.tolist()], np.int32)

    def forget(self, until: Horizons) -> None:
        """Forget revisions of windows that will not be measured again."""
        for window in [window for window in self.revisions if window[1] <= until.windows]:
            del self.revisions[window]

    def follow(self, change: Renumbering) -> None:
        """Move devices to their new rows."""
        new_row = change.new_row
        moved = {
            window: {int(new_row[row]) for row in rows if new_row[row] >= 0}
            for window, rows in self.waiting.items()
        }
        self.waiting = {window: rows for window, rows in moved.items() if rows}
        self.unflagged = {int(new_row[row]) for row in self.unflagged if new_row[row] >= 0}
        self.due = self.due if self.waiting or self.unflagged else None
        self.revisions = {
            window: {int(new_row[row]): number for row, number in known.items() if new_row[row] >= 0}
            for window, known in self.revisions.items()
        }

    def dump(self, pack: object) -> list[Any]:
        """The state as JSON data."""
        return [
            self.due,
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
            due,
            {(Track(window, step), end): dict(known) for window, step, end, known in revisions},
            set(unflagged),
        )
