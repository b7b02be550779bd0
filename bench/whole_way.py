"""The whole way on real servers: a backlog from Mosquitto to InfluxDB, judged and acknowledged.

Publisher, Mosquitto, bridge, Kafka, detect, store, alerts and InfluxDB share the machine. Telegraf, which
only stores, gets the same messages from the same broker into the same InfluxDB, in the same run.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from bench import telegraf
from bench.processes import cpu_seconds
from bench.report import Row
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
from ingest.mqtt import MqttOptions
from processors.history import open_history
from tests.counties import device, iso, site, write_county
from tests.mqtt_load import LoadClient, forget
from tests.pipeline import STAGES, Pipeline, running, wait_for
from tests.servers import influxdb

MESSAGES = 150_000
DEVICES = 500
INTERVAL_S = 5
_WITHIN_S = 240.0
PACKS = ("hebei-db13-2934-2019", "shanghai-db31-964-2016", "wuhan-2017-pm10", "instant-pm10")


def payload(at_ms: int, number: int) -> bytes:
    """About 150 bytes of native JSON with 8 values."""
    body = {
        "time": iso(at_ms),
        "pm10": 60.0 + number % 37,
        "pm2_5": 30.0 + number % 11,
        "tsp": 120.0 + number % 53,
        "temperature": 12.5,
        "humidity": 40.0,
        "wind_speed": 2.1,
        "wind_direction": 270,
        "noise": 61.2,
    }
    return json.dumps(body, separators=(",", ":")).encode()


def messages(count: int, end_ms: int) -> list[tuple[str, bytes]]:
    """`count` readings of DEVICES monitors, the newest a moment before `end_ms`."""
    rounds = count // DEVICES
    return [
        (
            f"dust/v1/d{which:03d}/readings",
            payload(end_ms - (rounds - turn) * INTERVAL_S * 1000, turn * DEVICES + which),
        )
        for turn in range(rounds)
        for which in range(DEVICES)
    ]


def county(folder: Path) -> Path:
    """DEVICES monitors at 50 sites with all packs."""
    devices = [
        device(f"d{i:03d}", f"site-{i % 50}", interval=INTERVAL_S, offline_after=86_400)
        for i in range(DEVICES)
    ]
    return write_county(folder, devices, [site(f"site-{i}") for i in range(50)], packs=PACKS)


def run() -> list[Row]:
    """Rates of ours and of Telegraf, and our CPU seconds by process."""
    with tempfile.TemporaryDirectory(prefix="dustwatch-bench-") as name:
        folder = Path(name)
        influx = influxdb.start(folder / "influxdb")
        kafka = KafkaNode(folder / "kafka").start()
        mqtt = MqttBroker(folder / "mqtt", kind="mosquitto").start()
        os.environ["DUSTWATCH_INFLUX_TOKEN"] = influx.token
        try:
            ours, costs = _ours(folder, kafka, mqtt, influx)
            peer = _telegraf(folder, mqtt, influx)
        finally:
            mqtt.stop()
            kafka.stop()
            influx.stop()
    note = "CPU s per 100,000: " + ", ".join(f"{k} {v / MESSAGES * 1e5:.1f}" for k, v in costs.items())
    return [
        Row(
            "whole way, stored, judged and acknowledged",
            ours,
            "readings/s",
            "Telegraf (store only)",
            peer,
            ">= 10,000/s",
            note,
        )
    ]


def _ours(
    folder: Path, kafka: KafkaNode, mqtt: MqttBroker, influx: influxdb.InfluxServer
) -> tuple[float, dict[str, float]]:
    influx.create_bucket("ours")
    history = f"influx+{influx.url}?org={influx.org}&bucket=ours"
    cases = f"sqlite:///{folder}/cases.sqlite"
    pipeline = Pipeline(folder, county(folder / "county"), kafka.bootstrap, mqtt.url, history, cases)
    now = time.time_ns() // 1_000_000
    pipeline.prepare(now - 3_600_000)
    with running(pipeline):
        client = LoadClient(mqtt.port)
        warm = messages(DEVICES * 4, now - 3_000_000)
        client.publish(warm)
        store = open_history(history)
        wait_for("the warm-up is stored", lambda: store.count("readings") == len(warm), 60)
        load = messages(MESSAGES, time.time_ns() // 1_000_000)
        before = _costs(pipeline)
        started = time.perf_counter()
        client.publish(load)
        _wait_for_count(lambda: store.count("readings"), len(warm) + MESSAGES)
        rate = MESSAGES / (time.perf_counter() - started)
        costs = {name: cost - before[name] for name, cost in _costs(pipeline).items()}
        client.close()
        store.close()
    return rate, costs


def _costs(pipeline: Pipeline) -> dict[str, float]:
    return {name: cpu_seconds(pipeline.process(name).pid) for name in STAGES}


def _wait_for_count(counted: Callable[[], int], count: int) -> None:
    wait_for(f"{count} readings in InfluxDB", lambda: counted() >= count, _WITHIN_S, 0.25)


def _telegraf_points(influx: influxdb.InfluxServer) -> int:
    """Points that Telegraf has written: its measurement has fields of its own choosing."""
    answer = httpx.get(
        f"{influx.url}/query",
        params={"db": "telegraf", "q": "SELECT count(pm10) FROM readings"},
        headers={"Authorization": f"Token {influx.token}"},
        timeout=30,
    )
    series = answer.raise_for_status().json()["results"][0].get("series")
    return int(series[0]["values"][0][1]) if series else 0


def _telegraf(folder: Path, mqtt: MqttBroker, influx: influxdb.InfluxServer) -> float | None:
    if telegraf.binary() is None:
        return None
    influx.create_bucket("telegraf")
    forget(MqttOptions().client_id, mqtt.port)
    process = telegraf.start(folder, mqtt.port, influx.url, influx.org, "telegraf", influx.token)
    client = LoadClient(mqtt.port, "load-telegraf")
    try:
        # InfluxDB keeps one point a series and instant: Telegraf tags the topic, so none overwrites another.
        warm = messages(DEVICES * 4, time.time_ns() // 1_000_000 - 3_000_000)
        wait_for("telegraf subscribes", lambda: _subscribed(client, influx, warm), 60, 1.0)
        load = messages(MESSAGES, time.time_ns() // 1_000_000)
        started = time.perf_counter()
        client.publish(load)
        _wait_for_count(lambda: _telegraf_points(influx), len(warm) + MESSAGES)
        return MESSAGES / (time.perf_counter() - started)
    finally:
        client.close()
        process.stop()


def _subscribed(client: LoadClient, influx: influxdb.InfluxServer, warm: list[tuple[str, bytes]]) -> bool:
    """Whether the warm-up arrives; publishing it again overwrites the same points."""
    client.publish(warm)
    return _telegraf_points(influx) == len(warm)
