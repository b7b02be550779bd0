"""Silences withhold tellings, stop messages that are not attempted yet, and end; the same on every database."""

from __future__ import annotations

import pytest

from alerts.messages import GroupTiming, TellingSilence
from alerts.messages.silencing import silence_of_mark
from alerts.people.accounts import AuditEntry
from alerts.records import MUTED
from alerts.store.message_lists import SILENCED, MessageFilter, MessageLists
from alerts.store.people_store import PeopleStore
from alerts.store.silence_store import NOT_NEEDED, NOT_THERE, OWN_SILENCE, TOO_LATE
from tests.fakes.alerts import HOUR, NIGHT, apply, breach, claims_of, planner

PLAN = planner()
MINUTE, DAY = 60_000, 24 * HOUR
SITE = "site:site-1/项目经理"


def entry(action: str = "silence_made") -> AuditEntry:
    return AuditEntry(1, "a1", "张敏", "office", "county", action, "silence:s1")


def silence(store, id="s1", hours=4, **changes):
    values = {"begins_at": NIGHT, "ends_at": NIGHT + hours * HOUR, "site": "site-1", **changes}
    wish = TellingSilence(id=id, author="a1", reason="works", made_at=NIGHT, **values)
    return store.silences.add(wish, DAY, entry())


@pytest.fixture
def now(store):
    """The clock of the county, which moves when told."""
    at = [NIGHT]
    store.tellings.timing = GroupTiming()
    store.tellings.clock = lambda: at[0]
    return at


def withheld(store):
    return [s for s in store.tellings.states() if s.withheld_by]


def test_a_silence_withholds_what_it_covers_and_it_is_decided_anew_when_the_silence_ends(store, now):
    silence(store, hours=1)
    apply(store, breach(), PLAN, NIGHT)
    apply(store, breach(id="b2", site="site-2", device="dev-9"), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    held = withheld(store)
    assert {s.telling.site for s in held} == {"site-1"}
    assert {(silence_of_mark(s.withheld_by), s.withheld_until) for s in held} == {("s1", NIGHT + HOUR)}
    store.tellings.compose(NIGHT + HOUR)
    assert not withheld(store)
    assert all(s.message for s in store.tellings.states())


def test_a_long_silence_is_looked_at_after_two_hours_and_what_is_over_by_its_end_is_not_told(store, now):
    silence(store, hours=10)
    apply(store, breach(), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    assert {s.withheld_until for s in withheld(store)} == {NIGHT + MINUTE + 2 * HOUR}
    apply(store, breach("closed"), PLAN, NIGHT + 3 * HOUR)
    for hour in (4, 6, 11):
        store.tellings.compose(NIGHT + hour * HOUR)
    assert [s.telling.step for s in withheld(store)] == ["opened"] * 3 + ["recovered"] * 3
    assert all(s.look_at is None and s.message is None for s in store.tellings.states())


def test_a_violation_leaves_in_spite_of_a_silence(store, now):
    silence(store)
    apply(store, breach(level="violation"), PLAN, NIGHT)
    assert not withheld(store)
    assert all(s.message for s in store.tellings.states())


def test_a_long_silence_has_no_effect_before_another_person_approves(store, now):
    long = silence(store, hours=30)
    assert long.needs_approval
    apply(store, breach(), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    assert not withheld(store)
    approve = store.silences.approve
    assert approve("none", "a2", NIGHT, entry()) == NOT_THERE
    assert approve("s1", "a1", NIGHT, entry()) == OWN_SILENCE
    assert approve("s1", "a2", NIGHT + 31 * HOUR, entry()) == TOO_LATE
    assert approve("s1", "a2", NIGHT + MINUTE, entry("silence_approved")) == ""
    assert approve("s1", "a3", NIGHT + MINUTE, entry()) == NOT_NEEDED
    apply(store, breach(id="b2", device="dev-2"), PLAN, NIGHT + 2 * MINUTE)
    store.tellings.compose(NIGHT + 20 * MINUTE)
    assert len(withheld(store)) == 3


def test_who_ends_a_silence_early_has_what_it_withheld_told_at_once_and_stands_in_the_log(store, url, now):
    silence(store)
    apply(store, breach(), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    assert store.silences.end("s1", "a2", "works are done", NIGHT + HOUR, entry("silence_ended")) == ""
    assert store.silences.end("s1", "a2", "again", NIGHT + HOUR, entry()) == TOO_LATE
    assert store.silences.end("none", "a2", "x", NIGHT, entry()) == NOT_THERE
    assert store.tellings.compose(NIGHT + HOUR) == 3
    ended = store.silences.one("s1")
    assert (ended.ended_by, ended.ended_reason, ended.end) == ("a2", "works are done", NIGHT + HOUR)
    people = PeopleStore(url)
    entries = [one for _, one in people.entries()]
    people.close()
    assert [one.action for one in entries] == ["silence_ended", "silence_made"]
    assert entries[1].after["site"] == "site-1"


def test_a_message_that_waits_for_its_first_attempt_is_muted_and_stays_as_a_record(store, url, now, wall):
    apply(store, breach(), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    silence(store, hours=1)
    now[0] = NIGHT + 2 * MINUTE
    assert claims_of(store, "file", "me", 10, wall(), 1000) == []
    lists = MessageLists(url)
    page = lists.find(MessageFilter(SILENCED))
    assert (
        len(page.messages) == lists.counts(MessageFilter())[SILENCED] == store.counts()["messages_muted"] == 3
    )
    lists.close()
    for one in page.messages:
        assert (one.delivery.state, silence_of_mark(one.delivery.reason), one.delivery.tries) == (
            MUTED,
            "s1",
            0,
        )
    before = {one.delivery.message.id.partition(".")[0] for one in page.messages}
    assert len(withheld(store)) == 3
    now[0] = NIGHT + HOUR
    store.tellings.compose(NIGHT + HOUR)
    assert {s.message for s in store.tellings.states()} == before, "told again by the same id"
    assert {c.message.id for c in claims_of(store, "file", "me", 10, wall(), 1000)} == before
    assert store.counts()["messages_muted"] == 3


def test_what_of_a_muted_message_the_silence_does_not_cover_leaves_at_once(store, now, wall):
    apply(store, breach(), PLAN, NIGHT)
    apply(store, breach(id="b2", device="dev-2"), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    silence(store, device="dev-1")
    now[0] = NIGHT + 2 * MINUTE
    assert claims_of(store, "file", "me", 10, wall(), 1000) == []
    claims = claims_of(store, "file", "me", 10, wall(), 1000)
    assert {c.message.kind for c in claims} == {"exceedance"}
    assert len(claims) == 3
    assert all("2 号点" in c.message.text and "1 号点" not in c.message.text for c in claims)
    assert {s.telling.device for s in withheld(store)} == {"dev-1"}


def test_an_attempted_message_goes_on_in_spite_of_a_silence(store, now, wall):
    apply(store, breach(), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    assert len(claims_of(store, "file", "me", 10, wall(), 1000)) == 3
    silence(store)
    wall.now += 5000
    assert len(claims_of(store, "file", "other", 10, wall(), 1000)) == 3


def test_a_list_has_all_that_are_ahead_and_the_newest_of_those_that_ended(store):
    silence(store, "gone", hours=1)
    silence(store, "now", hours=8)
    silence(store, "ahead", begins_at=NIGHT + 5 * HOUR, ends_at=NIGHT + 6 * HOUR)
    assert [one.id for one in store.silences.listing(NIGHT + 2 * HOUR)] == ["ahead", "now", "gone"]
