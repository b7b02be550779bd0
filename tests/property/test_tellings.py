"""Laws of tellings: at quiet each is told once, or failed with a reason, or was held back by what covers it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.messages import AT_ONCE, SUPPRESSORS, GroupTiming
from alerts.records import REFUSED, SENT
from alerts.retry import RetryPolicy, next_state, refused, sent
from alerts.store import CaseStore
from tests.fakes.alerts import (
    HOUR,
    NIGHT,
    apply,
    breach,
    claims_of,
    county,
    device_fault,
    finish,
    offline,
    outlook,
    planner,
)
from tests.property.test_cases import store_of

PLAN = planner()
MINUTE = 60_000
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WHOLE = replace(offline("dev-1"), id="whole", device="", rule="offline/site")
EVENTS = [
    breach(),
    breach("closed"),
    breach(id="b2", device="dev-2", level="violation"),
    replace(breach("closed"), id="b2", device="dev-2"),
    breach(id="b3", site="site-2", device="dev-9"),
    breach(id="b4", rule="sh"),
    replace(breach("closed"), id="b4", rule="sh"),
    device_fault(),
    device_fault("closed"),
    WHOLE,
    replace(WHOLE, event="closed", at=NIGHT + HOUR),
    *(offline(f"dev-{n}") for n in (1, 2)),
    *(offline(f"dev-{n}", "closed", NIGHT + HOUR) for n in (1, 2)),
    outlook(),
    outlook("certain", minute=50),
]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(range(len(EVENTS))),
        st.sampled_from([0, 5, 40, 400, 2000]),
        st.sampled_from(["sent", "refused", "died", "not yet"]),
    ),
    max_size=25,
)


def _send(store: CaseStore, how: str, wall: list[int], received: list[str]) -> None:
    """Claim what there is; `died` arrived, but its end was never written."""
    wall[0] += 100_000
    for claim in claims_of(store, "file", "me", 50, wall[0], 5000) if how != "not yet" else []:
        outcome = refused("no such address") if how == "refused" else sent("ok")
        if how != "refused":
            received.append(claim.message.id)
        if how != "died":
            then = next_state(
                claim.message.id, claim.number, claim.written_at, outcome, wall[0], RetryPolicy()
            )
            finish(store, claim, "me", outcome, then, wall[0])


@SLOW
@given(STEPS, st.booleans())
def test_at_quiet_each_telling_is_in_one_message_or_was_held_back_by_what_covers_it(steps, at_once):
    wall, now, received = [1_000_000], NIGHT, []
    with store_of(lambda: wall[0]) as store:
        store.tellings.timing = AT_ONCE if at_once else GroupTiming()
        for step, wait_s, end in steps:
            now += wait_s * 1000
            apply(store, EVENTS[step], PLAN, now)
            store.release_holds(PLAN, now)
            store.tellings.compose(now)
            _send(store, end, wall, received)
        ids = [s.message for s in store.tellings.states() if s.message]
        now += 60 * MINUTE
        for _ in range(8):  # holds, digests, and what is withheld looked at anew
            store.release_holds(PLAN, now)
            store.tellings.compose(now)
            _send(store, "sent", wall, received)
            now += 125 * MINUTE
        _send(store, "sent", wall, received)
        _check(store, ids)
        repeated = [id for id, times in Counter(received).items() if times > 1]
        assert set(repeated) <= {s.message for s in store.tellings.states()}, "the same id comes again"


def _check(store: CaseStore, fixed_before: list[str]) -> None:
    states = store.tellings.states()
    ids = [s.telling.id for s in states]
    assert len(ids) == len(set(ids))
    assert set(fixed_before) <= {s.message for s in states}, "a message keeps its tellings"
    for state in states:
        file = store.case(state.telling.case)
        assert file is not None
        if state.message is not None:
            (delivery,) = [d for d in file.messages if d.message.id == state.message]
            assert delivery.state == SENT or (delivery.state == REFUSED and delivery.reason)
            assert state.withheld_by is None
            continue
        by = store.case(str(state.withheld_by))
        assert by is not None, "what is in no message names what withheld it"
        assert by.case.kind in SUPPRESSORS
        began, ended = by.case.opened_at, by.case.recovered_at
        assert began <= state.withheld_until
        if state.look_at is not None:
            assert ended is None, "what held it back is over: it is decided anew"
    told = [d.message.id for f in {s.telling.case for s in states} for d in store.case(f).messages]
    assert set(told) == {s.message for s in states if s.message}


def _storm(number: int, sites: int, seconds: int):
    """Breaches all over a county of many sites, (ms after NIGHT, breach)."""
    return [
        (n * seconds * 1000 // number, breach(id=f"b{n}", site=f"s{n * 7 % sites}", device=f"d{n % (3 * sites)}",
                                              rule=f"r{n % 5}"))
        for n in range(number)
    ]  # fmt: skip


def test_a_storm_is_three_messages_in_ten_minutes_and_a_digest_each_half_hour_to_each_person():
    sites, base = 60, county()
    plan = planner(
        county(
            sites={f"s{n}": base.sites["site-1"].model_copy(update={"id": f"s{n}"}) for n in range(sites)},
            devices={},
        )
    )
    storm = _storm(300, sites, 60) + [
        (at + 900_000, replace(e, id=f"{e.id}x")) for at, e in _storm(60, sites, 1500)
    ]
    with store_of() as store:
        store.tellings.timing = GroupTiming()
        waiting = iter([*storm, (10**12, None)])
        at, event = next(waiting)
        for second in [*range(120), *range(120, 6000, 15)]:
            batch = []
            while at <= second * 1000:
                batch.append(event)
                at, event = next(waiting)
            if batch:
                store.apply_breaches(batch, plan, NIGHT + second * 1000)
            store.tellings.compose(NIGHT + second * 1000)
        sent_at, first = defaultdict(set), {}
        for state in store.tellings.states():
            assert state.message is not None
            (delivery,) = [
                d for d in store.case(state.telling.case).messages if d.message.id == state.message
            ]
            composed = delivery.message.created_at
            sent_at[state.telling.recipient.id].add(composed)
            first.setdefault(
                (state.telling.recipient.id, state.telling.site), composed - state.telling.told_at
            )
    assert max(first.values()) <= 60_000, "each site's first telling within a minute"
    for person, times in sent_at.items():
        ordered = sorted(times)
        assert len([t for t in ordered if t < NIGHT + 10 * MINUTE]) <= 3, person
        after = [t for t in ordered if t >= NIGHT + 10 * MINUTE]
        if person.startswith("department:"):
            assert after, person
            assert all(later - earlier >= 30 * MINUTE for earlier, later in pairwise([ordered[2], *after]))
        assert all(c - a > 10 * MINUTE for a, c in zip(ordered, ordered[3:], strict=False)), person
