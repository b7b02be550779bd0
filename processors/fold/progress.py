"""How far a partition has come in its log: windows that closed, signals it knows, what is missing. Pure."""

from __future__ import annotations

from typing import Any

from ingest.records import Signal
from processors.columns import DAY_MS, Rowless
from processors.plan import PlanChange
from processors.windows import Bounded, Horizons, Track


class ClosedWindows(dict[Track, int], Bounded):
    """The end of each track's last window that has closed."""

    def follow(self, change: PlanChange) -> None:
        """The tracks of another plan; the zone may be another."""
        plan = change.after
        ends = {
            track: track.last_end(self.get(track, change.at - plan.lateness[track]), plan.zone)
            for track in plan.tracks
        }
        self.clear()
        self.update(ends)

    def dump(self, pack: object) -> list[Any]:
        """As JSON data."""
        return [[*track, end] for track, end in sorted(self.items())]

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> ClosedWindows:
        """The inverse of `dump`."""
        return cls({Track(window, step): end for window, step, end in data})


class Signals(dict[str, int], Rowless):
    """The receipt of each signal by its id: one that comes again says nothing new."""

    def forget(self, until: Horizons) -> None:
        """Forget signals of more than a day before."""
        for name in [name for name, received_at in self.items() if received_at + DAY_MS <= until.due]:
            del self[name]

    def dump(self, pack: object) -> list[tuple[str, int]]:
        """As JSON data."""
        return sorted(self.items())

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> Signals:
        """The inverse of `dump`."""
        return cls(data)


class LogGaps(list[tuple[int, int]], Rowless):
    """Spans [start, end) of which the log lacks records, accepted by an operator."""

    def accept(self, signal: Signal) -> tuple[int, int]:
        """Take in a signal of a gap; its span."""
        end = max(signal.start + 1, signal.received_at if signal.end is None else signal.end)
        self.append((signal.start, end))
        return signal.start, end

    def touch(self, start: int, end: int) -> bool:
        """Does the log lack records of [start, end)?"""
        return any(start < until and end > since for since, until in self)

    def forget(self, until: Horizons) -> None:
        """Forget gaps that ended more than a day before."""
        self[:] = [gap for gap in self if gap[1] + DAY_MS > until.due]

    def dump(self, pack: object) -> list[tuple[int, int]]:
        """As JSON data."""
        return list(self)

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> LogGaps:
        """The inverse of `dump`."""
        return cls((start, end) for start, end in data)
