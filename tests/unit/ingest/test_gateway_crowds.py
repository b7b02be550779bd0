"""Thousands of silent connections, and the devices that must get through beside them; real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from ingest.clock import WallClock
from ingest.decoders.hj212.ack import build_frame
from ingest.feed import FeedOptions
from ingest.gateway import Gateway, GatewayConfig
from ingest.listener import descriptors_for
from ingest.producer import Producer
from ingest.register import load_register
from ingest.telemetry import Telemetry
from tests.counties import device, write_county
from tests.fakes.held_producer import HeldProducer

pytestmark = pytest.mark.timeout(60)
CROWD = 2000


def beat(mn: str) -> bytes:
    """A heartbeat: answered without Kafka."""
    return build_frame(f"QN=20240601080500002;ST=39;CN=9015;PW=123456;MN={mn};Flag=9;CP=&&&&")


@contextlib.asynccontextmanager
async def gateway(folder: Path, devices: int = 2, **more: Any) -> AsyncIterator[Gateway]:
    """A gateway on a free port of loopback; what it takes in goes nowhere."""
    listed = [device(f"d{i}", format="hj212", aliases=[f"MN{i}"]) for i in range(devices)]
    register = load_register(write_county(folder, listed))
    config = GatewayConfig(port=0, feed=FeedOptions(partitions=1), **more)
    running, stop = Gateway(config, register, Telemetry("gateway"), WallClock()), asyncio.Event()
    running.feed.producer = cast(Producer, HeldProducer(running.feed._confirmed))
    task = asyncio.create_task(running.run(stop))
    while not running.port:
        await asyncio.sleep(0)
    try:
        yield running
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


@pytest.fixture
def crowd() -> Iterator[list[socket.socket]]:
    """Sockets of the crowd, closed at the end."""
    sockets: list[socket.socket] = []
    yield sockets
    for one in sockets:
        one.close()


async def gather_crowd(crowd: list[socket.socket], port: int, count: int, source: str = "127.0.0.1") -> None:
    """So many more connections from `source` that say nothing."""
    for number in range(count):
        one = socket.socket()
        one.setblocking(False)
        one.bind((source, 0))
        one.connect_ex(("127.0.0.1", port))
        crowd.append(one)
        if number % 50 == 0:
            await asyncio.sleep(0.001)  # lets the gateway accept


async def speak(port: int, mn: str, source: str = "127.0.0.1") -> tuple[asyncio.StreamReader, Any]:
    """A device's connection, proven by an answered heartbeat."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    writer.write(beat(mn))
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 20)
    assert b"CN=9014" in answer
    return reader, writer


def faults(running: Gateway, kind: str) -> float:
    return float(running.telemetry.faults.labels(kind)._value.get())


async def until(running: Gateway, kind: str, count: float) -> None:
    async with asyncio.timeout(20):
        while faults(running, kind) < count:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.2"])
async def test_two_thousand_silent_connections_lock_nobody_out(
    tmp_path: Path, crowd: list[socket.socket], source: str
) -> None:
    if descriptors_for(2 * CROWD + 200) < 2 * CROWD + 200:
        pytest.skip("the system allows too few open files for both ends")
    async with gateway(tmp_path) as running:
        _, before = await speak(running.port, "MN0")
        with capture_logs() as logs:
            await gather_crowd(crowd, running.port, CROWD, source)
            _, new = await speak(running.port, "MN1")
            before.write(beat("MN0"))
            await until(running, "evicted_connection", CROWD - running.config.per_address)
        assert running.frames_in._value.get() == 3
        assert len(running.door) <= running.config.connections
        assert faults(running, "too_many_connections") == 0
        told = [one for one in logs if one["event"] == "gateway_connections"]
        assert len(told) == 1
        before.close()
        new.close()


async def test_refused_is_only_who_comes_when_devices_hold_every_place_and_it_is_told_once(
    tmp_path: Path,
) -> None:
    async with gateway(tmp_path, connections=2) as running:
        held = [await speak(running.port, "MN0"), await speak(running.port, "MN1")]
        assert "connections" not in running.telemetry.unready()
        with capture_logs() as logs:
            for _ in range(20):
                reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
                with contextlib.suppress(ConnectionError):
                    assert await asyncio.wait_for(reader.read(), 20) == b""
                writer.close()
        assert faults(running, "too_many_connections") == 20
        assert "2 of 2" in running.telemetry.unready()["connections"]
        assert [one["what"] for one in logs if one["event"] == "gateway_connections"] == ["refused"]
        for _, writer in held:
            writer.close()


async def test_connections_that_a_device_left_behind_give_way_to_its_new_ones(tmp_path: Path) -> None:
    async with gateway(tmp_path, connections=3) as running:
        held = [await speak(running.port, "MN0") for _ in range(10)]
        held.append(await speak(running.port, "MN1"))
        assert faults(running, "too_many_connections") == 0
        assert faults(running, "evicted_connection") >= 7
        for _, writer in held:
            writer.close()


async def test_a_number_that_nobody_registered_proves_nothing(tmp_path: Path) -> None:
    async with gateway(tmp_path, connections=2) as running:
        held = [await speak(running.port, f"STRANGER{i}") for i in range(6)]
        held.append(await speak(running.port, "MN0"))
        assert faults(running, "too_many_connections") == 0
        for _, writer in held:
            writer.close()


async def test_bytes_that_never_become_a_frame_gain_no_time(tmp_path: Path) -> None:
    async with gateway(tmp_path, first_frame_s=0.3) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        closed = asyncio.create_task(reader.read())
        while not closed.done():
            writer.write(b"#")
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            await asyncio.sleep(0.01)
        await until(running, "no_first_frame", 1)
        writer.close()


async def test_a_device_that_spoke_may_be_silent_for_longer(tmp_path: Path) -> None:
    async with gateway(tmp_path, first_frame_s=0.2) as running:
        _, device_writer = await speak(running.port, "MN0")
        silent, silent_writer = await asyncio.open_connection("127.0.0.1", running.port)
        assert await asyncio.wait_for(silent.read(), 20) == b""
        assert len(running.door) == 1
        device_writer.close()
        silent_writer.close()


async def test_without_a_descriptor_left_the_crowd_gives_way(
    tmp_path: Path, crowd: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What asyncio's own server makes of EMFILE is a second of deafness, again and again."""
    async with gateway(tmp_path) as running:
        await gather_crowd(crowd, running.port, 5)
        async with asyncio.timeout(20):
            while len(running.door) < 5:
                await asyncio.sleep(0.01)
        loop = asyncio.get_running_loop()
        real, left = loop.sock_accept, [3]

        async def accept(listener: socket.socket) -> Any:
            if left[0]:
                left[0] -= 1
                raise OSError(24, "Too many open files")
            return await real(listener)

        monkeypatch.setattr(loop, "sock_accept", accept)
        # the accept that waits already is the real one; the next find no room
        _, writer = await speak(running.port, "MN0")
        await until(running, "evicted_connection", 3)
        _, other = await speak(running.port, "MN1")
        writer.close()
        other.close()
