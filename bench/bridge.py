"""The bridge against a bare paho subscriber: a backlog of 100,000 messages on the same Mosquitto, same run.

Both are one process with 1000 messages in flight, manual acknowledgement and a persistent session. The
bare one speaks MQTT 3.1.1, where paho is at its fastest, and only acknowledges; the bridge decodes,
checks, waits for Kafka and then acknowledges. Timed from the first message that the process sees to its
last acknowledgement. A run counts only when every message has become a reading on Kafka.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bench.processes import cpu_seconds, first_line
from bench.report import Row
from bench.whole_way import county, messages
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
from ingest import codec
from ingest.admin import ensure_topics
from ingest.bridge import BridgeConfig, run_bridge
from ingest.clock import WallClock
from ingest.feed import FeedOptions
from ingest.kafka_options import KafkaOptions
from ingest.mqtt import MqttOptions
from ingest.register import load_register
from ingest.scan import scan
from ingest.telemetry import Telemetry
from ingest.topic_filters import BACKGROUND_FILTER, SIGNALS_FILTER, STATUS_FILTER
from ingest.topics import FEED, QUARANTINE
from tests.mqtt_load import LoadClient, forget

MESSAGES = 100_000
RUNS = 3
PARTITIONS = 12
READINGS_FILTER = "dust/v1/+/readings"
_WITHIN_S = 120.0
_SESSION_S = 3600
_BARE, _OURS = "bare", "dustwatch-bridge"


def run() -> list[Row]:
    """Medians of both, interleaved."""
    rates: dict[str, list[float]] = {_BARE: [], _OURS: []}
    cpu: dict[str, list[float]] = {_BARE: [], _OURS: []}
    with tempfile.TemporaryDirectory(prefix="dustwatch-bench-") as name:
        folder = Path(name)
        kafka = KafkaNode(folder / "kafka").start()
        mqtt = MqttBroker(folder / "mqtt", kind="mosquitto").start()
        try:
            asyncio.run(ensure_topics(kafka.options, PARTITIONS))
            register = county(folder / "county")
            for _ in range(RUNS):
                for who in (_BARE, _OURS):
                    rate, seconds = _measure(who, mqtt, kafka, register)
                    rates[who].append(rate)
                    cpu[who].append(seconds)
        finally:
            mqtt.stop()
            kafka.stop()
    spread = ", ".join(f"{who} {min(r):,.0f} to {max(r):,.0f}" for who, r in rates.items())
    used = ", ".join(f"{who} {statistics.median(c) * 100_000 / MESSAGES:.1f}" for who, c in cpu.items())
    return [
        Row(
            "bridge, backlog: decoded, in Kafka, acknowledged",
            statistics.median(rates[_OURS]),
            "messages/s",
            "bare paho subscriber",
            statistics.median(rates[_BARE]),
            "ratio at least 0.5",
            f"median of {RUNS}; {spread}; CPU s per 100,000: {used}",
        )
    ]


def _measure(who: str, mqtt: MqttBroker, kafka: KafkaNode, register: Path) -> tuple[float, float]:
    for left in (_BARE, _OURS):
        forget(left, mqtt.port)
    _prepare_session(who, mqtt.port)
    load = LoadClient(mqtt.port)
    load.publish(messages(MESSAGES, int(time.time() * 1000)))
    load.close()
    before = asyncio.run(_on_kafka(kafka.bootstrap))
    command = [sys.executable, "-m", "bench.bridge", who, mqtt.url, kafka.bootstrap, str(register)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        said = json.loads(first_line(child, who, _WITHIN_S))
    finally:
        child.terminate()
        child.wait(15)
    readings, refused = asyncio.run(_on_kafka(kafka.bootstrap))
    made = readings - before[0], refused - before[1]
    if who == _OURS and (made[0] < MESSAGES or made[1]):
        raise RuntimeError(f"{MESSAGES} messages became {made[0]} readings, {made[1]} were refused")
    return MESSAGES / said["seconds"], said["cpu"]


async def _on_kafka(bootstrap: str) -> tuple[int, int]:
    """(readings in the feed, messages in quarantine)."""
    readings = refused = 0
    async for record in scan(KafkaOptions(bootstrap), FEED, PARTITIONS):
        if codec.schema_of(record.headers) == codec.READINGS:
            readings += len(codec.decode_readings(record.value))
    async for record in scan(KafkaOptions(bootstrap), QUARANTINE, PARTITIONS):
        refused += codec.schema_of(record.headers) == codec.QUARANTINED
    return readings, refused


def _prepare_session(who: str, port: int) -> None:
    """Subscribe and leave, so that the broker keeps what comes."""
    share = "" if who == _BARE else "$share/dustwatch/"
    wanted = [f"{share}{name}" for name in (READINGS_FILTER, BACKGROUND_FILTER, SIGNALS_FILTER)]
    client = _client(who)
    done: list[bool] = []
    client.on_subscribe = lambda *_: done.append(True)
    _connect(client, port)
    client.loop_start()
    client.subscribe([(name, 1) for name in wanted if who != _BARE or name == READINGS_FILTER])
    if who != _BARE:
        client.subscribe(STATUS_FILTER, 1)
    deadline = time.monotonic() + 10
    while not done and time.monotonic() < deadline:
        time.sleep(0.02)
    client.disconnect()
    client.loop_stop()


def _client(who: str) -> paho.Client:
    if who == _BARE:
        return paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=who,
            protocol=paho.MQTTv311,
            clean_session=False,
            manual_ack=True,
        )
    return paho.Client(CallbackAPIVersion.VERSION2, client_id=who, protocol=paho.MQTTv5)


def _connect(client: paho.Client, port: int) -> None:
    if client.protocol == paho.MQTTv311:
        client.connect("127.0.0.1", port)
        return
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = _SESSION_S
    client.connect("127.0.0.1", port, clean_start=False, properties=properties)


def _bare(port: int) -> None:
    client, seen = _client(_BARE), 0
    started = 0.0

    def on_message(client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        nonlocal seen, started
        if not seen:
            started = time.perf_counter()
        seen += 1
        client.ack(message.mid, 1)
        if seen == MESSAGES:
            _say(time.perf_counter() - started)
            client.disconnect()

    client.on_message = on_message
    _connect(client, port)
    client.loop_forever()


async def _ours(url: str, kafka: str, register: Path) -> None:
    telemetry, stop = Telemetry("bridge"), asyncio.Event()
    config = BridgeConfig(MqttOptions(url, client_id=_OURS), FeedOptions(KafkaOptions(kafka), PARTITIONS))
    task = asyncio.create_task(run_bridge(config, load_register(register), telemetry, WallClock(), stop))
    came, left = telemetry.records.labels("message"), telemetry.written.labels("acknowledged")
    started = None
    while (acknowledged := left._value.get()) < MESSAGES:
        await asyncio.sleep(0.002 if started is None or acknowledged > MESSAGES * 0.95 else 0.02)
        if started is None and came._value.get():
            started = time.perf_counter()
        if task.done():
            task.result()
    assert started is not None
    _say(time.perf_counter() - started)
    stop.set()
    await task


def _say(seconds: float) -> None:
    print(json.dumps({"seconds": seconds, "cpu": cpu_seconds(os.getpid())}), flush=True)


def main(who: str, url: str, kafka: str, register: str) -> None:
    """One subscriber process."""
    if who == _BARE:
        _bare(int(url.rsplit(":", 1)[1]))
    else:
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
        asyncio.run(_ours(url, kafka, Path(register)))


if __name__ == "__main__":
    main(*sys.argv[1:])
