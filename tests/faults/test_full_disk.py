"""The disk under the embedded stores is full: the store says so and waits; with room again nothing is lost."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
from deploy.machine.supervisor import KeptServer
from ingest.admin import ensure_topics
from ingest.topics import TopicSpec
from tests.counties import device, iso, write_county
from tests.mqtt_load import LoadClient
from tests.pipeline import Pipeline, running, wait_for

# mounting a small file system needs root, as installing the servers does
pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

DEVICES, ROUNDS = 50, 300


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def _produce(bootstrap: str, texts: Iterable[bytes]) -> int:
    """Send until all are confirmed or the broker confirms no more; the number confirmed."""
    confirmed = 0
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", request_timeout_ms=5000)
    await producer.start()
    try:
        for text in texts:
            await producer.send_and_wait("full", text, partition=0)
            confirmed += 1
    except KafkaError:
        pass
    finally:
        with suppress(KafkaError):
            await producer.stop()
    return confirmed


async def _count(bootstrap: str) -> int:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        part = TopicPartition("full", 0)
        return int((await consumer.end_offsets([part]))[part])
    finally:
        await consumer.stop()


def test_an_embedded_kafka_on_a_full_disk_says_so_and_with_room_goes_on_with_all_it_confirmed(
    tmp_path: Path,
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(disk)], check=True)
    kafka = KafkaNode(disk / "kafka")
    try:
        kafka.start()
        asyncio.run(ensure_topics(kafka.options, 1, 1, [TopicSpec("full")]))
        kept = KeptServer("Kafka", kafka, kafka.log, time.monotonic())
        confirmed = asyncio.run(_produce(kafka.bootstrap, itertools.repeat(b"x" * 500_000, 100)))
        assert 0 < confirmed < 100
        wait_for("the broker gives up", lambda: not kafka.running(), 60)
        said = kept.tend(time.monotonic())
        assert kept.due_at is not None
        said += kept.tend(kept.due_at)
        assert f"the disk under {disk}/kafka is full, make room" in said[-1], said
        subprocess.run(["mount", "-o", "remount,size=256m", str(disk)], check=True)
        assert kept.tend(kept.due_at) == ["Kafka runs again"]
        assert asyncio.run(_count(kafka.bootstrap)) >= confirmed
        assert asyncio.run(_produce(kafka.bootstrap, [b"again"])) == 1
    finally:
        kafka.stop()
        subprocess.run(["umount", "-l", str(disk)], check=True)


def _unready(pipeline: Pipeline, service: str) -> str:
    """What /readyz of a service complains of; empty when all is well."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{pipeline.ports[service]}/readyz", timeout=2):
            return ""
    except urllib.error.HTTPError as refused:
        return refused.read().decode()
    except (urllib.error.URLError, OSError):
        return ""


def test_a_full_disk_is_named_and_with_room_again_nothing_is_lost(tmp_path: Path, small_disk: Path) -> None:
    folder = write_county(tmp_path / "county", [device(f"d{i:02d}") for i in range(DEVICES)])
    kafka = KafkaNode(tmp_path / "kafka").start()
    mqtt = MqttBroker(tmp_path / "mqtt", kind="mosquitto").start()
    pipeline = Pipeline(
        tmp_path,
        folder,
        kafka.bootstrap,
        mqtt.url,
        f"sqlite:///{small_disk}/history.sqlite",
        f"sqlite:///{tmp_path}/cases.sqlite",
    )
    now = int(datetime.now(UTC).timestamp() * 1000)
    pipeline.prepare(now - 60_000)
    messages = [
        (f"dust/v1/d{i:02d}/readings", json.dumps({"time": iso(now - turn * 1000), "pm10": 50 + i}).encode())
        for turn in range(ROUNDS)
        for i in range(DEVICES)
    ]
    try:
        with running(pipeline):
            client = LoadClient(mqtt.port)
            client.publish(messages, per_second=2000)
            client.close()
            wait_for("the store complains of the disk", lambda: "full" in _unready(pipeline, "store"), 60)
            assert pipeline.ready("detect"), "detection goes on"
            assert pipeline.account(len(messages)).stored < len(messages)
            subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
            assert pipeline.wait_balanced(len(messages), 60).stored == len(messages)
    finally:
        mqtt.stop()
        kafka.stop()
