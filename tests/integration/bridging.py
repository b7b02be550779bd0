"""A bridge or gateway inside the test's event loop on a real Kafka, and what it put there."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from ingest.bridge import BridgeConfig, run_bridge
from ingest.clock import Clock, WallClock
from ingest.codec import QUARANTINED, READINGS, decode, decode_quarantined, schema_of
from ingest.feed import FeedOptions
from ingest.kafka_options import KafkaOptions
from ingest.mqtt import MqttOptions
from ingest.records import FeedRecord, Quarantined, Readings
from ingest.register import Register, load_register
from ingest.telemetry import Telemetry
from ingest.topics import FEED, QUARANTINE
from tests.counties import device, iso, site, write_county

PARTITIONS = 4
SITES, DEVICES = 8, 20
MN = "010000A8900016F000169DC0"


def county(folder: Path) -> Register:
    """Native monitors d0.. at s0.., and one that speaks HJ 212."""
    devices = [device(f"d{i}", f"s{i % SITES}") for i in range(DEVICES)]
    devices.append(device("hj-1", "s1", format="hj212", aliases=[MN]))
    ingest = {
        "filters": [{"filter": "dust/v1/+/readings", "format": "json_v1"}],
        "signals": {"mqtt": True},
    }
    sites = [site(f"s{i}") for i in range(SITES)]
    return load_register(write_county(folder, devices, sites, extra={"ingest.yaml": ingest}))


def readings(count: int, first: int = 0, start_ms: int | None = None) -> list[tuple[str, bytes]]:
    """Numbered native messages; `seq` comes back as an extra."""
    start_ms = WallClock().now_ms() - 3_600_000 if start_ms is None else start_ms
    return [
        (
            f"dust/v1/d{n % DEVICES}/readings",
            json.dumps({"time": iso(start_ms + n * 50), "pm10": n % 100, "seq": n}).encode(),
        )
        for n in range(first, first + count)
    ]


async def eventually(what: str, condition: Callable[[], Any], within_s: float = 60.0) -> None:
    """Wait until `condition` holds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.02)
            return
    raise AssertionError(f"after {within_s:.0f} s still waiting: {what}")


@contextlib.asynccontextmanager
async def bridge(
    bootstrap: str, url: str, register: Register, client_id: str, clock: Clock | None = None, **mqtt: Any
) -> AsyncIterator[Telemetry]:
    """A bridge that is ready, ended as by SIGTERM."""
    telemetry, stop = Telemetry("bridge"), asyncio.Event()
    options = MqttOptions(url, client_id=client_id, **mqtt)
    config = BridgeConfig(options, FeedOptions(KafkaOptions(bootstrap), PARTITIONS), anonymous=True)
    task = asyncio.create_task(run_bridge(config, register, telemetry, clock or WallClock(), stop))
    await eventually("the bridge is ready", lambda: task.done() or not telemetry.unready())
    try:
        yield telemetry
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


def acknowledged(telemetry: Telemetry) -> int:
    """How many messages the bridge has acknowledged."""
    return int(telemetry.written.labels("acknowledged")._value.get())


class Log:
    """Feed and quarantine from where they end now."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._from: dict[TopicPartition, int] = {}

    async def mark(self) -> Log:
        """What is there already does not count."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap)
        await consumer.start()
        parts = [TopicPartition(topic, p) for topic in (FEED, QUARANTINE) for p in range(PARTITIONS)]
        self._from = await consumer.end_offsets(parts)
        await consumer.stop()
        return self

    async def read(self) -> tuple[list[FeedRecord], list[Quarantined]]:
        """Feed records and quarantined messages since `mark`, in order within each partition."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        await consumer.start()
        feed: list[FeedRecord] = []
        held: list[Quarantined] = []
        try:
            consumer.assign(list(self._from))
            ends = await consumer.end_offsets(list(self._from))
            for part, offset in self._from.items():
                consumer.seek(part, offset)
            behind = {part for part in ends if ends[part] > self._from[part]}
            while behind:
                for part, records in (await consumer.getmany(timeout_ms=500)).items():
                    for record in records:
                        if record.offset >= ends[part]:
                            continue
                        if part.topic == FEED:
                            feed.append(decode(record.value, record.headers))
                        elif schema_of(record.headers) == QUARANTINED:
                            held.append(decode_quarantined(record.value))
                behind = {part for part in behind if await consumer.position(part) < ends[part]}
        finally:
            await consumer.stop()
        return feed, held


def sequence_numbers(feed: list[FeedRecord]) -> Counter[int]:
    """How often each numbered reading is in the feed."""
    return Counter(
        json.loads(text)["seq"]
        for record in feed
        if isinstance(record, Readings)
        for text in record.extras.values()
    )


__all__ = [
    "READINGS",
    "Log",
    "acknowledged",
    "bridge",
    "county",
    "eventually",
    "readings",
    "sequence_numbers",
]
