"""What arrival tells of a reading by itself: packed when it comes, unpacked into the bits of its values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ingest.records import MISSING
from ingest.units import JUDGED
from processors.columns import ABSENT
from processors.quality.checks import CHECKS, names_of
from processors.quality.device_codes import codes_of
from processors.quality.flags import FAIL, PASS, SUSPECT, Found, flags_of
from processors.quality.limits import Limits
from processors.quality.monitors import Monitors
from processors.quality.pointwise import (
    add_packed,
    by_raw,
    by_reading,
    by_value,
    corrected_bits,
    is_corrected,
    is_serviced,
)
from processors.quality.settings import QualitySettings
from processors.quality.subjects import Arrivals, RawValues
from processors.windows.row_log import REFUSED

PM10 = JUDGED.index("pm10")
SECOND = 1000
ROW = np.array([0], np.int32)


def limits(optical=True, maximum=-1, **more):
    """Of one device; the defaults but for `more`."""
    plain = Monitors.plain(np.array([60_000]))
    one = replace(plain, optical=np.array([optical]), maximum=np.full((len(JUDGED), 1), maximum, np.int32))
    return Limits.of(QualitySettings.model_validate(more), one)


def unpacked(packed, values=None):
    """{pollutant: (names of failed checks, of suspect ones)} of what was packed of one reading."""
    held = np.full((len(JUDGED), 1), 5, np.int32) if values is None else values
    fail, suspect = np.zeros(held.shape, np.uint16), np.zeros(held.shape, np.uint16)
    add_packed(fail, suspect, packed, held)
    return {
        name: (names_of(int(fail[q, 0])), names_of(int(suspect[q, 0])))
        for q, name in enumerate(JUDGED)
        if fail[q, 0] or suspect[q, 0]
    }


def all_of(fail=(), suspect=()):
    return dict.fromkeys(JUDGED, (fail, suspect))


def reading(ahead=0, wet=None, flags="", own=None):
    humidity = None if wet is None else np.array([wet])
    codes = codes_of({0: flags}, 1, JUDGED) if flags else None
    return by_reading(own or limits(), Arrivals(ROW, np.array([ahead]), humidity, codes))


@pytest.mark.parametrize(
    ("ahead_s", "fail", "suspect"),
    [
        pytest.param(120, (), (), id="ahead at the limit of doubt"),
        pytest.param(120.001, (), ("clock",), id="ahead just beyond it"),
        pytest.param(3600, (), ("clock",), id="ahead at the limit of failure"),
        pytest.param(3600.001, ("clock",), ("clock",), id="ahead just beyond that"),
        pytest.param(-86_400, (), (), id="behind at the limit of doubt"),
        pytest.param(-86_400.001, (), ("clock",), id="behind just beyond it"),
        pytest.param(-30 * 86_400, (), ("clock",), id="behind at the limit of failure"),
        pytest.param(-30 * 86_400 - 0.001, ("clock",), ("clock",), id="behind just beyond that"),
    ],
)
def test_a_clock_is_doubted_beyond_its_limits_and_not_at_them(ahead_s, fail, suspect):
    told = unpacked(reading(ahead=round(ahead_s * SECOND)))
    assert told == (all_of(fail, suspect) if fail or suspect else {})


def test_a_stricter_fail_than_suspect_is_looked_at_all_the_same():
    own = limits(
        clock={"ahead_suspect_s": 60, "ahead_fail_s": 60, "behind_suspect_s": 90, "behind_fail_s": 90}
    )
    for ahead, fails in ((60_000, False), (60_001, True), (-90_000, False), (-90_001, True)):
        told = unpacked(reading(ahead, own=own))
        assert told == (all_of(("clock",), ("clock",)) if fails else {})
    assert unpacked(reading(10**9, own=limits(clock=None))) == {}


@pytest.mark.parametrize(
    ("percent", "fail", "suspect"),
    [
        (90, (), ()),
        (90.001, (), ("humidity",)),
        (95, (), ("humidity",)),
        (95.001, ("humidity",), ("humidity",)),
    ],
)
def test_wet_air_is_doubted_above_its_limits_where_the_sensor_is_optical(percent, fail, suspect):
    settings = {"humidity": {"suspect_above": 90, "fail_above": 95}}
    wet = round(percent * 1000)
    told = unpacked(reading(wet=wet, own=limits(**settings)))
    assert told == (all_of(fail, suspect) if suspect else {})
    assert unpacked(reading(wet=wet, own=limits(optical=False, **settings))) == {}
    without = limits(humidity={"suspect_above": 90, "fail_above": None})
    assert unpacked(reading(wet=wet, own=without)) == (all_of((), suspect) if suspect else {})
    assert unpacked(reading(wet=wet, own=limits(humidity=None))) == {}


def test_without_humidity_nothing_is_wet():
    assert unpacked(reading(wet=MISSING)) == {}
    assert unpacked(reading(wet=None)) == {}


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ("pm10=N", {}),
        ("pm10=D", {"pm10": (("device_flag",), ())}),
        ("pm10=?", {"pm10": (("device_flag",), ())}),
        ("pm2_5=T", {"pm2_5": (("above_range",), ())}),
        ("tsp=B;pm10=T", {"tsp": (("device_flag",), ()), "pm10": (("above_range",), ())}),
        ("humidity=D", {}),
    ],
)
def test_a_flag_of_the_device_is_of_one_pollutant(flags, told):
    assert unpacked(reading(flags=flags)) == told


@pytest.mark.parametrize(
    ("flags", "serviced"), [("pm10=C", True), ("tsp=M;pm10=D", True), ("pm10=D;tsp=T", False), ("", False)]
)
def test_calibration_and_maintenance_are_of_the_whole_reading(flags, serviced):
    assert is_serviced(reading(flags=flags)).tolist() == [serviced]


def test_what_is_absent_has_no_bits_and_a_refused_value_fails_by_its_flag_only():
    values = np.full((len(JUDGED), 1), ABSENT, np.int32)
    values[PM10] = REFUSED
    packed = reading(ahead=2 * 3600 * SECOND, flags="pm10=D;tsp=D")
    assert unpacked(packed, values) == {"pm10": (("clock", "device_flag"), ("clock",))}
    fail, suspect = by_value(limits(), ROW, values)
    assert names_of(int(fail[PM10, 0])) == ("gross_range",)
    add_packed(fail, suspect, packed, values)
    assert names_of(int(fail[PM10, 0])) == ("clock", "device_flag")
    assert fail[JUDGED.index("tsp"), 0] == 0


def test_of_several_readings_each_has_its_own_bits():
    ahead = np.array([0, 2 * 3600 * SECOND, 200 * SECOND])
    codes = codes_of({0: "pm10=D"}, 3, JUDGED)
    packed = by_reading(limits(), Arrivals(np.zeros(3, np.int32), ahead, None, codes))
    values = np.full((len(JUDGED), 3), 5, np.int32)
    fail, suspect = np.zeros(values.shape, np.uint16), np.zeros(values.shape, np.uint16)
    add_packed(fail, suspect, packed, values)
    assert [names_of(int(bits)) for bits in fail[PM10]] == [("device_flag",), ("clock",), ()]
    assert [names_of(int(bits)) for bits in suspect[PM10]] == [(), ("clock",), ("clock",)]


def test_a_sensor_s_ceiling_is_that_of_what_it_shows_and_a_code_is_one_before_it_is_multiplied():
    own = limits()
    settings = QualitySettings.model_validate({}).pm10.ceiling
    pinned, code = settings.pinned[0], settings.codes[0]
    for raw, maximum, told in (
        (pinned, -1, {"pm10": ((), ("ceiling",))}),
        (code, -1, {"pm10": (("ceiling",), ())}),
        (500_000, 500_000, {"pm10": ((), ("ceiling",))}),
        (500_000, -1, {}),
        (ABSENT, -1, {}),
        (REFUSED, -1, {}),
    ):
        packed = by_raw(own, RawValues(PM10, np.array([raw], np.int32), np.array([maximum], np.int32)))
        assert unpacked(packed) == told, raw


def test_what_was_corrected_is_known_by_pollutant_and_is_no_flag():
    packed = corrected_bits(PM10, np.array([True, False]))
    assert is_corrected(packed, PM10).tolist() == [True, False]
    for q, name in enumerate(JUDGED):
        if name != "pm10":
            assert is_corrected(packed, q).tolist() == [False, False]
    assert unpacked(packed[:1]) == {}
    assert not is_serviced(packed).any()


def of_value(value, pollutant="pm10", own=None):
    values = np.full((len(JUDGED), 1), ABSENT, np.int32)
    q = JUDGED.index(pollutant)
    values[q] = value
    fail, suspect = by_value(own or limits(), ROW, values)
    others = [one for one in range(len(JUDGED)) if one != q]
    assert not fail[others].any()
    assert not suspect[others].any()
    return names_of(int(fail[q, 0])), names_of(int(suspect[q, 0]))


def test_an_ordinary_value_has_no_bits_and_the_ends_of_a_span_are_inside_it():
    own = limits(pm10={"gross_range": {"fail": (1, 900), "suspect": (2, 800)}, "ceiling": None})
    assert [of_value(v, own=own) for v in (2_000, 100_000, 800_000)] == [((), ())] * 3
    assert [of_value(v, own=own) for v in (1_999, 800_001, 1_000, 900_000)] == [((), ("gross_range",))] * 4
    for value in (999, 900_001):
        assert of_value(value, own=own)[0] == ("gross_range",)
    assert of_value(REFUSED, own=own) == (("gross_range",), ())


def test_at_its_known_maximum_a_sensor_is_at_its_ceiling():
    own = limits(maximum=300_000)
    assert of_value(300_000, own=own) == ((), ("ceiling",))
    assert of_value(299_999, own=own) == ((), ())
    assert set(CHECKS) >= {"ceiling", "gross_range", "pm_order"}


def test_fine_dust_above_coarse_is_out_of_order_in_both():
    values = np.full((len(JUDGED), 1), ABSENT, np.int32)
    values[JUDGED.index("pm2_5")], values[PM10] = 300_000, 100_000
    fail, _ = by_value(limits(), ROW, values)
    assert [names_of(int(bits)) for bits in fail[:, 0]] == [
        ("pm_order",) if name in ("pm10", "pm2_5") else () for name in JUDGED
    ]
    none, doubt = by_value(limits(pm_order=None), ROW, values)
    assert not none.any()
    assert not doubt.any()


def test_flags_are_small_and_fail_goes_before_suspect():
    fail, suspect = np.array([False, True, False]), np.array([False, True, True])
    found = flags_of(Found(fail, suspect), np.ones(3, bool))
    assert found.tolist() == [PASS, FAIL, SUSPECT]
    assert found.dtype == np.uint8
