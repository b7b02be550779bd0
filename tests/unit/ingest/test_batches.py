"""Rows become columns; an open batch a partition."""

from __future__ import annotations

from ingest.batches import Batches, Row, flags_text, readings_of
from ingest.codec import decode, encode
from ingest.records import MISSING, Readings


def row(device: str, at: int, **more: object) -> Row:
    base = Row(device, f"site of {device}", at, 0, at + 5, {"pm10": at}, {}, {})
    return base._replace(**more)  # type: ignore[arg-type]


def test_columns_have_a_hole_where_a_reading_has_no_value() -> None:
    batch = readings_of([row("a", 1), row("b", 2, values={"noise": 7})])
    assert batch.values["pm10"].tolist() == [1, MISSING]
    assert batch.values["noise"].tolist() == [MISSING, 7]


def test_devices_are_named_once_and_keep_their_sites() -> None:
    batch = readings_of([row("a", 1), row("b", 2), row("a", 3)])
    assert batch.devices == ("a", "b")
    assert batch.sites == ("site of a", "site of b")
    assert batch.codes.tolist() == [0, 1, 0]


def test_flags_extras_and_marks_are_kept_for_their_rows_only() -> None:
    odd = row(
        "a", 2, flags={"tsp": "T", "pm10": "D", "noise": "N"}, extras={"b": 1, "a": [2]}, marks=("clock", "x")
    )
    batch = readings_of([row("a", 1, flags={"pm10": "N"}), odd])
    assert batch.flags == {1: "pm10=D;tsp=T"}
    assert batch.extras == {1: '{"a":[2],"b":1}'}
    assert batch.marks == {1: "clock,x"}


def test_a_batch_survives_kafka() -> None:
    batch = readings_of([row(f"d{i % 3}", i, marks=("clock",) if i == 4 else ()) for i in range(9)], "rev1")
    back = decode(*encode(batch))
    assert isinstance(back, Readings)
    assert back.time.tolist() == list(range(9))
    assert [back.devices[c] for c in back.codes] == [f"d{i % 3}" for i in range(9)]
    assert back.marks == {4: "clock"}
    assert back.revision == "rev1"


def test_only_flags_other_than_n_are_written() -> None:
    assert flags_text({"pm10": "N"}) == ""


def test_a_batch_taken_is_closed() -> None:
    batches = Batches()
    batches.open(1, 0, at=5.0).rows.append(row("a", 1))
    batches.rows += 1
    assert batches.oldest() == 5.0
    assert [b.record for b in batches.close_all()] == [1]
    assert batches.batch(0) is None
    assert (batches.rows, batches.oldest()) == (0, None)
