"""The disk under the embedded stores is full: the store says so and waits; with room again nothing is lost."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
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
    mqtt = MqttBroker(tmp_path / "mqtt", mosquitto=True).start()
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
