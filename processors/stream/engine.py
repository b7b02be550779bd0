"""Access to Faust internals that have no public interface; verified for the version named here."""

from __future__ import annotations

from typing import Any

from aiokafka import TopicPartition

FAUST = "0.15.3"  # of faust-streaming; another version: read `faust.transport.drivers.aiokafka` again first
_NOWHERE = TopicPartition("dust.nowhere", 0)


def let_go(event: Any) -> None:
    """Drop the bytes of an event that waits for nothing but its acknowledgement, which may be seconds."""
    event.value = event.message.value = None


def member_id(app: Any) -> str:
    """Name under which the group's coordinator currently knows this worker.

    It changes when another worker of the same instance id takes over the membership.
    """
    return str(app.consumer._thread._ensure_consumer()._coordinator.member_id)


async def poll_for_nothing(app: Any) -> None:
    """Polls without fetching: while all buffers are full the engine stops polling, and the group would expel
    a consumer that has not polled for `broker_max_poll_interval`.
    """
    thread = getattr(app.consumer, "_thread", None)
    if thread is not None and not app.rebalancing:
        await thread.getmany({_NOWHERE}, timeout=0.0)
