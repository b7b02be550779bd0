"""Which closed windows a late reading or a late word of maintenance touches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from processors.measuring.intake import intake
from processors.measuring.late import LateReadings
from processors.measuring.reopened import ReopenedWindows
from processors.plan.orders import Order
from processors.plan.plan import Plan
from processors.windows.calendar import HOUR, QUARTER, Track
from tests.logs import HOUR as HOUR_MS
from tests.logs import MINUTE, T0, batch, local_rule, revision, row

LONG = Track(8 * HOUR_MS, HOUR_MS)
NOW = T0 + HOUR_MS + 10 * MINUTE  # an hour and two minutes of lateness after T0, and a little
PLAN = Plan.of(
    revision(
        [{"id": "d0"}, {"id": "d1"}, {"id": "d2", "site": "s2"}],
        [local_rule(window=28_800, alignment="rolling")],
    )
)
CLOSED = {QUARTER: T0 + HOUR_MS, HOUR: T0 + HOUR_MS, LONG: T0 + HOUR_MS}


def _belated(forgotten: int = T0 - 2 * HOUR_MS) -> LateReadings:
    return LateReadings(PLAN, CLOSED, forgotten, forgotten, ReopenedWindows())


def _waiting(belated: LateReadings) -> dict[tuple[int, int], set[int]]:
    """(minutes of the window, minutes after T0 of its end) -> rows."""
    return {
        (track.window // MINUTE, (end - T0) // MINUTE): rows
        for (track, end), rows in belated.late.waiting.items()
    }


def _readings(belated: LateReadings, *rows: Any) -> tuple[list[int], list[int]]:
    readings = batch(*rows)
    return belated.readings(intake(readings, 0, len(readings), PLAN), np.maximum(readings.received_at, NOW))


def test_a_reading_belongs_to_the_quarter_and_the_hour_that_have_closed_over_it():
    belated = _belated()
    assert _readings(belated, row(T0 + 20 * MINUTE, 5, "d1")) == ([], [0])
    assert _waiting(belated) == {(15, 30): {1}, (60, 60): {1}}
    assert belated.late.due == NOW + MINUTE  # the log has come further than the receipt
    assert belated.late.unflagged == {1}


def test_what_is_received_after_the_log_s_now_counts_by_its_receipt():
    belated = _belated()
    _readings(belated, row(T0, 5, received=NOW + 5 * MINUTE))
    assert belated.late.due == NOW + 6 * MINUTE


def test_a_mean_touches_all_windows_that_it_overlaps_but_none_that_is_shorter():
    belated = _belated()
    _readings(belated, row(T0 + 10 * MINUTE, 5, "d0", period=10 * MINUTE), row(T0, 5, "d2", period=HOUR_MS))
    assert _waiting(belated) == {(15, 15): {0}, (15, 30): {0}, (60, 60): {0, 2}}


def test_what_is_still_open_is_not_late():
    belated = _belated()
    assert _readings(belated, row(T0 + HOUR_MS, 5)) == ([], [])
    assert belated.late.waiting == {}


@pytest.mark.parametrize(
    ("time", "period", "found"),
    [
        (-1, 0, ([0], [])),  # nothing knows of it any more
        (0, 0, ([], [0])),
        (-MINUTE, MINUTE, ([0], [])),
        (-MINUTE, MINUTE + 1, ([], [0])),
    ],
)
def test_a_reading_from_before_what_is_remembered_enters_nothing(time: int, period: int, found: Any):
    assert _readings(_belated(forgotten=T0), row(T0 + time, 5, period=period)) == found


def test_of_a_window_that_lost_readings_none_is_measured_again():
    belated = _belated(forgotten=T0 + 15 * MINUTE)
    assert _readings(belated, row(T0 + 15 * MINUTE, 5)) == ([], [0])
    assert _waiting(belated) == {(15, 30): {1}}


def _order(place: str, start: int, end: int | None, device: str | None = None) -> Order:
    return Order(
        "m",
        NOW,
        place,
        "maintenance",
        None,
        T0 + start * MINUTE,
        None if end is None else T0 + end * MINUTE,
        device,
    )


@pytest.mark.parametrize(
    ("order", "waiting"),
    [
        (_order("s2", 20, 25), {(15, 30): {2}, (60, 60): {2}}),
        (_order("s1", 40, None), {(15, 45): {0, 1}, (15, 60): {0, 1}, (60, 60): {0, 1}}),
        (_order("s1", 40, 45, "d1"), {(15, 45): {1}, (60, 60): {1}}),
        (_order("s1", 55, 90), {(15, 60): {0, 1}, (60, 60): {0, 1}}),
        (_order("s1", 60, 90), {}),
        (_order("elsewhere", 0, 60), {}),
    ],
)
def test_maintenance_touches_what_has_closed_over_it_of_the_monitors_it_is_for(
    order: Order, waiting: dict[tuple[int, int], set[int]]
):
    belated = _belated()
    belated.maintenance(order, NOW)
    assert _waiting(belated) == waiting


def test_before_a_window_has_closed_maintenance_touches_none():
    belated = LateReadings(PLAN, {}, T0, T0, ReopenedWindows())
    belated.maintenance(_order("s1", 0, None), NOW)
    assert belated.late.waiting == {}


def test_a_slice_of_a_batch_ends_with_the_minute_of_its_first_late_reading():
    belated = _belated()
    clock = NOW + np.array([0, 10, 20_000, MINUTE, MINUTE + 1], np.int64)
    late, open_ = True, False
    assert belated.until(np.array([open_] * 5), clock, 0, 5) == 5
    assert belated.until(np.array([open_, late, open_, open_, open_]), clock, 0, 5) == 3
    assert belated.until(np.array([open_, late]), clock, 0, 2) == 2
    assert belated.until(np.array([open_, open_, open_, late]), clock, 1, 5) == 5
    assert belated.until(np.array([open_, open_]), clock, 2, 4) == 4
