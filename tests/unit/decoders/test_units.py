"""Units: what is converted, how it is rounded, what is refused."""

from __future__ import annotations

import pytest

from ingest.units import CONVERSIONS, QUANTITIES, Refused, is_normal, thousandths


@pytest.mark.parametrize(
    ("name", "value", "unit", "expected"),
    [
        pytest.param("pm10", 123.4, None, 123_400, id="no unit: ug/m3"),
        pytest.param("pm10", 0.1234, "mg/m3", 123_400, id="mg"),
        pytest.param("pm10", "0.1234", "mg/m³", 123_400, id="mg with a superscript, number as text"),
        pytest.param("pm10", 123_400, "ng/m^3", 123_400, id="ng with a caret"),
        pytest.param("pm10", 7, "μg/m³", 7_000, id="Greek mu"),
        pytest.param("pm10", 7, "µg/m3", 7_000, id="micro sign"),
        pytest.param("temperature", 50, "°F", 10_000, id="degrees Fahrenheit"),
        pytest.param("temperature", 54.5, "fahrenheit", 12_500, id="Fahrenheit in full"),
        pytest.param("temperature", "285.65", "K", 12_500, id="kelvin"),
        pytest.param("temperature", -5.5, "℃", -5_500, id="one sign for Celsius"),
        pytest.param("pressure", 101.32, "kPa", 1_013_200, id="kPa"),
        pytest.param("pressure", 101_320, "Pa", 1_013_200, id="Pa"),
        pytest.param("pressure", 1013.2, "mbar", 1_013_200, id="mbar"),
        pytest.param("pressure", 760, "mmHg", 1_013_250, id="mmHg"),
        pytest.param("wind_speed", 36, "km/h", 10_000, id="km/h"),
        pytest.param("wind_direction", 270, "°", 270_000, id="degrees of direction"),
        pytest.param("noise", 61.2, "dB(A)", 61_200, id="A-weighted decibels"),
        pytest.param("humidity", 40, "%RH", 40_000, id="relative humidity"),
    ],
)
def test_a_value_is_converted_to_thousandths_of_the_normal_unit(
    name: str, value: object, unit: str | None, expected: int
) -> None:
    assert thousandths(name, value, unit) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("0.0005", 0), ("0.0015", 2), ("0.0025", 2), ("1.0015", 1002), ("0.00050001", 1)]
)
def test_decimal_text_is_rounded_once_and_half_to_even(text: str, expected: int) -> None:
    assert thousandths("pm10", text) == expected


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(True, id="true"),
        pytest.param(False, id="false"),
        pytest.param(None, id="null"),
        pytest.param([1], id="a list"),
        pytest.param({}, id="an object"),
        pytest.param(b"1", id="bytes"),
        pytest.param("nan", id="nan"),
        pytest.param("inf", id="inf"),
        pytest.param("", id="an empty text"),
        pytest.param("1_0", id="an underscore"),
        pytest.param("0x10", id="hexadecimal"),
        pytest.param("1e9999", id="past every float"),
        pytest.param("٣", id="an Arabic digit"),
    ],
)
def test_what_is_no_number_is_a_bad_value(value: object) -> None:
    with pytest.raises(Refused) as refused:
        thousandths("pm10", value)
    assert refused.value.code == "bad_value"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e308, 10**30, -0.001, "1e999"])
def test_a_number_outside_the_possible_range_is_a_bad_value(value: object) -> None:
    with pytest.raises(Refused) as refused:
        thousandths("pm10", value)
    assert refused.value.code == "bad_value"


@pytest.mark.parametrize("unit", ["kg/m3", "ppm", "g/m3", "", "Pa", "ug", "x" * 100_000])
def test_a_unit_that_is_none_of_the_quantity_is_refused_not_guessed(unit: str) -> None:
    with pytest.raises(Refused) as refused:
        thousandths("pm10", 1.0, unit)
    assert refused.value.code == "bad_unit"
    assert len(refused.value.detail) < 200


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("pm10", 160, "mg/m3"),  # 160 ug/m3 in truth
        ("pm10", 35, "mg/m3"),
        ("tsp", 131, "ng/m3"),
        ("pressure", 1013.2, "kPa"),
        ("pressure", 1013.2, "Pa"),
        ("temperature", 20, "K"),
    ],
)
def test_a_unit_that_cannot_be_right_for_its_value_is_refused(name: str, value: float, unit: str) -> None:
    with pytest.raises(Refused) as refused:
        thousandths(name, value, unit)
    assert refused.value.code == "bad_unit"


def test_every_normal_unit_is_accepted_as_it_is_printed() -> None:
    for quantity in QUANTITIES.values():
        assert is_normal(quantity.name, quantity.unit)
        assert thousandths(quantity.name, quantity.greatest, quantity.unit) == quantity.greatest * 1000


def test_every_quantity_has_conversions() -> None:
    assert {quantity.unit for quantity in QUANTITIES.values()} == set(CONVERSIONS)
