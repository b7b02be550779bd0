"""A county's settings: from strict YAML, over the defaults, in whole thousandths, and back again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from ingest.strict_yaml import load
from processors.columns import ABSENT, NEVER
from processors.quality.calibration import Corrections, LinearCorrection, calibrated
from processors.quality.checks import names_of
from processors.quality.final import SortedReadings, final_flags
from processors.quality.first import NewReadings, first_flags
from processors.quality.limits import Limits, reach_ms
from processors.quality.monitors import Monitors
from processors.quality.newest import NewestValues
from processors.quality.pointwise import by_reading
from processors.quality.settings import QualitySettings
from processors.quality.subjects import Arrivals
from processors.windows.row_log import REFUSED
from tests.quality_series import OFF, T0

YAML = """
pm10:
  spike: {suspect: 0.5, fail: 12}
  rate_of_change: null
  neighbour: {above: [2.5, 100]}
humidity: {fail_above: 98}
"""


def settings_of(tmp_path: Path, text: str) -> tuple[QualitySettings | None, list[str]]:
    path = tmp_path / "quality.yaml"
    path.write_text(text, encoding="utf-8")
    loaded = load(path, TypeAdapter(QualitySettings))
    return loaded.value, [str(problem) for problem in loaded.problems]


def test_a_county_overrides_what_it_names_and_keeps_the_rest(tmp_path: Path) -> None:
    found, problems = settings_of(tmp_path, YAML)
    defaults = QualitySettings.model_validate({})
    assert problems == []
    assert found is not None
    assert found.pm10.spike is not None
    assert (found.pm10.spike.suspect, found.pm10.spike.fail) == (500, 12_000)
    assert found.pm10.rate_of_change is None
    assert found.pm10.neighbour is not None
    assert found.pm10.neighbour.above == (2500, 100_000)
    assert found.pm10.neighbour.below == (10_000, 200_000)
    assert found.pm2_5 == defaults.pm2_5
    assert found.humidity is not None
    assert (found.humidity.suspect_above, found.humidity.fail_above) == (90_000, 98_000)


def test_settings_survive_being_written_as_json_data_and_read_again(tmp_path: Path) -> None:
    found, _ = settings_of(tmp_path, YAML)
    assert found is not None
    for settings in (found, QualitySettings.model_validate({})):
        assert QualitySettings.model_validate(settings.model_dump(mode="json")) == settings
        assert QualitySettings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pm10: {spikes: {suspect: 1}}", "pm10.spikes"),
        ("pm10: {spike: {suspect: 0}}", "pm10.spike.suspect"),
        ("pm10: {spike: {suspect: 20, fail: 10}}", "`suspect` is greater than `fail`"),
        ("pm10: {spike: {suspect: 0.0001}}", "more than three decimals"),
        ("pm10: {spike: {suspect: 2000000}}", "beyond a million"),
        ("pm10: {spike: {suspect: high}}", "expected a number"),
        ("pm10: {spike: {suspect: true}}", "expected a number"),
        ("pm10: {gross_range: {suspect: [-10, 5]}}", "`suspect` reaches outside `fail`"),
        ("pm10: {gross_range: {fail: [5, 4], suspect: null}}", "`fail` begins above its end"),
        ("pm10: {flat_line: {suspect_s: 90000}}", "`suspect_s` is greater than `fail_s`"),
        ("pm10: {attenuated_signal: {fail: 1}}", "`fail` is greater than `suspect`"),
        ("clock: {ahead_suspect_s: 7200}", "`ahead_suspect_s` is greater than `ahead_fail_s`"),
        ("pm10: 5", "pm10"),
        ("- 1", "quality.yaml"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    found, problems = settings_of(tmp_path, text)
    assert found is None
    assert any(words in problem for problem in problems), problems


def test_the_json_schema_speaks_of_numbers_in_units() -> None:
    assert '"type": "number"' in str(QualitySettings.model_json_schema()).replace("'", '"')


NOTHING = QualitySettings.model_validate(
    {"pm10": OFF, "pm2_5": OFF, "tsp": OFF, "pm_order": None, "humidity": None, "clock": None}
)


def test_a_check_that_is_turned_off_says_nothing() -> None:
    limits = Limits.of(NOTHING, Monitors.plain(np.array([60_000])))
    row, time = np.zeros(4, np.int32), T0 + np.arange(4) * 60_000
    values = np.array([[5, 5, 2**31 - 2, 65_535_000], [9] * 4, [-7, 0, 0, 0]], np.int32)
    wet = np.full(4, 99_000)
    packed = by_reading(limits, Arrivals(row, np.full(4, 10**9), wet, None))
    found = first_flags(NewestValues.empty(1), limits, NewReadings(row, time, values, packed))
    assert not found.fail.any()
    assert not found.suspect.any()
    held = SortedReadings(row, time, values, packed)
    flags = final_flags(held, limits, (T0, T0 + 900_000), backgrounds=np.full((3, 1), 10**6))
    assert not any(found.any() for found in flags)
    assert reach_ms(NOTHING) == 0
    assert reach_ms(QualitySettings.model_validate({})) == 900_000
    assert (
        reach_ms(QualitySettings.model_validate({"tsp": {"attenuated_signal": {"period_s": 901}}}))
        == 1_800_000
    )


def test_first_flags_of_one_device_in_its_turn() -> None:
    limits = Limits.of(QualitySettings.model_validate({}), Monitors.plain(np.array([60_000])))
    state = NewestValues.empty(1)
    time = T0 + np.array([0, 60_000, 30_000, 61_000, 62_000])
    pm10 = [50_000, 50_000, 9_000_000, 300_000, 65_535_000]
    values = np.array([pm10, [ABSENT] * 5, [ABSENT, REFUSED, ABSENT, ABSENT, ABSENT]], np.int32)
    codes = np.zeros((3, 5), np.uint8)
    codes[2, 1] = ord("D")
    row = np.zeros(5, np.int32)
    packed = by_reading(limits, Arrivals(row, np.zeros(5, np.int64), None, codes))
    found = first_flags(state, limits, NewReadings(row, time, values, packed))
    # the third is older than the newest; 250 in one second; 65535 stands for no value
    assert [names_of(int(b)) for b in found.fail[0]] == [(), (), (), (), ("ceiling", "gross_range")]
    assert [names_of(int(b)) for b in found.suspect[0]] == [(), (), (), ("rate_of_change",), ("gross_range",)]
    assert [names_of(int(b)) for b in found.fail[2]] == [(), ("device_flag",), (), (), ()]
    assert state.time[0, 0] == T0 + 61_000
    assert state.time[1:, 0].tolist() == [NEVER, NEVER]
    assert state.value[:, 0].tolist() == [300_000, ABSENT, ABSENT]


def test_a_flat_line_is_as_old_as_the_run_that_came_before_the_context() -> None:
    limits = Limits.of(QualitySettings.model_validate({}), Monitors.plain(np.array([60_000])))
    before = NewestValues.empty(1)
    before.time[0, 0], before.value[0, 0], before.since[0, 0] = T0 - 1, 7_000, T0 - 3_600_000
    row, time = np.zeros(2, np.int32), T0 + np.array([0, 60_000])
    values = np.array([[7_000, 7_100], [ABSENT] * 2, [ABSENT] * 2], np.int32)
    held = SortedReadings(row, time, values, np.zeros(2, np.uint16))
    _, suspect, _ = final_flags(held, limits, (T0, T0 + 900_000), before)
    assert [names_of(int(b)) for b in suspect[0]] == [("flat_line",), ()]
    assert not final_flags(held, limits, (T0, T0 + 900_000))[1].any()


def test_a_correction_holds_from_its_instant_until_the_next_one() -> None:
    table = Corrections.of(
        [LinearCorrection(1, T0, slope=1_500_000, offset=-1), LinearCorrection(1, T0 + 10, factor=500_000)]
    )
    row, time = np.array([1, 1, 1, 1, 0], np.int32), T0 + np.array([-1, 0, 9, 10, 10])
    # 3 x 1.5 - 1 = 3.5 -> the product 4.5 is rounded half up first; 3 x 0.5 = 1.5 -> 2
    assert calibrated(row, time, np.full(5, 3), table).tolist() == [3, 4, 4, 2, 3]
    assert len(table) == 2


def test_no_correction_leaves_values_alone() -> None:
    row, values = np.zeros(2, np.int32), np.array([1, 2])
    found = calibrated(row, np.array([T0, T0]), values, Corrections.of([]))
    assert found.tolist() == [1, 2]
    assert found is not values


@pytest.mark.parametrize(
    ("corrections", "words"),
    [
        ([LinearCorrection(1, T0), LinearCorrection(1, T0, offset=3)], "two corrections"),
        ([LinearCorrection(1, T0, slope=0)], "slope 0 is outside"),
        ([LinearCorrection(1, T0, factor=10_000_001)], "factor 10"),
        ([LinearCorrection(1, T0, offset=10**8 + 1)], "offset"),
    ],
)
def test_a_correction_that_cannot_be_meant_is_refused(
    corrections: list[LinearCorrection], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        Corrections.of(corrections)


def test_settings_of_another_kind_are_refused() -> None:
    with pytest.raises(ValidationError):
        QualitySettings.model_validate([1])
    for number in (float("inf"), float("nan")):
        with pytest.raises(ValidationError, match="no finite number"):
            QualitySettings.model_validate({"pm10": {"spike": {"suspect": number}}})


def test_a_device_that_speaks_rarely_is_compared_with_its_newest_value_before_the_context() -> None:
    limits = Limits.of(QualitySettings.model_validate({}), Monitors.plain(np.array([60_000, 3_600_000])))
    before = NewestValues.empty(2)
    before.time[0, 1], before.value[0, 1], before.since[0, 1] = T0 - 1_000, 7_000, T0 - 1_000
    row, time = np.array([0, 1, 1], np.int32), T0 + np.array([0, 0, 1_000])
    values = np.array([[7_000, 2_507_000, 7_000], [ABSENT] * 3, [ABSENT] * 3], np.int32)
    held = SortedReadings(row, time, values, np.zeros(3, np.uint16))
    fail, suspect, _ = final_flags(held, limits, (T0, T0 + 900_000), before)
    assert [names_of(int(b)) for b in fail[0]] == [(), ("rate_of_change",), ("rate_of_change",)]
    assert [names_of(int(b)) for b in suspect[0]] == [
        (),
        ("rate_of_change", "spike"),
        ("rate_of_change",),
    ]
    # without it the first value has nothing to be compared with
    assert not final_flags(held, limits, (T0, T0 + 900_000))[0][0, 1]


def test_ten_is_the_greatest_slope_and_the_greatest_factor():
    table = Corrections.of(
        [LinearCorrection(0, T0, slope=10_000_000), LinearCorrection(1, T0, factor=10_000_000)]
    )
    assert table.gain.tolist() == [10_000_000, 10_000_000]
