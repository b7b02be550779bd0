"""One event, hold or message that can't be written is set aside: named, counted, told; the others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from alerts.dispatcher import Dispatcher, Pacing
from alerts.planner import CasePlanner
from alerts.platform_faults import FaultDetector, Sample
from alerts.records import REFUSED, SENT, Case, CaseChange
from alerts.retry import RetryPolicy, next_state, sent
from alerts.routing import Watch
from alerts.service import watch_holds
from alerts.stage import AlertsStage, case_writer
from alerts.store import CaseStore, SetAside
from alerts.worker import CaseWork
from ingest.clock import ManualClock
from ingest.register import Site
from ingest.telemetry import Telemetry
from processors.records.breaches import encode_breach
from processors.stream.stage import RawRecord
from tests.fakes.alerts import (
    HOUR,
    NIGHT,
    Quarantined,
    Remembering,
    apply,
    breach,
    claims_of,
    county,
    finish,
    offline,
    planner,
)

PLAN = planner()
TOO_LARGE = 2**70  # for any column
HELD = ("dev-1", "dev-2", "dev-5", "dev-6")


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A planner of which the decision on one device can't be written."""

    device: str
    plan: CasePlanner = field(default=PLAN)

    def _spoilt(self, changes: list[CaseChange]) -> list[CaseChange]:
        return [
            replace(one, case=replace(one.case, deadline=TOO_LARGE))
            if one.case.device == self.device
            else one
            for one in changes
        ]

    def breach(self, event: Any, context: Any, now: int) -> list[CaseChange]:
        return self._spoilt(self.plan.breach(event, context, now))

    def release(self, held: list[Case], now: int) -> list[CaseChange]:
        return self._spoilt(self.plan.release(held, now))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plan, name)


@pytest.fixture
def heard(store: CaseStore) -> list[SetAside]:
    """What the store says that it has set aside."""
    found: list[SetAside] = []
    store.aside.hear(found.append)
    return found


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(2)
    yield pool
    pool.shutdown()


def devices_told(store: CaseStore) -> set[str]:
    return {case.device for case in store.cases() if store.case(case.id).messages}


def test_one_breach_that_cannot_be_written_keeps_no_other_of_its_transaction_back(store, heard):
    events = [breach(id=f"b{n}", device=f"dev-{n}") for n in range(1, 7)]
    written = store.apply_breaches(events, Poisoned("dev-3"), NIGHT)
    assert [one.set_aside for one in written] == [False, False, True, False, False, False]
    assert devices_told(store) == {"dev-1", "dev-2", "dev-4", "dev-5", "dev-6"}
    assert [(one.kind, one.id) for one in heard] == [("breach", events[2].event_id)]
    assert heard[0].why
    again = store.apply_breaches(events, PLAN, NIGHT)
    assert [one.new for one in again] == [False, False, True, False, False, False], (
        "after a fix it goes through"
    )


def test_one_hold_that_cannot_be_written_keeps_no_other_silence_from_being_told(store, heard):
    for device in HELD:
        apply(store, offline(device), PLAN, NIGHT)
    store.release_holds(Poisoned("dev-5"), NIGHT + 60_000)
    assert devices_told(store) == {"dev-1", "dev-2", "dev-6"}
    (bad,) = [case for case in store.cases() if case.device == "dev-5"]
    assert bad.hold_until is None, "it is not tried for ever"
    assert [e.event for e in store.case(bad.id).events] == ["opened", "set_aside"]
    assert [(one.kind, one.id) for one in heard] == [("hold", bad.id)]
    assert store.counts()["cases_set_aside"] == 1
    assert not store.release_holds(PLAN, NIGHT + 120_000).new


def test_the_others_of_a_common_cause_are_still_told_in_one_message(store, heard):
    many = planner(offline={"many": 2})
    for device in HELD:
        apply(store, offline(device), many, NIGHT)
    store.release_holds(Poisoned("dev-5", many), NIGHT + 60_000)
    (parent,) = [case for case in store.cases() if case.kind == "many_silent"]
    assert {m.device for m in store.case(parent.id).members} == {"dev-1", "dev-2", "dev-6"}
    assert len(heard) == 1


def test_holds_that_only_together_cannot_be_told_are_told_one_by_one(store, heard):
    @dataclass(frozen=True, slots=True)
    class OnlyAlone(Poisoned):
        def release(self, held: list[Case], now: int) -> list[CaseChange]:
            if len(held) > 1:
                raise KeyError("title")
            return self.plan.release(held, now)

    for device in HELD:
        apply(store, offline(device), PLAN, NIGHT)
    assert store.release_holds(OnlyAlone(""), NIGHT + 60_000).new
    assert devices_told(store) == set(HELD)
    assert heard == []


def broken(url: str, statement: str) -> None:
    """Alter rows behind the store's back."""
    engine = create_engine(make_url(url))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


async def test_one_message_that_cannot_be_read_keeps_no_other_in_the_outbox(url, store, heard):
    apply(store, breach(), PLAN, NIGHT)
    broken(url, """update messages set target = '{"of": "another version"}' where n = 2""")
    channel, stop = Remembering(), asyncio.Event()
    telemetry = Telemetry("alerts")
    sending = asyncio.create_task(
        Dispatcher(store, {"file": channel}, "me", RetryPolicy(), telemetry, Pacing(poll_s=0.02)).run(stop)
    )
    async with asyncio.timeout(20):
        while (counts := store.counts())["messages_sent"] < 2 or not counts[f"messages_{REFUSED}"]:
            assert not sending.done()
            await asyncio.sleep(0.02)
    stop.set()
    await sending
    assert len(channel.got) == 2
    assert [one.kind for one in heard] == ["message"]
    (trouble,) = store.outbox.troubles(0, 0)
    assert trouble.failed == 1, "the operator hears of it"
    assert heard[0].why in trouble.reason


def test_what_a_server_answers_is_kept_without_the_signs_that_no_column_takes(store, wall):
    apply(store, breach(), PLAN, NIGHT)
    (one, *_) = claims_of(store, "file", "me", 1, wall(), 1000)
    outcome = sent("ok\x00\ud800\x1b[2J\nsecond line")
    finish(
        store, one, "me", outcome, next_state(one.message.id, 1, 0, outcome, wall(), RetryPolicy()), wall()
    )
    (found,) = [d for d in store.case(one.message.case).messages if d.state == SENT]
    assert found.receipt == "ok\ufffd\ufffd\ufffd[2J\nsecond line"


async def test_a_nul_in_a_name_stops_no_offline_alarm_and_a_line_break_cuts_no_subject(store, heard, threads):
    """One NUL in one site's name stopped all offline alarms on PostgreSQL."""
    register = county()
    site = register.sites["site-2"]
    spoilt = Site.model_construct(
        **{**dict(site), "name": "二号\x00工地\r\nBcc: x@y", "address": "a\u202eb\n"}
    )
    plan = planner(replace(register, sites={**register.sites, "site-2": spoilt}))
    for device in HELD:
        apply(store, offline(device), plan, NIGHT)
    work = CaseWork(store, plan, ManualClock(NIGHT + 60_000), Telemetry("alerts"), threads, lambda: None)
    watching = asyncio.create_task(watch_holds(work))
    async with asyncio.timeout(20):
        while devices_told(store) != set(HELD):
            assert not watching.done()
            await asyncio.sleep(0.05)
    watching.cancel()
    for case in store.cases():
        for told in store.case(case.id).messages:
            assert "\n" not in told.message.subject
            assert "\x00" not in told.message.text + told.message.subject
            assert "\u202e" not in told.message.text
            assert not any(line.startswith("Bcc") for line in told.message.text.splitlines())
    assert heard == []


async def test_an_event_that_cannot_be_written_goes_to_quarantine_and_the_stage_goes_on(
    store, heard, threads
):
    quarantine, telemetry = Quarantined(), Telemetry("alerts")
    cases = case_writer(store, Poisoned("dev-3"), ManualClock(NIGHT), threads)  # type: ignore[arg-type]
    stage = AlertsStage(cases, telemetry, lambda: None, quarantine)
    for n in (2, 3, 4):
        _, value, headers = encode_breach(breach(id=f"b{n}", device=f"dev-{n}"))
        stage.fold(RawRecord(7, n, headers, value, NIGHT))
    await stage.deliver()
    await stage.settle()
    assert devices_told(store) == {"dev-2", "dev-4"}
    (one,) = quarantine.records
    assert (one.code, one.source) == ("case_unwritable", "alerts")
    assert one.detail.startswith("partition 7, offset 3: ")
    assert b'"b3"' in one.raw
    assert telemetry.quarantined.labels("case_unwritable")._value.get() == 1


def test_the_operator_is_told_of_what_was_set_aside_and_of_the_end_of_it(store, wall, heard):
    apply(store, breach(device="dev-3"), Poisoned("dev-3"), NIGHT)
    detector = FaultDetector(Watch(), 0)
    words = [one.words() for one in store.aside.since(wall.now - HOUR)]
    facts = detector.diagnose(Sample(1, set_aside=words)).faults["unwritable"]
    assert facts["count"] == 1
    store.open_fault("unwritable", facts, PLAN, NIGHT)
    (case,) = store.open_faults().values()
    assert case.title == "有事件或消息无法写入"
    (told,) = store.case(case.id).messages
    assert "1 条事件或消息已搁置" in told.message.subject
    assert breach(device="dev-3").event_id in told.message.text
    wall.now += 2 * HOUR
    assert "unwritable" in detector.diagnose(Sample(2, set_aside=store.aside.since(wall.now - HOUR))).well


def test_a_fault_that_cannot_be_written_keeps_no_other_fault_from_being_told(store, heard):
    assert store.open_fault("quarantine", {"count": object()}, PLAN, NIGHT).set_aside
    assert store.open_fault("ticks", {"seconds": 70}, PLAN, NIGHT).new
    assert [(one.kind, one.id) for one in heard] == [("fault", "quarantine")]


def test_a_note_of_a_person_is_kept_without_what_no_column_takes(store):
    apply(store, breach(), PLAN, NIGHT)
    case = store.cases()[0].id
    assert store.acknowledge(case, "王\x00海燕", "一行\x00\r\n二行", NIGHT).accepted
    assert store.case(case).events[-1].note == "一行\ufffd\n二行".replace("\ufffd\n", "\ufffd \n")
