"""Configuration in the log: adopted at its instant, state of what stays is kept; saving and loading."""

from __future__ import annotations

import pytest

from ingest.register import load_register
from ingest.topics import partition_of
from processors.fold.detector import Detector
from processors.plan.body import compile_revision, make_revision, revision_id
from processors.plan.plan import Plan, sites_of_partition
from processors.plan.rules import load_rules
from tests.counties import device, site, write_county
from tests.logs import (
    HEBEI,
    HOUR,
    MINUTE,
    T0,
    WUHAN,
    Run,
    background,
    batch,
    local_rule,
    minutes,
    revision,
    row,
    rules_of,
    tick,
    ticking,
)
from tests.parts import size_of


def test_the_same_revision_again_changes_nothing():
    run = Run(revision(), revision(at=T0 + MINUTE))
    assert [n.kind for out in run.outputs for n in out.notes] == ["repeated_revision"]
    assert run.detector.revision.received_at == T0


def test_an_earlier_configuration_may_come_back():
    run = Run(revision(["d1"]), revision(["d2"], at=T0 + MINUTE), revision(["d1"], at=T0 + 2 * MINUTE))
    assert run.detector.plan.devices == ("d1",)


def test_a_revision_waits_for_its_effective_instant():
    run = Run(revision(["d1"]), revision(["d1", "d2"], at=T0 + MINUTE, effective=T0 + 5 * MINUTE))
    run.fold(tick(T0 + 4 * MINUTE))
    assert run.detector.plan.devices == ("d1",)
    run.fold(batch(row(T0 + 6 * MINUTE, 1, "d2")))
    assert run.detector.plan.devices == ("d1", "d2")
    assert not run.marks


def test_a_batch_across_the_effective_instant_is_judged_by_both_configurations():
    run = Run(revision(["d1"]), revision(["d2"], at=T0, effective=T0 + 5 * MINUTE))
    run.fold(batch(*[row(T0 + n * MINUTE, 1, "d2") for n in (3, 4, 5, 6)]))
    assert run.outputs[-1].marks == {0: "unknown_device", 1: "unknown_device"}


def test_devices_that_stay_keep_what_was_measured_and_when_they_were_heard():
    rows = minutes(T0, T0 + HOUR, 120)
    log = ticking(
        rows, T0 + HOUR + 2 * MINUTE, others=[revision(["a", "d1", "z"], [local_rule()], at=T0 + HOUR // 2)]
    )
    run = Run(revision(["d1"], [local_rule()]), *log)
    assert [(h.value, h.capture) for h in run.hours()] == [(120.0, 1.0)]
    assert run.answers("local") == [(0, "exceeds", ())]
    assert {(b.device, b.at - T0) for b in run.breaches if b.kind == "offline"} == {
        ("a", 45 * MINUTE),
        ("z", 45 * MINUTE),
    }


def test_a_breach_outlives_a_new_configuration():
    rows = minutes(T0, T0 + HOUR, 300) + minutes(T0 + HOUR, T0 + 2 * HOUR, 10)
    other = revision(["a", "d1"], rules_of(WUHAN), at=T0 + HOUR + 30 * MINUTE)
    run = Run(revision(["d1"], rules_of(WUHAN)), *ticking(rows, T0 + 2 * HOUR + 2 * MINUTE, others=[other]))
    assert [b.event for b in run.breaches if b.kind == "exceedance"] == ["opened", "closed"]


def test_what_a_device_sent_before_it_was_removed_is_forgotten_with_and_without_a_restart():
    reading = batch(row(T0 + MINUTE, 1))
    log = [
        revision(["d1", "d2"]),
        reading,
        revision(["d2"], at=T0 + 2 * MINUTE),
        revision(["d1", "d2"], at=T0 + 3 * MINUTE),
    ]
    through = Run(*log)
    restarted = Run(detector=Detector.load(through.detector.dump()))
    for run in (through, restarted):
        assert run.fold(batch(row(T0 + MINUTE, 1, received=T0 + 4 * MINUTE))).duplicates == 0
    assert through.detector.dump() == restarted.detector.dump()


@pytest.mark.parametrize(
    ("devices", "packs", "reason"), [(["d2"], [WUHAN], "device_removed"), (["d1"], [], "rule_removed")]
)
def test_a_breach_whose_device_or_rule_is_gone_is_closed_and_says_so(devices, packs, reason):
    rows = minutes(T0, T0 + HOUR, 300)
    run = Run(revision(["d1"], rules_of(WUHAN)), *ticking(rows, T0 + HOUR + 2 * MINUTE))
    run.fold(revision(devices, rules_of(*packs), at=T0 + HOUR + 3 * MINUTE))
    assert [(b.event, b.reasons) for b in run.breaches][-1] == ("closed", (reason,))


def test_a_breach_is_closed_where_its_rule_selects_the_site_no_longer():
    rule = local_rule(stages=["earthwork"])
    run = Run(revision(["d1"], [rule]), *ticking(minutes(T0, T0 + HOUR, 300), T0 + HOUR + 2 * MINUTE))
    run.fold(revision(["d1"], [rule], at=T0 + HOUR + 3 * MINUTE, stage="structure"))
    assert [(b.event, b.reasons) for b in run.breaches][-1] == ("closed", ("rule_removed",))


def limits(until, *changes, rows=(), others=()):
    """A limit of 100, and other rules of the same id in force from the instants given."""
    later = [revision(["d1"], [rule] if rule else [], at=at) for at, rule in changes]
    return Run(revision(["d1"], [local_rule()]), *ticking(rows, until, others=[*later, *others]))


@pytest.mark.parametrize("minute", [0, 1, -20])
def test_a_window_keeps_the_limit_under_which_it_began(minute):
    change = (T0 + HOUR + minute * MINUTE, local_rule(limit=500))
    run = limits(T0 + 2 * HOUR + 2 * MINUTE, change, rows=minutes(T0, T0 + 2 * HOUR, 300))
    first, second = run.verdicts
    assert (first.answer, first.limit, first.configuration) == ("exceeds", 100, revision_of(local_rule()))
    if minute <= 0:
        assert (second.answer, second.limit) == ("compliant", 500)
        assert second.configuration == run.detector.revision.id
    else:
        assert (second.answer, second.limit) == ("exceeds", 100)


def revision_of(rule):
    return revision(["d1"], [rule]).id


def test_an_hour_superseded_after_the_limit_was_changed_keeps_its_own():
    hebei = rules_of(HEBEI)[0]
    stricter = hebei.model_copy(update={"limit": 10})
    come = [
        background(T0, 100, T0 + HOUR + 3 * MINUTE),
        background(T0, 110, T0 + 3 * HOUR + 5 * MINUTE),
    ]
    change = revision(["d1"], [stricter], at=T0 + 2 * HOUR)
    log = ticking(minutes(T0, T0 + HOUR, 150), T0 + 3 * HOUR + 6 * MINUTE, others=[*come, change])
    through = Run(revision(["d1"], [hebei]), *log)
    half = Run(revision(["d1"], [hebei]), *log[: len(log) // 2])
    restarted = Run(*log[len(log) // 2 :], detector=Detector.load(half.detector.dump()))
    verdicts = [v for v in through.verdicts if v.start == T0]
    assert [(v.answer, v.limit, v.revision) for v in verdicts] == [("compliant", 80, 1), ("compliant", 80, 2)]
    assert half.verdicts + restarted.verdicts == through.verdicts


def test_a_rule_that_is_added_judges_nothing_that_began_before():
    log = ticking(
        minutes(T0, T0 + 2 * HOUR, 300),
        T0 + 2 * HOUR + 2 * MINUTE,
        others=[revision(["d1"], [local_rule()], at=T0 + HOUR)],
    )
    assert Run(revision(["d1"]), *log).answers("local") == [(1, "exceeds", ())]


def test_a_breach_goes_on_under_a_changed_limit_and_closes_under_it():
    change = (T0 + HOUR, local_rule(limit=500))
    run = limits(T0 + 2 * HOUR + 2 * MINUTE, change, rows=minutes(T0, T0 + 2 * HOUR, 300))
    opened, closed = run.breaches
    assert (opened.event, opened.limit, opened.id) == ("opened", 100, closed.id)
    assert (closed.event, closed.limit, closed.value) == ("closed", 500, 300.0)


def test_a_day_is_counted_by_the_allowance_in_force_when_it_ends():
    midnight = T0 - HOUR
    rows = minutes(midnight, midnight + 48 * HOUR, 300)
    one, two = (local_rule(allowance=n) for n in (1, 30))
    change = revision(["d1"], [two], at=midnight + 24 * HOUR)
    log = ticking(rows, midnight + 48 * HOUR + 2 * MINUTE, midnight, [change])
    run = Run(revision(["d1"], [one], at=midnight), *log)
    assert [(v.answer, v.limit) for v in run.verdicts if v.kind == "day"] == [
        ("exceeds", 1),
        ("compliant", 30),
    ]


def test_an_hour_that_waits_for_background_survives_a_new_configuration():
    other = revision(["a", "d1"], rules_of(HEBEI), at=T0 + HOUR + 5 * MINUTE, stations=("S1",))
    late = background(T0, 50, T0 + HOUR + 20 * MINUTE)
    log = ticking(minutes(T0, T0 + HOUR, 300), T0 + HOUR + 30 * MINUTE, others=[other, late])
    run = Run(revision(["d1"], rules_of(HEBEI)), *log)
    assert [(v.point, v.answer) for v in run.verdicts] == [("d1", "exceeds")]


def test_each_partition_judges_the_sites_that_live_in_it():
    sites = [f"s{n}" for n in range(20)]
    devices = [{"id": f"d-{s}", "site": s} for s in sites]
    seen = []
    for partition in range(4):
        detector = Detector.empty(partition, 4)
        Run(revision(devices), detector=detector)
        assert {partition_of(s, 4) for s in detector.plan.sites} <= {partition}
        assert all(map(sites_of_partition(partition, 4), detector.plan.sites))
        seen += detector.plan.devices
    assert sorted(seen) == sorted(d["id"] for d in devices)


def test_a_signal_moves_the_clock_and_its_repetition_is_noted():
    from ingest.records import Signal

    signal = Signal("x", T0 + 15 * MINUTE, "county", "alert", "red", T0, None)
    run = Run(revision(), *ticking([], T0 + 15 * MINUTE - 1), signal, signal)
    assert [b.kind for b in run.breaches] == ["offline"]
    assert [n.kind for out in run.outputs for n in out.notes] == ["repeated_signal"]


# ------------------------------------------------------------------------------- from folder to plan


def test_a_folder_becomes_a_plan(tmp_path):
    folder = write_county(
        tmp_path / "c",
        [device("d2", interval=300), device("d1", site="site-2", offline_after=600)],
        [site("site-1"), site("site-2")],
        packs=[HEBEI, WUHAN],
    )
    body = compile_revision(load_register(folder), load_rules(folder).rules)
    plan = Plan.of(make_revision(body, T0))
    assert plan.devices == ("d1", "d2")
    assert plan.sites == ("site-2", "site-1")
    assert plan.interval.tolist() == [60_000, 300_000]
    assert plan.offline_after.tolist() == [600_000, 900_000]
    assert [area.stations for area in plan.areas] == [("S001",)]
    assert {r.rule.id for r in plan.rules} == {f"{HEBEI}-pm10", f"{WUHAN}-warning"}
    assert all(plan.areas_for(r).tolist() == [0, 0] for r in plan.rules if r.rule.background)
    assert make_revision(body, T0).id == revision_id(body)


# --------------------------------------------------------------------------------------- save, load


def test_an_empty_state_can_be_saved():
    saved = Detector.load(Detector.empty(3, 7).dump())
    assert (saved.partition, saved.partitions, saved.ready) == (3, 7, False)


def test_the_same_state_has_the_same_bytes():
    runs = [
        Run(revision(rules=rules_of(HEBEI)), *ticking(minutes(T0, T0 + HOUR, 1), T0 + HOUR)) for _ in "ab"
    ]
    assert runs[0].detector.dump() == runs[1].detector.dump()


def test_a_state_stays_small():
    devices = [f"d{n}" for n in range(200)]
    rows = [row(T0 + n * MINUTE, 50 + n % 7, d, tsp=90) for n in range(59) for d in devices]
    run = Run(revision(devices, rules_of(HEBEI, WUHAN)), batch(*rows))
    assert size_of(run.detector.dump()) / len(devices) < 4096
