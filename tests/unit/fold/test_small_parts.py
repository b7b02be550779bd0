"""Small parts of the fold: marks of readings, single values above a limit, settings, sums of what is held."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.strict_yaml import ConfigError
from processors.fold.arrivals import take_in
from processors.fold.detector import Detector
from processors.fold.outputs import Outputs
from processors.plan.footprint import added_by
from processors.quality.folder import load_quality
from processors.records.ids import short_id
from tests.footprints import base_bytes
from tests.logs import (
    HOUR,
    MIDNIGHT,
    MINUTE,
    T0,
    Run,
    batch,
    local_rule,
    minutes,
    revision,
    row,
    tick,
    ticking,
)
from tests.saying import assert_says, changes

QUARTER = 15 * MINUTE


def test_marks_of_one_reading_follow_each_other():
    out = Outputs()
    out.mark(3, "late")
    out.mark(5, "duplicate")
    out.mark(3, "conflict")
    assert out.marks == {3: "late,conflict", 5: "duplicate"}


def test_a_single_value_s_verdicts_say_what_was_measured_by_which_clause():
    rule = local_rule(window=0, limit=100)
    rows = [row(T0 + MINUTE, 150), *minutes(T0 + QUARTER, T0 + 2 * QUARTER, 50)]
    configured = revision(rules=[rule])
    run = Run(configured, *ticking(rows, T0 + 2 * QUARTER + 5 * MINUTE))
    opened, clear = [v for v in run.verdicts if v.kind == "instant"]
    at = T0 + MINUTE
    assert_says(
        opened, id=short_id("verdict", rule.id, rule.revision, "instant", at, at, 1, "d1"), site="s1", point="d1", rule=rule.id, rule_revision=rule.revision, clause="1", citation="test",
        pollutant="pm10", unit="ug/m3", limit=100.0, value=150.0, start=at, end=at, answer="exceeds",
        reasons=("instant_above",), decided_at=at + 1000, configuration=configured.id,
    )  # fmt: skip
    # a single value is of no interval, and nothing is subtracted from it
    assert_says(opened, capture=None, background=None, subtracted=None, background_ids=(), interval=None)
    start, end = T0 + QUARTER, T0 + 2 * QUARTER
    (quarter,) = [i for i in run.intervals if (i.pollutant, i.start, i.end) == ("pm10", start, end)]
    said = changes(opened, clear)
    assert said.pop("id") == short_id("verdict", rule.id, rule.revision, "instant", start, end, 1, "d1")
    assert said == {
        "start": start, "end": end, "answer": "compliant", "reasons": ("clear",), "value": 50.0,
        "interval": quarter.id, "decided_at": end + 2 * MINUTE,
    }  # fmt: skip
    assert [(b.event, b.delayed) for b in run.breaches] == [("opened", False), ("closed", False)]


def test_settings_of_the_checks_may_be_absent_changed_or_refused(tmp_path: Path):
    assert load_quality(tmp_path) is None
    (tmp_path / "quality.yaml").write_text("pm10: {spike: null}\n", encoding="utf-8")
    found = load_quality(tmp_path)
    assert found is not None
    assert found["pm10"]["spike"] is None
    assert found["tsp"]["spike"] is not None
    (tmp_path / "quality.yaml").write_text("pm10: {spikes: null}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="spikes"):
        load_quality(tmp_path)


def test_what_rules_of_one_window_add_is_the_sum_of_what_each_holds():
    single, other = local_rule(id="a", window=0), local_rule(id="b", window=0)
    (one,), (two,) = added_by([single]), added_by([single, other])
    assert two.bytes == 2 * one.bytes
    hour, allowed = local_rule(id="c", outlook=False), local_rule(id="d", outlook=False, allowance=2)
    (plain,), (counted,) = added_by([hour]), added_by([allowed])
    assert counted.bytes > plain.bytes + 3 * 5  # its answers are kept for a day, its days by themselves
    (lone,), (foretold,) = added_by([hour]), added_by([local_rule(id="c")])
    assert foretold.bytes > lone.bytes


def test_what_a_device_holds_grows_with_how_often_it_sends_and_how_long_is_waited_for():
    assert base_bytes(60) == base_bytes(60, 120)
    assert base_bytes(60, 180) > base_bytes(60, 120) > base_bytes(300, 120)


def test_one_value_that_no_mean_may_use_is_enough_to_say_so():
    for flags, said in (({"pm10": "D"}, True), (None, False)):
        rows = [row(T0, 50, flags=flags), *minutes(T0 + 2 * QUARTER, T0 + 4 * QUARTER, 50)]
        run = Run(revision(rules=[local_rule()]), *ticking(rows, T0 + 4 * QUARTER + 5 * MINUTE))
        ((_, answer, reasons),) = run.answers("local")
        assert answer == "undetermined"
        assert ("values_not_admitted" in reasons) is said


def test_a_day_is_decided_when_its_last_hour_is():
    rule = local_rule(allowance=1, outlook=False)
    log = [revision([{"id": "d1", "interval": 900}], [rule], at=MIDNIGHT)]
    for at in range(MIDNIGHT, MIDNIGHT + 25 * HOUR, QUARTER):
        exceeds = (at - MIDNIGHT) // HOUR in (3, 7)
        log += [tick(at, QUARTER), batch(row(at, 150.0 if exceeds else 50.0))]
    (day,) = [v for v in Run(*log).verdicts if v.kind == "day"]
    assert (day.start, day.end) == (MIDNIGHT, MIDNIGHT + 24 * HOUR)
    assert (day.answer, day.value, day.limit) == ("exceeds", 2.0, 1.0)
    assert day.decided_at == MIDNIGHT + 24 * HOUR + 2 * MINUTE


def test_a_gap_of_the_log_is_of_what_it_overlaps_and_not_of_what_it_meets():
    detector = Detector.empty()
    detector.gaps.append((T0, T0 + HOUR))
    spans = {(-HOUR, 0): False, (-HOUR, 1): True, (HOUR - 1, HOUR): True, (HOUR, 2 * HOUR): False}
    assert {span: detector.lacks(T0 + span[0], T0 + span[1]) for span in spans} == spans


def test_a_breach_that_late_readings_open_in_time_is_not_delayed():
    first = minutes(T0, T0 + 3 * QUARTER, 90.0)
    late = [row(T0 + 3 * QUARTER + n * MINUTE, 500.0, received=T0 + 5 * QUARTER) for n in range(15)]
    rows = [*first, *late, *minutes(T0 + 4 * QUARTER, T0 + 6 * QUARTER, 90.0)]
    run = Run(revision(rules=[local_rule()]), *ticking(rows, T0 + 6 * QUARTER))
    assert [(v.answer, v.revision) for v in run.verdicts] == [("compliant", 1), ("exceeds", 2)]
    exceeding = [b for b in run.breaches if b.kind == "exceedance"]
    assert [(b.event, b.delayed, b.tell) for b in exceeding] == [("opened", False, True)]


def test_what_the_broker_had_kept_says_nothing_of_its_device_whatever_else_is_marked():
    for marks, silent in ((("clock", "retained"), True), (("clock",), False), ((), False)):
        kept = row(T0 + 10 * MINUTE, 50.0, marks=marks)
        run = Run(revision(), *ticking([kept], T0 + 20 * MINUTE))
        assert [b.event for b in run.breaches if b.kind == "offline"] == (["opened"] if silent else [])


def test_what_is_sent_again_in_two_spans_of_a_batch_is_counted_together():
    detector = Detector.empty()
    detector.fold(revision())
    sent, out = batch(row(T0, 5), row(T0, 5), row(T0 + MINUTE, 5), row(T0 + MINUTE, 5)), Outputs()
    for begin, end in ((0, 2), (2, 4)):
        take_in(detector, sent, sent.received_at, begin, end, out)
    assert out.duplicates == 2
