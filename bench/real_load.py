"""At real load (83 and 500 messages/s): bytes a reading on Kafka, CPU, and how long a reading takes.

83/s is 5,000 monitors once a minute. Published-to-Kafka is the broker's append time against the reading's
own time; published-to-webhook is a breach of an instant rule from the reading to a department's webhook.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from pathlib import Path

from bench.processes import cpu_seconds
from bench.report import Row
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
from ingest import codec
from ingest.kafka_options import KafkaOptions
from ingest.scan import scan
from ingest.topics import FEED
from tests.counties import device, iso, site, write_county
from tests.mqtt_load import LoadClient
from tests.pipeline import STAGES, Pipeline, running, wait_for
from tests.webhook_sink import WebhookSink

SECONDS = 30
DEVICES = 500
RATES = (83, 500)
DUSTY_EVERY = 100  # one reading in so many is above the instant limit: five breaches a second at 500/s


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def run() -> list[Row]:
    """Rows for each rate."""
    rows: list[Row] = []
    for rate in RATES:
        with tempfile.TemporaryDirectory(prefix="dustwatch-bench-") as name:
            rows += _at(rate, Path(name))
    return rows


def _at(rate: int, folder: Path) -> list[Row]:
    sink = WebhookSink()
    hook = [{"kind": "webhook", "url": sink.url}]
    county = write_county(
        folder / "county",
        [device(f"d{i:03d}", f"site-{i % 50}", offline_after=86_400) for i in range(DEVICES)],
        [site(f"site-{i}", contacts=[{"name": "项目经理", "channels": hook}]) for i in range(50)],
        packs=("hebei-db13-2934-2019", "shanghai-db31-964-2016", "wuhan-2017-pm10", "instant-pm10"),
        channels=hook,
    )
    kafka = KafkaNode(folder / "kafka").start()
    mqtt = MqttBroker(folder / "mqtt", kind="mosquitto").start()
    pipeline = Pipeline(
        folder,
        county,
        kafka.bootstrap,
        mqtt.url,
        f"sqlite:///{folder}/history.sqlite",
        f"sqlite:///{folder}/cases.sqlite",
        partitions=12,
        env={"DUSTWATCH_SNAPSHOT_SECONDS": "5"},
    )
    try:
        pipeline.prepare(time.time_ns() // 1_000_000 - 1000)
        with running(pipeline):
            _publish(mqtt.port, rate, 5, dusty=False)
            before = {name: cpu_seconds(pipeline.process(name).pid) for name in STAGES}
            began = time.perf_counter()
            told_by = _publish(mqtt.port, rate, SECONDS, dusty=True)
            published = rate * SECONDS / (time.perf_counter() - began)
            cpu = {n: cpu_seconds(pipeline.process(n).pid) - before[n] for n in STAGES}
            wait_for(
                "every breach reaches the webhook", lambda: len(_told(sink, told_by)) == len(told_by), 60
            )
            told = _told(sink, told_by)
            appended, size, readings = asyncio.run(_on_kafka(kafka.bootstrap, folder))
    finally:
        mqtt.stop()
        kafka.stop()
        sink.close()
    if published < 0.95 * rate:
        raise RuntimeError(f"the publisher reached {published:.0f} of {rate} messages/s: too busy a machine")
    note = "CPU %: " + ", ".join(f"{k} {v / SECONDS * 100:.0f}" for k, v in cpu.items())
    at = f"at {rate}/s: "
    return [
        Row(at + "bytes a reading on Kafka", size / readings, "B", note=note),
        Row(at + "published to Kafka, p50", percentile(appended, 0.50), "ms"),
        Row(at + "published to Kafka, p99", percentile(appended, 0.99), "ms"),
        Row(at + "published to webhook, p50", percentile(told, 0.50), "ms", note=f"{len(told)} breaches"),
        Row(
            at + "published to webhook, p99",
            percentile(told, 0.99),
            "ms",
            goal="< 500 ms" if rate == RATES[-1] else "",
        ),
    ]


def _publish(port: int, rate: int, seconds: int, *, dusty: bool) -> dict[str, int]:
    """Publish one reading at a time; returns device -> ns of the reading that breaches (once a device)."""
    client = LoadClient(port, f"load-{rate}")
    chance = random.Random(rate)
    breaching: dict[str, int] = {}
    started = time.perf_counter()
    for number in range(rate * seconds):
        ahead = started + number / rate - time.perf_counter()
        if ahead > 0:
            time.sleep(ahead)
        name = f"d{number % DEVICES:03d}"
        now = time.time_ns()
        high = dusty and name not in breaching and chance.random() < 1 / DUSTY_EVERY
        if high:
            breaching[name] = now
        body = {"time": iso(now // 1_000_000), "pm10": 1500.0 if high else 60.0, "tsp": 120.0, "seq": number}
        client.publish([(f"dust/v1/{name}/readings", json.dumps(body).encode())])
    client.close()
    return breaching


def _told(sink: WebhookSink, published: dict[str, int]) -> list[float]:
    """ms from the breaching reading to its first arrival at the webhook, by device."""
    first: dict[str, int] = {}
    for at, _, body in list(sink.received):
        name = body["data"].get("matter", {}).get("device")
        if name in published:
            first.setdefault(name, at)
    return [(at - published[name]) / 1e6 for name, at in first.items()]


async def _on_kafka(bootstrap: str, folder: Path) -> tuple[list[float], int, int]:
    """(ms from a reading's own time to the append, bytes of the feed's log, readings in it)."""
    late: list[float] = []
    async for record in scan(KafkaOptions(bootstrap), FEED, 12):
        if codec.schema_of(record.headers) == codec.READINGS:
            late += [record.timestamp - at for at in codec.decode_readings(record.value).time.tolist()]
    size = sum(file.stat().st_blocks * 512 for file in (folder / "kafka" / "data").glob(f"{FEED}-*/*.log"))
    return late, size, len(late)
