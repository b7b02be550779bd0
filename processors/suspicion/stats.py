"""Statistics over hours of which some are unknown; columns are devices, NaN is unknown."""

from __future__ import annotations

import numpy as np

from processors.columns import Bools, Floats


def ratio(part: Floats, whole: Floats, least: float = 0.0) -> Floats:
    """part / whole, NaN where the whole is not above `least`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > least, part / whole, np.nan)


def quantiles(values: Floats, shares: tuple[float, ...], least: int = 1) -> list[Floats]:
    """Lower quantiles along the first axis, one array a share; NaN where fewer than `least` are known."""
    ordered = np.sort(values, axis=0)  # NaN goes last
    known = len(values) - np.isnan(values).sum(axis=0)
    columns = np.arange(values.shape[1])
    made = []
    for share in shares:
        place = np.floor(np.maximum(known - 1, 0) * share).astype(np.intp)
        made.append(np.where(known >= least, ordered[place, columns], np.nan))
    return made


def median(values: Floats, least: int = 1) -> Floats:
    """Lower median along the first axis."""
    return quantiles(values, (0.5,), least)[0]


def count_known(values: Floats) -> Floats:
    """Number of known values along the first axis."""
    made: Floats = (~np.isnan(values)).sum(axis=0).astype(np.float64)
    return made


def trailing(condition: Bools) -> Floats:
    """Number of hours up to the last that meet the condition without interruption, per device."""
    backwards = condition[::-1]
    broken = ~backwards
    made: Floats = np.where(broken.any(axis=0), np.argmax(broken, axis=0), len(condition)).astype(np.float64)
    return made


def within(value: Floats, low: float | Floats, high: float | Floats) -> Floats:
    """Position of a value between low (0) and high (1), clipped; `high` may be the smaller one."""
    span = high - low
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (value - low) / span
    made: Floats = np.clip(np.where(np.isnan(share), 0.0, share), 0.0, 1.0)
    return made
