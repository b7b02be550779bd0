"""Laws of silence: nothing closes by it, and our own outages accuse nobody."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest.batches import Row, readings_of
from ingest.records import FeedRecord, Status
from processors.plan.rules import Rule
from processors.records.breaches import Breach
from tests.logs import (
    HEBEI,
    HOUR,
    INSTANT,
    MINUTE,
    SHANGHAI,
    T0,
    WUHAN,
    Run,
    background,
    local_rule,
    revision,
    row,
    rules_of,
    tick,
)

few = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
DEVICES = ("d1", "d2")
SPAN = 240  # minutes
RULES = {
    "warning": rules_of(WUHAN),
    "difference": rules_of(HEBEI),
    "quarters": rules_of(SHANGHAI),
    "single": rules_of(INSTANT),
    "hysteresis": [local_rule(clear={"level": 80, "minutes": 60})],
    "rolling": [local_rule(window=900, step=300, alignment="rolling")],
    "few needed": [local_rule(least_capture=0.1)],
}


class Series(NamedTuple):
    """Levels by quarter of an hour; None: nothing is sent."""

    d1: list[float | None]
    d2: list[float | None]


levels = st.lists(
    st.sampled_from([None, None, 30.0, 30.0, 300.0, 1500.0]), min_size=SPAN // 15, max_size=SPAN // 15
)
series = st.builds(Series, levels, levels)
words = st.lists(
    st.tuples(st.sampled_from(DEVICES), st.integers(0, SPAN), st.sampled_from(["online", "offline"])),
    max_size=4,
)


def rows_of(sent: Series, flag: dict[str, str] | None = None) -> list[Row]:
    return [
        row(T0 + (quarter * 15 + minute) * MINUTE, level, device, tsp=level, flags=flag)
        for device, said in zip(DEVICES, sent, strict=True)
        for quarter, level in enumerate(said)
        if level is not None
        for minute in range(15)
    ]


def fold(
    rows: list[Row], rules: list[Rule], others: list[FeedRecord], deaf: tuple[int, int] | None = None
) -> Run:
    """The log of the rows by their receipt; no ticks in the minutes `deaf`."""
    timed: list[tuple[int, int, FeedRecord]] = [(o.received_at, 2, o) for o in others]  # type: ignore[union-attr]
    timed += [
        (T0 + m * MINUTE, 0, tick(T0 + m * MINUTE))
        for m in range(SPAN + 90)
        if deaf is None or not deaf[0] < m < deaf[1]
    ]
    by_receipt: dict[int, list[Row]] = {}
    for one in rows:
        by_receipt.setdefault(one.received_at, []).append(one)
    timed += [(at, 1, readings_of(sent)) for at, sent in by_receipt.items()]
    return Run(revision(DEVICES, rules), *[record for _, _, record in sorted(timed, key=lambda e: e[:2])])


def backgrounds(level: float) -> list[FeedRecord]:
    return [background(T0 + h * HOUR, level, T0 + (h + 1) * HOUR + 4 * MINUTE) for h in range(SPAN // 60)]


def closed_by_measurement(event: Breach, rows: list[Row]) -> bool:
    """Was there anything measured at the point in the interval that closed a breach?"""
    return any(r.device == event.device and event.start <= r.time < event.end for r in rows)


@few
@given(series, st.sampled_from(sorted(RULES)), st.sampled_from([10.0, 200.0]), words)
def test_nothing_closes_without_a_measurement_at_its_point(
    sent: Series, rules: str, level: float, said: list[tuple[str, int, str]]
) -> None:
    statuses: list[FeedRecord] = [Status(T0 + m * MINUTE, d, "s1", state, False) for d, m, state in said]
    rows = rows_of(sent)
    run = fold(rows, RULES[rules], [*backgrounds(level), *statuses])
    for event in run.breaches:
        if event.event != "closed":
            continue
        if event.kind == "exceedance":
            assert closed_by_measurement(event, rows), event
        else:  # a silence ends at the receipt of a reading, a site's at that of one of its devices
            assert any(r.received_at == event.at and event.device in ("", r.device) for r in rows), event


@few
@given(st.integers(1, 8), st.sampled_from(sorted(RULES)), words)
def test_an_exceedance_stays_open_however_long_its_device_is_silent(
    quarters: int, rules: str, spoken: list[tuple[str, int, str]]
) -> None:
    high = 4 + quarters
    said: list[float | None] = [*([1500.0] * high), *([None] * (SPAN // 15 - high))]
    statuses: list[FeedRecord] = [Status(T0 + m * MINUTE, d, "s1", state, False) for d, m, state in spoken]
    rows = rows_of(Series(said, [30.0] * (SPAN // 15)))
    run = fold(rows, RULES[rules], [*backgrounds(10.0), *statuses])
    opened = {
        b.id for b in run.breaches if b.kind == "exceedance" and b.device == "d1" and b.event == "opened"
    }
    assert opened
    assert not [b for b in run.breaches if b.event == "closed" and b.id in opened]


@few
@given(series, st.sampled_from(sorted(RULES)), st.sampled_from(["D", "C"]))
def test_values_that_no_mean_may_use_close_nothing_either(sent: Series, rules: str, flag: str) -> None:
    """After an hour that is high everywhere only refused values come."""
    begin = rows_of(Series([1500.0] * 4, [1500.0] * 4))
    later = [
        r._replace(time=r.time + HOUR, received_at=r.received_at + HOUR)
        for r in rows_of(Series(sent.d1[:10], sent.d2[:10]), {"pm10": flag, "tsp": flag})
    ]
    run = fold([*begin, *later], RULES[rules], backgrounds(10.0))
    assert [b for b in run.breaches if b.kind == "exceedance" and b.event == "opened"]
    assert not [b for b in run.breaches if b.kind == "exceedance" and b.event == "closed"]


@few
@given(series, st.sampled_from(sorted(set(RULES) - {"single"})), st.integers(20, 110), st.integers(0, 4))
def test_an_outage_of_ours_of_an_hour_with_its_backlog_changes_no_answer_and_accuses_nobody(
    sent: Series, rules: str, begin: int, spread: int
) -> None:
    """What came late because of us is judged as if it had come in time; breaches of the hour are told, delayed.

    Single values are left out: they are judged at their receipt, so a burst is one episode.
    """
    end = begin + 60
    full = Series(*([level if level is not None else 30.0 for level in device] for device in sent))
    rows, known = rows_of(full), backgrounds(10.0)
    back = T0 + end * MINUTE

    def held(at: int) -> int:
        return back + 1000 + (at // MINUTE % (spread + 1)) * MINUTE if T0 + begin * MINUTE < at < back else at

    late = sorted((r._replace(received_at=held(r.received_at)) for r in rows), key=lambda r: r.received_at)
    others = [replace(one, received_at=held(one.received_at)) for one in known]  # type: ignore[arg-type]
    prompt, deaf = fold(rows, RULES[rules], known), fold(late, RULES[rules], list(others), (begin, end))
    heard_until = T0 + SPAN * MINUTE
    assert not [b for b in deaf.breaches if b.kind == "offline" and b.at < heard_until]
    assert not [m for m in deaf.marks if "late" in m or "duplicate" in m]
    last = {(v.kind, v.rule, v.point, v.start): (v.answer, v.value, v.reasons) for v in deaf.verdicts}
    assert last == {
        (v.kind, v.rule, v.point, v.start): (v.answer, v.value, v.reasons) for v in prompt.verdicts
    }
    assert opened(deaf, heard_until) == opened(prompt, heard_until)
    for event in deaf.breaches:
        # decided in the outage or while it was caught up
        if event.event == "opened" and event.start >= T0 + begin * MINUTE and event.end <= back - 2 * MINUTE:
            assert event.tell, event
            assert event.delayed, event


def opened(run: Run, before: int) -> set[str]:
    """Ids of what was opened: of rule, point and interval, so the same whenever it is decided."""
    return {b.id for b in run.breaches if b.event == "opened" and b.start < before - MINUTE}


def test_the_events_of_a_breach_have_ids_of_their_own() -> None:
    run = fold(rows_of(Series([30.0, None, None, 30.0] * 4, [None] * 16)), RULES["warning"], [])
    ids = [b.event_id for b in run.breaches]
    assert len(set(ids)) == len(ids)
    assert all(one.at <= two.at for one, two in pairwise(run.breaches))
