"""Attribution: a site's own share of the dust measured downwind, with its uncertainty; no random numbers.

Over the hours of a period that have an upwind and a downwind point:
share = sum(downwind - upwind) / sum(downwind - base), base = the county's background, or 0 for the
share of the whole. Its error has two parts, added in quadrature: the variation of the share between
blocks of hours (delete-one-block jackknife: consecutive hours are not independent), and the possible
difference of two monitors at the same place, which no number of hours reduces.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from processors.columns import HOUR_MS, NANO, Int32s, Int64s

# two-sided 95 % of Student's t by degrees of freedom 1 .. 30; beyond, the normal distribution's
# fmt: off
STUDENT_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)
# fmt: on
_NORMAL_95 = 1.960

SITE, NOT_SITE, UNDETERMINED = "site", "not_site", "undetermined"
REASONS: dict[str, str] = {
    "calm": "most hours without a pair were calm",
    "variable_wind": "in most hours without a pair the wind came from no steady direction",
    "no_wind_data": "most hours without a pair have no wind",
    "no_upwind_monitor": "in most hours without a pair no point with a value stood upwind of another",
    "too_few_pairs": "fewer hours with a pair, or fewer blocks of them, than needed",
    "no_excess": "downwind was not above the base: there is nothing to share out",
    "within_uncertainty": "the interval of the share holds both nothing and something",
}


@dataclass(frozen=True, slots=True)
class AttributionSettings:
    """A proposal of this project."""

    block_ms: int = 6 * HOUR_MS
    least_pairs: int = 12
    least_blocks: int = 4
    monitors_differ: float = 0.10  # relative standard uncertainty of one monitor against another


@dataclass(frozen=True, slots=True)
class Attribution:
    """Contribution of a site over a period; values in the unit, None where it can't be determined."""

    answer: str  # site | not_site | undetermined
    reasons: tuple[str, ...]  # of `undetermined`: codes of REASONS, sorted
    pairs: int  # hours
    blocks: int
    added: float | None  # mean of downwind - upwind
    share: float | None
    low: float | None  # 95 %
    high: float | None
    error: float | None  # standard error of the share
    unpaired: dict[str, int]  # reason -> hours without a pair


def attribute(
    start: Int64s,
    up: Int64s,
    down: Int64s,
    base: Int64s,
    unpaired: Mapping[str, int],
    settings: AttributionSettings,
) -> Attribution:
    """The share of one site. By hour with a pair, in any order: `start` (ms UTC), the means `up`, `down`
    and `base` in 1e-9 unit. `unpaired`: reason of `PAIR_REASONS` -> hours without a pair.
    """
    block, place = np.unique(start // settings.block_ms, return_inverse=True)
    n, blocks = len(start), len(block)
    others = {reason: hours for reason, hours in sorted(unpaired.items()) if hours}
    added = float((int(down.sum()) - int(up.sum())) / n / NANO) if n else None

    def unknown(*reasons: str) -> Attribution:
        named = tuple(sorted(reasons))
        return Attribution(UNDETERMINED, named, n, blocks, added, None, None, None, None, others)

    if n < settings.least_pairs or blocks < settings.least_blocks:
        return unknown("too_few_pairs", *_most(others))
    excess, whole = _by_block(down - up, place, blocks), _by_block(down - base, place, blocks)
    above, total = int(excess.sum()), int(whole.sum())
    if total <= 0 or (whole >= total).any():
        return unknown("no_excess")
    share = above / total
    without = (above - excess) / (total - whole)
    middle = math.fsum(without) / blocks
    spread = math.fsum((without - middle) ** 2) * (blocks - 1) / blocks
    error = (spread + _of_monitors(up, down, base, settings.monitors_differ)) ** 0.5
    reach = error * (STUDENT_95[blocks - 2] if blocks - 2 < len(STUDENT_95) else _NORMAL_95)
    low, high = share - reach, share + reach
    answer = SITE if low > 0 else NOT_SITE if high <= 0 else UNDETERMINED
    reasons = ("within_uncertainty",) if answer == UNDETERMINED else ()
    return Attribution(answer, reasons, n, blocks, added, share, low, high, error, others)


class HourShare(NamedTuple):
    """A site's own share of what was measured downwind in one hour; None where it can't be determined."""

    answer: str
    reasons: tuple[str, ...]
    share: float | None
    low: float | None  # 95 %
    high: float | None


def hour_share(up: int, down: int, settings: AttributionSettings) -> HourShare:
    """Share in one pair's hour, means in 1e-9 unit: (downwind - upwind) / downwind.

    One hour tells nothing about variation between hours: the uncertainty is that of the two monitors alone.
    """
    if down <= 0:
        return HourShare(UNDETERMINED, ("no_excess",), None, None, None)
    share = (down - up) / down
    reach = _NORMAL_95 * settings.monitors_differ * math.sqrt(2) * max(up, 0) / down
    low, high = share - reach, share + reach
    answer = SITE if low > 0 else NOT_SITE if high <= 0 else UNDETERMINED
    return HourShare(answer, ("within_uncertainty",) if answer == UNDETERMINED else (), share, low, high)


def _by_block(values: Int64s, place: Int32s | Int64s, blocks: int) -> Int64s:
    made = np.zeros(blocks, np.int64)
    np.add.at(made, place, values)
    return made


def _of_monitors(up: Int64s, down: Int64s, base: Int64s, relative: float) -> float:
    """Variance of the share due to the two monitors: each one's factor has this uncertainty."""
    u, d, b = int(up.sum()) / NANO, int(down.sum()) / NANO, int(base.sum()) / NANO
    by_down, by_up = d * (u - b) / (d - b) ** 2, u / (d - b)
    return relative * relative * (by_down * by_down + by_up * by_up)


def _most(unpaired: dict[str, int]) -> tuple[str, ...]:
    """Most frequent reason for hours without a pair; the first by name among equals."""
    return (max(sorted(unpaired), key=lambda reason: unpaired[reason]),) if unpaired else ()
