"""kill -9 of bridge, detect, store and alerts at random moments: nothing lost, nobody told twice."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
from ingest import codec
from ingest.kafka_options import KafkaOptions
from ingest.scan import scan
from ingest.topics import BREACHES, QUARANTINE
from processors.records.breaches import BREACH, decode_breach
from tests.counties import device, iso, site, write_county
from tests.mqtt_load import LoadClient
from tests.pipeline import STAGES, Pipeline, running, wait_for
from tests.shares import shared
from tests.webhook_sink import WebhookSink

pytestmark = [pytest.mark.servers, pytest.mark.timeout(1500)]

RUNS = shared(range(10))
KILLED_ON_PURPOSE = RUNS[0]  # in this run the sender also dies between a message and its receipt
READINGS = 20_000
BAD = 200
SITES, DEVICES = 20, 1000
SPEED = 60
DUSTY = 25  # devices with one value above the instant limit, each at a moment of its own
LATE_DEVICE = f"d{DEVICES - 1:04d}"  # never one of them: its breach is kept for the kill on purpose


@dataclass(frozen=True, slots=True)
class Load:
    """What a run publishes, and what must become of it."""

    sent: list[tuple[str, bytes]]
    garbage: set[bytes]
    dusty: set[str]


def _load(run: int, start_ms: int) -> Load:
    """READINGS numbered readings of DEVICES monitors, one a minute of the county's clock, and BAD garbage."""
    rounds = READINGS // DEVICES
    chance = random.Random(run)
    dusty = {which: chance.randrange(1, rounds) for which in chance.sample(range(DEVICES - 1), DUSTY)}
    sent: list[tuple[str, bytes]] = []
    garbage: set[bytes] = set()
    for number in range(READINGS):
        turn, which = divmod(number, DEVICES)
        at = start_ms + turn * 60_000 + which * 60
        pm10 = 1500.0 if dusty.get(which) == turn else 60.0 + which % 40
        body = {"time": iso(at), "pm10": pm10, "seq": number}
        sent.append((f"dust/v1/d{which:04d}/readings", json.dumps(body).encode()))
        if number % (READINGS // BAD) == 0:
            cut = b'{"run":%d,"cut":%d' % (run, number)
            sent.append((f"dust/v1/d{which:04d}/readings", cut))
            garbage.add(cut)
    return Load(sent, garbage, {f"d{which:04d}" for which in dusty})


def _county(folder: Path, url: str) -> Path:
    hook = [{"kind": "webhook", "url": url}]
    return write_county(
        folder,
        [device(f"d{i:04d}", f"site-{i % SITES}", offline_after=86_400) for i in range(DEVICES)],
        [site(f"site-{i}", contacts=[{"name": "项目经理", "channels": hook}]) for i in range(SITES)],
        packs=["instant-pm10"],
        channels=hook,
    )


def _kill_at_random(
    pipeline: Pipeline, chance: random.Random, stop: threading.Event, killed: Counter[str]
) -> None:
    waiting: list[str] = []
    while not stop.wait(chance.uniform(0.3, 2.0)):
        # each in turn, in an order of chance: no stage is left out of a run
        waiting = waiting or chance.sample(STAGES, len(STAGES))
        name = waiting.pop()
        pipeline.process(name).kill()
        killed[name] += 1


async def _distinct(bootstrap: str, partitions: int) -> tuple[set[bytes], dict[str, str]]:
    """Quarantined payloads, and breach id -> device of every opened breach that is to be told."""
    raw, opened = set(), {}
    async for record in scan(KafkaOptions(bootstrap), QUARANTINE, partitions):
        if codec.schema_of(record.headers) == codec.QUARANTINED:
            raw.add(codec.decode_quarantined(record.value).raw)
    async for record in scan(KafkaOptions(bootstrap), BREACHES, partitions):
        if codec.schema_of(record.headers) != BREACH:
            continue
        breach = decode_breach(record.value)
        if breach.event == "opened":
            opened[breach.id] = breach.device
    return raw, opened


@pytest.mark.parametrize("run", RUNS)
def test_a_run_with_kills_loses_nothing_and_tells_nobody_twice(run: int, tmp_path: Path) -> None:
    chance = random.Random(1000 + run)
    sink = WebhookSink()
    kafka = KafkaNode(tmp_path / "kafka").start()
    mosquitto = MqttBroker(tmp_path / "mqtt", kind="mosquitto").start()
    start_ms = int(datetime(2026, 11, 23, 1, 0, tzinfo=UTC).timestamp() * 1000)
    anchor = datetime.now(UTC).isoformat()
    pipeline = Pipeline(
        tmp_path,
        _county(tmp_path / "county", sink.url),
        kafka.bootstrap,
        mosquitto.url,
        f"sqlite:///{tmp_path}/history.sqlite",
        f"sqlite:///{tmp_path}/cases.sqlite",
        clock=f"{iso(start_ms)} x{SPEED} @{anchor}",
    )
    killed: Counter[str] = Counter()
    try:
        pipeline.prepare(start_ms)
        with running(pipeline):
            began = start_ms + int((time.time() - datetime.fromisoformat(anchor).timestamp()) * SPEED * 1000)
            load = _load(run, began)
            stop = threading.Event()
            killer = threading.Thread(target=_kill_at_random, args=(pipeline, chance, stop, killed))
            killer.start()
            client = LoadClient(mosquitto.port, f"load-{run}")
            client.publish(load.sent, per_second=DEVICES)
            client.close()
            stop.set()
            killer.join()
            if run == KILLED_ON_PURPOSE:
                _kill_between_send_and_receipt(pipeline, sink, mosquitto)
                load.dusty.add(LATE_DEVICE)
            _check(pipeline, sink, kafka.bootstrap, run, load)
    finally:
        mosquitto.stop()
        kafka.stop()
        sink.close()
    assert {name for name, times in killed.items() if times >= 2} == {*STAGES}, killed


def _kill_between_send_and_receipt(pipeline: Pipeline, sink: WebhookSink, mosquitto: MqttBroker) -> None:
    """The receiver takes a message and does not answer; the sender dies; the message goes out again."""
    sink.answering.clear()
    sink.taken.clear()
    client = LoadClient(mosquitto.port, "load-late")
    now = datetime.now(UTC)
    setting = pipeline.clock.split()
    start, anchor = datetime.fromisoformat(setting[0]), datetime.fromisoformat(setting[2][1:])
    at = int((start.timestamp() + (now - anchor).total_seconds() * SPEED) * 1000)
    body = {"time": iso(at), "pm10": 1900.0, "seq": READINGS}
    client.publish([(f"dust/v1/{LATE_DEVICE}/readings", json.dumps(body).encode())])
    client.close()

    def taken() -> bool:
        pipeline.tend()  # the stage killed last is still down
        return sink.taken.is_set()

    wait_for("a message reaches the webhook", taken, 60)
    pipeline.process("alerts").kill()
    sink.answering.set()


def _check(pipeline: Pipeline, sink: WebhookSink, bootstrap: str, run: int, load: Load) -> None:
    good = READINGS + (1 if run == KILLED_ON_PURPOSE else 0)

    def settled() -> bool:
        pipeline.tend()
        return pipeline.account(0).stored >= good

    wait_for("all good readings are stored", settled, 120, 0.5)
    engine = sa.create_engine(pipeline.cases)

    def told() -> bool:
        pipeline.tend()
        with engine.connect() as db:
            waiting = db.scalar(sa.text("select count(*) from messages where done_at is null"))
        raw, opened = asyncio.run(_distinct(bootstrap, pipeline.partitions))
        with engine.connect() as db:
            cases = db.scalar(sa.text("select count(*) from cases where breach is not null"))
        return waiting == 0 and len(raw) == BAD and cases == len(opened) >= len(load.dusty)

    wait_for("all bad ones in quarantine, one case a breach, no message waiting", told, 120, 0.5)
    account = pipeline.account(good + BAD)
    raw, opened = asyncio.run(_distinct(bootstrap, pipeline.partitions))
    assert account.stored == good
    assert raw == load.garbage
    assert {*opened.values()} == load.dusty, "each dusty device, and no other, has its breach"
    with engine.connect() as db:
        cases = [row[0] for row in db.execute(sa.text("select breach from cases where breach is not null"))]
        assert sorted(cases) == sorted(opened)
        told_twice = db.execute(
            sa.text(
                'select "case", step, recipient from messages '
                'group by "case", step, recipient having count(distinct id) > 1'
            )
        ).all()
        assert told_twice == []
        unknown = {
            row[0] for row in db.execute(sa.text("select message from attempts where outcome = 'unknown'"))
        }
        sent = {row[0] for row in db.execute(sa.text("select id from messages where state = 'sent'"))}
    ids_of: dict[tuple[str, str, str], set[str]] = {}
    for _, key, body in list(sink.received):
        ids_of.setdefault((body["case"], body["step"], body["recipient"]["id"]), set()).add(key)
    assert [told for told, ids in ids_of.items() if len(ids) > 1] == [], "told twice under two ids"
    repeats = {key for key, count in Counter(sink.ids()).items() if count > 1}
    assert set(sink.ids()) >= sent, "what counts as sent has arrived"
    assert repeats <= unknown, "a repeated id only where the attempt log says unknown"
    if run == KILLED_ON_PURPOSE:
        assert repeats, "the message taken before the kill has come again with the same id"
    engine.dispose()
