"""Windows that have closed and got another reading since: what is to be measured and judged anew.

Readings that come within a minute of the log are taken together; the minute's end is a decision of the
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
    """`waiting`: windows with the device rows that changed; `revisions`: of windows measured again."""

    waiting: dict[Window, set[int]] = field(default_factory=dict)
    due: int | None = None
    revisions: dict[Window, dict[int, int]] = field(default_factory=dict)

    def add(self, window: Window, row: int, at: int) -> None:
        """A device's reading came at `at` for a window that has closed."""
        self.waiting.setdefault(window, set()).add(row)
        if self.due is None:
            self.due = next_minute(at)

    def again(self, window: Window, rows: Int32s) -> None:
        """Something that the window is made of has changed: it is taken in the same go."""
        self.waiting.setdefault(window, set()).update(rows.tolist())

    def first(self) -> tuple[Window, Int32s] | None:
        """The next window and its rows; short windows first: long ones are made of them."""
        if not self.waiting:
            self.due = None
            return None
        window = min(self.waiting)
        return window, np.array(sorted(self.waiting.pop(window)), np.int32)

    def revise(self, window: Window, rows: Int32s) -> Int32s:
        """The new revision of each device's interval."""
        known = self.revisions.setdefault(window, {})
        for row in rows.tolist():
            known[row] = known.get(row, 1) + 1
        return np.array([known[row] for row in rows.tolist()], np.int32)

    def forget(self, until: Horizons) -> None:
        """Forget windows that are not measured again."""
        for window in [window for window in self.revisions if window[1] <= until.windows]:
            del self.revisions[window]

    def follow(self, change: Renumbering) -> None:
        """Devices have new rows."""
        new_row = change.new_row
        moved = {
            window: {int(new_row[row]) for row in rows if new_row[row] >= 0}
            for window, rows in self.waiting.items()
        }
        self.waiting = {window: rows for window, rows in moved.items() if rows}
        self.due = self.due if self.waiting else None
        self.revisions = {
            window: {int(new_row[row]): number for row, number in known.items() if new_row[row] >= 0}
            for window, known in self.revisions.items()
        }

    def dump(self, pack: object) -> list[Any]:
        """As JSON data."""
        return [
            self.due,
            [[*track, end, sorted(rows)] for (track, end), rows in sorted(self.waiting.items())],
            [[*track, end, sorted(known.items())] for (track, end), known in sorted(self.revisions.items())],
        ]

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> ReopenedWindows:
        """The inverse of `dump`."""
        due, waiting, revisions = data
        return cls(
            {(Track(window, step), end): set(rows) for window, step, end, rows in waiting},
            due,
            {(Track(window, step), end): dict(known) for window, step, end, known in revisions},
        )
