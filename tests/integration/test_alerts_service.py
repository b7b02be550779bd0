"""`dustwatch run alerts` on a real Kafka: a breach record reaches a webhook, stopped ticks reach the operator."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from alerts.store import CaseStore
from deploy.case_topic import read_trails
from deploy.embedded.kafka import KafkaNode
from ingest.admin import ensure_topics
from ingest.codec import encode, encode_quarantined
from ingest.records import Quarantined, Tick
from ingest.topics import BREACHES, FEED, QUARANTINE
from processors.records.breaches import Breach, encode_breach
from tests.counties import device, site, write_county
from tests.fakes.alerts import HOUR, NIGHT, breach
from tests.fakes.servers import HttpFake

PARTITIONS = 2


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNode]:
    """A node of its own: the watch looks at the topics by their real names."""
    started = KafkaNode(tmp_path_factory.mktemp("kafka-alerts")).start()
    asyncio.run(ensure_topics(started.options, PARTITIONS))
    yield started
    started.stop()


@pytest.fixture
def hook() -> Iterator[HttpFake]:
    server = HttpFake(lambda number: (200, {}, b"ok"))
    yield server
    server.stop()


def _county(folder: Path, url: str) -> Path:
    channels = [{"kind": "webhook", "url": url}]
    return write_county(
        folder,
        [device("dev-1")],
        [site("site-1", contacts=[{"name": "项目经理", "channels": channels}])],
        channels=channels,
        extra={"routing.yaml": {"watch": {"ticks_stopped": 10}}},
    )


class Worker:
    """The alerts service as a process."""

    def __init__(self, folder: Path, node: KafkaNode, url: str) -> None:
        self.folder = folder
        self.cases = f"sqlite:///{folder}/cases.sqlite"
        self.environment = {
            **os.environ,
            "DUSTWATCH_CONFIG": str(_county(folder / "config", url)),
            "DUSTWATCH_KAFKA": node.bootstrap,
            "DUSTWATCH_CASES": self.cases,
            "DUSTWATCH_FILES": str(folder / "files"),
            "DUSTWATCH_APPLICATION": f"test-{folder.name}",
            "DUSTWATCH_HEALTH_PORT": "0",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Worker:
        command = [sys.executable, "-c", _PROGRAM]
        with (self.folder / "alerts.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        return self

    def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(15)

    def file(self) -> list[dict[str, object]]:
        path = self.folder / "files" / "messages.jsonl"
        return (
            [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            if path.exists()
            else []
        )


# without the health page, whose port is another test's
_PROGRAM = """
from alerts.service import run_alerts
from deploy.settings import load_settings
from ingest.telemetry import Telemetry
from processors.stream.app import StageOptions
settings = load_settings()
run_alerts(
    settings, Telemetry("alerts"), lambda: StageOptions(group=f"{settings.application}-alerts", instance="one")
)
"""


def _publish(node: KafkaNode, *events: Breach) -> None:
    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=node.bootstrap, acks="all")
        await producer.start()
        for event in events:
            key, value, headers = encode_breach(event)
            await producer.send_and_wait(BREACHES, value, key, partition=0, headers=headers)
        await producer.stop()

    asyncio.run(send())


def _tick(node: KafkaNode) -> None:
    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=node.bootstrap, acks="all")
        await producer.start()
        for partition in range(PARTITIONS):
            value, headers = encode(Tick(round(time.time() * 1000), 1000, "bridge"))
            await producer.send_and_wait(FEED, value, partition=partition, headers=headers)
        await producer.stop()

    asyncio.run(send())


def _until(what: str, condition, within: float = 60.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"waited {within:.0f} s until {what}"
        time.sleep(0.1)


def test_a_breach_becomes_a_case_and_three_messages_also_when_the_worker_is_killed(tmp_path, node, hook):
    worker = Worker(tmp_path, node, hook.url).start()
    try:
        _publish(node, breach())
        _until("all three are told", lambda: len(hook.requests) == 3)
        worker.end(signal.SIGKILL)
        _publish(node, breach("closed"), breach(id="b2", opened_at=NIGHT + HOUR))
        worker.start()
        _until("the end and the second breach are told", lambda: len(hook.requests) >= 9)
        store = CaseStore(worker.cases)
        _until("all receipts are kept", lambda: store.counts()["messages_sent"] == 9)
        counts = store.counts()
        _until("the record is on Kafka", lambda: store.relay.standing().relayed == 3)
        read = asyncio.run(read_trails(node.options))
        assert (read.trails.flaws, read.trails.unreadable) == ({}, [])
        assert read.trails.digest(store.life.find_id("b1"), 2) is not None
        assert read.ticked_at is not None
        store.close()
        assert worker.end(signal.SIGTERM) == 0
    finally:
        if worker.process is not None and worker.process.poll() is None:
            worker.end(signal.SIGKILL)
    steps = [body["step"] for _, body in hook.requests]
    assert (counts["cases"], steps.count("recovered")) == (2, 3)
    keys = {headers["idempotency-key"] for headers, _ in hook.requests}
    assert len(keys) == 9


def test_ticks_that_stop_are_told_to_the_operator_and_so_is_their_return(tmp_path, node, hook):
    worker = Worker(tmp_path, node, hook.url).start()
    try:
        _until("the operator is told", lambda: len(worker.file()) == 1)
        assert "时钟记录" in str(worker.file()[0]["text"])

        def returned() -> bool:
            _tick(node)
            return len(worker.file()) == 2

        _until("the operator is told of the return", returned)
        assert worker.file()[1]["step"] == "recovered"
        assert worker.end(signal.SIGTERM) == 0
    finally:
        if worker.process is not None and worker.process.poll() is None:
            worker.end(signal.SIGKILL)


def test_whoever_sends_what_it_may_not_is_told_to_the_operator_once(tmp_path, node, hook):
    worker = Worker(tmp_path, node, hook.url).start()

    def about_senders() -> list[str]:
        return [str(line["text"]) for line in worker.file() if "身份" in str(line["text"])]

    def told() -> bool:
        _hold(node, "not_allowed", "the payload names dev-2")
        return bool(about_senders())

    try:
        _hold(node, "bad_json", "it speaks of not_allowed")
        _until("the operator is told", told)
        for _ in range(3):
            _hold(node, "not_allowed", "the payload names dev-2")
        _publish(node, breach(id="b9"))
        _until("what came later is told", lambda: len(hook.requests) >= 3)
        assert len(about_senders()) == 1
        assert "dust/v1/dev-1/readings: the payload names dev-2" in about_senders()[0]
        assert worker.end(signal.SIGTERM) == 0
    finally:
        if worker.process is not None and worker.process.poll() is None:
            worker.end(signal.SIGKILL)


def _hold(node: KafkaNode, code: str, detail: str) -> None:
    held = Quarantined(round(time.time() * 1000), "bridge", "dust/v1/dev-1/readings", code, detail, b"{}")
    value, headers = encode_quarantined(held)

    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=node.bootstrap, acks="all")
        await producer.start()
        await producer.send_and_wait(QUARANTINE, value, partition=1, headers=headers)
        await producer.stop()

    asyncio.run(send())
