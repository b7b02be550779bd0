"""A log judged as several partitions would judge it: each has a detector of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from ingest.records import FeedRecord, Readings
from ingest.topics import partition_of
from processors.fold import Detector, Outputs

_TOGETHER = 5000  # records that each partition folds in turn; the number changes no line


def judged_in(partitions: int, records: Iterable[FeedRecord], *, outlooks: bool = True) -> Iterator[Outputs]:
    """Outputs of all partitions; those of each come in the order of its log."""
    detectors = [Detector.empty(partition, partitions, outlooks=outlooks) for partition in range(partitions)]
    if partitions == 1:
        yield from detectors[0].fold_log(records)
        return
    left = iter(records)
    while together := list(islice(left, _TOGETHER)):
        for partition, detector in enumerate(detectors):
            parts = (own_part(record, partition, partitions) for record in together)
            yield from detector.fold_log(part for part in parts if part is not None)


def own_part(record: FeedRecord, partition: int, partitions: int) -> FeedRecord | None:
    """A record as a partition has it: of readings those of its sites, None if there are none."""
    if not isinstance(record, Readings):
        return record
    mine = np.array([partition_of(site, partitions) == partition for site in record.sites], bool)
    places = np.flatnonzero(mine[record.codes])
    if len(places) == len(record):
        return record
    return _taken(record, places.tolist()) if len(places) else None


def _taken(batch: Readings, places: list[int]) -> Readings:
    number = {place: row for row, place in enumerate(places)}

    def sparse(of: dict[int, str]) -> dict[int, str]:
        return {number[place]: text for place, text in of.items() if place in number}

    return Readings(
        devices=batch.devices,
        sites=batch.sites,
        codes=batch.codes[places],
        time=batch.time[places],
        period=batch.period[places],
        received_at=batch.received_at[places],
        values={name: column[places] for name, column in batch.values.items()},
        flags=sparse(batch.flags),
        extras=sparse(batch.extras),
        marks=sparse(batch.marks),
        revision=batch.revision,
        beside={name: column[places] for name, column in batch.beside.items()},
    )
