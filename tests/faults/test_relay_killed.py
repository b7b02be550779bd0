"""kill -9 of a worker that relays cases' records: what was sent and not marked comes again, nothing is left out."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from alerts.store import CaseStore
from deploy.case_topic import Reconciliation, read_trails, reconcile
from deploy.embedded.kafka import KafkaNode
from ingest.admin import ensure_topics
from ingest.topics import CASES, CASES_TOPIC
from tests.conformance.cases.test_relay_store import act
from tests.fakes.alerts import HOUR, NIGHT, apply, breach, planner

PLAN = planner()
# `held`: Kafka has confirmed, and the mark is never written
_PROGRAM = """
import asyncio, sys, threading
from pathlib import Path
from alerts.relay import CaseRelay, RelayPacing
from alerts.store import CaseStore
from ingest.clock import WallClock
from ingest.kafka_options import KafkaOptions
from ingest.telemetry import Telemetry

url, kafka, owner, held = sys.argv[1:]
store = CaseStore(url)
if held:
    def mark(upto):
        Path(held).write_text(str(sum(upto.values())))
        threading.Event().wait()
    store.relay.mark = mark
pacing = RelayPacing(poll_s=0.02, lease_ms=1000)
asyncio.run(CaseRelay(store.relay, KafkaOptions(kafka), owner, WallClock().now_ms, Telemetry("t"), pacing).run())
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNode]:
    started = KafkaNode(tmp_path_factory.mktemp("kafka-relay")).start()
    yield started
    started.stop()


@pytest.fixture
def kafka(node: KafkaNode) -> KafkaNode:
    """With an empty topic of cases."""

    async def renew() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=node.bootstrap)
        await admin.start()
        if CASES in await admin.list_topics():
            await admin.delete_topics([CASES])
            async with asyncio.timeout(30):
                while CASES in await admin.list_topics():
                    await asyncio.sleep(0.1)
        await admin.close()
        await ensure_topics(node.options, 3, 1, [CASES_TOPIC])

    asyncio.run(renew())
    return node


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/cases.sqlite"


@pytest.fixture
def store(url: str) -> Iterator[CaseStore]:
    opened = CaseStore(url)
    yield opened
    opened.close()


def start(tmp_path: Path, url: str, node: KafkaNode, owner: str, held: str = "") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _PROGRAM, url, node.bootstrap, owner, held]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with (tmp_path / "relay.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def kill(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def until(condition, within: float = 90.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def write_cases(store: CaseStore, days: range) -> None:
    """A case a day, opened and signed."""
    for day in days:
        at = NIGHT + (24 * day + 1) * HOUR
        event = replace(breach(id=f"d{day}"), at=at, opened_at=at, start=at - HOUR, end=at)
        apply(store, event, PLAN, at)
        assert act(store, f"d{day}", "sign", at + 1000).accepted


def all_relayed(store: CaseStore) -> bool:
    found = store.relay.standing()
    return found.records == found.relayed


def looked_at(store: CaseStore, node: KafkaNode) -> Reconciliation:
    return asyncio.run(reconcile(store.relay, node.options))


def test_killed_between_sending_and_marking_the_next_worker_sends_it_again_and_goes_on(
    tmp_path, url, store, kafka
):
    write_cases(store, range(3))
    mark = tmp_path / "held"
    first = start(tmp_path, url, kafka, "one", str(mark))
    try:
        until(mark.exists)
    finally:
        kill(first)
    assert store.relay.standing()[:2] == (6, 0)
    read = asyncio.run(read_trails(kafka.options))
    assert (read.trails.records, read.trails.repeats, read.trails.flaws) == (6, 0, {})
    write_cases(store, range(3, 5))
    second = start(tmp_path, url, kafka, "two")
    try:
        until(lambda: all_relayed(store))
        until(lambda: looked_at(store, kafka).ticked_at is not None)
    finally:
        kill(second)
    found = looked_at(store, kafka)
    assert found.faults == []
    assert (found.on_topic, found.repeats, found.waiting) == (10, 6, 0)


def test_what_was_taken_from_the_topic_or_the_store_is_named_by_its_case(tmp_path, url, store, kafka):
    write_cases(store, range(2))
    lines = looked_at(store, kafka)
    assert (lines.on_topic, lines.waiting) == (0, 4)
    assert any("NOBODY RELAYS the 4" in words for words in lines.faults)
    worker = start(tmp_path, url, kafka, "one")
    try:
        until(lambda: all_relayed(store))
    finally:
        kill(worker)
    assert looked_at(store, kafka).lines() == ["case records  4 in the store, 4 relayed, 4 on the topic"]
    older = CaseStore(f"sqlite:///{tmp_path}/older.sqlite")
    write_cases(older, range(1))
    older.relay.take_lease("one", 2**43, 1)
    found = looked_at(older, kafka)
    older.close()
    gone = {store.life.find_id("d1"), store.life.find_id("d0")}
    assert {case for case in gone if any(case in words for words in found.faults)} == gone


@pytest.mark.long
@pytest.mark.timeout(600)
def test_two_workers_killed_in_turn_while_people_work_lose_and_skip_nothing(tmp_path, url, store, kafka):
    days = itertools.count(10)
    workers = {owner: start(tmp_path, url, kafka, owner) for owner in ("one", "two")}
    try:
        for turn in range(6):
            before = store.relay.standing().relayed
            for _ in range(4):
                write_cases(store, range(day := next(days), day + 1))
            if turn % 3:  # the third time it is killed as it comes
                until(lambda before=before: store.relay.standing().relayed > before)
            owner = ("one", "two")[turn % 2]
            kill(workers[owner])
            workers[owner] = start(tmp_path, url, kafka, owner)
        until(lambda: all_relayed(store))
    finally:
        for worker in workers.values():
            kill(worker)
    found = looked_at(store, kafka)
    assert found.faults == []
    assert found.on_topic == found.standing.records == 48
