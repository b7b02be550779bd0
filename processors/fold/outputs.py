"""Outputs of folding one record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.records import Readings
from processors.columns import Int32s
from processors.measuring import Positions
from processors.records import Breach, Flagged, Group, Interval, Outlook, RegionalEpisode, SiteHour, Verdict

DUPLICATE = "duplicate"  # mark of a reading that has been counted already


class Note(NamedTuple):
    """An event worth counting that is not an output: its kind and its words."""

    kind: str
    words: str


@dataclass(slots=True)
class Outputs:
    """Outputs of one record. `marks`: row of the readings -> marks that detection adds, comma-separated."""

    readings: Readings | None = None
    marks: dict[int, str] = field(default_factory=dict)
    interval_groups: list[Group[Interval]] = field(default_factory=list)
    verdict_groups: list[Group[Verdict]] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)
    flags: list[Flagged] = field(default_factory=list)
    outlooks: list[Outlook] = field(default_factory=list)
    winds: list[SiteHour] = field(default_factory=list)
    regional: list[RegionalEpisode] = field(
        default_factory=list
    )  # of areas that are this partition's to tell
    calibrated: list[tuple[Positions, Int32s]] = field(default_factory=list)  # rows, judged values (3, n)
    duplicates: int = 0
    notes: list[Note] = field(default_factory=list)

    @property
    def intervals(self) -> list[Interval]:
        """Intervals of all groups, as single records."""
        return [one for group in self.interval_groups for one in group.records()]

    @property
    def verdicts(self) -> list[Verdict]:
        """Verdicts of all groups, as single records."""
        return [one for group in self.verdict_groups for one in group.records()]

    def mark(self, row: int, name: str) -> None:
        before = self.marks.get(row)
        self.marks[row] = f"{before},{name}" if before else name
