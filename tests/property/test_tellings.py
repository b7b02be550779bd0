"""Laws of tellings: at quiet each is told once, or failed with a reason, or was held back by what covers it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.kinds import OUTLOOK
from alerts.messages import AT_ONCE, QUIET_HOURS, SUPPRESSORS, GroupTiming, QuietHours, TellingSilence
from alerts.messages.silencing import silence_of_mark
from alerts.people.accounts import AuditEntry
from alerts.records import MUTED, REFUSED, SENT, CaseFile, ToldState
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
    ms,
    offline,
    outlook,
    planner,
)
from tests.property.test_cases import store_of

PLAN = planner(delivery={"morning_digest": "07:30"})
MINUTE, DAY = 60_000, 24 * HOUR
QUIET = QuietHours({"warning": "22:00-06:00", "offline": "23:30-05:00"}, PLAN.register.zone)
NOON = ms("2026-11-24T12:00:00+08:00")
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
        st.sampled_from(["", "", "", "site", "kind", "unit", "long", "end"]),
    ),
    max_size=25,
)


@dataclass
class Outside:
    """What the world does: the real clock, what was received, and which messages were attempted."""

    wall: int = 1_000_000
    received: list[str] = field(default_factory=list)
    attempted: set[str] = field(default_factory=set)

    def send(self, store: CaseStore, how: str) -> None:
        """Claim what there is; `died` arrived, but its end was never written."""
        self.wall += 100_000
        for claim in claims_of(store, "file", "me", 50, self.wall, 5000) if how != "not yet" else []:
            self.attempted.add(claim.message.id)
            outcome = refused("no such address") if how == "refused" else sent("ok")
            if how != "refused":
                self.received.append(claim.message.id)
            if how != "died":
                then = next_state(
                    claim.message.id, claim.number, claim.written_at, outcome, self.wall, RetryPolicy()
                )
                finish(store, claim, "me", outcome, then, self.wall)


ENTRY = AuditEntry(1, "a1", "", "", "", "silence_made", "silence")
WISHES = {
    "site": {"site": "site-1"},
    "kind": {"kind": "exceedance"},
    "unit": {"unit": "department:housing"},
    "long": {"site": "site-2"},
}


def _silence(store: CaseStore, what: str, now: int, number: int) -> None:
    """Somebody silences something, or ends the newest silence; a long one is approved at once."""
    if what == "end":
        for one in store.silences.listing(now)[:1]:
            store.silences.end(one.id, "a2", "over", now, ENTRY)
    elif what:
        hours = 40 if what == "long" else 5
        wish = TellingSilence(f"s{number}", "a1", "works", now, now, now + hours * HOUR, **WISHES[what])
        if store.silences.add(wish, DAY, ENTRY).needs_approval:
            store.silences.approve(wish.id, "a2", now, ENTRY)


def _live(store: CaseStore, now: int, at_work: bool = True) -> None:
    """What the service does in a moment of the county's clock."""
    store.tellings.clock = lambda: now
    store.release_holds(PLAN, now)
    if at_work:
        store.life.wake(PLAN.life, now)
        store.life.tell(PLAN.steps, store.tellings, now)
        store.mornings.write(PLAN.mornings, now)
    store.tellings.compose(now)


@SLOW
@given(STEPS, st.sampled_from([AT_ONCE, GroupTiming()]), st.sampled_from([QuietHours(), QUIET]))
def test_at_quiet_each_telling_is_in_one_message_or_was_held_back_by_what_covers_it(steps, timing, quiet):
    world, now = Outside(), NIGHT
    with store_of(lambda: world.wall) as store:
        store.tellings.timing = replace(timing, quiet=quiet)
        for number, (step, wait_s, end, silenced) in enumerate(steps):
            now += wait_s * 1000
            _silence(store, silenced, now, number)
            apply(store, EVENTS[step], PLAN, now)
            _live(store, now)
            world.send(store, end)
        fixed = set(world.attempted)
        now += 60 * MINUTE
        for _ in range(8):  # holds, digests, deadlines, and what is withheld looked at anew
            _live(store, now)
            world.send(store, "sent")
            now += 125 * MINUTE
        now = NOON + -(-(now - NOON) // DAY) * DAY  # outside of all quiet hours
        for _ in range(4):
            now += 60 * MINUTE
            _live(store, now, at_work=False)
            world.send(store, "sent")
        world.send(store, "sent")
        _check(store, fixed, now)
        repeated = [id for id, times in Counter(world.received).items() if times > 1]
        assert set(repeated) <= {s.message for s in store.tellings.states()}, "the same id comes again"


def _check(store: CaseStore, fixed_before: set[str], now: int) -> None:
    states = store.tellings.states()
    ids = [s.telling.id for s in states]
    assert len(ids) == len(set(ids))
    assert fixed_before <= {s.message for s in states}, "an attempted message keeps its tellings"
    for state in states:
        file = store.case(state.telling.case)
        assert file is not None
        if state.message is not None:
            (delivery,) = [d for d in file.messages if d.message.id == state.message]
            assert delivery.state == SENT or (delivery.state == REFUSED and delivery.reason)
            assert state.withheld_by is None
            continue
        assert state.withheld_by is not None, "what is in no message names what withheld it"
        assert not state.telling.unheld
        _check_withheld(store, state, file, now)
    found = [d for f in {s.telling.case for s in states} for d in store.case(f).messages]
    muted = [d for d in found if d.state == MUTED]
    assert all(silence_of_mark(d.reason) and not d.attempts for d in muted)
    assert {d.message.id for d in found if d.state != MUTED} == {s.message for s in states if s.message}


def _check_withheld(store: CaseStore, state: ToldState, file: CaseFile, now: int) -> None:
    """What withheld it was there when it was due; what is not looked at any more tells of what is over."""
    telling, until = state.telling, state.withheld_until
    if state.withheld_by == QUIET_HOURS:
        assert telling.kind == OUTLOOK
        assert telling.data["outlook"]["end"] <= until
        return
    if silence := silence_of_mark(state.withheld_by):
        by = store.silences.one(silence)
        assert by.begins_at <= until
        assert telling.told_at <= by.end
        assert state.look_at is None or now < state.look_at <= by.end
    else:
        cause = store.case(state.withheld_by)
        assert cause is not None
        assert cause.case.kind in SUPPRESSORS
        assert cause.case.opened_at <= until
        if state.look_at is not None:
            assert cause.case.recovered_at is None, "what held it back is over: it is decided anew"
    if state.look_at is None:
        assert telling.of_finding
        assert file.case.recovered_at is not None


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
