"""Interval records out of the means of a window, and their ids."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from processors.records import Interval, ids_of
from processors.revision import NANO, Plan
from processors.windows import Means, slots_of


def interval_records(plan: Plan, pollutant: str, means: Means, start: int, end: int) -> list[Interval]:
    """A record for each device that sent a value of the pollutant; value None where none was admitted."""
    value = means.total / np.maximum(means.covered * NANO, 1)
    capture = means.covered / slots_of(plan.interval, end - start)[means.row]
    id_of = interval_ids(pollutant, start, end, 1)
    made = []
    for row, covered, number, share, count in zip(
        means.row.tolist(),
        means.covered.tolist(),
        value.tolist(),
        capture.tolist(),
        means.count.tolist(),
        strict=True,
    ):
        device = plan.devices[row]
        made.append(
            Interval(
                id_of(device),
                plan.sites[row],
                device,
                pollutant,
                "mean",
                start,
                end,
                number if covered else None,
                share,
                count,
                1,
            )
        )
    return made


def interval_ids(pollutant: str, start: int, end: int, revision: int) -> Callable[[str], str]:
    """Ids of interval records by device."""
    return ids_of("interval", pollutant, "mean", start, end, revision)
