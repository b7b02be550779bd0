"""Where a broker listens, and all that its files are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.access import Access


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificate and key of a listener (PEM); `clients`: authority of the certificates that clients show."""

    certificate: Path
    key: Path
    clients: Path | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """Address of a broker."""

    port: int
    host: str = "127.0.0.1"
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class BrokerPlan:
    """A broker with its users; `access` None: whoever comes may do all, for trying out."""

    listeners: Sequence[Listener]
    folder: Path  # where its files will be, as the broker sees it
    data: Path  # where it keeps its queues
    access: Sequence[Access] | None = None
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)  # by user
