"""Stage behind `dust.breaches`: writes the case, event and messages of a breach event in one transaction.

The stage itself has no state: the case store records what was done under the event's own id, so a record
that comes again after a crash changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from pydantic import TypeAdapter
from sqlalchemy.exc import InterfaceError, OperationalError

from alerts.kinds import BREACH_KINDS
from alerts.outlook import LEVEL_OF
from alerts.store import CaseStore, Planner, Written
from alerts.store.group_commit import GroupCommit
from ingest.clock import Clock
from ingest.codec import received_at_of, schema_of
from ingest.records import Quarantined
from ingest.telemetry import Telemetry
from ingest.topics import BREACHES
from processors.records import BREACH, OUTLOOK, Breach, Outlook, decode_breach, decode_outlook
from processors.stream.set_aside import MOST_RAW, Quarantine
from processors.stream.stage import Parts, RawRecord

log = structlog.get_logger(__name__)
SOURCE = "alerts"  # of what is put into quarantine here
_RETRY_S = 1.0
_EVENTS = ("opened", "amended", "closed")
_YEAR_9999 = 253_370_764_800_000
_LONGEST_DEADLINE_H = 24 * 366
_TYPES = TypeAdapter(Breach)
_OUTLOOK_TYPES = TypeAdapter(Outlook)

AlertEvent = Breach | Outlook
# Events of all partitions that wait at the same time share a transaction.
CaseWriter = GroupCommit[AlertEvent, Written]


def case_writer(store: CaseStore, planner: Planner, clock: Clock, threads: ThreadPoolExecutor) -> CaseWriter:
    """Writer of cases that the stages of one worker share."""
    return GroupCommit(lambda events: store.apply_breaches(events, planner, clock.now_ms()), threads)


def checked_breach(value: bytes) -> Breach:
    """The breach of a record, with everything that planner, texts and tables rely on. Raises ValueError & co.

    Only detection writes the topic; yet a record of another version, or one written by hand, that failed
    later would end the process, and again at each start.
    """
    breach = decode_breach(value)
    _TYPES.validate_json(value, strict=True)
    if breach.event not in _EVENTS or breach.kind not in BREACH_KINDS or not breach.title:
        raise ValueError(f"event {breach.event!r} of kind {breach.kind!r}, or no title")
    instants = (breach.at, breach.opened_at, breach.start, breach.end)
    if not all(0 <= instant < _YEAR_9999 for instant in instants):
        raise ValueError(f"instants {instants} of no calendar")
    if not 0 <= (breach.deadline_h or 0) <= _LONGEST_DEADLINE_H or not 0 <= breach.revision < 2**31:
        raise ValueError(f"deadline of {breach.deadline_h} h, or revision {breach.revision}")
    if b"\\u0000" in value:
        raise ValueError("a NUL, which no database keeps in a text")
    return breach


def checked_outlook(value: bytes) -> Outlook:
    """The outlook of a record, checked as by `checked_breach`. Raises ValueError & co."""
    outlook = decode_outlook(value)
    _OUTLOOK_TYPES.validate_json(value, strict=True)
    if outlook.state not in LEVEL_OF or not outlook.title or b"\\u0000" in value:
        raise ValueError(f"state {outlook.state!r}, no title, or a NUL")
    if not all(0 <= instant < _YEAR_9999 for instant in (outlook.at, outlook.start, outlook.end)):
        raise ValueError(f"instants {outlook.at}, {outlook.start}, {outlook.end} of no calendar")
    return outlook


# What the stage reads; a record of any other schema is counted and left out.
_READERS: dict[str, tuple[str, Callable[[bytes], AlertEvent]]] = {
    BREACH: ("breach", checked_breach),
    OUTLOOK: ("outlook", checked_outlook),
}


class AlertsStage:
    """One partition's breaches into the case store; `told` is called when messages were written.

    An event that the store can never take goes to quarantine; it keeps no other back.
    """

    def __init__(
        self,
        cases: CaseWriter,
        telemetry: Telemetry,
        told: Callable[[], None],
        quarantine: Quarantine,
    ) -> None:
        self._cases = cases
        self._telemetry = telemetry
        self._told = told
        self._quarantine = quarantine  # for what the case store will never take
        self._waiting: list[tuple[AlertEvent, RawRecord]] = []

    def restore(self, parts: Parts | None) -> None:
        """Nothing to restore: the case store knows what was done."""
        self._waiting.clear()

    def fold(self, record: RawRecord) -> None:
        """Queue one event; any other record is counted and skipped."""
        name, read = _READERS.get(schema_of(record.headers), ("", None))
        if read is None:
            self._telemetry.discard("no_breach")
            log.warning("no_breach", partition=record.partition, offset=record.offset)
            return
        try:
            event = read(record.value)
        except (ValueError, TypeError, KeyError) as error:
            self._telemetry.discard(f"unreadable_{name}")
            log.error(
                f"unreadable_{name}", partition=record.partition, offset=record.offset, error=str(error)
            )
            return
        self._telemetry.records.labels(name).inc()
        self._waiting.append((event, record))

    async def deliver(self) -> None:
        """Write what was collected, in order; wait while the database is down."""
        while self._waiting:
            waiting = list(self._waiting)
            try:
                results = await self._cases.do([event for event, _ in waiting])
            except (OperationalError, InterfaceError) as error:
                # Away, busy for long, or its disk is full: the log keeps the breach until it is back.
                self._telemetry.faults.labels("case_store").inc()
                log.error("case_store_away", error=str(error).splitlines()[0], breach=waiting[0][0].id)
                await asyncio.sleep(_RETRY_S)
                continue
            for (event, record), written in zip(waiting, results, strict=True):
                if written.set_aside:
                    await self._set_aside(record, written.reason)
                else:
                    self._note(event, written)
            del self._waiting[: len(waiting)]

    async def _set_aside(self, record: RawRecord, why: str) -> None:
        place = f"partition {record.partition}, offset {record.offset}: {why}"
        at = received_at_of(record.headers, record.appended_at)
        raw = record.value[:MOST_RAW]
        await self._quarantine(Quarantined(at, SOURCE, BREACHES, "case_unwritable", place, raw))
        self._telemetry.quarantined.labels("case_unwritable").inc()

    def _note(self, event: AlertEvent, written: Written) -> None:
        if written.messages:
            self._told()
        if written.new:
            self._telemetry.written.labels("case_event").inc()
        log.info(
            "breach" if isinstance(event, Breach) else "outlook",
            breach=event.id,
            what=event.event,
            site=event.site,
            new=written.new,
            messages=written.messages,
            reason=written.reason,
        )

    async def settle(self) -> None:
        """Wait until everything delivered is committed."""
        await self.deliver()

    def snapshot(self) -> Parts:
        """No parts: only the offset matters."""
        return {}
