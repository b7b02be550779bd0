"""Judges recorded messages without any server: the bridge's resolver and the detect fold, JSON lines out.

Windows that are not due by the end of the log (`feed`) stay open, as they would live. What users of a replay
need is had from here: the log, the run, the lines and the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ingest.recording import Recorded
from ingest.records import Revision
from ingest.register import Register
from processors.fold import Detector
from processors.replay.feed import feed_of, merged
from processors.replay.lines import (
    Line,
    breach_line,
    calibrated_values,
    interval_line,
    lines_text,
    outlook_line,
    quarantine_line,
    reading_lines,
    verdict_line,
    wind_line,
)
from processors.replay.result import Replayed, write

__all__ = [
    "Line",
    "Replayed",
    "breach_line",
    "calibrated_values",
    "feed_of",
    "interval_line",
    "lines_text",
    "merged",
    "outlook_line",
    "quarantine_line",
    "reading_lines",
    "replay",
    "verdict_line",
    "wind_line",
    "write",
]


def replay(
    register: Register,
    revision: Revision,
    recordings: Sequence[Iterable[Recorded]],
    until: int | None = None,
) -> Replayed:
    """Judge recordings by a register and the revision made of it. Raises RecordingError."""
    out = Replayed()
    detector = Detector.empty()
    for found in detector.fold_log(feed_of(merged(recordings), register, revision, until, out)):
        out.take(found)
    return out
