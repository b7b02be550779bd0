"""Units: what is converted, how it is rounded, what is refused."""

from __future__ import annotations

import pytest

from ingest.units import (
    CONVERSIONS,
    QUANTITIES,
    Measured,
    Refused,
    is_normal,
    measured,
    printed,
    prose_printed,
    thousandths,
)


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
        pytest.param("inf", id="inf"),
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


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), 1e308, 10**30, -100.001, "1e999"]
)
def test_a_number_outside_the_possible_range_is_a_bad_value(value: object) -> None:
    with pytest.raises(Refused) as refused:
        thousandths("pm10", value)
    assert refused.value.code == "bad_value"


@pytest.mark.parametrize("text", ["", "  ", "--", "---", "-", "N/A", "nan", "NaN", "null", "None", "***"])
def test_a_text_that_stands_for_no_value_is_told_from_a_wrong_one(text: str) -> None:
    with pytest.raises(Refused) as refused:
        thousandths("pm10", text)
    assert refused.value.code == "empty"


@pytest.mark.parametrize("unit", ["#/cm3", "pcs/L", "pcs/0.1L", "counts", "cpm", "1/cm3", "particles/L"])
def test_a_unit_that_counts_particles_is_no_concentration(unit: str) -> None:
    with pytest.raises(Refused) as refused:
        thousandths("pm2_5", 1200, unit)
    assert refused.value.code == "count"


@pytest.mark.parametrize(
    ("name", "sent", "expected"),
    [
        ("humidity", 100, Measured(100_000)),
        ("humidity", 100.4, Measured(100_000, "humidity_saturated")),
        ("humidity", "101.7", Measured(100_000, "humidity_saturated")),
        ("humidity", 105, Measured(100_000, "humidity_saturated")),
        ("wind_direction", 0, Measured(0)),
        ("wind_direction", 359.9994, Measured(359_999)),
        ("wind_direction", 359.9996, Measured(0)),
        ("wind_direction", 360, Measured(0)),
        ("wind_direction", 360.4, Measured(400, "wind_direction_turned")),
        ("wind_direction", "-90", Measured(270_000, "wind_direction_turned")),
        ("wind_direction", 719, Measured(359_000, "wind_direction_turned")),
        ("pm10", -5, Measured(-5_000)),
        ("tsp", "-0.4", Measured(-400)),
        ("pm2_5", -100, Measured(-100_000)),
    ],
)
def test_a_value_beyond_its_range_counts_as_what_its_sensor_means(
    name: str, sent: object, expected: Measured
) -> None:
    assert measured(name, sent) == expected


@pytest.mark.parametrize(
    ("name", "sent"),
    [("humidity", 105.1), ("humidity", -0.1), ("wind_direction", 721), ("wind_direction", -999),
     ("pm10", -999), ("pm10", -9999), ("temperature", -127), ("pressure", 0)],
)  # fmt: skip
def test_what_no_sensor_means_is_a_bad_value(name: str, sent: float) -> None:
    with pytest.raises(Refused) as refused:
        measured(name, sent)
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
        assert thousandths(quantity.name, quantity.greatest / 2, quantity.unit) == quantity.greatest * 500


def test_every_quantity_has_conversions() -> None:
    assert {quantity.unit for quantity in QUANTITIES.values()} == set(CONVERSIONS)


@pytest.mark.parametrize(
    ("unit", "shown"),
    [("ug/m3", "µg/m³"), ("mg/m3", "mg/m³"), ("Cel", "°C"), ("deg", "°"), ("hPa", "hPa"), (None, "")],
)
def test_a_unit_is_printed_as_people_write_it(unit: str | None, shown: str) -> None:
    assert printed(unit) == shown


def test_in_a_text_only_units_are_printed_that_are_part_of_no_word() -> None:
    text = "80 ug/m3 (0.08 mg/m3) at 90 deg, to some degree; Celsius"
    assert prose_printed(text) == "80 µg/m³ (0.08 mg/m³) at 90 deg, to some degree; Celsius"
