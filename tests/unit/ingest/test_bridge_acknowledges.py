"""The bridge between a broker and a Kafka that a test operates by hand: what is acknowledged, and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ingest.bridge import Bridge, BridgeConfig
from ingest.clock import WallClock
from ingest.codec import QUARANTINED, decode, decode_quarantined, schema_of
from ingest.feed import FeedOptions
from ingest.mqtt import MqttOptions
from ingest.packets import LARGEST_PACKET
from ingest.producer import Producer
from ingest.records import Readings, Status
from ingest.register import Register, load_register
from ingest.resolve import Resolver
from ingest.telemetry import Telemetry
from ingest.topics import FEED, MAX_RECORD_BYTES, QUARANTINE
from tests.counties import device, iso, site, write_county
from tests.fakes.held_producer import HeldProducer
from tests.fakes.mqtt_broker import CERTIFICATE, FakeBroker

pytestmark = pytest.mark.timeout(30)
PARTITIONS = 4
NOW = WallClock().now_ms()


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """Eight monitors at eight sites: several partitions."""
    devices = [device(f"d{i}", f"s{i}") for i in range(8)]
    sites = [site(f"s{i}") for i in range(8)]
    ingest = {
        "filters": [{"filter": "dust/v1/+/readings", "format": "json_v1"}],
        "signals": {"mqtt": True},
    }
    folder = write_county(tmp_path_factory.mktemp("county"), devices, sites, extra={"ingest.yaml": ingest})
    return load_register(folder)


class Rig:
    """A running bridge with both ends in the test's hands."""

    def __init__(self, broker: FakeBroker, register: Register, linger_ms: int = 5, **mqtt: Any) -> None:
        self.broker, self.telemetry, self.stop = broker, Telemetry("bridge"), asyncio.Event()
        options = MqttOptions(broker.url, **mqtt)
        config = BridgeConfig(
            options, FeedOptions(partitions=PARTITIONS, linger_ms=linger_ms), anonymous=True
        )
        self.bridge = Bridge(config, register, self.telemetry, WallClock())
        self.kafka = HeldProducer(self.bridge.feed._confirmed)
        self.bridge.feed.producer = cast(Producer, self.kafka)
        self.task = asyncio.create_task(self.bridge.run(self.stop))

    def publish(self, mid: int, which: int | None = None, *, dup: bool = False) -> None:
        """A good reading with message id `mid` from device `mid % 8`."""
        number = mid % 8 if which is None else which
        body = {"time": iso(NOW + mid), "pm10": mid}
        self.broker.publish(mid, f"dust/v1/d{number}/readings", json.dumps(body).encode(), dup=dup)

    async def confirm_all(self) -> None:
        self.kafka.confirm(list(self.kafka.sent))


@pytest.fixture
async def rig(register: Register) -> AsyncIterator[Rig]:
    broker = await FakeBroker().start()
    rig = Rig(broker, register)
    await broker.until(1)
    yield rig
    rig.stop.set()
    rig.kafka._outstanding.clear()
    await asyncio.wait_for(rig.task, 10)
    await broker.stop()


async def settled(rig: Rig) -> None:
    """Everything written before, either way, has arrived: a message in, then a subscription out."""
    left = rig.telemetry.discards.labels("retained_without_time")._value
    count = left.get()
    rig.broker.publish(60_000, "dust/v1/d0/readings", b'{"pm10": 1}', retain=True)
    while left.get() == count:
        await asyncio.sleep(0)
    await asyncio.sleep(0)  # what was confirmed is acknowledged in the next turn of the loop
    rig.bridge.connection._client.subscribe("barrier", 1)
    while rig.broker.filters != ["barrier"]:
        await asyncio.sleep(0)


async def test_it_subscribes_shared_to_the_rules_and_plainly_to_status(rig: Rig) -> None:
    assert rig.broker.filters == [
        "$share/dustwatch/dust/v1/+/readings",
        "$share/dustwatch/dust/v1/background/+",
        "$share/dustwatch/dust/v1/signals/+",
        "dust/v1/+/status",
    ]
    assert rig.broker.clean_starts == [False, False]


async def test_it_asks_for_a_lasting_session_and_no_more_at_once_than_it_can_hold(rig: Rig) -> None:
    (connect,) = rig.broker.connects
    assert connect[6] == 5
    properties = connect[11 : 11 + connect[10]]
    assert b"\x11" + (7 * 24 * 3600).to_bytes(4, "big") in properties  # Session Expiry Interval
    assert b"\x21" + (1000).to_bytes(2, "big") in properties  # Receive Maximum
    naming = rig.broker.naming
    assert naming is not None
    assert b"\x21\x00\x01" in naming, "the connection that only names filters takes at most one message"
    assert b"\x27" not in properties, "of what is larger than a Maximum Packet Size nothing would be held"


@pytest.mark.parametrize(("tls", "version"), [(True, "5"), (True, "3.1.1"), (False, "3.1.1")])
async def test_with_tls_credentials_and_the_older_protocol_everything_is_acknowledged_too(
    register: Register, tls: bool, version: str
) -> None:
    broker = await FakeBroker(tls).start()
    ca = CERTIFICATE if tls else None
    rig = Rig(broker, register, version=version, ca=ca, username="bridge", password="of the county")
    await broker.until(1)
    assert broker.connects[0][6] == {"5": 5, "3.1.1": 4}[version]
    assert broker.connects[0].endswith(b"\x00\x06bridge\x00\x0dof the county")
    assert broker.clean_starts == [False, False]
    for mid in range(1, 2_001):  # more than one TLS record holds
        rig.publish(mid)
    await rig.kafka.until(lambda kafka: kafka.rows == 2_000)
    await rig.confirm_all()
    assert (await broker.until_acknowledged(2_000))[:2_000] == list(range(1, 2_001))
    rig.stop.set()
    rig.kafka._outstanding.clear()
    await asyncio.wait_for(rig.task, 10)
    await broker.stop()


async def test_two_bridges_of_one_name_are_told_what_to_change(rig: Rig) -> None:
    rig.broker.dismiss(0x8E)
    while "DUSTWATCH_MQTT_CLIENT_ID" not in rig.telemetry.unready().get("mqtt", ""):
        await asyncio.sleep(0)


async def test_a_certificate_that_nobody_vouches_for_is_not_spoken_to(register: Register) -> None:
    broker = await FakeBroker(tls=True).start()
    rig = Rig(broker, register, password="secret", username="bridge")
    while "CERTIFICATE_VERIFY_FAILED" not in rig.telemetry.unready()["mqtt"]:
        await asyncio.sleep(0)
    assert broker.connects == []
    rig.stop.set()
    await asyncio.wait_for(rig.task, 10)
    await broker.stop()


async def test_nothing_is_acknowledged_before_kafka_has_confirmed(rig: Rig) -> None:
    for mid in range(1, 9):
        rig.publish(mid)
    await rig.kafka.until(lambda kafka: kafka.rows == 8)
    await settled(rig)
    assert rig.broker.acknowledged == []
    await rig.confirm_all()
    assert (await rig.broker.until_acknowledged(9))[:8] == list(range(1, 9))


async def test_a_status_is_a_record_behind_the_readings_of_its_partition_and_acknowledged_like_them(
    register: Register,
) -> None:
    broker = await FakeBroker().start()
    rig = Rig(broker, register, linger_ms=60_000)
    await broker.until(1)
    rig.publish(8)
    rig.broker.publish(9, "dust/v1/d0/status", b"offline")
    await rig.kafka.until(lambda kafka: any(schema_of(one.headers) == "dust.status/1" for one in kafka.sent))
    sent = [one for one in rig.kafka.sent if one.topic == FEED]  # without the probe of the broker's clock
    readings, status = (decode(one.value, one.headers) for one in sent)
    assert isinstance(readings, Readings)
    assert isinstance(status, Status)
    assert (status.device, status.state, status.retained) == ("d0", "offline", False)
    assert sent[0].partition == sent[1].partition
    assert broker.acknowledged == []
    await rig.confirm_all()
    assert (await broker.until_acknowledged(2)) == [8, 9]
    rig.stop.set()
    await asyncio.wait_for(rig.task, 10)
    await broker.stop()


async def test_acknowledgements_wait_for_the_slowest_partition_and_keep_the_order(rig: Rig) -> None:
    for mid in range(1, 17):
        rig.publish(mid)
    await rig.kafka.until(lambda kafka: kafka.rows == 16)
    first = rig.kafka.batches[0]
    rig.kafka.confirm([one for one in rig.kafka.sent if one is not first])
    await settled(rig)
    assert rig.broker.acknowledged == []  # the first message is in the batch that is not confirmed
    rig.kafka.confirm([first])
    assert (await rig.broker.until_acknowledged(16))[:16] == list(range(1, 17))


async def test_what_was_confirmed_for_a_lost_connection_acknowledges_nothing_on_the_next(rig: Rig) -> None:
    rig.publish(1)
    rig.publish(2)
    await rig.kafka.until(lambda kafka: kafka.rows == 2)
    old = list(rig.kafka.sent)
    rig.broker.drop()  # the broker comes back without its session: ids begin anew
    await rig.broker.until(2)
    rig.publish(1, which=5)
    rig.publish(2, which=6)
    await rig.kafka.until(lambda kafka: kafka.rows == 4)
    rig.kafka.confirm(old)
    await settled(rig)
    assert rig.broker.acknowledged == []
    await rig.confirm_all()
    assert (await rig.broker.until_acknowledged(2))[:2] == [1, 2]


async def test_a_redelivered_duplicate_is_not_acknowledged_before_its_first_copy_is_stored(rig: Rig) -> None:
    rig.broker.publish(1, "dust/v1/d1/readings", b'{"pm10": 1}')  # no time: a DUP is known by content
    await rig.kafka.until(lambda kafka: kafka.rows == 1)
    rig.broker.drop()
    await rig.broker.until(2)
    rig.broker.publish(1, "dust/v1/d1/readings", b'{"pm10": 1}', dup=True)
    await settled(rig)
    assert rig.kafka.rows == 1
    assert rig.broker.acknowledged == []
    await rig.confirm_all()
    assert (await rig.broker.until_acknowledged(1))[0] == 1


async def test_background_is_acknowledged_when_every_partition_has_it(rig: Rig) -> None:
    body = json.dumps({"time": iso(NOW - 3_600_000), "pm10": 80}).encode()
    rig.broker.publish(1, "dust/v1/background/S001", body)

    def copies(kafka: HeldProducer) -> list[Any]:
        return [one for one in kafka.sent if dict(one.headers)["schema"] == b"dust.background/1"]

    await rig.kafka.until(lambda kafka: len(copies(kafka)) == PARTITIONS)
    sent = copies(rig.kafka)
    assert sorted(one.partition for one in sent) == list(range(PARTITIONS))
    rig.kafka.confirm(sent[:-1])
    await settled(rig)
    assert rig.broker.acknowledged == []
    rig.kafka.confirm(sent[-1:])
    assert (await rig.broker.until_acknowledged(1))[0] == 1


async def test_what_cannot_be_decoded_is_acknowledged_once_it_is_in_quarantine(rig: Rig) -> None:
    rig.broker.publish(1, "dust/v1/d1/readings", b"rubbish")
    await rig.kafka.until(lambda kafka: any(r.topic == QUARANTINE and r.value for r in kafka.sent))
    await settled(rig)
    assert rig.broker.acknowledged == []
    await rig.confirm_all()
    assert (await rig.broker.until_acknowledged(1))[0] == 1


@pytest.mark.parametrize("version", ["3.1.1", "5"])
async def test_a_message_larger_than_we_take_is_one_entry_and_the_connection_goes_on(
    register: Register, version: str
) -> None:
    """A broker of 3.1.1 can't be told of our limit, and one of MQTT 5 may not keep to it."""
    broker = await FakeBroker().start()
    rig = Rig(broker, register, version=version)
    await broker.until(1)
    size = LARGEST_PACKET + 3_000_000
    rig.publish(1)
    for mid in (2, 3):
        broker.publish(mid, "dust/v1/d2/readings", b"[" + b" " * (size - 1))
    rig.publish(4)
    await rig.kafka.until(lambda kafka: kafka.rows == 2)
    held = [decode_quarantined(r.value) for r in rig.kafka.sent if schema_of(r.headers) == QUARANTINED]
    assert [(one.code, one.topic) for one in held] == [("too_large", "dust/v1/d2/readings")] * 2
    assert str(size) in held[0].detail
    assert held[0].raw.startswith(b"[ ")
    assert len(held[0].raw) < 1024 * 1024
    assert rig.telemetry.quarantined.labels("too_large")._value.get() == 2
    await rig.confirm_all()
    assert await broker.until_acknowledged(4) == [1, 2, 3, 4]
    assert broker.connections == 1
    assert len(rig.bridge.connection._client._unread) == 0
    rig.stop.set()
    rig.kafka._outstanding.clear()
    await asyncio.wait_for(rig.task, 10)
    await broker.stop()


async def test_a_retained_message_without_time_is_acknowledged_and_counted(rig: Rig) -> None:
    rig.broker.publish(1, "dust/v1/d1/readings", b'{"pm10": 1}', retain=True)
    assert (await rig.broker.until_acknowledged(1)) == [1]
    assert rig.telemetry.discards.labels("retained_without_time")._value.get() == 1


async def test_what_is_taken_although_it_is_odd_is_counted(rig: Rig) -> None:
    odd = {"time": iso(NOW + 3_600_000), "pm10": "12.5", "tsp": 20}
    for mid in (1, 2):
        rig.broker.publish(mid, "dust/v1/d1/readings", json.dumps({**odd, "seq": mid}).encode())
    await rig.kafka.until(lambda kafka: kafka.rows == 2)
    counted = rig.telemetry.tolerated
    assert [counted.labels(what)._value.get() for what in ("number_as_text", "clock")] == [2, 2]


async def test_large_payloads_never_become_a_record_that_kafka_refuses(register: Register) -> None:
    broker = await FakeBroker().start()
    rig = Rig(broker, register, linger_ms=60_000)
    await broker.until(1)
    for mid in range(1, 161):
        body = {"time": iso(NOW + mid), "pm10": mid, "log": "x" * 250_000}
        broker.publish(mid, "dust/v1/d0/readings", json.dumps(body).encode())
    rig.publish(200)
    while rig.bridge.feed._batches.rows + rig.kafka.rows < 161:
        await asyncio.sleep(0.01)
    rig.bridge.feed.flush()
    assert rig.kafka.rows == 161
    assert max(len(one.value) for one in rig.kafka.batches) < MAX_RECORD_BYTES / 2
    rig.stop.set()
    rig.kafka._outstanding.clear()
    await asyncio.wait_for(rig.task, 10)
    await broker.stop()


@pytest.mark.parametrize("where", ["deciding", "sending"])
async def test_what_nobody_expected_ends_the_bridge_and_is_never_acknowledged(
    register: Register, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    broker = await FakeBroker().start()
    rig = Rig(broker, register)
    await broker.until(1)

    def fail(*_: object) -> Any:
        raise RuntimeError("a fault of ours")

    if where == "deciding":
        rig.bridge._resolver = cast(Resolver, SimpleNamespace(resolve=fail))
    else:
        monkeypatch.setattr(rig.bridge.feed, "_send_batch", fail)
    rig.publish(1)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        await asyncio.wait_for(rig.task, 10)
    rig.bridge._acknowledge()
    assert rig.telemetry.written.labels("acknowledged")._value.get() == 0
    await broker.stop()


async def test_ticks_begin_when_the_clocks_were_compared(rig: Rig) -> None:
    await rig.kafka.until(lambda kafka: bool(kafka.sent))
    assert [dict(one.headers)["schema"] for one in rig.kafka.sent] == [b"dust.probe/1"]
    await rig.confirm_all()
    await rig.kafka.until(lambda kafka: len(kafka.sent) > PARTITIONS)
    ticks = rig.kafka.sent[1:]
    assert {dict(one.headers)["schema"] for one in ticks} == {b"dust.tick/1"}
    assert sorted(one.partition for one in ticks) == list(range(PARTITIONS))


async def test_a_refused_client_says_why_and_tries_again(register: Register, tmp_path: Path) -> None:
    broker = await FakeBroker().start()
    broker.refuse_with = 0x87
    rig = Rig(broker, register)
    while len(broker.clean_starts) < 2:
        await asyncio.sleep(0)
    assert "Not authorized" in rig.telemetry.unready()["mqtt"]
    broker.refuse_with = None
    while "mqtt" in rig.telemetry.unready():
        await asyncio.sleep(0)
    rig.stop.set()
    rig.kafka._outstanding.clear()
    await asyncio.wait_for(rig.task, 10)
    await broker.stop()
