"""Watch over Kafka and the outbox for the platform's own faults, which tells its operator.

The only alarm that doesn't depend on the log: it uses this process's own clock, and works while Kafka is down
because the outbox is in SQL. A failed observation counts as no observation.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from alerts.newest_background import NewestBackground
from alerts.platform_faults import ChannelTrouble, Diagnosis, FaultDetector, Sample, StageProgress
from alerts.routing import RoutingForm
from alerts.store.case_store import wall_ms
from alerts.untold_watch import UntoldWatch
from alerts.worker import CaseWork
from ingest.codec import BACKGROUND, QUARANTINED, REMARK, TICK, decode, decode_quarantined, schema_of
from ingest.kafka_options import KafkaOptions
from ingest.kafka_refusal import refusal_by
from ingest.records import Background, Remark
from ingest.register import BackgroundArea
from ingest.topics import BREACHES, FEED, QUARANTINE, RESULTS

log = structlog.get_logger(__name__)

STAGES: dict[str, str] = {"detect": FEED, "store": RESULTS, "alerts": BREACHES}  # and what each reads
_LOOK_S = 5.0
_AGAIN_S = 2.0
_FAILED_MS = 3_600_000  # what failed longer ago is no trouble of today
NOT_ALLOWED = "not_allowed"  # code of what a sender may not say
_MOST_REFUSED = 100_000  # counted in one look
_NAMES = 8  # of a device's remark, in a message


class PlatformWatch:
    """One alerts worker's watch over the platform."""

    def __init__(
        self,
        work: CaseWork,
        form: RoutingForm,
        kafka: KafkaOptions,
        applications: Sequence[str],
        look_s: float = _LOOK_S,
        areas: Callable[[], Sequence[BackgroundArea]] = tuple,
    ) -> None:
        self._work = work
        self._form = form
        self._kafka = kafka
        self._applications = applications
        self._look_s = look_s
        self._areas = areas  # of the folder as it is
        self._backgrounds = NewestBackground(work.clock.now_ms())
        self._untold = UntoldWatch(work.store, time.monotonic)
        self._last_tick: float | None = None  # when one last came in
        self._refused: list[str] = []  # since the last look
        self._remarks: list[tuple[str, str, str]] = []  # since the last look: kind, device, names
        self._kept_beside = 0  # records of the quarantine's topic that are no messages held there

    async def run(self) -> None:
        """Observe, diagnose and report, until cancelled."""
        detector = FaultDetector(self._form.watch, time.monotonic())
        tails = [
            asyncio.create_task(self._follow(FEED, 0, self._tick)),
            asyncio.create_task(self._follow(QUARANTINE, None, self._refusal)),
        ]
        probe = KafkaProbe(self._kafka, self._applications)
        try:
            while True:
                await asyncio.sleep(self._look_s)
                reached, quarantined = await probe.look()
                loop = asyncio.get_running_loop()
                try:
                    troubles = await loop.run_in_executor(self._work.threads, self._troubles)
                    now = self._work.clock.now_ms()
                    untold = await loop.run_in_executor(self._work.threads, self._untold.look, now)
                    aside = [one.words() for one in self._work.store.aside.since(wall_ms() - _FAILED_MS)]
                    refused, self._refused = self._refused, []
                    remarks, self._remarks = self._remarks, []
                    if quarantined is not None:
                        quarantined -= self._kept_beside
                    sample = Sample(
                        time.monotonic(),
                        self._last_tick,
                        reached,
                        quarantined,
                        troubles,
                        aside,
                        self._backgrounds.ages(self._areas(), self._work.clock.now_ms()),
                        refused,
                        remarks=remarks,
                        untold=untold,
                    )
                    await loop.run_in_executor(self._work.threads, self._note, detector.diagnose(sample))
                except SQLAlchemyError as error:
                    self._work.telemetry.faults.labels("case_store").inc()
                    log.error("case_store_away", error=str(error).splitlines()[0])
        finally:
            for tail in tails:
                tail.cancel()
            await probe.close()
            await asyncio.gather(*tails, return_exceptions=True)

    def _troubles(self) -> list[ChannelTrouble]:
        now = wall_ms()
        waiting = now - self._form.delivery.tell_operator_after * 1000
        return self._work.store.outbox.troubles(waiting, now - _FAILED_MS)

    def _note(self, diagnosis: Diagnosis) -> None:
        """Open new faults, end those that are over."""
        known = self._work.store.open_faults()
        for fault, facts in diagnosis.faults.items():
            if fault not in known:
                log.error("fault", fault=fault, **{k: v for k, v in facts.items() if k != "event"})
                self._work.telemetry.faults.labels(fault.split("/")[0]).inc()
                self._work.store.open_fault(fault, facts, self._work.planner, self._work.clock.now_ms())
                self._work.notify()
        for fault in known:
            # a channel without trouble is well; of the rest only what was seen to work
            delivered = fault.startswith("delivery/") and fault not in diagnosis.faults
            if fault in diagnosis.well or delivered:
                log.info("fault_ended", fault=fault)
                self._work.store.end_fault(fault, self._work.planner, self._work.clock.now_ms())
                self._work.notify()

    def _tick(self, record: Any) -> None:
        """Record when ticks and background arrive: every bridge writes them to all partitions."""
        schema = schema_of(record.headers)
        if schema == TICK:
            self._last_tick = time.monotonic()
        elif schema == BACKGROUND:
            with contextlib.suppress(ValueError, TypeError):  # detection sets such a record aside
                found = decode(record.value, record.headers)
                assert isinstance(found, Background)
                self._backgrounds.take(found)

    def _refusal(self, record: Any) -> None:
        """Remember what was refused for its sender's sake, and remarks; the rest costs little."""
        schema = schema_of(record.headers)
        self._kept_beside += schema != QUARANTINED
        if schema == REMARK and len(self._remarks) < _MOST_REFUSED:
            said = decode(record.value, record.headers)
            if isinstance(said, Remark):
                self._remarks.append((said.kind, said.device, ", ".join(sorted(said.names)[:_NAMES])))
        if NOT_ALLOWED.encode() not in (record.value or b"") or schema != QUARANTINED:
            return
        held = decode_quarantined(record.value)
        if held.code == NOT_ALLOWED and len(self._refused) < _MOST_REFUSED:
            self._refused.append(f"{held.topic}: {held.detail}")

    async def _follow(self, topic: str, partition: int | None, take: Callable[[Any], None]) -> None:
        """Hand over what comes in from now on, on one partition or (None) on all."""
        while True:
            consumer = AIOKafkaConsumer(
                **self._kafka.client(), enable_auto_commit=False, auto_offset_reset="latest"
            )
            try:
                await consumer.start()
                if partition is None:
                    consumer.subscribe([topic])
                else:
                    part = TopicPartition(topic, partition)
                    consumer.assign([part])
                    await consumer.seek_to_end(part)
                while True:
                    for records in (await consumer.getmany(timeout_ms=1000)).values():
                        for record in records:
                            take(record)
            except (KafkaError, OSError) as error:
                why = await refusal_by(self._kafka) or error
                log.warning("topic_not_followed", topic=topic, error=str(why))
            finally:
                with contextlib.suppress(Exception):
                    await consumer.stop()
            await asyncio.sleep(_AGAIN_S)


class KafkaProbe:
    """Asks Kafka how far the stages are; opened anew after each failure. `applications`: what the names of
    groups begin with."""

    def __init__(self, kafka: KafkaOptions, applications: Sequence[str]) -> None:
        self._kafka = kafka
        self._applications = applications  # the present one, and those before: one of theirs may still run
        self._admin: Any = None
        self._consumer: Any = None
        self._partitions: dict[str, int] = {}

    async def look(self) -> tuple[dict[str, dict[int, StageProgress]], int | None]:
        """(stage -> partition -> progress, messages ever quarantined); ({}, None) while Kafka is down."""
        try:
            await self._open()
            quarantined = sum((await self._ends(QUARANTINE)).values())
            return {stage: await self._stage(stage, topic) for stage, topic in STAGES.items()}, quarantined
        except (KafkaError, OSError) as error:
            log.warning("kafka_not_seen", error=str(await refusal_by(self._kafka) or error))
            await self.close()
            return {}, None

    async def close(self) -> None:
        """Close the connections."""
        for client in (self._consumer and self._consumer.stop, self._admin and self._admin.close):
            with contextlib.suppress(Exception):
                if client:
                    await client()
        self._consumer = self._admin = None

    async def _open(self) -> None:
        if self._consumer is None:
            self._consumer = AIOKafkaConsumer(**self._kafka.client(), enable_auto_commit=False)
            await self._consumer.start()
        if self._admin is None:
            self._admin = AIOKafkaAdminClient(**self._kafka.client())
            await self._admin.start()

    async def _stage(self, stage: str, topic: str) -> dict[int, StageProgress]:
        ends = await self._ends(topic)
        found = [
            await self._admin.list_consumer_group_offsets(f"{application}-{stage}")
            for application in self._applications
        ]
        begins = await self._consumer.beginning_offsets(list(ends))
        reached: dict[int, StageProgress] = {}
        for part, end in ends.items():
            committed = max((one[part].offset for one in found if part in one), default=-1)
            reached[part.partition] = StageProgress(max(committed, begins[part]), end)
        return reached

    async def _ends(self, topic: str) -> dict[TopicPartition, int]:
        parts = await self._parts(topic)
        return dict(await self._consumer.end_offsets(parts)) if parts else {}

    async def _parts(self, topic: str) -> Sequence[TopicPartition]:
        if topic not in self._partitions:
            described = await self._admin.describe_topics([topic])
            count = sum(len(t["partitions"]) for t in described if not t["error_code"])
            if not count:
                return []
            self._partitions[topic] = count  # fixed when the topic is created
        return [TopicPartition(topic, p) for p in range(self._partitions[topic])]
