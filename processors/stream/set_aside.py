"""Sends what a stage sets aside to `dust.quarantine`, in the partition of the record that it came from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ingest.codec import encode_quarantined
from ingest.records import Quarantined
from ingest.topics import QUARANTINE
from processors.stream.stage import Outlet

MOST_RAW = 8 * 1024 * 1024  # of a record set aside: as base64 in JSON it must still fit in one
Quarantine = Callable[[Quarantined], Awaitable[None]]


def to_quarantine(outlet: Outlet) -> Quarantine:
    """What sends, and returns when the broker has it."""

    async def send(quarantined: Quarantined) -> None:
        value, headers = encode_quarantined(quarantined)
        await outlet.producer.send_and_wait(QUARANTINE, value, partition=outlet.partition, headers=headers)

    return send
