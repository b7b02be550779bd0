"""Dispatcher: claims due messages from the outbox, tries each once, and records the outcome.

A thin loop around `retry` (the decision) and the channels (the effect). All due messages are claimed in one
transaction, attempts that end at the same time are recorded in one. Each lane (a channel, or one server of
it) has its own limit of attempts under way, so that a slow or dead one delays no other. Times here are those
of the real clock.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from alerts.channels import Sender
from alerts.records import SENT, Claim
from alerts.retry import EndedAttempt, Outcome, RetryPolicy, next_state, retry, unknown
from alerts.store import CaseStore
from alerts.store.case_store import wall_ms
from alerts.store.group_commit import GroupCommit
from ingest.telemetry import Telemetry

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pacing:
    """Intervals and limits of the loop; seconds."""

    poll_s: float = 0.2  # for what other workers wrote, and for retries that come due
    at_once: int = 8  # attempts under way, for each channel
    lease_s: float = 180.0  # longer than any attempt may take
    attempt_s: float = 150.0
    stop_s: float = 5.0


class Dispatcher:
    """The sending half of one alerts worker."""

    def __init__(
        self,
        store: CaseStore,
        channels: Mapping[str, Sender],
        owner: str,
        policy: RetryPolicy,
        telemetry: Telemetry,
        pacing: Pacing = Pacing(),
        wall: Callable[[], int] = wall_ms,
    ) -> None:
        self._store = store
        self._channels = channels
        self._left_channels: list[Sender] = []  # of configurations before; attempts may be under way
        self._owner = owner
        self._policy = policy
        self._telemetry = telemetry
        self._pacing = pacing
        self._wall = wall
        self._wake = asyncio.Event()
        self._under_way: dict[str, set[asyncio.Task[None]]] = {}
        # Its own threads: senders that block can't keep the outbox from its database.
        self._threads = ThreadPoolExecutor(2, "outbox")
        self._ends = GroupCommit(self._write_ends, self._threads)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._away: str | None = None
        telemetry.ready_when("case_store", lambda: self._away)

    def use(self, channels: Mapping[str, Sender]) -> None:
        """Send through these from now on; attempts under way finish with the senders they began with."""
        self._left_channels += self._channels.values()
        self._channels = channels

    def notify(self) -> None:
        """Look for messages at once, because something was written. Callable from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self, stop: asyncio.Event | None = None) -> None:
        """Send until `stop` or cancelled; then give attempts under way a moment to finish.

        While the database is down, wait for it.
        """
        stop = stop or asyncio.Event()
        self._loop = asyncio.get_running_loop()
        stopping = asyncio.create_task(stop.wait())
        freed = False
        try:
            while not stop.is_set():
                self._wake.clear()
                try:
                    if not freed:
                        await self._call(lambda: self._store.outbox.free(self._owner, self._wall()))
                        freed = True
                    await self._send_due()
                    self._away = None
                except SQLAlchemyError as error:
                    self._away = str(error).splitlines()[0]
                    self._telemetry.faults.labels("case_store").inc()
                    log.error("case_store_away", error=str(error).splitlines()[0])
                    await asyncio.wait({stopping}, timeout=1.0)
                    continue
                woken = asyncio.create_task(self._wake.wait())
                await asyncio.wait(
                    {woken, stopping}, timeout=self._pacing.poll_s, return_when=asyncio.FIRST_COMPLETED
                )
                woken.cancel()
        finally:
            stopping.cancel()
            await self._end()

    async def _send_due(self) -> None:
        busy = {channel: len(tasks) for channel, tasks in self._under_way.items()}
        due, claims = await self._call(lambda: self._claim(busy))
        self._telemetry.waiting.labels("outbox").set(sum(due.values()))
        for claim in claims:
            channel = claim.message.recipient.lane
            among = self._under_way.setdefault(channel, set())
            task = asyncio.create_task(self._attempt(channel, claim))
            among.add(task)
            task.add_done_callback(lambda done, among=among: self._left(done, among))  # type: ignore[misc]

    def _claim(self, busy: Mapping[str, int]) -> tuple[dict[str, int], list[Claim]]:
        """Number of due messages by lane, and claims for as many of them as there is room for."""
        due = self._store.outbox.due(self._wall())
        room = {channel: self._pacing.at_once - busy.get(channel, 0) for channel in due}
        room = {channel: left for channel, left in room.items() if left > 0}
        if not room:
            return due, []
        lease_ms = round(self._pacing.lease_s * 1000)
        return due, self._store.outbox.claim(room, self._owner, self._wall(), lease_ms)

    def _write_ends(self, ended: Sequence[EndedAttempt]) -> Sequence[None]:
        self._store.outbox.finish(ended, self._owner, self._wall())
        return [None] * len(ended)

    def _left(self, task: asyncio.Task[None], among: set[asyncio.Task[None]]) -> None:
        among.discard(task)
        self._wake.set()

    async def _attempt(self, channel: str, claim: Claim) -> None:
        if claim.possible_repeat:
            log.warning("possible_repeat", message=claim.message.id, case=claim.message.case, channel=channel)
        outcome = await self._try(channel, claim)
        now = self._wall()
        then = next_state(claim.message.id, claim.number, claim.written_at, outcome, now, self._policy)
        while True:
            try:
                await self._ends.do([EndedAttempt(claim, outcome, then)])
                break
            except SQLAlchemyError as error:
                # What was sent must be written down; until then the lease keeps others away.
                log.error("outcome_not_written", message=claim.message.id, error=str(error).splitlines()[0])
                await asyncio.sleep(1.0)
        self._telemetry.written.labels(f"message_{then.state}").inc()
        told = log.info if then.state == SENT else log.warning
        told(
            "message",
            message=claim.message.id,
            case=claim.message.case,
            step=claim.message.step,
            channel=channel,
            attempt=claim.number,
            outcome=outcome.kind,
            state=then.state,
            reason=then.reason,
        )

    async def _try(self, channel: str, claim: Claim) -> Outcome:
        id = claim.message.recipient.channel
        sender = self._channels.get(id)
        if sender is None:
            # Renamed or left out: the operator hears of it, and the message waits for the channel to be back.
            return retry(f"channel `{id}` is no longer in channels.yaml")
        try:
            async with asyncio.timeout(self._pacing.attempt_s):
                return await sender.send(claim.message, claim.possible_repeat)
        except TimeoutError:
            return unknown(f"no end within {self._pacing.attempt_s:g} s")
        except Exception as error:
            # A fault of ours in one channel must not end the others; it is counted and shown.
            self._telemetry.faults.labels("channel").inc()
            log.exception("channel_fault", channel=channel, message=claim.message.id)
            return unknown(f"{type(error).__name__}: {error}")

    async def _end(self) -> None:
        tasks = {task for among in self._under_way.values() for task in among}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._pacing.stop_s)
            for task in late:
                task.cancel()  # its attempt stays unknown, and is repeated with the same id
            for task in late:
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        for sender in (*self._left_channels, *self._channels.values()):
            await sender.close()
        self._threads.shutdown(wait=True)

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
