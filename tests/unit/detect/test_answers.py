"""Reasons of an answer as bits, and as the codes that a verdict says."""

from __future__ import annotations

import pytest

from processors import answers
from processors.answers import REASONS_OF


@pytest.mark.parametrize(
    ("bits", "codes"),
    [
        (0, ()),
        (answers.LOW, ("low_capture",)),
        (answers.NO_DATA, ("no_data",)),
        (answers.SILENT, ("device_silent",)),
        (answers.NEVER_SEEN, ("never_seen",)),
        (answers.INTERVAL, ("interval_exceeds_window",)),
        (answers.NO_BACKGROUND, ("no_background",)),
        (answers.LOST, ("log_gap",)),
        (answers.NOT_ADMITTED, ("values_not_admitted",)),
        (1 << answers.BEGAN, ("gap_on_rising_slope",)),
        (2 << answers.BEGAN, ("gap_under_high_background",)),
        (answers.NO_WIND, ("no_wind_data",)),
        (answers.CALM, ("calm",)),
        (answers.VARIABLE, ("variable_wind",)),
        (answers.NO_UPWIND, ("no_upwind_monitor",)),
        (answers.NO_DATA | answers.CALM | answers.SILENT, ("calm", "device_silent", "no_data")),
    ],
)
def test_bits_are_told_as_codes_in_the_order_of_the_alphabet(bits: int, codes: tuple[str, ...]):
    assert type(REASONS_OF)()[bits] == codes
    assert REASONS_OF[bits] == REASONS_OF[bits] == codes
