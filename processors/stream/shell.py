"""Shell around every stage: a Faust agent without tables, and confirmed snapshots of our own.

Faust provides group membership, assignment, events in order, and commits of what we acknowledge. Everything
that must not be lost is in the stage's snapshot; its `next` decides, never the committed offset. Anything
unexpected ends the process, because Faust's supervisor would continue without the event.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

import structlog
from aiokafka.errors import KafkaError

from ingest.codec import ALL_READINGS, TICK, received_at_of, schema_of
from ingest.telemetry import Telemetry
from processors.records import JUDGED
from processors.stream import engine
from processors.stream.keeper import Dropped, Keeper
from processors.stream.opening import Assignment, SnapshotUnreadable
from processors.stream.reader import FeedError, Reader
from processors.stream.snapshots import Snapshots, state_of
from processors.stream.stage import Outlet, Pace, RawRecord, Stage, StageFactory

__all__ = [
    "EXIT_LOG",
    "EXIT_SETTINGS",
    "EXIT_UNEXPECTED",
    "Outlet",
    "Pace",
    "RawRecord",
    "Shell",
    "Stage",
    "StageFactory",
]

log = structlog.get_logger(__name__)

EXIT_LOG = 1  # the log cannot give what the state needs: an operator has to decide
EXIT_SETTINGS = 2  # a restart can't mend it
EXIT_UNEXPECTED = 70  # EX_SOFTWARE: start me again
_WATCH_S = 1.0
_LOOK_WITHIN_S = 15.0
_CLASH_WITHIN_S, _CLASHES = 30.0, 3
_OPENING = -1  # the key of the task that opens all partitions


class InstanceClash(Exception):
    """Another worker of the group uses our instance id."""


def end_process(stage: str, error: BaseException) -> NoReturn:
    """Log and leave at once: no handler, no commit, no supervisor gets to run after this."""
    code = exit_code_of(error)
    trace = error if code == EXIT_UNEXPECTED else None
    log.critical("stage_ends", stage=stage, code=code, error=str(error), exc_info=trace)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def exit_code_of(error: BaseException) -> int:
    """How the process ends: an error that brings its own code (a damaged file, say) knows best."""
    if isinstance(error, InstanceClash | SnapshotUnreadable):
        return EXIT_SETTINGS
    if isinstance(error, FeedError):
        return EXIT_LOG
    own = getattr(error, "exit_code", None)
    return own if isinstance(own, int) else EXIT_UNEXPECTED


@dataclass(frozen=True, slots=True)
class Work:
    """Task of a shell: run the stages of `factory` over a topic as a member of a group."""

    name: str
    group: str
    topic: str
    factory: StageFactory
    pace: Pace
    partitions: int
    stuck_s: float = 120.0
    former: tuple[str, ...] = ()  # groups that the stage had before


class Shell:
    """All partitions of one stage in this process."""

    def __init__(
        self, work: Work, producer: Any, reader: Reader, snapshots: Snapshots, telemetry: Telemetry
    ) -> None:
        self.name, self.group, self.topic = work.name, work.group, work.topic
        self._former = tuple(state_of(work.name, group) for group in work.former)
        self._factory, self._pace = work.factory, work.pace
        self._producer, self._reader, self._snapshots = producer, reader, snapshots
        self._telemetry, self._partitions, self._stuck_s = telemetry, work.partitions, work.stuck_s
        self._keepers: dict[int, Keeper] = {}
        self._tasks: dict[int, list[asyncio.Task[None]]] = {}
        self._mine: set[int] = set()  # assigned to us
        self._unreadable: dict[int, str] = {}  # of these: whose state can't be read, and the way out
        self._gauges = {
            TICK: telemetry.last_tick,
            **dict.fromkeys(ALL_READINGS, telemetry.last_reading),
            JUDGED: telemetry.last_reading,
        }
        self._count_of = cache(telemetry.records.labels)  # a look-up of labels takes locks
        self._stopping = False
        self._beat = time.monotonic()
        self._assigned_once = False
        self._away: str | None = None  # why Kafka did not answer the last look
        self._started = time.monotonic()
        self._members: deque[tuple[float, str]] = deque()  # when we became another member of the group
        self.app: Any = None
        telemetry.alive_when("event_loop", self._loop_stuck)
        telemetry.ready_when("partitions", self._not_ready)

    def attach(self, app: Any, source: Any, agent_name: str) -> None:
        """Creates the agent and subscribes to rebalances."""
        self.app = app
        app.agent(source, name=agent_name, isolated_partitions=True)(self._consume)
        app.on_partitions_revoked.connect(self._revoked)
        app.on_partitions_assigned.connect(self._assigned)

    async def save_all(self) -> None:
        """Stops folding and saves what was folded. For a clean stop, after which nothing is repeated."""
        self._stopping = True
        await asyncio.gather(*(self._close(keeper) for keeper in list(self._keepers.values())))

    async def _close(self, keeper: Keeper) -> None:
        with contextlib.suppress(Dropped):
            await keeper.save()
        keeper.drop()

    async def watch(self) -> None:
        """Watch task: lag, membership while targets are dead, and stalls that Faust doesn't notice."""
        while True:
            await asyncio.sleep(_WATCH_S)
            if self.app.should_stop and not self._stopping:
                raise RuntimeError(f"the engine has stopped: {self.app.crash_reason!r}")
            try:
                async with asyncio.timeout(_LOOK_WITHIN_S):
                    await self._look()
                    await engine.poll_for_nothing(self.app)
                self._away = None
            except (TimeoutError, KafkaError) as error:
                self._telemetry.faults.labels("kafka_slow").inc()
                self._away = str(await self._reader.missing_by(error))
                log.warning("kafka_does_not_answer", stage=self.name, error=repr(error), why=self._away)

    async def beat(self) -> None:
        """Shows the liveness probe that the event loop is running."""
        while True:
            self._beat = time.monotonic()
            await asyncio.sleep(_WATCH_S)

    async def _consume(self, stream: Any) -> None:
        async for event in stream.noack().events():
            await self._guarded(lambda event=event: self._take(event))  # type: ignore[misc]

    async def _take(self, event: Any) -> None:
        if self._stopping:
            # This event comes again after the start; the engine cancels us.
            await asyncio.Event().wait()
        message = event.message
        if message.partition in self._unreadable:
            return  # never acknowledged: it comes again when the partition can be opened
        keeper = self._keeper(message.partition)
        headers = message.headers
        record = RawRecord(
            message.partition,
            message.offset,
            list(headers.items() if isinstance(headers, dict) else headers or ()),
            message.value,
            round(message.timestamp * 1000),
        )
        engine.let_go(event)
        try:
            await keeper.take(record, event)
        except SnapshotUnreadable as error:
            self._leave_out(message.partition, error)

    def _leave_out(self, partition: int, error: SnapshotUnreadable) -> None:
        """Go on without a partition that only a person can open; end where there is no other."""
        if partition not in self._unreadable:
            self._unreadable[partition] = str(error)
            self._telemetry.faults.labels("partition_left_out").inc()
            log.error("partition_left_out", stage=self.name, partition=partition, error=str(error))
        self._drop(partition)
        if self._mine <= self._unreadable.keys():
            end_process(self.name, error)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Dropped:
            pass
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            end_process(self.name, error)

    def _keeper(self, partition: int, committed: int | None = None) -> Keeper:
        """Keeper of the partition, recreated if a rebalance (or a cancelled delivery) has dropped it."""
        keeper = self._keepers.get(partition)
        if keeper is None or keeper.dropped:
            keeper = self._keepers[partition] = Keeper(
                Assignment(self.name, state_of(self.name, self.group), self.topic, partition, self._former),
                self._factory(Outlet(partition, self._producer, self._partitions)),
                self._pace,
                self._snapshots,
                self._reader,
                _acknowledge,
                self._saw,
            )
            self._start(partition, keeper.save_when_due)
        return keeper

    def _start(self, partition: int, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.setdefault(partition, []).append(task)

    async def _revoked(self, _app: Any, revoked: Any, **_: Any) -> None:
        self._cancel(_OPENING)
        for at in revoked:
            if at.topic == self.topic:
                self._drop(at.partition)
                self._mine.discard(at.partition)
                self._unreadable.pop(at.partition, None)

    def _drop(self, partition: int) -> None:
        keeper = self._keepers.pop(partition, None)
        if keeper is not None:
            keeper.drop()
            with contextlib.suppress(KeyError):
                self._telemetry.lag.remove(str(partition))
        self._cancel(partition)

    def _cancel(self, partition: int) -> None:
        for task in self._tasks.pop(partition, []):
            task.cancel()

    async def _assigned(self, _app: Any, assigned: Any, **_: Any) -> None:
        mine = {at.partition for at in assigned if at.topic == self.topic}
        for partition in set(self._keepers) - mine:
            self._drop(partition)
        self._mine = mine
        self._unreadable = {p: why for p, why in self._unreadable.items() if p in mine}
        self._assigned_once = True
        try:
            self._look_for_clash()
        except InstanceClash as error:
            end_process(self.name, error)
        if mine and not self._stopping:
            self._start(_OPENING, lambda: self._open(mine))
        log.info("partitions_assigned", stage=self.name, partitions=sorted(mine))

    def _look_for_clash(self) -> None:
        """Raises InstanceClash if another worker with our instance id keeps taking over the membership.

        Two such workers take it from each other, and neither makes progress.
        """
        now, member = time.monotonic(), engine.member_id(self.app)
        if not self._members or self._members[-1][1] != member:
            self._members.append((now, member))
        # the last one stays, however old: it is the one we still are
        while len(self._members) > 1 and now - self._members[0][0] > _CLASH_WITHIN_S:
            self._members.popleft()
        # The one that came later gives way; of two of an age, not both.
        most = _CLASHES + 2 * (os.getpid() % 4 if now - self._started < 2 * _CLASH_WITHIN_S else 4)
        if len(self._members) > most:
            instance = self.app.conf.consumer_group_instance_id
            raise InstanceClash(
                f"the membership of {self.group} was taken from us {len(self._members)} times within "
                f"{_CLASH_WITHIN_S:.0f} s: another worker runs with the same instance id {instance!r}. Give "
                "each worker of a stage its own DUSTWATCH_INSTANCE, or stop the other one"
            )

    async def _open(self, partitions: set[int]) -> None:
        """Opens partitions before their first event: one may have been committed past our snapshot."""
        try:
            committed = await self._reader.committed(self.group, self.topic)
            for partition in sorted(partitions - self._unreadable.keys()):
                try:
                    await self._keeper(partition).open(committed.get(partition))
                except Dropped:
                    continue
                except SnapshotUnreadable as error:
                    self._leave_out(partition, error)
        except KafkaError as error:
            raise await self._reader.missing_by(error) from error

    def _saw(self, record: RawRecord) -> None:
        schema = schema_of(record.headers)
        self._count_of(schema or "unnamed").inc()
        gauge = self._gauges.get(schema)
        if gauge is not None:
            gauge.set(received_at_of(record.headers, record.appended_at) / 1000)

    async def _look(self) -> None:
        keepers = {p: k for p, k in self._keepers.items() if k.book is not None}
        # Who has opened nothing asks too: a Kafka that went away takes nobody's partitions back.
        ends = await self._reader.ends(self.topic, list(keepers) or [0])
        now = time.monotonic()
        waiting = 0.0
        for partition, keeper in keepers.items():
            if keeper.book is None or keeper.dropped:
                continue
            behind = ends[partition] - keeper.book.next
            self._telemetry.lag.labels(str(partition)).set(behind)
            if keeper.waits_since is not None:
                waiting = max(waiting, now - keeper.waits_since)
            elif behind > 0 and now - keeper.moved_at > self._stuck_s:
                raise RuntimeError(
                    f"{self.topic} partition {partition}: {behind} records wait and none came for "
                    f"{now - keeper.moved_at:.0f} s: the engine is stuck"
                )
        self._telemetry.waiting.labels("target_seconds").set(waiting)

    def _loop_stuck(self) -> str | None:
        silent = time.monotonic() - self._beat
        return f"the event loop has not run for {silent:.0f} s" if silent > 30 else None

    def _not_ready(self) -> str | None:
        if not self._assigned_once:
            return self._away or "no partitions assigned yet"
        if self._away is not None:
            return self._away
        if self._unreadable:
            return next(iter(self._unreadable.values()))
        now = time.monotonic()
        for partition in sorted(self._mine):
            keeper = self._keepers.get(partition)
            if keeper is None or keeper.book is None:
                return f"partition {partition} is being opened"
            if keeper.waits_since is not None and now - keeper.waits_since > 30:
                return f"partition {partition} waits for its target since {now - keeper.waits_since:.0f} s"
        return None


def _acknowledge(event: Any) -> None:
    event.ack()
