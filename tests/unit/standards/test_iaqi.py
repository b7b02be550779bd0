"""The index of HJ 633: equal to the numbers of the standard's examples, and lawful between them."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.standards.iaqi import HJ_633_2012, HJ_633_2026, INDEX, BreakpointTable, iaqi

TABLES = [HJ_633_2026, HJ_633_2012]
POLLUTANTS = ["pm10", "pm2_5"]


@pytest.mark.parametrize(
    ("pollutant", "concentration", "index"),
    [
        ("pm10", 51, 51),
        ("pm10", 80, 72),
        ("pm10", 121, 101),
        ("pm10", 150, 112),
        ("pm2_5", 60.5, 100),
        ("pm2_5", 60.6, 101),
    ],
)
def test_the_checks_of_hj_633_2026_come_out(pollutant: str, concentration: float, index: int) -> None:
    assert iaqi(pollutant, concentration) == index


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("pollutant", POLLUTANTS)
def test_every_breakpoint_has_its_own_index_and_the_next_microgram_more_than_it(
    table: BreakpointTable, pollutant: str
) -> None:
    points = table.points[pollutant]
    assert [iaqi(pollutant, point, table) for point in points] == list(INDEX)
    for point, index in zip(points[:-1], INDEX[:-1], strict=True):
        assert (iaqi(pollutant, point + 1, table) or 0) > index


def test_between_editions_only_the_index_of_a_hundred_has_moved() -> None:
    changed = {
        (pollutant, INDEX[i]): (new, old)
        for pollutant in POLLUTANTS
        for i, (new, old) in enumerate(
            zip(HJ_633_2026.points[pollutant], HJ_633_2012.points[pollutant], strict=True)
        )
        if new != old
    }
    assert changed == {("pm10", 100): (120, 150), ("pm2_5", 100): (60, 75)}


@given(st.sampled_from(TABLES), st.sampled_from(POLLUTANTS), st.integers(0, 600_000))
def test_the_index_is_that_of_exact_interpolation_and_never_falls(
    table: BreakpointTable, pollutant: str, thousandths: int
) -> None:
    points = table.points[pollutant]
    value = thousandths / 1000
    found = iaqi(pollutant, value, table)
    rounded = round(Fraction(thousandths, 1000))
    if rounded > points[-1]:
        assert found is None
        return
    part = next(
        (x0, x1, y0, y1)
        for x0, x1, y0, y1 in zip(points, points[1:], INDEX, INDEX[1:], strict=False)
        if rounded <= x1
    )
    x0, x1, y0, y1 = part
    assert found == ceil(y0 + Fraction(y1 - y0, x1 - x0) * (rounded - x0))
    above = iaqi(pollutant, value + 1, table)
    assert above is None or above >= found


@pytest.mark.parametrize("value", [nan, inf, -inf, -0.6, -5, 600.6, 65535])
def test_where_the_table_says_nothing_there_is_no_index(value: float) -> None:
    assert iaqi("pm10", value) is None


def test_half_a_microgram_goes_to_the_even_one() -> None:
    assert iaqi("pm10", -0.5) == 0
    assert (iaqi("pm10", 120.5), iaqi("pm10", 121.5)) == (100, iaqi("pm10", 122))
    assert iaqi("pm10", 600.5) == 500


def test_a_pollutant_without_breakpoints_is_the_caller_s_error() -> None:
    with pytest.raises(KeyError):
        iaqi("tsp", 100)


def test_the_tables_say_where_they_are_from() -> None:
    assert [(t.citation, t.status) for t in TABLES] == [("HJ 633-2026", "read"), ("HJ 633-2012", "reported")]
