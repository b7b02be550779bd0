"""Base of all channels: the entry in `channels.yaml`, and the sender opened from it.

An entry gives secrets by name only; their values come from the machine (see `secrets`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Protocol

from alerts.records import Message
from alerts.retry import Outcome
from ingest.forms import Form, Id


class Sender(Protocol):
    """Sends through one channel of channels.yaml.

    `send` is called several times concurrently, returns an Outcome whatever the other side does, and
    raises only for faults of our own. If the other side may have taken the message, the outcome
    is `unknown`, never `retry`.
    """

    async def send(self, message: Message, possible_repeat: bool) -> Outcome:
        """Try once."""

    async def close(self) -> None:
        """Close connections and threads."""


class ChannelForm(Form):
    """One entry of `channels.yaml`; a kind of channel adds the keys that it needs."""

    id: Id
    kind: str

    # The key under which a contact names an address of its own; None: its entry has no key but `via`.
    address_key: ClassVar[str | None] = None
    # Messages stay on this machine, where their links open.
    stays_here: ClassVar[bool] = False
    # An address is one person's own, so that a link in a message may sign its reader in.
    personal: ClassVar[bool] = False

    @classmethod
    def address_fault(cls, address: str) -> str | None:
        """Fault in a contact's address; None: it is valid."""
        return None

    def needs_address(self) -> bool:
        """True if each contact must name an address of its own."""
        return False

    def fault(self) -> str | None:
        """Fault in the entry as a whole, beyond its keys; None: there is none."""
        return None

    def open(self, secret: Callable[[str], str], files: Path) -> Sender:
        """Open the sender; `files`: the machine's message folder. Raises ConfigError for a missing secret."""
        raise NotImplementedError(f"channels of kind {self.kind!r} can't be opened: give their form `open`")
