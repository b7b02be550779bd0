"""Rules whose background another monitor of the same site gives: the one upwind, or a reference."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from processors.fold.detector import Detector
from processors.plan.footprint import added_by
from processors.plan.rules import Rule
from processors.records.verdicts import COMPLIANT, EXCEEDS, UNDETERMINED
from tests.logs import HEBEI, HOUR, MINUTE, T0, Run, local_rule, minutes, revision, row, rules_of, ticking

DEVICES = ({"id": "n", "bearing": 0.0}, {"id": "s", "bearing": 180.0}, {"id": "vane"})
END = T0 + HOUR
UPWIND = local_rule(limit=80, background={"kind": "upwind_device", "cap": 150})
REFERENCE = local_rule(limit=80, background={"kind": "reference_device"})
NAMED = local_rule(limit=80, sites=["s1"], background={"kind": "reference_device", "device": "n"})
WITH_REFERENCE = ({"id": "n", "role": "reference"}, {"id": "s"})


def blowing(direction, speed=3.0, start=T0, end=END):
    at = range(start, end, MINUTE)
    return [row(t, device="vane", wind_speed=speed, wind_direction=direction) for t in at]


def dust(north, south):
    return [*minutes(T0, END, north, "n"), *minutes(T0, END, south, "s")]


def run(rows, rule=UPWIND, devices=DEVICES, until=END + 3 * MINUTE):
    return Run(revision(devices, [rule]), *ticking(rows, until))


def said(fold, device="s"):
    """Of the first hour, by revision."""
    found = [v for v in fold.verdicts if v.point == device and v.start == T0 and v.kind == "interval"]
    return [(v.answer, v.reasons, v.background, v.subtracted) for v in found]


def test_what_stood_upwind_is_subtracted_and_the_difference_decides():
    assert said(run([*blowing(0.0), *dust(100.0, 200.0)])) == [(EXCEEDS, (), 100.0, 100.0)]
    assert said(run([*blowing(0.0), *dust(130.0, 200.0)])) == [(COMPLIANT, (), 130.0, 130.0)]
    assert said(run([*blowing(0.0), *dust(400.0, 200.0)])) == [(COMPLIANT, (), 400.0, 150.0)]


def test_the_limit_itself_complies_and_the_cap_holds_as_for_the_county():
    assert said(run([*blowing(0.0), *dust(120.0, 200.0)]))[0][0] == COMPLIANT
    assert said(run([*blowing(0.0), *dust(900.0, 231.0)])) == [(EXCEEDS, (), 900.0, 150.0)]


def test_a_verdict_names_the_interval_of_the_monitor_that_was_subtracted():
    fold = run([*blowing(0.0), *dust(100.0, 200.0)])
    (verdict,) = [v for v in fold.verdicts if v.point == "s" and v.start == T0]
    (interval,) = [i for i in fold.intervals if i.device == "n" and i.start == T0 and i.end == END]
    assert verdict.background_ids == (interval.id,)


@pytest.mark.parametrize(
    ("wind", "why"),
    [
        (blowing(0.0, speed=0.1), "calm"),
        ([], "no_wind_data"),
        ([*blowing(0.0, end=T0 + HOUR // 2), *blowing(180.0, start=T0 + HOUR // 2)], "variable_wind"),
        (blowing(90.0), "no_upwind_monitor"),
        (blowing(180.0), "no_upwind_monitor"),
    ],
)
def test_where_nothing_is_known_to_stand_upwind_the_hour_is_undetermined_and_nothing_is_taken_for_0(
    wind, why
):
    reasons = tuple(sorted(("no_background", why)))
    fold = run([*wind, *dust(100.0, 900.0)])
    assert said(fold) == [(UNDETERMINED, reasons, None, None)]
    assert [b for b in fold.breaches if b.device == "s"] == []


def test_the_upwind_point_itself_is_undetermined_so_that_turning_wind_closes_no_breach():
    rows = [*blowing(0.0, end=END), *blowing(180.0, start=END, end=END + HOUR)]
    for start in (T0, END):
        rows += [*minutes(start, start + HOUR, 100.0, "n"), *minutes(start, start + HOUR, 400.0, "s")]
    fold = run(rows, until=END + HOUR + 3 * MINUTE)
    assert [(b.event, b.device) for b in fold.breaches if b.kind == "exceedance"] == [("opened", "s")]
    assert [v.answer for v in fold.verdicts if v.point == "s" and v.start == END] == [UNDETERMINED]


def test_a_point_with_little_data_says_so_and_nothing_of_its_background():
    few = minutes(T0, END, 200.0, "s")[::3]
    assert said(run([*minutes(T0, END, 100.0, "n"), *few])) == [(UNDETERMINED, ("low_capture",), None, None)]


def test_late_wind_supersedes_the_verdict():
    late = [one._replace(received_at=END + 10 * MINUTE) for one in blowing(0.0)]
    found = said(run([*dust(100.0, 200.0), *late], until=END + 20 * MINUTE))
    assert found == [
        (UNDETERMINED, ("no_background", "no_wind_data"), None, None),
        (EXCEEDS, (), 100.0, 100.0),
    ]


def test_late_readings_of_the_monitor_upwind_supersede_and_name_its_new_interval():
    missing = minutes(T0, END, 100.0, "n")
    prompt, late = missing[:40], [one._replace(received_at=END + 10 * MINUTE) for one in missing[40:]]
    fold = run([*blowing(0.0), *minutes(T0, END, 200.0, "s"), *prompt, *late], until=END + 20 * MINUTE)
    first, second = [v for v in fold.verdicts if v.point == "s" and v.start == T0]
    assert first.reasons == ("no_background", "no_upwind_monitor")
    assert (second.answer, second.background, second.revision) == (EXCEEDS, 100.0, 2)
    last = [i for i in fold.intervals if i.device == "n" and i.start == T0 and i.end == END][-1]
    assert (last.revision, second.background_ids) == (2, (last.id,))


def test_what_changes_nothing_of_a_point_leaves_its_verdict():
    again = [row(T0 + 30_000, 100.0, "n", received=END + 10 * MINUTE)]
    assert len(said(run([*blowing(0.0), *dust(100.0, 200.0), *again], until=END + 20 * MINUTE))) == 1


@pytest.mark.parametrize("rule", [REFERENCE, NAMED])
def test_a_reference_device_is_subtracted_whatever_the_wind_and_is_not_judged_itself(rule):
    fold = run(dust(100.0, 200.0), rule, WITH_REFERENCE)
    assert said(fold) == [(EXCEEDS, (), 100.0, 100.0)]
    assert said(fold, "n") == []


def test_without_an_hour_of_the_reference_device_the_point_is_undetermined():
    missing = (UNDETERMINED, ("no_background",), None, None)
    assert said(run(minutes(T0, END, 900.0, "s"), REFERENCE, WITH_REFERENCE)) == [missing]
    nobody = ({"id": "n"}, {"id": "s"})
    assert said(run(dust(100.0, 900.0), REFERENCE, nobody)) == [missing]
    two = ({"id": "m", "role": "reference"}, *WITH_REFERENCE)
    assert said(run(dust(100.0, 900.0), REFERENCE, two)) == [missing]


def test_a_device_named_of_another_site_is_no_background_here():
    devices = ({"id": "n", "site": "s0"}, {"id": "s"})
    fold = run([*minutes(T0, END, 900.0, "s"), *minutes(T0, END, 1.0, "n", site="s0")], NAMED, devices)
    assert said(fold) == [(UNDETERMINED, ("no_background",), None, None)]


def test_the_rules_go_on_after_a_snapshot_and_a_new_numbering_of_the_devices():
    late = [one._replace(received_at=END + 10 * MINUTE) for one in minutes(T0 + 50 * MINUTE, END, 300.0, "n")]
    rows = [*blowing(0.0), *minutes(T0, END, 200.0, "s"), *minutes(T0, T0 + 50 * MINUTE, 100.0, "n"), *late]
    records = ticking(rows, END + 20 * MINUTE)
    before = [r for r in records if r.received_at <= END + 5 * MINUTE]
    after = [r for r in records if r.received_at > END + 5 * MINUTE]
    whole = run(rows, until=END + 20 * MINUTE)
    assert [v[0] for v in said(whole)] == [EXCEEDS, COMPLIANT]
    half = Run(revision(DEVICES, [UPWIND]), *before)
    assert said(Run(*after, detector=Detector.load(half.detector.dump()))) == said(whole)[1:]
    more = revision([{"id": "a"}, *DEVICES], [UPWIND], at=END + 5 * MINUTE)
    assert said(Run(more, *after, detector=half.detector)) == said(whole)[1:]


def test_a_rule_without_the_new_keys_has_the_revision_that_it_had():
    (hebei,) = rules_of(HEBEI)
    data = hebei.model_dump(mode="json")
    assert "sites" not in data
    assert set(data["background"]) == {"area", "cap", "wait_min", "settle_min"}
    for rule in (UPWIND, REFERENCE, NAMED):
        assert Rule.model_validate(rule.model_dump(mode="json")) == rule


@pytest.mark.parametrize(
    ("background", "words"),
    [
        ({"kind": "upwind_device", "wait_min": 60}, "wait_min says nothing of kind: upwind_device"),
        ({"kind": "reference_device", "area": "county"}, "area says nothing of kind: reference_device"),
        ({"device": "n"}, "device `n` says nothing of kind: county"),
        ({"kind": "upwind_device", "device": "n"}, "device `n` says nothing of kind: upwind_device"),
        ({"kind": "neighbour"}, "upwind_device"),
    ],
)
def test_terms_that_do_not_fit_together_are_refused(background, words):
    with pytest.raises(ValidationError, match=words):
        local_rule(background=background)


def test_the_state_that_such_a_rule_adds_is_counted():
    (county,) = added_by([local_rule(background={"area": "county"})])
    (beside,) = added_by([UPWIND])
    assert beside.bytes == county.bytes + 4 * 109  # a row number for each hour that something late may change
