"""Turns the means of a window into interval records, with their ids."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np

from processors.columns import NANO, Int32s
from processors.plan import Plan
from processors.records import INTERVALS, Group, Interval, ids_of
from processors.windows import Means, Statistic


def intervals_of(
    plan: Plan,
    pollutant: str,
    statistic: Statistic,
    means: Means,
    span: tuple[int, int],
    revisions: Int32s | None = None,
) -> Group[Interval]:
    """An interval for each device that sent the pollutant; its value is None if no value was admitted.

    `span`: [start, end); `revisions`: one per line of the means; None: all are the first.
    """
    start, end = span
    value = (statistic.of(means) / np.maximum(means.covered * NANO, 1)).tolist()
    for line in np.flatnonzero(means.covered == 0).tolist():
        value[line] = None
    slots = plan.slots(end - start)[means.row]
    capture = means.covered / np.maximum(slots, 1)
    numbers = [1] * len(means.row) if revisions is None else revisions.tolist()
    label, rows = statistic.label, means.row.tolist()
    devices, sites = [plan.devices[row] for row in rows], [plan.sites[row] for row in rows]
    id_of = {n: interval_ids(pollutant, label, start, end, n) for n in set(numbers)}
    ids = [id_of[n](device) for n, device in zip(numbers, devices, strict=True)]
    lines = zip(ids, sites, devices, value, capture.tolist(), means.count.tolist(), numbers, strict=True)
    return INTERVALS.group(list(lines), pollutant=pollutant, statistic=label, start=start, end=end)


@lru_cache(maxsize=64)  # a window's verdicts name the intervals that were published just before
def interval_ids(pollutant: str, statistic: str, start: int, end: int, revision: int) -> Callable[[str], str]:
    """Function from a device to the id of its interval record."""
    return cache(ids_of("interval", pollutant, statistic, start, end, revision))
