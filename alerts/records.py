"""Records of alerts: cases, their events, messages of the outbox, attempts to send them.

Instants named `*_at` of cases are ms UTC of the clock setting; those of attempts and of the outbox
(`due_at`, `lease_until`, `started_at`, ...) are ms UTC of the real clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from alerts.kinds import EXCEEDANCE, SYSTEM, VIOLATION
from processors.records import short_id

# Steps at which somebody is told; others name theirs as they like.
OPENED = "opened"
RECOVERED = "recovered"
# Of an outlook: besides its levels, what takes them back.
CLEARED = "cleared"
WITHDRAWN = "withdrawn"

ENDS: tuple[str, ...] = (RECOVERED, CLEARED, WITHDRAWN)  # say that what was told before is over
SEVERAL = "several"  # step of a message that tells of different ones

# Templates of what is not told of a finding itself: what people and the passing of time do with a case.
OF_A_STEP = "step"
OF_A_MORNING = "morning"
NOT_OF_A_FINDING: tuple[str, ...] = (OF_A_STEP, OF_A_MORNING)

# States of a message in the outbox.
PENDING = "pending"
SENDING = "sending"
SENT = "sent"
REFUSED = "refused"
GIVEN_UP = "given_up"
FAILED: tuple[str, ...] = (REFUSED, GIVEN_UP)
MUTED = "muted"  # stopped by a silence before its first attempt


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
class Telling:
    """One step of a case that one recipient is to be told by one way: at most once, whoever writes it again.

    Told again means another `number` (a reminder) or another `round` (after a rebound). `facts` and `data`
    are plain JSON values, all that its text is made of later, whatever becomes of names and rules meanwhile.
    `facts`: `at` and `zone` always; `others`, `link`, `deadline`, `delayed`, `fault`, `from_above`; for a
    template of its own `facts`. `data`: `matter`, `matters`, `outlook` or `morning`, as a channel sends it
    on. Instants are ms UTC of the clock.
    """

    case: str
    step: str
    kind: str  # of the case
    level: str
    site: str
    recipient: Recipient
    template: str  # by which it is told alone: texts/LANGUAGE/NAME.txt.j2
    told_at: int  # when it was decided that it is to be told
    round: int = 1
    number: int = 1
    device: str = ""
    pollutant: str = ""
    urgent: bool = False  # waits for nothing, and nothing holds it back
    covers: tuple[str, ...] = ()  # the cases that it tells of, where these are several
    facts: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Hash of case, step, recipient and way; of round and number where these are not the first."""
        again = () if (self.round, self.number) == (1, 1) else (self.round, self.number)
        return short_id("message", self.case, self.step, self.recipient.id, self.recipient.way, *again)

    @property
    def ends(self) -> bool:
        """True if it says that what was told before is over."""
        return self.step in ENDS

    @property
    def of_finding(self) -> bool:
        """True if it tells of what was found: once that is over it need not be told any more."""
        return self.template not in NOT_OF_A_FINDING

    @property
    def unheld(self) -> bool:
        """True if nothing may hold it back: a violation, a matter from above, the platform's own alarm."""
        grave = self.kind == SYSTEM or (self.kind == EXCEEDANCE and self.level == VIOLATION)
        return self.urgent or grave or bool(self.facts.get("from_above"))


@dataclass(frozen=True, slots=True)
class ToldState:
    """A telling and what became of it: in a message, waiting, or withheld."""

    telling: Telling
    message: str | None
    look_at: int | None  # when it is looked at again; None: nothing more is to be decided
    withheld_by: str | None = None  # a case, or the mark of a silence
    withheld_until: int | None = (
        None  # when that is decided anew; of one that is not told any more: was decided
    )


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
    messages: tuple[Delivery, ...]  # all that tell of it
    members: tuple[Case, ...] = ()
    untold: tuple[ToldState, ...] = ()  # what is in no message: it waits, or is withheld


@dataclass(frozen=True, slots=True)
class CaseChange:
    """Contents of one transaction: a case (new or changed), its event, and what is to be told of it."""

    reason: str
    case: Case
    event: CaseEvent
    tellings: tuple[Telling, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseContext:
    """The store's knowledge of a breach or window when an event of it arrives."""

    case: Case | None = None
    told: tuple[Telling, ...] = ()  # of its opening, but those whose message was refused or given up
    parent: Case | None = None  # the `many_silent` case that told of it
    parent_told: tuple[Telling, ...] = ()
    siblings_open: frozenset[str] = frozenset()  # cases of that parent that are not over, without this
    rule_open: bool = False  # of an outlook: the site has a case of its rule whose breach lasts
