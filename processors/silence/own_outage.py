"""Outages of our own: a gap between ticks defers what fell due inside it until a grace period has passed.

A gap is judged against the tick's own rhythm: longer than `every` + 30 s (deploy/docs/adr/0002-tick-gap.md).
It begins when that time is over: what is due before is decided in every partition, whether or not a reading
shows in time that the log goes on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from processors.columns import NEVER, Rowless
from processors.windows import Bounded

SLACK_MS = 30_000
GRACE_MS = 600_000


@dataclass(slots=True)
class Outage(Rowless, Bounded):
    """State of a partition's ticks as the fold knows it; instants in ms."""

    last_tick: int = NEVER
    every: int = 1000
    gap_start: int = NEVER  # of the newest gap
    gap_end: int = NEVER
    hold_until: int = NEVER

    def begin(self, at: int) -> None:
        """Marks where the log begins; that instant counts as the last tick until one comes."""
        if self.last_tick == NEVER:
            self.last_tick = at

    def tick(self, at: int, every: int) -> None:
        """Records a tick, which ends any gap before it."""
        if at < self.last_tick:
            return
        if self.is_ended_by(at, every):
            if (
                self.last_tick >= self.hold_until
            ):  # else the earlier gap's decisions still wait: keep its start
                self.gap_start = self.deaf_from
            self.gap_end = at
            self.hold_until = at + GRACE_MS
        self.last_tick, self.every = at, every

    def decided_at(self, due: int, to: int) -> int | None:
        """Instant at which something due at `due` may be decided, with the log at `to`; None: not yet."""
        if self.last_tick != NEVER and due > self.deaf_from:
            return None  # a gap that no tick has ended so far
        at = self.hold_until if self.gap_start < due <= self.hold_until else due
        return at if at <= to else None

    def is_ended_by(self, at: int, every: int) -> bool:
        """True if a tick at `at`, in a rhythm of `every`, ends a gap."""
        return is_gap(self.last_tick, self.every, at, every)

    @property
    def deaf_from(self) -> int:
        """When the next tick is to come at the latest: what is due until then is decided as ever."""
        return self.last_tick + self.every + SLACK_MS

    def next_chance(self, due: int, to: int) -> int | None:
        """Earliest instant at which `due` may be decided, as known at `to`; None: a tick must come first."""
        if due > to:
            return due
        return self.hold_until if self.hold_until > to else None

    def catching_up(self, at: int) -> bool:
        """True if `at` lies inside a gap or in the grace period after it."""
        return self.gap_start < at <= self.hold_until

    def dump(self, pack: object) -> dict[str, Any]:
        """JSON data of the state."""
        return asdict(self)

    @classmethod
    def load(cls, data: dict[str, Any], arrays: object, plan: object) -> Outage:
        """The inverse of `dump`."""
        return cls(**data)


def is_gap(last: int, usual: int, at: int, every: int) -> bool:
    """True if a tick at `at` comes too long after the one at `last`; their rhythms: `every` and `usual`."""
    # Two bridges, or one that was started with another rhythm: the slower one excuses the gap.
    return at - last > max(usual, every) + SLACK_MS
