"""What the gateway answers when something unexpected happens to a frame: nothing, and it ends."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ingest.clock import BadClock, ManualClock, WallClock
from ingest.decoders.hj212.ack import build_frame
from ingest.feed import FeedOptions
from ingest.gateway import Gateway, GatewayCannotListen, GatewayConfig, run_gateway
from ingest.producer import Producer
from ingest.records import DevicePolicy
from ingest.register import load_register
from ingest.resolve import Resolver
from ingest.telemetry import Telemetry
from tests.counties import device, write_county
from tests.fakes.held_producer import HeldProducer

pytestmark = pytest.mark.timeout(30)
FRAME = (
    b"##0187QN=20240601080500002;ST=39;CN=2051;PW=123456;MN=010000A8900016F000169DC0;Flag=5;"
    b"CP=&&DataTime=20240601080000;a34002-Min=80.0,a34002-Avg=95.5,a34002-Max=110.0,a34002-Flag=N;"
    b"Leq-Data=61.2&&C481\r\n"
)


async def test_what_nobody_expected_ends_the_gateway_and_is_never_answered(tmp_path: Path) -> None:
    register = load_register(write_county(tmp_path, [device("d0")]))
    gateway = Gateway(
        GatewayConfig(port=0, feed=FeedOptions(partitions=1)), register, Telemetry("gateway"), WallClock()
    )
    gateway.feed.producer = cast(Producer, HeldProducer(gateway.feed._confirmed))

    def fail(*_: object) -> Any:
        raise RuntimeError("a fault of ours")

    policy = lambda key: DevicePolicy()  # noqa: E731
    gateway.resolver = cast(
        Resolver,
        SimpleNamespace(
            of_decoded=fail, policy_of=policy, device_of=lambda key: None, peer_fault=lambda *_: None
        ),
    )
    running = asyncio.create_task(gateway.run(asyncio.Event()))
    while not gateway.port:
        await asyncio.sleep(0)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(FRAME)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        await asyncio.wait_for(running, 10)
    for session in gateway._sessions:
        session.answer()
        session.writer.close()
    assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
async def test_an_address_that_is_not_ours_is_the_operators_fault_and_named(
    tmp_path: Path, host: str
) -> None:
    register = load_register(write_county(tmp_path, [device("d0")]))
    gateway = Gateway(GatewayConfig(host=host), register, Telemetry("gateway"), WallClock())
    with pytest.raises(GatewayCannotListen, match=f"{host}:8212 .*DUSTWATCH_GATEWAY_HOST"):
        await gateway.run(asyncio.Event())
    assert GatewayCannotListen.exit_code == 2


async def test_the_clock_of_a_recording_is_refused(tmp_path: Path) -> None:
    register = load_register(write_county(tmp_path, [device("d0")]))
    with pytest.raises(BadClock, match="only the bridge"):
        await run_gateway(GatewayConfig(), register, Telemetry("gateway"), ManualClock(), asyncio.Event())


async def test_a_device_that_never_reads_its_answers_is_let_go(tmp_path: Path) -> None:
    register = load_register(write_county(tmp_path, [device("d0")]))
    config = GatewayConfig(port=0, feed=FeedOptions(partitions=1), idle_s=0.5)
    gateway, stop = Gateway(config, register, Telemetry("gateway"), WallClock()), asyncio.Event()
    gateway.feed.producer = cast(Producer, HeldProducer(gateway.feed._confirmed))
    running = asyncio.create_task(gateway.run(stop))
    while not gateway.port:
        await asyncio.sleep(0)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # little room for answers on their way
    deaf.connect(("127.0.0.1", gateway.port))
    deaf.setblocking(False)
    beats = build_frame("QN=20240601080500002;ST=91;CN=9015;PW=1;MN=T1;Flag=9;CP=&&&&") * 100
    idle = gateway.telemetry.faults.labels("idle_connection")._value
    while not idle.get():
        try:
            deaf.send(beats)
        except OSError:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
    while gateway._sessions:
        await asyncio.sleep(0)
    deaf.close()
    stop.set()
    await asyncio.wait_for(running, 10)
