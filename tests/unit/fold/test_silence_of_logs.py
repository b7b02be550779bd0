"""Silence of devices and our own outages: who is offline, and what waits until we have caught up."""

from __future__ import annotations

from ingest.batches import Row
from processors.fold.detector import Detector
from tests.logs import (
    HOUR,
    MINUTE,
    T0,
    WUHAN,
    Run,
    batch,
    local_rule,
    minutes,
    revision,
    row,
    rules_of,
    tick,
    ticking,
)


def offline(run):
    return [(b.event, b.device, (b.at - T0) / MINUTE, b.reasons) for b in run.breaches if b.kind == "offline"]


def test_a_device_that_never_spoke_is_offline_after_fifteen_minutes():
    run = Run(revision(), *ticking([], T0 + 20 * MINUTE))
    assert offline(run) == [("opened", "d1", 15.0, ("never_seen",))]
    assert run.breaches[0].start == T0


def test_a_device_that_stops_is_offline_fifteen_minutes_after_its_last_receipt():
    run = Run(revision(), *ticking([row(T0, 1, received=T0 + MINUTE)], T0 + 20 * MINUTE))
    assert offline(run) == [("opened", "d1", 16.0, ("device_silent",))]


def test_a_slow_device_has_three_of_its_intervals():
    run = Run(revision([{"id": "d1", "interval": 600}]), *ticking([], T0 + HOUR))
    assert offline(run)[0][2] == 30.0


def test_the_register_may_say_how_long():
    run = Run(revision([{"id": "d1", "offline_after": 120}]), *ticking([], T0 + HOUR))
    assert offline(run)[0][2] == 2.0


def test_a_device_that_comes_back_closes_its_breach():
    run = Run(revision(), *ticking([row(T0 + HOUR, 1)], T0 + HOUR + MINUTE))
    assert [(e, why) for e, _, _, why in offline(run)] == [
        ("opened", ("never_seen",)),
        ("closed", ("device_returned",)),
    ]
    assert run.breaches[0].id == run.breaches[1].id


def test_a_device_may_come_back_and_fall_silent_inside_one_batch():
    log = [revision(["d1", "d2"]), *[tick(T0 + n * MINUTE) for n in range(31)]]
    rows = [row(T0 + 30 * MINUTE), row(T0 + 60 * MINUTE, device="d2", pm10=1)]
    one_by_one = Run(*log, tick(T0 + 31 * MINUTE, 2 * HOUR), *(batch(r) for r in rows))
    together = Run(*log, tick(T0 + 31 * MINUTE, 2 * HOUR), batch(*rows))
    assert offline(together) == offline(one_by_one)
    assert [e for e, device, _, _ in offline(together) if device == "d1"] == ["opened", "closed", "opened"]


def test_instants_of_receipt_count_not_those_of_the_device():
    rows = [row(T0 + n * MINUTE - 2 * HOUR, 1, received=T0 + n * MINUTE) for n in range(30)]
    assert not offline(Run(revision(), *ticking(rows, T0 + 30 * MINUTE)))


def test_a_retained_message_is_no_sign_of_life():
    old = row(T0 - 5 * MINUTE, 1, received=T0 + 14 * MINUTE, marks=("retained",))
    run = Run(revision(), *ticking([old], T0 + 20 * MINUTE))
    assert offline(run) == [("opened", "d1", 15.0, ("never_seen",))]


def test_the_same_message_over_and_over_is_no_sign_of_life():
    rows = [row(T0, 1, received=T0 + n * MINUTE) for n in range(30)]
    assert offline(Run(revision(), *ticking(rows, T0 + 30 * MINUTE)))[0][2] == 15.0


# ------------------------------------------------------------------------------------- our own outage


def outage(rows, start=10 * MINUTE, end=2 * HOUR, until=3 * HOUR, every=MINUTE, rules=(), devices=("d1",)):
    """Ticks stop at T0 + start and come again at T0 + end; rows at their receipt."""
    times = [t for t in range(T0, T0 + until + 1, MINUTE) if not T0 + start < t < T0 + end]
    timed = [(t, 0, tick(t, every)) for t in times] + [(r.received_at, 1, batch(r)) for r in rows]
    return Run(revision(devices, rules), *[record for _, _, record in sorted(timed, key=lambda e: e[:2])])


def test_a_gap_of_ours_makes_no_device_offline():
    rows = minutes(T0, T0 + 10 * MINUTE, 1) + minutes(T0 + 2 * HOUR, T0 + 3 * HOUR, 1)
    assert not offline(outage(rows))


def test_a_device_that_stays_silent_after_the_gap_is_offline_when_the_grace_is_over():
    run = outage(minutes(T0, T0 + 10 * MINUTE, 1))
    assert offline(run)[0][2] == 130.0


def test_a_slow_device_has_two_of_its_intervals_after_the_gap():
    slow = [{"id": "d1", "interval": 1200}]
    rows = [row(T0, 1), row(T0 + 2 * HOUR + 19 * MINUTE, 1)]
    assert not offline(outage(rows, devices=slow))


def test_what_was_due_before_the_gap_is_decided_by_its_own_instant():
    run = outage([], start=20 * MINUTE)
    assert offline(run) == [("opened", "d1", 15.0, ("never_seen",))]


def test_the_backlog_of_the_gap_is_on_time_and_its_breach_is_told_and_marked_delayed():
    before = minutes(T0, T0 + 10 * MINUTE, 300)
    backlog = [
        r._replace(received_at=T0 + 2 * HOUR + 30_000) for r in minutes(T0 + 10 * MINUTE, T0 + 2 * HOUR, 300)
    ]
    run = outage(before + backlog, rules=rules_of(WUHAN))
    assert "late" not in run.marks
    assert [h.capture for h in run.hours()[:2]] == [1.0, 1.0]
    breach = next(b for b in run.breaches if b.kind == "exceedance")
    assert (breach.event, breach.start, breach.delayed, breach.tell) == ("opened", T0, True, True)
    assert breach.at == T0 + 2 * HOUR + 10 * MINUTE


def test_readings_inside_the_gap_wait_for_their_verdict_too():
    rows = minutes(T0, T0 + 2 * HOUR, 300)
    run = outage(rows, rules=rules_of(WUHAN), until=2 * HOUR + 9 * MINUTE)
    assert not run.verdicts
    assert [v.answer for v in run.fold(tick(T0 + 2 * HOUR + 10 * MINUTE)).verdicts] == ["exceeds"] * 2


def test_a_gap_no_longer_than_the_rhythm_and_thirty_seconds_is_none():
    run = Run(revision(rules=rules_of(WUHAN)), tick(T0, 1000), batch(*minutes(T0, T0 + 1, 1)))
    run.fold(tick(T0 + 31_000, 1000))
    assert run.detector.outage.hold_until < T0
    run.fold(tick(T0 + 62_001, 1000))
    assert run.detector.outage.hold_until == T0 + 62_001 + 10 * MINUTE


def test_a_second_gap_inside_the_grace_keeps_holding_what_the_first_held():
    log = [tick(T0), tick(T0 + 59 * MINUTE), tick(T0 + 60 * MINUTE), tick(T0 + 67 * MINUTE)]
    run = Run(revision(rules=[local_rule()]), *log)
    assert not run.breaches
    run.fold(*[tick(T0 + n * MINUTE) for n in range(68, 78)])
    assert offline(run) == [("opened", "d1", 77.0, ("never_seen",))]


def test_a_single_value_of_the_backlog_opens_at_once_and_is_marked_delayed():
    late = row(T0 + HOUR, 2000, received=T0 + 2 * HOUR + 5 * MINUTE)
    run = outage([*minutes(T0, T0 + 10 * MINUTE, 1), late], rules=rules_of("instant-pm10"))
    breach = next(b for b in run.breaches if b.kind == "exceedance")
    assert (breach.at, breach.delayed, breach.tell) == (late.received_at, True, True)


def test_whoever_speaks_after_an_outage_has_no_more_excuse_with_and_without_a_restart():
    # one reading an hour, said to be offline after ten minutes: the outage excuses it for two hours
    configured = revision([{"id": "d1", "interval": 3600, "offline_after": 600}])
    log = [configured, tick(T0), row(T0 + MINUTE, 1), tick(T0 + 2 * MINUTE), tick(T0 + 8 * MINUTE)]
    log += [tick(T0 + 9 * MINUTE), row(T0 + 9 * MINUTE, 1)]
    log += [tick(T0 + n * MINUTE) for n in range(10, 40)]
    records = [batch(r) if isinstance(r, Row) else r for r in log]
    through = Run(*records)
    restarted = Run()
    for record in records:
        restarted.fold(record)
        restarted.detector = Detector.load(restarted.detector.dump())
    assert [what for what, *_ in offline(through)] == ["opened"]
    assert offline(through) == offline(restarted)
