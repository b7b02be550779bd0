"""Attacks on HJ 212 over TCP: another's number from another network, a wrong password, a wrong certificate."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from ingest.batches import Row
from ingest.clock import WallClock
from ingest.codec import QUARANTINED, decode_quarantined, schema_of
from ingest.decoders.hj212.ack import build_frame
from ingest.feed import FeedOptions
from ingest.gateway import Gateway, GatewayConfig
from ingest.listener import BadCertificate, TlsFiles
from ingest.producer import Producer
from ingest.quarantine import outcomes_of
from ingest.records import Quarantined
from ingest.register import Register, load_register
from ingest.resolve import Resolver
from ingest.strict_yaml import ConfigError, Problem
from ingest.telemetry import Telemetry
from tests.counties import device, write_county
from tests.fakes.certificates import authority, certificate
from tests.fakes.held_producer import HeldProducer

pytestmark = pytest.mark.timeout(60)
SECRETS = {"PW7": "of-dev-7", "KEY8": "0123456789abcdeffedcba9876543210"}


def secret(name: str) -> str:
    """As `alerts.channels.secrets` looks them up."""
    if name not in SECRETS:
        raise ConfigError([Problem("devices.yaml", 1, 1, ".", f"no secret {name}")])
    return SECRETS[name]


def registered(folder: Path, **more: Any) -> Register:
    """One monitor that speaks HJ 212 as MN7, and one without any lock as MN1."""
    devices = [device("d7", format="hj212", aliases=["MN7"], **more)]
    return load_register(write_county(folder, [*devices, device("d1", format="hj212", aliases=["MN1"])]))


@contextlib.asynccontextmanager
async def gateway(register: Register, **more: Any) -> AsyncIterator[Gateway]:
    """A gateway on a free port of loopback whose Kafka the test operates."""
    config = GatewayConfig(port=0, feed=FeedOptions(partitions=1, linger_ms=1), secret=secret, **more)
    running, stop = Gateway(config, register, Telemetry("gateway"), WallClock()), asyncio.Event()
    running.feed.producer = cast(Producer, HeldProducer(running.feed._confirmed))
    task = asyncio.create_task(running.run(stop))
    while not running.port:
        await asyncio.sleep(0)
    try:
        yield running
    finally:
        kafka(running)._outstanding.clear()
        stop.set()
        await asyncio.wait_for(task, 20)


def kafka(running: Gateway) -> HeldProducer:
    return cast(HeldProducer, running.feed.producer)


def frame(mn: str, pw: str = "123456", cn: str = "2011", number: int = 1) -> bytes:
    """A real-time frame of now, or a heartbeat (9015)."""
    local = f"{datetime.now(UTC) + timedelta(hours=8):%Y%m%d%H%M%S}"
    body = "" if cn == "9015" else f"DataTime={local};a34002-Rtd={number}.5,a34002-Flag=N"
    return build_frame(f"QN={local}{number:03d};ST=39;CN={cn};PW={pw};MN={mn};Flag=9;CP=&&{body}&&")


def held(running: Gateway) -> list[Quarantined]:
    sent = kafka(running).sent
    return [decode_quarantined(one.value) for one in sent if schema_of(one.headers) == QUARANTINED]


def count(running: Gateway, kind: str) -> float:
    return float(running.telemetry.faults.labels(kind)._value.get())


async def until(what: Any) -> None:
    async with asyncio.timeout(20):
        while not what():
            await asyncio.sleep(0.01)


LOCKS: dict[str, tuple[dict[str, Any], str, str]] = {
    "from another network": ({"networks": ["10.1.0.0/16", "192.168.0.0/16"]}, "123456", "none of"),
    "with a wrong password": ({"password_secret": "PW7"}, "123456", "PW"),
    "without a password": ({"password_secret": "PW7"}, "", "PW: the frame has none"),
    "whose secret is not on this machine": ({"password_secret": "GONE"}, "", "not on this machine"),
}


@pytest.mark.parametrize("name", LOCKS)
async def test_who_speaks_as_another_is_refused_counted_told_and_kept(tmp_path: Path, name: str) -> None:
    lock, pw, words = LOCKS[name]
    register = registered(tmp_path, **lock)
    async with gateway(register, faults_in_a_row=5) as running:
        with capture_logs() as logs:
            reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
            for number in range(20):
                writer.write(frame("MN7", pw, number=number))
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 20) == b""  # no answer, then let go
        assert {one.code for one in held(running)} == {"not_allowed"}
        assert len(held(running)) == 5
        assert words in held(running)[0].detail
        assert held(running)[0].topic == "hj212/tcp/127.0.0.1"
        assert kafka(running).rows == 0
        assert running.telemetry.quarantined.labels("not_allowed")._value.get() == 5
        assert count(running, "not_allowed") >= 5
        told = [one for one in logs if one["event"] == "gateway_frame_refused"]
        assert [(one["device"], one["peer"]) for one in told] == [("d7", "127.0.0.1")]
        assert not any(value in str(logs) for value in SECRETS.values())
        # put through again it is judged again
        again = outcomes_of(held(running)[0], Resolver(register, secret=secret))
        assert [one.code for one in again if isinstance(one, Quarantined)] == ["not_allowed"]
        mended = registered(tmp_path / "mended", networks=["127.0.0.0/8"])
        assert [type(one) for one in outcomes_of(held(running)[0], Resolver(mended))] == [Row]
        writer.close()


async def test_a_heartbeat_of_another_is_neither_answered_nor_kept_and_proves_nothing(tmp_path: Path) -> None:
    async with gateway(registered(tmp_path, networks=["10.1.0.0/16"])) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(frame("MN7", cn="9015"))
        await until(lambda: count(running, "not_allowed") == 1)
        writer.write(frame("MN1", cn="9015"))
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 20)
        assert b"MN=MN1" in answer
        assert held(running) == []
        writer.close()


async def test_the_device_itself_is_heard_from_its_network_with_its_password(tmp_path: Path) -> None:
    register = registered(tmp_path, networks=["127.0.0.0/8"], password_secret="PW7")
    async with gateway(register) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(frame("MN7", SECRETS["PW7"]))
        await kafka(running).until(lambda one: one.rows == 1)
        kafka(running).confirm(list(kafka(running).sent))
        assert b"CN=9014" in await asyncio.wait_for(reader.readuntil(b"\r\n"), 20)
        assert held(running) == []
        writer.close()


def client(ca: Path | None, own: TlsFiles | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    if own is not None:
        context.load_cert_chain(own.cert, own.key)
    return context


async def heard(port: int, tls: ssl.SSLContext | None) -> bool:
    """Whether a heartbeat sent so is answered."""
    try:
        async with asyncio.timeout(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
            writer.write(frame("MN1", cn="9015"))
            answer = await reader.readline()
            writer.close()
            return b"9014" in answer
    except (ssl.SSLError, ConnectionError):
        return False


async def test_a_wrong_certificate_is_turned_away_and_counted_and_the_right_one_is_heard(
    tmp_path: Path,
) -> None:
    ours, theirs = authority(tmp_path / "ours"), authority(tmp_path / "theirs")
    server = certificate(ours, tmp_path / "server", "127.0.0.1")
    right, wrong = certificate(ours, tmp_path / "d1", "d1"), certificate(theirs, tmp_path / "x", "d1")
    tls = TlsFiles(server.cert, server.key, ours.cert)
    attempts: Mapping[str, ssl.SSLContext | None] = {
        "none at all": client(ours.cert),
        "of another authority": client(ours.cert, wrong),
        "clear text": None,
    }
    async with gateway(registered(tmp_path), tls=tls) as running:
        for number, (name, context) in enumerate(attempts.items(), 1):
            assert not await heard(running.port, context), name
            await until(lambda number=number: count(running, "tls_refused") == number)
        assert await heard(running.port, client(ours.cert, right))
        assert not await heard(running.port, client(theirs.cert, right))  # a device that trusts another
        assert await heard(running.port, client(ours.cert, right))


async def test_a_silent_handshake_is_a_connection_that_gives_way(tmp_path: Path) -> None:
    ours = authority(tmp_path / "ours")
    server = certificate(ours, tmp_path / "server", "127.0.0.1")
    async with gateway(registered(tmp_path), tls=server, connections=3) as running:
        silent = [await asyncio.open_connection("127.0.0.1", running.port) for _ in range(10)]
        assert await heard(running.port, client(ours.cert))
        assert len(running.door) <= 3
        for _, writer in silent:
            writer.close()


def test_files_that_make_no_certificate_are_named_with_their_setting(tmp_path: Path) -> None:
    ours = authority(tmp_path / "ours")
    server = certificate(ours, tmp_path / "server", "127.0.0.1")
    for wrong in (
        TlsFiles(tmp_path / "gone", server.key),
        TlsFiles(server.cert, ours.key),
        TlsFiles(server.cert, server.key, tmp_path / "gone"),
    ):
        with pytest.raises(BadCertificate, match="DUSTWATCH_GATEWAY_TLS_"):
            wrong.context()
    assert BadCertificate.exit_code == 2
