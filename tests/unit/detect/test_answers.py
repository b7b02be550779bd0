"""Reasons of an answer as bits, and as the codes that a verdict says."""

from __future__ import annotations

import pytest

from processors.records import reasons
from processors.records.reasons import REASONS_OF


@pytest.mark.parametrize(
    ("bits", "codes"),
    [
        (0, ()),
        (reasons.LOW, ("low_capture",)),
        (reasons.NO_DATA, ("no_data",)),
        (reasons.SILENT, ("device_silent",)),
        (reasons.NEVER_SEEN, ("never_seen",)),
        (reasons.INTERVAL, ("interval_exceeds_window",)),
        (reasons.NO_BACKGROUND, ("no_background",)),
        (reasons.LOST, ("log_gap",)),
        (reasons.NOT_ADMITTED, ("values_not_admitted",)),
        (1 << reasons.BEGAN, ("gap_on_rising_slope",)),
        (2 << reasons.BEGAN, ("gap_under_high_background",)),
        (reasons.NO_WIND, ("no_wind_data",)),
        (reasons.CALM, ("calm",)),
        (reasons.VARIABLE, ("variable_wind",)),
        (reasons.NO_UPWIND, ("no_upwind_monitor",)),
        (reasons.NO_DATA | reasons.CALM | reasons.SILENT, ("calm", "device_silent", "no_data")),
    ],
)
def test_bits_are_told_as_codes_in_the_order_of_the_alphabet(bits: int, codes: tuple[str, ...]):
    assert type(REASONS_OF)()[bits] == codes
    assert REASONS_OF[bits] == REASONS_OF[bits] == codes
