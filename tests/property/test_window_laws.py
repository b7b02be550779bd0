"""Laws of windows: any series against the slow computation; what comes late ends as if it had been on time."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from ingest.batches import Row
from ingest.records import FeedRecord, Signal
from processors.plan.rules import Rule
from processors.records.verdicts import Interval, Verdict
from tests import oracle
from tests.logs import HOUR, MINUTE, T0, Run, batch, local_rule, revision, row, tick
from tests.property.test_fold_laws import batches, by_kind, fold

few = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
seeds = st.integers(0, 2**32)  # of a series: the series itself is too long to print
LENGTH = 3  # hours
SECOND = 1000

RULES = [
    local_rule(id="m1", window=60),
    local_rule(id="m5", window=300),
    local_rule(id="m15", window=900, statistic="max"),
    local_rule(id="h1", statistic="percentile", percentile=60),
    local_rule(id="hc", statistic="count", above=150, limit=20),
    local_rule(id="r15", window=900, alignment="rolling", step=300),
    local_rule(id="r60", alignment="rolling", step=1200),
    local_rule(id="h8", window=28_800, alignment="rolling", least_capture=0.125),
]


def series(seed: int) -> tuple[int, list[Row]]:
    """(interval, readings of one device): instants and means, any instants, some not admitted."""
    random = Random(seed)
    interval = random.choice([10, 60, 60, 60, 300])
    rows: dict[tuple[int, int], Row] = {}
    for period in {random.choice([0, 0, 20, 60, 300, 3600]) for _ in range(random.randint(1, 3))}:
        step = max(period, random.choice([7, 30, 60, 240]))
        for nth in range(random.randint(0, 300)):
            time = T0 + (nth * step + random.choice([0, 0, 0, 3])) * SECOND
            if time < T0 + LENGTH * HOUR and random.random() < 0.9:
                value = random.randint(-5_000, 400_000) / 1000
                flags = {"pm10": "D"} if random.random() < 0.05 else {}
                received = time + period * SECOND + SECOND
                rows[time, period] = row(time, value, period=period * SECOND, received=received, flags=flags)
    return interval, sorted(rows.values(), key=lambda r: r.received_at)


def values_of(rows: list[Row]) -> list[oracle.Value]:
    return [oracle.Value(r.time, Fraction(r.values["pm10"], 1000), r.period, not r.flags) for r in rows]


def judged(
    rows: list[Row], interval: int, rules: list[Rule] = RULES, hours: int = LENGTH, others: Any = ()
) -> Run:
    timed: list[tuple[int, int, FeedRecord]] = [
        (t, 0, tick(t)) for t in range(T0, T0 + (hours + 1) * HOUR + 5 * MINUTE, MINUTE)
    ]
    timed += [(r.received_at, 1, batch(r)) for r in rows]
    timed += [(o.received_at, 2, o) for o in others]
    run = Run(revision([{"id": "d1", "interval": interval}], rules))
    return run.fold(*(record for _, _, record in sorted(timed, key=lambda e: e[:2])))


@few
@given(seeds)
def test_any_series_has_the_windows_of_the_slow_computation(seed: int) -> None:
    interval, rows = series(seed)
    run, values = judged(rows, interval), values_of(rows)
    expected = {
        "max": ("max", None),
        "p60": ("percentile", 60),
        "count": ("count", 150),
        "mean": ("mean", None),
    }
    seen = 0
    # a mean over an hour comes after shorter windows have closed: the last revision counts
    final = {(i.statistic, i.start, i.end): i for i in run.intervals if i.start >= T0}
    for one in final.values():
        name, number = expected[one.statistic]
        width = one.end - one.start
        hours = width // HOUR if width > HOUR else None
        if hours and one.start < T0:
            continue
        wanted = oracle.window(values, interval * SECOND, one.start, one.end, name, number, hours)
        assert wanted is not None, one
        assert one.capture == pytest.approx(wanted.capture, abs=1e-9), one
        assert one.value == (None if wanted.value is None else pytest.approx(wanted.value, abs=2e-6)), one
        seen += 1
    for start in range(T0, T0 + LENGTH * HOUR, HOUR):
        if oracle.window(values, interval * SECOND, start, start + HOUR) is not None:
            assert any(i.start == start and i.end == start + HOUR for i in run.intervals)


# --------------------------------------------------------------------------------------- what comes late


def belated(seed: int) -> tuple[list[Row], list[Row]]:
    """(on time, with late ones) readings of one device, a minute apart, each less than two hours late."""
    random = Random(seed)
    period, level = random.choice([0, 0, 60]), 50
    prompt, late = [], []
    for minute in range(LENGTH * 60):
        if minute % 20 == 0:
            level = random.choice([50, 95, 105, 300])
        if not minute or random.random() < 0.9:
            time = T0 + minute * MINUTE
            received = time + period * SECOND + SECOND
            one = row(time, level + minute % 7, period=period * SECOND, received=received)
            prompt.append(one)
            delay = random.randint(0, 110) * MINUTE if minute and random.random() < 0.12 else 0
            late.append(one._replace(received_at=received + delay))
    return prompt, sorted(late, key=lambda r: r.received_at)


SUPERSEDED = [
    *RULES,
    local_rule(id="allowed", window=900, allowance=3),
    local_rule(id="twice", window=900, repeat=2),
    local_rule(id="clear", window=900, clear={"level": 90, "minutes": 30}),
]
Finals = dict[tuple[Any, ...], Any]


def final_intervals(run: Run) -> Finals:
    found: dict[tuple[Any, ...], Interval] = {}
    for i in run.intervals:
        key = (i.pollutant, i.statistic, i.start, i.end)
        assert key not in found or i.revision == found[key].revision + 1
        found[key] = i
    return {key: (i.value, i.capture, i.count) for key, i in found.items()}


def final_verdicts(run: Run) -> Finals:
    found: dict[tuple[Any, ...], Verdict] = {}
    for v in run.verdicts:
        key = (v.rule, v.kind, v.start, v.end)
        assert key not in found or v.revision == found[key].revision + 1
        found[key] = v
    return {key: (v.answer, v.value, v.capture) for key, v in found.items()}


@pytest.mark.long
@few
@given(seeds)
@example(430)  # an exceedance found late before an open episode, then what lies between complies
def test_late_readings_keep_every_law_of_what_comes_late(seed: int) -> None:
    """The laws share the folds: they are most of the time of these tests."""
    prompt, late = (judged(rows, 60, SUPERSEDED, LENGTH + 2) for rows in belated(seed))
    finals = final_verdicts(late)
    what_comes_within_two_hours_ends_as_if_it_had_been_on_time(prompt, late, finals)
    a_late_reading_never_opens_an_episode_twice_and_amends_wake_nobody(late)
    an_exceedance_that_is_in_force_in_the_end_lies_in_a_breach(late, finals)


def what_comes_within_two_hours_ends_as_if_it_had_been_on_time(
    prompt: Run, late: Run, finals: Finals
) -> None:
    assert final_intervals(late) == final_intervals(prompt)
    assert finals == final_verdicts(prompt)


def a_late_reading_never_opens_an_episode_twice_and_amends_wake_nobody(late: Run) -> None:
    opened = [b.id for b in late.breaches if b.event == "opened"]
    assert len(opened) == len(set(opened))
    is_open: dict[str, bool] = {}
    for b in late.breaches:
        if b.kind == "exceedance":
            assert b.event == "opened" or b.id in is_open
            assert b.event != "closed" or is_open[b.id]
            # a late exceedance may show that an episode is not over yet: it is amended, and closes again
            is_open[b.id] = b.event != "closed"
    rising = {b.event_id for b in late.breaches if b.event == "amended" and b.tell}
    assert not rising  # no rule here has severities


def an_exceedance_that_is_in_force_in_the_end_lies_in_a_breach(late: Run, finals: Finals) -> None:
    """Of rules that open at the first exceeding interval."""
    for rule in ("m5", "m15", "h1", "r15", "allowed"):
        spans: dict[str, list[int]] = {}
        for b in late.breaches:
            if b.rule == rule and b.kind == "exceedance" and b.unit != "intervals":
                known = spans.setdefault(b.id, [b.start, b.start])
                until = 2 * b.start if b.event == "opened" else b.start
                spans[b.id] = [min(known[0], b.start), max(known[1], until) if b.event != "closed" else until]
        complies = [k[2] for k, v in finals.items() if k[:2] == (rule, "interval") and v[0] == "compliant"]
        # a late exceedance just before an episode belongs to it without moving its beginning
        for span in spans.values():
            span[0] = max((start for start in complies if start < span[0]), default=T0 - HOUR)
        for (of, kind, start, _), (answer, _, _) in finals.items():
            if (of, kind, answer) == (rule, "interval", "exceeds"):
                assert any(begin <= start <= end for begin, end in spans.values()), (rule, start)


def late_log(seed: int) -> list[FeedRecord | Row]:
    """A log of late readings with orders among them, in order of receipt; readings are single rows."""
    random, end = Random(seed), (LENGTH + 2) * 60
    every = random.choice([1, 10, 30])  # minutes between ticks: batches may hold many minutes
    timed: list[tuple[int, int, FeedRecord | Row]] = [
        (T0 + m * MINUTE, 0, tick(T0 + m * MINUTE, every * MINUTE)) for m in range(0, end, every)
    ]
    timed += [(r.received_at, 1, r) for r in belated(seed)[1]]
    for nth, kind in enumerate(("maintenance", "stage", "permit", "alert")):
        at = T0 + random.randint(0, end) * MINUTE + 5 * SECOND
        start = at - random.choice([0, 0, 90]) * MINUTE
        level = {"stage": "structure", "alert": "red"}.get(kind)
        until = start + random.randint(1, 90) * MINUTE
        timed.append((at, 2, Signal(f"{kind}-{nth}", at, "county", kind, level, start, until)))
    ordered = [record for _, _, record in sorted(timed, key=lambda e: e[:2])]
    return [revision([{"id": "d1", "interval": 60}], ORDERED), *ordered]


ORDERED = [
    *SUPERSEDED,
    local_rule(id="earth", window=900, stages=["earthwork"]),
    local_rule(id="house", window=900, stages=["structure"]),
    local_rule(id="night", window=0, unless=["permit"], limit=290),
    local_rule(id="red", alert_levels=["red"], severity=[{"above": 200, "level": "violation"}]),
]


@pytest.mark.long
@settings(few, max_examples=4)
@given(seeds, st.integers(1, 90))
def test_late_readings_and_orders_survive_a_crash_after_every_nth_record(seed: int, every: int) -> None:
    records = batches(late_log(seed), [3])
    through, first = fold(records)
    crashed, second = fold(records, every)
    assert crashed == through
    assert second.dump() == first.dump()


@pytest.mark.long
@settings(few, max_examples=4)
@given(seeds, st.lists(st.integers(1, 60), min_size=1, max_size=4))
def test_late_readings_and_orders_are_judged_the_same_in_batches_of_any_size(
    seed: int, sizes: list[int]
) -> None:
    log = late_log(seed)
    one_by_one, first = fold(batches(log, [1]))
    together, second = fold(batches(log, sizes))
    assert by_kind(together) == by_kind(one_by_one)
    assert second.dump() == first.dump()
