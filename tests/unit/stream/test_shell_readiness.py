"""A stage whose Kafka went away says on its readiness why, until it is back."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError

import processors.stream.shell
from ingest.kafka_refusal import KafkaMissing, KafkaRefused
from ingest.telemetry import Telemetry
from processors.stream.shell import Shell, Work, exit_code_of
from processors.stream.stage import Pace

WHY = "Kafka at k:9092 refuses the user 'u': look at DUSTWATCH_KAFKA_PASSWORD"


class GoneReader:
    """Kafka as the reader sees it: away until told otherwise."""

    away = True

    async def ends(self, topic: str, partitions: list[int]) -> dict[int, int]:
        if self.away:
            raise KafkaConnectionError("no node")
        return dict.fromkeys(partitions, 0)

    async def committed(self, group: str, topic: str) -> dict[int, int]:
        raise KafkaTimeoutError("no answer in 40 s")

    async def missing_by(self, error: BaseException) -> KafkaMissing:
        return KafkaRefused(WHY)


async def until(telemetry: Telemetry, expected: dict[str, str]) -> None:
    async with asyncio.timeout(10):
        while telemetry.unready() != expected:
            await asyncio.sleep(0.005)


def shell_of(reader: GoneReader, telemetry: Telemetry) -> Shell:
    nobody: Any = None
    work = Work("detect", "g", "feed", nobody, Pace(), partitions=1)
    shell = Shell(work, nobody, reader, nobody, telemetry)  # type: ignore[arg-type]
    shell.app = SimpleNamespace(should_stop=False, consumer=None)
    shell._assigned_once = True
    return shell


def opened(next_offset: int | None = 0) -> Any:
    book = None if next_offset is None else SimpleNamespace(next=next_offset)
    return SimpleNamespace(book=book, dropped=False, waits_since=None, moved_at=time.monotonic())


@pytest.mark.parametrize("has", ["a partition", "none"])
async def test_a_stage_whose_kafka_refuses_it_under_way_is_not_ready_and_says_why(
    monkeypatch: pytest.MonkeyPatch, has: str
) -> None:
    monkeypatch.setattr(processors.stream.shell, "_WATCH_S", 0.01)
    telemetry, reader = Telemetry("detect"), GoneReader()
    shell = shell_of(reader, telemetry)
    if has == "a partition":
        shell._mine, shell._keepers[0] = {0}, opened()
    watching = asyncio.create_task(shell.watch())
    await until(telemetry, {"partitions": WHY})
    reader.away = False
    await until(telemetry, {})
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_a_stage_is_ready_when_each_of_its_partitions_is_open() -> None:
    telemetry = Telemetry("detect")
    shell = shell_of(GoneReader(), telemetry)
    shell._mine = {0, 1}
    said = []
    for at, keeper in ((0, opened(None)), (0, opened()), (1, opened())):
        said.append(telemetry.unready().get("partitions"))
        shell._keepers[at] = keeper
    said.append(telemetry.unready().get("partitions"))
    assert said == [
        "partition 0 is being opened", "partition 0 is being opened", "partition 1 is being opened", None
    ]  # fmt: skip


async def test_a_kafka_that_goes_away_while_partitions_open_is_told_by_the_setting_to_look_at() -> None:
    shell = shell_of(GoneReader(), Telemetry("detect"))
    with pytest.raises(KafkaRefused, match="DUSTWATCH_KAFKA_PASSWORD") as caught:
        await shell._open({0})
    assert exit_code_of(caught.value) == 2
