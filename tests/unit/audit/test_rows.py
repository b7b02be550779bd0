"""Rows of history become records; one that is incomplete is named with what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from processors.history import HistoryUnusable, open_history
from processors.history.context import breach_of, context_row
from processors.history.rows import (
    measuring_row,
    outlook_row,
    quality_row,
    reading_row,
    ruling_row,
)
from processors.records.ids import reading_id
from tests.kept import keep
from tests.logs import HOUR, MINUTE, T0, local_rule, minutes, revision, row, ticking

READERS: dict[str, Callable[[Any], Any]] = {
    "readings": reading_row,
    "conflicts": lambda found: reading_row(found, "conflicts"),
    "quality": quality_row,
    "measurings": measuring_row,
    "rulings": ruling_row,
    "outlooks": outlook_row,
    "context": context_row,
}
OPTIONAL = {  # what a row may leave empty, or an older version did not keep
    *("value", "background", "subtracted", "interval", "capture", "decided_at", "citation", "status"),
    *("projected", "low", "high", "probability", "required"),
    *(
        "flags",
        "marks",
        "extras",
        "set_aside",
        "revision",
        "words",
        "end",
        "background_ids",
        "reasons",
        "title",
    ),
    *("pm10", "period", "background_known"),
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """A row of each measurement, as a store hands it out."""
    rows = [*minutes(T0, T0 + HOUR, 300.0), row(T0, 301.0, received=T0 + 2000)]
    rows[5] = rows[5]._replace(flags={"pm10": "D"}, values={"pm10": 4_000_000})
    history = open_history(f"sqlite:///{tmp_path_factory.mktemp('rows')}/history.db")
    outputs = keep(history, [revision(rules=[local_rule()]), *ticking(rows, T0 + HOUR + 5 * MINUTE)])
    assert any(out.breaches for out in outputs)
    return {name: history.rows(name, {})[0] for name in READERS}


@pytest.mark.parametrize("measurement", READERS)
def test_a_column_that_is_missing_is_named_with_the_row(
    measurement: str, stored: dict[str, dict[str, Any]]
) -> None:
    whole, read = stored[measurement], READERS[measurement]
    assert _complaint(read, whole) is None
    without = {name: {key: value for key, value in whole.items() if key != name} for name in whole}
    found = {name: error for name in whole if (error := _complaint(read, without[name])) is not None}
    assert len(found) >= 4
    for name, error in found.items():
        assert f"a row of `{measurement}` has no column `{name}`" in str(error)
        assert error.exit_code == 2
    for name in found.keys() - OPTIONAL:
        assert f"has no `{name}`" in str(_complaint(read, {**whole, name: None}))


def _complaint(read: Callable[[Any], Any], found: dict[str, Any]) -> HistoryUnusable | None:
    try:
        read(found)
    except HistoryUnusable as error:
        return error
    return None


def test_texts_of_pairs_and_lists_are_taken_apart(stored: dict[str, dict[str, Any]]) -> None:
    base = stored["readings"]
    found = reading_row({**base, "flags": "pm10=D;tsp=N;odd", "marks": "late,clock", "period": "0.5"})
    assert (found.flags, found.marks) == ({"pm10": "D", "tsp": "N"}, ("late", "clock"))
    assert (found.period, found.end) == (500, found.time + 500)
    assert reading_row({**base, "flags": None, "marks": "", "period": ""}).end == base["time"] + 1
    words = quality_row({**stored["quality"], "words": "pm10=spike!,flat_line;tsp="}).words
    assert words == {"pm10": ("spike!", "flat_line"), "tsp": ()}
    ruling = ruling_row({**stored["rulings"], "reasons": "calm,no_data", "title": None})
    assert (ruling.reasons, ruling.title, ruling.revision) == (("calm", "no_data"), {}, 1)


def test_a_reading_has_the_id_that_a_replay_prints(stored: dict[str, dict[str, Any]]) -> None:
    found = reading_row(stored["readings"])
    assert found.id == reading_id("d1", T0, 0, {"pm10": 300_000}, {})
    assert replace(found, values={}).id != found.id


def test_a_breach_comes_back_from_its_row(tmp_path: Path) -> None:
    history = open_history(f"sqlite:///{tmp_path}/history.db")
    log = [revision(rules=[local_rule()]), *ticking(minutes(T0, T0 + HOUR, 300.0), T0 + HOUR + 5 * MINUTE)]
    breaches = [breach for out in keep(history, log) for breach in out.breaches]
    assert [breach_of(context_row(one)) for one in history.rows("context", {"kind": "breach"})] == breaches
