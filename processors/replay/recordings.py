"""Judges recorded messages without any server: the bridge's resolver and the detect fold, JSON lines out.

Windows that are not due by the end of the log (`feed`) stay open, as they would live.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ingest.recording import Recorded
from ingest.records import Revision
from ingest.register import Register
from processors.replay.feed import feed_of, merged
from processors.replay.partitions import judged_in
from processors.replay.result import Replayed


def replay(
    register: Register,
    revision: Revision,
    recordings: Sequence[Iterable[Recorded]],
    until: int | None = None,
    *,
    partitions: int = 1,
    outlooks: bool = False,
) -> Replayed:
    """Judge recordings by a register and the revision compiled from it. Raises RecordingError.

    `partitions`: how many judge them, each its own sites; the number changes no line.
    """
    out = Replayed(foresees=outlooks)
    records = feed_of(merged(recordings), register, revision, until, out)
    for found in judged_in(partitions, records, outlooks=outlooks):
        out.take(found)
    return out
