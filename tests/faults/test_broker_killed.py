"""kill -9 of the MQTT broker: what it had confirmed (Artemis), what it had saved (Mosquitto), is still there."""

from __future__ import annotations

import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from deploy.embedded.mqtt import BrokerKind, MqttBroker
from tests.mqtt_load import LoadClient
from tests.pipeline import wait_for

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


@pytest.mark.parametrize("kind", ["artemis", pytest.param("mosquitto", marks=pytest.mark.servers)])
def test_what_the_broker_has_confirmed_for_an_absent_bridge_outlives_its_kill(
    kind: BrokerKind, tmp_path: Path
) -> None:
    broker = MqttBroker(tmp_path, kind=kind).start()
    client, _ = _subscriber(broker.port)
    client.disconnect()
    client.loop_stop()
    load = LoadClient(broker.port)
    load.publish([("dust/x", b"%d" % number) for number in range(QUEUED)])
    load.close()
    if kind == "mosquitto":  # which confirms before it saves
        published, saved = time.time(), tmp_path / "data" / "mosquitto.db"
        # a save that begins after the last message holds them all
        wait_for("it saves", lambda: saved.exists() and saved.stat().st_mtime > published + 0.1, 15)
    broker.kill()
    broker = MqttBroker(tmp_path, broker.port, kind=kind).start()
    client, received = _subscriber(broker.port)
    wait_for("all messages are delivered", lambda: len(received) == QUEUED, 20)
    client.disconnect()
    client.loop_stop()
    broker.stop()
