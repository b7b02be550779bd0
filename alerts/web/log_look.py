"""What the log says of the platform: how far its stages are, and what lies in quarantine.

Asked when somebody looks, for all who look at once, within a few seconds; never the whole of a topic.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from alerts.platform_faults import StageProgress
from alerts.platform_watch import KafkaProbe
from ingest.admin import partitions_of
from ingest.kafka_options import KafkaOptions
from ingest.quarantine import QuarantinedMessage, note_record
from ingest.scan import plain_consumer
from ingest.topics import QUARANTINE

WITHIN_S = 5.0
_KEPT_S = 10.0  # an answer is good for so long
_TAIL = 200  # records of a partition of the quarantine


@dataclass(frozen=True, slots=True)
class LogStanding:
    """Of the stages how far they are, by partition; of the newest records in quarantine those still held."""

    stages: Mapping[str, Mapping[int, StageProgress]]
    held: Mapping[str, int] = field(default_factory=dict)  # by reason
    newest_held: int | None = None  # ms UTC, when the newest of them came
    looked_at: int = 0  # records; remarks and notices lie there too
    whole: bool = True  # these are all that lie there


class LogAnswer(NamedTuple):
    """Either the standing, or in words why there is none."""

    standing: LogStanding | None
    why: str = ""


class LogLook:
    """Asks at most every few seconds, once for all; what does not answer in time is away."""

    def __init__(
        self,
        ask: Callable[[], Awaitable[LogStanding]],
        within_s: float = WITHIN_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask, self._within_s, self._monotonic = ask, within_s, monotonic
        self._turn = asyncio.Lock()
        self._answer = LogAnswer(None)
        self._asked_at = float("-inf")

    async def look(self) -> LogAnswer:
        """The newest answer; never raises."""
        async with self._turn:
            if self._monotonic() - self._asked_at >= _KEPT_S:
                self._answer = await self._asked()
                self._asked_at = self._monotonic()
            return self._answer

    async def _asked(self) -> LogAnswer:
        try:
            async with asyncio.timeout(self._within_s):
                return LogAnswer(await self._ask())
        except TimeoutError:
            return LogAnswer(None, f"no answer within {self._within_s:g} s")
        except Exception as fault:  # whatever is in the way: the page says so and shows the rest
            first = str(fault).strip().splitlines()[:1]
            return LogAnswer(None, f"{type(fault).__name__}: {first[0] if first else ''}"[:300])


def log_of(
    kafka: KafkaOptions, applications: Callable[[], Awaitable[Sequence[str]]]
) -> Callable[[], Awaitable[LogStanding]]:
    """Asks Kafka; `applications`: what the names of the stages' groups begin with, the present one first."""

    async def ask() -> LogStanding:
        probe = KafkaProbe(kafka, await applications())
        try:
            stages, _ = await probe.look()
        finally:
            await probe.close()
        if not stages:
            raise ConnectionError("Kafka does not answer")
        async with plain_consumer(kafka) as consumer:
            return await _with_quarantine(kafka, consumer, stages)

    return ask


async def _with_quarantine(
    kafka: KafkaOptions, consumer: AIOKafkaConsumer, stages: Mapping[str, Mapping[int, StageProgress]]
) -> LogStanding:
    count = (await partitions_of(kafka, [QUARANTINE])).get(QUARANTINE, 0)
    parts = [TopicPartition(QUARANTINE, p) for p in range(count)]
    ends = await consumer.end_offsets(parts) if parts else {}
    starts = await consumer.beginning_offsets(parts) if parts else {}
    since = {part: max(starts[part], end - _TAIL) for part, end in ends.items() if end > starts[part]}
    held: dict[str, QuarantinedMessage] = {}
    looked_at = 0
    consumer.assign(list(since))
    for part, at in since.items():
        consumer.seek(part, at)
    behind = set(since)
    while behind:
        for part, records in (await consumer.getmany(timeout_ms=200)).items():
            for record in records:
                if record.offset < ends[part]:
                    looked_at += 1
                    note_record(held, record)
        behind = {part for part in behind if await consumer.position(part) < ends[part]}
    codes: Counter[str] = Counter(one.record.code for one in held.values())
    came: list[Any] = [one.record.received_at for one in held.values()]
    whole = all(at == starts[part] for part, at in since.items())
    return LogStanding(stages, codes, max(came, default=None), looked_at, whole)
