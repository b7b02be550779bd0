"""Maintenance of monitors: which readings were made while it went on."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.records import Signal
from processors.plan.maintenance import is_under, under_maintenance
from processors.plan.orders import Orders
from processors.plan.plan import Plan
from processors.plan.plan_change import PlanChange
from tests.logs import HOUR, T0, revision

PLAN = Plan.of(revision(["d1", "d2", {"id": "d3", "site": "s2"}]))


def _orders(end: int | None) -> Orders:
    held = Orders()
    held.add(Signal("a", T0, "s1", "maintenance", None, T0, end))
    return held


@pytest.mark.parametrize(
    ("end", "found"),
    [(T0 + HOUR, [False, True, False, False]), (None, [False, True, True, False])],
)
def test_maintenance_without_an_end_lasts(end: int | None, found: list[bool]):
    row = np.array([0, 0, 1, 2], np.int32)
    time = np.array([T0 - HOUR, T0, T0 + HOUR, T0 + HOUR], np.int64)
    assert under_maintenance(_orders(end), PLAN, row, time, time + 1).tolist() == found


def test_who_is_maintained_is_a_mask_of_the_rows():
    under = is_under(_orders(None).held[0], PLAN)
    assert under.tolist() == [True, True, False]
    assert under.dtype == is_under(_orders(None).held[0], Plan.of(revision([]))).dtype == bool


def test_a_device_that_leaves_has_no_new_row_and_one_that_comes_no_old_row():
    change = PlanChange.between(PLAN, Plan.of(revision(["d0", "d2"])), T0)
    assert change.old_row.tolist() == [-1, 1]
    assert change.new_row.tolist() == [-1, 1, -1]
    assert change.old_row.dtype == change.new_row.dtype == np.int32
