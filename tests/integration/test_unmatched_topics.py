"""A topic that no filter of ingest.yaml matches is seen on a real broker, and leaves a trace in `status`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.commands.status import lines_of
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.ports import free_port
from deploy.overview import look
from ingest.admin import ensure_topics
from ingest.bridge import BridgeConfig, run_bridge
from ingest.clock import WallClock
from ingest.feed import FeedOptions
from ingest.mqtt import MqttOptions
from ingest.register import Register
from ingest.resolve import Resolver
from ingest.telemetry import Telemetry
from ingest.unmatched import TopicLook, decode_look, look_once, newest_looks
from tests.integration.bridging import (
    PARTITIONS,
    Log,
    acknowledged,
    county,
    eventually,
    readings,
    sequence_numbers,
)
from tests.mqtt_load import LoadClient
from tests.servers.mosquitto import MosquittoServer


@pytest.fixture
def node(tmp_path: Path) -> Iterator[KafkaNode]:
    """A Kafka of its own: `status` reads topics of fixed names."""
    own = KafkaNode(tmp_path / "kafka").start()
    asyncio.run(ensure_topics(own.options, PARTITIONS))
    yield own
    own.stop()


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    return county(tmp_path_factory.mktemp("county"))


STRANGE = [("park/7/data", b"{}"), ("park/7/data", b"{}"), ("airgradient/ab/readings", b"{}")]
OURS = [("dust/v1/d1/commands", b"{}"), ("dust/v1/d1/status", b"online")]


@pytest.mark.servers
@pytest.mark.parametrize(("version", "share"), [("5", "looked-for"), ("3.1.1", None)])
async def test_a_monitor_on_a_strange_topic_is_named_by_status_and_the_bridge_misses_nothing(
    mosquitto: MosquittoServer, node: KafkaNode, register: Register, version: str, share: str | None
) -> None:
    options = MqttOptions(mosquitto.url, client_id=f"trace-{version}", version=version, share=share)
    config = BridgeConfig(options, FeedOptions(node.options, PARTITIONS), anonymous=True, look_s=3.0)
    telemetry, stop, log = Telemetry("bridge"), asyncio.Event(), await Log(node.bootstrap).mark()
    task = asyncio.create_task(run_bridge(config, register, telemetry, WallClock(), stop))
    try:
        await eventually("ready", lambda: task.done() or not telemetry.unready())
        client = LoadClient(mosquitto.port, f"load-{version}")
        number = 0
        found: list[str] = []
        async with asyncio.timeout(60):
            while not any("park/7/data" in line and "airgradient/ab/readings" in line for line in found):
                await asyncio.to_thread(client.publish, [*STRANGE, *OURS, *readings(10, number)])
                number += 10
                found = lines_of(await look(node.options, "dustwatch"))
        await eventually("all taken", lambda: acknowledged(telemetry) >= number)
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)
    (line,) = [one for one in found if one.startswith("no filter")]
    assert "commands" not in line
    assert "/status" not in line
    assert "dust/v1/d1/readings" not in line
    assert "give ingest.yaml a filter" in line
    assert f"(trace-{version})" in line
    feed, held = await log.read()
    assert sequence_numbers(feed) == dict.fromkeys(range(number), 1)
    assert held == [], "what is only looked at is not quarantined"


@pytest.mark.servers
async def test_a_look_that_the_broker_refuses_is_said_and_one_without_a_broker_ends_nothing(
    mosquitto: MosquittoServer, register: Register, tmp_path: Path
) -> None:
    reads = Resolver(register).reads
    assert await look_once(MqttOptions(f"mqtt://127.0.0.1:{free_port()}"), reads, 0.1) is None
    found = await look_once(MqttOptions(mosquitto.url, client_id="quiet"), reads, 0.2)
    assert found is not None
    assert found.topics == {}


def test_many_topics_are_counted_but_not_all_named() -> None:
    look = TopicLook("b", 5, 60.0)
    for n in range(500):
        look.note(f"a/{n}\x1b[2J\u202e" if n % 2 else "x/" + "y" * 5000 + str(n % 3))
    assert len(look.topics) == 50
    assert look.more > 200
    assert max(map(len, look.topics)) <= 200
    assert not any("\x1b" in topic or "\u202e" in topic for topic in look.topics)
    again = decode_look(look.encode())
    assert again == look
    assert newest_looks([look, TopicLook("b", 9, 60.0), TopicLook("a", 1, 60.0)]) == [
        TopicLook("a", 1, 60.0),
        TopicLook("b", 9, 60.0),
    ]
    assert TopicLook("a", 1, 60.0).words() == "none in 60 s (a)"
    assert "refuses b a look" in TopicLook("b", refused="Not authorized").words()
