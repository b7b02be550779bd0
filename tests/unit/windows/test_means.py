"""Means of a window by themselves: which of two conflicting readings counts."""

from __future__ import annotations

import numpy as np

from ingest.units import JUDGED
from processors.columns import NANO
from processors.measuring.intake import intake
from processors.plan.plan import Plan
from processors.windows.means import means_by
from processors.windows.row_log import Columns
from tests.logs import HOUR, MINUTE, T0, batch, revision, row

PLAN = Plan.of(revision(["d1"]))
PM10 = JUDGED.index("pm10")


def _columns(*values: tuple[int, float]) -> Columns:
    rows = [row(T0 + minute * MINUTE, value) for minute, value in values]
    return intake(batch(*rows), 0, len(rows), PLAN).columns


def _slots(columns: Columns) -> list[float]:
    means = means_by(columns, PLAN.interval, T0, T0 + HOUR, [None])[0][PM10]
    return (means.slot_mean / NANO).tolist()


def test_of_two_contents_at_one_instant_the_smaller_hash_counts_whichever_came_first():
    for minute in (1, 30):
        pair = _columns((minute, 20), (minute, 30))
        wins = [20.0, 30.0][int(np.argmin(pair.hash))]
        for order in ((20, 30), (30, 20)):
            assert _slots(_columns((0, 10), *((minute, value) for value in order))) == [10.0, wins]
