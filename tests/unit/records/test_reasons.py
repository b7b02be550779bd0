"""Reasons of an answer as bits, and as the codes that a verdict says."""

from __future__ import annotations

import pytest

from processors.records import reasons
from processors.records.reasons import REASONS_OF


@pytest.mark.parametrize(
    ("bits", "codes"),
    [
        pytest.param(0, (), id="no bit"),
        pytest.param(reasons.LOW, ("low_capture",), id="low capture"),
        pytest.param(reasons.NO_DATA, ("no_data",), id="no data"),
        pytest.param(reasons.SILENT, ("device_silent",), id="silent"),
        pytest.param(reasons.NEVER_SEEN, ("never_seen",), id="never seen"),
        pytest.param(reasons.INTERVAL, ("interval_exceeds_window",), id="interval beyond the window"),
        pytest.param(reasons.NO_BACKGROUND, ("no_background",), id="no background"),
        pytest.param(reasons.LOST, ("log_gap",), id="lost records"),
        pytest.param(reasons.NOT_ADMITTED, ("values_not_admitted",), id="not admitted"),
        pytest.param(1 << reasons.BEGAN, ("gap_on_rising_slope",), id="gap on a rising slope"),
        pytest.param(2 << reasons.BEGAN, ("gap_under_high_background",), id="gap under a high background"),
        pytest.param(reasons.NO_WIND, ("no_wind_data",), id="no wind data"),
        pytest.param(reasons.CALM, ("calm",), id="calm"),
        pytest.param(reasons.VARIABLE, ("variable_wind",), id="variable wind"),
        pytest.param(reasons.NO_UPWIND, ("no_upwind_monitor",), id="nothing upwind"),
        pytest.param(
            reasons.NO_DATA | reasons.CALM | reasons.SILENT,
            ("calm", "device_silent", "no_data"),
            id="three at once",
        ),
    ],
)
def test_bits_are_told_as_codes_in_the_order_of_the_alphabet(bits: int, codes: tuple[str, ...]):
    assert type(REASONS_OF)()[bits] == codes
    assert REASONS_OF[bits] == REASONS_OF[bits] == codes
