"""Words whose order counts, a thousand times of each kind beside a thousand messages a second.

What a broker hands on out of its turn (Artemis does, where a word is retained) is put right by the instant that the
word names (`at`); what it keeps must be the last word.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from deploy.embedded.mqtt import MqttBroker
from ingest.records import Status
from ingest.register import load_register
from ingest.resolve import Arrival, Resolver
from tests.counties import device, iso, write_county
from tests.logs import T0
from tests.mqtt_load import LoadClient, Will
from tests.pipeline import wait_for

TIMES = 1_000
BROKERS = [
    pytest.param("artemis", marks=pytest.mark.long),
    pytest.param("mosquitto", marks=pytest.mark.servers),
]


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MqttBroker]:
    server = MqttBroker(tmp_path / "mqtt", kind=request.param).start()
    yield server
    server.stop()


class Listener:
    """What a subscriber was told, by topic, in the order in which it came."""

    def __init__(self, port: int, name: str, topics: str) -> None:
        self.said: dict[str, list[bytes]] = {}
        self.count = 0
        self._client = paho.Client(CallbackAPIVersion.VERSION2, name, protocol=paho.MQTTv311)
        granted = threading.Event()
        self._client.on_subscribe = lambda *_: granted.set()
        self._client.on_message = self._heard
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe(topics, 1)
        assert granted.wait(30)

    def _heard(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self.said.setdefault(message.topic, []).append(message.payload)
        self.count += 1

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def beside(port: int) -> Iterator[None]:
    """A thousand messages a second from one publisher to one reader, until the end."""
    halt = threading.Event()
    reader = Listener(port, "beside-reader", "beside/#")

    def publish() -> None:
        client = LoadClient(port, "beside")
        while not halt.is_set():
            client.publish([("beside/x", b"%d" % n) for n in range(200)], per_second=1_000)
        client.close()

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        halt.set()
        thread.join()
        reader.close()


def topic_of(number: int) -> str:
    return f"words/{number:04d}"


@pytest.mark.parametrize("group", range(4))
def test_after_its_last_will_a_device_that_is_back_counts_as_connected(
    broker: MqttBroker, tmp_path: Path, group: int
) -> None:
    devices = [f"d{group * TIMES // 4 + number:04d}" for number in range(TIMES // 4)]
    folder = write_county(tmp_path / "county", [device(name) for name in devices])
    resolver = Resolver(load_register(folder), "bridge")
    live = Listener(broker.port, "live", "dust/v1/+/status")
    with contextlib.ExitStack() as connected, beside(broker.port):
        for number, name in enumerate(devices):
            first, again = T0 + number * 1_000, T0 + number * 1_000 + 500
            before = LoadClient(broker.port, name, will=word_of(name, "offline", first))
            connected.callback(before.cut)
            if number % 2:
                before.cut()  # its line breaks, then it connects again
            now = LoadClient(
                broker.port, name, will=word_of(name, "offline", again)
            )  # or takes its session over
            connected.callback(now.cut)
            now.publish([word_of(name, "online", again)[:2]], retain=True)

        def online() -> int:
            return sum(b"online" in payload for said in [*live.said.values()] for payload in said)

        wait_for("every device is heard", lambda: online() >= len(devices), 60)
        late = Listener(broker.port, f"late-{time.monotonic_ns()}", "dust/v1/+/status")
        wait_for("the retained words are told", lambda: late.count >= len(devices), 60)
        late.close()
        live.close()
    states: dict[str, str] = {}
    # as they came, and then what a broker had kept: that may be a will (Artemis), but not the newer word
    for heard, retained in ((live.said, False), (late.said, True)):
        for topic, said in heard.items():
            for payload in said:
                for outcome in resolver.resolve(Arrival(topic, payload, T0, retained, False)):
                    if isinstance(outcome, Status):
                        states[outcome.device] = outcome.state
    assert states == dict.fromkeys(devices, "online")


def word_of(device: str, state: str, at: int) -> Will:
    """What a device says of its connection, and of which (`deploy/docs/monitors.md`)."""
    return Will(f"dust/v1/{device}/status", json.dumps({"state": state, "at": iso(at)}).encode(), True)


def test_of_words_that_wait_for_each_other_s_confirmation_the_last_is_kept_and_all_come(
    broker: MqttBroker,
) -> None:
    live = Listener(broker.port, "live", "words/#")
    words = [b"first", b"second", b"third"]
    with beside(broker.port):
        client = LoadClient(broker.port, "device")
        for number in range(TIMES):
            for word in words:
                client.publish([(topic_of(number), word)], retain=True)
        client.close()
        wait_for("every word is heard", lambda: live.count >= 3 * TIMES, 60)
    live.close()
    assert {name: sorted(said) for name, said in live.said.items()} == {
        topic_of(number): words for number in range(TIMES)
    }
    assert kept(broker) == {topic_of(number): [b"third"] for number in range(TIMES)}


def test_signals_to_one_place_that_wait_for_each_other_come_in_order(broker: MqttBroker) -> None:
    live = Listener(broker.port, "live", "words/#")
    signals = [b"%d" % number for number in range(TIMES)]
    with beside(broker.port):
        client = LoadClient(broker.port, "station")
        for signal in signals:
            client.publish([("words/S001", signal)])
        client.close()
        wait_for("every signal is heard", lambda: live.count >= TIMES, 60)
    live.close()
    assert live.said == {"words/S001": signals}


def kept(broker: MqttBroker) -> dict[str, list[bytes]]:
    """The retained words, as one who comes now is told them."""
    late = Listener(broker.port, f"late-{time.monotonic_ns()}", "words/#")
    wait_for("every retained word is told", lambda: late.count >= TIMES, 60)
    late.close()
    return late.said
