"""Background records: which one of a station counts, and the mean of an area."""

from __future__ import annotations

import pytest

from ingest.records import Background
from processors.columns import Packing
from processors.measuring.stations import AreaMean, Backgrounds
from processors.plan.plan import Area
from tests.parts import read_again, until

HOUR = 3_600_000

AREA = Area("county", ("S1", "S2", "S3"), 2)


def _record(id_: str, station: str, pm10: int | None, start: int = 0) -> Background:
    values = {"tsp": 7} if pm10 is None else {"pm10": pm10}
    return Background(id_, 5, station, start, start + HOUR, values)


def _of(*records: Background) -> Backgrounds:
    held = Backgrounds()
    for record in records:
        held.add(record)
    return held


def test_the_mean_is_over_the_stations_present_rounded_half_up_and_names_its_records():
    held = _of(_record("b", "S1", 1), _record("a", "S2", 0), _record("x", "S9", 900))
    assert held.mean(AREA, 0, HOUR, "pm10") == AreaMean(500_000, ("a", "b"), False)
    held.add(_record("c", "S3", 0))
    assert held.mean(AREA, 0, HOUR, "pm10") == AreaMean(333_333, ("a", "b", "c"), True)
    held.add(_record("d", "S3", 1))
    assert held.mean(AREA, 0, HOUR, "pm10") == AreaMean(666_667, ("a", "b", "d"), True)


def test_fewer_stations_than_its_least_or_none_at_all_have_no_mean():
    held = _of(_record("a", "S1", 5), _record("b", "S2", None))
    assert held.mean(AREA, 0, HOUR, "pm10") is None
    assert held.mean(Area("county", ("S1",), 1), 0, HOUR, "pm10") == AreaMean(5_000_000, ("a",), True)
    assert held.mean(Area("county", (), 0), 0, HOUR, "pm10") is None
    assert held.mean(Area("county", ("S1",), 1), 0, 2 * HOUR, "pm10") is None
    assert held.mean(Area("county", ("S1",), 1), 1, HOUR, "pm10") is None


def test_a_correction_counts_and_what_it_took_the_place_of_undoes_nothing():
    held = Backgrounds()
    station = Area("county", ("S1",), 1)
    assert held.add(_record("a", "S1", 5))
    assert not held.add(_record("a", "S1", 5))
    assert held.add(_record("b", "S1", 6))
    assert held.add(_record("c", "S1", 8))
    assert not held.add(_record("a", "S1", 5))
    assert not held.add(_record("b", "S1", 6))
    assert held.mean(station, 0, HOUR, "pm10") == AreaMean(8_000_000, ("c",), True)


def test_a_record_is_kept_as_long_as_it_may_supersede():
    held = _of(_record("a", "S1", 5), _record("b", "S1", 6, HOUR))
    held.forget(until(HOUR - 1))
    assert len(held.held) == 2
    held.forget(until(HOUR))
    assert list(held.held) == [(HOUR, 2 * HOUR)]


def test_what_is_known_survives_a_snapshot_in_an_order_of_its_own():
    records = [
        _record("a", "S2", 5, HOUR),
        _record("b", "S1", 6),
        _record("c", "S1", 7),
        _record("d", "S0", 1),
    ]
    held = _of(*records)
    assert held.dump(Packing()) == [
        [0, HOUR, "S0", "d", {"pm10": 1}],
        [0, HOUR, "S1", "c", {"pm10": 7}, "b"],
        [HOUR, 2 * HOUR, "S2", "a", {"pm10": 5}],
    ]
    assert read_again(held) == held
    assert not read_again(held).add(records[1])


@pytest.mark.parametrize("values", [{}, {"tsp": 1}])
def test_a_station_that_did_not_measure_the_pollutant_is_not_in_its_mean(values: dict[str, int]):
    held = _of(Background("a", 5, "S1", 0, HOUR, values))
    assert held.mean(Area("county", ("S1",), 1), 0, HOUR, "pm10") is None
