"""Rows in buckets of event time: who is a duplicate, where a row is found, what a closed bucket remembers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ingest.records import MISSING
from processors.columns import ABSENT, Uint64s
from processors.measuring.intake import intake
from processors.plan import Plan
from processors.windows.row_log import (
    BUCKET_MS,
    DRY,
    KEEP_MS,
    LONGEST_MS,
    Bucket,
    Columns,
    RowLog,
    content_of,
    hashes_of,
    key_of,
)
from tests.logs import T0, batch, revision, row
from tests.parts import rows, until

QUARTER = BUCKET_MS
DIGEST: Uint64s = np.array([11, 22, 33], np.uint64)
Reading = tuple[int, int, int, int]  # row, time, period, content


def _columns(*readings: Reading) -> Columns:
    """Content: the low three bits are the pollutants it has."""
    row, time, period, content = (np.array(column) for column in zip(*readings, strict=True))
    n = len(readings)
    return Columns(
        row.astype(np.int32), time.astype(np.int64), period.astype(np.int32), content.astype(np.uint64),
        np.full((3, n), ABSENT, np.int32), np.zeros(n, np.uint32), np.zeros((3, n), np.uint16),
        np.zeros((3, n), np.uint16), np.full(n, DRY, np.int8), np.zeros(n, np.int16),
    )  # fmt: skip


def _sift(log: RowLog, *readings: Reading) -> tuple[list[int], list[int]]:
    new = _columns(*readings)
    return log.sift(new, key_of(DIGEST[new.row], new.time, new.period.astype(np.int64)))


def _taken(log: RowLog, *readings: Reading) -> RowLog:
    assert _sift(log, *readings) == ([], [])
    log.append(_columns(*readings))
    return log


def _found(log: RowLog, start: int, end: int) -> list[tuple[int, int]]:
    held = log.within(start, end)
    return sorted(set(zip(held.row.tolist(), held.time.tolist(), strict=True)))


def test_readings_of_one_time_and_content_are_duplicates_within_a_batch_and_later():
    log = RowLog(0)
    assert _sift(log, (0, 5, 0, 9), (1, 5, 0, 9), (0, 5, 0, 9), (0, 6, 0, 9), (0, QUARTER, 0, 9)) == ([2], [])
    assert _sift(log, (0, QUARTER, 0, 9), (2, 5, 0, 9), (0, 5, 0, 9)) == ([0, 2], [])


@pytest.mark.parametrize(("first", "second", "conflict"), [(0b1001, 0b0011, True), (0b1001, 0b0010, False)])
def test_other_content_at_the_same_time_is_a_conflict_where_both_have_a_pollutant(
    first: int, second: int, conflict: bool
):
    log = RowLog(0)
    assert _sift(log, (0, 5, 0, first), (0, 5, 0, second)) == ([], [1] if conflict else [])
    assert _sift(log, (0, 5, 0, first), (0, 5, 0, second)) == ([0, 1], [])


def test_a_third_content_conflicts_with_any_of_those_before():
    log = RowLog(0)
    assert _sift(log, (0, 5, 0, 0b1001), (0, 5, 0, 0b1010), (0, 5, 0, 0b0101)) == ([], [2])
    assert _sift(log, (0, 5, 0, 0b1001), (0, 5, 0, 0b1010), (0, 5, 0, 0b0101)) == ([0, 1, 2], [])


def test_the_period_is_part_of_the_time():
    log = RowLog(0)
    assert _sift(log, (0, 5, 0, 9), (0, 5, 60_000, 9)) == ([], [])


def test_rows_are_found_in_every_quarter_that_they_touch():
    log = _taken(
        RowLog(0), (0, 5, 0, 1), (1, QUARTER - 1, 0, 1), (2, QUARTER - 1, 2, 1), (0, QUARTER - 1, 1, 9)
    )
    assert _found(log, 0, QUARTER) == [(0, 5), (0, QUARTER - 1), (1, QUARTER - 1), (2, QUARTER - 1)]
    assert _found(log, QUARTER, 2 * QUARTER) == [(2, QUARTER - 1)]
    assert _found(log, QUARTER, QUARTER + 1) == [(2, QUARTER - 1)]
    assert _found(log, 2 * QUARTER, 9 * QUARTER) == []


def test_a_mean_over_more_than_any_window_stays_where_it_begins():
    log = _taken(RowLog(0), (0, 0, LONGEST_MS, 1), (1, 0, LONGEST_MS + 1, 1))
    assert _found(log, 0, QUARTER) == [(0, 0), (1, 0)]
    assert _found(log, 3 * QUARTER, 4 * QUARTER) == [(0, 0)]
    assert _found(log, 4 * QUARTER, 5 * QUARTER) == []


def test_a_bucket_grows_and_loses_nothing():
    log = RowLog(0)
    for nth in range(5):
        _taken(log, *((0, 100 * nth + i, 0, 1) for i in range(50)))
    assert [time for _, time in _found(log, 0, QUARTER)] == [100 * n + i for n in range(5) for i in range(50)]
    bucket = Bucket()
    bucket.append(_columns(*((1, i, 0, i) for i in range(200))))
    assert (len(bucket.filled()), bucket.filled().hash.tolist()) == (200, list(range(200)))


def test_a_closed_bucket_holds_no_rows_but_still_knows_its_contents():
    log = _taken(RowLog(0), (0, 5, 0, 9), (1, 6, 0, 10), (2, QUARTER - 1, 2, 11), (0, QUARTER, 0, 12))
    log.close(QUARTER)
    assert log.closed_until == QUARTER
    assert _found(log, 0, QUARTER) == []
    assert _found(log, QUARTER, 2 * QUARTER) == [(0, QUARTER), (2, QUARTER - 1)]
    assert _sift(log, (0, 5, 0, 9), (1, 6, 0, 12), (2, QUARTER - 1, 2, 11)) == ([0, 2], [])
    # what straggled in is known from then on
    assert _sift(log, (1, 6, 0, 12), (1, 7, 0, 8)) == ([0], [])
    log.append(_columns((1, 7, 0, 8)))
    assert _found(log, 0, QUARTER) == []


def test_time_goes_on_and_an_empty_quarter_that_closed_remembers_too():
    log = RowLog(0)
    log.close(5 * QUARTER)
    log.close(QUARTER)
    assert log.closed_until == 5 * QUARTER
    assert sorted(log.closed)[-4:] == [1, 2, 3, 4]
    assert _sift(log, (0, 4 * QUARTER, 0, 9)) == ([], [])
    assert _sift(log, (0, 4 * QUARTER, 0, 9)) == ([0], [])


def test_a_bucket_is_open_until_its_end_has_been_closed():
    log = RowLog(0)
    log.close(QUARTER - 1)
    _taken(log, (0, 5, 0, 9))
    assert _found(log, 0, QUARTER) == [(0, 5)]
    log.close(QUARTER)
    assert 0 in log.closed
    assert 0 not in log.open


def test_what_was_closed_for_long_enough_is_forgotten():
    log = _taken(RowLog(0), (0, 5, 0, 9))
    log.close(QUARTER)
    assert _sift(log, (0, 6, 0, 8)) == ([], [])
    log.forget(replace(until(QUARTER + KEEP_MS - 1), rows=QUARTER))
    assert _sift(log, (0, 5, 0, 9), (0, 6, 0, 8)) == ([0, 1], [])
    log.forget(replace(until(QUARTER + KEEP_MS), rows=QUARTER))
    assert (0 in log.closed, 0 in log.straggled) == (False, False)
    assert _sift(log, (0, 5, 0, 9)) == ([], [])  # nothing is known of it any more


def test_rows_move_with_their_devices_and_those_of_a_device_that_is_gone_are_unknown():
    log = _taken(RowLog(0), (0, 5, 0, 9), (1, 5, 0, 9), (2, QUARTER - 1, 2, 9))
    log.follow(rows([2, 0], [1, -1, 0], DIGEST[[2, 0]]))
    assert _found(log, 0, QUARTER) == [(0, QUARTER - 1), (1, 5)]
    assert _found(log, QUARTER, 2 * QUARTER) == [(0, QUARTER - 1)]
    same = _columns((1, 5, 0, 9), (0, QUARTER - 1, 2, 9), (1, 6, 0, 9))
    keys = key_of(DIGEST[[2, 0]][same.row], same.time, same.period.astype(np.int64))
    assert log.sift(same, keys) == ([0, 1], [])


def test_parts_of_columns_are_the_same_by_positions_by_mask_and_by_slice():
    columns = _columns((0, 1, 0, 4), (1, 2, 0, 5), (2, 3, 0, 6))
    parts = [
        columns.take(np.array([1, 2])),
        columns.take(np.array([False, True, True])),
        columns.take(slice(1, 3)),
    ]
    for part in parts:
        assert (len(part), part.row.tolist(), part.hash.tolist(), part.values.shape) == (
            2,
            [1, 2],
            [5, 6],
            (3, 2),
        )
    joined = Columns.joined([columns.take(slice(0, 1)), parts[0]])
    assert joined.time.tolist() == [1, 2, 3]
    assert joined.values.shape == (3, 3)


def test_the_hash_of_a_content_depends_on_every_value_and_not_on_the_order_of_columns():
    keys = np.array([1, 1, 1, 2], np.uint64)
    pm10, tsp = np.array([7, 7, MISSING, 7], np.int64), np.array([8, 9, 8, 8], np.int64)
    one = content_of(keys, {"pm10": pm10, "tsp": tsp})
    other = content_of(keys, {"tsp": tsp, "pm10": pm10})
    assert one.tolist() == other.tolist()
    assert len(set(one.tolist())) == 4
    lacking = content_of(keys[2:3], {"tsp": tsp[2:3]})
    assert lacking[0] == one[2]  # a hole is as good as no column
    swapped = content_of(keys[:1], {"pm10": tsp[:1], "tsp": pm10[:1]})
    assert swapped[0] != one[0]


def test_rows_are_held_in_columns_as_narrow_as_they_can_be():
    held = Columns.empty(2)
    assert (held.wet.dtype, held.lag.dtype) == (np.int8, np.int16)
    assert held.fail.dtype == held.suspect.dtype == np.uint16


def _sent(count: int) -> Columns:
    """Readings of one minute whose hashes are those of their values, as the intake makes them."""
    made = _columns(*((n % 3, n, 0, 0) for n in range(count)))
    made.values[0] = np.arange(count)
    made.values[2, 1::2] = 7
    made.hash = hashes_of(made, DIGEST)
    return made


def test_hashes_that_follow_from_the_values_are_not_saved_and_the_others_are():
    made = _sent(40)
    made.hash[[5, 17]] = [1, 2]  # of raw values, before calibration
    bucket = Bucket(made, len(made))
    saved = list(bucket.saved(0, DIGEST))
    assert (saved[3].tolist(), saved[-1].tolist()) == ([1, 2], [5, 17])
    again = Bucket.restored(0, saved, DIGEST)
    assert again.filled().hash.tolist() == made.hash.tolist()
    bucket.learn(0, DIGEST)
    assert again.known.pairs == bucket.known.pairs


def test_a_bucket_that_an_earlier_version_saved_with_all_its_hashes_is_read():
    made = _sent(6)
    saved = list(Bucket(made, len(made)).saved(0, DIGEST))[:-1]
    saved[3] = made.hash + np.uint64(8)
    assert Bucket.restored(0, saved, DIGEST).filled().hash.tolist() == (made.hash + np.uint64(8)).tolist()


def test_the_hash_of_a_row_is_the_one_that_the_intake_gave_it():
    plan = Plan.of(revision(["d1", "d2"]))
    sent = batch(
        row(T0, 50.25, "d1"), row(T0, 31, "d2", pm2_5=4, tsp=90, humidity=50), row(T0, None, "d1", tsp=1)
    )
    columns = intake(sent, 0, len(sent), plan).columns
    assert hashes_of(columns, plan.digest).tolist() == columns.hash.tolist()
    flagged = batch(row(T0, 50.25, "d1", flags={"pm10": "D"}))
    columns = intake(flagged, 0, 1, plan).columns
    assert hashes_of(columns, plan.digest).tolist() != columns.hash.tolist()
