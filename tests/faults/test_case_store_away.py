"""PostgreSQL dies under the alerts worker and comes back: nothing lost, nobody told under two ids."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alerts.dispatcher import Dispatcher, Pacing
from alerts.retry import RetryPolicy
from alerts.stage import AlertsStage, case_writer
from alerts.store import CaseStore
from ingest.clock import ManualClock
from ingest.telemetry import Telemetry
from processors.records.breaches import encode_breach
from processors.stream.stage import RawRecord
from tests.fakes.alerts import NIGHT, Quarantined, Remembering, breach, planner
from tests.servers import postgres

pytestmark = pytest.mark.servers


@pytest.fixture
def server(tmp_path: Path) -> Iterator[postgres.PostgresServer]:
    """A server of its own: it will be killed."""
    started = postgres.start(tmp_path / "postgres")
    yield started
    started.stop()


async def _until(condition, within: float = 60.0) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.02)


def _record(number: int) -> RawRecord:
    _, value, headers = encode_breach(breach(id=f"b{number}"))
    return RawRecord(0, number, headers, value, NIGHT)


async def test_a_case_store_that_dies_and_comes_back_loses_nothing(server):
    store = CaseStore(server.url)
    channel, telemetry, threads = Remembering(), Telemetry("alerts"), ThreadPoolExecutor(2)
    dispatcher = Dispatcher(store, {"file": channel}, "me", RetryPolicy(), telemetry, Pacing(poll_s=0.02))
    stop = asyncio.Event()
    sending = asyncio.create_task(dispatcher.run(stop))
    stage = AlertsStage(
        case_writer(store, planner(), ManualClock(NIGHT), threads),
        telemetry,
        dispatcher.notify,
        Quarantined(),
    )
    for number in range(5):
        stage.fold(_record(number))
    await stage.deliver()
    server.kill()
    for number in range(5, 10):
        stage.fold(_record(number))
    delivering = asyncio.create_task(stage.deliver())
    await _until(lambda: telemetry.faults.labels("case_store")._value.get() >= 2)
    assert not delivering.done()
    server.start_again()
    await delivering
    await stage.settle()
    await _until(lambda: store.counts()["messages_sent"] == 30)
    stop.set()
    await sending
    counts = store.counts()
    deliveries = [d for case in store.cases() for d in store.case(case.id).messages]
    store.close()
    assert (counts["cases"], counts["messages"]) == (10, 30)
    got = Counter(id for id, _ in channel.got)
    assert set(got) == {d.message.id for d in deliveries}
    doubtful = {d.message.id for d in deliveries if any(a.outcome == "unknown" for a in d.attempts)}
    assert {id for id, count in got.items() if count > 1} <= doubtful
