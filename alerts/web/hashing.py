"""Passwords hashed beside the event loop, two at a time: each hash takes 64 MB, however many ask."""

from __future__ import annotations

import anyio

from alerts.people.passwords import hashed, verified

_TWO = anyio.CapacityLimiter(2)


async def hash_of(password: str) -> str:
    """See `hashed`."""
    return await anyio.to_thread.run_sync(hashed, password, limiter=_TWO)


async def is_right(kept: str, password: str) -> bool:
    """See `verified`."""
    return await anyio.to_thread.run_sync(verified, kept, password, limiter=_TWO)
