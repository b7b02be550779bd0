"""Trails read from the topic alone: repeats count once, and what is missing, exchanged or altered is named."""

from __future__ import annotations

from dataclasses import replace

from alerts.lifecycle import CaseRecord, canonical_bytes, digest_of
from alerts.lifecycle.topic_trails import StoredTrail, TopicTrails
from alerts.lifecycle.trail import record_id
from tests.unit.lifecycle.test_trail import RECORD


def trail(case: str, length: int = 3) -> list[CaseRecord]:
    """Records of a case that follow each other."""
    found: list[CaseRecord] = []
    for number in range(1, length + 1):
        found.append(
            replace(
                RECORD,
                id=record_id(case, number),
                case=case,
                number=number,
                previous=digest_of(found[-1]) if found else None,
                before=found[-1].after if found else None,
                at=RECORD.at + number,
            )
        )
    return found


def read(*records: CaseRecord | bytes) -> TopicTrails:
    trails = TopicTrails()
    for place, one in enumerate(records):
        trails.take(one if isinstance(one, bytes) else canonical_bytes(one), f"record {place} of the topic")
    return trails


def stored(case: str, records: list[CaseRecord]) -> StoredTrail:
    return StoredTrail(case, {one.number: digest_of(one) for one in records})


def test_cases_between_each_other_and_repeats_are_whole_trails():
    a, b = trail("a"), trail("b", 2)
    trails = read(a[0], b[0], a[1], a[0], a[1], a[2], b[1])
    assert (trails.flaws, trails.unreadable) == ({}, [])
    assert (trails.records, trails.repeats) == (5, 2)
    assert list(trails.differences([stored("a", a), stored("b", b)], {"a": 3, "b": 2})) == []


def test_a_number_that_is_missing_is_named_once_with_its_case():
    a = trail("a", 4)
    assert read(a[0], a[2], a[3]).flaws == {"a": "record 2 is missing: 3 stands in its place"}
    assert read(*trail("b", 2)[1:]).flaws == {"b": "record 1 is missing: 2 stands in its place"}


def test_a_number_that_comes_again_as_another_record_is_named():
    a = trail("a")
    other = replace(a[1], command="archive")
    assert read(*a, other).flaws == {"a": "record 2 stands there twice, with different digests"}


def test_a_record_that_was_altered_is_not_followed_by_the_next():
    a = trail("a")
    altered = replace(a[1], unit="somebody else")
    assert read(a[0], altered, a[2]).flaws == {"a": "record 3 does not follow the one before it"}


def test_an_altered_last_record_is_found_by_the_store():
    a = trail("a")
    trails = read(*a[:2], replace(a[2], unit="somebody else"))
    assert trails.flaws == {}
    assert list(trails.differences([stored("a", a)], {"a": 3})) == [
        "case a: record 3 is another one in the store than on the topic"
    ]


def test_what_is_marked_and_not_there_is_named_and_what_waits_is_not():
    a = trail("a")
    trails = read(a[0])
    assert list(trails.differences([stored("a", a)], {"a": 1})) == []
    assert list(trails.differences([stored("a", a)], {"a": 2})) == [
        "case a: record 2 is marked as relayed, and is not on the topic"
    ]


def test_an_older_copy_of_the_store_lacks_what_the_topic_has():
    a, b = trail("a"), trail("b")
    trails = read(*a, *b)
    assert list(trails.differences([stored("a", a[:1])], {})) == [
        "case a: the store ends with record 1, the topic goes on with 2",
        "case b: it is on the topic, and the store has no record of it",
    ]


def test_a_store_that_lacks_a_record_in_the_middle_is_named():
    a = trail("a")
    assert list(read(*a).differences([stored("a", [a[0], a[2]])], {"a": 3})) == [
        "case a: record 2 is missing in the store"
    ]


def test_what_is_no_record_is_named_by_its_place_and_the_rest_is_read():
    a = trail("a")
    for garbage in (b"{", b"[]", b"{}", b"\xff", b'{"case":"a"}'):
        trails = read(a[0], garbage, a[1])
        assert (trails.records, trails.flaws) == (2, {})
        assert trails.unreadable[0].startswith("record 1 of the topic is no record of a case")
