"""A stage whose Kafka went away says on its readiness why, until it is back."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

import processors.stream.shell
from ingest.telemetry import Telemetry
from processors.stream.shell import Shell, Work
from processors.stream.stage import Pace

WHY = "Kafka at k:9092 refuses the user 'u': look at DUSTWATCH_KAFKA_PASSWORD"


class GoneReader:
    """Kafka as the reader sees it: away until told otherwise."""

    away = True

    async def ends(self, topic: str, partitions: list[int]) -> dict[int, int]:
        if self.away:
            raise KafkaConnectionError("no node")
        return dict.fromkeys(partitions, 0)

    async def why_away(self, error: BaseException) -> str:
        return WHY


async def until(telemetry: Telemetry, expected: dict[str, str]) -> None:
    async with asyncio.timeout(10):
        while telemetry.unready() != expected:
            await asyncio.sleep(0.005)


async def test_a_stage_whose_kafka_refuses_it_under_way_is_not_ready_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processors.stream.shell, "_WATCH_S", 0.01)
    nobody: Any = None
    telemetry, reader = Telemetry("detect"), GoneReader()
    work = Work("detect", "g", "feed", nobody, Pace(), partitions=1)
    shell = Shell(work, nobody, reader, nobody, telemetry)  # type: ignore[arg-type]
    shell.app = SimpleNamespace(should_stop=False, consumer=None)
    shell._assigned_once = True
    book = SimpleNamespace(next=0)
    keeper: Any = SimpleNamespace(book=book, dropped=False, waits_since=None, moved_at=time.monotonic())
    shell._keepers[0] = keeper
    watching = asyncio.create_task(shell.watch())
    await until(telemetry, {"partitions": WHY})
    reader.away = False
    await until(telemetry, {})
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
