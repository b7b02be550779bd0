"""Records that are folded as one: nothing of them is lost, and each row and tick keeps its place."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from ingest.records import MISSING, Readings, Signal
from processors.measuring.bundle import Bundle, TickAt, bundles
from tests.logs import T0, batch, row, tick

FIRST = replace(
    batch(row(T0, 1, "d1", flags={"pm10": "D"}), row(T0 + 1, 2, "d2", site="s2", marks=("clock",))),
    extras={1: "{}"},
    revision="one",
    beside={"count": np.array([7, MISSING])},
)
SECOND = replace(
    batch(row(T0 + 2, device="d3", tsp=3), row(T0 + 3, 4, "d1", period=60_000, flags={"pm10": "T"})),
    extras={0: "[]"},
    revision="two",
    beside={"least": np.array([5, 6])},
)


def _rows(readings: Readings) -> list[dict[str, object]]:
    """Everything that a batch says of each of its rows."""
    found = []
    for n, code in enumerate(readings.codes.tolist()):
        sparse = {name: getattr(readings, name).get(n) for name in ("flags", "extras", "marks")}
        columns = {
            (name, key): int(column[n])
            for name in ("values", "beside")
            for key, column in getattr(readings, name).items()
            if column[n] != MISSING
        }
        times = [int(getattr(readings, name)[n]) for name in ("time", "period", "received_at")]
        found.append(
            {"who": (readings.devices[code], readings.sites[code]), "times": times, **sparse, **columns}
        )
    return found


def test_all_that_is_said_of_each_reading_is_said_in_the_bundle():
    bundle = Bundle.of([FIRST, SECOND])
    assert bundle.readings is not None
    assert _rows(bundle.readings) == _rows(FIRST) + _rows(SECOND)
    assert bundle.readings.revision == "two"
    assert (bundle.begins, bundle.count) == ((0, 2), 2)
    # whatever is added to a batch must be joined too
    seen = {
        "devices",
        "sites",
        "codes",
        "time",
        "period",
        "received_at",
        "values",
        "flags",
        "extras",
        "marks",
        "set_aside",
    }
    assert {field.name for field in fields(Readings)} == seen | {"revision", "beside"}


def test_ticks_know_how_many_rows_came_before_them():
    ticks = [tick(T0 + n) for n in range(3)]
    bundle = Bundle.of([ticks[0], FIRST, ticks[1], SECOND, ticks[2]])
    assert bundle.ticks == (TickAt(0, ticks[0]), TickAt(2, ticks[1]), TickAt(4, ticks[2]))
    assert bundle.count == 5


def test_ticks_alone_and_a_batch_alone_stay_what_they_are():
    alone = Bundle.of([tick(T0)])
    assert (alone.readings, alone.begins, alone.count) == (None, (), 1)
    assert Bundle.of([FIRST]).readings is FIRST


def test_other_records_stand_between_the_bundles():
    signal = Signal("a", T0, "s1", "alert", "red", T0, None)
    found = list(bundles([tick(T0), FIRST, signal, signal, SECOND]))
    assert [one if one is signal else one.count for one in found] == [2, signal, signal, 1]  # type: ignore[union-attr]
    assert list(bundles([])) == []
