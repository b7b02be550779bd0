"""Laws of faults: opened once after their least duration, closed by the first good value, whatever the batches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batches import Row
from ingest.durations import HOUR_MS as HOUR
from ingest.durations import MINUTE_MS as MINUTE
from ingest.records import Remark
from processors.fold.detector import Detector
from processors.records import Breach
from tests.logs import HEBEI, T0, Run, batch, revision, row, rules_of, tick
from tests.shares import examples

LEAST = 30 * MINUTE
STATES = st.sampled_from(["good", "away", "broken", "nothing", "backlog"])


def said(state: str, at: int) -> Row | None:
    """One message of a monitor in a state."""
    level = float(50 + at // MINUTE % 5)
    if state == "good":
        return row(at, level, humidity=40)
    if state == "away":
        return row(at, humidity=40)
    if state == "broken":
        return row(at, -60.0, humidity=40)
    if state == "backlog":
        return row(at - 5 * HOUR, level, received=at + 1000, humidity=40)
    return None


def run_of(rows: list[Row], until: int, cut: list[int]) -> list[tuple[str, str, int, tuple[str, ...]]]:
    """Events of the faults of a log whose readings are batched in pieces of these sizes."""
    log: list[Any] = [revision(rules=rules_of(HEBEI))]
    waiting, sizes = list(rows), list(cut)
    while waiting:
        size = sizes.pop(0) if sizes else 1
        # a batch never passes over the tick that is due
        first = waiting[0].received_at // (10 * MINUTE)
        taken = [one for one in waiting[:size] if one.received_at // (10 * MINUTE) == first]
        waiting = waiting[len(taken) :]
        log.append(batch(*taken))
        if not waiting or waiting[0].received_at // (10 * MINUTE) > first:
            log.append(tick((first + 1) * 10 * MINUTE, MINUTE))
    log.append(tick(until, MINUTE))
    found = Run(*log).breaches
    return [(one.event, one.rule, one.at, one.reasons) for one in found if one.kind == "fault"]


def expected_of(rows: list[Row]) -> list[tuple[str, str, int, tuple[str, ...]]]:
    """The same by counting, of one pollutant that is known; the monitor is never silent for long."""
    events: list[tuple[str, str, int, tuple[str, ...]]] = []
    known, since, opened = False, {"absent": 0, "failing": 0}, set()
    for one in rows:
        if one.time < one.received_at - 4 * HOUR:
            continue  # a backlog says how it was
        value = one.values.get("pm10")
        if value is not None and value > -5_000:
            for what in ("absent", "failing"):
                since[what] = 0
                if what in opened:
                    events.append(("closed", f"fault/{what}/pm10", one.received_at, ("good_value",)))
            opened.clear()
        elif value is not None or known:
            what = "absent" if value is None else "failing"
            since[what] = since[what] or one.received_at
            if one.received_at - since[what] >= LEAST and what not in opened:
                opened.add(what)
                events.append(("opened", f"fault/{what}/pm10", one.received_at, (what,)))
        known = known or value is not None
    return events


@given(
    states=st.lists(st.tuples(STATES, st.integers(1, 45)), min_size=1, max_size=8),
    cut=st.lists(st.integers(1, 12), max_size=40),
)
@settings(max_examples=25, deadline=None)
def test_a_channel_is_faulty_after_its_least_duration_and_well_with_its_first_good_value(
    states: list[tuple[str, int]], cut: list[int]
) -> None:
    check(states, cut)


@pytest.mark.long
@given(
    states=st.lists(st.tuples(STATES, st.integers(1, 45)), min_size=1, max_size=8),
    cut=st.lists(st.integers(1, 12), max_size=40),
)
@examples(settings(deadline=None), 400)
def test_the_same_over_many_more_lives_of_a_monitor(states: list[tuple[str, int]], cut: list[int]) -> None:
    check(states, cut)


def check(states: list[tuple[str, int]], cut: list[int]) -> None:
    rows, at = [], T0
    for state, minutes in states:
        for minute in range(min(minutes, 12) if state == "nothing" else minutes):
            told = said(state, at + minute * MINUTE)
            rows += [told] if told is not None else []
        at += minutes * MINUTE if state != "nothing" else min(minutes, 12) * MINUTE
    found = run_of(rows, at, cut)
    assert found == run_of(rows, at, [])
    lived = [one for one in found if one[3] != ("device_silent",)]
    if lived == found:  # it never fell silent
        assert found == expected_of(rows)


def faults(run: Run) -> list[Breach]:
    return [one for one in run.breaches if one.kind == "fault"]


def test_a_fault_outlives_a_configuration_and_a_restart_and_ends_when_its_device_leaves() -> None:
    rows = [row(T0, 50.0)] + [row(T0 + n * MINUTE, humidity=40) for n in range(1, 45)]
    log = [revision(rules=rules_of(HEBEI)), *(batch(one) for one in rows)]
    run = Run(*log)
    assert [one.event for one in faults(run)] == ["opened"]
    again = Run(
        revision([{"id": "d1", "interval": 60}], rules_of(HEBEI), at=T0 + 50 * MINUTE),
        batch(row(T0 + 51 * MINUTE, humidity=41)),
        detector=Detector.load(run.detector.dump()),
    )
    assert faults(again) == []
    gone = Run(
        revision([{"id": "d2"}], rules_of(HEBEI), at=T0 + 52 * MINUTE),
        tick(T0 + 53 * MINUTE),
        detector=Detector.load(again.detector.dump()),
    )
    assert [(one.event, one.reasons) for one in faults(gone)] == [("closed", ("device_removed",))]


def test_what_a_device_is_registered_to_measure_is_expected_before_it_was_ever_sent() -> None:
    rows = [row(T0 + n * MINUTE, humidity=40) for n in range(40)]
    one = {"id": "d1", "measures": ["pm10"]}
    run = Run(revision([one], rules_of(HEBEI)), *(batch(one) for one in rows))
    assert [(one.rule, one.at) for one in faults(run)] == [("fault/absent/pm10", T0 + LEAST + 1000)]
    assert not faults(Run(revision(rules=rules_of(HEBEI)), *(batch(one) for one in rows)))


def test_dust_under_a_code_that_nobody_knows_is_a_fault_that_names_it() -> None:
    rows = [row(T0 + n * MINUTE, humidity=40) for n in range(40)]
    told = Remark(T0 + 1000, "d1", "s1", "unknown_key", {"PM10X": [1, T0 + 1000, T0 + 1000]})
    run = Run(revision(rules=rules_of(HEBEI)), batch(rows[0]), told, *(batch(one) for one in rows[1:]))
    (opened,) = faults(run)
    assert (opened.rule, opened.reasons) == ("fault/unknown_code", ("key:PM10X", "unknown_code"))


def test_three_contradictions_within_an_hour_are_an_identity_used_twice() -> None:
    log: list[Any] = [revision(rules=rules_of(HEBEI))]
    for n in range(4):
        at = T0 + n * MINUTE
        log += [batch(row(at, 50.0)), batch(row(at, 400.0, received=at + 2000))]
    run = Run(*log, *(batch(row(T0 + n * MINUTE, 50.0 + n % 3)) for n in range(4, 70)))
    assert [(one.event, one.rule) for one in faults(run)] == [
        ("opened", "fault/identity"),
        ("closed", "fault/identity"),
    ]


def test_refused_clocks_and_refused_identities_are_faults_of_the_device_they_name() -> None:
    rows = [batch(row(T0 + n * MINUTE, 50.0 + n % 3)) for n in range(5)]
    clock = Remark(T0 + 6 * MINUTE, "d1", "s1", "refused_clock", {"bad_time": [4, T0, T0 + 5 * MINUTE]})
    twice = Remark(T0 + 6 * MINUTE, "d1", "s1", "identity", {"not_allowed": [1, T0, T0]})
    run = Run(revision(rules=rules_of(HEBEI)), *rows, clock, twice)
    assert {(one.rule, one.reasons) for one in faults(run)} == {
        ("fault/clock", ("clock_refused",)),
        ("fault/identity", ("identity_refused",)),
    }
