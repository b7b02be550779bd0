"""Reasons of an answer as bits, and as the codes that a verdict says."""

from __future__ import annotations

import pytest

from processors import answers
from processors.answers import REASONS_OF


@pytest.mark.parametrize(
    ("bits", "codes"),
    [
        pytest.param(0, (), id="no bit"),
        pytest.param(answers.LOW, ("low_capture",), id="low capture"),
        pytest.param(answers.NO_DATA, ("no_data",), id="no data"),
        pytest.param(answers.SILENT, ("device_silent",), id="silent"),
        pytest.param(answers.NEVER_SEEN, ("never_seen",), id="never seen"),
        pytest.param(answers.INTERVAL, ("interval_exceeds_window",), id="interval beyond the window"),
        pytest.param(answers.NO_BACKGROUND, ("no_background",), id="no background"),
        pytest.param(answers.LOST, ("log_gap",), id="lost records"),
        pytest.param(answers.NOT_ADMITTED, ("values_not_admitted",), id="not admitted"),
        pytest.param(1 << answers.BEGAN, ("gap_on_rising_slope",), id="gap on a rising slope"),
        pytest.param(2 << answers.BEGAN, ("gap_under_high_background",), id="gap under a high background"),
        pytest.param(answers.NO_WIND, ("no_wind_data",), id="no wind data"),
        pytest.param(answers.CALM, ("calm",), id="calm"),
        pytest.param(answers.VARIABLE, ("variable_wind",), id="variable wind"),
        pytest.param(answers.NO_UPWIND, ("no_upwind_monitor",), id="nothing upwind"),
        pytest.param(
            answers.NO_DATA | answers.CALM | answers.SILENT,
            ("calm", "device_silent", "no_data"),
            id="three at once",
        ),
    ],
)
def test_bits_are_told_as_codes_in_the_order_of_the_alphabet(bits: int, codes: tuple[str, ...]):
    assert type(REASONS_OF)()[bits] == codes
    assert REASONS_OF[bits] == REASONS_OF[bits] == codes
