"""The arithmetic that `explain` shows is that of the contracts, whatever mixture of values a device sends."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.audit.arithmetic import (
    LimitComparison,
    Slot,
    SlotStatistic,
    Value,
    Window,
    long_window_of,
    number,
    window_of,
)
from tests import oracle

MINUTE, HOUR = 60_000, 3_600_000
STATISTICS = [
    (SlotStatistic(), ("mean", None)),
    (SlotStatistic("max"), ("max", None)),
    (SlotStatistic("percentile", percentile=60), ("percentile", 60)),
    (SlotStatistic("percentile", percentile=98.5), ("percentile", 98.5)),
    (SlotStatistic("count", above=99.5), ("count", 99.5)),
]


@st.composite
def sent(draw: st.DrawFn, hours: int = 1) -> list[Value]:
    """Instants, means of a part of a slot, of a slot, of five minutes and of an hour, also across the ends."""
    last = hours * 60 + 5
    minutes = st.integers(-5, last)
    found = {}
    for period in draw(
        st.lists(st.sampled_from([0, 20_000, MINUTE, 5 * MINUTE, HOUR]), min_size=1, unique=True)
    ):
        for minute in draw(st.lists(minutes, max_size=25, unique=True)):
            begin = minute * MINUTE + draw(st.sampled_from([0, 0, 7_000, 20_000]))
            found[begin, period] = Value(begin, period, draw(st.integers(-5_000, 300_000)))
    return list(found.values())


@settings(max_examples=60)
@given(sent(), st.sampled_from(STATISTICS), st.sampled_from([5 * MINUTE, 15 * MINUTE, HOUR]))
def test_a_window_is_that_of_the_slow_computation(values, statistic, width) -> None:
    ours, (name, figure) = statistic
    slow = [oracle.Value(v.time, Fraction(v.thousandths, 1000), v.period) for v in values]
    for start in range(0, HOUR, width):
        found = window_of(values, MINUTE, start, start + width, ours)
        wanted = oracle.window(slow, MINUTE, start, start + width, name, figure)
        if wanted is None or wanted.value is None:
            assert (found.value, found.slots, found.capture) == (None, (), 0.0)
        else:
            assert found.value == pytest.approx(wanted.value, abs=2e-6)
            assert found.capture == pytest.approx(wanted.capture)


@settings(max_examples=25)
@given(sent(hours=3), st.sampled_from(STATISTICS))
def test_a_long_window_is_made_of_its_valid_hours(values, statistic) -> None:
    ours, (name, figure) = statistic
    # an interval of 15 minutes: a few values make an hour valid
    interval = 15 * MINUTE
    slow = [oracle.Value(v.time, Fraction(v.thousandths, 1000), v.period) for v in values]
    wanted = oracle.window(slow, interval, 0, 3 * HOUR, name, figure, hours=3)
    found = long_window_of(values, interval, 0, 3 * HOUR, ours, hours=3)
    assert found == long_window_of(values, interval, 0, 3 * HOUR, ours)
    assert found.value == (
        None if wanted is None or wanted.value is None else pytest.approx(wanted.value, abs=2e-6)
    )
    assert found.capture == pytest.approx(wanted.capture if wanted else 0.0)


def test_an_hour_is_valid_from_three_quarters_of_its_slots() -> None:
    values = [Value(minute * MINUTE, MINUTE, 90_000) for minute in range(45)]
    assert long_window_of(values, MINUTE, 0, HOUR).slots == (Slot(0, 90 * 10**9, 45),)
    assert long_window_of(values[:-1], MINUTE, 0, HOUR) == Window((), 1, None)


@pytest.mark.parametrize("interval", [0, -MINUTE, 7 * MINUTE])
def test_an_interval_that_does_not_divide_the_window_has_no_slots(interval: int) -> None:
    found = window_of([Value(0, 0, 1)], interval, 0, HOUR)
    assert found == Window((), 0, None)
    assert found.capture is None


def test_real_time_values_within_a_minute_mean_are_not_counted_again() -> None:
    mean = Value(0, MINUTE, 100_000)
    instants = [Value(0, 0, 900_000), Value(59_999, 0, 900_000)]
    assert window_of([mean, *instants], MINUTE, 0, 5 * MINUTE).slots == (Slot(0, 100 * 10**9, 1),)
    after = Value(MINUTE, 0, 300_000)  # the first instant that the mean does not hold
    assert window_of([mean, after], MINUTE, 0, 5 * MINUTE).value == 200.0


def test_data_of_an_hour_fills_only_the_slots_that_have_nothing_finer() -> None:
    hour = Value(0, HOUR, 60_000)
    found = window_of([hour, Value(MINUTE, 0, 120_000)], MINUTE, 0, HOUR)
    assert [slot.mean for slot in found.slots] == [60 * 10**9, 120 * 10**9, *[60 * 10**9] * 58]
    assert found.value == 61.0


def test_a_slot_mean_is_rounded_half_up_at_a_billionth() -> None:
    values = [Value(0, 0, 1), Value(1, 0, 0), Value(2, 0, 0)]
    assert window_of(values, MINUTE, 0, MINUTE).slots == (Slot(0, 333_333, 3),)
    values = [Value(0, 0, 1), Value(1, 0, 1), Value(2, 0, 0)]
    assert window_of(values, MINUTE, 0, MINUTE).slots == (Slot(0, 666_667, 3),)
    hours = [Value(h * HOUR, HOUR, h + 1) for h in range(2)]
    assert [s.mean for s in long_window_of(hours, HOUR, 0, 2 * HOUR).slots] == [10**6, 2 * 10**6]


@pytest.mark.parametrize(
    ("comparison", "exceeds", "left", "words"),
    [
        (LimitComparison(150.0, None, None, 150.0, True), False, 150.0, "150.0 <= 150.0"),
        (LimitComparison(150.0, None, None, 150.0, False), True, 150.0, "150.0 >= 150.0"),
        (LimitComparison(149.9, None, None, 150.0, False), False, 149.9, "149.9 < 150.0"),
        (
            LimitComparison(231.4, 120.0, 150.0, 80.0, True),
            True,
            111.4,
            "231.4 - min(120.0, 150.0) = 111.4 > 80.0",
        ),
        (
            LimitComparison(231.4, 170.0, 150.0, 80.0, True),
            True,
            81.4,
            "231.4 - min(170.0, 150.0) = 81.4 > 80.0",
        ),
        (LimitComparison(200.0, 120.0, None, 80.0, True), False, 80.0, "200.0 - 120.0 = 80.0 <= 80.0"),
        (
            LimitComparison(0.3, 0.1, None, 0.2, True),
            False,
            0.2,
            "0.3 - 0.1 = 0.2 <= 0.2",
        ),  # exact, unlike floats
    ],
)
def test_the_limit_is_compared_with_what_the_clause_leaves(
    comparison: LimitComparison, exceeds: bool, left: float, words: str
) -> None:
    assert (comparison.exceeds, comparison.left, comparison.words()) == (exceeds, left, words)


@pytest.mark.parametrize(
    ("value", "text"),
    [(5, "5.0"), (5.12, "5.12"), (5.1236, "5.124"), (0, "0.0"), (-1.5, "-1.5"), (10.0, "10.0")],
)
def test_numbers_are_written_with_one_to_three_decimals(value: float, text: str) -> None:
    assert number(value) == text
