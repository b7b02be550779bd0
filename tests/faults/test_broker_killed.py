"""kill -9 of Mosquitto with the embedded settings: what it had saved for an absent bridge is still there."""

from __future__ import annotations

import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from deploy.embedded.mqtt import MqttBroker
from tests.mqtt_load import LoadClient
from tests.pipeline import wait_for

pytestmark = pytest.mark.servers

QUEUED = 2000


def _subscriber(port: int) -> tuple[paho.Client, set[bytes]]:
    """A connected persistent session and what it receives."""
    received: set[bytes] = set()
    subscribed: list[int] = []
    client = paho.Client(
        CallbackAPIVersion.VERSION2, client_id="absent", protocol=paho.MQTTv311, clean_session=False
    )
    client.on_message = lambda _client, _data, message: received.add(message.payload)
    client.on_subscribe = lambda *_: subscribed.append(1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.subscribe("dust/#", 1)
    wait_for("the subscription is confirmed", lambda: bool(subscribed), 10)
    return client, received


def test_what_the_broker_has_saved_outlives_its_kill(tmp_path: Path) -> None:
    broker = MqttBroker(tmp_path, mosquitto=True).start()
    client, _ = _subscriber(broker.port)
    client.disconnect()
    client.loop_stop()
    load = LoadClient(broker.port)
    load.publish([("dust/x", b"%d" % number) for number in range(QUEUED)])
    load.close()
    published, saved = time.time(), tmp_path / "mosquitto.db"
    # a save that begins after the last message holds them all
    wait_for("the broker saves", lambda: saved.exists() and saved.stat().st_mtime > published + 0.1, 15)
    broker.kill()
    broker = MqttBroker(tmp_path, broker.port, mosquitto=True).start()
    client, received = _subscriber(broker.port)
    wait_for("all messages are delivered", lambda: len(received) == QUEUED, 20)
    client.disconnect()
    client.loop_stop()
    broker.stop()
