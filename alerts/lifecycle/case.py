"""Values of the life cycle: the case as it sees it, a command and who gives it, and the facts around it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from alerts.lifecycle.matters import MATTERS, MatterRow
from alerts.lifecycle.responsibility import ResponsibleLine
from alerts.lifecycle.states import MACHINE_FOUND, OPEN_STATES, RECTIFY
from alerts.lifecycle.stop_watch import FROZEN, RUNNING, StopWatch, TimeAllowed
from alerts.lifecycle.trail import CaseRecord, Plain
from alerts.lifecycle.working_time import WorkingCalendar

SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Salted:
    """A personal text with its salt (16 bytes, from whoever hands it in): both stay in the store."""

    salt: bytes
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of salt and text, as hex: what the trail has of it. Raises ValueError for another salt."""
        if len(self.salt) != SALT_BYTES:
            raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(self.salt)}")
        return hashlib.sha256(self.salt + self.text.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who gives a command: a role, a unit, and the person, if it is one."""

    role: str
    unit: str = ""
    person: Salted | None = None
    acts_for: frozenset[str] = frozenset()  # other units whose part they may take: a contractor its sites

    def acts_as(self, unit: str) -> bool:
        """True if they may do what is `unit`'s to do."""
        return bool(unit) and (self.unit == unit or unit in self.acts_for)


@dataclass(frozen=True, slots=True)
class LifeCommand:
    """A command to a case of a version (0: to none). `values`, `texts` and `refs` are its fields."""

    name: str
    at: int
    version: int
    actor: Actor
    values: Mapping[str, Plain] = field(default_factory=dict)
    texts: Mapping[str, Salted] = field(default_factory=dict)
    refs: Mapping[str, Plain] = field(default_factory=dict)
    lines: tuple[tuple[str, str], ...] = ()  # with `open`: (line, unit) of the other lines of responsibility

    @property
    def given(self) -> frozenset[str]:
        """Names of the fields that say something."""
        plain = {name for name, value in {**self.values, **self.refs}.items() if value not in ("", ())}
        return frozenset(plain | {name for name, text in self.texts.items() if text.text.strip()})


@dataclass(frozen=True, slots=True)
class LifeCase:
    """A case as the life cycle sees it. `version` is the number of its last record, `digest` that record's.

    `days` has the county day of each round, the present one last.
    """

    id: str
    site: str
    kind: str
    day: str  # county day of its matter, ISO
    source: str
    level: str
    state: str
    track: str
    opened_at: int
    state_since: int
    updated_at: int
    version: int = 0
    digest: str | None = None
    round: int = 1
    days: tuple[str, ...] = ()
    rung: int = 0  # of the ladder: one up with each rebound
    rework: int = 0
    refusals: int = 0  # in this round
    unit: str = ""  # the rectifying unit
    person: str = ""  # whom it is assigned to, by id
    evidence: tuple[str, ...] = ()  # wanted
    verifier: str = "none"  # wanted
    times: tuple[TimeAllowed, ...] = ()
    rebound_days: int = 0
    watches: tuple[StopWatch, ...] = ()
    lines: tuple[ResponsibleLine, ...] = ()
    spent_in: tuple[tuple[str, int], ...] = ()  # ms in the states that it has left
    predecessor: str | None = None
    merged_into: str | None = None
    # facts beside the state, each with its time
    signed_at: int | None = None
    over_at: int | None = None  # back under the limit
    stopped_at: int | None = None  # work has stopped
    suppressed_at: int | None = None
    suppressed_until: int | None = None
    appealed_at: int | None = None  # and not decided
    withdrawal_at: int | None = None  # all its verdicts comply: proposed to the verifier
    amended_at: int | None = None  # first later result after its end
    postponed_from: str | None = None
    postponed_until: int | None = None
    closed_at: int | None = None
    watch_until: int | None = None  # the end of the rebound watch
    archived_at: int | None = None
    archived_as: str | None = None

    @property
    def is_open(self) -> bool:
        """True while people work at it."""
        return self.state in OPEN_STATES

    @property
    def seen_by_people(self) -> bool:
        """True if no monitor says whether it is over: people found it, and people see it rectified."""
        return self.source != MACHINE_FOUND and self.track == RECTIFY

    @property
    def deadline(self) -> int | None:
        """The first deadline of its own watches that run, ms UTC."""
        return min((watch.deadline for watch in self.watches if watch.state == RUNNING), default=None)

    def live_watch(self, what: str) -> StopWatch | None:
        """The watch of that name that runs or is paused."""
        return next((w for w in self.watches if w.what == what and w.state != FROZEN), None)

    def times_at(self, at: int) -> dict[str, int]:
        """Time in each state until `at`, ms: by the case's own count."""
        spent = dict(self.spent_in)
        spent[self.state] = spent.get(self.state, 0) + max(0, at - self.state_since)
        return spent


@dataclass(frozen=True, slots=True)
class LifeFacts:
    """What a decision has to know beside the case."""

    county_office: str
    calendar: WorkingCalendar
    environment_units: frozenset[str] = frozenset()
    matters: tuple[MatterRow, ...] = MATTERS
    units: frozenset[str] | None = None  # those that there are; None: any may be named
    newest_determined: bool = (
        False  # the newest interval of all its points has an answer other than undetermined
    )
    taken_by: str | None = None  # the open case of the matter (`open`, `record`, `rebound`)
    other: LifeCase | None = None  # the case that it is or was merged into
    trail: tuple[CaseRecord, ...] = ()  # of the case; only to say what a stale command has missed
