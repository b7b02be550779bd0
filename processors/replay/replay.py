"""Judges recorded messages without any server: the bridge's resolver and the detect fold, JSON lines out.

The log that a replay makes: the configuration at the whole minute before the first message, a tick at
every whole minute, the messages of all recordings by time of receipt. It ends with the last message,
or at `until`; windows that are not due by then stay open, as they would live.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ingest.batches import Row, readings_of
from ingest.decoders.instants import instant_text
from ingest.recording import Recorded, RecordingError
from ingest.records import (
    MISSING,
    Background,
    FeedRecord,
    Quarantined,
    Readings,
    Revision,
    Signal,
    Status,
    Tick,
)
from ingest.register import Register
from ingest.resolve import Arrival, Resolver
from ingest.units import JUDGED
from processors.columns import MINUTE_MS
from processors.fold.detector import Detector
from processors.fold.outputs import Outputs
from processors.quality.flags import CHECKS
from processors.records.breaches import Breach
from processors.records.ids import reading_id
from processors.records.outlooks import Outlook
from processors.records.verdicts import ANSWERS, Interval, Verdict
from processors.records.winds import SiteHour
from processors.replay.lead_time import time_won_by_rule
from processors.windows.row_log import REFUSED

BRIDGE = "replay"
_LAST_MS = 253_370_764_800_000  # 9999-01-01: the day and zone of later instants are beyond the calendar
MOST_ROWS = 2000  # of a batch; the size changes no output
_OF_A_VALUE = (
    "clock",
    "conflict",
    "future",
    "late",
)  # marks of a reading that are flags of its values
_EVENTS = ("opened", "amended", "closed")

Line = dict[str, Any]
Key = tuple[str, int, int]  # device, time and period of a reading


@dataclass(slots=True)
class Replayed:
    """All lines that a replay led to, unsorted, and what was counted."""

    received: int = 0
    duplicates: int = 0
    readings: list[Line] = field(default_factory=list)
    quarantine: list[Line] = field(default_factory=list)
    intervals: list[Line] = field(default_factory=list)
    verdicts: list[Line] = field(default_factory=list)
    breaches: list[Line] = field(default_factory=list)
    outlooks: list[Line] = field(default_factory=list)
    winds: list[Line] = field(default_factory=list)
    _by_key: dict[Key, list[Line]] = field(default_factory=dict)  # flags may still change

    def take(self, found: Outputs) -> None:
        """What one record led to."""
        if found.readings is not None:
            for key, line in reading_lines(found.readings, found.marks, calibrated_values(found)):
                self.readings.append(line)
                self._by_key.setdefault(key, []).append(line)
        for said in found.flags:
            for line in self._by_key.get((said.device, said.time, said.period), ()):
                for name, value in line["values"].items():
                    _conclude(value, said.words.get(name, ()))
        self.duplicates += found.duplicates
        self.intervals += [interval_line(interval) for interval in found.intervals]
        self.verdicts += [verdict_line(verdict) for verdict in found.verdicts]
        self.breaches += [breach_line(breach) for breach in found.breaches]
        self.outlooks += [outlook_line(outlook) for outlook in found.outlooks]
        self.winds += [wind_line(wind) for wind in found.winds]

    def summary(self) -> Line:
        """The line of `summary.json`."""
        answers = Counter(line["answer"] for line in self.verdicts)
        events = Counter(line["event"] for line in self.breaches)
        return {
            "received": self.received,
            "readings": len(self.readings),
            "duplicates": self.duplicates,
            "quarantined": dict(Counter(line["rejected"] for line in self.quarantine)),
            "intervals": len(self.intervals),
            "verdicts": {answer: answers[answer] for answer in ANSWERS},
            "breaches": {event: events[event] for event in _EVENTS},
            "outlooks": time_won_by_rule(self.verdicts, self.outlooks),
        }


# ------------------------------------------------------------------------------------------- the log


def merged(recordings: Sequence[Iterable[Recorded]]) -> Iterator[Recorded]:
    """Messages of several recordings by time of receipt, which never goes back within a recording."""
    return heapq.merge(*(_forward(r) for r in recordings), key=lambda message: message.received_at)


def _forward(recording: Iterable[Recorded]) -> Iterator[Recorded]:
    latest = None
    for message in recording:
        if message.received_at >= _LAST_MS:
            when = instant_text(message.received_at)
            words = f"received_at {when} is the end of the calendar; was the clock wrong?"
            raise RecordingError(f"a message of {message.topic}: {words}")
        latest = message.received_at if latest is None else max(latest, message.received_at)
        yield message._replace(received_at=latest)


def feed_of(
    messages: Iterable[Recorded], register: Register, revision: Revision, until: int | None, out: Replayed
) -> Iterator[FeedRecord]:
    """The log of recorded messages; what does not go into it is noted in `out`."""
    resolver = Resolver(register)
    rows: list[Row] = []
    minute: int | None = None

    def gathered() -> Iterator[FeedRecord]:
        if rows:
            yield readings_of(rows, revision.id)
            rows.clear()

    def ticks(to: int) -> Iterator[FeedRecord]:
        nonlocal minute
        while minute is not None and minute + MINUTE_MS <= to:
            minute += MINUTE_MS
            yield from gathered()
            yield Tick(minute, MINUTE_MS, BRIDGE)

    for message in messages:
        at = message.received_at
        if until is not None and at > until:
            break
        if minute is None:
            minute = at // MINUTE_MS * MINUTE_MS
            yield Revision(revision.id, minute, minute, revision.body)
            yield Tick(minute, MINUTE_MS, BRIDGE)
        yield from ticks(at)
        out.received += 1
        for outcome in resolver.resolve(
            Arrival(message.topic, message.payload, at, message.retain, message.dup)
        ):
            if isinstance(outcome, Row):
                rows.append(outcome)
            elif isinstance(outcome, Background | Signal | Status):
                yield from gathered()
                yield outcome
            elif isinstance(outcome, Quarantined):
                out.quarantine.append(quarantine_line(outcome))
            else:
                out.duplicates += 1
        if len(rows) >= MOST_ROWS:
            yield from gathered()
    if until is not None:
        yield from ticks(until)
    yield from gathered()


def replay(
    register: Register,
    revision: Revision,
    recordings: Sequence[Iterable[Recorded]],
    until: int | None = None,
) -> Replayed:
    """Judge recordings by a register and the revision made of it. Raises RecordingError."""
    out = Replayed()
    detector = Detector.empty()
    for record in feed_of(merged(recordings), register, revision, until, out):
        out.take(detector.fold(record))
    return out


# --------------------------------------------------------------------------------------------- lines


def calibrated_values(found: Outputs) -> dict[int, dict[str, int]]:
    """Row of the readings -> pollutant -> thousandths that were judged, where devices are calibrated."""
    return {
        row: {name: value for name, value in zip(JUDGED, values, strict=True) if value > REFUSED}
        for places, columns in found.calibrated
        for row, values in zip(places.tolist(), columns.T.tolist(), strict=True)
    }


def reading_lines(
    batch: Readings, marks: dict[int, str], calibrated: dict[int, dict[str, int]]
) -> list[tuple[Key, Line]]:
    """A line for each reading that is no duplicate; `marks` are those that detection adds."""
    lines: list[tuple[Key, Line]] = []
    for row in range(len(batch)):
        own = [m for text in (batch.marks.get(row), marks.get(row)) if text for m in text.split(",")]
        if "duplicate" in own:
            continue
        flagged = dict(pair.split("=", 1) for pair in batch.flags.get(row, "").split(";") if "=" in pair)
        shared = [mark for mark in own if mark in _OF_A_VALUE]
        numbers = {
            name: int(column[row]) for name, column in batch.values.items() if int(column[row]) != MISSING
        }
        code = int(batch.codes[row])
        judged = calibrated.get(row, {})
        device, time, period = batch.devices[code], int(batch.time[row]), int(batch.period[row])
        line = {
            "id": reading_id(device, time, period, numbers, flagged),
            "device": device,
            "site": batch.sites[code],
            "time": instant_text(time),
            "period": period // 1000 if period % 1000 == 0 else period / 1000,
            "received_at": instant_text(int(batch.received_at[row])),
            "values": {
                name: {
                    "value": number / 1000,
                    **({"calibrated": judged[name] / 1000} if judged.get(name, number) != number else {}),
                    "flags": sorted({*shared, *([flagged[name]] if name in flagged else [])}),
                }
                for name, number in numbers.items()
            },
            "marks": sorted(own),
        }
        lines.append(((device, time, period), line))
    return lines


def _conclude(value: Line, words: tuple[str, ...]) -> None:
    """What the checks say later takes the place of what they said before."""
    others = (f for f in value["flags"] if f.removesuffix("!") not in CHECKS or f in _OF_A_VALUE)
    value["flags"] = sorted({*others, *words})


def quarantine_line(refused: Quarantined) -> Line:
    """A message that could not be used."""
    return {
        "received_at": instant_text(refused.received_at),
        "topic": refused.topic,
        "rejected": refused.code,
        "detail": refused.detail,
    }


def interval_line(interval: Interval) -> Line:
    """An interval record."""
    line: Line = {name: getattr(interval, name) for name in Interval.__slots__}
    return {**line, "start": instant_text(interval.start), "end": instant_text(interval.end)}


def verdict_line(verdict: Verdict) -> Line:
    """A verdict; its `title`, `citation` and `clause` are those of the rule at that time."""
    line: Line = {name: getattr(verdict, name) for name in Verdict.__slots__}
    for name in ("start", "end", "decided_at"):
        line[name] = instant_text(line[name])
    return line


def breach_line(breach: Breach) -> Line:
    """A breach event."""
    line: Line = {name: getattr(breach, name) for name in Breach.__slots__}
    line["event_id"] = breach.event_id
    line["interval_start"], line["interval_end"] = instant_text(breach.start), instant_text(breach.end)
    line["at"], line["opened_at"] = instant_text(breach.at), instant_text(breach.opened_at)
    # `start` and `revision` would take part in the order of the lines, where `at` and the event must count
    line["interval_revision"] = breach.revision
    del line["start"], line["end"], line["revision"]
    if breach.evidence is None:
        del line["evidence"]
    return line


def outlook_line(outlook: Outlook) -> Line:
    """What was said of a window before its end."""
    line: Line = {name: getattr(outlook, name) for name in Outlook.__slots__}
    for name in ("at", "start", "end"):
        line[name] = instant_text(line[name])
    return line


def wind_line(hour: SiteHour) -> Line:
    """The wind of a site over a clock hour, and what the site added."""
    line: Line = asdict(hour)
    for name in ("start", "end", "decided_at"):
        line[name] = instant_text(line[name])
    return line


# -------------------------------------------------------------------------------------------- files


def write(replayed: Replayed, folder: Path) -> Line:
    """Write the eight files into an existing folder; the summary."""
    for name, when, lines in (
        ("readings", "time", replayed.readings),
        ("quarantine", "received_at", replayed.quarantine),
        ("intervals", "start", replayed.intervals),
        ("verdicts", "start", replayed.verdicts),
        ("breaches", "at", replayed.breaches),
        ("outlooks", "start", replayed.outlooks),
        ("winds", "start", replayed.winds),
    ):
        (folder / f"{name}.jsonl").write_bytes(lines_text(lines, when))
    summary = replayed.summary()
    (folder / "summary.json").write_bytes(_text(summary))
    return summary


def lines_text(lines: Iterable[Line], when: str) -> bytes:
    """Lines in their order, keys sorted: the same lines give the same bytes, in whatever order they came."""
    return b"".join(text for _, text in sorted((_order(line, when), _text(line)) for line in lines))


def _order(line: Line, when: str) -> tuple[str, str, str, str, str, int, int]:
    words = (line.get(key) or "" for key in ("site", "pollutant", "rule"))
    site, pollutant, rule = words
    device = line.get("device") or line.get("point") or ""
    # what opened and closed at one instant (background came late) is read in that order
    event = _EVENTS.index(line["event"]) if line.get("event") in _EVENTS else 0
    return line[when], site, device, pollutant, rule, line.get("revision") or 0, event


def _text(line: Line) -> bytes:
    return orjson.dumps(line, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
