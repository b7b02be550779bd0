"""A server is gone for a while: what depends on it waits, the rest goes on, nothing is lost."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
from deploy.embedded.ports import free_port
from deploy.embedded.process import ServerProcess
from tests.counties import device, iso, site, write_county
from tests.mqtt_load import LoadClient
from tests.pipeline import Pipeline, running, wait_for
from tests.servers.influxdb import InfluxServer
from tests.servers.postgres import PostgresServer
from tests.webhook_sink import WebhookSink

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

DEVICES = 50
OUTAGE_S = 60
TOLD_WITHIN_S = 10
POISON = 10_000


@dataclass(slots=True)
class County:
    """A running pipeline on servers of its own, and a publisher of ten readings a second."""

    pipeline: Pipeline
    kafka: KafkaNode
    mqtt: MqttBroker
    sink: WebhookSink
    published: int = 0

    def publish_for(self, seconds: float, stop: threading.Event | None = None) -> None:
        """Every device in turn, wall-clock time stamps; returns when the broker has acknowledged all."""
        client = LoadClient(self.mqtt.port, "load")
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (stop and stop.is_set()):
            self.publish(client, 60.0)
            time.sleep(0.1)
        client.close()

    def publish(self, client: LoadClient, pm10: float) -> str:
        """One reading of the next device; returns the device."""
        body = {"time": iso(time.time_ns() // 1_000_000), "pm10": pm10, "seq": self.published}
        name = f"d{self.published % DEVICES:02d}"
        client.publish([(f"dust/v1/{name}/readings", json.dumps(body).encode())])
        self.published += 1
        return name

    def publish_one(self, pm10: float) -> str:
        """One reading on a connection of its own; returns the device."""
        client = LoadClient(self.mqtt.port, "load-one")
        name = self.publish(client, pm10)
        client.close()
        return name

    def told(self) -> set[str]:
        """Devices of whose breach the webhook has heard."""
        return {body["data"].get("matter", {}).get("device") for _, _, body in list(self.sink.received)}

    def acknowledged(self) -> int:
        """Messages that the bridge says it has acknowledged."""
        page = httpx.get(f"http://127.0.0.1:{self.pipeline.ports['bridge']}/metrics", timeout=10).text
        found = re.search(r'^dustwatch_written_total\{kind="acknowledged"\} (\S+)$', page, re.M)
        return int(float(found[1])) if found else 0

    def restarts(self) -> dict[str, int]:
        """Services that had to be started again, and how often."""
        return {s.name: s.restarts for s in self.pipeline.supervisor.services if s.restarts}


@pytest.fixture
def county(
    tmp_path: Path, influxdb: InfluxServer, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[County]:
    monkeypatch.setenv("DUSTWATCH_INFLUX_TOKEN", influxdb.token)
    bucket = f"outage-{tmp_path.name}"
    influxdb.create_bucket(bucket)
    sink = WebhookSink()
    hook = [{"kind": "webhook", "url": sink.url}]
    folder = write_county(
        tmp_path / "county",
        [device(f"d{i:02d}", f"site-{i % 5}", offline_after=86_400) for i in range(DEVICES)],
        [site(f"site-{i}", contacts=[{"name": "项目经理", "channels": hook}]) for i in range(5)],
        packs=["instant-pm10"],
        channels=hook,
    )
    kafka = KafkaNode(tmp_path / "kafka").start()
    mqtt = MqttBroker(tmp_path / "mqtt", kind="mosquitto").start()
    history = f"influx+{influxdb.url}?org={influxdb.org}&bucket={bucket}"
    cases = postgres.create_database(f"outage_{time.time_ns()}")
    pipeline = Pipeline(tmp_path, folder, kafka.bootstrap, mqtt.url, history, cases)
    pipeline.prepare(int((datetime.now(UTC) - timedelta(minutes=1)).timestamp() * 1000))
    try:
        with running(pipeline):
            yield County(pipeline, kafka, mqtt, sink)
    finally:
        mqtt.stop()
        kafka.stop()
        sink.close()


def test_influxdb_stopped_for_a_minute_loses_nothing_and_pauses_no_alert(
    county: County, influxdb: InfluxServer
) -> None:
    county.publish_for(3)
    influxdb.stop()
    stopped = time.monotonic()
    breaches = 0
    while time.monotonic() - stopped < OUTAGE_S:
        name = county.publish_one(1500.0)
        breaches += 1
        wait_for(f"the breach of {name} is told", lambda n=name: n in county.told(), TOLD_WITHIN_S)
        county.publish_for(5)
    assert breaches >= 8, "detection and alerts went on through the whole minute"
    assert not county.pipeline.ready("store"), "a store without its server does not claim to be ready"
    influxdb.start_again()
    account = county.pipeline.wait_balanced(county.published, 60)
    assert account.stored == county.published
    assert county.restarts() == {}, "the store waited; it was neither expelled nor restarted"


def test_poison_among_good_readings_is_all_in_quarantine_and_all_good_ones_are_stored(
    county: County,
) -> None:
    start = time.time_ns() // 1_000_000 - POISON * 10
    mixed: list[tuple[str, bytes]] = []
    for number in range(POISON):
        topic = f"dust/v1/d{number % DEVICES:02d}/readings"
        good = {"time": iso(start + number * 10), "pm10": 60.0, "seq": number}
        mixed += [(topic, json.dumps(good).encode()), (topic, b'{"pm10": %d, "cut' % number)]
    client = LoadClient(county.mqtt.port, "load-poison")
    client.publish(mixed)
    client.close()
    county.published += len(mixed)
    name = county.publish_one(1500.0)
    wait_for("a breach behind the poison is told", lambda: name in county.told(), 60)
    account = county.pipeline.wait_balanced(county.published, 90)
    assert account.stored == POISON + 1
    assert account.quarantined == {"bad_json": POISON}
    assert county.restarts() == {}


def test_kafka_stopped_makes_the_bridge_hold_its_acknowledgements_and_nothing_is_lost(county: County) -> None:
    county.publish_for(3)
    county.pipeline.wait_balanced(county.published, 30)
    before = county.acknowledged()
    assert before == county.published
    county.kafka.stop()
    county.publish_for(20)
    assert county.acknowledged() == before, "nothing is acknowledged that Kafka has not confirmed"
    assert not county.pipeline.ready("bridge"), "a bridge without Kafka does not claim to be ready"
    county.kafka.start()
    account = county.pipeline.wait_balanced(county.published, 120)
    assert account.stored == county.published


def test_kafka_killed_with_nine_and_started_again_loses_nothing(county: County) -> None:
    county.publish_for(2)
    county.kafka.kill()
    county.publish_for(5)
    county.kafka.start()
    assert county.pipeline.wait_balanced(county.published, 120).stored == county.published


def test_a_wrong_token_ends_the_store_with_words_and_no_traceback(county: County) -> None:
    own = {"DUSTWATCH_INFLUX_TOKEN": "not-the-token", "DUSTWATCH_HEALTH_PORT": str(free_port())}
    env = {**county.pipeline.settings("store"), **own}
    log = county.pipeline.folder / "wrong-token.log"
    process = ServerProcess("store", [sys.executable, "-m", "deploy.cli", "run", "store"], log, env)
    assert process.popen.wait(30) == 2
    said = log.read_text(encoding="utf-8")
    assert "Traceback" not in said
    assert "token" in said.lower()


def test_a_breach_has_one_case_however_often_its_limit_is_exceeded(county: County) -> None:
    client = LoadClient(county.mqtt.port, "load")
    for _ in range(3 * DEVICES):
        county.publish(client, 1500.0 if county.published % DEVICES < 2 else 60.0)
    client.close()
    wait_for("both breaches are told", lambda: county.told() == {"d00", "d01"}, 30)
    account = county.pipeline.wait_balanced(county.published, 30)
    assert (account.breaches, account.cases) == (2, 2)
