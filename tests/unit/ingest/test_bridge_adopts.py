"""A running bridge takes on another configuration: devices, filters, revision; nothing in hand is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.codec import QUARANTINED, decode, decode_quarantined, schema_of
from ingest.feed import FeedOptions
from ingest.records import Readings
from ingest.register import load_register
from ingest.topics import FEED, QUARANTINE
from tests.counties import device, iso, site, write_county
from tests.unit.ingest.test_bridge_acknowledges import NOW, PARTITIONS, Rig, register, rig, settled

__all__ = ["register", "rig"]  # the fixtures
pytestmark = pytest.mark.timeout(30)


def other(folder: Path, *filters: str) -> Any:
    """A county with a new monitor, without d7, and with filters of its own."""
    devices = [*(device(f"d{i}", f"s{i}") for i in range(7)), device("new", "s9")]
    written = write_county(folder, devices, [site(f"s{i}") for i in (*range(7), 9)])
    if filters:
        rules = [{"filter": name, "format": "json_v1"} for name in filters]
        (written / "ingest.yaml").write_text(json.dumps(rules), encoding="utf-8")
    return load_register(written)


def take(rig: Rig, mid: int, name: str, topic: str = "dust/v1/{}/readings") -> None:
    body = json.dumps({"time": iso(NOW + mid), "pm10": mid, "device": name})
    rig.broker.publish(mid, topic.format(name), body.encode())


async def test_a_monitor_that_was_added_is_read_and_one_that_was_taken_out_no_longer(
    rig: Rig, tmp_path: Path
) -> None:
    for mid, name in ((1, "new"), (2, "d7")):
        take(rig, mid, name)
    await settled(rig)
    rig.bridge.adopt(other(tmp_path), FeedOptions(partitions=PARTITIONS, linger_ms=5, revision="r2"))
    for mid, name in ((3, "new"), (4, "d7")):
        take(rig, mid, name)
    await rig.kafka.until(
        lambda kafka: sum(one.topic == QUARANTINE and len(one.value) > 0 for one in kafka.sent) == 2
    )
    await rig.kafka.until(lambda kafka: kafka.rows == 2)
    held = [
        decode_quarantined(one.value)
        for one in rig.kafka.sent
        if one.topic == QUARANTINE and schema_of(one.headers) == QUARANTINED
    ]
    assert [(one.code, one.topic) for one in held] == [
        ("unknown_device", "dust/v1/new/readings"),
        ("unknown_device", "dust/v1/d7/readings"),
    ]
    batches = [decode(one.value, one.headers) for one in rig.kafka.sent if one.topic == FEED]
    said = {tuple(one.devices): one.revision for one in batches if isinstance(one, Readings)}
    assert said == {("d7",): "", ("new",): "r2"}, "each reading names what it was resolved by"
    await rig.confirm_all()
    assert sorted(await rig.broker.until_acknowledged(5)) == [1, 2, 3, 4, 60_000]


async def test_new_filters_are_subscribed_to_and_those_left_out_no_longer(rig: Rig, tmp_path: Path) -> None:
    register = other(tmp_path, "dust/v1/+/readings", "park/+/data")
    rig.bridge.adopt(register, FeedOptions(partitions=PARTITIONS, linger_ms=5))
    await settled(rig)
    assert rig.broker.asked[-2:] == [["$share/dustwatch/park/+/data"], ["barrier"]]
    assert rig.broker.left == []
    rig.bridge.adopt(other(tmp_path / "b", "park/+/data"), FeedOptions(partitions=PARTITIONS, linger_ms=5))
    take(rig, 70, "new", "park/{}/data")
    await rig.broker.until_left(1)
    assert rig.broker.left == ["$share/dustwatch/dust/v1/+/readings"]
    rig.broker.drop()
    await rig.broker.until(2)
    assert rig.broker.filters == [
        "$share/dustwatch/park/+/data",
        "$share/dustwatch/dust/v1/background/+",
        "$share/dustwatch/dust/v1/signals/+",
        "dust/v1/+/status",
    ]


async def test_what_is_adopted_while_the_broker_is_away_counts_at_the_next_connection(
    rig: Rig, tmp_path: Path
) -> None:
    rig.broker.drop()
    while rig.bridge.connection.connected:
        await settled_turn()
    rig.bridge.adopt(other(tmp_path, "park/+/data"), FeedOptions(partitions=PARTITIONS, linger_ms=5))
    await rig.broker.until(2)
    assert rig.broker.filters[0] == "$share/dustwatch/park/+/data"


async def settled_turn() -> None:
    import asyncio

    await asyncio.sleep(0.01)
