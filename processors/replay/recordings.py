"""Judges recorded messages without any server: the bridge's resolver and the detect fold, JSON lines out.

Windows that are not due by the end of the log (`feed`) stay open, as they would live.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ingest.recording import Recorded
from ingest.records import Revision
from ingest.register import Register
from processors.fold import Detector
from processors.replay.feed import feed_of, merged
from processors.replay.result import Replayed


def replay(
    register: Register,
    revision: Revision,
    recordings: Sequence[Iterable[Recorded]],
    until: int | None = None,
    outlooks: bool = False,
) -> Replayed:
    """Judge recordings by a register and the revision compiled from it. Raises RecordingError."""
    out = Replayed(foresees=outlooks)
    detector = Detector.empty(outlooks=outlooks)
    for found in detector.fold_log(feed_of(merged(recordings), register, revision, until, out)):
        out.take(found)
    return out
