"""Wind of open hours: to which hour and kind a reading belongs, which kind counts, what is no wind."""

from __future__ import annotations

import numpy as np
import pytest

from processors.columns import Packing, Unpacked
from processors.fold.wind import HourlyWinds, PublishedHour, _valid
from processors.plan.plan import Plan
from processors.plan.plan_change import PlanChange
from processors.wind.gathering import GatheredWind, WindReadings
from processors.wind.vector import FULL
from processors.windows.means import Means
from tests.logs import revision
from tests.parts import until

HOUR = 3_600_000
MINUTE = 60_000
BORDER = 1_800_000  # hours begin at the half hour
NORTH = 0


def add(held, *readings, forgotten=0, devices=2):
    """Readings (row, time, period, speed in m/s); all of them from the north if nothing else is said."""
    full = [(*reading, NORTH)[:5] for reading in readings]
    row, time, period, speed, direction = (np.array(column) for column in zip(*full, strict=True))
    sent = WindReadings(
        row.astype(np.int32), time.astype(np.int64), period.astype(np.int32),
        (speed * 1000).astype(np.int64), direction.astype(np.int64),
    )  # fmt: skip
    held.add(sent, BORDER, forgotten, devices)
    return held


def counts(held):
    return {key: sums.count.tolist() for key, sums in held.held.items()}


@pytest.mark.parametrize(
    ("period", "kind"),
    [(0, 0), (1, 1), (MINUTE, 1), (MINUTE + 1, 2), (15 * MINUTE, 2), (15 * MINUTE + 1, 3), (HOUR, 3)],
)
def test_a_reading_is_an_instant_or_of_the_shortest_period_that_holds_it(period, kind):
    assert counts(add(GatheredWind(), (1, 5 * HOUR + BORDER, period, 2))) == {
        (5 * HOUR + BORDER, kind): [0, 1]
    }


def test_what_covers_more_than_an_hour_has_no_speed_or_no_direction_is_no_wind():
    at = 5 * HOUR + BORDER
    odd = [(0, at, HOUR + 1, 2), (0, at, 0, -1), (0, at, 0, 2, -1), (0, at, 0, 2, FULL + 1)]
    assert counts(add(GatheredWind(), *odd)) == {}
    assert counts(add(GatheredWind(), *odd, (1, at, 0, 0), (1, at, 0, 2, FULL))) == {(at, 0): [0, 2]}


def test_readings_of_one_batch_go_each_to_its_hour_and_kind():
    first, second = 5 * HOUR + BORDER, 6 * HOUR + BORDER
    readings = [(0, second - 1, 0, 1), (0, second, MINUTE, 2), (1, first, 0, 3), (1, first, HOUR, 4)]
    held = add(GatheredWind(), *readings)
    assert counts(held) == {(first, 0): [1, 1], (first, 3): [0, 1], (second, 1): [1, 0]}
    assert held.held[first, 0].speed.tolist() == [1000, 3000]
    one_by_one = GatheredWind()
    for reading in reversed(readings):
        add(one_by_one, reading)
    assert counts(one_by_one) == counts(held)


def test_hours_before_the_oldest_that_is_kept_are_not_taken_in_and_are_forgotten():
    first, second = 5 * HOUR + BORDER, 6 * HOUR + BORDER
    assert counts(add(GatheredWind(), (0, second - 1, 0, 1), (0, second, 0, 1), forgotten=second)) == {
        (second, 0): [1, 0]
    }
    held = add(GatheredWind(), (0, first, 0, 1), (0, second, 0, 1))
    held.forget(second)
    assert counts(held) == {(second, 0): [1, 0]}


def test_of_each_device_the_kind_counts_that_it_sent_most_of_and_of_equally_many_the_shorter():
    at = 5 * HOUR + BORDER
    more_means = [(0, at, 0, 9), (0, at, MINUTE, 2), (0, at + MINUTE, MINUTE, 2)]
    as_many = [(1, at, 0, 5), (1, at, MINUTE, 7)]
    held = add(GatheredWind(), *more_means, *as_many)
    sums = held.of_hour(at, np.array([0, 1], np.int32), 2)
    assert (sums.count.tolist(), sums.speed.tolist()) == ([2, 1], [4000, 5000])
    together = held.of_hour(at, np.array([0, 0], np.int32), 1)
    assert (together.count.tolist(), together.speed.tolist()) == ([3], [9000])
    assert held.of_hour(at + HOUR, np.array([0, 0], np.int32), 1).count.tolist() == [0]


def test_what_was_saved_and_what_got_other_rows_is_the_same_wind():
    at = 5 * HOUR + BORDER
    held = add(GatheredWind(), (0, at, 0, 9), (1, at, MINUTE, 2), (1, at + HOUR, 0, 3))
    pack = Packing()
    data = held.dump(pack)
    loaded = GatheredWind.load(data, Unpacked(pack.arrays))
    for key, sums in held.held.items():
        for name in ("east", "north", "speed", "count"):
            np.testing.assert_array_equal(getattr(loaded.held[key], name), getattr(sums, name))
    loaded.remap(np.array([1, -1, 0], np.int32))
    assert counts(loaded) == {(at, 0): [0, 0, 1], (at, 1): [1, 0, 0], (at + HOUR, 0): [1, 0, 0]}


def told(winds, hour, *revisions):
    winds.told[hour] = PublishedHour(
        np.array(revisions, np.int16), np.array(revisions, np.uint64) * np.uint64(7)
    )


def test_an_hour_concerns_a_site_with_wind_with_two_places_or_of_which_something_was_said():
    plan = Plan.of(
        revision(
            [
                {"id": "a", "site": "s1"}, {"id": "b", "site": "s2"}, {"id": "c", "site": "s3"},
                {"id": "d", "site": "s4", "bearing": 0.0}, {"id": "e", "site": "s4", "bearing": 180.0},
            ]
        )
    )  # fmt: skip
    winds, at = HourlyWinds(), 5 * HOUR + BORDER
    add(winds.gathered, (1, at, 0, 2), devices=5)
    told(winds, at, 0, 0, 3, 0)

    def concerned(start):
        rows = (np.array([row], np.int32) for row in range(5))
        return [plan.devices[n] for n, row in enumerate(rows) if winds.concerns(plan, start, row)]

    assert concerned(at) == ["b", "c", "d", "e"]
    assert concerned(at + HOUR) == ["d", "e"]
    assert winds.concerns(plan, at, np.array([0, 1], np.int32))


def test_what_was_said_of_hours_is_found_by_what_touches_them_let_go_and_moved_with_its_site():
    winds, at = HourlyWinds(), 5 * HOUR + BORDER
    for n in range(3):
        told(winds, at + n * HOUR, n, n + 1)
    assert winds.hours_over(at + HOUR, at + 2 * HOUR) == [at + HOUR]
    assert winds.hours_over(at + HOUR - 1, at + 2 * HOUR + 1) == [at, at + HOUR, at + 2 * HOUR]
    winds.forget(until(at + HOUR))
    assert sorted(winds.told) == [at + HOUR, at + 2 * HOUR]
    before, after = (
        Plan.of(revision([{"id": site, "site": site} for site in pair]))
        for pair in (("s1", "s2"), ("s0", "s2"))
    )
    winds.follow(PlanChange.between(before, after, at))
    assert {hour: one.revision.tolist() for hour, one in winds.told.items()} == {
        at + HOUR: [0, 2], at + 2 * HOUR: [0, 3],
    }  # fmt: skip
    assert winds.told[at + HOUR].content.tolist() == [0, 14]


def test_a_mean_beside_the_wind_is_valid_from_three_quarters_of_its_slots_on():
    rows, none = np.arange(3, dtype=np.int32), np.zeros(0, np.int64)
    covered, zeros = np.array([44, 45, 60], np.int64), np.zeros(3, np.int64)
    means = Means(rows, covered * 10, covered, covered, zeros, zeros, none.astype(np.int32), none, none)
    assert _valid("pm10", means, np.full(3, 60, np.int64)).present.tolist() == [False, True, True]


def test_a_site_s_reference_monitor_is_the_one_that_has_the_role():
    listed = [{"id": "a"}, {"id": "b", "role": "reference"}, {"id": "c", "site": "s2"}]
    assert Plan.of(revision(listed)).ground.reference.tolist() == [1, 1, -1]
