"""Laws of cases and outbox: no undeclared state, twice is once, one id a step whatever crashes when."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.cases import COMMANDS, STATES, decide
from alerts.records import CaseContext
from alerts.retry import RetryPolicy, next_state, retry, sent, unknown, wait_ms
from alerts.store import CaseStore
from ingest.register import County
from processors.records.breaches import decode_breach, encode_breach
from tests.fakes.alerts import (
    HOUR,
    NIGHT,
    apply,
    breach,
    claims_of,
    county,
    finish,
    messages_of,
    offline,
    planner,
)

PLAN = planner()
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@contextmanager
def store_of(wall=lambda: 0) -> Iterator[CaseStore]:
    with tempfile.TemporaryDirectory() as folder:
        opened = CaseStore(f"sqlite:///{folder}/cases.sqlite", wall)
        try:
            yield opened
        finally:
            opened.close()


@given(st.lists(st.sampled_from(COMMANDS), max_size=30))
def test_no_sequence_of_commands_reaches_an_undeclared_state(commands):
    state = None
    for command in commands:
        step = decide(state, command)
        assert step.before == state
        assert step.after in (None, *STATES)
        assert step.accepted or step.after == state
        state = step.after


@given(st.integers(1, 60), st.text(max_size=10), st.integers(0, 10**9))
def test_waits_grow_to_their_limit_and_the_same_history_gives_the_same_times(number, message, start):
    patience = RetryPolicy(1000, 60_000, 10**12)
    wait = wait_ms(message, number, patience)
    assert wait == wait_ms(message, number, patience)
    assert 0.75 * min(60_000, 1000 * 2 ** (number - 1)) - 1 <= wait <= 1.25 * 60_000
    assert next_state(message, number, start, retry("x"), start, patience).due_at == start + wait


EVENTS = [
    breach(),
    breach("amended", at=NIGHT + HOUR // 2, value=300.0, revision=2),
    breach("closed"),
    replace(breach(id="b2"), at=NIGHT + 5),
    replace(breach("closed"), id="b2"),
    replace(breach(id="b3"), tell=False),
    *(offline(f"dev-{n}") for n in range(1, 8)),
    *(offline(f"dev-{n}", "closed", NIGHT + HOUR) for n in range(1, 8)),
]
RELEASE = "release"
STEPS = st.lists(st.sampled_from([*range(len(EVENTS)), RELEASE]), max_size=30)


def _apply(store: CaseStore, step: object, now: int) -> None:
    if step == RELEASE:
        store.release_holds(PLAN, now)
    else:
        apply(store, EVENTS[int(str(step))], PLAN, now)


def _image(store: CaseStore) -> list:
    files = [store.case(case.id) for case in store.cases(limit=1000)]
    return sorted(
        (f.case.id, f.case.state, [e.id for e in f.events], sorted(d.message.id for d in f.messages))
        for f in files
    )


@SLOW
@given(STEPS)
def test_applying_every_step_twice_is_applying_it_once(steps):
    with store_of() as once, store_of() as twice:
        for number, step in enumerate(steps):
            now = NIGHT + number * 10_000
            _apply(once, step, now)
            _apply(twice, step, now)
            _apply(twice, step, now)
        for step in steps:
            if step != RELEASE:
                _apply(twice, step, NIGHT + 10**9)
        assert _image(once) == _image(twice)


@SLOW
@given(STEPS)
def test_each_breach_has_one_case_and_each_step_one_message_for_each_way(steps):
    with store_of() as store:
        for number, step in enumerate(steps):
            _apply(store, step, NIGHT + number * 10_000)
        cases = store.cases(limit=1000)
        breaches = [case.breach for case in cases if case.breach]
        assert sorted(breaches) == sorted({EVENTS[s].id for s in steps if s != RELEASE})
        told = [
            (m.case, m.step, m.recipient.id, m.recipient.way)
            for case in cases
            for m in (d.message for d in store.case(case.id).messages)
            if m.case == case.id
        ]
        assert len(told) == len(set(told))
        assert {case.state for case in cases} <= set(STATES)


NUMBERS = (
    st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6).map(float)
)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
INSTANTS = st.integers(0, 4 * 10**12)
ANY_BREACH = st.builds(
    breach,
    event=st.sampled_from(["opened", "amended", "closed"]),
    kind=st.sampled_from(["exceedance", "offline", "suspicion", "something new"]),
    level=WORDS,
    site=st.sampled_from(["site-1", "site-2"]) | WORDS,
    device=st.sampled_from(["dev-1", "dev-12"]) | WORDS,
    title=st.dictionaries(st.sampled_from(["zh", "en", "fr"]), WORDS),
    status=st.sampled_from(["read", "reported", "recalled", "", "guessed"]),
    pollutant=st.none() | st.sampled_from(["pm10", "noise", "ozone"]),
    unit=st.none() | WORDS,
    at=INSTANTS,
    opened_at=INSTANTS,
    start=INSTANTS,
    end=INSTANTS,
    value=NUMBERS,
    background=NUMBERS,
    subtracted=NUMBERS,
    limit=NUMBERS,
    capture=NUMBERS,
    reasons=st.lists(st.sampled_from(["never_seen", "rule_removed", "device_removed", "clear"])).map(tuple),
    delayed=st.booleans(),
    tell=st.booleans(),
    deadline_h=st.none() | st.floats(0, 1000),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY_BREACH, min_size=1, max_size=3), INSTANTS, st.sampled_from(["zh_CN", "en"]))
def test_whatever_a_breach_holds_it_is_put_into_words_and_never_stops_the_stage(events, now, language):
    plan = planner(county(county=County(name="示范县", language=language)))
    known = CaseContext()
    for sent_event in events:
        event = decode_breach(encode_breach(sent_event)[1])
        for change in plan.breach(event, known, now):
            for message in messages_of(change):
                assert message.id in message.text
                assert message.subject.strip()
            if change.case.hold_until is not None:
                for later in plan.release([change.case], now + 10**13):
                    assert messages_of(later)
            known = CaseContext(change.case, change.tellings or known.told)


ENDS = st.sampled_from(["sent", "lost receipt", "died before", "died after", "not taken", "no answer"])


@SLOW
@given(st.lists(ENDS, max_size=12))
def test_whatever_crashes_when_a_receiver_that_honours_ids_is_told_once(ends):
    """`received` is what arrived at the other side, `died` loses the process with its claims."""
    wall = [1_000_000]
    patience = RetryPolicy(1000, 8000, 10**12)
    received: list[tuple[str, bool]] = []
    with store_of(lambda: wall[0]) as store:
        apply(store, breach(), PLAN, NIGHT)
        for end in [*ends, *["sent"] * 3]:
            wall[0] += 100_000
            for claim in claims_of(store, "file", "me", 1, wall[0], 5000):
                arrived = end in ("sent", "lost receipt", "died after")
                if arrived:
                    received.append((claim.message.id, claim.possible_repeat))
                if end in ("died before", "died after"):
                    continue
                outcome = {"sent": sent("ok"), "not taken": retry("busy")}.get(end, unknown("?"))
                then = next_state(
                    claim.message.id, claim.number, claim.written_at, outcome, wall[0], patience
                )
                finish(store, claim, "me", outcome, then, wall[0])
        while claims := claims_of(store, "file", "me", 10, wall[0] + 10**6, 5000):
            for claim in claims:
                received.append((claim.message.id, claim.possible_repeat))
                then = next_state(
                    claim.message.id, claim.number, claim.written_at, sent(""), wall[0], patience
                )
                finish(store, claim, "me", sent(""), then, wall[0])
        assert len({id for id, _ in received}) == 3
        # whatever came again was announced as a possible repeat
        seen: set[str] = set()
        for id, repeat in received:
            assert repeat or id not in seen
            seen.add(id)
        assert store.counts()["messages_sent"] == 3
