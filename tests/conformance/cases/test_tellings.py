"""What is to be told waits, is held back and leaves the same way on every database, also with two workers."""

from __future__ import annotations

import threading
from dataclasses import replace

from alerts.messages import GroupTiming
from alerts.retry import RetryPolicy, next_state, sent
from alerts.store import CaseStore
from alerts.store.migrating import migrate
from tests.fakes.alerts import (
    HOUR,
    NIGHT,
    apply,
    breach,
    claims_of,
    device_fault,
    finish,
    offline,
    planner,
)
from tests.stored_stores import put_stored

PLAN = planner()
SECOND, MINUTE = 1000, 60_000
SITE = "site:site-1/项目经理"


def grouped(store: CaseStore) -> CaseStore:
    store.tellings.timing = GroupTiming()
    return store


def told(store: CaseStore, recipient: str = SITE):
    """(ids of messages, steps) of what a recipient is to be told; None: in no message."""
    mine = [s for s in store.tellings.states() if s.telling.recipient.id == recipient]
    return [(s.telling.step, s.message) for s in mine]


def test_what_is_found_at_a_site_within_the_wait_is_one_message_and_the_case_page_shows_it(store):
    grouped(store)
    for n in range(4):
        apply(store, breach(id=f"b{n}", device=f"dev-{n + 1}"), PLAN, NIGHT + n * SECOND)
    assert store.counts()["messages"] == 0
    assert store.counts()["tellings_waiting"] == 12
    file = store.case(store.cases()[0].id)
    assert (len(file.messages), len(file.untold)) == (0, 3)
    assert store.tellings.compose(NIGHT + 29 * SECOND) == 0
    assert store.tellings.compose(NIGHT + 30 * SECOND) == 3
    assert len({message for _, message in told(store)}) == 1
    for case in store.cases():
        file = store.case(case.id)
        assert len(file.messages) == 3
        assert not file.untold
        assert all(len(d.message.covers) == 4 for d in file.messages)


def test_a_violation_leaves_with_its_case_and_takes_along_what_waits_at_its_site(store):
    grouped(store)
    apply(store, breach(), PLAN, NIGHT)
    apply(store, breach(id="b2", level="violation"), PLAN, NIGHT + SECOND)
    assert len({message for _, message in told(store)} - {None}) == 1
    assert store.counts()["tellings_waiting"] == 0


def test_an_end_within_the_interval_joins_what_waits_and_one_unheard_of_is_one_line(store):
    grouped(store)
    apply(store, breach(), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    apply(store, breach("closed"), PLAN, NIGHT + 2 * MINUTE)
    apply(store, breach(id="b2", device="dev-2"), PLAN, NIGHT + 3 * MINUTE)
    apply(store, replace(breach("closed"), id="b2", device="dev-2"), PLAN, NIGHT + 4 * MINUTE)
    assert store.tellings.compose(NIGHT + 10 * MINUTE) == 0
    assert store.tellings.compose(NIGHT + 11 * MINUTE) == 3
    (first, second) = {m: None for _, m in told(store)}
    file = store.case(store.cases()[0].id)
    (message,) = [d.message for d in file.messages if d.message.id == second]
    assert first != second
    assert message.subject == "已结束，请保持降尘措施并签收：一号工地 2 项"
    assert message.text.count("2 号点") == 1


INSTANT = {"id": "i1", "rule": "instant-pm10", "limit": 1000.0, "background": None, "subtracted": None}
AT_47 = NIGHT + 47 * MINUTE


def test_what_was_measured_since_and_complied_is_said_of_an_hour_that_has_ended(store):
    grouped(store)
    apply(store, breach(**INSTANT, start=NIGHT - MINUTE, end=NIGHT - MINUTE, value=1500.0), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    over = breach("closed", **INSTANT, start=AT_47, end=AT_47, at=AT_47, value=133.0)
    apply(store, over, PLAN, AT_47)
    store.tellings.compose(AT_47 + MINUTE)
    apply(store, breach(), PLAN, AT_47 + 3 * MINUTE)
    store.tellings.compose(NIGHT + 3 * HOUR)
    (hour,) = [c for c in store.cases() if c.breach == "b1"]
    texts = {d.message.recipient.line: d.message.subject for d in store.case(hour.id).messages}
    assert texts["site"].startswith("请保持降尘措施并查明原因：一号工地 PM10 上一时段超标，目前已回落")
    assert texts["sector"].startswith("请督促保持降尘措施并查明原因")


def test_nothing_has_fallen_while_another_limit_of_the_pollutant_is_exceeded_as_late(store):
    grouped(store)
    apply(store, breach(**INSTANT, start=NIGHT - MINUTE, end=NIGHT - MINUTE, value=1500.0), PLAN, NIGHT)
    apply(store, breach("closed", **INSTANT, start=AT_47, end=AT_47, at=AT_47, value=133.0), PLAN, AT_47)
    apply(
        store,
        breach(id="b9", rule="other", start=NIGHT, end=NIGHT + HOUR, at=NIGHT + HOUR),
        PLAN,
        NIGHT + HOUR,
    )
    apply(store, breach(), PLAN, NIGHT + HOUR)
    store.tellings.compose(NIGHT + 3 * HOUR)
    (hour,) = [c for c in store.cases() if c.breach == "b1"]
    (subject,) = [
        d.message.subject for d in store.case(hour.id).messages if d.message.recipient.line == "site"
    ]
    assert subject.startswith("请立即停止产尘作业")


def test_what_is_still_open_names_its_monitor_by_its_name(store):
    grouped(store)
    apply(store, breach(), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    for n in (3, 4):
        apply(store, breach(id=f"b{n}", device=f"dev-{n}"), PLAN, NIGHT + 20 * MINUTE)
    store.tellings.compose(NIGHT + 21 * MINUTE)
    (case,) = [c for c in store.cases() if c.breach == "b3"]
    (text,) = [d.message.text for d in store.case(case.id).messages if d.message.recipient.line == "site"]
    assert "此前已告知、仍未结束：\n· 1 号点（dev-1） PM10" in text


def test_what_a_fault_explains_is_withheld_and_decided_anew_when_the_fault_is_over(store):
    grouped(store)
    apply(store, device_fault(), PLAN, NIGHT)
    apply(store, breach(), PLAN, NIGHT)
    apply(store, breach(id="other", device="dev-2"), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    (fault,) = [c for c in store.cases() if c.kind == "fault"]
    held = [s for s in store.tellings.states() if s.withheld_by]
    assert {(s.telling.case, s.withheld_by) for s in held} == {
        (c.id, fault.id) for c in store.cases() if c.breach == "b1"
    }
    assert {s.withheld_until for s in held} == {NIGHT + MINUTE + 2 * HOUR}
    store.tellings.compose(NIGHT + 2 * HOUR + 2 * MINUTE)
    assert store.counts()["tellings_withheld"] == 3, "the fault lasts: withheld again"
    apply(store, device_fault("closed"), PLAN, NIGHT + 3 * HOUR)
    store.tellings.compose(NIGHT + 3 * HOUR)
    assert store.counts()["tellings_withheld"] == 0
    assert all(message for _, message in told(store))


def test_of_what_was_over_before_the_fault_was_nobody_hears(store):
    grouped(store)
    apply(store, device_fault(), PLAN, NIGHT)
    apply(store, breach(), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    apply(store, breach("closed"), PLAN, NIGHT + 2 * HOUR)
    apply(store, device_fault("closed"), PLAN, NIGHT + 3 * HOUR)
    for minute in (180, 182, 400):
        store.tellings.compose(NIGHT + minute * MINUTE)
    states = [s for s in store.tellings.states() if s.telling.kind == "exceedance"]
    assert [s.telling.step for s in states] == ["opened"] * 3 + ["recovered"] * 3
    assert all(s.message is None and s.withheld_by and s.look_at is None for s in states)


def test_a_silent_site_holds_back_the_silences_of_its_monitors(store):
    grouped(store)
    whole = replace(offline("dev-1"), id="whole", device="", rule="offline/site")
    apply(store, whole, PLAN, NIGHT)
    apply(store, offline("dev-1"), PLAN, NIGHT + SECOND)
    store.release_holds(PLAN, NIGHT + 60 * SECOND)
    store.tellings.compose(NIGHT + 2 * MINUTE)
    found = {(s.telling.device, bool(s.withheld_by)) for s in store.tellings.states()}
    assert found == {("", False), ("dev-1", True)}


def test_a_worker_that_dies_after_composing_leaves_the_message_with_its_id(store, url, wall):
    grouped(store)
    apply(store, breach(), PLAN, NIGHT)
    apply(store, breach(id="b2", device="dev-2"), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    before = {message for _, message in told(store)}
    again = grouped(CaseStore(url, wall))
    apply(again, breach(id="b3", device="dev-3"), PLAN, NIGHT + MINUTE)
    again.tellings.compose(NIGHT + 2 * MINUTE)
    claims = claims_of(again, "file", "other", 10, wall(), 1000)
    again.close()
    assert before < {claim.message.id for claim in claims} | before
    assert {c.message.id for c in claims if c.message.recipient.id == SITE} == before


def test_the_end_waits_for_a_beginning_that_is_told_among_others(store, wall):
    grouped(store)
    apply(store, breach(id="a0"), PLAN, NIGHT)
    apply(store, breach(), PLAN, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    apply(store, breach("closed"), PLAN, NIGHT + 20 * MINUTE)
    store.tellings.compose(NIGHT + 21 * MINUTE)
    first = claims_of(store, "file", "me", 10, wall(), 60_000)
    assert {c.message.step for c in first} == {"opened"}
    for claim in first:
        then = next_state(claim.message.id, claim.number, claim.written_at, sent("ok"), wall(), RetryPolicy())
        finish(store, claim, "me", sent("ok"), then, wall())
    assert {c.message.step for c in claims_of(store, "file", "me", 10, wall(), 1000)} == {"recovered"}


def test_two_workers_that_compose_at_once_count_together(store, url, wall):
    grouped(store)
    for n in range(40):
        site = f"site-{n % 2 + 1}"
        apply(store, breach(id=f"b{n}", site=site, device=f"dev-{n % 12 + 1}"), PLAN, NIGHT)
    stores = [grouped(CaseStore(url, wall)) for _ in range(3)]
    made: list[int] = []
    threads = [
        threading.Thread(target=lambda s=s: made.append(s.tellings.compose(NIGHT + MINUTE))) for s in stores
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for one in stores:
        one.close()
    # both people of the departments hear of two sites, each site's own of one
    assert (sum(made), store.counts()["messages"]) == (6, 6)
    assert all(state.message for state in store.tellings.states())


def test_what_no_text_can_be_made_of_is_set_aside_and_keeps_no_other_back(store):
    grouped(store)
    apply(store, breach(), PLAN, NIGHT)
    original = PLAN._tell

    class Broken(type(PLAN)):
        def _tell(self, case, recipients, now):
            return tuple(replace(t, template="no such text") for t in original(case, recipients, now))

    broken = Broken(PLAN.register, PLAN.routing, PLAN.base_url)
    apply(store, breach(id="b2", site="site-2", device="dev-9"), broken, NIGHT)
    store.tellings.compose(NIGHT + MINUTE)
    states = store.tellings.states()
    assert [s.withheld_by for s in states if s.message is None] == ["unwritable"] * 3
    assert all(s.message for s in states if s.telling.template == "opened")


def test_messages_of_a_former_store_count_as_one_telling_each(url):
    put_stored(url)
    migrate(url, lambda words: None)
    store = CaseStore(url)
    states = store.tellings.states()
    assert len(states) == store.counts()["messages"] == 41
    assert all(s.message == "m" + s.telling.id and s.look_at is None for s in states)
    store.close()
