"""A producer whose confirmations a test gives by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ingest.codec import READINGS, decode_readings, schema_of
from ingest.producer import Confirmed, Outgoing
from ingest.topics import FEED


class HeldProducer:
    """Keeps what is sent; `confirm` tells the feed what Kafka would."""

    def __init__(self, confirmed: Confirmed) -> None:
        self.sent: list[Outgoing] = []
        self.why: str | None = None
        self._confirmed = confirmed
        self._outstanding: dict[int, Outgoing] = {}
        self._changed = asyncio.Event()

    @property
    def outstanding(self) -> int:
        return len(self._outstanding)

    def send(self, record: Outgoing) -> None:
        self.sent.append(record)
        self._outstanding[record.number] = record
        self._changed.set()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def drain(self, within_s: float) -> bool:
        return not self._outstanding

    def confirm(self, records: list[Outgoing]) -> None:
        """As if Kafka had stored these, at the instant they were queued."""
        for record in records:
            if self._outstanding.pop(record.number, None) is not None:
                self._confirmed(record, record.queued_ms)

    @property
    def batches(self) -> list[Outgoing]:
        """The records with readings."""
        return [r for r in self.sent if r.topic == FEED and schema_of(r.headers) == READINGS]

    @property
    def rows(self) -> int:
        """How many readings were sent."""
        return sum(len(decode_readings(r.value)) for r in self.batches)

    async def until(self, condition: Callable[[HeldProducer], bool]) -> None:
        """Wait until what was sent fulfils the condition."""
        while not condition(self):
            self._changed.clear()
            await self._changed.wait()
