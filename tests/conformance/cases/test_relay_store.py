"""What of the cases' records is on Kafka: pages, marks and the lease, in every store."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from alerts.lifecycle import Actor, LifeCommand
from alerts.lifecycle.topic_trails import TopicTrails
from alerts.lifecycle.trail import CaseRecord, canonical_bytes
from alerts.store import CaseStore
from alerts.store import relay_store as relay_module
from alerts.store.life_store import LifeAction, salted
from tests.fakes.alerts import HOUR, NIGHT, apply, breach, planner

PLAN = planner()
ELSEWHERE = replace(breach(id="b2", device="dev-5"), site="site-2")


def act(store: CaseStore, of: str, name: str, at: int, unit: str = "site:site-1"):
    """A person's command on a case, at the version that it has."""
    id = store.life.find_id(of)
    seen = store.life.file(id).kept.life.version
    command = LifeCommand(name, at, seen, Actor("site", unit, salted("a-1 王某")), {}, {}, {})
    return store.life.act(id, LifeAction(command, "a-1", "王某"), PLAN.life.facts())


def relayed(store: CaseStore) -> list[CaseRecord]:
    """What a relay sends now, all of it marked."""
    found, after = [], 0
    while (page := store.relay.unrelayed(after)).last is not None:
        found += page.records
        store.relay.mark(page.upto)
        after = page.last
    return found


def steps(records: list[CaseRecord]) -> list[tuple[str, int, str]]:
    return [(one.case, one.number, one.command) for one in records]


def test_records_come_by_case_in_order_until_they_are_marked(store: CaseStore) -> None:
    apply(store, breach(), PLAN, NIGHT)
    apply(store, ELSEWHERE, PLAN, NIGHT)
    assert act(store, "b1", "sign", NIGHT + 1000).accepted
    one, two = store.life.find_id("b1"), store.life.find_id("b2")
    page = store.relay.unrelayed()
    assert steps(page.records) == [(one, 1, "open"), (one, 2, "sign"), (two, 1, "open")]
    assert page.upto == {one: 2, two: 1}
    assert steps(store.relay.unrelayed().records) == steps(page.records), "what is not marked comes again"
    store.relay.mark(page.upto)
    assert store.relay.unrelayed().last is None
    assert act(store, "b2", "sign", NIGHT + 2000, "site:site-2").accepted
    assert steps(relayed(store)) == [(two, 2, "sign")]
    assert store.relay.standing()[:2] == (4, 4)
    assert store.relay.marks() == {one: 2, two: 2}


def test_a_mark_never_goes_back(store: CaseStore) -> None:
    apply(store, breach(), PLAN, NIGHT)
    act(store, "b1", "sign", NIGHT + 1000)
    (case,) = store.relay.unrelayed().upto
    store.relay.mark({case: 2})
    store.relay.mark({case: 1})  # of a worker that was held up
    assert store.relay.marks() == {case: 2}


def test_pages_are_bounded_and_leave_nothing_out(store: CaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "_MOST_RECORDS", 2)
    for day in range(3):
        more = {"start": NIGHT + 24 * HOUR * day, "end": NIGHT + (24 * day + 1) * HOUR}
        at = NIGHT + (24 * day + 1) * HOUR
        apply(store, breach(id=f"d{day}", at=at, opened_at=at, **more), PLAN, at)
    assert act(store, "d0", "sign", NIGHT + 200 * HOUR).accepted
    assert len(store.relay.unrelayed().records) == 2
    trails = TopicTrails()
    for number, one in enumerate(relayed(store)):
        trails.take(canonical_bytes(one), f"record {number}")
    assert (trails.flaws, trails.repeats) == ({}, 0)
    assert trails.records == store.relay.standing().records >= 4
    assert list(trails.differences(store.relay.trails(), store.relay.marks())) == []


def test_one_has_the_lease_until_it_says_nothing_more(store: CaseStore) -> None:
    relay = store.relay
    assert relay.take_lease("one", 1000, 500)
    assert not relay.take_lease("two", 1400, 500)
    assert relay.take_lease("one", 1400, 500)
    assert not relay.take_lease("two", 1899, 500)
    assert relay.take_lease("two", 1900, 500)
    assert not relay.take_lease("one", 1901, 500)
    assert relay.standing().until == 2400


def test_a_store_whose_records_were_altered_is_told_from_the_topic(store: CaseStore) -> None:
    apply(store, breach(), PLAN, NIGHT)
    act(store, "b1", "sign", NIGHT + 1000)
    trails = TopicTrails()
    for one in relayed(store):
        trails.take(canonical_bytes(one), "")
    act(store, "b1", "archive", NIGHT + 2000)
    (stored,) = store.relay.trails()
    other = stored._replace(digests={**stored.digests, 2: "0" * 64})
    assert list(trails.differences([other], {})) == [
        f"case {stored.case}: record 2 is another one in the store than on the topic"
    ]


@pytest.mark.servers
def test_a_record_that_is_committed_late_with_an_earlier_place_is_not_passed_over(postgres) -> None:
    store = CaseStore(postgres.create_database("relay_late"))
    for event in (breach(), ELSEWHERE):
        apply(store, event, PLAN, NIGHT)
    assert len(relayed(store)) == 2
    reached, go_on = threading.Event(), threading.Event()

    def hold(*anything: object) -> None:
        reached.set()
        assert go_on.wait(30)

    store.life._sign = hold  # in the transaction, when the record is written and not committed
    late = threading.Thread(target=act, args=(store, "b1", "sign", NIGHT + 1000))
    late.start()
    assert reached.wait(30)
    apply(store, replace(ELSEWHERE, event="closed", at=NIGHT + HOUR), PLAN, NIGHT + HOUR)
    two = store.life.find_id("b2")
    early = relayed(store)
    assert {one.case for one in early} == {two}
    go_on.set()
    late.join()
    assert steps(relayed(store)) == [(store.life.find_id("b1"), 2, "sign")]
    store.close()
