"""Laws of the word before the breach: every continuation of small windows, tried one by one."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.columns import UNBOUNDED
from processors.outlook.projection import NONE, Bars, Progress, bars_of, prospects
from processors.outlook.recent_levels import LevelMemory, Recent, learn
from processors.outlook.warning_states import (
    CANNOT_COMPLY,
    CLEARED,
    EVENT,
    NEXT,
    NOTHING,
    OUT_OF_REACH,
    ZEROS_EXCEED,
    WindowStates,
    step,
)
from processors.records.outlooks import CERTAIN, IF_MEASURED, STATES, UNDETERMINABLE, WARNING
from processors.windows.means import means_by
from processors.windows.row_log import REFUSED, Columns

NANO = 10**9
MINUTE = 60_000
COMPLIANT, EXCEEDS, UNDETERMINED = "compliant", "exceeds", "undetermined"


def column(*values):
    return np.array(values, np.int64)


def verdict(means, slots, bar, strict, least_permyriad):
    """The answer to a whole window, computed plainly; `means`: of the covered slots."""
    covered = len(means)
    if covered == 0 or covered * 10_000 < least_permyriad * slots:
        return UNDETERMINED
    above = sum(means) > bar * covered if strict else sum(means) >= bar * covered
    return EXCEEDS if above else COMPLIANT


@st.composite
def open_windows(draw):
    """(settled slot means or None, is the slot being measured covered, open slots, bar, strict, capture)."""
    slots = draw(st.integers(1, 6))
    settled = draw(st.integers(0, slots))
    levels = st.one_of(st.none(), st.integers(0, 40))
    means = [draw(levels) for _ in range(settled)]
    begun = settled < slots and draw(st.booleans())
    least = draw(st.sampled_from([1, 2500, 5000, 7500, 8333, 10_000]))
    return means, begun, slots, draw(st.integers(0, 20)), draw(st.booleans()), least


def continuations(means, begun, slots):
    """Slot means of every continuation that matters: left out, zero, a little, a lot."""
    held = [mean for mean in means if mean is not None]
    open_slots = slots - len(means)
    choices = [(None, 0, 1, 1000)] * open_slots
    if begun:  # it has values, so it can't be left out any more; zeros bring its mean to nothing
        choices[0] = (0, 1, 1000)
    for chosen in product(*choices):
        yield held + [mean for mean in chosen if mean is not None]


def found_of(means, begun, slots, bar, strict, least):
    held = [mean for mean in means if mean is not None]
    progress = Progress(
        column(sum(held)), column(len(held)), column(int(begun)), column(len(means)), column(slots)
    )
    return prospects(progress, Bars(column(bar), column(bar)), strict, least)


@given(open_windows())
@settings(max_examples=600, deadline=None)
def test_a_window_cannot_comply_exactly_when_every_continuation_exceeds(window):
    means, begun, slots, bar, strict, least = window
    found = found_of(*window)
    ends = [verdict(end, slots, bar, strict, least) for end in continuations(means, begun, slots)]
    assert bool(found.cannot_comply[0]) == all(end == EXCEEDS for end in ends)
    assert bool(found.reachable[0]) == any(end != UNDETERMINED for end in ends)
    captured_all = all(end != UNDETERMINED for end in ends)
    assert bool(found.captured[0]) == captured_all
    assert bool(found.zeros_exceed[0]) == (
        any(end == EXCEEDS for end in ends) and all(end != COMPLIANT for end in ends)
    )


@given(open_windows())
@settings(max_examples=400, deadline=None)
def test_the_required_average_complies_and_one_part_more_does_not(window):
    means, _, slots, bar, strict, least = window
    found = found_of(*window)
    held = [mean for mean in means if mean is not None]
    rest = slots - len(means)
    required = int(found.required[0])
    zeros = verdict(held + [0] * rest, slots, bar, strict, least)
    if required == NONE:
        assert rest == 0 or zeros != COMPLIANT
        return
    assert verdict(held + [required] * rest, slots, bar, strict, least) == COMPLIANT
    assert verdict(held + [required + 1] * rest, slots, bar, strict, least) == EXCEEDS
    assert not found.zeros_exceed[0]


@st.composite
def logs(draw):
    """Readings (ms in the window, thousandths, period) before and after a boundary of slots."""
    slots = draw(st.integers(2, 4))
    settled = draw(st.integers(1, slots))
    boundary, end = settled * MINUTE, slots * MINUTE
    value = st.one_of(st.integers(0, 3000), st.just(REFUSED))
    before = draw(st.lists(st.tuples(st.integers(0, boundary - 1), value, st.just(0)), max_size=8))
    open_slot = st.integers(boundary, min(boundary + MINUTE, end) - 1)
    begun = draw(st.lists(st.tuples(open_slot, value, st.just(0)), max_size=2)) if settled < slots else []
    zeros = draw(st.sampled_from([0, 0, 3, 2000])) if settled < slots else 0
    times = st.integers(boundary, max(end - 1, boundary))
    after = draw(st.lists(st.tuples(times, value, st.sampled_from([0, 0, 1000, MINUTE])), max_size=6))
    quiet = [(boundary + i, 0, 0) for i in range(zeros)]
    return slots, settled, before, begun, quiet + after, draw(st.integers(1, 2000))


def means_of(readings, slots, start=0):
    """Through the windows of the fold: (total, covered)."""
    n = len(readings)
    made = Columns.empty(n)
    made.row[:] = 0
    made.hash[:] = np.arange(n)
    made.values[:] = REFUSED
    for i, (time, value, period) in enumerate(readings):
        made.time[i], made.period[i], made.values[0, i] = start + time, period, value
    means = means_by(made, column(MINUTE), start, start + slots * MINUTE, [None])[0][0]
    return (int(means.total[0]), int(means.covered[0])) if len(means.row) else (0, 0)


@given(logs())
@settings(max_examples=300, deadline=None)
def test_what_is_certain_ends_as_exceeding_in_the_windows_of_the_fold_whatever_is_read(log):
    slots, settled, before, begun, after, limit = log
    total, covered = means_of(before, slots)
    _, both = means_of(before + begun, slots)
    bar = limit * NANO // 1000
    progress = Progress(
        column(total), column(covered), column(both - covered), column(settled), column(slots)
    )
    found = prospects(progress, Bars(column(bar), column(bar)), True, 7500)
    end_total, end_covered = means_of(before + begun + after, slots)
    if found.cannot_comply[0]:
        assert end_covered * 10_000 >= 7500 * slots
        assert end_total > bar * end_covered
    if not found.reachable[0]:
        assert end_covered * 10_000 < 7500 * slots


@given(st.integers(0, 10**11), st.one_of(st.none(), st.integers(0, 10**12)), st.lists(st.integers(0, 10**12)))
def test_no_background_that_comes_later_lifts_the_bar_above_the_sure_one(limit, cap, backgrounds):
    unknown = bars_of(limit, cap, column(NONE), column(NONE))
    for background in backgrounds:
        known = bars_of(limit, cap, column(background), column(NONE))
        expected = bars_of(limit, cap, column(NONE), column(background))
        assert known.surely[0] == known.likely[0] == expected.likely[0] <= unknown.surely[0]
        assert expected.surely[0] == unknown.surely[0]
        assert known.surely[0] == limit + (background if cap is None else min(background, cap))


@given(st.integers(1, 100_000), st.integers(0, 10**14), st.booleans())
def test_a_bar_that_is_unknown_or_beyond_64_bits_makes_nothing_certain(slots, total, strict):
    progress = Progress(column(total), column(slots), column(0), column(slots), column(slots))
    for bar in (UNBOUNDED, UNBOUNDED // 2):
        found = prospects(progress, Bars(column(bar), column(bar)), strict, 7500)
        assert not found.zeros_exceed[0]
        assert not found.cannot_comply[0]
        assert found.required[0] >= NONE


def test_a_negative_limit_or_cap_is_refused_because_zeros_would_not_be_the_least():
    for limit, cap in ((-1, 0), (0, -1)):
        with pytest.raises(ValueError, match="negative"):
            bars_of(limit, cap, column(0), column(0))


# -------------------------------------------------------------------------------------- recent level

slot_values = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 900), st.integers(0, 10**12)), min_size=1, max_size=40
)


@given(slot_values, st.lists(st.integers(0, 40), max_size=4))
@settings(deadline=None)
def test_how_slot_means_are_batched_does_not_change_a_bit_of_what_is_learnt(values, cuts):
    unique = {(row, slot): mean for row, slot, mean in values}
    interval = column(MINUTE, MINUTE, 5 * MINUTE)
    by_time = sorted(unique, key=lambda key: key[1])
    whole = taught(by_time, unique, interval)
    parts = Recent.of(3)
    bounds = [0, *sorted(c for c in cuts if c < len(by_time)), len(by_time)]
    for begin, end in pairwise(bounds):
        taught(by_time[begin:end], unique, interval, parts)
    for name in ("count", "last", "level", "spread"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


def taught(keys, means, interval, recent=None):
    made = recent or Recent.of(3)
    order = sorted(keys)
    rows = np.array([row for row, _ in order], np.int32)
    starts = column(*[int(slot * interval[row]) for row, slot in order])
    learn(made, rows, starts, column(*[means[key] for key in order]), interval, LevelMemory())
    return made


# -------------------------------------------------------------------------------------------- states

found_conditions = st.lists(st.integers(0, OUT_OF_REACH), min_size=1, max_size=30)


@given(found_conditions)
def test_a_word_is_said_again_only_after_it_was_taken_back(found):
    watch, row, said = WindowStates.of(1), np.zeros(1, np.int32), []
    for condition in found:
        event = int(step(watch, row, np.array([condition], np.int8))[0])
        if event != NOTHING:
            said.append((int(watch.state[0]), int(watch.turn[0]), event))
    assert len({(state, turn) for state, turn, _ in said}) == len(said)
    for (state, turn, _), (after, later, event) in pairwise(said):
        assert event >= CLEARED or after > state or state == UNDETERMINABLE
        assert later == turn + (event >= CLEARED)


@given(found_conditions)
def test_the_state_says_certain_exactly_while_the_window_cannot_comply(found):
    watch, row = WindowStates.of(1), np.zeros(1, np.int32)
    for condition in found:
        step(watch, row, np.array([condition], np.int8))
        assert (watch.state[0] == CERTAIN) == (condition == CANNOT_COMPLY)
        assert (watch.state[0] == IF_MEASURED) == (condition == ZEROS_EXCEED)
        assert (watch.state[0] == UNDETERMINABLE) == (condition == OUT_OF_REACH)


def test_the_tables_have_a_line_for_every_state_and_nothing_is_said_where_nothing_changes():
    assert NEXT.shape == (len(STATES), OUT_OF_REACH + 1)
    assert EVENT.shape == (len(STATES), len(STATES))
    assert not EVENT.diagonal().any()
    assert WARNING < IF_MEASURED < CERTAIN
