"""What a log leaves in history: feed records folded, and kept as the store stage keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from deploy.county.compile import revision_of_folder
from ingest.codec import encode_readings
from ingest.recording import read_recording
from ingest.records import Background, FeedRecord, Revision, Signal
from ingest.register import load_register
from processors.fold.detector import Detector
from processors.fold.outputs import Outputs
from processors.history import History
from processors.history.columns import batches_of, batches_of_intervals, batches_of_verdicts
from processors.history.context import Context
from processors.history.points import PointBatch
from processors.measuring.bundle import Bundle, bundles
from processors.records.readings import decode_judged, encode_judged
from processors.replay.feed import feed_of, merged
from processors.replay.result import Replayed

TOGETHER = 100  # records whose outputs are stored at once


def keep(history: History, records: Iterable[FeedRecord], context: bool = True) -> list[Outputs]:
    """Fold a log and store what comes of it, much in one go as a worker does; without `context`, as an
    older version did."""
    detector, log, outputs = Detector.empty(), list(records), []
    for begin in range(0, len(log), TOGETHER):
        batches: list[PointBatch] = []
        for part in bundles(log[begin : begin + TOGETHER]):
            out = detector.fold_bundle(part) if isinstance(part, Bundle) else detector.fold(part)
            outputs.append(out)
            batches += _batches(part, out, context)
        outcome = history.write_batches(batches)
        assert (outcome.rejected, outcome.kept) == ([], [])
    return outputs


def _batches(record: FeedRecord | Bundle, out: Outputs, context: bool) -> list[PointBatch]:
    judged = []
    if out.readings is not None:
        value, headers = encode_judged(encode_readings(out.readings), out.marks, out.duplicates, 0)
        judged.append(decode_judged(value, headers).readings)
    records: dict[str, Any] = {"readings": judged, "flags": out.flags}
    if context:
        kept: list[Context] = [*out.breaches, *out.winds]
        if isinstance(record, Revision | Background | Signal):
            kept.append(record)
        records |= {"intervals": out.intervals, "verdicts": out.verdicts}
        records |= {"outlooks": out.outlooks, "context": kept}
    batches = batches_of(records)
    if not context:
        batches += [*batches_of_intervals(out.intervals), *batches_of_verdicts(out.verdicts)]
    return batches


def log_of(folder: Path, recordings: Sequence[Path], until: int | None = None) -> list[FeedRecord]:
    """The log that a replay of recordings makes by a configuration folder."""
    messages = merged([read_recording(path) for path in recordings])
    revision = revision_of_folder(folder, received_at=0)
    return list(feed_of(messages, load_register(folder), revision, until, Replayed()))
