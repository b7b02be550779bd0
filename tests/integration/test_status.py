"""`dustwatch status` and `apply --status` on a Kafka whose topics are not what the settings say."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from aiokafka import AIOKafkaProducer

from alerts.lifecycle.trail import canonical_bytes
from alerts.store import CaseStore
from alerts.web.log_look import LogLook, log_of
from deploy.embedded.kafka import KafkaNode
from deploy.overview import look
from ingest import codec
from ingest.admin import TopicMismatch, ensure_topics
from ingest.kafka_options import KafkaOptions
from ingest.records import Quarantined, Readings, Tick
from ingest.scan import partitions_in_use
from ingest.topics import CASES, FEED, QUARANTINE
from tests.fakes.alerts import NIGHT, apply, breach, planner

PARTITIONS = 3
READ_AT, TICKED_AT = 1_763_856_000_000, 1_763_856_900_000
EXAMPLE = Path(__file__).parents[2] / "deploy" / "example"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KafkaNode, str]]:
    """A Kafka, and what was said of it before it had a topic."""
    node = KafkaNode(tmp_path_factory.mktemp("kafka")).start()
    with pytest.raises(TopicMismatch) as refused:
        asyncio.run(partitions_in_use(node.options))
    yield node, str(refused.value)
    node.stop()


@pytest.fixture(scope="module")
def county(bare: tuple[KafkaNode, str]) -> KafkaNode:
    """A reading, then more ticks than the first look goes back; two messages in quarantine."""
    node, _ = bare

    async def fill() -> None:
        await ensure_topics(node.options, PARTITIONS)
        zero = np.zeros(1, np.int32)
        time = np.array([READ_AT], np.int64)
        reading = Readings(("d",), ("s",), zero, time, zero.astype(np.int64), time, {"pm10": time})
        ticks = [Tick(TICKED_AT - 1000 * n, 1000, "b") for n in range(120)]
        async with AIOKafkaProducer(bootstrap_servers=node.bootstrap) as producer:
            for record in (reading, *ticks):
                value, headers = codec.encode(record)
                await producer.send(FEED, value=value, headers=headers, partition=1)
            for code in ("bad_json", "unknown_device"):
                held = Quarantined(READ_AT, "bridge", "dust/v1/x/readings", code, "", b"{")
                value, headers = codec.encode_quarantined(held)
                await producer.send(QUARANTINE, value=value, headers=headers, partition=0)
            await producer.flush()

    asyncio.run(fill())
    return node


def dustwatch(node: KafkaNode, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The program with twelve partitions in its settings: the default."""
    own = {"DUSTWATCH_KAFKA": node.bootstrap, **env}
    command = [sys.executable, "-m", "deploy.cli", *arguments]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DUSTWATCH_")}
    return subprocess.run(
        command, env={**kept, **own}, capture_output=True, text=True, timeout=60, check=False
    )


async def test_the_last_reading_is_found_behind_any_number_of_ticks(county: KafkaNode) -> None:
    view = await look(KafkaOptions(county.bootstrap), "dustwatch")
    assert (view.last_reading, view.last_tick) == (READ_AT, TICKED_AT)
    assert view.ticking, "Kafka took the ticks just now, whatever the county's clock says"
    assert view.quarantined == {"bad_json": 1, "unknown_device": 1}
    assert {stage.stage: stage.lag for stage in view.stages} == {"detect": 121, "store": 0, "alerts": 0}


async def test_the_desk_asks_the_log_for_as_much_in_a_moment(county: KafkaNode) -> None:
    async def applications() -> list[str]:
        return ["dustwatch"]

    ask = log_of(KafkaOptions(county.bootstrap), applications)
    deadline = asyncio.get_running_loop().time() + 60
    found, why = await LogLook(ask, within_s=30.0).look()
    while found is None and asyncio.get_running_loop().time() < deadline:  # its first group is being made
        await asyncio.sleep(0.2)
        found, why = await LogLook(ask, within_s=30.0).look()
    assert found is not None, why
    assert {stage: sum(p.end - p.acknowledged for p in of.values()) for stage, of in found.stages.items()} == {
        "detect": 121, "store": 0, "alerts": 0,
    }  # fmt: skip
    assert (found.held, found.newest_held, found.whole) == (
        {"bad_json": 1, "unknown_device": 1},
        READ_AT,
        True,
    )


async def test_a_log_that_is_not_there_is_away_and_says_so() -> None:
    async def applications() -> list[str]:
        return ["dustwatch"]

    found, why = await LogLook(log_of(KafkaOptions("127.0.0.1:9"), applications)).look()
    assert found is None
    assert why


def test_status_ends_though_the_settings_name_more_partitions_than_there_are(
    county: KafkaNode, tmp_path: Path
) -> None:
    absent = tmp_path / "cases.sqlite"
    done = dustwatch(county, "status", DUSTWATCH_CASES=f"sqlite:///{absent}")
    assert "last reading  2025-11-23T00:00:00+00:00" in done.stdout
    assert f"none kept in {absent}" in done.stdout
    assert done.returncode == 1
    assert not absent.exists(), "a look makes nothing"


def test_the_records_of_cases_are_compared_and_a_broken_trail_is_named(
    county: KafkaNode, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/cases.sqlite"
    store = CaseStore(url)
    for n in range(2):
        apply(store, breach(id=f"b{n}", kind=("exceedance", "suspicion")[n]), planner(), NIGHT)
    one, two = sorted(store.relay.unrelayed().records, key=lambda record: record.case)
    store.relay.mark({one.case: 1, two.case: 1})
    store.close()

    async def relay(*values: bytes) -> None:
        async with AIOKafkaProducer(bootstrap_servers=county.bootstrap) as producer:
            for value in values:
                headers = codec.headers_of("dust.cases/1", NIGHT)
                await producer.send_and_wait(CASES, value=value, headers=headers, partition=0)

    asyncio.run(relay(canonical_bytes(one)))
    done = dustwatch(county, "status", DUSTWATCH_CASES=url)
    assert "case records  2 in the store, 2 relayed, 1 on the topic" in done.stdout
    assert f"case {two.case}: record 1 is marked as relayed, and is not on the topic" in done.stdout
    assert done.returncode == 1
    asyncio.run(relay(canonical_bytes(replace(two, unit="somebody else")), canonical_bytes(one), b"{"))
    done = dustwatch(county, "status", DUSTWATCH_CASES=url)
    assert "2 relayed, 2 on the topic, 1 of them again" in done.stdout
    assert f"case {two.case}: record 1 is another one in the store than on the topic" in done.stdout
    assert "offset 3 of dust.cases is no record of a case" in done.stdout
    assert done.returncode == 1


def test_the_settings_file_of_a_data_folder_leads_to_its_stores(county: KafkaNode, tmp_path: Path) -> None:
    settings = tmp_path / "a folder" / "settings.env"
    settings.parent.mkdir()
    settings.write_text(f"DUSTWATCH_CASES='sqlite:///{settings.parent}/cases.sqlite'\n", encoding="utf-8")
    done = dustwatch(county, "status", DUSTWATCH_SETTINGS=str(settings))
    assert f"none kept in {settings.parent}/cases.sqlite" in done.stdout
    missing = dustwatch(county, "status", DUSTWATCH_SETTINGS="/no/such/file")
    assert missing.returncode == 2
    assert "DUSTWATCH_SETTINGS" in missing.stderr
    assert "Traceback" not in missing.stderr


def test_apply_status_names_the_partitions_without_configuration(county: KafkaNode) -> None:
    done = dustwatch(county, "apply", "--status")
    assert done.returncode == 1
    assert "without configuration: partitions 0, 1, 2; run" in done.stdout
    applied = dustwatch(county, "apply", str(EXAMPLE), DUSTWATCH_PARTITIONS=str(PARTITIONS))
    assert applied.returncode == 0, applied.stderr
    assert dustwatch(county, "apply", "--status").returncode == 0


def test_a_kafka_without_our_topics_is_a_named_error(bare: tuple[KafkaNode, str]) -> None:
    _, said = bare
    assert re.search(r"no topic dust\.breaches.*`dustwatch apply CONFIG`", said)
