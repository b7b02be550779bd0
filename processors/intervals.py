"""Interval records out of the means of a window, and their ids."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np

from processors.records import Interval, ids_of
from processors.revision import Plan
from processors.rowlog import Int32s
from processors.windows import NANO, Means, Statistic, slots_in


def interval_records(
    plan: Plan,
    pollutant: str,
    statistic: Statistic,
    means: Means,
    span: tuple[int, int],
    revisions: Int32s | None = None,
) -> list[Interval]:
    """A record for each device that sent a value of the pollutant; value None where none was admitted.

    `span`: [start, end); `revisions`: of each line of the means, where it is not the first.
    """
    start, end = span
    value = statistic.of(means) / np.maximum(means.covered * NANO, 1)
    slots = slots_in(plan.interval, end - start)[means.row]
    capture = means.covered / np.maximum(slots, 1)
    numbers = [1] * len(means.row) if revisions is None else revisions.tolist()
    label = statistic.label
    id_of = {n: interval_ids(pollutant, label, start, end, n) for n in set(numbers)}
    made = []
    for row, covered, number, share, count, revision in zip(
        means.row.tolist(),
        means.covered.tolist(),
        value.tolist(),
        capture.tolist(),
        means.count.tolist(),
        numbers,
        strict=True,
    ):
        device = plan.devices[row]
        made.append(
            Interval(
                id_of[revision](device),
                plan.sites[row],
                device,
                pollutant,
                label,
                start,
                end,
                number if covered else None,
                share,
                count,
                revision,
            )
        )
    return made


@lru_cache(maxsize=64)  # a window's verdicts name the intervals that were published just before
def interval_ids(pollutant: str, statistic: str, start: int, end: int, revision: int) -> Callable[[str], str]:
    """Ids of interval records by device."""
    return cache(ids_of("interval", pollutant, statistic, start, end, revision))
