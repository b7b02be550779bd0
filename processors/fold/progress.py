"""Progress of a partition through its log: closed windows, known signals, gaps. Pure."""

from __future__ import annotations

from typing import Any

from ingest.records import Signal
from processors.columns import DAY_MS, Rowless
from processors.plan import CALIBRATION, PlanChange, says_no_start
from processors.records import short_id
from processors.windows import Bounded, Horizons, Track

_FOR_GOOD = (CALIBRATION, "gap")


class ClosedWindows(dict[Track, int], Bounded):
    """End of the last closed window of each track."""

    def follow(self, change: PlanChange) -> None:
        """Adopt the tracks of another plan, whose time zone may differ."""
        plan = change.after
        ends = {
            track: track.last_end(self.get(track, change.at - plan.lateness[track]), plan.zone)
            for track in plan.tracks
        }
        self.clear()
        self.update(ends)

    def dump(self, pack: object) -> list[Any]:
        """The state as JSON data."""
        return [[*track, end] for track, end in sorted(self.items())]

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> ClosedWindows:
        """The inverse of `dump`."""
        return cls({Track(window, step): end for window, step, end in data})


class Signals(dict[str, int], Rowless):
    """Receipt of each signal by id and content, by which a repeated signal is recognized."""

    def note(self, signal: Signal) -> bool:
        """Note a signal; False if the same one was noted before, whenever it came."""
        key = _content_of(signal)
        if key in self:
            return False
        self[key] = max(signal.received_at, signal.received_at if signal.end is None else signal.end)
        return True

    def forget(self, until: Horizons) -> None:
        """Forget signals that were received, and ended, a day ago or earlier."""
        for name in [name for name, last in self.items() if last + DAY_MS <= until.due]:
            del self[name]

    def dump(self, pack: object) -> list[tuple[str, int]]:
        """The state as JSON data."""
        return sorted(self.items())

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> Signals:
        """The inverse of `dump`."""
        return cls(data)


def _content_of(signal: Signal) -> str:
    """What makes two signals the same: all but their receipt, also where that stands for a beginning.

    Of a calibration or a gap the id alone: its corrections are in the values already, its loss is accepted.
    """
    if signal.kind in _FOR_GOOD:
        return signal.id
    start = None if says_no_start(signal) else signal.start
    said = (signal.place, signal.kind, signal.level, start, signal.end, signal.device)
    return short_id(signal.id, *said, signal.author, signal.reason, signal.document)


class LogGaps(list[tuple[int, int]], Rowless):
    """Spans [start, end) for which the log lacks records, accepted by an operator."""

    def accept(self, signal: Signal) -> tuple[int, int]:
        """Note the gap that a signal reports, and return its span."""
        end = max(signal.start + 1, signal.received_at if signal.end is None else signal.end)
        self.append((signal.start, end))
        return signal.start, end

    def touch(self, start: int, end: int) -> bool:
        """True if the log lacks records of [start, end)."""
        return any(start < until and end > since for since, until in self)

    def forget(self, until: Horizons) -> None:
        """Forget gaps that touch no window that may still change."""
        self[:] = [gap for gap in self if gap[1] > until.late]

    def dump(self, pack: object) -> list[tuple[int, int]]:
        """The state as JSON data."""
        return list(self)

    @classmethod
    def load(cls, data: list[Any], arrays: object, plan: object) -> LogGaps:
        """The inverse of `dump`."""
        return cls((start, end) for start, end in data)
