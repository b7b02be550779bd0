"""Silences that people ask for: which tellings one holds back, and when it needs a second person. Pure.

Nothing holds back a violation, a matter from above or the platform's own alarm, whatever a silence names.
Instants are ms UTC of the clock that cases and tellings follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.records import Recipient, Telling

WAITS, COMING, PRESENT, PAST = "waits", "coming", "present", "ended"
_MARK = "silence:"  # before its id, where a telling names what withheld it


@dataclass(frozen=True, slots=True)
class TellingSilence:
    """A silence as it is kept; what it leaves empty matches everything. People are ids of accounts."""

    id: str
    author: str
    reason: str
    made_at: int
    begins_at: int
    ends_at: int
    site: str = ""
    device: str = ""
    kind: str = ""
    unit: str = ""  # that is told: department:ID, site:ID
    needs_approval: bool = False
    approved_by: str | None = None
    approved_at: int | None = None
    ended_by: str | None = None
    ended_at: int | None = None  # before its time
    ended_reason: str = ""

    @property
    def mark(self) -> str:
        """What a telling names that it withholds."""
        return f"{_MARK}{self.id}"

    @property
    def matches(self) -> tuple[str, str, str, str]:
        """(site, device, kind, unit)."""
        return self.site, self.device, self.kind, self.unit

    @property
    def end(self) -> int:
        """When it ends, or did."""
        return self.ends_at if self.ended_at is None else min(self.ended_at, self.ends_at)

    def state(self, at: int) -> str:
        """waits (for a second person), coming, present or ended."""
        if at >= self.end:
            return PAST
        if self.needs_approval and self.approved_at is None:
            return WAITS
        return PRESENT if self.begins_at <= at else COMING

    def covers(self, telling: Telling) -> bool:
        """True if it withholds this telling while it is present."""
        if telling.unheld or telling.ends:
            return False
        has = (telling.site, telling.device, telling.kind, unit_told(telling.recipient))
        return all(wanted in ("", own) for wanted, own in zip(self.matches, has, strict=True))


def silence_of_mark(mark: str) -> str | None:
    """The id of the silence that a telling or a muted message names; None: it names something else."""
    return mark.removeprefix(_MARK) if mark.startswith(_MARK) else None


def unit_told(recipient: Recipient) -> str:
    """The unit that a recipient is of."""
    return recipient.id.rpartition("/")[0]


def silence_over(telling: Telling, silences: Iterable[TellingSilence]) -> TellingSilence | None:
    """Of silences that are present the one that withholds a telling: that which lasts longest."""
    return max((one for one in silences if one.covers(telling)), key=lambda one: one.end, default=None)


def needs_second(wish: TellingSilence, others: Iterable[TellingSilence], alone_ms: int) -> bool:
    """True if a silence takes effect only when another person has approved of it.

    What one person may do alone is so long. Silences of the same that nobody approved of and that join count
    together: several short ones are no way around it.
    """
    begins, ends = wish.begins_at, wish.ends_at
    same = [
        one for one in others if one.matches == wish.matches and one.approved_at is None and one.id != wish.id
    ]
    for one in sorted(same, key=lambda one: one.begins_at):
        if one.begins_at <= ends + alone_ms and one.end + alone_ms >= begins and one.end > one.begins_at:
            begins, ends = min(begins, one.begins_at), max(ends, one.end)
    return ends - begins > alone_ms
