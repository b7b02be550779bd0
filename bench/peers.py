"""Other stream processors on the same readings: a windowed mean and a threshold, a reading a record.

Each runs in an environment of its own (`environments`). One that can't be installed or does not end is
said to be so instead of a figure.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaProducer

from bench.environments import NotInstalled, interpreter
from ingest.admin import ensure_topics
from ingest.kafka_options import KafkaOptions
from ingest.topics import TopicSpec

QUIX, BYTEWAX = "3.28.1", "0.21.1"
TOPIC = "bench.peers"
_WITHIN_S = 180.0


@dataclass(frozen=True, slots=True)
class Peer:
    """What a peer did: readings a second, or None and why not."""

    name: str
    rate: float | None = None
    why: str = ""

    @property
    def label(self) -> str:
        """Its name, with what kept it from being measured."""
        return f"{self.name} ({self.why})" if self.why else self.name


def singles(readings: int, devices: int, start: int) -> Iterator[tuple[str, bytes]]:
    """(device, JSON object) of each reading, a minute apart."""
    for i in range(readings):
        device = f"dev-{i % devices}"
        at = (start + i // devices * 60_000) / 1000
        yield device, json.dumps({"device": device, "time": at, "pm10": 80.0 + i % 40}).encode()


async def publish(bootstrap: str, topic: str, partitions: int, feed: Iterator[tuple[str, bytes]]) -> None:
    """Fill a topic of its own; a device stays in its partition."""
    await ensure_topics(KafkaOptions(bootstrap), partitions, topics=[TopicSpec(topic)])
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=20, max_batch_size=256 * 1024)
    await producer.start()
    for device, value in feed:
        partition = int(device.rpartition("-")[2]) % partitions
        await producer.send(topic, value, key=device.encode(), partition=partition)
    await producer.stop()


def quix(bootstrap: str, topic: str, readings: int, folder: Path) -> Peer:
    """Quix Streams on a topic that `publish` has filled."""

    def words() -> list[str]:
        python = interpreter("quixstreams", QUIX)
        script = Path(__file__).with_name("quix_window.py")
        return [str(python), str(script), bootstrap, topic, str(readings), str(folder / "quix")]

    return _measured(f"Quix Streams {QUIX}", readings, words)


def bytewax(feed: Iterator[tuple[str, bytes]], readings: int, folder: Path) -> Peer:
    """bytewax on the same readings, from memory."""

    def words() -> list[str]:
        python = interpreter("bytewax", BYTEWAX, "orjson")
        path = folder / "readings.jsonl"
        path.write_bytes(b"\n".join(value for _, value in feed))
        return [str(python), str(Path(__file__).with_name("bytewax_window.py")), str(path)]

    return _measured(f"bytewax {BYTEWAX}, from memory", readings, words)


def _measured(name: str, readings: int, words: Callable[[], list[str]]) -> Peer:
    try:
        done = subprocess.run(words(), capture_output=True, text=True, timeout=_WITHIN_S, check=False)
    except NotInstalled as error:
        return Peer(name, why=f"not installed: {error}")
    except subprocess.TimeoutExpired:
        return Peer(name, why=f"not done within {_WITHIN_S:.0f} s")
    try:
        return Peer(name, readings / float(done.stdout.strip().rsplit("\n", 1)[-1]))
    except (ValueError, ZeroDivisionError):
        return Peer(name, why=f"ended with {done.returncode}: {done.stderr.strip()[-200:]}")
