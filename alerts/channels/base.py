"""What every channel does: send one message once, and say how that ended."""

from __future__ import annotations

from typing import Protocol

from alerts.records import Message
from alerts.retry import Outcome


class Channel(Protocol):
    """One channel of channels.yaml.

    `send` is called several times at once, gives an Outcome for whatever the other side does, and
    raises only for faults of our own. Where the other side may have taken the message the outcome
    is `unknown`, never `retry`.
    """

    async def send(self, message: Message, possible_repeat: bool) -> Outcome:
        """Try once."""

    async def close(self) -> None:
        """Let go of connections and threads."""
