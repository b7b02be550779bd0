"""What processors publish comes back from Kafka as it was."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from ingest.codec import encode_readings, received_at_of
from processors.records.any_record import decode
from processors.records.breaches import encode_breach
from processors.records.ids import ids_of, reading_id, short_id, time_of_reading
from processors.records.judgements import decode_judgements, encode_judgements, judgement_records
from processors.records.readings import Flagged, encode_flags, encode_judged
from processors.records.tables import INTERVALS, VERDICTS, Group
from processors.records.verdicts import Interval, Verdict
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


def groups(run: Run) -> tuple[list[Group[Interval]], list[Group[Verdict]]]:
    """All intervals and verdicts, as they were published."""
    return (
        [group for out in run.outputs for group in out.interval_groups],
        [group for out in run.outputs for group in out.verdict_groups],
    )


def test_intervals_and_verdicts_come_back(judged):
    value, headers = encode_judgements(*groups(judged), T0)
    assert decode(value, headers) == (judged.intervals, judged.verdicts)


def test_many_of_them_are_parted_and_none_is_lost(judged):
    parts = [decode_judgements(value) for value, _ in judgement_records(*groups(judged), T0, 2)]
    assert len(parts) > 2
    assert [i for intervals, _ in parts for i in intervals] == judged.intervals
    assert [v for _, verdicts in parts for v in verdicts] == judged.verdicts


def test_nothing_to_say_is_no_record():
    assert not list(judgement_records([], [], T0))
    empty = INTERVALS.group([], pollutant="pm10", statistic="mean", start=T0, end=T0 + HOUR)
    assert not list(judgement_records([empty], [], T0))


def test_what_neighbours_share_is_written_once_and_a_group_is_parted_where_a_record_is_full(judged):
    intervals, verdicts = INTERVALS.groups(judged.intervals), VERDICTS.groups(judged.verdicts)
    assert encode_judgements(intervals, verdicts, T0)[0] == encode_judgements(*groups(judged), T0)[0]
    one, other = (replace(group, rows=group.rows * 2) for group in groups(judged)[1][:2])
    (value, _), *rest = judgement_records([], [one, other], T0, 3)
    assert [len(group["rows"]) for group in orjson.loads(value)["verdicts"]] == [2, 1]
    assert [decode_judgements(value)[1] for value, _ in rest] == [other.records()[1:]]


def test_a_group_gives_back_what_it_was_made_of(judged):
    for table, records in ((INTERVALS, judged.intervals), (VERDICTS, judged.verdicts)):
        made = table.groups(records)
        assert [group.record(0) for group in made] == records
        assert {len(group) for group in made} == {1}
        assert {*table.shared} & {*table.own} == set()
    with pytest.raises(KeyError, match="statistic"):
        INTERVALS.group([], pollutant="pm10", start=T0, end=T0 + HOUR)


def test_a_breach_comes_back_under_its_id_and_names_its_event(judged):
    for breach in judged.breaches:
        key, value, headers = encode_breach(breach)
        assert key == breach.id.encode()
        assert dict(headers)["event_id"] == breach.event_id.encode()
        assert decode(value, headers) == breach


def test_the_same_breach_has_the_same_bytes_whatever_the_order_of_its_words(judged):
    one, other = (
        replace(judged.breaches[0], title=dict(words), evidence=dict(numbers))
        for words, numbers in (
            ([("zh", "z"), ("en", "e")], [("b", 1), ("a", 2)]),
            ([("en", "e"), ("zh", "z")], [("a", 2), ("b", 1)]),
        )
    )
    assert encode_breach(one) == encode_breach(other)


def test_an_id_is_twenty_hex_digits_of_all_its_parts():
    assert len(short_id("a", 1)) == len(ids_of("a")("d1")) == 20
    assert len({short_id("a", 1), short_id("a1"), short_id(1, "a"), short_id("a", 1, "")}) == 4


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


def test_flags_come_back_and_name_when_they_were_found():
    found = [
        Flagged("s1", "d1", T0, 0, {"pm10": ("spike!", "flat_line")}, False),
        Flagged("s2", "d2", T0 + 1, 60, {}, True),
    ]
    value, headers = encode_flags(found, T0 + 5)
    assert decode(value, headers) == found
    assert received_at_of(headers, 0) == T0 + 5


def test_the_id_of_a_reading_begins_with_its_time_and_depends_on_all_it_says():
    said = ("d1", T0, 60_000, {"pm10": 5, "tsp": 7}, {"pm10": "D"})
    id_ = reading_id(*said)
    assert (len(id_), time_of_reading(id_)) == (20, T0)
    assert int(id_[:11], 16) == T0
    assert reading_id("d1", T0, 60_000, {"tsp": 7, "pm10": 5}, {"pm10": "D"}) == id_
    for nth, other in enumerate(("d2", T0 + 1, 0, {"pm10": 6, "tsp": 7}, {})):
        assert reading_id(*said[:nth], other, *said[nth + 1 :]) != id_
    assert [time_of_reading(text) for text in ("", id_[1:], id_ + "0", "g" * 20)] == [None] * 4


def test_ids_of_many_are_the_same_whatever_came_between():
    of = ids_of("interval", 1, 2)
    first = of("d1")
    assert (of("d2") != first, of("d1")) == (True, first)
    assert ids_of("interval", 1, 3)("d1") != first
    assert ids_of("interval", 12)("d1") != first


def test_a_batch_without_marks_of_detection_keeps_its_own():
    feed = batch(row(T0, 1, marks=("clock",)))
    found = decode(*encode_judged(encode_readings(feed), {}, 0, T0))
    assert (found.readings.marks, found.duplicates) == ({0: "clock"}, 0)


def test_as_many_records_are_made_as_it_takes(judged):
    intervals, verdicts = INTERVALS.groups(judged.intervals[:5]), VERDICTS.groups(judged.verdicts[:1])
    parts = [decode_judgements(value) for value, _ in judgement_records(intervals, verdicts, T0, 2)]
    assert [(len(i), len(v)) for i, v in parts] == [(2, 1), (2, 0), (1, 0)]
