"""Result of a replay: its lines, its counts, and the eight files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ingest.decoders.instants import instant_text
from ingest.records import Quarantined
from processors.fold import Outputs
from processors.records import ANSWERS
from processors.replay.lead_time import lead_times_by_rule
from processors.replay.lines import (
    EVENTS,
    Line,
    breach_line,
    calibrated_values,
    interval_line,
    outlook_line,
    quarantine_line,
    reading_lines,
    regional_line,
    text_of,
    verdict_line,
    wind_line,
)
from processors.replay.spilled import SpilledLines, SpilledReadings

_by_start = partial(SpilledLines, "start")


@dataclass(slots=True)
class Replayed:
    """All lines of a replay, and its counts. `foresees`: were outlooks asked for?"""

    foresees: bool = True
    received: int = 0
    duplicates: int = 0
    notices: Counter[str] = field(default_factory=Counter)  # messages without a measurement, by kind
    readings: SpilledReadings = field(default_factory=SpilledReadings)
    quarantine: SpilledLines = field(default_factory=partial(SpilledLines, "received_at"))
    intervals: SpilledLines = field(default_factory=_by_start)
    verdicts: SpilledLines = field(default_factory=_by_start)
    breaches: SpilledLines = field(default_factory=partial(SpilledLines, "at"))
    outlooks: SpilledLines = field(default_factory=_by_start)
    winds: SpilledLines = field(default_factory=_by_start)
    regional: SpilledLines = field(default_factory=_by_start)
    refused: Counter[str] = field(default_factory=Counter)  # by code
    answers: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)

    def take(self, found: Outputs) -> None:
        """Take in the outputs of one record."""
        if found.readings is not None:
            for key, line in reading_lines(found.readings, found.marks, calibrated_values(found)):
                self.readings.add(key, line)
        for said in found.flags:
            self.readings.conclude(said, instant_text(said.time))
        self.duplicates += found.duplicates
        for interval in found.intervals:
            self.intervals.add(interval_line(interval))
        for verdict in found.verdicts:
            self.verdicts.add(verdict_line(verdict))
            self.answers[verdict.answer] += 1
        for breach in found.breaches:
            self.breaches.add(breach_line(breach))
            self.events[breach.event] += 1
        for outlook in found.outlooks:
            self.outlooks.add(outlook_line(outlook))
        for wind in found.winds:
            self.winds.add(wind_line(wind))
        for episode in found.regional:
            self.regional.add(regional_line(episode))

    def set_aside(self, refused: Quarantined) -> None:
        """Take in a message that could not be used."""
        self.quarantine.add(quarantine_line(refused))
        self.refused[refused.code] += 1

    def summary(self) -> Line:
        """Content of `summary.json`."""
        return {
            "received": self.received,
            "readings": len(self.readings),
            "duplicates": self.duplicates,
            "quarantined": dict(self.refused),
            "notices": dict(sorted(self.notices.items())),
            "intervals": len(self.intervals),
            "verdicts": {answer: self.answers[answer] for answer in ANSWERS},
            "breaches": {event: self.events[event] for event in EVENTS},
            "outlooks": lead_times_by_rule(self.verdicts, self.outlooks) if self.foresees else {},
        }


def write(replayed: Replayed, folder: Path) -> Line:
    """Write the eight files into an existing folder, and one of regional episodes if there are any."""
    names = ["readings", "quarantine", "intervals", "verdicts", "breaches", "outlooks", "winds"]
    for name in [*names, "regional"] if len(replayed.regional) else names:
        with (folder / f"{name}.jsonl").open("wb") as file:
            file.writelines(getattr(replayed, name).texts())
    summary = replayed.summary()
    (folder / "summary.json").write_bytes(text_of(summary))
    return summary
