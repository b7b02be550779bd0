"""What we take from inside the engine, which it doesn't offer: known to hold for the version named here."""

from __future__ import annotations

from typing import Any

from aiokafka import TopicPartition

FAUST = "0.15.3"  # of faust-streaming; another version: read `faust.transport.drivers.aiokafka` again first
_NOWHERE = TopicPartition("dust.nowhere", 0)


def member_id(app: Any) -> str:
    """Under which name the group's coordinator knows this worker now.

    It changes when another worker of the same instance id takes the membership from us.
    """
    return str(app.consumer._thread._ensure_consumer()._coordinator.member_id)


async def poll_for_nothing(app: Any) -> None:
    """Count as a consumer that polls: while all buffers are full the engine stops polling, and the group
    would expel a consumer that has not polled for `broker_max_poll_interval`."""
    thread = getattr(app.consumer, "_thread", None)
    if thread is not None and not app.rebalancing:
        await thread.getmany({_NOWHERE}, timeout=0.0)
