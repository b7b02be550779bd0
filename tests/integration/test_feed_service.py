"""`dustwatch run background` on a real Kafka, asking a real address: killed at any moment, each hour counts once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from deploy.embedded.kafka import KafkaNode
from ingest.codec import BACKGROUND, decode, schema_of
from ingest.records import Background
from ingest.scan import scan
from ingest.topics import FEED
from tests.air_feed import AirFeed, entry
from tests.counties import device, write_county
from tests.pipeline import Pipeline, wait_for

PARTITIONS = 3
ZONE = ZoneInfo("Asia/Shanghai")
FIRST = datetime.now(ZONE).replace(minute=0, second=0, microsecond=0) - timedelta(hours=20)


@pytest.fixture
def feed() -> Iterator[AirFeed]:
    found = AirFeed()
    yield found
    found.close()


@pytest.fixture
def service(tmp_path: Path, feed: AirFeed) -> Iterator[Pipeline]:
    """A Kafka of its own, on which no service runs yet."""
    node = KafkaNode(tmp_path / "kafka").start()
    folder = write_county(
        tmp_path / "county", [device("dev-1")], extra={"ingest.yaml": {"background": [entry(feed)]}}
    )
    nowhere = f"sqlite:///{tmp_path}/none.sqlite"
    found = Pipeline(
        tmp_path, folder, node.bootstrap, "mqtt://127.0.0.1:1", nowhere, nowhere, partitions=PARTITIONS
    )
    found.prepare(int(time.time() * 1000))
    yield found
    found.supervisor.stop()
    node.stop()


def known(feed: AirFeed, hours: int) -> None:
    """Have the address know the first so many hours."""
    feed.rows = [
        {"t": f"{FIRST + timedelta(hours=hour):%Y-%m-%d %H:%M}", "s": "S001", "v": 100 + hour}
        for hour in range(hours)
    ]


def in_log(bootstrap: str) -> dict[int, Counter[tuple[int, str]]]:
    """Per partition: how often each hour and id of background stands there."""
    from ingest.kafka_options import KafkaOptions

    found: dict[int, Counter[tuple[int, str]]] = {partition: Counter() for partition in range(PARTITIONS)}

    async def count() -> None:
        async for record in scan(KafkaOptions(bootstrap), FEED, PARTITIONS):
            if schema_of(record.headers) == BACKGROUND:
                one = decode(record.value, record.headers)
                assert isinstance(one, Background)
                found[record.partition][one.start, one.id] += 1

    asyncio.run(count())
    return found


def status(service: Pipeline) -> str:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DUSTWATCH_")}
    env = {**kept, "DUSTWATCH_KAFKA": service.bootstrap}
    done = subprocess.run(
        [sys.executable, "-m", "deploy.cli", "status"],
        capture_output=True, text=True, timeout=60, check=False, env=env, cwd=service.folder,
    )  # fmt: skip
    return done.stdout


@pytest.mark.servers
@pytest.mark.timeout(180)
def test_a_service_that_is_killed_while_it_asks_loses_no_hour_and_counts_none_twice(
    service: Pipeline, feed: AirFeed
) -> None:
    known(feed, 2)
    service.start(["background"])
    wait_for("two hours", lambda: all(len(one) == 2 for one in in_log(service.bootstrap).values()))
    assert "background    air: newest hour until" in status(service)
    for hours in (3, 4, 5, 6):
        known(feed, hours)
        asked = len(feed.tokens)
        service.process("background").popen.kill()
        wait_for("asked again", lambda n=asked: service.tend() or len(feed.tokens) > n)  # type: ignore[misc]
        if hours == 6:  # the last is left to do its work
            break
    service.process("background")
    wait_for("six hours", lambda: all(len(one) >= 6 for one in in_log(service.bootstrap).values()))
    wait_for("ready", lambda: service.ready("background"))
    before = in_log(service.bootstrap)
    assert {frozenset(one) for one in before.values()} == {frozenset(before[0])}
    assert len(before[0]) == 6, "an hour has one id, however often it was sent"
    # killed with all of it noted: nothing is sent again
    asked = len(feed.tokens)
    service.process("background").popen.kill()
    wait_for("asked again", lambda: service.tend() or len(feed.tokens) > asked)
    known(feed, 7)
    service.process("background").popen.kill()
    wait_for("a seventh hour", lambda: service.tend() or len(in_log(service.bootstrap)[2]) == 7)
    for partition, counted in in_log(service.bootstrap).items():
        assert {key: counted[key] for key in before[partition]} == dict(before[partition])


@pytest.mark.timeout(120)
def test_an_address_that_is_away_at_the_start_keeps_nobody_waiting_and_stands_in_status(
    service: Pipeline, feed: AirFeed
) -> None:
    feed.status = 503
    service.start(["background"])  # ready though there is no answer
    wait_for("said", lambda: "NO ANSWER since" in status(service))
