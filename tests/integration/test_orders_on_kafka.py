"""`dustwatch signal` and `background import` on a real Kafka: every partition has the record."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.kafka import KafkaNode
from ingest.codec import decode, schema_of
from ingest.records import Background, Signal
from ingest.scan import scan
from ingest.topics import FEED
from tests.counties import device, write_county
from tests.integration.test_apply_on_kafka import dustwatch


@pytest.fixture
def node(tmp_path: Path) -> Iterator[KafkaNode]:
    """A Kafka of its own: the topics have fixed names."""
    own = KafkaNode(tmp_path / "kafka").start()
    yield own
    own.stop()


def test_orders_and_background_reach_every_partition(node: KafkaNode, tmp_path: Path) -> None:
    folder = str(write_county(tmp_path / "county", [device("dev-1")]))
    told = ("--until", "2099-01-01", "--by", "li", "--reason", "line", "--config", folder)
    assert dustwatch(node, "signal", "power", "site-1", *told).returncode == 2  # nothing was applied yet
    assert dustwatch(node, "apply", folder, "--by", "li").returncode == 0
    done = dustwatch(node, "signal", "power", "site-1", *told)
    assert (done.returncode, "all 3 partitions" in done.stdout) == (0, True), done.stderr
    table = tmp_path / "mean.csv"
    table.write_text("time,pm10\n2026-11-01 08:00,70\n", encoding="utf-8")
    feed = ("--label", "end", "--unit", "ug/m3", "--station", "S001", "--config", folder)
    done = dustwatch(node, "background", "import", str(table), *feed)
    assert (done.returncode, "all 3 partitions" in done.stdout) == (0, True), done.stderr

    async def found() -> list[tuple[int, object]]:
        return [
            (record.partition, decode(record.value, record.headers))
            async for record in scan(node.options, FEED, 3)
            if schema_of(record.headers) in ("dust.signal/1", "dust.background/1")
        ]

    records = asyncio.run(found())
    for kind, values in ((Signal, {"li"}), (Background, {"S001"})):
        mine = [(partition, one) for partition, one in records if isinstance(one, kind)]
        assert sorted(partition for partition, _ in mine) == [0, 1, 2]
        assert {getattr(one, "author", None) or getattr(one, "station", None) for _, one in mine} == values
