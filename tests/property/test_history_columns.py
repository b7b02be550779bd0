"""Laws of turning readings into points: how they were cut into records changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.records import MISSING, Readings
from processors.history.columns import batches_of_readings
from processors.history.line_protocol import lines_of
from processors.history.measurements import MEASUREMENTS
from processors.history.points import Point, gather, merge

NAMES = ("pm10", "tsp", "humidity")
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8).filter(
    lambda text: not text.endswith("\\")
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "device": texts,
            "time": st.integers(-(10**12), 4 * 10**12),
            "period": st.sampled_from((0, 500, 60_000, 3_600_000)),
            "values": st.dictionaries(st.sampled_from(NAMES), st.integers(-(10**9), 10**9), max_size=3),
            "mark": st.sampled_from((None, "late", "duplicate", "clock,conflict")),
            "extras": st.none() | texts,
        }
    ),
    max_size=12,
)


def record(found: list[dict[str, Any]]) -> Readings:
    """One batch; quantities that none of its readings has have no column."""
    devices = tuple(dict.fromkeys(row["device"] for row in found))
    time = np.array([row["time"] for row in found], np.int64)
    names = [name for name in NAMES if any(name in row["values"] for row in found)]
    return Readings(
        devices=devices,
        sites=tuple(f"site of {name}" for name in devices),
        codes=np.array([devices.index(row["device"]) for row in found], np.int32),
        time=time,
        period=np.array([row["period"] for row in found], np.int64),
        received_at=time + 1,
        values={n: np.array([row["values"].get(n, MISSING) for row in found], np.int64) for n in names},
        marks={i: row["mark"] for i, row in enumerate(found) if row["mark"]},
        extras={i: row["extras"] for i, row in enumerate(found) if row["extras"]},
    )


def points(records: list[Readings]) -> list[Point]:
    return [point for batch in batches_of_readings(records) for point in batch.points()]


@settings(max_examples=40)
@given(rows, st.integers(1, 5))
def test_records_of_any_size_give_the_same_points(found: list[dict[str, Any]], size: int) -> None:
    cut = [record(found[at : at + size]) for at in range(0, len(found), size)]
    assert points(cut) == points([record(found)] if found else [])


@settings(max_examples=40)
@given(rows)
def test_every_reading_is_one_point_with_its_own_values_unless_it_is_a_duplicate(
    found: list[dict[str, Any]],
) -> None:
    kept = [row for row in found if row["mark"] != "duplicate"]
    made = points([record(found)] if found else [])
    assert len(made) == len(kept)
    plain = [row for row in kept if row["mark"] != "clock,conflict"]
    for row, point in zip(plain, (p for p in made if p.measurement == "readings"), strict=True):
        assert (point.tags["device"], point.time) == (row["device"], row["time"])
        assert float(point.tags["period"]) * 1000 == row["period"]
        assert {n: point.fields[n] for n in NAMES if n in point.fields} == {
            n: value / 1000 for n, value in row["values"].items()
        }


@settings(max_examples=40)
@given(rows)
def test_every_point_is_one_line_and_survives_the_way_through_columns(found: list[dict[str, Any]]) -> None:
    made = batches_of_readings([record(found)] if found else [])
    again, refused = gather(point for batch in made for point in batch.points())
    assert refused == []
    assert [list(b.points()) for b in again] == [list(b.points()) for b in merge(made)]
    for batch in made:
        lines = lines_of(batch)
        assert len(lines) == len(batch)
        for n in range(len(lines)):
            line = lines.run(n, n + 1).decode()
            assert line.startswith(f"{MEASUREMENTS[batch.measurement].name},")
            assert line.endswith(f" {batch.point(n).time}\n")
            assert line.count("\n") == 1
