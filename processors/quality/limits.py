"""The settings of a county and the devices of a plan as columns, so that one comparison serves all.

Made once a configuration. Columns by pollutant have the shape (3, 1); those by pollutant and device are
flat, (3 * rows): cell q * rows + row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.units import JUDGED
from processors.columns import Bools, Int32s, Int64s
from processors.quality.flat_line import times
from processors.quality.settings import Checks, RateOfChange, Settings
from processors.windows.row_log import GREATEST, REFUSED

_OFF = 2**40  # a rate or time that nothing reaches, and that can still be multiplied by a time
_ANYTHING = (REFUSED + 1, GREATEST - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Monitors:
    """What the checks know of the devices of a plan, one row each."""

    interval: Int64s  # (rows) ms
    optical: Bools  # (rows) light-scattering, with no dryer at the inlet
    maximum: Int32s  # (3, rows) of the sensor, thousandths; -1: not known
    site: Int32s  # (rows) devices of one number are neighbours; -1: it has none

    @classmethod
    def plain(cls, interval: Int64s, site: Int32s | None = None) -> Monitors:
        """Optical devices of unknown maximum: what a register that says nothing stands for."""
        rows = len(interval)
        alone = np.full(rows, -1, np.int32)
        maximum = np.full((len(JUDGED), rows), -1, np.int32)
        return cls(interval, np.ones(rows, np.bool_), maximum, alone if site is None else site)

    def __len__(self) -> int:
        return len(self.interval)


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """The settings in columns; the spans are (least, greatest), each (3)."""

    settings: Settings
    monitors: Monitors
    low: Int32s  # (3, 1): at or above it and below `high` a value is ordinary: nothing alone is odd in it
    high: Int32s  # (3, 1)
    fail_span: tuple[Int32s, Int32s]
    suspect_span: tuple[Int32s, Int32s]
    pinned: tuple[Int32s, ...]  # each (3); REFUSED where a pollutant has fewer
    codes: tuple[Int32s, ...]
    rate_suspect: Int64s  # (3) thousandths a second
    rate_fail: Int64s
    flat_suspect: Int64s  # (3 * rows) ms
    flat_fail: Int64s

    @classmethod
    def of(cls, settings: Settings, monitors: Monitors) -> Limits:
        """The columns of settings for the devices of a plan."""
        checks = [settings.of(q) for q in range(len(JUDGED))]
        fail = [c.gross_range.fail if c.gross_range else _ANYTHING for c in checks]
        suspect = [
            (c.gross_range.suspect or c.gross_range.fail) if c.gross_range else _ANYTHING for c in checks
        ]
        flat = [_flat(c, monitors.interval) for c in checks]
        high = [
            min([suspect[q][1] + 1, *_odd(c), *known[known >= 0].tolist()])
            for q, (c, known) in enumerate(zip(checks, monitors.maximum, strict=True))
        ]
        return cls(
            settings=settings,
            monitors=monitors,
            low=_column(span[0] for span in suspect).reshape(-1, 1),
            high=_column(high).reshape(-1, 1),
            fail_span=(_column(s[0] for s in fail), _column(s[1] for s in fail)),
            suspect_span=(_column(s[0] for s in suspect), _column(s[1] for s in suspect)),
            pinned=_table([c.ceiling.pinned if c.ceiling else () for c in checks]),
            codes=_table([c.ceiling.codes if c.ceiling else () for c in checks]),
            rate_suspect=_rates(checks, lambda c: c.suspect_per_s),
            rate_fail=_rates(checks, lambda c: c.fail_per_s),
            flat_suspect=np.concatenate([suspect for suspect, _ in flat]),
            flat_fail=np.concatenate([fail for _, fail in flat]),
        )


def _odd(checks: Checks) -> tuple[int, ...]:
    return (*checks.ceiling.pinned, *checks.ceiling.codes) if checks.ceiling else ()


def _column(numbers: Iterable[int]) -> Int32s:
    return np.array(list(numbers), np.int32)


def _table(lists: Sequence[Sequence[int]]) -> tuple[Int32s, ...]:
    longest = max(len(one) for one in lists)
    return tuple(_column(one[k] if k < len(one) else REFUSED for one in lists) for k in range(longest))


def _rates(checks: Sequence[Checks], pick: Callable[[RateOfChange], int | None]) -> Int64s:
    return np.array([(c.rate_of_change and pick(c.rate_of_change)) or _OFF for c in checks], np.int64)


def _flat(checks: Checks, interval: Int64s) -> tuple[Int64s, Int64s]:
    if checks.flat_line is None:
        never = np.full(len(interval), np.iinfo(np.int64).max)
        return never, never
    return times(checks.flat_line, interval)
