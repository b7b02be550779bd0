"""Calibration and quality settings of a configuration: what is judged beside what was sent."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.county.compile import revision_of_folder
from processors.plan.plan import Plan
from processors.quality.settings import DEFAULTS
from processors.replay.lines import calibrated_values, reading_lines
from tests.counties import device, site, write_county
from tests.logs import HOUR, MINUTE, T0, Run, batch, local_rule, minutes, revision, row, tick, ticking

DAY = "2026-04-01"  # T0 is its first hour, 01:00 in the county


def entry(since: int = T0, **more: Any) -> dict[str, Any]:
    return {"from": since, "pollutant": "pm10", "slope": 1.0, "offset": 0.0, "factor": 1.0, **more}


def calibrated(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "d1", "calibration": list(entries), **more}


def hour(monitor: Any, value: float = 90.0) -> Run:
    log = ticking(minutes(T0, T0 + HOUR, value), T0 + HOUR + 3 * MINUTE)
    return Run(revision([monitor], [local_rule()]), *log)


def words(monitor: dict[str, Any], value: float) -> list[tuple[str, ...]]:
    run = Run(revision([monitor]), tick(T0), batch(row(T0, value)))
    return [said.words["pm10"] for out in run.outputs for said in out.flags]


def test_a_calibrated_value_is_judged_and_the_raw_one_is_kept():
    run = hour(calibrated(entry(slope=1.02, offset=10.0, factor=1.1)))
    assert [(v.value, v.answer) for v in run.verdicts] == [(110.98, "exceeds")]
    raw = [out.readings.values["pm10"].tolist() for out in run.outputs if out.readings]
    assert {number for column in raw for number in column} == {90_000}


def test_a_value_from_before_the_calibration_stays_as_it_was_sent():
    run = hour(calibrated(entry(T0 + HOUR // 2, offset=30.0)))
    assert [(v.value, v.answer) for v in run.verdicts] == [(105.0, "exceeds")]
    assert [v.value for v in hour("d1").verdicts] == [90.0]


def test_a_correction_of_one_device_leaves_the_others_alone():
    monitors = [calibrated(entry(factor=2.0)), {"id": "d2"}]
    rows = [*minutes(T0, T0 + HOUR, 90.0), *minutes(T0, T0 + HOUR, 90.0, "d2")]
    run = Run(revision(monitors, [local_rule()]), *ticking(rows, T0 + HOUR + 3 * MINUTE))
    assert sorted((v.point, v.value) for v in run.verdicts) == [("d1", 180.0), ("d2", 90.0)]


@pytest.mark.parametrize(("value", "word"), [(1999.9, "ceiling"), (65_535.0, "ceiling!")])
def test_ceilings_and_codes_are_those_of_the_value_that_the_sensor_showed(value, word):
    for monitor in ({"id": "d1"}, calibrated(entry(slope=0.4))):
        (said,) = words(monitor, value)
        assert word in said


def test_the_maximum_of_a_sensor_is_a_raw_value_too():
    known = {"maximum": {"pm10": 800.0}}
    assert words({"id": "d1", **known}, 800.0) == [("ceiling",)]
    assert words(calibrated(entry(slope=0.5), **known), 800.0) == [("ceiling",)]
    assert words(calibrated(entry(slope=2.0), **known), 500.0) == []


def test_an_impossible_product_is_refused_as_a_number():
    run = hour(calibrated(entry(slope=10.0, factor=10.0)), 25_000.0)
    assert [(v.value, v.answer) for v in run.verdicts] == [(None, "undetermined")]


def test_a_replayed_reading_shows_what_was_judged_where_it_differs():
    run = Run(revision([calibrated(entry(T0 + MINUTE, offset=-3.0))]), tick(T0))
    out = run.fold(batch(row(T0, 90.0), row(T0 + MINUTE, 90.0, pm2_5=20.0))).outputs[-1]
    lines = [line["values"] for _, line in reading_lines(out.readings, out.marks, calibrated_values(out))]
    assert lines == [
        {"pm10": {"value": 90.0, "flags": []}},
        {
            "pm10": {"value": 90.0, "calibrated": 87.0, "flags": []},
            "pm2_5": {"value": 20.0, "flags": []},
        },
    ]


def test_a_dried_inlet_has_no_fog():
    for optical, expected in ((True, [("humidity",)]), (False, [])):
        run = Run(revision([{"id": "d1", "optical": optical}]), tick(T0), batch(row(T0, 90.0, humidity=97.0)))
        assert [f.words["pm10"] for out in run.outputs for f in out.flags] == expected


def test_a_folder_says_what_its_monitors_are_and_how_their_values_are_checked(tmp_path):
    own = device(
        "d1",
        optical=False,
        maximum={"pm10": 1999.9},
        calibration=[{"from": DAY, "pollutant": "pm10", "slope": 1.02, "offset": -3}],
    )
    quality = {"humidity": {"fail_above": 95}, "pm10": {"background": None}}
    folder = write_county(tmp_path / "c", [own], [site("site-1")], extra={"quality.yaml": quality})
    made = revision_of_folder(folder, T0)
    (facts,) = made.body["devices"]
    assert facts["calibration"] == [entry(T0 - HOUR, slope=1.02, offset=-3.0)]
    plan = Plan.of(made)
    assert plan.limits.settings.humidity.fail_above == 95_000
    assert plan.limits.settings.humidity.suspect_above == DEFAULTS["humidity"]["suspect_above"] * 1000
    assert plan.limits.settings.pm10.background is None
    assert plan.limits.monitors.optical.tolist() == [False]
    assert (plan.ceilings.tolist(), len(plan.corrections[0])) == ([[1_999_900], [-1], [-1]], 1)


def test_a_folder_that_says_nothing_of_them_keeps_the_id_of_its_revision(tmp_path):
    plain = revision_of_folder(write_county(tmp_path / "a", [device("d1")]), T0)
    empty = revision_of_folder(write_county(tmp_path / "b", [device("d1", calibration=[], maximum={})]), T0)
    assert plain.id == empty.id
    assert "quality" not in plain.body
    assert set(plain.body["devices"][0]) == {"id", "site", "interval", "role", "offline_after"}


def test_a_new_calibration_is_a_revision_and_counts_for_what_comes_after_it():
    change = revision([calibrated(entry(offset=40.0))], [local_rule()], at=T0 + HOUR // 2)
    log = ticking(minutes(T0, T0 + HOUR, 90.0), T0 + HOUR + 3 * MINUTE, others=[change])
    run = Run(revision(["d1"], [local_rule()]), *log)
    assert [v.value for v in run.verdicts] == [110.0]


def test_calibrated_state_goes_on_where_it_was_saved():
    first = revision([calibrated(entry(slope=1.5))], [local_rule()])
    log = [first, *ticking(minutes(T0, T0 + HOUR, 90.0), T0 + HOUR + 3 * MINUTE)]
    whole = Run(*log)
    before = Run(*log[:50])
    after = Run(*log[50:], detector=type(before.detector).load(before.detector.dump()))
    assert before.verdicts + after.verdicts == whole.verdicts
    assert [v.value for v in whole.verdicts] == [135.0]
