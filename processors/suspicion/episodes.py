"""Episodes of suspicion: all patterns over the hours of a partition, each reported once while it lasts.

The state is the history and, by pattern and device, the start of the current suspicion. A suspicion that is
not found for `settings.quiet_h` hours ends; found again, it is a new one.

Confidence (0..1): each pattern starts from a value for its minimum evidence and adds terms that grow with
the distance of the numbers from their limits; `offline` uses 1 - the probability of its gaps by chance. It
ranks findings and separates flags from what is reported; it is not the probability that somebody falsified.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import HOUR_MS, Array, Int8s, Int32s
from processors.suspicion.feature_history import NOTHING, FeatureHistory
from processors.suspicion.features import FEATURES, NUMBER, HourFeatures
from processors.suspicion.finding import EvidenceNumber, Finding, Guard, PatternFindings, number
from processors.suspicion.patterns import PATTERNS
from processors.suspicion.settings import SuspicionSettings
from processors.suspicion.surroundings import Surroundings

STATUS = "a proposal of this project"  # of all default settings: no standard names them
_NEVER = -1
_OPEN, _SILENCED = 1, 2


@dataclass(slots=True, eq=False)
class Episodes:
    """`since`, `seen`: (patterns, devices) hour numbers, -1 never; `how`: 0, told, or silenced."""

    history: FeatureHistory
    since: Int32s
    seen: Int32s
    how: Int8s

    @classmethod
    def of(cls, devices: int) -> Episodes:
        """State for that many devices, with nothing known of any."""
        shape = (len(PATTERNS), devices)
        return cls(
            FeatureHistory.of(devices),
            np.full(shape, _NEVER, np.int32),
            np.full(shape, _NEVER, np.int32),
            np.zeros(shape, np.int8),
        )

    def close(
        self, features: HourFeatures, place: Surroundings, settings: SuspicionSettings
    ) -> list[Finding]:
        """Adds a closed hour; returns new suspicions, and ones newly silenced by a guard, by pattern and row.

        An hour changed by late readings corrects the history and is not judged again: anything it would have
        led to is judged with the next hour.
        """
        newer = self.history.newest == NOTHING or features.start > self.history.newest
        if not self.history.put(features) or not newer:
            return []
        hour = features.start // HOUR_MS
        made: list[Finding] = []
        for index, (name, pattern) in enumerate(PATTERNS.items()):
            if name in settings.without:
                continue
            found = pattern.find(self.history, place, settings.of(name))
            made += self._told(index, found, hour, settings)
        return made

    def _told(
        self, index: int, found: PatternFindings, hour: int, settings: SuspicionSettings
    ) -> list[Finding]:
        since, seen, how = self.since[index], self.seen[index], self.how[index]
        over = (how > 0) & (seen < hour - settings.quiet_h)
        how[over], since[over], seen[over] = 0, _NEVER, _NEVER
        if not len(found.row):
            return []
        sure = found.confidence >= settings.told
        kind = np.where(found.silenced, _SILENCED, _OPEN).astype(np.int8)
        before = how[found.row]
        new = sure & ((before == 0) | ((before == _SILENCED) & (kind == _OPEN)))
        seen[found.row[sure]] = hour
        which = np.flatnonzero(new)
        rows = found.row[which]
        how[rows] = kind[which]
        since[rows] = (found.start[which] // HOUR_MS).astype(np.int32)
        return [finding(found, int(i), self.history) for i in which]

    def end(self, pattern: str) -> bool:
        """Forgets all suspicions of the pattern; True if there were any."""
        index = list(PATTERNS).index(pattern)
        found = bool(self.how[index].any())
        self.how[index], self.since[index], self.seen[index] = 0, _NEVER, _NEVER
        return found

    def standing(self, pattern: str) -> Int32s:
        """Rows currently suspected of the pattern."""
        index = list(PATTERNS).index(pattern)
        return np.flatnonzero(self.how[index] == _OPEN).astype(np.int32)

    def remap(self, old_row: Int32s) -> None:
        """Moves devices to new rows: new row i was `old_row[i]`, -1 for a new device."""
        self.history.remap(old_row)
        stays = np.flatnonzero(old_row >= 0)
        made = Episodes.of(0)
        shape = (len(PATTERNS), len(old_row))
        made.since, made.seen = np.full(shape, _NEVER, np.int32), np.full(shape, _NEVER, np.int32)
        made.how = np.zeros(shape, np.int8)
        for name in ("since", "seen", "how"):
            getattr(made, name)[:, stays] = getattr(self, name)[:, old_row[stays]]
            setattr(self, name, getattr(made, name))

    @classmethod
    def restored(cls, newest: int, arrays: list[Array]) -> Episodes:
        """Rebuilds the state from saved arrays: both rings, `since`, `seen`, `how`."""
        recent, long, since, seen, how = arrays
        return cls(FeatureHistory(recent, long, newest), since, seen, how)


def finding(found: PatternFindings, i: int, history: FeatureHistory) -> Finding:
    """One line of findings as a Finding, with the series to plot."""
    row = int(found.row[i])
    return Finding(
        row=row,
        pattern=found.pattern,
        start=int(found.start[i]),
        end=history.newest + HOUR_MS,
        confidence=float(found.confidence[i]),
        evidence={
            name: EvidenceNumber(number(float(column[i])), unit)
            for name, (column, unit) in found.evidence.items()
        },
        guards=tuple(
            Guard(name, number(float(value[i])), bool(silent[i]))
            for name, (value, silent) in found.guards.items()
        ),
        plot={name: series for name in found.plot if (series := _series(found, name, row, history))},
    )


def _series(found: PatternFindings, name: str, row: int, history: FeatureHistory) -> tuple[float | None, ...]:
    """Last hours of a column, as far as kept, from the first known one; empty if none is known."""
    hours = min(found.plot_hours, FEATURES[NUMBER[name]].hours)
    values = [number(float(v)) for v in history.last(name, hours, row=row)]
    first = next((at for at, value in enumerate(values) if value is not None), hours)
    return tuple(values[first:])
