"""A log as N partitions have it: each its own readings, and every other record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ingest.records import FeedRecord
from ingest.topics import partition_of
from processors.fold.detector import Detector
from processors.fold.outputs import Outputs
from processors.replay.partitions import own_part


def said_by(log: Iterable[FeedRecord], partitions: int, sites: Iterable[str]) -> Counter[str]:
    """Every line that the partitions of these sites say of a log."""
    records, said = list(log), Counter[str]()
    for partition in sorted({partition_of(site, partitions) for site in sites}):
        detector = Detector.empty(partition, partitions)
        parts = (own_part(record, partition, partitions) for record in records)
        for out in detector.fold_log(part for part in parts if part is not None):
            said.update(_lines(out))
    return said


def difference(whole: Counter[str], parts: Counter[str]) -> list[str]:
    """Lines that only one of both says."""
    return [f"+ {line}" for line in sorted(parts - whole)] + [f"- {line}" for line in sorted(whole - parts)]


def _lines(out: Outputs) -> Iterable[str]:
    for line in (*out.intervals, *out.verdicts, *out.outlooks, *out.flags, *out.winds, *out.breaches):
        yield repr(line)
    yield from (repr(note) for note in out.notes if note.kind == "suspicion_explained")
    if out.readings is not None:
        sent = out.readings
        for row, text in out.marks.items():
            yield f"{sent.devices[sent.codes[row]]} {sent.time[row]} {sent.received_at[row]}: {text}"
