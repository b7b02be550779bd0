"""kill -9 of a dispatcher between the sending and the receipt: the repeat has the same id and is on record."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from alerts.channels.webhook import WebhookChannel
from alerts.routing import Routing, RoutingForm
from alerts.store import CaseStore
from tests.fakes.alerts import NIGHT, apply, breach, county, planner
from tests.fakes.servers import HttpFake

_PROGRAM = """
import asyncio, sys
from alerts.channels.webhook import WebhookSender
from alerts.dispatcher import Dispatcher, Pacing
from alerts.retry import RetryPolicy
from alerts.store import CaseStore
from ingest.telemetry import Telemetry

async def main(url, hook):
    channels = {"webhook": WebhookSender(hook, 30)}
    store = CaseStore(url)
    await Dispatcher(store, channels, "worker", RetryPolicy(), Telemetry("t"), Pacing(poll_s=0.02)).run()

asyncio.run(main(*sys.argv[1:]))
"""


def _plan():
    """Everybody is reached through one webhook."""
    register = county()

    def hooked(entry):
        contacts = tuple(c.model_copy(update={"channels": (_hook(),)}) for c in entry.contacts)
        return entry.model_copy(update={"contacts": contacts})

    register = county(
        departments={k: hooked(d) for k, d in register.departments.items()},
        sites={k: hooked(s) for k, s in register.sites.items()},
    )
    plan = planner(register)
    hook = WebhookChannel(id="webhook", kind="webhook", url="http://127.0.0.1:1/")
    return type(plan)(register, Routing(RoutingForm(), {"webhook": hook}), plan.base_url)


def _hook():
    from ingest.register import Channel

    return Channel(kind="webhook")


def _until(condition, within: float = 60.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


@pytest.fixture
def store(tmp_path: Path):
    opened = CaseStore(f"sqlite:///{tmp_path}/cases.sqlite")
    yield opened
    opened.close()


def _start(tmp_path: Path, hook: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _PROGRAM, f"sqlite:///{tmp_path}/cases.sqlite", hook]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with (tmp_path / "dispatcher.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def test_killed_between_sending_and_receipt_it_repeats_the_same_ids(tmp_path, store):
    hold = [True]

    def answer(number: int):
        while hold[0]:  # taken, and no receipt given until the sender is dead
            time.sleep(0.01)
        return 200, {}, b"ok"

    server = HttpFake(answer)
    for n in range(2):
        apply(store, breach(id=f"b{n}"), _plan(), NIGHT)
    first = _start(tmp_path, server.url)
    try:
        _until(lambda: len(server.requests) == 6)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    hold[0] = False
    taken = {headers["idempotency-key"] for headers, _ in server.requests}
    assert len(taken) == 6
    assert store.counts()["messages_sent"] == 0
    second = _start(tmp_path, server.url)
    try:
        _until(lambda: store.counts()["messages_sent"] == 6)
    finally:
        second.terminate()
        second.wait()
        server.stop()
    keys = Counter(headers["idempotency-key"] for headers, _ in server.requests)
    assert set(keys) == taken
    assert set(keys.values()) == {2}
    marked = [h["idempotency-key"] for h, _ in server.requests if h.get("x-possible-repeat")]
    assert sorted(marked) == sorted(taken)
    for case in store.cases():
        for delivery in store.case(case.id).messages:
            assert [(a.outcome, a.possible_repeat) for a in delivery.attempts] == [
                ("unknown", False),
                ("sent", True),
            ]


def test_killed_at_any_moment_a_repeat_happens_only_where_the_log_says_unknown(tmp_path, store):
    server = HttpFake(lambda number: (200, {}, b"ok"))
    for n in range(40):
        apply(store, breach(id=f"b{n}"), _plan(), NIGHT)
    try:
        for stop_after in (5, 60):
            worker = _start(tmp_path, server.url)
            _until(lambda count=stop_after: len(server.requests) >= count)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        worker = _start(tmp_path, server.url)
        _until(lambda: store.counts()["messages_sent"] == 120)
        worker.terminate()
        worker.wait()
    finally:
        server.stop()
    keys = Counter(headers["idempotency-key"] for headers, _ in server.requests)
    deliveries = [d for case in store.cases() for d in store.case(case.id).messages]
    assert set(keys) == {d.message.id for d in deliveries}
    doubtful = {d.message.id for d in deliveries if any(a.outcome == "unknown" for a in d.attempts)}
    assert {key for key, count in keys.items() if count > 1} <= doubtful
