"""What the contracts say of windows, computed slowly and without anything of ours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

HOUR = 3_600_000


@dataclass(frozen=True)
class Value:
    """A measured value: an instant (period 0) or the mean of [time, time + period), ms."""

    time: int
    value: Fraction
    period: int = 0
    admitted: bool = True


@dataclass(frozen=True)
class Window:
    """What a window should say; None: nothing was sent in it."""

    value: float | None
    capture: float


def slots(values: Sequence[Value], interval: int, start: int, end: int) -> dict[int, Fraction]:
    """Mean of each slot of [start, end) that an admitted value covers."""
    found = {}
    usable = [v for v in values if v.admitted and v.period <= end - start]
    for first in range(start, end, interval):
        last, weighed = first + interval, []
        for v in usable:
            overlap = min(v.time + max(v.period, 1), last, end) - max(v.time, first, start)
            if overlap > 0:
                weighed.append((v, overlap if v.period else 1))
        # nothing counts twice: no instant within a mean, no mean over more than the slot beside finer ones
        means = [v for v in usable if 0 < v.period <= interval]
        fine = [
            w for w in weighed if w[0].period <= interval and not (w[0].period == 0 and _within(w[0], means))
        ]
        longer = sorted({w[0].period for w in weighed if w[0].period > interval})
        for kind in (fine, *([w for w in weighed if w[0].period == p] for p in longer)):
            if kind:
                found[first] = sum((v.value * w for v, w in kind), Fraction()) / sum(w for _, w in kind)
                break
    return found


def statistic(of: Sequence[Fraction], name: str, number: float | None = None) -> float:
    """Of slot or hour means, at least one."""
    if name == "mean":
        return float(sum(of, Fraction()) / len(of))
    if name == "max":
        return float(max(of))
    if name == "count":
        return float(sum(one > Fraction(number or 0) for one in of))
    rank = math.ceil(Fraction(number or 0) / 100 * len(of))  # nearest rank, from 1
    return float(sorted(of)[rank - 1])


def window(
    values: Sequence[Value],
    interval: int,
    start: int,
    end: int,
    name: str = "mean",
    number: float | None = None,
    hours: int | None = None,
) -> Window | None:
    """[start, end) of one device and pollutant; `hours`: it is made of so many clock hours."""
    if hours is not None:
        parts = [slots(values, interval, h, h + HOUR) for h in range(start, end, HOUR)]
        means = [
            sum(part.values(), Fraction()) / len(part)
            for part in parts
            if part and len(part) * 4 >= HOUR // interval * 3
        ]
        sent = any(_sent(values, h, h + HOUR) for h in range(start, end, HOUR))
        if not sent:
            return None
        return Window(statistic(means, name, number) if means else None, len(means) / hours)
    if (end - start) % interval or not _sent(values, start, end):
        return None
    found = list(slots(values, interval, start, end).values())
    count = (end - start) // interval
    return Window(statistic(found, name, number) if found else None, len(found) / count)


def _within(instant: Value, means: Sequence[Value]) -> bool:
    return any(v.time <= instant.time < v.time + v.period for v in means)


def _sent(values: Sequence[Value], start: int, end: int) -> bool:
    return any(v.time < end and v.time + max(v.period, 1) > start and v.period <= end - start for v in values)
