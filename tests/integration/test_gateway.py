"""The gateway: devices that speak HJ 212 over TCP, a real Kafka behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.embedded.kafka import KafkaNode
from ingest.admin import ensure_topics
from ingest.clock import WallClock
from ingest.decoders.hj212.ack import build_frame
from ingest.feed import FeedOptions
from ingest.gateway import Gateway, GatewayConfig
from ingest.quarantine import outcomes_of
from ingest.records import Quarantined, Readings
from ingest.register import Register
from ingest.resolve import Resolver
from ingest.telemetry import Telemetry
from tests.integration.bridging import MN, PARTITIONS, Log, county, eventually


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNode]:
    """A Kafka with this module's number of partitions."""
    kafka = KafkaNode(tmp_path_factory.mktemp("gateway-kafka")).start()
    asyncio.run(ensure_topics(kafka.options, PARTITIONS))
    yield kafka
    kafka.stop()


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    return county(tmp_path_factory.mktemp("gateway-county"))


@contextlib.asynccontextmanager
async def gateway(node: KafkaNode, register: Register, **more: Any) -> AsyncIterator[Gateway]:
    """A gateway on a free port, ended as by SIGTERM."""
    config = GatewayConfig(port=0, feed=FeedOptions(node.options, PARTITIONS), **more)
    gateway, stop = Gateway(config, register, Telemetry("gateway"), WallClock()), asyncio.Event()
    task = asyncio.create_task(gateway.run(stop))
    await eventually("the gateway is ready", lambda: gateway.port and not gateway.telemetry.unready())
    try:
        yield gateway
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


def frame(number: int, mn: str = MN, cn: str = "2011", cp: str | None = None) -> bytes:
    """A real-time frame of now; `number` makes its QN and its value."""
    local = datetime.now(UTC) + timedelta(hours=8) - timedelta(minutes=5) + timedelta(milliseconds=number)
    at = f"{local:%Y%m%d%H%M%S}"
    body = f"DataTime={at};a34002-Rtd={number}.5,a34002-Flag=N" if cp is None else cp
    return build_frame(f"QN={at}{number:03d};ST=39;CN={cn};PW=123456;MN={mn};Flag=9;CP=&&{body}&&")


async def answers(reader: asyncio.StreamReader, count: int) -> list[str]:
    """The QN of so many acknowledgement frames."""
    found = []
    async with asyncio.timeout(20):
        for _ in range(count):
            text = (await reader.readuntil(b"\r\n")).decode()
            assert "CN=9014" in text
            found.append(text.partition("QN=")[2].partition(";")[0])
    return found


def qn(sent: bytes) -> str:
    return sent.decode().partition("QN=")[2].partition(";")[0]


async def test_frames_are_answered_in_order_and_are_in_the_feed(node: KafkaNode, register: Register) -> None:
    log = await Log(node.bootstrap).mark()
    sent = [frame(n) for n in range(20)]
    async with gateway(node, register) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        stream = b"".join(sent)
        for at in range(0, len(stream), 700):  # cut anywhere
            writer.write(stream[at : at + 700])
            await writer.drain()
        assert await answers(reader, 20) == [qn(one) for one in sent]
        writer.close()
    feed, _ = await log.read()
    values = [v for one in feed if isinstance(one, Readings) for v in one.values["pm10"].tolist()]
    assert sorted(values) == [n * 1000 + 500 for n in range(20)]


async def test_a_heartbeat_is_answered_and_leaves_nothing_in_the_log(
    node: KafkaNode, register: Register
) -> None:
    log = await Log(node.bootstrap).mark()
    async with gateway(node, register) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        beat = frame(1, cn="9015", cp="")
        writer.write(beat)
        assert await answers(reader, 1) == [qn(beat)]
        writer.close()
    assert await log.read() == ([], [])


async def test_a_broken_frame_is_quarantined_and_not_answered_and_the_next_one_is(
    node: KafkaNode, register: Register
) -> None:
    log = await Log(node.bootstrap).mark()
    good = frame(7)
    right = frame(8)
    # any fixed checksum is the right one of some second: 0000 of more than one in a hundred
    broken = right[:-6] + b"%04X\r\n" % (int(right[-6:-2], 16) ^ 1)
    async with gateway(node, register) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(broken + good)
        assert await answers(reader, 1) == [qn(good)]
        writer.close()
    _, held = await log.read()
    assert [(one.code, one.source, one.raw) for one in held] == [("bad_crc", "gateway", broken[:-2])]


async def test_an_unknown_number_is_kept_and_can_be_put_through_later(
    node: KafkaNode, register: Register
) -> None:
    log = await Log(node.bootstrap).mark()
    async with gateway(node, register) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(frame(9, mn="NOBODY"))
        await answers(reader, 1)
        writer.close()
    _, held = await log.read()
    assert [one.code for one in held] == ["unknown_device"]
    assert [type(one) for one in outcomes_of(held[0], Resolver(register))] == [Quarantined]


async def test_nothing_is_answered_while_kafka_is_down(tmp_path: Any, register: Register) -> None:
    own = KafkaNode(tmp_path / "kafka").start()
    try:
        await ensure_topics(own.options, PARTITIONS)
        async with gateway(own, register) as running:
            reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
            own.kill()
            sent = [frame(n) for n in range(5)]
            writer.write(b"".join(sent))
            await eventually("five frames in", lambda: running.frames_in._value.get() == 5)
            beat = asyncio.create_task(reader.read(1))
            await eventually("they wait", lambda: running.feed.producer.outstanding > 0)
            assert not beat.done()
            own.start()
            first = await asyncio.wait_for(beat, 60)
            assert first == b"#"
            writer.close()
    finally:
        own.stop()


async def test_a_silent_connection_is_closed(node: KafkaNode, register: Register) -> None:
    async with gateway(node, register, first_frame_s=0.2) as running:
        reader, _ = await asyncio.open_connection("127.0.0.1", running.port)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        assert running.telemetry.faults.labels("no_first_frame")._value.get() == 1


async def test_one_connection_too_many_is_closed_at_once(node: KafkaNode, register: Register) -> None:
    async with gateway(node, register, connections=1) as running:
        own, first = await asyncio.open_connection("127.0.0.1", running.port)
        first.write(frame(1, cn="9015", cp=""))
        await answers(own, 1)
        reader, _ = await asyncio.open_connection("127.0.0.1", running.port)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        first.close()


async def test_what_speaks_another_protocol_is_closed_before_it_fills_the_quarantine(
    node: KafkaNode, register: Register
) -> None:
    log = await Log(node.bootstrap).mark()
    async with gateway(node, register, faults_in_a_row=5) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                writer.write(b"GET / HTTP/1.1\r\n" * 50)
                await writer.drain()
            await asyncio.wait_for(reader.read(), 10)
    _, held = await log.read()
    assert len(held) == 5
