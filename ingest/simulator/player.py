"""Player that publishes a simulated county to an MQTT broker by the clock, and counts what it published."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from ingest.clock import Clock
from ingest.simulator.county import SimulatedCounty

_STEP_S = 0.1
_DRAIN_S = 10.0
_STAY_S = 1.0
MQTT_PORT = 1883


@dataclass(slots=True)
class Played:
    """Counts of what was published."""

    messages: int = 0
    readings: int = 0


class Player:
    """Plays a county from `start_ms` until `stop` is set; every message at QoS 1."""

    def __init__(self, county: SimulatedCounty, clock: Clock, url: str, start_ms: int) -> None:
        self.county, self.clock = county, clock
        self.played = Played()
        self._at_ms = start_ms
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="dustwatch-simulator", protocol=mqtt.MQTTv311
        )
        self._client.max_inflight_messages_set(200)
        address = urlsplit(url)
        self._client.username_pw_set("simulator", "simulator")
        self._client.connect(address.hostname or "127.0.0.1", address.port or MQTT_PORT)
        self._client.loop_start()

    def run(self, stop: threading.Event) -> Played:
        """Publish until told to stop, then wait for the broker's confirmation."""
        last = None
        while not stop.wait(_STEP_S):
            now = self.clock.now_ms()
            for sent in self.county.messages(self._at_ms, now):
                last = self._client.publish(sent.topic, sent.payload, qos=1)
                self.played.messages += 1
                self.played.readings += sent.readings
            self._at_ms = now
        if last is not None:
            last.wait_for_publish(_DRAIN_S)
            # amqtt lets go of what a client sent just before it leaves, acknowledged or not
            time.sleep(_STAY_S)
        self._client.disconnect()
        self._client.loop_stop()
        return self.played
