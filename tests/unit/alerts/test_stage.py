"""The stage behind dust.breaches: in order, garbage left out, a dead case store waited for; and the holds."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from alerts.routing import Deliveries
from alerts.service import group_timing_of, watch_holds
from alerts.stage import AlertsStage, case_writer
from alerts.store import CaseStore
from alerts.worker import CaseWork
from ingest.clock import ManualClock
from ingest.telemetry import Telemetry
from processors.records.breaches import encode_breach
from processors.records.outlooks import encode_outlook
from processors.stream.stage import RawRecord
from tests.fakes.alerts import HOUR, NIGHT, Quarantined, apply, breach, county, offline, outlook, planner


@pytest.fixture
def store(tmp_path: Path):
    opened = CaseStore(f"sqlite:///{tmp_path}/cases.sqlite")
    yield opened
    opened.close()


class Told:
    """Counts how often the dispatcher would have been woken."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def stage_of(store, told=None, telemetry=None, now=NIGHT, quarantine=None) -> AlertsStage:
    threads = ThreadPoolExecutor(1)
    cases = case_writer(store, planner(), ManualClock(now), threads)
    return AlertsStage(cases, telemetry or Telemetry("alerts"), told or Told(), quarantine or Quarantined())


def record(event, offset: int = 0) -> RawRecord:
    _, value, headers = encode_breach(event)
    return RawRecord(0, offset, headers, value, NIGHT)


async def test_breaches_become_cases_in_their_order_and_the_dispatcher_is_woken(store):
    told = Told()
    stage = stage_of(store, told)
    stage.restore(None)
    for offset, event in enumerate((breach(), breach("closed"), breach(id="quiet", tell=False))):
        stage.fold(record(event, offset))
    await stage.deliver()
    await stage.settle()
    assert [e.event for c in store.cases() if c.breach == "b1" for e in store.case(c.id).events] == [
        "opened",
        "closed",
    ]
    assert told.times == 2
    assert stage.snapshot() == {}


async def test_the_same_records_after_a_crash_change_nothing(store):
    for _ in range(2):
        stage = stage_of(store)
        stage.restore({})
        stage.fold(record(breach()))
        await stage.deliver()
    assert (store.counts()["cases"], store.counts()["messages"]) == (1, 3)


async def test_a_record_that_is_no_breach_is_counted_and_stops_nothing(store):
    telemetry = Telemetry("alerts")
    stage = stage_of(store, telemetry=telemetry)
    good = record(breach())
    stage.fold(good._replace(headers=[("schema", b"dust.other/1")]))
    stage.fold(good._replace(value=b'{"id": 1}'))
    stage.fold(good._replace(value=b"\xff"))
    stage.fold(good)
    await stage.deliver()
    assert store.counts()["cases"] == 1
    assert telemetry.discards.labels("no_breach")._value.get() == 1
    assert telemetry.discards.labels("unreadable_breach")._value.get() == 2


@pytest.mark.parametrize(
    "change",
    [
        {"at": "now"}, {"at": 10**30}, {"start": -5}, {"end": 10**17}, {"site": 7}, {"site": None}, {"title": {}},
        {"title": ["x"]}, {"title": {"zh": 3}}, {"reasons": "low"}, {"reasons": [1]}, {"event": "began"},
        {"kind": "smell"}, {"value": "high"}, {"deadline_h": 1e300}, {"deadline_h": -1}, {"revision": 2**70},
        {"device": "dev\x00"}, {"tell": "yes"}, {"limit": [80]}, {"level": None}, {"id": None},
    ],
    ids=str,
)  # fmt: skip
async def test_a_breach_that_would_break_what_comes_after_is_counted_and_stops_nothing(store, change):
    telemetry = Telemetry("alerts")
    stage = stage_of(store, telemetry=telemetry)
    good = record(breach())
    stage.fold(good._replace(value=json.dumps({**json.loads(good.value), **change}).encode()))
    stage.fold(good)
    await stage.deliver()
    assert (store.counts()["cases"], store.counts()["messages"]) == (1, 3)
    assert telemetry.discards.labels("unreadable_breach")._value.get() == 1


class Away:
    """A case store that is away for the first calls."""

    def __init__(self, store: CaseStore, times: int) -> None:
        self.store = store
        self.times = times

    def apply_breaches(self, *args):
        if self.times:
            self.times -= 1
            raise OperationalError("select", {}, Exception("the disk is full"))
        return self.store.apply_breaches(*args)


async def test_a_case_store_that_is_away_is_waited_for(store):
    away = Away(store, 1)
    stage = stage_of(away)
    stage.fold(record(breach()))
    await stage.deliver()
    assert away.times == 0
    assert store.counts()["messages"] == 3


async def test_a_hold_ends_by_the_clock_of_the_county(store):
    clock, told, threads = ManualClock(NIGHT), Told(), ThreadPoolExecutor(1)
    apply(store, offline("dev-1"), planner(), NIGHT)
    work = CaseWork(store, planner(), clock, Telemetry("a"), threads, told)
    watching = asyncio.create_task(watch_holds(work))
    await asyncio.sleep(0)
    assert store.counts()["messages"] == 0
    clock.advance_to(NIGHT + HOUR)
    async with asyncio.timeout(20):
        while not told.times:
            await asyncio.sleep(0.01)
    watching.cancel()
    assert store.counts()["messages"] == 3


async def test_what_has_waited_for_its_like_is_composed_and_the_dispatcher_is_woken(store):
    clock, told, threads = ManualClock(NIGHT), Told(), ThreadPoolExecutor(1)
    store.tellings.timing = group_timing_of(Deliveries(), county().zone)
    apply(store, breach(), planner(), NIGHT)
    apply(store, breach(id="b2", device="dev-2"), planner(), NIGHT)
    work = CaseWork(store, planner(), clock, Telemetry("a"), threads, told)
    watching = asyncio.create_task(watch_holds(work))
    await asyncio.sleep(0)
    assert store.counts()["messages"] == 0
    clock.advance_to(NIGHT + 30_000)
    async with asyncio.timeout(20):
        while not told.times:
            await asyncio.sleep(0.01)
    watching.cancel()
    assert store.counts()["messages"] == 3


async def test_an_outlook_wakes_the_dispatcher_and_is_told_once_and_one_that_is_none_is_left_out(store):
    told, telemetry = Told(), Telemetry("alerts")
    stage = stage_of(store, told, telemetry, now=outlook().at)
    _, value, headers = encode_outlook(outlook())
    for offset in range(2):
        stage.fold(RawRecord(0, offset, headers, value, NIGHT))
    for offset, bad in enumerate(
        (b"{", value.replace(b'"warning"', b'"soon"'), value.replace(b'"rose"', b"7"))
    ):
        stage.fold(RawRecord(0, 2 + offset, headers, bad, NIGHT))
    await stage.deliver()
    assert told.times == 1
    assert len(store.case(outlook().window_id).messages) == 1
    discarded = telemetry.discards.labels("unreadable_outlook")._value.get()
    assert discarded == 3
