"""The bridge between a real MQTT broker and a real Kafka."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import BrokerKind, MqttBroker
from ingest.admin import TopicMismatch, ensure_topics
from ingest.bridge import BridgeConfig, run_bridge
from ingest.clock import ManualClock, WallClock
from ingest.feed import FeedOptions
from ingest.mqtt import MqttOptions
from ingest.publish import publish
from ingest.quarantine import read_quarantine, retry
from ingest.recording import Recorded
from ingest.records import Background, Readings, Tick
from ingest.register import Register, load_register
from ingest.resolve import Resolver
from ingest.telemetry import Telemetry
from tests.counties import device, iso, site, write_county
from tests.integration.bridging import (
    PARTITIONS,
    Log,
    acknowledged,
    bridge,
    county,
    eventually,
    readings,
    sequence_numbers,
)
from tests.mqtt_load import LoadClient

BROKERS = ["artemis", pytest.param("mosquitto", marks=pytest.mark.servers)]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNode]:
    """A Kafka of this module's own: it has another number of partitions, and is stopped and killed."""
    kafka = KafkaNode(tmp_path_factory.mktemp("bridge-kafka")).start()
    asyncio.run(ensure_topics(kafka.options, PARTITIONS))
    yield kafka
    kafka.stop()


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    return county(tmp_path_factory.mktemp("bridge-county"))


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MqttBroker]:
    """The broker that comes along; among the servers Mosquitto too."""
    server = MqttBroker(tmp_path / "mqtt", kind=request.param).start()
    yield server
    server.stop()


async def load(broker: MqttBroker, messages: list[tuple[str, bytes]]) -> None:
    """Publish from another thread; returns when the broker has everything."""

    def publish_all() -> None:
        client = LoadClient(broker.port)
        client.publish(messages)
        client.close()

    await asyncio.to_thread(publish_all)


async def test_what_is_published_is_in_the_feed_once_and_acknowledged(
    node: KafkaNode, broker: MqttBroker, register: Register
) -> None:
    log = await Log(node.bootstrap).mark()
    background = json.dumps({"time": iso(WallClock().now_ms() - 3_600_000), "pm10": 80}).encode()
    messages = [*readings(500), ("dust/v1/d1/readings", b"rubbish"), ("dust/v1/background/S001", background)]
    async with bridge(node.bootstrap, broker.url, register, "first") as telemetry:
        await load(broker, messages)
        await eventually("all acknowledged", lambda: acknowledged(telemetry) == len(messages))
        await eventually("a tick", lambda: telemetry.last_tick._value.get() > 0)
    feed, held = await log.read()
    assert sequence_numbers(feed) == dict.fromkeys(range(500), 1)
    assert [one.code for one in held] == ["bad_json"]
    assert sum(isinstance(one, Background) for one in feed) == PARTITIONS
    assert {one.every for one in feed if isinstance(one, Tick)} <= {1000}
    for site_of in (one for one in feed if isinstance(one, Readings)):
        assert len(site_of) > 0


async def test_of_a_message_that_is_too_large_the_broker_confirms_nothing_or_it_is_held(
    node: KafkaNode, broker: MqttBroker, register: Register
) -> None:
    log = await Log(node.bootstrap).mark()
    async with bridge(node.bootstrap, broker.url, register, "limited") as telemetry:
        taken = [size for size in (1_500_000, 2_500_000, 6_000_000) if await is_taken(broker, size)]
        assert 1_500_000 in taken
        held = telemetry.quarantined.labels("too_large")._value
        await eventually("what was confirmed is held", lambda: held.get() == len(taken))
        await eventually("and acknowledged", lambda: acknowledged(telemetry) == len(taken))
    _, held_messages = await log.read()
    assert [one.code for one in held_messages] == ["too_large"] * len(taken)


async def is_taken(broker: MqttBroker, size: int) -> bool:
    """True if the broker confirms a message of that size by MQTT 3.1.1; else it ends the connection."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311, reconnect_on_failure=False)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    await eventually("connected", client.is_connected)
    confirmed: list[int] = []
    client.on_publish = lambda *_: confirmed.append(1)
    client.publish("dust/v1/d0/readings", b"[" + b" " * size, qos=1)
    await eventually("taken or cut", lambda: confirmed or not client.is_connected())
    client.disconnect()
    client.loop_stop()
    return bool(confirmed)


async def test_poison_at_full_rate_holds_nothing_up(
    node: KafkaNode, broker: MqttBroker, register: Register
) -> None:
    log = await Log(node.bootstrap).mark()
    good = readings(10_000)
    bad = [(f"dust/v1/d{n % 20}/readings", b'{"pm10": %d, "cut' % n) for n in range(10_000)]
    mixed = [message for pair in zip(good, bad, strict=True) for message in pair]
    async with bridge(node.bootstrap, broker.url, register, "poison") as telemetry:
        await load(broker, mixed)
        await eventually("all acknowledged", lambda: acknowledged(telemetry) == len(mixed), 120)
    feed, held = await log.read()
    assert sequence_numbers(feed) == dict.fromkeys(range(10_000), 1)
    assert {one.raw for one in held} == {payload for _, payload in bad}
    assert len(held) == 10_000


async def test_a_stopped_kafka_leaves_messages_with_the_broker_and_loses_none(
    tmp_path: Path, broker: MqttBroker, register: Register
) -> None:
    own = KafkaNode(tmp_path / "kafka").start()
    try:
        await ensure_topics(own.options, PARTITIONS)
        log = await Log(own.bootstrap).mark()
        async with bridge(own.bootstrap, broker.url, register, "outage") as telemetry:
            await load(broker, readings(200))
            await eventually("the first acknowledged", lambda: acknowledged(telemetry) == 200)
            own.kill()
            await load(broker, readings(3_000, first=200))
            await eventually(
                "as many taken in as may be unacknowledged",
                lambda: telemetry.records.labels("message")._value.get() >= 1_200,
            )
            assert acknowledged(telemetry) == 200
            assert telemetry.records.labels("message")._value.get() <= 1_200
            own.start()
            await eventually("the rest acknowledged", lambda: acknowledged(telemetry) == 3_200, 90)
        feed, _ = await log.read()
        assert set(sequence_numbers(feed)) == set(range(3_200))
    finally:
        own.stop()


class Line:
    """A way to the broker that can be cut: whatever is on it is lost in both directions."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def __aenter__(self) -> Line:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, far_writer}
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        self._writers -= {writer, far_writer}


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, OSError):
        while data := await reader.read(16 * 1024):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


async def test_of_readings_without_time_none_counts_twice_or_never_when_the_line_is_cut(
    node: KafkaNode, broker: MqttBroker, register: Register
) -> None:
    count = 6_000
    untimed = [
        (f"dust/v1/d{n % 20}/readings", json.dumps({"pm10": n % 7, "seq": n}).encode()) for n in range(count)
    ]
    log = await Log(node.bootstrap).mark()
    async with (
        Line(broker.port) as line,
        bridge(node.bootstrap, f"mqtt://127.0.0.1:{line.port}", register, "cut") as telemetry,
    ):
        loading = asyncio.create_task(load(broker, untimed))
        taken_in = telemetry.records.labels("message")._value
        for part in (count // 6, count // 3, count // 2):
            await eventually("some are taken in", lambda part=part: taken_in.get() >= part)
            for _ in range(2):  # the second in the midst of what comes again
                line.cut()
                await eventually("connected again", lambda: "mqtt" not in telemetry.unready())
        await loading
        await eventually("all acknowledged", lambda: len_of(telemetry) == count)
    feed, held = await log.read()
    assert held == []
    assert sequence_numbers(feed) == dict.fromkeys(range(count), 1)


def len_of(telemetry: Telemetry) -> int:
    """Readings that the bridge has taken in, each once."""
    seen = telemetry.records.labels("message")._value.get()
    return int(seen - telemetry.discards.labels("redelivered")._value.get())


@pytest.mark.parametrize("kind", BROKERS)
async def test_a_broker_that_forgets_its_session_gets_no_acknowledgement_for_what_was_not_stored(
    kind: BrokerKind, tmp_path: Path, register: Register
) -> None:
    own = KafkaNode(tmp_path / "kafka").start()
    mqtt = MqttBroker(tmp_path / "mqtt", kind=kind).start()
    try:
        await ensure_topics(own.options, PARTITIONS)
        log = await Log(own.bootstrap).mark()
        async with bridge(own.bootstrap, mqtt.url, register, "forgets") as telemetry:
            own.kill()  # confirmations are pending from here on
            await load(mqtt, readings(100))
            await eventually("taken in", lambda: telemetry.records.labels("message")._value.get() == 100)
            mqtt.kill()
            await eventually("lost", lambda: "mqtt" in telemetry.unready())
            shutil.rmtree(tmp_path / "mqtt" / "data")
            mqtt = MqttBroker(tmp_path / "mqtt", mqtt.port, kind=kind).start()
            await eventually("connected again", lambda: "mqtt" not in telemetry.unready())
            await load(mqtt, readings(100, first=100))
            await eventually("taken in", lambda: telemetry.records.labels("message")._value.get() == 200)
            assert acknowledged(telemetry) == 0
            own.start()
            # those of the first session are stored, and can't be acknowledged any more
            await eventually("the second acknowledged", lambda: acknowledged(telemetry) >= 100, 90)
        assert acknowledged(telemetry) == 100, "none of the first session, neither then nor at the end"
        feed, _ = await log.read()
        assert set(sequence_numbers(feed)) == set(range(200))
    finally:
        mqtt.stop()
        own.stop()


async def test_what_was_not_acknowledged_is_delivered_to_the_next_bridge(
    node: KafkaNode, broker: MqttBroker, register: Register
) -> None:
    async with bridge(node.bootstrap, broker.url, register, "next"):
        pass  # leaves a session behind
    await load(broker, readings(2_500))
    log = await Log(node.bootstrap).mark()
    async with bridge(node.bootstrap, broker.url, register, "next") as telemetry:
        await eventually("all acknowledged", lambda: acknowledged(telemetry) == 2_500)
    feed, _ = await log.read()
    assert sequence_numbers(feed) == dict.fromkeys(range(2_500), 1)


async def test_a_retained_message_is_marked_and_one_without_time_dropped(
    node: KafkaNode, broker: MqttBroker, register: Register
) -> None:
    import paho.mqtt.publish

    body = json.dumps({"time": iso(WallClock().now_ms()), "pm10": 1, "seq": 1})
    for topic, payload in (("dust/v1/d1/readings", body), ("dust/v1/d2/readings", '{"pm10": 2}')):
        await asyncio.to_thread(
            paho.mqtt.publish.single, topic, payload, 1, retain=True, hostname="127.0.0.1", port=broker.port
        )
    log = await Log(node.bootstrap).mark()
    plain = {"share": None}  # a shared subscription gets no retained messages
    async with bridge(node.bootstrap, broker.url, register, "retained", **plain) as telemetry:
        await eventually("both handled", lambda: acknowledged(telemetry) == 2)
        assert telemetry.discards.labels("retained_without_time")._value.get() == 1
    feed, _ = await log.read()
    batches = [one for one in feed if isinstance(one, Readings)]
    assert [one.marks for one in batches] == [{0: "retained"}]


async def test_a_recording_brings_its_own_clock_and_a_tick_every_minute(
    node: KafkaNode, broker: MqttBroker, register: Register
) -> None:
    start = 1_795_395_600_000
    messages = [
        Recorded(start + n * 20_000, topic, payload)
        for n, (topic, payload) in enumerate(readings(10, start_ms=start))
    ]
    log = await Log(node.bootstrap).mark()
    clock = ManualClock()
    async with bridge(node.bootstrap, broker.url, register, "recorded", clock) as telemetry:
        count = await asyncio.to_thread(publish, messages, MqttOptions(broker.url))
        assert count == 10
        await eventually("all acknowledged", lambda: acknowledged(telemetry) == 10)
    feed, _ = await log.read()
    came = sorted(at for one in feed if isinstance(one, Readings) for at in one.received_at.tolist())
    assert came == [one.received_at for one in messages]
    ticks = sorted({one.received_at for one in feed if isinstance(one, Tick)})
    assert ticks == [start + 60_000, start + 120_000, start + 180_000]


async def test_a_retry_after_a_fix_puts_a_message_through_once(
    node: KafkaNode, broker: MqttBroker, tmp_path: Path, register: Register
) -> None:
    body = json.dumps({"time": iso(WallClock().now_ms()), "pm10": 7, "seq": 7}).encode()
    async with bridge(node.bootstrap, broker.url, register, "fix") as telemetry:
        await load(broker, [("dust/v1/new-one/readings", body)])
        await eventually("acknowledged", lambda: acknowledged(telemetry) == 1)
    held = [one for one in await read_quarantine(node.options) if one.record.topic.startswith("dust/v1/new")]
    assert [one.record.code for one in held] == ["unknown_device"]
    log = await Log(node.bootstrap).mark()
    fixed = load_register(write_county(tmp_path / "fixed", [device("new-one", "s1")], [site("s1")]))
    options = FeedOptions(node.options, PARTITIONS)
    first = await retry(options, Resolver(fixed), Telemetry("test"), "unknown_device")
    again = await retry(options, Resolver(fixed), Telemetry("test"), "unknown_device")
    assert (first.put_through, first.readings, again.put_through) == (1, 1, 0)
    feed, _ = await log.read()
    batches = [one for one in feed if isinstance(one, Readings)]
    assert [one.received_at.tolist() for one in batches] == [[held[0].record.received_at]]
    left = [one for one in await read_quarantine(node.options) if one.record.topic.startswith("dust/v1/new")]
    assert left == []


async def test_another_number_of_partitions_ends_the_bridge(
    node: KafkaNode, broker: MqttBroker, register: Register
) -> None:
    feed = FeedOptions(node.options, PARTITIONS + 1)
    config = BridgeConfig(MqttOptions(broker.url), feed, anonymous=True)
    with pytest.raises(TopicMismatch, match="DUSTWATCH_PARTITIONS"):
        await run_bridge(config, register, Telemetry("bridge"), WallClock(), asyncio.Event())


async def test_sigterm_leaves_nothing_unconfirmed_and_ends_in_time(
    node: KafkaNode, broker: MqttBroker, register: Register
) -> None:
    log = await Log(node.bootstrap).mark()
    async with bridge(node.bootstrap, broker.url, register, "ends") as first:
        await load(broker, readings(5_000))
        await eventually("some acknowledged", lambda: acknowledged(first) > 0)
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 10
    async with bridge(node.bootstrap, broker.url, register, "ends") as second:
        total = 5_000 - acknowledged(first)
        await eventually("the rest acknowledged", lambda: acknowledged(second) >= total)
    feed, _ = await log.read()
    assert sequence_numbers(feed) == dict.fromkeys(range(5_000), 1)


@pytest.mark.long
def test_a_broker_that_has_no_packet_ids_left_for_a_client_says_so_and_serves_it_again_when_restarted(
    tmp_path: Path,
) -> None:
    server = MqttBroker(tmp_path / "mqtt").start()
    try:
        takes_and_leaves(server, 0)
        LoadClient(server.port).publish([("dust/v1/d1/readings", b"%d" % n) for n in range(2_000)])
        for _ in range(70):  # of 1000 ids each
            if takes_and_leaves(server, 1000) < 1000:
                break
        else:
            pytest.fail("it has more ids than MQTT knows")
        assert "packet ids" in (server.useless() or "")
        assert server.useless() is None, "said once"
        server.stop()
        server.start()
        assert takes_and_leaves(server, 1000) == 1000
        assert server.useless() is None
    finally:
        server.stop()


def takes_and_leaves(broker: MqttBroker, most: int) -> int:
    """How many messages come on a connection of a kept session that acknowledges none, `most` at the most."""
    came: list[int] = []
    granted: list[int] = []
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        "leaves",
        protocol=paho.MQTTv5,
        manual_ack=True,
        reconnect_on_failure=False,
    )
    client.on_message = lambda _client, _data, message: came.append(message.mid)
    client.on_subscribe = lambda *_: granted.append(1)
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval, properties.ReceiveMaximum = 3_600, 1000
    client.connect("127.0.0.1", broker.port, clean_start=False, properties=properties)
    client.loop_start()
    try:
        if not most:
            client.subscribe("dust/#", 1)
            asyncio.run(eventually("subscribed", lambda: granted))
        with contextlib.suppress(AssertionError):
            asyncio.run(eventually("all that may come", lambda: len(came) >= most, 5))
    finally:
        client.disconnect()
        client.loop_stop()
    return len(came)
