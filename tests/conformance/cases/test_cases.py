"""Every case store keeps cases the same way, whatever database is behind it."""

from __future__ import annotations

import threading
from dataclasses import replace

from alerts.records import GIVEN_UP, PENDING, SENT
from alerts.retry import RetryPolicy, next_state, retry, sent
from alerts.store import CaseStore
from tests.fakes.alerts import HOUR, NIGHT, apply, breach, claims_of, finish, offline, outlook, planner

PLAN = planner()


def _send_all(store: CaseStore, wall: int, channel: str = "file") -> list[str]:
    ids = []
    while claims := claims_of(store, channel, "me", 10, wall, 1000):
        for claim in claims:
            ids.append(claim.message.id)
            then = next_state(
                claim.message.id, claim.number, claim.written_at, sent("ok"), wall, RetryPolicy()
            )
            finish(store, claim, "me", sent("ok"), then, wall)
    return ids


def test_a_breach_opens_one_case_and_tells_all_three_lines(store):
    applied = apply(store, breach(), PLAN, NIGHT)
    assert (applied.new, applied.messages) == (True, 3)
    (case,) = store.cases()
    file = store.case(case.id)
    assert case.state == "open"
    assert case.deadline == NIGHT + 24 * HOUR
    assert {d.message.recipient.line for d in file.messages} == {"sector", "territorial", "site"}
    assert [(e.event, e.before, e.after) for e in file.events] == [("opened", None, "open")]


def test_the_same_event_twice_changes_nothing(store):
    apply(store, breach(), PLAN, NIGHT)
    before = store.case(store.cases()[0].id)
    again = apply(store, breach(), PLAN, NIGHT + 5)
    assert (again.new, again.messages) == (False, 0)
    assert store.case(store.cases()[0].id) == before
    assert store.counts()["cases"] == 1


def test_whoever_was_told_is_told_of_the_end(store, wall):
    apply(store, breach(), PLAN, NIGHT)
    told = _send_all(store, wall())
    apply(store, breach("closed"), PLAN, NIGHT + 2 * HOUR)
    file = store.case(store.cases()[0].id)
    by_step = {
        step: {d.message.recipient.id for d in file.messages if d.message.step == step}
        for step in ("opened", "recovered")
    }
    assert by_step["opened"] == by_step["recovered"]
    assert file.case.state == "recovered"
    assert file.case.recovered_at == NIGHT + 2 * HOUR
    assert len(_send_all(store, wall())) == len(told)


def test_an_amendment_is_recorded_and_wakes_nobody(store):
    apply(store, breach(), PLAN, NIGHT)
    amended = breach("amended", at=NIGHT + HOUR, value=290.0, revision=2)
    applied = apply(store, amended, PLAN, NIGHT + HOUR)
    assert (applied.new, applied.messages) == (True, 0)
    file = store.case(store.cases()[0].id)
    assert file.case.data["value"] == 290.0
    assert [e.event for e in file.events] == ["opened", "amended"]


def test_a_breach_that_shall_not_wake_anybody_is_recorded_only(store):
    apply(store, breach(tell=False), PLAN, NIGHT)
    apply(store, breach("closed", tell=False), PLAN, NIGHT + HOUR)
    assert store.counts()["messages"] == 0
    assert store.cases()[0].state == "recovered"


def test_a_breach_that_was_only_recorded_is_told_when_it_goes_on_and_so_is_its_end(store, wall):
    apply(store, breach(tell=False), PLAN, NIGHT)
    on = breach("amended", at=NIGHT + HOUR, value=290.0, start=breach().start + HOUR)
    assert apply(store, on, PLAN, NIGHT + HOUR).messages == 3
    again = replace(on, at=NIGHT + 2 * HOUR, start=on.start + HOUR)
    assert apply(store, again, PLAN, NIGHT + 2 * HOUR).messages == 0
    file = store.case(store.cases()[0].id)
    assert (file.case.tell, file.case.deadline) == (True, NIGHT + 25 * HOUR)
    assert {d.message.step for d in file.messages} == {"opened"}
    assert len(_send_all(store, wall())) == 3
    assert apply(store, breach("closed", at=NIGHT + 3 * HOUR), PLAN, NIGHT + 3 * HOUR).messages == 3


def test_an_end_whose_beginning_was_never_seen_makes_a_recovered_case(store):
    apply(store, breach("closed"), PLAN, NIGHT)
    assert apply(store, breach(), PLAN, NIGHT).new
    (case,) = store.cases()
    assert case.state == "recovered"
    assert store.counts()["messages"] == 0


def test_a_case_closes_when_it_is_over_and_somebody_took_note(store):
    apply(store, breach(), PLAN, NIGHT)
    case = store.cases()[0].id
    step = store.acknowledge(case, "王海燕", "已通知工地", NIGHT + 1000)
    assert (step.accepted, step.after) == (True, "acknowledged")
    assert not store.acknowledge(case, "张卫东", "", NIGHT + 2000).accepted
    apply(store, breach("closed"), PLAN, NIGHT + HOUR)
    file = store.case(case)
    assert (file.case.state, file.case.acknowledged_by) == ("closed", "王海燕")
    assert file.case.closed_at == NIGHT + 2 * HOUR
    assert file.events[1].note == "已通知工地"
    assert not store.acknowledge("no-such-case", "x", "", NIGHT).accepted


def test_a_single_silence_is_told_after_its_hold(store):
    apply(store, offline("dev-1"), PLAN, NIGHT)
    assert store.counts()["messages"] == 0
    assert not store.release_holds(PLAN, NIGHT + 29_000).new
    assert store.release_holds(PLAN, NIGHT + 30_000).messages == 3
    assert not store.release_holds(PLAN, NIGHT + 60_000).new


def test_a_silence_that_ends_within_its_hold_wakes_nobody(store):
    apply(store, offline("dev-1"), PLAN, NIGHT)
    apply(store, offline("dev-1", "closed", NIGHT + 10_000), PLAN, NIGHT + 10_000)
    store.release_holds(PLAN, NIGHT + 60_000)
    assert store.counts()["messages"] == 0
    assert store.cases()[0].state == "recovered"


def test_many_silent_at_once_are_one_message_for_each_person(store):
    for n in range(1, 9):
        apply(store, offline(f"dev-{n}"), PLAN, NIGHT + n * 1000)
    assert store.release_holds(PLAN, NIGHT + 31_000).messages == 4
    assert not store.release_holds(PLAN, NIGHT + 90_000).new
    (group,) = [c for c in store.cases() if c.kind == "many_silent"]
    file = store.case(group.id)
    assert len(file.members) == 8
    covered = {d.message.recipient.id: len(d.message.covers) for d in file.messages}
    assert covered["site:site-1/项目经理"] == 4
    assert covered["department:housing/值班室"] == 8
    member = store.case(file.members[0].id)
    assert {d.message.recipient.id for d in member.messages} == set(covered) - {"site:site-2/项目经理"}
    assert store.counts()["cases"] == 8


def test_each_person_hears_of_the_return_once_all_that_concerns_him_is_back(store):
    for n in range(1, 9):
        apply(store, offline(f"dev-{n}"), PLAN, NIGHT)
    store.release_holds(PLAN, NIGHT + 31_000)
    written = [
        apply(store, offline(f"dev-{n}", "closed", NIGHT + HOUR + n), PLAN, NIGHT + HOUR + n).messages
        for n in range(1, 9)
    ]
    assert written == [0, 0, 0, 1, 0, 0, 0, 3]
    (group,) = [c for c in store.cases() if c.kind == "many_silent"]
    assert group.state == "recovered"


def test_taking_note_of_many_silent_takes_note_of_each(store):
    for n in range(1, 9):
        apply(store, offline(f"dev-{n}"), PLAN, NIGHT)
    store.release_holds(PLAN, NIGHT + 31_000)
    (group,) = [c for c in store.cases() if c.kind == "many_silent"]
    assert store.acknowledge(group.id, "王", "", NIGHT + HOUR).accepted
    assert {c.state for c in store.cases()} == {"acknowledged"}


def test_a_fault_of_the_platform_is_one_case_and_one_message_an_episode(store):
    facts = {"seconds": 61}
    assert store.open_fault("ticks", facts, PLAN, NIGHT).messages == 1
    assert not store.open_fault("ticks", facts, PLAN, NIGHT + 1000).new
    assert set(store.open_faults()) == {"ticks"}
    assert store.end_fault("ticks", PLAN, NIGHT + 5000).messages == 1
    assert not store.end_fault("ticks", PLAN, NIGHT + 6000).new
    assert store.open_fault("ticks", facts, PLAN, NIGHT + 9000).new
    assert [c.kind for c in store.cases()] == ["system", "system"]


def test_an_attempt_is_on_record_as_unknown_before_it_is_made(store, wall):
    apply(store, breach(), PLAN, NIGHT)
    (claim, *_) = claims_of(store, "file", "me", 1, wall(), 1000)
    delivery = next(d for d in store.case(store.cases()[0].id).messages if d.message.id == claim.message.id)
    assert [(a.number, a.outcome, a.finished_at) for a in delivery.attempts] == [(1, "unknown", None)]


def test_a_claim_keeps_others_away_until_its_lease_ends_and_then_repeats_the_same_id(store, wall):
    apply(store, breach(), PLAN, NIGHT)
    first = claims_of(store, "file", "me", 10, wall(), 1000)
    assert len(first) == 3
    assert claims_of(store, "file", "other", 10, wall() + 999, 1000) == []
    second = claims_of(store, "file", "other", 10, wall() + 1000, 1000)
    assert {c.message.id for c in second} == {c.message.id for c in first}
    assert all(c.possible_repeat and c.number == 2 for c in second)
    assert store.counts()["possible_repeats"] == 3


def test_a_worker_that_starts_again_takes_back_what_it_held(store, wall):
    apply(store, breach(), PLAN, NIGHT)
    claims_of(store, "file", "me", 10, wall(), 60_000)
    assert store.outbox.free("me", wall()) == 3
    assert store.outbox.due(wall()) == {"file": 3}


def test_an_outcome_written_after_the_lease_was_lost_counts_only_if_it_was_sent(store, wall):
    apply(store, breach(), PLAN, NIGHT)
    (slow, *_) = claims_of(store, "file", "me", 1, wall(), 1000)
    wall.now += 1000
    taken = [
        c for c in claims_of(store, "file", "other", 10, wall(), 60_000) if c.message.id == slow.message.id
    ]
    late = retry("busy")
    finish(
        store,
        slow,
        "me",
        late,
        next_state(slow.message.id, 1, slow.written_at, late, wall(), RetryPolicy()),
        wall(),
    )
    assert _delivery(store, slow).state == "sending"
    finish(
        store,
        slow,
        "me",
        sent("ok"),
        next_state(slow.message.id, 1, slow.written_at, sent("ok"), wall(), RetryPolicy()),
        wall(),
    )
    assert _delivery(store, slow).state == SENT
    finish(
        store,
        taken[0],
        "other",
        late,
        next_state(slow.message.id, 2, slow.written_at, late, wall(), RetryPolicy()),
        wall(),
    )
    assert _delivery(store, slow).state == SENT


def _delivery(store, claim):
    file = store.case(claim.message.case)
    return next(d for d in file.messages if d.message.id == claim.message.id)


def test_the_end_waits_until_the_beginning_is_sent(store, wall):
    apply(store, breach(), PLAN, NIGHT)
    apply(store, breach("closed"), PLAN, NIGHT + HOUR)
    assert {c.message.step for c in claims_of(store, "file", "me", 10, wall(), 1000)} == {"opened"}


def test_whoever_could_not_be_told_is_not_told_of_the_end(store, wall):
    apply(store, breach(), PLAN, NIGHT)
    patience = RetryPolicy(give_up_ms=0)
    for claim in claims_of(store, "file", "me", 1, wall(), 1000):
        then = next_state(claim.message.id, claim.number, claim.written_at, retry("dead"), wall(), patience)
        assert then.state == GIVEN_UP
        finish(store, claim, "me", retry("dead"), then, wall())
    assert apply(store, breach("closed"), PLAN, NIGHT + HOUR).messages == 2
    (trouble,) = store.outbox.troubles(0, 0)
    assert (trouble.channel, trouble.failed, trouble.waiting) == ("file", 1, 0)


def test_a_message_that_is_tried_again_waits_its_time(store, wall):
    apply(store, breach(), PLAN, NIGHT)
    (claim, *_) = claims_of(store, "file", "me", 1, wall(), 1000)
    then = next_state(claim.message.id, 1, claim.written_at, retry("busy"), wall(), RetryPolicy())
    finish(store, claim, "me", retry("busy"), then, wall())
    assert _delivery(store, claim).state == PENDING
    assert [t.waiting for t in store.outbox.troubles(wall(), wall())] == [1]
    assert claim.message.id not in {
        c.message.id for c in claims_of(store, "file", "me", 10, then.due_at - 1, 1)
    }
    wall.now = then.due_at
    ids = [c.message.id for c in claims_of(store, "file", "me", 10, wall(), 1)]
    assert claim.message.id in ids


def test_workers_that_claim_at_the_same_time_never_get_the_same_message(store, wall):
    for n in range(30):
        apply(store, breach(id=f"b{n}"), PLAN, NIGHT)
    got: list[str] = []
    lock = threading.Lock()

    def work(owner: str) -> None:
        while claims := claims_of(store, "file", owner, 5, wall(), 60_000):
            with lock:
                got.extend(c.message.id for c in claims)

    workers = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    # a worker may come away empty while another holds the rows; what is left is claimed once more
    got.extend(c.message.id for c in claims_of(store, "file", "last", 1000, wall(), 60_000))
    assert len(got) == len(set(got)) == 90


def test_the_same_event_from_two_workers_at_once_is_one_case(store):
    events = [breach(id=f"b{n % 5}") for n in range(20)]
    workers = [threading.Thread(target=apply, args=(store, event, PLAN, NIGHT)) for event in events]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    counts = store.counts()
    assert (counts["cases"], counts["messages"]) == (5, 15)


def test_cases_are_listed_newest_first_by_state_and_site(store):
    apply(store, breach(id="old"), PLAN, NIGHT)
    apply(store, breach(id="new", opened_at=NIGHT + HOUR, site="site-2", device="dev-5"), PLAN, NIGHT)
    apply(store, replace(breach("closed"), id="old"), PLAN, NIGHT)
    assert [c.breach for c in store.cases()] == ["new", "old"]
    assert [c.breach for c in store.cases(state="open")] == ["new"]
    assert [c.breach for c in store.cases(site="site-1")] == ["old"]
    assert [c.breach for c in store.cases(over=False)] == ["new"]
    assert [c.breach for c in store.cases(limit=1)] == ["new"]
    assert store.case("none") is None


def test_what_is_told_before_a_breach_is_told_once_and_stands_in_no_list_of_cases(store, wall):
    early, sure = outlook(), outlook("certain", minute=50)
    for event in (early, early, sure, sure):
        apply(store, event, PLAN, event.at)
    assert store.cases() == []
    assert store.counts()["cases"] == 0
    file = store.case(early.window_id)
    assert (file.case.kind, file.case.state, file.case.closed_at) == ("outlook", "foretold", NIGHT)
    assert [d.message.step for d in file.messages] == ["warning", "certain"]
    assert [e.event for e in file.events] == ["rose", "rose"]
    assert [c.id for c in store.cases(state="foretold")] == [early.window_id]
    assert not store.acknowledge(early.window_id, "张敏", "", NIGHT).accepted
    assert len(_send_all(store, wall())) == 2


def test_a_state_that_comes_back_is_not_told_again_and_its_end_goes_to_whoever_was_told(store):
    events = [
        outlook(),
        outlook("quiet", "cleared", 40, 1),
        outlook(minute=45, turn=1),
        outlook("certain", minute=50, turn=1),
        outlook("quiet", "withdrawn", 55, 2),
    ]
    written = [apply(store, event, PLAN, event.at).messages for event in events]
    assert written == [1, 1, 0, 1, 1]
    steps = [d.message.step for d in store.case(events[0].window_id).messages]
    assert steps == ["warning", "cleared", "certain", "withdrawn"]


def test_an_open_case_of_the_rule_at_the_site_keeps_the_word_before_the_next_breach_quiet(store):
    apply(store, breach(device="dev-2"), PLAN, NIGHT - HOUR)
    assert apply(store, outlook(), PLAN, outlook().at).messages == 0
    elsewhere = outlook(site="site-2", point="dev-9", id="o-elsewhere")
    assert apply(store, elsewhere, PLAN, elsewhere.at).messages == 1
    other = outlook(rule="another", id="o-other")
    assert apply(store, other, PLAN, other.at).messages == 1
    apply(store, breach("closed", device="dev-2", at=NIGHT - HOUR + 1), PLAN, NIGHT - HOUR + 1)
    sure = outlook("certain", minute=50)
    assert apply(store, sure, PLAN, sure.at).messages == 1


def test_what_was_written_is_there_after_opening_again(store, url):
    apply(store, breach(), PLAN, NIGHT)
    again = CaseStore(url)
    assert [c.breach for c in again.cases()] == ["b1"]
    assert not apply(again, breach(), PLAN, NIGHT).new
    again.close()
