"""Result of a replay: its lines, its counts, and the eight files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from processors.fold import Outputs
from processors.records import ANSWERS
from processors.replay.lead_time import lead_times_by_rule
from processors.replay.lines import (
    EVENTS,
    Line,
    ReadingKey,
    breach_line,
    calibrated_values,
    conclude,
    interval_line,
    lines_text,
    outlook_line,
    reading_lines,
    regional_line,
    text_of,
    verdict_line,
    wind_line,
)


@dataclass(slots=True)
class Replayed:
    """All lines of a replay, unsorted, and its counts."""

    received: int = 0
    duplicates: int = 0
    notices: Counter[str] = field(default_factory=Counter)  # messages without a measurement, by kind
    readings: list[Line] = field(default_factory=list)
    quarantine: list[Line] = field(default_factory=list)
    intervals: list[Line] = field(default_factory=list)
    verdicts: list[Line] = field(default_factory=list)
    breaches: list[Line] = field(default_factory=list)
    outlooks: list[Line] = field(default_factory=list)
    winds: list[Line] = field(default_factory=list)
    regional: list[Line] = field(default_factory=list)
    _by_key: dict[ReadingKey, list[Line]] = field(default_factory=dict)  # flags may still change

    def take(self, found: Outputs) -> None:
        """Take in the outputs of one record."""
        if found.readings is not None:
            for key, line in reading_lines(found.readings, found.marks, calibrated_values(found)):
                self.readings.append(line)
                self._by_key.setdefault(key, []).append(line)
        for said in found.flags:
            for line in self._by_key.get((said.device, said.time, said.period), ()):
                for name, value in line["values"].items():
                    conclude(value, said.words.get(name, ()))
        self.duplicates += found.duplicates
        self.intervals += [interval_line(interval) for interval in found.intervals]
        self.verdicts += [verdict_line(verdict) for verdict in found.verdicts]
        self.breaches += [breach_line(breach) for breach in found.breaches]
        self.outlooks += [outlook_line(outlook) for outlook in found.outlooks]
        self.winds += [wind_line(wind) for wind in found.winds]
        self.regional += [regional_line(episode) for episode in found.regional]

    def summary(self) -> Line:
        """Content of `summary.json`."""
        answers = Counter(line["answer"] for line in self.verdicts)
        events = Counter(line["event"] for line in self.breaches)
        return {
            "received": self.received,
            "readings": len(self.readings),
            "duplicates": self.duplicates,
            "quarantined": dict(Counter(line["rejected"] for line in self.quarantine)),
            "notices": dict(sorted(self.notices.items())),
            "intervals": len(self.intervals),
            "verdicts": {answer: answers[answer] for answer in ANSWERS},
            "breaches": {event: events[event] for event in EVENTS},
            "outlooks": lead_times_by_rule(self.verdicts, self.outlooks),
        }


def write(replayed: Replayed, folder: Path) -> Line:
    """Write the eight files into an existing folder, and one of regional episodes if there are any."""
    for name, when, lines in (
        ("readings", "time", replayed.readings),
        ("quarantine", "received_at", replayed.quarantine),
        ("intervals", "start", replayed.intervals),
        ("verdicts", "start", replayed.verdicts),
        ("breaches", "at", replayed.breaches),
        ("outlooks", "start", replayed.outlooks),
        ("winds", "start", replayed.winds),
        *((("regional", "start", replayed.regional),) if replayed.regional else ()),
    ):
        (folder / f"{name}.jsonl").write_bytes(lines_text(lines, when))
    summary = replayed.summary()
    (folder / "summary.json").write_bytes(text_of(summary))
    return summary
