"""Readings a second through Kafka and one detect worker process, beside an idiomatic Faust table app."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.processes import cpu_seconds, resident_mb
from bench.report import Row, table
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.process import free_port
from ingest.admin import ensure_topics
from ingest.codec import encode, schema_of
from ingest.records import FeedRecord, Readings, Tick
from ingest.topics import FEED, RESULTS, TopicSpec, partition_of
from processors.records import JUDGED
from processors.revision import make_revision
from processors.rules import load_pack

PARTITIONS = 4
DEVICES = 2000  # 500 a partition
READINGS_A_RECORD = 300
READINGS = 900_000  # 7.5 hours of these devices at a reading a minute
SINGLES = 20_000  # records of the table app, one reading each
TABLE_TOPIC = "bench.singles"
WITHIN_S = 120.0
_T0 = 1_774_976_400_000
_MINUTE = 60_000


def run() -> list[Row]:
    """Both in the same run, on a Kafka of their own."""
    with tempfile.TemporaryDirectory(prefix="dustwatch-bench-") as name:
        folder = Path(name)
        node = KafkaNode(folder / "kafka").start()
        try:
            peer = asyncio.run(_table_app(node.bootstrap, folder))
            return asyncio.run(_detect(node.bootstrap, folder, peer))
        finally:
            node.stop()


async def _detect(bootstrap: str, folder: Path, peer: float) -> list[Row]:
    await ensure_topics(bootstrap, PARTITIONS)
    records = await _publish_feed(bootstrap)
    env = {
        **os.environ,
        "DUSTWATCH_KAFKA": bootstrap,
        "DUSTWATCH_HEALTH_PORT": str(free_port()),
        "DUSTWATCH_PARTITIONS": str(PARTITIONS),
    }
    with (folder / "detect.log").open("wb") as out:
        worker = subprocess.Popen(
            [sys.executable, "-c", "from deploy.cli import main; main()", "run", "detect"],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=env,
        )
    try:
        seconds, readings = await _until_judged(bootstrap, records, worker, folder)
        cpu, memory = cpu_seconds(worker.pid), resident_mb(worker.pid)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(15)
    rate = readings / seconds
    return [
        Row(
            f"detect worker, {READINGS_A_RECORD} readings a record, {PARTITIONS} partitions",
            rate,
            "readings/s",
            "Faust table app, a reading a record",
            peer,
            ">= 150,000/s and 30 times the table app",
            f"{READINGS:,} readings of {DEVICES} devices; {cpu:.1f} s CPU, {memory:.0f} MB, first "
            "to last record of dust.results by the broker's append time",
        )
    ]


async def _table_app(bootstrap: str, folder: Path) -> float:
    await ensure_topics(bootstrap, PARTITIONS, topics=[TopicSpec(TABLE_TOPIC)])
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=20, max_batch_size=256 * 1024)
    await producer.start()
    for i in range(SINGLES):
        device = f"dev-{i % DEVICES}"
        at = (_T0 + i // DEVICES * _MINUTE) / 1000
        value = json.dumps({"device": device, "time": at, "pm10": 80.0 + i % 40}).encode()
        await producer.send(TABLE_TOPIC, value, key=device.encode(), partition=i % DEVICES % PARTITIONS)
    await producer.stop()
    script = Path(__file__).with_name("faust_table.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        bootstrap,
        TABLE_TOPIC,
        str(SINGLES),
        str(folder / "table"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    left = folder / "table" / "said.json"
    if not left.exists():
        raise RuntimeError(f"the table app said nothing: {errors[-500:].decode(errors='replace')}")
    said = json.loads(left.read_text(encoding="ascii"))
    return float(said["events"] / said["seconds"])


def _feed(partition: int, devices: list[str], site: str) -> Iterator[FeedRecord]:
    """The share of one partition: batches of the same size, a tick each minute."""
    values = np.random.default_rng(partition)
    total = READINGS // PARTITIONS
    for first in range(0, total, READINGS_A_RECORD):
        rows = np.arange(first, min(first + READINGS_A_RECORD, total), dtype=np.int64)
        at = _T0 + rows // len(devices) * _MINUTE
        yield Readings(
            devices=tuple(devices),
            sites=(site,) * len(devices),
            codes=(rows % len(devices)).astype(np.int32),
            time=at,
            period=np.full(len(rows), _MINUTE, np.int64),
            received_at=at + 2000,
            values={q: values.integers(20_000, 200_000, len(rows)) for q in ("pm10", "pm2_5", "tsp")},
            revision="bench",
        )
        if at[-1] > at[0]:
            yield Tick(int(at[-1]) + 2000, _MINUTE, "bench")


async def _publish_feed(bootstrap: str) -> int:
    """Fill dust.feed; returns the number of records with readings."""
    site_of = {partition_of(f"s{n}", PARTITIONS): f"s{n}" for n in range(50)}
    devices = {p: [f"dev-{p}-{n}" for n in range(DEVICES // PARTITIONS)] for p in range(PARTITIONS)}
    body = {
        "county": {
            "name": "bench",
            "zone": "Asia/Shanghai",
            "language": "en",
            "background": [{"area": "county", "stations": ["S1"], "min_stations": 1}],
        },
        "sites": [
            {"id": s, "name": s, "kind": "building", "stage": "earthwork", "zone": "urban", "area": None}
            for s in site_of.values()
        ],
        "devices": [
            {"id": d, "site": site_of[p], "interval": 60, "role": "boundary", "offline_after": None}
            for p, own in devices.items()
            for d in own
        ],
        "rules": [
            rule.model_dump(mode="json")
            for pack in ("hebei-db13-2934-2019", "instant-pm10")
            for rule in load_pack(pack).rules
        ],
    }
    revision = make_revision(body, _T0)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=1024 * 1024, linger_ms=20)
    await producer.start()
    batches = 0
    for partition in range(PARTITIONS):
        for record in [revision, *_feed(partition, devices[partition], site_of[partition])]:
            value, headers = encode(record)
            await producer.send(FEED, value, partition=partition, headers=headers)
            batches += isinstance(record, Readings)
    await producer.stop()
    return batches


async def _until_judged(
    bootstrap: str, records: int, worker: subprocess.Popen[bytes], folder: Path
) -> tuple[float, int]:
    """(seconds, readings) between the first and the last judged batch, by the broker's clock."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign([TopicPartition(RESULTS, p) for p in range(PARTITIONS)])
    stamps: list[int] = []
    deadline = time.monotonic() + WITHIN_S
    try:
        while len(stamps) < records:
            if worker.poll() is not None or time.monotonic() > deadline:
                words = (folder / "detect.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{len(stamps)} of {records} batches judged: {words}")
            for got in (await consumer.getmany(timeout_ms=500)).values():
                stamps += [r.timestamp for r in got if schema_of(r.headers) == JUDGED]
            await asyncio.sleep(1.0)  # leave the machine to the worker
    finally:
        await consumer.stop()
    return (max(stamps) - min(stamps)) / 1000, (records - 1) * READINGS_A_RECORD


if __name__ == "__main__":
    print(table(run()))
