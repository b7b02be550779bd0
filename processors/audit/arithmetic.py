"""Recomputation of one window from stored readings, step by step, for people to follow.

It shares no code with the fold that judged: Python integers instead of columns, one device at a time. Values
are whole thousandths, means of slots whole 1e-9 of the unit, rounded half up (contracts, Time and windows).
The results are compared with what was published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from processors.columns import HOUR_MS, NANO

_PER_THOUSANDTH = 10**6
LEAST_OF_AN_HOUR = Fraction(3, 4)  # capture of a valid hour (HJ 212-2017 Annex C)


@dataclass(frozen=True, slots=True)
class Value:
    """One value that may enter a mean: over [time, time + period), or at an instant (period 0)."""

    time: int
    period: int
    thousandths: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A covered slot, or a valid hour of a long window; `values`: how many values its mean is made of."""

    start: int
    mean: int  # 1e-9 unit
    values: int


@dataclass(frozen=True, slots=True)
class Window:
    """Result of a window. `expected`: number of its slots, 0 if the interval does not divide it."""

    slots: tuple[Slot, ...]
    expected: int
    value: float | None

    @property
    def capture(self) -> float | None:
        """Share of the expected slots that are covered; None if none are expected."""
        return len(self.slots) / self.expected if self.expected else None


@dataclass(frozen=True, slots=True)
class SlotStatistic:
    """Statistic over the slots: mean, max, percentile (nearest rank), or the number of slots above a mark."""

    name: str = "mean"
    percentile: float | None = None
    above: float | None = None


MEAN = SlotStatistic()


def window_of(
    values: Iterable[Value], interval: int, start: int, end: int, statistic: SlotStatistic = MEAN
) -> Window:
    """The window [start, end) of a device that sends every `interval` ms. All in ms."""
    width = end - start
    if interval <= 0 or width % interval:
        return Window((), 0, None)
    used = [
        v
        for v in values
        if v.time < end and v.time + max(v.period, 1) > start and v.period <= width
    ]  # fmt: skip
    once = _once(used, interval)
    found = []
    for begin in range(start, end, interval):
        slot = _slot(once, begin, begin + interval, start, end)
        if slot is not None:
            found.append(slot)
    return Window(tuple(found), width // interval, _value_of(found, statistic))


def long_window_of(
    values: Sequence[Value],
    interval: int,
    start: int,
    end: int,
    statistic: SlotStatistic = MEAN,
    hours: int | None = None,
) -> Window:
    """A window longer than an hour, made of its valid clock hours. `hours`: how many clock hours it has."""
    found = []
    for begin in range(start, end, HOUR_MS):
        hour = window_of(values, interval, begin, begin + HOUR_MS)
        if hour.slots and len(hour.slots) >= LEAST_OF_AN_HOUR * hour.expected:
            found.append(
                Slot(begin, _rounded(sum(s.mean for s in hour.slots), len(hour.slots)), len(hour.slots))
            )
    return Window(tuple(found), hours or (end - start) // HOUR_MS, _value_of(found, statistic))


def _slot(values: Sequence[Value], begin: int, until: int, start: int, end: int) -> Slot | None:
    weighed = []
    for value in values:
        first, last = max(value.time, start), min(value.time + max(value.period, 1), end)
        overlap = min(last, until) - max(first, begin)
        if overlap > 0:
            weighed.append((value, overlap))
    taken = _finest(weighed, until - begin)
    if not taken:
        return None
    total = sum(value.thousandths * weight for value, weight in taken) * _PER_THOUSANDTH
    return Slot(begin, _rounded(total, sum(weight for _, weight in taken)), len(taken))


def _once(values: Sequence[Value], length: int) -> list[Value]:
    """Drop instants within a mean of at most one slot, so that no measurement counts twice."""
    means = [value for value in values if 0 < value.period <= length]
    return [
        one
        for one in values
        if one.period or not any(mean.time <= one.time < mean.time + mean.period for mean in means)
    ]


def _finest(weighed: list[tuple[Value, int]], length: int) -> list[tuple[Value, int]]:
    """Values that a slot's mean is made of; one longer than the slot counts only if nothing is finer."""
    beyond = [value.period if value.period > length else 0 for value, _ in weighed]
    return [one for one, reach in zip(weighed, beyond, strict=True) if reach == min(beyond)]


def _value_of(slots: Sequence[Slot], statistic: SlotStatistic) -> float | None:
    if not slots:
        return None
    return _STATISTICS[statistic.name]([slot.mean for slot in slots], statistic)


def _percentile(means: list[int], statistic: SlotStatistic) -> float:
    permyriad = round((statistic.percentile or 0) * 100)
    return sorted(means)[-(-len(means) * permyriad // 10_000) - 1] / NANO


def _count(means: list[int], statistic: SlotStatistic) -> float:
    mark = Fraction(repr(statistic.above or 0.0)) * NANO
    return float(sum(mean > mark for mean in means))


_STATISTICS: dict[str, Callable[[list[int], SlotStatistic], float]] = {
    "mean": lambda means, _: sum(means) / (len(means) * NANO),
    "max": lambda means, _: max(means) / NANO,
    "percentile": _percentile,
    "count": _count,
}


def _rounded(total: int, parts: int) -> int:
    return (2 * total + parts) // (2 * parts)


# ------------------------------------------------------------------------------------------ the limit


@dataclass(frozen=True, slots=True)
class LimitComparison:
    """Comparison of a value, less its background up to a cap, with a limit; all in one unit."""

    value: float
    background: float | None
    cap: float | None
    limit: float
    strict: bool

    @property
    def subtracted(self) -> float:
        """Amount of background that the clause allows to be subtracted."""
        if self.background is None:
            return 0.0
        return self.background if self.cap is None else min(self.background, self.cap)

    @property
    def left(self) -> float:
        """Value after subtraction, which is compared with the limit."""
        return float(_exact(self.value) - _exact(self.subtracted))

    @property
    def exceeds(self) -> bool:
        """True if the limit is exceeded; a value equal to it complies if the rule is strict."""
        left, limit = _exact(self.value) - _exact(self.subtracted), _exact(self.limit)
        return left > limit if self.strict else left >= limit

    def words(self) -> str:
        """The comparison with its numbers: `231.4 - min(120.0, 150.0) = 111.4 > 80.0`."""
        sign = (">" if self.strict else ">=") if self.exceeds else ("<=" if self.strict else "<")
        if self.background is None:
            return f"{number(self.value)} {sign} {number(self.limit)}"
        capped = number(self.background)
        if self.cap is not None:
            capped = f"min({capped}, {number(self.cap)})"
        return f"{number(self.value)} - {capped} = {number(self.left)} {sign} {number(self.limit)}"


def number(value: float) -> str:
    """Format a number for people, with one to three decimals."""
    short = f"{value:.3f}".rstrip("0")
    return short + "0" if short.endswith(".") else short


def _exact(value: float) -> Fraction:
    """The value rounded to 1e-9 of the unit, the precision at which limits are compared."""
    return Fraction(round(Fraction(value) * NANO), NANO)
