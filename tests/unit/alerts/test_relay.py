"""The relay: what waits is sent in order and marked once it is confirmed; one relays, and says why it can't."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import cast

import pytest

import alerts.relay
from alerts.lifecycle.topic_trails import RECORD_SCHEMA
from alerts.relay import CaseRelay, RelayPacing
from alerts.store import CaseStore
from ingest.codec import TICK, schema_of
from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import KafkaMissing
from ingest.producer import Outgoing, Producer
from ingest.telemetry import Telemetry
from ingest.topics import CASES
from tests.fakes.alerts import HOUR, NIGHT, apply, breach, planner
from tests.fakes.held_producer import HeldProducer

PLAN = planner()


@pytest.fixture
def store(tmp_path: Path):
    opened = CaseStore(f"sqlite:///{tmp_path}/cases.sqlite")
    yield opened
    opened.close()


class Patient(HeldProducer):
    """Waits for a moment where another would wait for a second."""

    async def drain(self, within_s: float) -> bool:
        await asyncio.sleep(0.001)
        return await super().drain(within_s)


class Rig:
    """A relay whose confirmations a test gives by hand."""

    def __init__(self, store: CaseStore, owner: str = "one") -> None:
        self.now = NIGHT
        self.telemetry = Telemetry("alerts")
        self.relay = CaseRelay(
            store.relay,
            KafkaOptions("fake"),
            owner,
            lambda: self.now,
            self.telemetry,
            RelayPacing(lease_ms=3_600_000),
        )
        self.kafka = Patient(lambda record, at: None)
        self.relay.producer = cast(Producer, self.kafka)

    @property
    def sent(self) -> list[tuple[str, int]]:
        """Command and number of each record sent."""
        said = [json.loads(one.value) for one in self.records]
        return [(one["command"], one["number"]) for one in said]

    @property
    def records(self) -> list[Outgoing]:
        return [one for one in self.kafka.sent if schema_of(one.headers) == RECORD_SCHEMA]

    @property
    def ticks(self) -> list[int]:
        found = [one for one in self.kafka.sent if schema_of(one.headers) == TICK]
        return [json.loads(one.value)["received_at"] for one in found]

    async def turn(self) -> int:
        """A turn with a Kafka that confirms all."""
        task = asyncio.create_task(self.relay.turn())
        while not task.done():
            self.kafka.confirm(self.kafka.sent)
            await asyncio.sleep(0.001)
        return await task


async def test_what_is_confirmed_is_marked_and_not_sent_again(store):
    apply(store, breach(), PLAN, NIGHT)
    rig = Rig(store)
    assert await rig.turn() == 1
    assert await rig.turn() == 0
    assert rig.sent == [("open", 1)]
    assert {(one.topic, one.partition) for one in rig.kafka.sent} == {(CASES, 0)}
    apply(store, breach("closed", at=NIGHT + HOUR), PLAN, NIGHT + HOUR)
    assert await rig.turn() == 1
    assert [number for _, number in rig.sent] == [1, 2]


async def test_what_is_not_confirmed_is_not_marked_and_another_worker_sends_it_again(store):
    apply(store, breach(), PLAN, NIGHT)
    held = Rig(store)
    waiting = asyncio.create_task(held.relay.turn())
    await held.kafka.until(lambda kafka: bool(kafka.sent))
    assert store.relay.standing().relayed == 0
    waiting.cancel()  # as if it had been killed
    with pytest.raises(asyncio.CancelledError):
        await waiting
    other = Rig(store, "two")
    assert await other.turn() == 0, "the lease of the first still holds"
    assert other.kafka.sent == []
    assert store.relay.take_lease("two", 2**42, 1)  # long after
    same = Rig(store, "two")
    assert await same.turn() == 1
    assert [one.value for one in same.records] == [one.value for one in held.records]
    assert store.relay.standing()[:2] == (1, 1)


async def test_a_tick_each_minute_stands_behind_what_was_there(store):
    rig = Rig(store)
    await rig.turn()
    apply(store, breach(), PLAN, NIGHT)
    rig.now += 59_999
    await rig.turn()
    assert rig.ticks == [NIGHT]
    rig.now += 1
    await rig.turn()
    assert rig.ticks == [NIGHT, NIGHT + 60_000]
    assert schema_of(rig.kafka.sent[1].headers) == RECORD_SCHEMA


async def test_without_kafka_it_waits_and_its_readiness_says_why(store, monkeypatch):
    apply(store, breach(), PLAN, NIGHT)
    kafka = KafkaOptions("127.0.0.1:1")
    answers = [KafkaMissing(kafka, "refused"), {}, {CASES: 1}]
    said: list[str | None] = []
    telemetry = Telemetry("alerts")

    async def partitions_of(*anything):
        said.append(telemetry.unready().get("case_relay"))
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(alerts.relay, "partitions_of", partitions_of)
    monkeypatch.setattr(alerts.relay, "_LOOK_S", 0)
    relay = CaseRelay(store.relay, kafka, "one", lambda: NIGHT, telemetry, RelayPacing(poll_s=0.01))
    held = Patient(lambda record, at: None)
    relay.producer = cast(Producer, held)
    running = asyncio.create_task(relay.run())
    await held.until(lambda kafka: bool(kafka.sent))
    while answers:
        await asyncio.sleep(0.001)
    assert "does not answer" in str(said[1])
    assert "no topic dust.cases" in str(said[2])
    while relay.why is not None:
        await asyncio.sleep(0.001)
    while store.relay.standing().relayed == 0:
        held.confirm(held.sent)
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
