"""Records one by one, in bundles and in single rows lead to the same, also over an outage of ours."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ingest.records import FeedRecord, Readings, Tick
from processors.fold.detector import Detector
from processors.fold.outputs import Outputs
from processors.measuring.bundle import Bundle, bundles
from tests.full_state import log
from tests.logs import MINUTE, T0, minutes, revision, ticking

DEAF = range(130, 185)  # minutes from which no tick comes; readings come all the same


def with_an_outage() -> list[FeedRecord]:
    return [
        record
        for record in log(4)
        if not (isinstance(record, Tick) and (record.received_at - T0) // MINUTE in DEAF)
    ]


def folded(records: Iterable[FeedRecord | Bundle]) -> tuple[list[Outputs], bytes]:
    detector = Detector.empty()
    made = [
        detector.fold_bundle(record) if isinstance(record, Bundle) else detector.fold(record)
        for record in records
    ]
    return made, detector.dump()


def said(outputs: list[Outputs]) -> dict[str, list[object]]:
    names = ("intervals", "verdicts", "breaches", "outlooks", "winds", "notes")
    return {name: [one for out in outputs for one in getattr(out, name)] for name in names}


def marks(outputs: list[Outputs]) -> list[tuple[int, str]]:
    """(number of the reading in the log, marks)"""
    found, before = [], 0
    for out in outputs:
        found += [(before + row, text) for row, text in sorted(out.marks.items())]
        before += len(out.readings or ())
    return found


@pytest.mark.parametrize("most", [5, 1000])
def test_what_is_folded_together_is_what_is_folded_one_after_another(most: int):
    records = with_an_outage()
    apart, state = folded(records)
    parts = [part for n in range(0, len(records), most) for part in bundles(records[n : n + most])]
    together, other = folded(parts)
    assert said(together) == said(apart)
    assert marks(together) == marks(apart)
    assert sum(out.duplicates for out in together) == sum(out.duplicates for out in apart)
    assert other == state
    assert {name for name, found in said(apart).items() if found} >= {
        "intervals", "verdicts", "breaches", "outlooks",
    }  # fmt: skip
    assert marks(apart)


def test_before_any_configuration_each_reading_of_a_bundle_is_marked_unjudged():
    rows = minutes(T0, T0 + 3 * MINUTE, 50.0)
    records = [record for record in ticking(rows, T0 + 3 * MINUTE) if isinstance(record, (Tick, Readings))]
    detector = Detector.empty()
    out = detector.fold_bundle(Bundle.of(records))
    assert out.marks == {0: "unjudged", 1: "unjudged", 2: "unjudged"}
    assert {note.kind for note in out.notes} == {"unjudged"}
    assert detector.now == T0 + 3 * MINUTE
    assert not detector.ready
    detector.fold(revision(at=T0 + 3 * MINUTE))
    assert detector.ready
