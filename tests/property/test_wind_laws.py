"""Laws of wind: vector means against plain complex numbers, order and batches, sectors, pairs, intervals."""

from __future__ import annotations

import cmath
import math

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ingest.records import MISSING
from processors.columns import ABSENT, Int32s, Int64s
from processors.wind.pairing import PAIRED, PairingSettings, choose, pairs_of
from processors.wind.rose import rose_of, sector_of, wilson
from processors.wind.vector import (
    CALM,
    DEFINED,
    FULL,
    NO_WIND,
    NONE,
    VARIABLE,
    WindSettings,
    WindSums,
    gather,
    merged,
    no_wind,
    wind_of,
)
from processors.windows.row_log import REFUSED

holes = st.sampled_from([MISSING, ABSENT, REFUSED, -1, 65_535_000])
speeds = st.one_of(st.integers(0, 120_000), holes)
directions = st.one_of(st.integers(0, FULL), holes)
readings = st.lists(st.tuples(st.integers(0, 3), speeds, directions), max_size=60)


def wind_sums(group: Int32s, speed: Int64s, direction: Int64s, groups: int) -> WindSums:
    """Sums of readings by group."""
    sums = no_wind(groups)
    gather(sums, group, speed, direction)
    return sums


def columns(rows):
    table = np.array(rows, np.int64).reshape(-1, 3)
    return table[:, 0].astype(np.int32), table[:, 1], table[:, 2]


def plain(rows, group):
    """(mean vector in m/s with north as real part, scalar mean, number), by complex numbers."""
    own = [(s / 1000, d / 1000) for g, s, d in rows if g == group and 0 <= s <= 120_000 and 0 <= d <= FULL]
    if not own:
        return 0j, 0.0, 0
    total = sum(cmath.rect(s, math.radians(d)) for s, d in own)
    return total / len(own), sum(s for s, _ in own) / len(own), len(own)


@given(readings)
@settings(max_examples=300, deadline=None)
def test_the_mean_is_the_one_of_complex_numbers_and_calm_or_variable_wind_has_no_direction(rows):
    wind = wind_of(wind_sums(*columns(rows), 4), WindSettings())
    for group in range(4):
        vector, speed, number = plain(rows, group)
        state = int(wind.state[group])
        assert abs(wind.resultant[group] / 1000 - abs(vector)) < 0.002
        assert abs(wind.speed[group] / 1000 - speed) < 0.001
        assert (state == NO_WIND) == (number == 0)
        assert 0 <= wind.steadiness[group] <= 10_000
        assert (wind.direction[group] == NONE) == (state != DEFINED)
        if number and abs(speed - 0.5) > 1e-9:
            assert (state == CALM) == (speed < 0.5)
        if state in (DEFINED, VARIABLE) and abs(abs(vector) - 0.5 * speed) > 1e-4 * speed:
            assert (state == VARIABLE) == (abs(vector) < 0.5 * speed)
        if state == DEFINED:
            angle = math.degrees(cmath.phase(vector)) % 360
            off = abs(wind.direction[group] / 1000 - angle)
            assert min(off, 360 - off) < 0.002


@given(readings, st.randoms(use_true_random=False), st.integers(0, 60))
@settings(deadline=None)
def test_neither_order_nor_batches_change_a_sum(rows, random, cut):
    whole = wind_sums(*columns(rows), 4)
    shuffled = list(rows)
    random.shuffle(shuffled)
    parts = wind_sums(*columns(shuffled[:cut]), 4) + wind_sums(*columns(shuffled[cut:]), 4)
    gathered = no_wind(4)
    for batch in (shuffled[:cut], shuffled[cut:]):
        gather(gathered, *columns(batch))
    for name in ("east", "north", "speed", "count"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))
        np.testing.assert_array_equal(getattr(whole, name), getattr(gathered, name))


@given(readings)
@settings(deadline=None)
def test_the_wind_of_a_site_is_the_wind_of_all_readings_of_its_devices(rows):
    into = np.array([1, 0, 1, -1], np.int32)
    by_site = merged(wind_sums(*columns(rows), 4), into, 2)
    direct = wind_sums(*columns([(int(into[g]), s, d) for g, s, d in rows if into[g] >= 0]), 2)
    for name in ("east", "north", "speed", "count"):
        np.testing.assert_array_equal(getattr(by_site, name), getattr(direct, name))


@given(
    st.lists(st.tuples(st.integers(500, 30_000), st.integers(0, FULL - 1)), min_size=1), st.integers(1, 359)
)
@settings(deadline=None)
def test_turning_every_direction_turns_the_mean_by_as_much(winds, turn):
    def mean(by):
        rows = [(0, s, (d + by * 1000) % FULL) for s, d in winds]
        return wind_of(wind_sums(*columns(rows), 1), WindSettings())

    first, turned = mean(0), mean(turn)
    assume(first.state[0] == DEFINED and turned.state[0] == DEFINED)
    off = (turned.direction[0] - first.direction[0] - turn * 1000) % FULL
    assert min(off, FULL - off) <= 3


@given(st.integers(0, FULL - 1), st.sampled_from([8, 16]))
def test_a_sector_is_the_one_whose_middle_is_nearest(direction, sectors):
    width = FULL // sectors
    found = int(sector_of(np.array([direction]), sectors)[0])
    off = (direction - found * width) % FULL
    assert min(off, FULL - off) * 2 <= width


hours = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.one_of(st.just(NONE), st.integers(0, FULL - 1)),
        st.integers(0, 20_000),
        st.one_of(st.just(MISSING), st.integers(0, 500_000)),
    ),
    max_size=40,
)


@given(hours, st.integers(0, 40), st.sampled_from([8, 16]))
@settings(deadline=None)
def test_roses_of_two_periods_add_up_to_the_one_of_both_and_no_hour_is_lost(rows, cut, sectors):
    def made(some):
        table = np.array(some, np.int64).reshape(-1, 4)
        return rose_of(
            table[:, 0].astype(np.int32), table[:, 1], table[:, 2], table[:, 3], 80_000, 3, sectors
        )

    whole, parts = made(rows), made(rows[:cut]) + made(rows[cut:])
    for name in ("hours", "above", "weight", "load", "undetermined"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))
    assert whole.hours.sum() + whole.undetermined.sum() == sum(value != MISSING for *_, value in rows)
    assert (whole.above <= whole.hours).all()


@given(st.integers(1, 5000), st.data())
def test_the_wilson_interval_is_where_the_score_test_does_not_reject(of, data):
    hits = data.draw(st.integers(0, of))
    low, high = wilson(hits, of)
    share = hits / of
    assert 0 <= low <= share <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            score = abs(share - end) / math.sqrt(end * (1 - end) / of)
            assert math.isclose(score, 1.959964, rel_tol=1e-6)


points = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(-150_000, 150_000), st.integers(-150_000, 150_000), st.booleans()
    ),
    max_size=10,
)


@given(points, st.lists(st.integers(0, FULL - 1), min_size=3, max_size=3))
@settings(max_examples=200, deadline=None)
def test_the_pair_is_the_one_that_trying_all_pairs_finds(placed, wind):
    table = np.array(placed, np.int64).reshape(-1, 4)
    site, east, north, present = table[:, 0].astype(np.int32), table[:, 1], table[:, 2], table[:, 3] > 0
    pairs = pairs_of(site, east, north, np.ones(len(site), bool))
    state = np.zeros(3, np.int8)
    chosen = choose(pairs, np.array(wind), state, present, PairingSettings())
    for s in range(3):
        angle = math.radians(wind[s] / 1000)
        tried = {}
        for u, d in ((u, d) for u in range(len(placed)) for d in range(len(placed)) if u != d):
            if site[u] != s or site[d] != s or not (present[u] and present[d]):
                continue
            x, y = int(east[u] - east[d]), int(north[u] - north[d])
            along = x * math.sin(angle) + y * math.cos(angle)
            if along >= 20_000 and along >= math.hypot(x, y) * math.cos(math.radians(45)):
                tried[u, d] = along
        if chosen.reason[s] == PAIRED:
            # a millimetre or a thousandth of a degree may go to either side of a bound
            u, d = int(chosen.up[s]), int(chosen.down[s])
            x, y = int(east[u] - east[d]), int(north[u] - north[d])
            along = x * math.sin(angle) + y * math.cos(angle)
            assert along >= max(tried.values(), default=0) - 20
        else:
            assert all(
                along < 20_020
                or along < 1.0005 * math.hypot(*_apart(east, north, u, d)) * math.cos(math.radians(45))
                for (u, d), along in tried.items()
            )


def _apart(east, north, u, d):
    return int(east[u] - east[d]), int(north[u] - north[d])
