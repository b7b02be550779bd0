"""Our own outages: a gap between ticks holds back what fell due inside it, until a catch-up grace is over.

A gap is judged against the tick's own rhythm: longer than `every` + 30 s (deploy/docs/adr/0002-tick-gap.md).
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
    """What the fold knows of the ticks of its partition; instants in ms."""

    last_tick: int = NEVER
    every: int = 1000
    gap_start: int = NEVER  # of the newest gap
    gap_end: int = NEVER
    hold_until: int = NEVER

    def begin(self, at: int) -> None:
        """The log begins here: before the first tick its instant stands for one."""
        if self.last_tick == NEVER:
            self.last_tick = at

    def tick(self, at: int, every: int) -> None:
        """A tick came; a gap before it ends here."""
        if at < self.last_tick:
            return
        if is_gap(self.last_tick, self.every, at, every):
            if (
                self.last_tick >= self.hold_until
            ):  # else the earlier gap's decisions still wait: keep its start
                self.gap_start = self.last_tick
            self.gap_end = at
            self.hold_until = at + GRACE_MS
        self.last_tick, self.every = at, every

    def decided_at(self, due: int, to: int) -> int | None:
        """When what is due may be decided if the log has come to `to`; None: not yet."""
        if self.last_tick != NEVER and to - self.last_tick > self.every + SLACK_MS and due > self.last_tick:
            return None  # a gap that no tick has ended so far
        at = self.hold_until if self.gap_start < due <= self.hold_until else due
        return at if at <= to else None

    def next_chance(self, due: int, to: int) -> int | None:
        """The instant from which `due` may be decided, as far as known at `to`; None: a tick must come."""
        if due > to:
            return due
        return self.hold_until if self.hold_until > to else None

    def catching_up(self, at: int) -> bool:
        """Is `at` inside a gap or the grace after it?"""
        return self.gap_start < at <= self.hold_until

    def dump(self, pack: object) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)

    @classmethod
    def load(cls, data: dict[str, Any], arrays: object, plan: object) -> Outage:
        """The inverse of `dump`."""
        return cls(**data)


def is_gap(last: int, usual: int, at: int, every: int) -> bool:
    """Is a tick at `at` too long after the one at `last`? Their rhythms: `every` and `usual`."""
    # Two bridges, or one that was started with another rhythm: the slower one excuses the gap.
    return at - last > max(usual, every) + SLACK_MS
