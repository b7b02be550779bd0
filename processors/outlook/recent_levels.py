"""Smoothed recent level of each device, and the spread of its slot means around the forecast.

Simple exponential smoothing (a local level; ETS(A,N,N) in Hyndman and others, "Forecasting with
Exponential Smoothing", 2008, recalled): a slot mean is expected to be the level, and moves the level by
`gain` times its error. Only +, -, *, / of float64 and a fixed order per device: the same
readings give the same bits on every machine, however they were batched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.columns import Floats, Int32s, Int64s

_NANO = 1e9
_NEVER = -(2**62)


@dataclass(frozen=True, slots=True)
class LevelMemory:
    """Time constants of the smoothing; the figures are a proposal of this project, tuned on recordings."""

    level_ms: int = 600_000  # age at which a slot mean counts a third in the level
    spread_ms: int = 21_600_000  # the same for the spread
    forget_ms: int = 21_600_000  # after a gap as long as this a device starts anew


@dataclass(slots=True, eq=False)
class Recent:
    """Recent levels of one pollutant, one line per device row.

    `level` in the unit, `spread` in its square, both 0 at first.
    """

    count: Int32s  # slot means seen since the last start
    last: Int64s  # start of the newest slot, ms
    level: Floats
    spread: Floats  # mean square of what the level missed the next slot mean by

    @classmethod
    def of(cls, n: int) -> Recent:
        """Levels of n devices of which nothing is known."""
        return cls(
            np.zeros(n, np.int32),
            np.full(n, _NEVER, np.int64),
            np.zeros(n, np.float64),
            np.zeros(n, np.float64),
        )

    def __len__(self) -> int:
        return len(self.count)

    def moved(self, old_row: Int32s) -> Recent:
        """The same under a new plan; `old_row[new]` is -1 for a new device."""
        made, stays = Recent.of(len(old_row)), old_row >= 0
        for name in ("count", "last", "level", "spread"):
            getattr(made, name)[stays] = getattr(self, name)[old_row[stays]]
        return made


def gain_of(interval: Int64s, age_ms: int) -> Floats:
    """Weight of the newest slot mean, 0..1: interval / (interval + age)."""
    return interval / np.maximum(interval + age_ms, 1)


def learn(
    recent: Recent, row: Int32s, slot_start: Int64s, slot_mean: Int64s, interval: Int64s, memory: LevelMemory
) -> int:
    """Learn from settled slot means, and return how many came too late to be used.

    `row`, `slot_start` (ms), `slot_mean` (1e-9 unit): m lines sorted by (row, slot_start), each slot of a
    device once. `interval`: ms by device row. A slot that is not newer than the newest known one is left out.
    """
    fresh = slot_start > recent.last[row]
    ignored = len(row) - int(np.count_nonzero(fresh))
    if ignored:
        row, slot_start, slot_mean = row[fresh], slot_start[fresh], slot_mean[fresh]
    if not len(row):
        return ignored
    first = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
    lengths = np.diff(np.append(first, len(row)))
    # the n-th slot of every device at once: as many rounds as one device has slots, mostly one
    for nth in range(int(lengths.max())):
        which = (first + nth)[lengths > nth]
        _learn_one(recent, row[which], slot_start[which], slot_mean[which] / _NANO, interval, memory)
    return ignored


def _learn_one(
    recent: Recent, row: Int32s, start: Int64s, value: Floats, interval: Int64s, memory: LevelMemory
) -> None:
    count = recent.count[row]
    count = np.where(start - recent.last[row] >= memory.forget_ms, 0, count) + 1
    begins = count == 1
    level = np.where(begins, value, recent.level[row])
    missed = value - level
    step = interval[row]
    # while little is known every slot counts the same
    gain = np.maximum(gain_of(step, memory.level_ms), 1 / count)
    slow = np.maximum(gain_of(step, memory.spread_ms), 1 / np.maximum(count - 1, 1))
    spread = np.where(begins, 0.0, recent.spread[row])
    recent.spread[row] = np.where(begins, 0.0, spread + slow * (missed * missed - spread))
    recent.level[row] = level + gain * missed
    recent.count[row], recent.last[row] = count, start
