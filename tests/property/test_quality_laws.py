"""Laws of the quality checks: neither chunks nor batches nor quarters of an hour change a flag."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from math import floor
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.records import MISSING
from ingest.units import JUDGED
from processors.columns import ABSENT, NEVER, Uint8s, Uint16s, Uint32s
from processors.quality import (
    attenuated_signal,
    background,
    ceiling,
    flat_line,
    gross_range,
    neighbour,
    rate_of_change,
    spike,
)
from processors.quality.attenuated_signal import AttenuatedSignal
from processors.quality.calibration import Corrections, LinearCorrection, calibrated
from processors.quality.ceiling import Ceiling
from processors.quality.checks import BIT, CHECKS, NO_MEASUREMENT, names_of
from processors.quality.final import SortedReadings, final_flags, newest_after
from processors.quality.first import NewReadings, first_flags
from processors.quality.flags import FAIL, NOT_EVALUATED, SUSPECT
from processors.quality.flat_line import FlatLine
from processors.quality.gross_range import GrossRange
from processors.quality.limits import Limits, reach_ms
from processors.quality.monitors import Monitors
from processors.quality.newest import NewestValues
from processors.quality.plausibility import Plausible
from processors.quality.pointwise import by_reading
from processors.quality.rate_of_change import RateOfChange
from processors.quality.series import CheckReach, Series, cut
from processors.quality.settings import QualitySettings
from processors.quality.spike import Spike
from processors.quality.subjects import Arrivals
from processors.windows.row_log import REFUSED
from tests.quality_series import QUARTER, T0, devices, flat_by_run, line

many = settings(max_examples=150, deadline=None)
ROWS = 4
INTERVAL = np.array([60_000, 1_000, 300_000, 900_000], np.int64)
SITES = np.array([0, 0, 0, -1], np.int32)

RANGE = GrossRange(fail=(0, 1000), suspect=(1, 40))
PINNED = Ceiling(pinned=(1999.9,), codes=(5,))
SPIKE = Spike(suspect=0.5, fail=20)
RATE = RateOfChange(suspect_per_s=0.01, fail_per_s=1)
FLAT = FlatLine(suspect_s=120, fail_s=300, least_values=2, tolerance=1.5)
ATTENUATED = AttenuatedSignal(period_s=700, suspect=2, fail=0.5, least_values=2)
PLAUSIBLE = Plausible(bin_s=300, least_others=1, above=(1.5, 1), below=(1.5, 1))

Check = tuple[Callable[[Series], Uint8s], CheckReach]
EVERY_CHECK: dict[str, Check] = {
    "gross_range": (lambda s: gross_range.check(s, RANGE), CheckReach()),
    "ceiling": (lambda s: ceiling.check(s, PINNED, np.array([7, MISSING, 40_000, 0])), CheckReach()),
    "spike": (lambda s: spike.check(s, SPIKE), spike.REACH),
    "rate_of_change": (lambda s: rate_of_change.check(s, RATE), rate_of_change.REACH),
    "flat_line": (lambda s: flat_line.check(s, FLAT, INTERVAL), flat_line.reach(FLAT, INTERVAL)),
    "attenuated_signal": (
        lambda s: attenuated_signal.check(s, ATTENUATED),
        attenuated_signal.reach(ATTENUATED),
    ),
    "neighbour": (lambda s: neighbour.check(s, PLAUSIBLE, SITES), neighbour.reach(PLAUSIBLE)),
    "background": (
        lambda s: background.check(s, PLAUSIBLE, s.time // 300_000 % 3 * 1000),
        background.reach(PLAUSIBLE),
    ),
}


@pytest.mark.parametrize("name", EVERY_CHECK)
@many
@given(series=devices(), cuts=st.lists(st.integers(T0, T0 + 40 * QUARTER), max_size=6))
def test_chunks_with_the_context_a_check_asks_for_have_the_flags_of_the_whole_series(
    name: str, series: Series, cuts: list[int]
) -> None:
    check, reach = EVERY_CHECK[name]
    whole = check(series)
    edges = [T0 - 1, *sorted(cuts), T0 + 10**9]
    for start, end in itertools.pairwise(edges):
        part, own = cut(series, start, end, reach)
        if reach.bin_ms:
            own &= (part.time >= start) & (part.time < end)
        expected = whole[(series.time >= start) & (series.time < end)]
        np.testing.assert_array_equal(check(part)[own], expected)


@many
@given(series=devices(), until=st.integers(T0, T0 + 4 * QUARTER))
def test_a_spike_is_final_for_all_but_the_last_value_known_of_each_device(series: Series, until: int) -> None:
    known = series.take(series.time < until)
    whole, early = spike.check(series, SPIKE)[series.time < until], spike.check(known, SPIKE)
    last = np.append(known.row[1:] != known.row[:-1], True)[: len(known)]
    np.testing.assert_array_equal(early[~last], whole[~last])
    assert set(early[last].tolist()) <= {2, 9}


@many
@given(st.lists(st.sampled_from([1000, 2000]), min_size=3, max_size=60), st.integers(1, 6), st.integers(1, 9))
def test_a_run_of_equal_values_is_what_a_count_of_them_is_on_a_series_that_keeps_its_interval(
    values: list[int], suspect: int, fail: int
) -> None:
    series, interval = line(values), np.array([60_000], np.int64)
    checks = FlatLine(suspect_s=60 * min(suspect, fail), fail_s=60 * max(suspect, fail))
    by_run = flat_by_run(series, checks, interval)
    np.testing.assert_array_equal(by_run, flat_line.check(series, checks, interval))


# ------------------------------------------------------------------------------------- first and final

COUNTY = QualitySettings.model_validate(
    {
        "pm10": {
            "gross_range": {"fail": (0, 1500), "suspect": (0, 800)},
            "spike": {"suspect": 30, "fail": 300},
            "rate_of_change": {"suspect_per_s": 0.2, "fail_per_s": 4},
            "flat_line": {"suspect_s": 120, "fail_s": 600, "least_values": 1},
            "attenuated_signal": {"period_s": 900, "suspect": 3, "fail": 0.2, "least_values": 2},
            "neighbour": {"least_others": 1, "above": (2, 1), "below": (2, 1)},
            "background": {"above": (2, 1), "below": (2, 1)},
        },
        "pm2_5": {"flat_line": {"suspect_s": 60, "fail_s": 60, "least_values": 1}, "spike": None},
        "tsp": {"rate_of_change": None, "ceiling": {"codes": (7,), "pinned": (1999.9,)}},
        "humidity": {"fail_above": 97},
        "clock": {"ahead_suspect_s": 10, "behind_suspect_s": 7_000, "behind_fail_s": 7_000},
    }
)
MONITORS = Monitors(
    INTERVAL,
    np.array([True, True, False, True]),
    np.array([[-1, 900_000, -1, -1], [-1] * 4, [-1] * 4], np.int32),
    SITES,
)
LIMITS = Limits.of(COUNTY, MONITORS)
NUMBERS = st.one_of(
    st.sampled_from([ABSENT, ABSENT, REFUSED, 0, 7000, 10_000, 10_000, 10_000, 10_050, 12_000, 1_999_900]),
    st.integers(0, 1_800_000),
)
Reading = tuple[int, int, int, tuple[int, int, int], int, tuple[int, int, int]]


@st.composite
def reading(draw: st.DrawFn) -> Reading:
    """(row, time, received, values, humidity, device codes)."""
    time = T0 + draw(st.integers(0, 90)) * 60_000 + draw(st.sampled_from([0, 0, 0, 500]))
    received = time + draw(st.sampled_from([0, 1000, 1000, -20_000, 8_000_000]))
    wet = draw(st.sampled_from([MISSING, 50_000, 91_000, 98_000]))
    codes = draw(st.sampled_from([(0, 0, 0)] * 4 + [(ord("T"), 0, 0), (ord("D"), 0, ord("M"))]))
    row = draw(st.integers(0, ROWS - 1))
    return row, time, received, draw(st.tuples(NUMBERS, NUMBERS, NUMBERS)), wet, codes


class Flagged(NamedTuple):
    """First flags, and what was packed at arrival."""

    fail: Uint16s
    suspect: Uint16s
    packed: Uint32s


def flagged(state: NewestValues, log: list[Reading]) -> Flagged:
    row, time, received, values, wet, codes = (list(c) for c in zip(*log, strict=True))
    rows, times = np.array(row, np.int32), np.array(time, np.int64)
    arrivals = Arrivals(
        rows, times - np.array(received), np.array(wet, np.int64), np.array(codes, np.uint8).T.copy()
    )
    packed = by_reading(LIMITS, arrivals)
    readings = NewReadings(rows, times, np.array(values, np.int32).T.copy(), packed)
    return Flagged(*first_flags(state, LIMITS, readings), packed)


def whole_and_parts(
    log: list[Reading], cuts: list[int]
) -> tuple[Flagged, Flagged, NewestValues, NewestValues]:
    once, often = NewestValues.empty(ROWS), NewestValues.empty(ROWS)
    whole = flagged(once, log)
    edges = sorted({0, len(log), *(c for c in cuts if c < len(log))})
    parts = [flagged(often, log[a:b]) for a, b in itertools.pairwise(edges)]
    joined = Flagged(*(np.concatenate(columns, axis=-1) for columns in zip(*parts, strict=True)))
    return whole, joined, once, often


@many
@given(st.lists(reading(), min_size=1, max_size=40), st.lists(st.integers(0, 40), max_size=6))
def test_any_split_into_batches_has_the_same_first_flags_and_state(
    log: list[Reading], cuts: list[int]
) -> None:
    whole, parts, once, often = whole_and_parts(log, cuts)
    for ours, theirs in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for mine, other in zip(once.columns, often.columns, strict=True):
        np.testing.assert_array_equal(mine, other)


def look_back(
    log: list[Reading], fail: np.ndarray[tuple[int, int], np.dtype[np.uint16]]
) -> list[list[set[str]]]:
    """What rate of change and flat line say of each value, one after the other, in plain Python."""
    newest: dict[tuple[int, int], tuple[int, int, int]] = {}
    said: list[list[set[str]]] = []
    for i, (row, time, _, values, _, _) in enumerate(log):
        said.append([])
        for q, value in enumerate(values):
            found: set[str] = set()
            said[-1].append(found)
            if value in (ABSENT, REFUSED) or fail[q, i] & NO_MEASUREMENT:
                continue
            before = newest.get((q, row))
            if before is not None and time <= before[0]:
                continue
            checks, since = getattr(COUNTY, JUDGED[q]), time
            if before is not None:
                if before[1] == value:
                    since = before[2]
                rate = Fraction(abs(value - before[1]), max((time - before[0]) // 1000, 1))
                limits = checks.rate_of_change
                if limits:
                    found |= {"suspect rate_of_change"} if rate > limits.suspect_per_s else set()
                    found |= (
                        {"fail rate_of_change"} if limits.fail_per_s and rate > limits.fail_per_s else set()
                    )
            assert checks.flat_line
            for word, limit in zip(
                ("suspect", "fail"), flat_line.times(checks.flat_line, INTERVAL), strict=True
            ):
                if time - since >= limit[row]:
                    found.add(f"{word} flat_line")
            newest[q, row] = (time, value, since)
    return said


@many
@given(st.lists(reading(), min_size=1, max_size=40))
def test_first_flags_are_those_of_each_reading_taken_alone_in_its_turn(log: list[Reading]) -> None:
    found = flagged(NewestValues.empty(ROWS), log)
    names = ("rate_of_change", "flat_line")
    for i, line_ in enumerate(look_back(log, found.fail)):
        for q, expected in enumerate(line_):
            said = {f"fail {n}" for n in names if found.fail[q, i] & BIT[n]}
            said |= {f"suspect {n}" for n in names if found.suspect[q, i] & BIT[n]}
            assert said == expected


def held_of(log: list[Reading]) -> SortedReadings:
    """The readings sorted, each device and instant once, with what arrival told of them."""
    once = {(r[0], r[1]): r for r in log}
    lines = [once[key] for key in sorted(once)]
    packed = flagged(NewestValues.empty(ROWS), lines).packed
    row, time, _, values, _, _ = (list(c) for c in zip(*lines, strict=True))
    return SortedReadings(
        np.array(row, np.int32), np.array(time, np.int64), np.array(values, np.int32).T.copy(), packed
    )


def part_of(held: SortedReadings, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> SortedReadings:
    return SortedReadings(held.row[which], held.time[which], held.values[:, which], held.packed[which])


AROUND = np.array([[20_000, 20_000, MISSING, 500_000], [MISSING] * 4, [MISSING] * 4], np.int64)


def spread(log: list[Reading], times: int) -> list[Reading]:
    """The same readings further apart: devices that say nothing in most quarters."""
    return [(r, T0 + (t - T0) * times, got + (t - T0) * (times - 1), *rest) for r, t, got, *rest in log]  # type: ignore[misc]


@many
@given(st.lists(reading(), min_size=1, max_size=120), st.sampled_from([1, 1, 7, 20]))
def test_quarter_by_quarter_has_the_final_flags_of_the_whole_series(log: list[Reading], times: int) -> None:
    held = held_of(spread(log, times))
    ends = T0 + (10 + 6 * times) * QUARTER
    whole = final_flags(held, LIMITS, (T0, ends), None, AROUND)
    reach, state = reach_ms(COUNTY), NewestValues.empty(ROWS)
    assert reach == QUARTER
    for start in range(T0, ends, QUARTER):
        end = start + QUARTER
        near = held.time >= start - reach
        seen = part_of(held, near)
        fail, suspect, _ = final_flags(seen, LIMITS, (start, end), state, AROUND)
        inside = (held.time >= start) & (held.time < end)
        for ours, expected in ((fail, whole[0]), (suspect, whole[1])):
            np.testing.assert_array_equal(ours[:, inside[near]], expected[:, inside])
            assert not ours[:, ~inside[near]].any()
        state = newest_after(seen, LIMITS, end - reach, state)


@many
@given(st.lists(reading(), min_size=1, max_size=60), st.integers(0, 95), st.integers(0, 95))
def test_the_newest_values_before_an_instant_are_those_that_arrival_in_order_of_time_leaves(
    log: list[Reading], first: int, second: int
) -> None:
    held, once = held_of(log), {(r[0], r[1]): r for r in log}
    early, late = (T0 + minute * 60_000 for minute in sorted((first, second)))
    state = NewestValues.empty(ROWS)
    earlier = [r for r in sorted(once.values(), key=lambda r: r[1]) if r[1] < late]
    if earlier:
        flagged(state, earlier)
    known = newest_after(held, LIMITS, early, NewestValues.empty(ROWS))
    again = newest_after(part_of(held, held.time >= early), LIMITS, late, known)
    at_once = newest_after(held, LIMITS, late, NewestValues.empty(ROWS))
    for expected, *ours in zip(state.columns, again.columns, at_once.columns, strict=True):
        for mine in ours:
            np.testing.assert_array_equal(mine, expected)


@many
@given(st.lists(reading(), min_size=1, max_size=80))
def test_final_flags_are_those_of_the_single_checks_on_the_values_that_are_measurements(
    log: list[Reading],
) -> None:
    held = held_of(log)
    fail, suspect, _ = final_flags(held, LIMITS, (T0, T0 + 10 * QUARTER), None, AROUND)
    for q in range(len(JUDGED)):
        checks = getattr(COUNTY, JUDGED[q])
        ok = (held.values[q] > REFUSED) & ((fail[q] & NO_MEASUREMENT) == 0)
        series = Series(held.row[ok], held.time[ok], held.values[q, ok].astype(np.int64))
        expected: dict[str, Uint8s] = {}
        if checks.spike:
            expected["spike"] = spike.check(series, checks.spike)
            apart = series.time[1:] - series.time[:-1]
            expected["spike"][np.flatnonzero(apart > 2 * INTERVAL[series.row[:-1]])] = NOT_EVALUATED
        if checks.rate_of_change:
            expected["rate_of_change"] = rate_of_change.check(series, checks.rate_of_change)
        if checks.attenuated_signal:
            expected["attenuated_signal"] = attenuated_signal.check(series, checks.attenuated_signal)
        assert checks.flat_line
        expected["flat_line"] = flat_by_run(series, checks.flat_line, INTERVAL)
        if checks.neighbour:
            expected["neighbour"] = neighbour.check(series, checks.neighbour, SITES)
        if checks.background:
            expected["background"] = background.check(series, checks.background, AROUND[q][series.row])
        for name, flags in expected.items():
            np.testing.assert_array_equal((fail[q, ok] & BIT[name]) != 0, flags == FAIL)
            doubted = (suspect[q, ok] & BIT[name]) != 0
            np.testing.assert_array_equal(doubted & (flags != FAIL), flags == SUSPECT)


@many
@given(st.lists(reading(), min_size=1, max_size=60))
def test_what_one_reading_alone_tells_is_the_same_at_arrival_and_in_the_end(log: list[Reading]) -> None:
    held = held_of(log)
    once = {(r[0], r[1]): r for r in log}
    first = flagged(NewestValues.empty(ROWS), [once[key] for key in sorted(once)])
    fail, suspect, _ = final_flags(held, LIMITS, (T0, T0 + 10 * QUARTER))
    alone = sum(int(BIT[n]) for n in CHECKS if n not in COMPARING)
    np.testing.assert_array_equal(fail & alone, first.fail & alone)
    np.testing.assert_array_equal(suspect & alone, first.suspect & alone)


COMPARING = {"spike", "rate_of_change", "flat_line", "attenuated_signal", "neighbour", "background"}


@many
@given(st.lists(reading(), min_size=1, max_size=60), st.permutations(range(ROWS)))
def test_what_is_known_of_a_device_moves_with_it_to_its_new_row(log: list[Reading], new: list[int]) -> None:
    state = NewestValues.empty(ROWS)
    flagged(state, log)
    old_row = np.argsort(np.array(new)).astype(np.int32)
    assert all(
        np.array_equal(a[:, new], b) for a, b in zip(state.moved(old_row).columns, state.columns, strict=True)
    )
    gone = state.moved(np.array([-1, 0], np.int32))
    assert gone.time[:, 0].tolist() == [NEVER] * 3
    assert gone.value[:, 1].tolist() == state.value[:, 0].tolist()


# ------------------------------------------------------------------------------------------ calibration


@st.composite
def corrections(draw: st.DrawFn) -> list[LinearCorrection]:
    keys = draw(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 20)), max_size=12))
    factor = st.integers(1, 3_000_000)
    offset = st.integers(-50_000, 50_000)
    return [LinearCorrection(r, T0 + s, draw(factor), draw(offset), draw(factor)) for r, s in sorted(keys)]


@many
@given(
    corrections(),
    st.lists(st.tuples(st.integers(0, 4), st.integers(-2, 25), st.integers(0, 10**8)), max_size=30),
    st.randoms(use_true_random=False),
)
def test_calibration_is_the_exact_product_rounded_half_up_whatever_the_batch_and_the_order(
    table: list[LinearCorrection], readings: list[tuple[int, int, int]], random: object
) -> None:
    random.shuffle(table)  # type: ignore[attr-defined]
    made = Corrections.of(table)
    row = np.array([r for r, _, _ in readings], np.int32)
    time = np.array([T0 + t for _, t, _ in readings], np.int64)
    raw = np.array([v if v % 7 else MISSING for _, _, v in readings], np.int64)
    together = calibrated(row, time, raw, made)
    half = Fraction(1, 2)
    for i in range(len(row)):
        alone = calibrated(row[i : i + 1], time[i : i + 1], raw[i : i + 1], made)
        valid = [c for c in sorted(table) if c.row == row[i] and c.since <= time[i]]
        expected = int(raw[i])
        if valid and expected != MISSING:
            use = valid[-1]
            gain = floor(Fraction(use.slope * use.factor, 10**6) + half)
            expected = floor(Fraction(expected * gain, 10**6) + half) + use.offset
        assert int(alone[0]) == int(together[i]) == expected


@given(st.integers(0, (1 << len(CHECKS)) - 1))
def test_names_of_bits_are_sorted_and_stand_for_just_those_bits(bits: int) -> None:
    names = names_of(bits)
    assert list(names) == sorted(names)
    assert sum(int(BIT[name]) for name in names) == bits
