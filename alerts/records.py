"""Records of alerts: cases, their events, messages of the outbox, attempts to send them.

Instants named `*_at` of cases are ms UTC of the clock setting; those of attempts and of the outbox
(`due_at`, `lease_until`, `started_at`, ...) are ms UTC of the real clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

# Steps at which somebody is told. A message's id is a hash of (case, step, recipient, channel).
OPENED = "opened"
RECOVERED = "recovered"
# Of an outlook: besides its levels, what takes them back.
CLEARED = "cleared"
WITHDRAWN = "withdrawn"

# States of a message in the outbox.
PENDING = "pending"
SENDING = "sending"
SENT = "sent"
REFUSED = "refused"
GIVEN_UP = "given_up"
FAILED: tuple[str, ...] = (REFUSED, GIVEN_UP)


class Recipient(NamedTuple):
    """One person or office reached through one channel, and why."""

    id: str  # stable: department:housing/值班室
    name: str  # as others read it: 住建局 值班室
    line: str  # sector | territorial | site | platform
    channel: str  # id of the channel in channels.yaml
    kind: str  # of that channel: webhook, mail, wecom, file
    address: str  # what the channel needs of this recipient: a mail address, a URL; may be empty
    why: str
    language: str = "zh_CN"

    @property
    def way(self) -> str:
        """The channel with the address, since a recipient may be reached through several."""
        return f"{self.channel}|{self.address}" if self.address else self.channel

    @property
    def lane(self) -> str:
        """Queue whose delays affect no other: a channel, or one of its servers if contacts name their own."""
        parts = urlsplit(self.address)
        if parts.scheme not in ("http", "https"):
            return self.channel
        return f"{self.channel}|{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True)
class Case:
    """A matter that people must close."""

    id: str
    kind: str  # one of alerts.kinds
    state: str
    level: str
    site: str
    device: str
    title: str
    opened_at: int
    updated_at: int
    breach: str | None = None  # the breach's id; exactly one case has it
    fault: str | None = None  # of kind `system`: which fault
    parent: str | None = None  # the `many_silent` case that told of this one
    rule: str = ""
    deadline: int | None = None
    recovered_at: int | None = None
    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    closed_at: int | None = None
    hold_until: int | None = None  # nobody is told before; None once decided
    tell: bool = True
    delayed: bool = False
    data: dict[str, Any] = field(default_factory=dict)  # newest event of the breach, or the fault's facts


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One step of a case: who, when, what, and from which state into which."""

    id: str  # of a breach: its event id
    case: str
    at: int
    event: str
    actor: str
    before: str | None
    after: str
    reason: str
    note: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """A row of the outbox as it is first written."""

    id: str
    case: str
    kind: str  # of the case
    step: str
    recipient: Recipient
    subject: str
    text: str
    created_at: int
    link: str
    covers: tuple[str, ...] = ()  # the cases that it tells of, where these are several
    data: dict[str, Any] = field(default_factory=dict)  # for channels that send structured data


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to send; `unknown` from before the attempt until its outcome is written."""

    number: int
    owner: str
    started_at: int
    outcome: str
    reason: str
    receipt: str
    finished_at: int | None
    possible_repeat: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message with the state of its delivery."""

    message: Message
    state: str
    due_at: int
    written_at: int
    tries: int
    done_at: int | None
    receipt: str
    reason: str
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this worker may send now; attempt `number` is already written as unknown."""

    message: Message
    number: int
    written_at: int
    possible_repeat: bool


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with everything that belongs to it."""

    case: Case
    events: tuple[CaseEvent, ...]
    messages: tuple[Delivery, ...]
    members: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseChange:
    """Contents of one transaction: a case (new or changed), its event, its messages."""

    reason: str
    case: Case
    event: CaseEvent
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseContext:
    """The store's knowledge of a breach or window when an event of it arrives."""

    case: Case | None = None
    told: tuple[Message, ...] = ()  # opening messages that were not refused or given up
    parent: Case | None = None  # the `many_silent` case that told of it
    parent_told: tuple[Message, ...] = ()
    siblings_open: frozenset[str] = frozenset()  # cases of that parent that are not over, without this
    rule_open: bool = False  # of an outlook: the site has a case of its rule whose breach lasts
