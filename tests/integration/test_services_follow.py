"""`run bridge` and `run gateway` take on a folder that was applied, without a restart."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.ports import free_port
from ingest.clock import WallClock
from ingest.codec import READINGS, decode, schema_of
from ingest.kafka_options import KafkaOptions
from ingest.quarantine import read_quarantine
from ingest.records import Readings
from ingest.scan import scan
from ingest.topics import FEED
from tests.counties import device, iso, site, write_county
from tests.e2e.test_missing_servers import service
from tests.integration.test_gateway import frame
from tests.mqtt_load import LoadClient
from tests.pipeline import wait_for
from tests.servers.mosquitto import MosquittoServer

pytestmark = pytest.mark.servers
PARTITIONS = 2
MN = "010000A8900016F000169DC7"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[KafkaNode]:
    own = KafkaNode(tmp_path / "kafka").start()
    yield own
    own.stop()


def dustwatch(node: KafkaNode, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DUSTWATCH_")}
    own = {"DUSTWATCH_KAFKA": node.bootstrap, "DUSTWATCH_PARTITIONS": str(PARTITIONS)}
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", *arguments],
        capture_output=True, text=True, timeout=120, check=False, env={**kept, **own},
    )  # fmt: skip


async def devices_in_feed(bootstrap: str) -> dict[str, str]:
    """Device -> revision that its newest reading names."""
    found: dict[str, str] = {}
    async for record in scan(KafkaOptions(bootstrap), FEED, PARTITIONS):
        if schema_of(record.headers) == READINGS:
            batch = decode(record.value, record.headers)
            assert isinstance(batch, Readings)
            found |= dict.fromkeys(batch.devices, batch.revision)
    return found


def test_a_monitor_that_is_added_and_applied_is_read_by_both_without_a_restart(
    node: KafkaNode, mosquitto: MosquittoServer, tmp_path: Path
) -> None:
    folder = write_county(tmp_path / "county", [device("d1", "s1")], [site("s1")])
    added = write_county(
        tmp_path / "added",
        [
            device("d1", "s1"),
            device("new", "s1", aliases=["park/new/readings"]),
            device("hj", "s1", format="hj212", aliases=[MN]),
        ],
        [site("s1")],
    )
    (added / "ingest.yaml").write_text(
        '- {filter: "dust/v1/+/readings", format: json_v1}\n- {filter: "park/+/readings", format: json_v1}\n'
    )
    assert dustwatch(node, "apply", str(folder)).returncode == 0
    port = free_port()
    settings = {
        "CONFIG": folder, "KAFKA": node.bootstrap, "PARTITIONS": PARTITIONS, "MQTT": mosquitto.url,
        "MQTT_CLIENT_ID": "follows", "GATEWAY_PORT": port,
    }  # fmt: skip
    with (
        service("bridge", tmp_path, **settings) as (bridge, _),
        service("gateway", tmp_path, **settings) as (
            gateway,
            _,
        ),
    ):
        wait_for("the bridge is connected", lambda: "mqtt_connected" in bridge.log.read_text(), 60)
        wait_for("the gateway listens", lambda: "gateway_listens" in gateway.log.read_text(), 60)
        for name in ("sites.yaml", "devices.yaml", "ingest.yaml"):
            shutil.copy(added / name, folder / name)
        applied = dustwatch(node, "apply", str(folder))
        assert applied.returncode == 0, applied.stderr
        assert "bridge, gateway, alerts and desk take on their folder" in applied.stderr
        revision = re.search(r"revision (\w+)", applied.stdout)
        assert revision is not None
        for one in (bridge, gateway):
            wait_for(f"{one.name} follows", lambda one=one: "configuration_taken" in one.log.read_text(), 90)
        client = LoadClient(mosquitto.port, "follow-load")
        with socket.create_connection(("127.0.0.1", port)) as monitor:

            def arrived() -> bool:
                body = f'{{"time": "{iso(WallClock().now_ms())}", "pm10": 5}}'.encode()
                client.publish([("park/new/readings", body)])
                monitor.sendall(frame(1, MN))
                return {"new", "hj"} <= asyncio.run(devices_in_feed(node.bootstrap)).keys()

            wait_for("both are read", arrived, 60)
        assert bridge.running()
        assert gateway.running()
    found = asyncio.run(devices_in_feed(node.bootstrap))
    assert {found["new"], found["hj"]} == {revision[1]}
    assert [one.record.code for one in asyncio.run(read_quarantine(node.options))] == []
