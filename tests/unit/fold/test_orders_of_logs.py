"""Signals in the log: which rule applies, at which site, when; maintenance; episodes that look back."""

from __future__ import annotations

import pytest

from ingest.records import Signal
from processors.fold.detector import Detector
from tests.logs import HOUR, MINUTE, T0, Run, batch, local_rule, minutes, revision, row, tick, ticking


def signal(kind, level=None, start=T0, end=None, at=T0, place="s1"):
    return Signal(f"{kind}-{level}-{start}-{place}-{at}", at, place, kind, level, start, end)


def judged(rules, *orders, hours=3, level=300, devices=("d1",), **site):
    rows = minutes(T0, T0 + hours * HOUR, level)
    log = ticking(rows, T0 + hours * HOUR + 2 * MINUTE, others=orders)
    return Run(revision(devices, rules, **site), *log)


def hours_judged(run, rule="local"):
    return [hour for hour, answer, _ in run.answers(rule) if answer != "undetermined"]


# ------------------------------------------------------------------------------------------- which rule


def test_a_stage_signal_changes_which_rule_applies_from_the_hour_that_begins_in_it():
    rules = [local_rule(id="earth", stages=["earthwork"]), local_rule(id="house", stages=["structure"])]
    run = judged(rules, signal("stage", "structure", start=T0 + HOUR))
    assert (hours_judged(run, "earth"), hours_judged(run, "house")) == ([0], [1, 2])


def test_when_a_stage_signal_ends_the_configured_stage_holds_again():
    rules = [local_rule(stages=["earthwork"])]
    run = judged(rules, signal("stage", "structure", start=T0, end=T0 + 2 * HOUR))
    assert hours_judged(run) == [2]


def test_the_newest_word_on_a_stage_counts():
    words = signal("stage", "structure", at=T0), signal("stage", "decoration", at=T0 + MINUTE)
    assert hours_judged(judged([local_rule(stages=["decoration"])], *words)) == [0, 1, 2]


def test_a_stage_exempt_site_gets_no_verdict_of_the_rule():
    run = judged([local_rule(stages=["earthwork"])], stage="landscaping")
    assert run.answers("local") == []


@pytest.mark.parametrize("kind", ["permit", "shutdown", "maintenance"])
def test_a_rule_may_hold_during_an_order_or_unless_one_is_in_force(kind):
    rules = [local_rule(id="during", during=[kind]), local_rule(id="unless", unless=[kind])]
    run = judged(rules, signal(kind, start=T0 + HOUR, end=T0 + 2 * HOUR))
    found = {v.rule: [] for v in run.verdicts}
    for v in run.verdicts:
        found[v.rule].append((v.start - T0) // HOUR)
    assert found == {"during": [1], "unless": [0, 2]}


def test_a_night_permit_exempts_from_a_rule_of_the_night_only():
    rule = local_rule(hours=["22:00-06:00"], unless=["permit"])
    run = judged([rule], signal("permit", start=T0 + HOUR, end=T0 + 2 * HOUR), hours=7)
    # T0 is one o'clock: 01, 03, 04 and 05 are of the night and without permit
    assert hours_judged(run) == [0, 2, 3, 4]


def test_an_alert_brings_its_stricter_rule_while_it_is_in_force():
    rules = [
        local_rule(id="usual", limit=400, unless_alert_levels=["red"]),
        local_rule(id="red", limit=200, alert_levels=["red"]),
    ]
    alert = signal("alert", "red", start=T0 + HOUR, end=T0 + 2 * HOUR, place="county")
    run = judged(rules, alert)
    assert (hours_judged(run, "usual"), hours_judged(run, "red")) == ([0, 2], [1])
    assert run.events("exceedance") == [("opened", "red", "warning"), ("closed", "red", "warning")]
    assert run.breaches[-1].reasons == ("rule_suspended",)


def test_an_order_of_another_place_or_level_changes_nothing():
    orders = signal("alert", "yellow", place="county"), signal("alert", "red", place="elsewhere")
    assert hours_judged(judged([local_rule(alert_levels=["red"])], *orders)) == []


def test_an_order_counts_from_its_record_on_and_not_for_what_was_published():
    late = signal("shutdown", start=T0, at=T0 + HOUR + 10 * MINUTE)
    assert hours_judged(judged([local_rule(unless=["shutdown"])], late)) == [0]


def test_a_reading_that_comes_late_supersedes_by_the_rule_that_was_published():
    order = signal("stage", "structure", start=T0, at=T0 + HOUR + 5 * MINUTE)
    rules = [local_rule(id="earth", stages=["earthwork"]), local_rule(id="house", stages=["structure"])]
    rows = [r for r in minutes(T0, T0 + 2 * HOUR, 300) if r.time != T0 + 7 * MINUTE]
    rows.append(row(T0 + 7 * MINUTE, 301, received=T0 + HOUR + 20 * MINUTE))
    run = Run(revision(rules=rules), *ticking(rows, T0 + 2 * HOUR + 2 * MINUTE, others=[order]))
    found = [(v.rule, (v.start - T0) // HOUR, v.revision) for v in run.verdicts]
    assert found == [("earth", 0, 1), ("earth", 0, 2), ("house", 1, 1)]


def test_single_values_are_judged_by_the_orders_of_their_instant():
    rule = local_rule(window=0, during=["permit"], limit=100)
    order = signal("permit", start=T0 + 10 * MINUTE, end=T0 + 20 * MINUTE)
    run = Run(revision(rules=[rule]), *ticking(minutes(T0, T0 + 30 * MINUTE, 300), T0 + HOUR, others=[order]))
    opened = [b.start for b in run.breaches if b.kind == "exceedance" and b.event == "opened"]
    assert opened == [T0 + 10 * MINUTE]


def test_orders_survive_a_restart():
    rules = [local_rule(unless=["shutdown"])]
    run = Run(revision(rules=rules), signal("shutdown", start=T0, end=T0 + HOUR, at=T0))
    again = Run(detector=Detector.load(run.detector.dump()))
    again.fold(*ticking(minutes(T0, T0 + 2 * HOUR, 300), T0 + 2 * HOUR + 2 * MINUTE))
    assert hours_judged(again) == [1]


# ------------------------------------------------------------------------------------------ maintenance


def test_what_a_monitor_sends_while_it_is_maintained_lowers_capture_and_is_no_number():
    order = signal("maintenance", start=T0 + 15 * MINUTE, end=T0 + 45 * MINUTE)
    rows = [row(t, 900 if order.start <= t < order.end else 50) for t in range(T0, T0 + HOUR, MINUTE)]
    log = ticking(rows, T0 + HOUR + 2 * MINUTE, others=[order])
    run = Run(revision(rules=[local_rule()]), *log)
    assert run.answers("local") == [(0, "undetermined", ("low_capture", "values_not_admitted"))]
    (hour,) = run.hours()
    assert (hour.value, hour.capture) == (50.0, 0.5)


def test_a_maintenance_that_is_named_late_supersedes():
    order = signal("maintenance", start=T0, end=T0 + HOUR, at=T0 + HOUR + 30 * MINUTE)
    run = judged([local_rule()], order, hours=2)
    found = [(v.answer, v.revision) for v in run.verdicts if v.start == T0]
    assert found == [("exceeds", 1), ("undetermined", 2)]
    assert [(b.event, b.tell) for b in run.breaches] == [("opened", True), ("amended", False)]


def test_a_mean_that_ends_when_maintenance_begins_counts():
    order = signal("maintenance", start=T0 + 30 * MINUTE, end=T0 + 31 * MINUTE)
    rows = minutes(T0, T0 + HOUR, 50, period=MINUTE)
    run = Run(revision(rules=[local_rule()]), *ticking(rows, T0 + HOUR + 2 * MINUTE, others=[order]))
    assert run.hours()[0].capture == 59 / 60


def test_a_single_value_of_a_monitor_that_is_maintained_opens_nothing():
    order = signal("maintenance", start=T0, end=T0 + HOUR)
    run = judged([local_rule(window=0)], order, hours=1)
    assert run.events("exceedance") == []


def test_a_window_whose_readings_are_gone_in_part_is_not_measured_again():
    rule = local_rule(window=900, alignment="rolling", step=300)
    order = signal("maintenance", start=T0, end=T0 + 4 * HOUR, at=T0 + 4 * HOUR + 5 * MINUTE)
    run = judged([rule], order, hours=5)
    again = [v.start for v in run.verdicts if v.revision == 2]
    assert min(again) == T0 + HOUR
    assert {v.capture for v in run.verdicts if v.revision == 2 and v.end <= order.end} == {0.0}


def test_maintenance_of_one_site_leaves_the_others_alone():
    order = signal("maintenance", start=T0, end=T0 + HOUR, place="s2")
    assert hours_judged(judged([local_rule()], order, hours=1)) == [0]


# ------------------------------------------------------------------------------- episodes that look back


def episodes(levels, **rule):
    rows = [r for n, level in enumerate(levels) for r in minutes(T0 + n * HOUR, T0 + (n + 1) * HOUR, level)]
    log = ticking(rows, T0 + len(levels) * HOUR + 2 * MINUTE)
    run = Run(revision(rules=[local_rule(**rule)]), *log)
    return [(b.event, (b.start - T0) // HOUR) for b in run.breaches if b.kind == "exceedance"]


def test_a_breach_opens_at_as_many_exceeding_hours_in_a_row_as_the_rule_asks():
    assert episodes((300, 300, 300, 50), repeat=3) == [("opened", 2), ("closed", 3)]
    assert episodes((300, 300, 50, 300, 300), repeat=3) == []


def test_an_episode_ends_below_its_clear_level_only():
    assert episodes((300, 95, 99, 80, 95), clear={"level": 80}) == [("opened", 0), ("closed", 3)]


def test_an_episode_ends_after_as_long_a_time_as_the_rule_asks():
    assert episodes((300, 50, 300, 50, 50), clear={"minutes": 120}) == [("opened", 0), ("closed", 4)]


def test_flapping_around_the_limit_is_one_episode():
    levels = (101, 99, 101, 99, 101, 99, 50)
    assert episodes(levels, clear={"level": 80}) == [("opened", 0), ("closed", 6)]
    assert len(episodes(levels)) == 6


def test_a_late_reading_that_fills_the_hole_of_a_run_opens_its_breach_once():
    """Quarters: 2 exceed, 1 has too few values, 1 exceeds; four in a row are asked for."""
    rule = local_rule(window=900, repeat=4)
    rows = [r for r in minutes(T0, T0 + HOUR, 300) if not T0 + 30 * MINUTE <= r.time < T0 + 40 * MINUTE]
    late = [
        row(t, 300, received=T0 + HOUR + 10 * MINUTE + t - T0)
        for t in range(T0 + 30 * MINUTE, T0 + 40 * MINUTE, MINUTE)
    ]
    run = Run(revision(rules=[rule]), *ticking([*rows, *late], T0 + 2 * HOUR))
    opened = [b for b in run.breaches if b.event == "opened" and b.kind == "exceedance"]
    assert [(b.start - T0) // MINUTE for b in opened] == [30]


def test_a_late_exceedance_inside_an_episode_that_is_over_amends_it_and_wakes_nobody():
    rule = local_rule(window=900)
    levels = (300, None, 300, 50)
    rows = [
        r
        for n, v in enumerate(levels)
        if v
        for r in minutes(T0 + n * 15 * MINUTE, T0 + (n + 1) * 15 * MINUTE, v)
    ]
    late = [
        row(t, 300, received=T0 + HOUR + 10 * MINUTE)
        for t in range(T0 + 15 * MINUTE, T0 + 30 * MINUTE, MINUTE)
    ]
    run = Run(revision(rules=[rule]), *ticking([*rows, *late], T0 + HOUR + 20 * MINUTE))
    found = [(b.event, b.tell, (b.start - T0) // MINUTE) for b in run.breaches if b.kind == "exceedance"]
    assert found == [("opened", True, 0), ("closed", True, 45), ("amended", False, 15)]
    assert len({b.id for b in run.breaches if b.kind == "exceedance"}) == 1


def test_a_run_that_was_closed_and_is_not_over_after_all_is_opened_anew_under_an_id_of_its_own():
    rule = local_rule(window=900, clear={"level": 90})
    rows = [*minutes(T0, T0 + 15 * MINUTE, 300), *minutes(T0 + 15 * MINUTE, T0 + 30 * MINUTE, 50)[:12]]
    late = [
        row(t, 2000, received=T0 + 35 * MINUTE) for t in range(T0 + 27 * MINUTE, T0 + 30 * MINUTE, MINUTE)
    ]
    rest = minutes(T0 + 30 * MINUTE, T0 + HOUR, 300) + minutes(T0 + HOUR, T0 + HOUR + 15 * MINUTE, 20)
    run = Run(revision(rules=[rule]), *ticking([*rows, *late, *rest], T0 + HOUR + 20 * MINUTE))
    found = [(b.event, (b.start - T0) // MINUTE) for b in run.breaches if b.kind == "exceedance"]
    assert found == [("opened", 0), ("closed", 15), ("opened", 15), ("closed", 60)]
    assert len({b.id for b in run.breaches}) == 2


def test_the_severity_rises_once_and_falls_never():
    rule = local_rule(severity=[{"above": 200, "level": "violation"}])
    rows = [
        r
        for n, v in enumerate((150, 250, 150, 250, 50))
        for r in minutes(T0 + n * HOUR, T0 + (n + 1) * HOUR, v)
    ]
    run = Run(revision(rules=[rule]), *ticking(rows, T0 + 5 * HOUR + 2 * MINUTE))
    assert [(b.event, b.level, b.tell) for b in run.breaches] == [
        ("opened", "warning", True),
        ("amended", "violation", True),
        ("closed", "violation", True),
    ]


def test_a_percentile_near_zero_is_the_least_slot_of_the_device_itself():
    rule = local_rule(statistic="percentile", percentile=0.001)
    rows = [r for d, v in (("d1", 10), ("d2", 200)) for r in minutes(T0, T0 + HOUR, v, d)]
    run = Run(revision(["d1", "d2"], [rule]), *ticking(rows, T0 + HOUR + 2 * MINUTE))
    assert {v.point: v.value for v in run.verdicts} == {"d1": 10.0, "d2": 200.0}


@pytest.mark.parametrize("lateness", [120, 7200])
def test_however_long_an_hour_was_waited_for_its_quarters_are_judged_anew(lateness):
    rules = [local_rule(id="quarter", window=900), local_rule(id="hour", lateness_s=lateness)]
    rows = [r for r in minutes(T0, T0 + 5 * HOUR, 50) if r.time != T0 + HOUR]
    late = row(T0 + HOUR, 5000, received=T0 + 3 * HOUR + MINUTE)
    log = ticking([*rows, late], T0 + 5 * HOUR)
    run = Run(revision(rules=rules), *log)
    found = [(v.answer, v.revision) for v in run.verdicts if v.rule == "quarter" and v.start == T0 + HOUR]
    assert found == [("compliant", 1), ("exceeds", 2)]


def test_readings_of_a_batch_far_above_any_limit_are_summed_exactly():
    rule = local_rule(limit=99_999, pollutant="tsp", refuses=[])
    rows = [row(t, None, tsp=99_999.001) for t in range(T0, T0 + HOUR, MINUTE)]
    run = Run(revision(rules=[rule]), tick(T0), batch(*rows), tick(T0 + 2 * HOUR, 3 * HOUR))
    assert [v.answer for v in run.verdicts] == ["exceeds"]


@pytest.mark.parametrize("rolling", [False, True])
def test_what_comes_just_before_its_readings_are_let_go_is_still_measured_with_all_of_them(rolling):
    more = {"alignment": "rolling", "step": 300} if rolling else {}
    rule = local_rule(window=900, **more)
    start = T0 + HOUR if not rolling else T0
    kept = [r for r in minutes(T0, T0 + 4 * HOUR, 50) if r.time != start + 50 * MINUTE]
    late = row(start + 50 * MINUTE, 5000, received=T0 + 4 * HOUR + 90_000)
    run = Run(revision(rules=[rule]), *ticking([*kept, late], T0 + 4 * HOUR + 10 * MINUTE))
    assert run.marks == ["amends"]
    again = [v for v in run.verdicts if v.revision == 2]
    assert {(v.answer, v.capture) for v in again} == {("exceeds", 1.0)}
    assert len(again) == (3 if rolling else 1)


def test_an_exceedance_under_an_alert_is_over_once_an_hour_closes_for_which_the_alert_no_longer_holds():
    alert = signal("alert", "red", start=T0, end=T0 + HOUR, place="county")
    rows = minutes(T0, T0 + 2 * HOUR, 300)
    run = Run(
        revision(rules=[local_rule(alert_levels=["red"])]),
        *ticking(rows, T0 + 2 * HOUR + 3 * MINUTE, others=[alert]),
    )
    found = [(b.event, b.reasons[-1:]) for b in run.breaches if b.kind == "exceedance"]
    assert found[-1] == ("closed", ("rule_suspended",))
