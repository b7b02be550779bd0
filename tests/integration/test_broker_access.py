"""Who may publish and read what, tried as every kind of user on every class of topic of real brokers."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from deploy.brokers.listener import Tls
from deploy.brokers.passwords import passwords_of
from deploy.embedded.mqtt import BrokerKind, MqttBroker
from ingest.access import Access, access_of
from ingest.ingest_form import User
from ingest.listener import TlsFiles
from ingest.mqtt import MqttOptions
from ingest.open_door import OpenBroker, refuse_open_broker
from ingest.register import load_register
from ingest.topic_filters import covers
from tests.counties import device, write_county
from tests.fakes.certificates import authority, certificate

COUNTY = {"name": "示范县", "zone": "Asia/Shanghai", "background": [{"area": "county", "stations": ["S001"]}]}
FILTERS = [
    {"filter": "dust/v1/+/readings", "format": "json_v1"},
    {"filter": "hj212/+", "format": "hj212"},
    {"filter": "v1/gateway/telemetry", "format": "thingsboard"},
]
DEVICES = [
    device("d1"),
    device("d.2"),  # a point parts the levels of Artemis' addresses
    device("设备3"),
    device("hj-1", format="hj212", aliases=["MN1"]),
    device("board-1", format="thingsboard"),
]
USERS = [
    {"name": "east", "kind": "gateway", "devices": ["board-1"], "filters": ["v1/gateway/telemetry"]},
    {"name": "steering", "kind": "gateway", "filters": ["dust/v1/+/commands"]},
    {"name": "S001", "kind": "station"},
    {"name": "环保局", "kind": "office"},
    {"name": "looking", "kind": "tool"},
    {"name": "narrow", "kind": "tool", "filters": ["dust/v1/d1/readings"]},
]
TOPICS = [
    "dust/v1/d1/readings",
    "dust/v1/d1/status",
    "dust/v1/d1/commands",
    "dust/v1/d.2/readings",
    "dust/v1/d/2/readings",
    "dust/v1/设备3/readings",
    "dust/v1/nobody/readings",
    "hj212/MN1",
    "v1/gateway/telemetry",
    "dust/v1/background/S001",
    "dust/v1/background/S002",
    "dust/v1/signals/county",
    "elsewhere",
]
READ = [*TOPICS, "dust/v1/+/readings", "dust/v1/+/status", "dust/v1/#", "#", "dust/v1/signals/+"]
WITHIN_S = 15


class Running(NamedTuple):
    """A broker with the users of a county."""

    broker: MqttBroker
    access: list[Access]


KINDS = ["artemis", pytest.param("mosquitto", marks=pytest.mark.servers)]


@pytest.fixture(scope="module", params=KINDS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A county with users of every kind."""
    folder = tmp_path_factory.mktemp("access")
    ingest = {"filters": FILTERS, "users": USERS, "signals": {"mqtt": True}}
    county = write_county(folder / "county", DEVICES, extra={"county.yaml": COUNTY, "ingest.yaml": ingest})
    access = access_of(load_register(county), [User(name="simulator", kind="simulator")])
    broker = MqttBroker(folder / "mqtt", kind=request.param)
    broker.access = access
    broker.passwords = passwords_of(folder, [one.user for one in access])
    broker.start()
    yield Running(broker, access)
    broker.stop()


class Client:
    """A connection with what the broker answers."""

    def __init__(self, broker: MqttBroker, user: str | None, password: str | None) -> None:
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        if user is not None:
            self.client.username_pw_set(user, password)
        self.connected, self.refused = threading.Event(), ""
        self._answers: dict[int, str] = {}
        self._answered = threading.Condition()
        self.received: list[str] = []
        self.client.on_connect = self._on_connect
        self.client.on_publish = lambda _c, _d, mid, reason, _p: self._take(mid, str(reason))
        self.client.on_subscribe = lambda _c, _d, mid, reasons, _p: self._take(mid, str(reasons[0]))
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        assert self.connected.wait(WITHIN_S)

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.refused = str(reason) if reason.is_failure else ""
        self.connected.set()

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        with self._answered:
            self.received.append(message.topic)
            self._answered.notify_all()

    def _take(self, mid: int, words: str) -> None:
        with self._answered:
            self._answers[mid] = words
            self._answered.notify_all()

    def _answer(self, mid: int) -> str:
        with self._answered:
            assert self._answered.wait_for(lambda: mid in self._answers, WITHIN_S)
            return self._answers[mid]

    def publish(self, topic: str) -> bool:
        """True if the broker takes it."""
        return self._answer(self.client.publish(topic, b"x", 1).mid) in ("Success", "No matching subscribers")

    def subscribe(self, name: str) -> bool:
        """True if the broker grants it; Mosquitto grants all, and delivers what is allowed."""
        _, mid = self.client.subscribe(name, 1)
        assert mid is not None
        return self._answer(mid).startswith("Granted")

    def until(self, topic: str) -> list[str]:
        """All topics received until this one."""
        with self._answered:
            assert self._answered.wait_for(lambda: topic in self.received, WITHIN_S), self.received
            return list(self.received)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def connect(running: Running, user: str) -> Client:
    client = Client(running.broker, user, running.broker.passwords[user])
    assert not client.refused
    return client


def taken(running: Running, user: str, topics: list[str]) -> list[str]:
    """Those that the broker takes from a user; a connection for each, since Mosquitto 2.0.11 cuts one it refuses."""
    took = []
    for topic in topics:
        client = connect(running, user)
        if client.publish(topic):
            took.append(topic)
        client.close()
    return took


def kinds(running: Running) -> dict[str, Access]:
    return {one.user: one for one in running.access}


NAMES = [
    "bridge",
    "d1",
    "d.2",
    "设备3",
    "hj-1",
    "east",
    "steering",
    "S001",
    "环保局",
    "looking",
    "narrow",
    "simulator",
]


def test_every_device_and_entry_is_a_user(running: Running) -> None:
    assert {*kinds(running)} == {*NAMES}


@pytest.mark.parametrize("user", NAMES)
def test_a_user_publishes_on_its_own_topics_and_on_no_other(running: Running, user: str) -> None:
    may = kinds(running)[user].publish
    took = taken(running, user, TOPICS)
    assert took == [topic for topic in TOPICS if any(covers(own, topic) for own in may)]


@pytest.mark.parametrize("user", NAMES)
def test_a_user_receives_what_it_may_read_and_nothing_else(running: Running, user: str) -> None:
    may = kinds(running)[user].subscribe
    reader = connect(running, user)
    granted = [name for name in READ if reader.subscribe(name)]
    assert {name for name in READ if any(covers(own, name) for own in may)} <= {*granted}
    if running.broker.kind == "artemis":  # which says so
        assert {*granted} == {name for name in READ if any(covers(own, name) for own in may)}
    sent = [topic for name in ("simulator", "steering") for topic in taken(running, name, TOPICS)]
    assert {"dust/v1/d1/readings", "dust/v1/d1/commands", "dust/v1/signals/county"} <= {*sent}
    allowed = {topic for topic in sent if any(covers(own, topic) for own in may)}
    for topic in sorted(allowed):
        reader.until(topic)
    reader.close()
    assert {*reader.received} == allowed


@pytest.mark.parametrize(
    ("user", "password"), [(None, None), ("d1", "wrong"), ("d1", ""), ("nobody", "x"), ("bridge", "bridge")]
)
def test_who_has_no_user_or_not_its_password_is_not_let_in(
    running: Running, user: str | None, password: str | None
) -> None:
    client = Client(running.broker, user, password)
    client.close()
    assert client.refused


async def test_signals_are_taken_from_a_broker_that_knows_its_users_and_from_no_other(
    running: Running, tmp_path: Path
) -> None:
    said: list[str] = []
    await refuse_open_broker(MqttOptions(running.broker.url), said.append)
    assert said == []
    anybody = MqttBroker(tmp_path, kind=running.broker.kind).start()
    try:
        with pytest.raises(OpenBroker, match=r"lets in clients without a user.*dustwatch broker"):
            await refuse_open_broker(MqttOptions(anybody.url), said.append)
    finally:
        anybody.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_over_tls_only_who_shows_a_certificate_of_our_authority_is_let_in(
    kind: BrokerKind, tmp_path: Path
) -> None:
    ours, others = (authority(tmp_path / name) for name in ("ours", "others"))
    server, good = (certificate(ours, tmp_path / name, name) for name in ("localhost", "d1"))
    foreign = certificate(others, tmp_path / "stranger", "stranger")
    broker = MqttBroker(tmp_path / "mqtt", kind=kind)
    broker.tls = Tls(server.cert, server.key, ours.cert)
    broker.access = [Access("d1", "device", ("dust/v1/d1/readings",))]
    broker.passwords = {"d1": "secret"}
    broker.start()
    try:
        assert shakes_hands(broker.port, ours, good, "secret")
        assert not shakes_hands(broker.port, ours, good, "wrong")
        assert not shakes_hands(broker.port, ours, foreign, "secret")
        assert not shakes_hands(broker.port, ours, None, "secret")
    finally:
        broker.stop()


def shakes_hands(port: int, ours: TlsFiles, own: TlsFiles | None, password: str) -> bool:
    """True if the broker lets d1 in, showing this certificate."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5, reconnect_on_failure=False)
    context = ssl.create_default_context(cafile=ours.cert)
    context.check_hostname = False
    if own is not None:
        context.load_cert_chain(own.cert, own.key)
    client.tls_set_context(context)
    client.username_pw_set("d1", password)
    answered, accepted = threading.Event(), list[bool]()

    def on_connect(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        accepted.append(not reason.is_failure)
        answered.set()

    client.on_connect = on_connect
    client.on_disconnect = lambda *_: answered.set()
    try:
        client.connect("127.0.0.1", port)
    except OSError:
        return False
    client.loop_start()
    assert answered.wait(WITHIN_S)
    client.disconnect()
    client.loop_stop()
    return accepted == [True]
