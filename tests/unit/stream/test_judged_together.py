"""Small records decoded together hold what each holds by itself, and one that can't be read takes none with it."""

from __future__ import annotations

import pytest

from ingest.batches import Row, readings_of
from ingest.codec import decode_readings_together, encode_readings, schema_bytes_of
from ingest.records import Readings
from processors.history.columns import batches_of_readings
from processors.records import decode_judged, encode_judged
from processors.stream.judged_together import decode_records
from processors.stream.stage import RawRecord
from tests.logs import MINUTE, T0, row


def record(
    offset: int, batch: Readings, marks: dict[int, str] | None = None, duplicates: int = 0
) -> RawRecord:
    value, headers = encode_judged(encode_readings(batch), marks or {}, duplicates, 0)
    return RawRecord(0, offset, headers, value, 0)


def single(minute: int, **more: object) -> Row:
    return row(T0 + minute * MINUTE, 50.0 + minute, f"d{minute % 3}", **more)  # type: ignore[arg-type]


def rows_of(readings: list[Readings]) -> list[dict[str, object]]:
    found = [line for batch in batches_of_readings(readings) for line in batch.data.to_pylist()]
    return sorted(found, key=lambda line: (line["time"], line["device"], str(line)))


def records() -> list[RawRecord]:
    """One, two and many readings a record; flags, marks, other values, another configuration, holes."""
    made = []
    for minute in range(40):
        rows = [single(minute)]
        if minute % 5 == 1:
            rows.append(single(minute + 100, flags={"pm10": "D"}))
        if minute % 5 == 2:
            rows = [single(minute, humidity=40.0), single(minute + 100)]
        if minute % 5 == 3:
            rows = [single(minute + k, marks=("retained",)) for k in range(6)]
        batch = readings_of(rows, "r1" if minute < 20 else "r2")
        marks = {len(rows) - 1: "late"} if minute % 4 == 0 else {}
        made.append(record(minute, batch, marks, minute % 2))
    return made


def test_decoded_together_they_hold_what_each_holds_by_itself() -> None:
    each = [decode_judged(one.value, one.headers) for one in records()]
    found = decode_records(records())
    assert found.unreadable == []
    assert len(found.judged) < len(each)
    assert sum(one.duplicates for one in found.judged) == sum(one.duplicates for one in each) == 20
    assert rows_of([one.readings for one in found.judged]) == rows_of([one.readings for one in each])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: b"",
        lambda value: b"no arrow at all",
        lambda value: value[:-20],
        lambda value: value + value,
        lambda value: value[: len(schema_bytes_of(value))] + value[-8:],
        lambda value: value[:300] + bytes(len(value) - 300),
    ],
)
@pytest.mark.parametrize("place", [0, 17, 39])
def test_one_that_can_not_be_read_takes_none_with_it(spoil: object, place: int) -> None:
    sound = records()
    broken = [*sound]
    broken[place] = broken[place]._replace(value=spoil(broken[place].value))  # type: ignore[operator]
    alone = []
    for one in broken:
        try:
            alone.append(decode_judged(one.value, one.headers).readings)
        except Exception:
            assert one.offset == place
    found = decode_records(broken)
    assert [one.offset for one, _ in found.unreadable] == ([place] if len(alone) < len(broken) else [])
    assert rows_of([one.readings for one in found.judged]) == rows_of(alone)


def test_batches_of_different_schemas_or_with_words_of_their_own_are_not_read_as_one() -> None:
    one, other = encode_readings(readings_of([single(1)])), encode_readings(readings_of([single(2, tsp=1.0)]))
    with pytest.raises(ValueError, match="one schema"):
        decode_readings_together([one, other])
    many = [encode_readings(readings_of([single(k) for k in range(5)])) for _ in range(2)]
    with pytest.raises(ValueError, match="words of its own"):
        decode_readings_together(many)
    assert decode_readings_together([one, one])[1] == [0, 1]
