"""Verdicts: three answers with reasons, background, days with an allowance."""

from __future__ import annotations

import pytest

from ingest.records import Signal
from processors.fold.detector import Detector
from tests.logs import (
    HEBEI,
    HEBEI_RULE,
    HOUR,
    MIDNIGHT,
    MINUTE,
    SHANGHAI,
    T0,
    WUHAN,
    WUHAN_RULE,
    Run,
    background,
    local_rule,
    minutes,
    revision,
    row,
    rules_of,
    tick,
    ticking,
)


def hebei(rows, until, backgrounds=(), devices=("d1",), **more):
    return Run(revision(devices, rules_of(HEBEI), **more), *ticking(rows, until, others=backgrounds))


def test_an_hour_above_the_limit_exceeds():
    run = Run(
        revision(rules=rules_of(WUHAN)), *ticking(minutes(T0, T0 + HOUR, 150.001), T0 + HOUR + 2 * MINUTE)
    )
    assert run.answers(WUHAN_RULE) == [(0, "exceeds", ())]


def test_the_limit_itself_complies_where_the_rule_is_strict():
    run = Run(revision(rules=rules_of(WUHAN)), *ticking(minutes(T0, T0 + HOUR, 150), T0 + HOUR + 2 * MINUTE))
    assert run.answers(WUHAN_RULE) == [(0, "compliant", ())]


def test_the_limit_itself_exceeds_where_the_rule_is_not_strict():
    rule = local_rule(strict=False)
    run = Run(revision(rules=[rule]), *ticking(minutes(T0, T0 + HOUR, 100), T0 + HOUR + 2 * MINUTE))
    assert run.answers("local") == [(0, "exceeds", ())]


def test_no_rounding_decides_at_the_limit():
    # three values whose mean is 100 + 1/3000: no float of three decimals would show it
    rows = [row(T0, 100), row(T0 + 1, 100), row(T0 + 2, 100.001), *minutes(T0 + MINUTE, T0 + HOUR, 100)]
    run = Run(revision(rules=[local_rule()]), *ticking(rows, T0 + HOUR + 2 * MINUTE))
    assert run.answers("local") == [(0, "exceeds", ())]


@pytest.mark.parametrize(("slots", "answer"), [(45, "compliant"), (44, "undetermined")])
def test_three_quarters_of_the_slots_are_enough(slots, answer):
    rows = minutes(T0, T0 + slots * MINUTE, 10)
    run = Run(revision(rules=rules_of(WUHAN)), *ticking(rows, T0 + HOUR + 2 * MINUTE))
    assert run.answers(WUHAN_RULE)[0][1] == answer


def test_an_hour_without_enough_values_says_so():
    rows = minutes(T0, T0 + HOUR, 500)[::2]
    run = Run(revision(rules=rules_of(WUHAN)), *ticking(rows, T0 + HOUR + 2 * MINUTE))
    assert run.answers(WUHAN_RULE) == [(0, "undetermined", ("low_capture",))]


def test_a_device_that_never_spoke_is_undetermined_for_every_rule_of_its_site():
    run = Run(revision(rules=rules_of(WUHAN, HEBEI)), *ticking([], T0 + HOUR + 2 * MINUTE))
    why = ("device_silent", "low_capture", "never_seen", "no_data")
    assert run.answers(WUHAN_RULE) == run.answers(HEBEI_RULE) == [(0, "undetermined", why)]


def test_a_device_that_fell_silent_is_undetermined_and_silent():
    run = Run(
        revision(rules=rules_of(WUHAN)), *ticking(minutes(T0, T0 + HOUR, 10), T0 + 2 * HOUR + 2 * MINUTE)
    )
    why = ("device_silent", "low_capture", "no_data")
    assert run.answers(WUHAN_RULE) == [(0, "compliant", ()), (1, "undetermined", why)]


def test_a_pollutant_that_a_device_has_never_measured_gets_no_verdict():
    rows = minutes(T0, T0 + HOUR, 10)
    run = Run(revision(rules=rules_of(SHANGHAI, WUHAN)), *ticking(rows, T0 + HOUR + 2 * MINUTE))
    assert {v.rule for v in run.verdicts} == {WUHAN_RULE}


def test_an_interval_longer_than_the_window_is_said():
    rule = local_rule(window=900)
    devices = [{"id": "d1", "interval": 1800}]
    rows = [row(T0, 10), row(T0 + HOUR // 2, 10)]
    run = Run(revision(devices, [rule]), *ticking(rows, T0 + HOUR // 4 + 2 * MINUTE))
    assert run.answers("local") == [(0, "undetermined", ("interval_exceeds_window",))]


@pytest.mark.parametrize(
    ("selector", "applies"), [({"zones": ["urban"]}, True), ({"stages": ["structure"]}, False)]
)
def test_a_rule_judges_the_sites_that_it_selects(selector, applies):
    run = Run(
        revision(rules=[local_rule(**selector)]), *ticking(minutes(T0, T0 + HOUR, 10), T0 + HOUR + 2 * MINUTE)
    )
    assert bool(run.verdicts) is applies


@pytest.mark.parametrize(
    ("dates", "applies"),
    [
        ({"valid_from": "2026-04-01"}, True),
        ({"valid_from": "2026-04-02"}, False),
        ({"valid_to": "2026-04-01"}, True),
        ({"valid_to": "2026-03-31"}, False),
    ],
)
def test_a_rule_judges_the_days_on_which_it_is_valid(dates, applies):
    run = Run(
        revision(rules=[local_rule(**dates)]), *ticking(minutes(T0, T0 + HOUR, 10), T0 + HOUR + 2 * MINUTE)
    )
    assert bool(run.verdicts) is applies


# --------------------------------------------------------------------------------------- background


@pytest.mark.parametrize(
    ("site", "county", "answer"),
    [
        (130, 50, "compliant"),
        (130.1, 50, "exceeds"),
        (300, 400, "exceeds"),
        (230, 400, "compliant"),
        (10, 90, "compliant"),
    ],
)
def test_the_difference_to_the_county_counts_and_what_is_subtracted_is_capped(site, county, answer):
    run = hebei(
        minutes(T0, T0 + HOUR, site), T0 + HOUR + 9 * MINUTE, [background(T0, county, T0 + HOUR + 5 * MINUTE)]
    )
    (verdict,) = run.verdicts
    assert (verdict.answer, verdict.background, verdict.subtracted) == (answer, county, min(county, 150))
    assert verdict.background_ids == (f"S1-{T0}-{county}",)
    assert verdict.decided_at == T0 + HOUR + 5 * MINUTE


def test_background_that_is_there_when_the_window_closes_is_used_at_once():
    run = hebei(minutes(T0, T0 + HOUR, 300), T0 + HOUR + 3 * MINUTE, [background(T0, 50, T0 + HOUR + 30_000)])
    assert [(v.answer, v.decided_at) for v in run.verdicts] == [("exceeds", T0 + HOUR + 2 * MINUTE)]


def test_nothing_is_said_while_background_may_still_come():
    assert not hebei(minutes(T0, T0 + HOUR, 300), T0 + 2 * HOUR - MINUTE).verdicts


def test_without_background_the_hour_is_undetermined_when_the_wait_is_over():
    run = hebei(minutes(T0, T0 + 2 * HOUR, 300), T0 + 2 * HOUR)
    (verdict,) = run.verdicts
    assert (verdict.answer, verdict.reasons, verdict.background) == ("undetermined", ("no_background",), None)
    assert (verdict.value, verdict.decided_at) == (300.0, T0 + 2 * HOUR)


def test_background_that_comes_after_the_wait_supersedes():
    run = hebei(
        minutes(T0, T0 + 3 * HOUR, 300), T0 + 3 * HOUR, [background(T0, 50, T0 + 2 * HOUR + 9 * MINUTE)]
    )
    first, second = [v for v in run.verdicts if v.start == T0]
    assert (first.answer, first.revision, second.answer, second.revision) == ("undetermined", 1, "exceeds", 2)
    assert first.id != second.id


def test_later_than_late_for_it_is_too_late_to_supersede():
    for hours, revisions in ((73, [1, 2]), (74, [1])):
        rows, come = minutes(T0, T0 + HOUR, 300), [background(T0, 50, T0 + hours * HOUR)]
        run = hebei(rows, T0 + (hours + 1) * HOUR, come)
        assert [v.revision for v in run.verdicts if v.start == T0 and v.kind == "interval"] == revisions


def test_an_hour_without_capture_does_not_wait_for_background():
    run = hebei(minutes(T0, T0 + HOUR, 300)[:20], T0 + HOUR + 2 * MINUTE)
    assert run.answers(HEBEI_RULE) == [(0, "undetermined", ("device_silent", "low_capture"))]


def test_the_county_mean_waits_ten_minutes_for_all_stations_then_takes_those_present():
    rows = minutes(T0, T0 + HOUR, 300)
    come = [background(T0, v, T0 + HOUR + 3 * MINUTE, s) for s, v in (("S1", 30), ("S2", 50))]
    run = hebei(rows, T0 + 2 * HOUR, come, stations=("S1", "S2", "S3"), least=2)
    (verdict,) = run.verdicts
    assert (verdict.background, verdict.decided_at) == (40.0, T0 + HOUR + 10 * MINUTE)


def test_a_station_that_comes_later_changes_the_mean_and_supersedes():
    rows = minutes(T0, T0 + HOUR, 300)
    come = [background(T0, v, T0 + HOUR + n * MINUTE, s) for s, v, n in (("S1", 30, 3), ("S2", 90, 20))]
    run = hebei(rows, T0 + 2 * HOUR, come, stations=("S1", "S2"))
    assert [(v.background, v.revision) for v in run.verdicts] == [(30.0, 1), (60.0, 2)]


def test_fewer_stations_than_the_least_are_no_background():
    come = [background(T0, 30, T0 + HOUR + MINUTE)]
    run = hebei(minutes(T0, T0 + HOUR, 300), T0 + 2 * HOUR, come, stations=("S1", "S2"), least=2)
    assert run.answers(HEBEI_RULE) == [(0, "undetermined", ("no_background",))]


def test_the_same_background_record_twice_changes_nothing():
    twice = [background(T0, 50, T0 + HOUR + n * MINUTE, id="same") for n in (3, 4)]
    assert len(hebei(minutes(T0, T0 + HOUR, 300), T0 + HOUR + 9 * MINUTE, twice).verdicts) == 1


def test_a_background_record_that_comes_again_after_its_correction_undoes_nothing():
    come = [
        background(T0, value, T0 + HOUR + n * MINUTE, id=name)
        for n, name, value in ((3, "first", 100), (4, "correction", 10), (5, "first", 100))
    ]
    feed = revision(["d1"], rules_of(HEBEI))
    run = Run(feed, *ticking(minutes(T0, T0 + HOUR, 150), T0 + HOUR + 4 * MINUTE, others=come[:2]))
    restarted = Run(tick(T0 + HOUR + 5 * MINUTE), come[2], detector=Detector.load(run.detector.dump()))
    assert run.answers(HEBEI_RULE) == [(0, "compliant", ()), (0, "exceeds", ())]
    assert not restarted.verdicts
    assert [n.kind for n in restarted.outputs[-1].notes] == ["repeated_background"]


def test_a_correction_that_comes_later_than_late_for_supersedes_nothing():
    """The other station's record may be forgotten by then: the mean would be that of one station."""
    rows = minutes(MIDNIGHT, MIDNIGHT + HOUR, 200)
    come = [background(MIDNIGHT, 150, MIDNIGHT + HOUR + MINUTE, station) for station in ("S1", "S2")]
    for hours, revisions in ((73, [1, 2]), (74, [1])):
        correction = background(MIDNIGHT, 10, MIDNIGHT + hours * HOUR, "S2", id="correction")
        log = ticking(rows, MIDNIGHT + 75 * HOUR, MIDNIGHT, [*come, correction])
        run = Run(revision(["d1"], rules_of(HEBEI), at=MIDNIGHT, stations=("S1", "S2")), *log)
        first = [v for v in run.verdicts if v.kind == "interval" and v.start == MIDNIGHT]
        assert [v.revision for v in first] == revisions


def test_background_of_another_hour_is_not_used():
    run = hebei(minutes(T0, T0 + HOUR, 300), T0 + 2 * HOUR, [background(T0 - HOUR, 50, T0 + HOUR)])
    assert run.answers(HEBEI_RULE) == [(0, "undetermined", ("no_background",))]


# ---------------------------------------------------------------------------------------------- days


def day(exceeding, silent=0):
    """A day of the Hebei rule: so many hours exceed, then so many are silent, the rest complies."""
    rows = []
    for hour in range(24):
        start = MIDNIGHT + hour * HOUR
        if hour < exceeding:
            rows += minutes(start, start + HOUR, 500)
        elif hour >= exceeding + silent:
            rows += minutes(start, start + HOUR, 20)
    come = [background(MIDNIGHT + h * HOUR, 50, MIDNIGHT + (h + 1) * HOUR + MINUTE) for h in range(24)]
    log = ticking(rows, MIDNIGHT + 25 * HOUR, MIDNIGHT, come)
    return Run(revision(["d1"], rules_of(HEBEI), at=MIDNIGHT), *log)


@pytest.mark.parametrize(
    ("exceeding", "silent", "answer", "reasons"),
    [
        (0, 0, "compliant", ()),
        (2, 0, "compliant", ("within_allowance",)),
        (3, 0, "exceeds", ("allowance_exceeded",)),
        (2, 1, "undetermined", ("undetermined_hours",)),
        (3, 9, "exceeds", ("allowance_exceeded",)),
        (0, 2, "compliant", ()),
    ],
)
def test_a_day_exceeds_when_more_hours_exceed_than_are_allowed(exceeding, silent, answer, reasons):
    run = day(exceeding, silent)
    (verdict,) = [v for v in run.verdicts if v.kind == "day"]
    assert (verdict.answer, verdict.reasons, verdict.value, verdict.limit) == (
        answer,
        reasons,
        float(exceeding),
        2.0,
    )
    assert (verdict.start, verdict.end, verdict.decided_at) == (
        MIDNIGHT,
        MIDNIGHT + 24 * HOUR,
        MIDNIGHT + 24 * HOUR + 2 * MINUTE,
    )


def test_a_day_waits_for_the_background_of_its_last_hour():
    rows = minutes(MIDNIGHT + 22 * HOUR, MIDNIGHT + 24 * HOUR, 20)
    feed = revision(["d1"], rules_of(HEBEI), at=MIDNIGHT + 22 * HOUR)
    come = [background(MIDNIGHT + 22 * HOUR, 50, MIDNIGHT + 23 * HOUR + MINUTE)]
    run = Run(feed, *ticking(rows, MIDNIGHT + 26 * HOUR, MIDNIGHT + 22 * HOUR, come))
    (verdict,) = [v for v in run.verdicts if v.kind == "day"]
    assert (verdict.answer, verdict.decided_at) == ("undetermined", MIDNIGHT + 25 * HOUR)


@pytest.mark.parametrize(("first", "answer"), [(2, "compliant"), (3, "undetermined")])
def test_hours_before_the_monitor_was_set_up_are_no_compliant_ones(first, answer):
    at = MIDNIGHT + first * HOUR
    come = [background(MIDNIGHT + h * HOUR, 50, MIDNIGHT + (h + 1) * HOUR + MINUTE) for h in range(first, 24)]
    log = ticking(minutes(at, MIDNIGHT + 24 * HOUR, 20), MIDNIGHT + 24 * HOUR + 2 * MINUTE, at, come)
    run = Run(revision(["d1"], rules_of(HEBEI), at=at), *log)
    assert [(v.answer, v.value) for v in run.verdicts if v.kind == "day"] == [(answer, 0.0)]


def test_no_day_complies_for_a_pollutant_that_was_never_measured():
    """Silent for its first hour, undetermined for every rule; then it turns out to measure PM10 alone."""
    rows = minutes(MIDNIGHT + HOUR, MIDNIGHT + 24 * HOUR, 20)
    log = ticking(rows, MIDNIGHT + 24 * HOUR + 2 * MINUTE, MIDNIGHT)
    run = Run(revision(["d1"], rules_of(SHANGHAI), at=MIDNIGHT), *log)
    assert {v.answer for v in run.verdicts} == {"undetermined"}
    assert {v.kind for v in run.verdicts} == {"interval", "day"}


def test_a_superseded_hour_counts_in_its_settled_day():
    rows = minutes(MIDNIGHT, MIDNIGHT + 24 * HOUR, 500)
    in_time = [background(MIDNIGHT + h * HOUR, 50, MIDNIGHT + (h + 1) * HOUR + MINUTE) for h in range(2)]
    too_late = [background(MIDNIGHT + h * HOUR, 10, MIDNIGHT + 26 * HOUR) for h in range(2, 24)]
    log = ticking(rows, MIDNIGHT + 27 * HOUR, MIDNIGHT, [*in_time, *too_late])
    run = Run(revision(["d1"], rules_of(HEBEI), at=MIDNIGHT), *log)
    days = [v for v in run.verdicts if v.kind == "day"]
    assert [(days[0].answer, days[0].value), (days[-1].answer, days[-1].value)] == [
        ("undetermined", 2.0),
        ("exceeds", 24.0),
    ]
    assert [v.revision for v in days] == list(range(1, len(days) + 1))


# ------------------------------------------------------------------------------- a log with a hole


def gap(start, end, at):
    return Signal(f"gap-{start}", at, "*", "gap", None, start, end)


def test_an_interval_whose_records_the_log_lacks_is_undetermined():
    others = [gap(T0 + 10 * MINUTE, T0 + 11 * MINUTE, T0 + HOUR // 2)]
    log = ticking(minutes(T0, T0 + 2 * HOUR, 300), T0 + 2 * HOUR + 2 * MINUTE, others=others)
    run = Run(revision(rules=rules_of(WUHAN)), *log)
    assert run.answers(WUHAN_RULE) == [(0, "undetermined", ("log_gap",)), (1, "exceeds", ())]


def test_a_hole_that_is_accepted_later_supersedes_and_closes_nothing():
    others = [background(T0, 50, T0 + HOUR + MINUTE), gap(T0, T0 + MINUTE, T0 + HOUR + 9 * MINUTE)]
    run = hebei(minutes(T0, T0 + HOUR, 300), T0 + HOUR + 10 * MINUTE, others)
    assert [(v.answer, v.reasons, v.revision) for v in run.verdicts] == [
        ("exceeds", (), 1),
        ("undetermined", ("log_gap",), 2),
    ]
    assert [b.event for b in run.breaches] == ["opened", "amended"]
