"""Feed made from recorded messages, without a bridge or a broker.

It begins with the configuration at the whole minute at or before the first message, and has the messages of
all recordings by time of receipt. It ends with the last message, or at the last whole minute before `until`.

A live log has a tick each second. One that finds nothing due changes nothing, and what is due is decided the
same at a later tick or at the next message, as of the instant at which it was due. So there is one an hour
here, which says that it comes once an hour: that is no outage.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence

from ingest.batches import Row, readings_of
from ingest.decoders.instants import instant_text
from ingest.recording import Recorded, RecordingError
from ingest.records import Background, FeedRecord, Noticed, Quarantined, Revision, Signal, Status, Tick
from ingest.register import Register
from ingest.remarks import Remarks, remarks_of
from ingest.resolve import Arrival, Resolver
from processors.columns import HOUR_MS, MINUTE_MS
from processors.replay.result import Replayed

BRIDGE = "replay"
TICK_MS = HOUR_MS  # the number changes no output
MOST_ROWS = 2000  # of a batch; the size changes no output
_LAST_MS = 253_370_764_800_000  # 9999-01-01: the day and zone of later instants are beyond the calendar


def merged(recordings: Sequence[Iterable[Recorded]]) -> Iterator[Recorded]:
    """Merge messages of several recordings by time of receipt, which never decreases within a recording."""
    return heapq.merge(*(_forward(r) for r in recordings), key=lambda message: message.received_at)


def _forward(recording: Iterable[Recorded]) -> Iterator[Recorded]:
    latest = None
    for message in recording:
        if message.received_at >= _LAST_MS:
            when = instant_text(message.received_at)
            words = f"received_at {when} is the end of the calendar; was the clock wrong?"
            raise RecordingError(f"a message of {message.topic}: {words}")
        latest = message.received_at if latest is None else max(latest, message.received_at)
        yield message._replace(received_at=latest)


def feed_of(
    messages: Iterable[Recorded], register: Register, revision: Revision, until: int | None, out: Replayed
) -> Iterator[FeedRecord]:
    """The log of recorded messages; what does not go into it is noted in `out`."""
    resolver = Resolver(register)
    remarks = Remarks()
    rows: list[Row] = []
    minute: int | None = None

    def gathered() -> Iterator[FeedRecord]:
        if rows:
            yield readings_of(rows, revision.id)
            rows.clear()

    def ticks(to: int) -> Iterator[FeedRecord]:
        nonlocal minute
        while minute is not None and minute + TICK_MS <= to:
            minute += TICK_MS
            yield from gathered()
            yield from remarks.turn(minute)
            yield Tick(minute, TICK_MS, BRIDGE)

    for message in messages:
        at = message.received_at
        if until is not None and at > until:
            break
        if minute is None:
            minute = at // MINUTE_MS * MINUTE_MS
            yield Revision(revision.id, minute, minute, revision.body)
            yield Tick(minute, TICK_MS, BRIDGE)
        yield from ticks(at)
        out.received += 1
        for outcome in resolver.resolve(
            Arrival(message.topic, message.payload, at, message.retain, message.dup)
        ):
            if isinstance(outcome, Row):
                rows.append(outcome)
            elif isinstance(outcome, Background | Signal | Status):
                yield from gathered()
                yield outcome
            elif isinstance(outcome, Quarantined):
                out.set_aside(outcome)
            elif isinstance(outcome, Noticed):
                out.notices[outcome.kind] += 1
            else:
                out.duplicates += 1
            told = remarks.note(remarks_of(outcome), at)
            if told:
                yield from gathered()
                yield from told
        if len(rows) >= MOST_ROWS:
            yield from gathered()
    if until is not None:
        yield from ticks(until)
    yield from gathered()
    if until is not None and minute is not None and minute < until // MINUTE_MS * MINUTE_MS:
        yield Tick(until // MINUTE_MS * MINUTE_MS, TICK_MS, BRIDGE)
