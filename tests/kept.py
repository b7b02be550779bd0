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
from processors.records.readings import decode_judged, encode_judged
from processors.replay.replay import Replayed, feed_of, merged


def keep(history: History, records: Iterable[FeedRecord], context: bool = True) -> list[Outputs]:
    """Fold a log and store what comes of it; without `context`, as an older version did."""
    detector, outputs = Detector.empty(), []
    for record in records:
        out = detector.fold(record)
        outputs.append(out)
        _store(history, record, out, context)
    return outputs


def _store(history: History, record: FeedRecord, out: Outputs, context: bool) -> None:
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
    if batches:
        outcome = history.write_batches(batches)
        assert (outcome.rejected, outcome.kept) == ([], [])


def log_of(folder: Path, recordings: Sequence[Path], until: int | None = None) -> list[FeedRecord]:
    """The log that a replay of recordings makes by a configuration folder."""
    messages = merged([read_recording(path) for path in recordings])
    revision = revision_of_folder(folder, received_at=0)
    return list(feed_of(messages, load_register(folder), revision, until, Replayed()))
