"""Single values: which of them opens, and which window is clear."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from processors.measuring.intake import intake
from processors.plan.orders import Orders
from processors.plan.plan import Plan
from processors.plan.rule_in_force import PLAIN
from processors.plan.rules import Rule
from processors.verdicts.single_values import SingleValues
from processors.windows.means import means_by
from tests.logs import MINUTE, T0, batch, local_rule, minutes, revision, row

QUARTER = 15 * MINUTE


def _values(*rules: Rule, devices: tuple[str, ...] = ("d1",)) -> SingleValues:
    return SingleValues(Plan.of(revision(devices, rules)))


def _rule(**more: Any) -> Rule:
    return local_rule(window=0, **more)


def _opened(held: SingleValues, *rows: Any) -> list[tuple[str, float | None]]:
    taken = intake(batch(*rows), 0, len(rows), held.plan)
    made = held.values(taken.columns, taken.received, Orders())
    return [(judged.verdict.rule, judged.verdict.value) for _, judged in made]


def _closed(held: SingleValues, pm10: float, readings: int = 15) -> list[str]:
    """Of the quarter after the next one, with so many readings of this value."""
    start, end = T0 + QUARTER, T0 + 2 * QUARTER
    rows = minutes(start, end, pm10)[:readings]
    columns = intake(batch(*rows), 0, len(rows), held.plan).columns
    means = {PLAIN: means_by(columns, held.plan.interval, start, end, [None])[0]}
    return [judged.verdict.answer for judged in held.close(start, end, means, end)]


@pytest.mark.parametrize(("strict", "value", "opens"), [
    (True, 100, False), (True, 100.001, True), (False, 100, True), (False, 99.999, False),
])  # fmt: skip
def test_a_value_at_the_limit_opens_only_where_the_rule_is_not_strict(
    strict: bool, value: float, opens: bool
):
    found = _opened(_values(_rule(strict=strict)), row(T0, value))
    assert found == ([("local", value)] if opens else [])


@pytest.mark.parametrize(("strict", "value", "closes"), [
    (True, 100, True), (True, 100.001, False), (False, 100, False), (False, 99.999, True),
])  # fmt: skip
def test_a_window_at_the_limit_is_clear_only_where_the_rule_is_strict(
    strict: bool, value: float, closes: bool
):
    held = _values(_rule(strict=strict))
    _opened(held, row(T0, 200))
    assert _closed(held, value) == (["compliant"] if closes else [])


@pytest.mark.parametrize(
    ("least", "readings", "closes"),
    [(0.8, 11, False), (0.8, 12, True), (0.8666, 13, True), (0.8667, 13, False)],
)
def test_a_window_is_clear_from_the_least_capture_on(least: float, readings: int, closes: bool):
    held = _values(_rule(least_capture=least))
    _opened(held, row(T0, 200))
    assert _closed(held, 50, readings) == (["compliant"] if closes else [])


def test_a_rule_that_nothing_exceeds_does_not_hide_those_after_it():
    rules = (_rule(id="high", limit=500), _rule(id="low", limit=100))
    for order in (rules, rules[::-1]):
        assert _opened(_values(*order), row(T0, 200)) == [("low", 200.0)]


def test_a_value_is_judged_by_its_own_device():
    held = _values(_rule(), devices=("d1", "d2"))
    assert _opened(held, row(T0, 50), row(T0, 200, "d2")) == [("local", 200.0)]
    assert (np.array([0, 1]) * (held.above["local"] == T0)).tolist() == [0, 1]
