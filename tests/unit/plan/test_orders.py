"""Orders in force: by place, instant and kind, and how long they are remembered."""

from __future__ import annotations

import pytest

from ingest.records import Signal
from processors.columns import Packing
from processors.plan.orders import KINDS, Order, Orders
from tests.parts import read_again, until

PLACES = ("site-1", "town", "county", "*")


def _signal(
    id_: str, kind: str = "alert", level: str | None = "red", place: str = "site-1", **more: int | None
) -> Signal:
    return Signal(id_, 3, place, kind, level, more.get("start", 10), more.get("end", 20))  # type: ignore[arg-type]


def _orders(*signals: Signal) -> Orders:
    held = Orders()
    for one in signals:
        held.add(one)
    return held


@pytest.mark.parametrize(
    ("instant", "end", "holds"),
    [(9, 20, False), (10, 20, True), (19, 20, True), (20, 20, False), (10**9, None, True)],
)
def test_an_order_holds_over_its_half_open_span(instant: int, end: int | None, holds: bool):
    order = Order("a", 3, "town", "alert", "red", 10, end)
    assert order.holds(PLACES, instant) is holds
    assert not order.holds(("site-2", "county"), 15)


def test_a_signal_is_taken_in_with_all_that_it_says_and_other_kinds_are_not():
    held = Orders()
    change = held.add(Signal("a", 3, "site-1", "permit", "night", 10, None))
    assert change.order == Order("a", 3, "site-1", "permit", "night", 10, None)
    assert held.held == [change.order]
    assert held.add(_signal("b", "gap")) is None
    assert held.held == [change.order]
    assert {kind for kind in KINDS if Orders().add(_signal("c", kind)) is not None} == set(KINDS)


def test_a_calibration_without_a_window_is_no_order():
    assert Orders().add(_signal("a", "calibration", None, end=None)) is None
    assert Orders().add(_signal("a", "calibration", None)) is not None


def test_levels_are_those_of_alerts_in_force():
    held = _orders(
        _signal("a", level="red"), _signal("b", level="yellow", place="county"), _signal("c", level=None),
        _signal("d", level="orange", place="site-2"), _signal("e", "stage", "structure"), _signal("f", level="blue", start=16),
    )  # fmt: skip
    assert held.levels(PLACES, 15) == {"red", "yellow"}
    assert held.levels(PLACES, 16) == {"red", "yellow", "blue"}


def test_the_newest_word_of_a_stage_counts_and_without_one_the_configured_stays():
    held = _orders(
        _signal("a", "stage", "earthwork", end=None), _signal("b", "stage", "structure"),
        _signal("c", "stage", None), _signal("d", level="red"),
    )  # fmt: skip
    assert [held.stage(PLACES, at) for at in (9, 15, 20)] == [None, "structure", "earthwork"]
    assert held.stage(("site-2",), 15) is None


def test_kinds_in_force_are_those_of_all_orders_of_the_place():
    held = _orders(_signal("a"), _signal("b", "permit"), _signal("c", "shutdown", place="site-2"))
    assert held.in_force(PLACES, 15) == {"alert", "permit"}
    assert held.in_force(PLACES, 20) == set()
    assert held.any_of("shutdown", "stage")
    assert not held.any_of("stage", "maintenance")
    assert not held.any_of()


def test_what_was_known_before_an_instant_leaves_out_what_came_with_it():
    held = _orders(_signal("a"))
    assert held.known(3).held == []
    assert held.known(4) == held


@pytest.mark.parametrize(
    ("start", "end", "touches"),
    [(0, 10, False), (0, 11, True), (19, 30, True), (20, 30, False), (12, 13, True)],
)
def test_maintenance_and_calibration_touch_a_window_that_they_overlap(start: int, end: int, touches: bool):
    held = _orders(
        _signal("a", "maintenance", None), _signal("b", "alert"), _signal("c", "calibration", None)
    )
    assert [order.id for order in held.maintenance(start, end)] == (["a", "c"] if touches else [])


def test_maintenance_until_another_word_touches_all_that_follows():
    held = _orders(_signal("a", "maintenance", None, end=None))
    assert held.maintenance(0, 10) == []
    assert held.maintenance(10**9, 10**9 + 1) == held.held


def test_orders_are_forgotten_once_they_have_ended_and_survive_a_snapshot():
    held = _orders(_signal("a"), _signal("b", end=21), _signal("c", end=None))
    assert read_again(held) == held
    held.forget(until(20))
    assert [order.id for order in held.held] == ["b", "c"]
    assert held.dump(Packing())[0]["id"] == "b"
