"""What processors publish comes back from Kafka as it was."""

from __future__ import annotations

import pytest

from ingest.codec import encode_readings
from processors.judgements import decode_judgements, encode_judgements, judgement_records
from processors.records import encode_breach, encode_judged, short_id
from processors.results import decode
from tests.logs import (
    HEBEI,
    HOUR,
    MINUTE,
    T0,
    WUHAN,
    Run,
    background,
    batch,
    minutes,
    revision,
    row,
    rules_of,
    ticking,
)


@pytest.fixture(scope="module")
def judged():
    rows = minutes(T0, T0 + HOUR, 300)
    log = ticking(rows, T0 + HOUR + 9 * MINUTE, others=[background(T0, 50, T0 + HOUR + 3 * MINUTE)])
    return Run(revision(["d1", "d2"], rules_of(HEBEI, WUHAN)), *log)


def test_intervals_and_verdicts_come_back(judged):
    value, headers = encode_judgements(judged.intervals, judged.verdicts, T0)
    assert decode(value, headers) == (judged.intervals, judged.verdicts)


def test_many_of_them_are_parted_and_none_is_lost(judged):
    parts = [
        decode_judgements(value) for value, _ in judgement_records(judged.intervals, judged.verdicts, T0, 2)
    ]
    assert len(parts) > 2
    assert [i for intervals, _ in parts for i in intervals] == judged.intervals
    assert [v for _, verdicts in parts for v in verdicts] == judged.verdicts


def test_nothing_to_say_is_no_record():
    assert not list(judgement_records([], [], T0))


def test_a_breach_comes_back_under_its_id_and_names_its_event(judged):
    for breach in judged.breaches:
        key, value, headers = encode_breach(breach)
        assert key == breach.id.encode()
        assert dict(headers)["event_id"] == breach.event_id.encode()
        assert decode(value, headers) == breach


def test_events_of_one_breach_have_ids_of_their_own(judged):
    ids = [b.event_id for b in judged.breaches]
    assert len(set(ids)) == len(ids)


def test_marks_of_detection_are_added_to_those_of_the_bridge():
    feed = batch(row(T0, 1), row(T0 + 1, 2, marks=("clock",)), row(T0 + 2, 3))
    value, headers = encode_judged(encode_readings(feed), {1: "late", 2: "duplicate"}, 1, T0)
    found = decode(value, headers)
    assert (found.readings.marks, found.duplicates) == ({1: "clock,late", 2: "duplicate"}, 1)


def test_an_unknown_schema_is_named():
    with pytest.raises(ValueError, match=r"dust\.other/1"):
        decode(b"", [("schema", b"dust.other/1")])


def test_an_id_depends_on_every_part():
    assert len({short_id("a", "b"), short_id("a", "c"), short_id("ab"), short_id("a", "b", "")}) == 4
