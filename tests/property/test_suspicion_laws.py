"""Laws of suspicion: features know no order and no neighbours in the batch; a factor scales what it should."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.columns import HOUR_MS
from processors.quality.calibration import Corrections, LinearCorrection, calibrated, uncalibrated
from processors.suspicion.feature_history import FeatureHistory
from processors.suspicion.features import FEATURES, NUMBER, HourReadings, hour_features
from processors.suspicion.surroundings import others

values = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, HOUR_MS - 1), st.integers(0, 2_000_000)),
    min_size=1,
    max_size=60,
    unique_by=lambda r: r[:2],
)


def rows_of(readings):
    row, time, pm10 = (np.array(c) for c in zip(*sorted(readings), strict=True))
    return HourReadings(
        row.astype(np.int32),
        time.astype(np.int64),
        pm10.astype(np.int32),
        pm10.astype(np.int32) // 3,
        pm10.astype(np.int32) * 2,
        np.minimum(pm10, 100_000).astype(np.int32),
        lag=np.full(len(row), 1500),
        excused=pm10 % 7 == 0,
    )


def features(readings, devices=6):
    return hour_features(rows_of(readings), devices, 0, np.full(devices, 50.0)).columns


@given(values)
def test_a_device_s_features_don_t_depend_on_who_else_is_there(readings):
    together = features(readings)
    for device in {r[0] for r in readings}:
        alone = features([r for r in readings if r[0] == device])
        np.testing.assert_array_equal(together[:, device], alone[:, device])


@given(values)
def test_features_are_numbers_or_unknown_and_shares_are_shares(readings):
    found = features(readings)
    assert not np.isinf(
        found[[NUMBER[n] for n in ("count", "mean", "deviation", "run_share", "humidity")]]
    ).any()
    for name in ("run_share", "top_share", "excused"):
        own = found[NUMBER[name]]
        assert ((own >= 0) & (own <= 1) | np.isnan(own)).all()
    low, mid, high = (found[NUMBER[n]] for n in ("least", "mean", "greatest"))
    assert ((low <= mid + 1e-9) & (mid <= high + 1e-9) | np.isnan(mid)).all()


@given(values, st.permutations(range(6)))
def test_new_row_numbers_move_features_and_change_none(readings, order):
    moved = [(order[row], time, value) for row, time, value in readings]
    np.testing.assert_array_equal(features(readings), features(moved)[:, order])


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60_000)), min_size=1, max_size=30))
def test_a_ring_holds_what_was_last_put_of_each_hour_it_still_reaches(puts):
    history, known = FeatureHistory.of(1), {}
    for hour, value in puts:
        full = np.full((len(FEATURES), 1), float(value))
        known[hour] = float(np.float16(value))
        from processors.suspicion.features import HourFeatures

        taken = history.put(HourFeatures(hour * HOUR_MS, full))
        newest = history.newest // HOUR_MS
        assert taken == (newest - hour < 168)
    newest = history.newest // HOUR_MS
    found = history.last("mean", 168)[:, 0]
    for back in range(168):
        value = found[167 - back]
        assert np.isnan(value) or value == known[newest - back]
    assert found[-1] == known[newest]


@given(
    st.lists(
        st.tuples(st.integers(-1, 3), st.one_of(st.just(float("nan")), st.floats(0, 100))),
        min_size=1,
        max_size=40,
    )
)
def test_what_the_others_of_a_site_say_is_the_lower_median_without_the_device(pairs):
    site = np.array([s for s, _ in pairs], np.int32)
    column = np.array([v for _, v in pairs])
    found = others(column, site)
    for at, median in enumerate(found):
        mates = (site == site[at]) & ~np.isnan(column) & (np.arange(len(site)) != at)
        said = np.sort(column[mates])
        if site[at] < 0 or not len(said):
            assert np.isnan(median)
        else:
            assert median == said[(len(said) - 1) // 2]


corrections = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 100), st.integers(10**5, 10**7), st.integers(-50_000, 50_000)
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda c: c[:2],
)


@given(corrections, st.lists(st.tuples(st.integers(0, 4), st.integers(0, 120), st.integers(0, 10**6))))
def test_what_was_sent_is_found_again_to_within_what_a_gain_below_one_rounds_away(entries, readings):
    table = Corrections.of(
        LinearCorrection(row, since, slope, offset) for row, since, slope, offset in entries
    )
    row, time, raw = (
        (np.array(c, np.int64) for c in zip(*readings, strict=True)) if readings else [np.empty(0)] * 3
    )
    row, raw = row.astype(np.int32), raw.astype(np.int64)
    judged = calibrated(row, time, raw, table)
    again = uncalibrated(row, time, judged, table)
    for r, t, sent, found in zip(row, time, raw, again, strict=True):
        gains = [gain for one, since, gain, _ in sorted(entries) if one == r and since <= t]
        coarse = 0 if not gains or gains[-1] >= 10**6 else 10**6 / gains[-1] / 2 + 1
        assert abs(int(found) - int(sent)) <= coarse
