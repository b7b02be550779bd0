"""Flags at arrival and final flags of a quarter of an hour, by hand: what each value is compared with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ingest.records import MISSING
from ingest.units import JUDGED
from processors.columns import ABSENT, NEVER
from processors.quality.checks import names_of
from processors.quality.final import SortedReadings, ahead_flags, final_flags, newest_after
from processors.quality.first import NewReadings, first_flags
from processors.quality.limits import Limits, reach_ms
from processors.quality.monitors import Monitors
from processors.quality.newest import NewestValues
from processors.quality.series import CheckReach, cut
from processors.quality.settings import QualitySettings
from processors.windows.row_log import REFUSED
from tests.quality_series import HOUR, MINUTE, OFF, QUARTER, T0, line, series_of

PM10, TSP = JUDGED.index("pm10"), JUDGED.index("tsp")
PER_S = 1000  # thousandths
NONE = OFF | {"gross_range": {"fail": (0, 10_000)}}
FAST = {"rate_of_change": {"suspect_per_s": 1, "fail_per_s": 10}}
FLAT = {"flat_line": {"suspect_s": 120, "fail_s": 240, "least_values": 1}}


def limits(rows=2, site=None, **checks):
    """One set of checks of all pollutants, of devices that send every minute."""
    one = {name: {**NONE, **checks} for name in JUDGED}
    own = QualitySettings.model_validate({**one, "pm_order": None, "humidity": None, "clock": None})
    number = None if site is None else np.array(site, np.int32)
    return Limits.of(own, Monitors.plain(np.full(rows, MINUTE), number))


def columns(*readings, q=PM10):
    """Readings (row, time, thousandths) as (row, time, values)."""
    row, time, value = (list(column) for column in zip(*readings, strict=True))
    values = np.full((len(JUDGED), len(row)), ABSENT, np.int32)
    values[q] = value
    return np.array(row, np.int32), np.array(time, np.int64), values


def first(state, own, *readings, q=PM10):
    """[(names of failed checks, of suspect ones)] of readings as they came."""
    row, time, values = columns(*readings, q=q)
    fail, suspect = first_flags(state, own, NewReadings(row, time, values, np.zeros(len(row), np.uint32)))
    others = [other for other in range(len(JUDGED)) if other != q]
    assert not fail[others].any()
    assert not suspect[others].any()
    return [(names_of(int(f)), names_of(int(s))) for f, s in zip(fail[q], suspect[q], strict=True)]


OK = ((), ())
DOUBT = ((), ("rate_of_change",))
FAILS = (("rate_of_change",), ("rate_of_change",))


def test_at_arrival_a_value_is_compared_with_the_newest_of_its_device():
    state, own = NewestValues.empty(2), limits(**FAST)
    # one a second is the limit itself; each device by itself, in the order of the readings
    assert first(state, own, (0, T0, 0), (1, T0, 900_000), (0, T0 + 60_000, 60 * PER_S)) == [OK] * 3
    assert first(state, own, (0, T0 + 120_000, 121 * PER_S), (1, T0 + 60_000, 900_000)) == [DOUBT, OK]
    assert first(state, own, (0, T0 + 130_000, 21 * PER_S)) == [DOUBT]
    assert first(state, own, (0, T0 + 140_000, 122 * PER_S)) == [FAILS]


def test_within_a_second_a_change_has_a_second():
    assert first(NewestValues.empty(1), limits(1, **FAST), (0, T0, 0), (0, T0 + 1, PER_S), (0, T0 + 2, 3 * PER_S)) == [
        OK, OK, DOUBT,
    ]  # fmt: skip


def test_what_is_not_newer_than_the_newest_is_neither_compared_nor_remembered():
    state, own = NewestValues.empty(1), limits(1, **FAST)
    assert (
        first(
            state,
            own,
            (0, T0 + 60_000, 0),
            (0, T0, 900_000),
            (0, T0 + 60_000, 900_000),
            (0, T0 + 61_000, PER_S),
        )
        == [OK] * 4
    )
    assert first(state, own, (0, T0 + 60_500, 900_000)) == [OK]
    assert (state.time[PM10, 0], state.value[PM10, 0]) == (T0 + 61_000, PER_S)


@pytest.mark.parametrize("odd", [ABSENT, REFUSED, 20_000_000, -1])
def test_what_is_no_measurement_is_not_compared_with(odd):
    state, own = NewestValues.empty(1), limits(1, **FAST)
    found = first(state, own, (0, T0, 0), (0, T0 + 1000, odd), (0, T0 + 2000, 2 * PER_S))
    assert found[::2] == [OK, OK]
    assert found[1] == (OK if odd == ABSENT else (("gross_range",), found[1][1]))
    assert first(state, own, (0, T0 + 3000, 3 * PER_S)) == [OK]


def test_one_batch_or_one_by_one_are_the_same():
    readings = [
        (row, T0 + at * 1000, value * PER_S)
        for at, row, value in [(0, 1, 5), (0, 0, 9), (7, 1, 5), (3, 0, 90), (5, 1, 200), (9, 0, 90), (200, 0, 90), (9, 1, 5)]
    ]  # fmt: skip
    own = limits(**FAST, **FLAT)
    together, apart = NewestValues.empty(2), NewestValues.empty(2)
    assert first(together, own, *readings) == [word for one in readings for word in first(apart, own, one)]
    for one, other in zip(together.columns, apart.columns, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_line_is_flat_from_its_first_equal_value_on():
    state, own = NewestValues.empty(2), limits(**FLAT)
    doubt, fails = ((), ("flat_line",)), (("flat_line",), ("flat_line",))
    line_of = [(0, T0 + n * MINUTE, 7000) for n in range(5)]
    assert first(state, own, *line_of[:2], (1, T0, 7000), line_of[2]) == [OK, OK, OK, doubt]
    assert first(state, own, line_of[3], line_of[4], (1, T0 + MINUTE, 7000)) == [doubt, fails, OK]
    assert first(state, own, (0, T0 + 5 * MINUTE, 7001), (0, T0 + 6 * MINUTE, 7001)) == [OK, OK]
    assert state.since[PM10].tolist() == [T0 + 5 * MINUTE, T0]
    assert first(state, own, (0, T0 + 7 * MINUTE - 1, 7001), (0, T0 + 7 * MINUTE, 7001)) == [OK, doubt]


def test_pollutants_of_one_device_are_remembered_each_by_itself():
    state, own = NewestValues.empty(2), limits(**FAST)
    assert first(state, own, (1, T0, 0)) == [OK]
    assert first(state, own, (1, T0 + 1000, 900_000), q=TSP) == [OK]
    assert first(state, own, (1, T0 + 2000, 900_000)) == [FAILS]
    assert state.value[TSP].tolist() == [ABSENT, 900_000]
    assert state.time[PM10].tolist() == [NEVER, T0 + 2000]


# ------------------------------------------------------------------------------------------ final flags


def held(*readings, q=PM10):
    row, time, values = columns(*sorted(readings), q=q)
    return SortedReadings(row, time, values, np.zeros(len(row), np.uint32))


def final(own, *readings, start=T0, end=T0 + QUARTER, before=None, around=None, q=PM10):
    """{(row, time - T0): (failed, suspect)} of what has any bit."""
    one = held(*readings, q=q)
    fail, suspect, _ = final_flags(one, own, (start, end), before, around)
    return {
        (int(row), int(time - T0)): (names_of(int(f)), names_of(int(s)))
        for row, time, f, s in zip(one.row, one.time, fail[q], suspect[q], strict=True)
        if f or s
    }


def known(*newest):
    """The newest before: (row, time, value, since) of PM10."""
    state = NewestValues.empty(2)
    for row, time, value, since in newest:
        state.time[PM10, row], state.value[PM10, row], state.since[PM10, row] = time, value, since
    return state


def test_only_values_of_the_stretch_are_flagged_and_those_before_it_are_compared_with():
    own = limits(**FAST)
    readings = [
        (0, T0 - 2000, 0),
        (0, T0 - 1000, 900_000),
        (0, T0, 0),
        (0, T0 + QUARTER - 1, 0),
        (0, T0 + QUARTER, 900_000),
    ]
    assert final(own, *readings) == {(0, 0): FAILS}
    bad = [(0, T0 - 1, -5), (0, T0 + 1, -5), (0, T0 + QUARTER, -5)]
    assert {key: fail for key, (fail, _) in final(own, *bad).items()} == {(0, 1): ("gross_range",)}


def test_without_context_a_device_is_compared_with_its_newest_value_before():
    own = limits(**FAST)
    readings = [(0, T0 + 1000, 20 * PER_S), (1, T0 + 1000, 20 * PER_S), (1, T0 + 2000, 20 * PER_S)]
    assert final(own, *readings) == {}
    before = known((0, T0 - 1000, 0, T0 - 1000), (1, T0 - 4000, 0, T0 - 4000))
    assert final(own, *readings, before=before) == {(0, 1000): DOUBT, (1, 1000): DOUBT}
    # context goes before the newest value
    assert final(own, (0, T0 - 500, 19 * PER_S), *readings, before=before) == {(1, 1000): DOUBT}


def test_a_spike_needs_a_value_on_either_side_which_may_lie_outside_the_stretch():
    own = limits(spike={"suspect": 10, "fail": 100})
    doubt, fails = ((), ("spike",)), (("spike",), ("spike",))
    last = QUARTER - MINUTE
    calm = [(0, T0 - 1000, 5000), (0, T0 + QUARTER, 5000)]
    assert final(own, *calm, (0, T0 + last, 15_000)) == {}
    assert final(own, *calm, (0, T0 + last, 15_001)) == {(0, last): doubt}
    assert final(own, *calm, (0, T0 + last, 105_001)) == {(0, last): fails}
    assert final(own, (0, T0 + last, 105_001), calm[1]) == {}
    before = known((0, T0 - 1, 5000, T0 - 1))
    assert final(own, (0, T0 + last, 105_001), calm[1], before=before) == {(0, last): fails}
    assert final(own, calm[0], (0, T0 + last, 105_001), (1, T0 + QUARTER, 0)) == {}
    # a value that is no measurement is not there
    refused = (0, T0 + last + 1, REFUSED)
    assert final(own, calm[0], (0, T0 + last, 15_001), refused, calm[1])[0, last] == doubt


@pytest.mark.parametrize(("period", "within"), [(0, 2 * MINUTE), (MINUTE, 2 * MINUTE), (HOUR, 2 * HOUR)])
def test_the_next_value_of_a_spike_comes_within_two_intervals_of_the_device_or_of_what_it_sends(
    period, within
):
    own = limits(spike={"suspect": 10})
    for apart, found in ((within, ["spike"]), (within + 1, [])):
        one = held((0, T0 - MINUTE, 0), (0, T0, 50_000), (0, T0 + apart, 0))
        flags = final_flags(replace(one, period=period), own, (T0, T0 + QUARTER))
        assert list(names_of(int(flags.suspect[PM10, 1]))) == found


def test_the_last_value_of_a_stretch_awaits_the_next_where_it_is_far_from_the_one_before():
    own = limits(spike={"suspect": 10})
    readings = held(
        (0, T0, 0), (0, T0 + MINUTE, 10_001), (1, T0, 0), (1, T0 + MINUTE, 10_000), (1, T0 + QUARTER, 0)
    )
    span, nothing = (T0, T0 + QUARTER), NewestValues.empty(2)
    assert final_flags(readings, own, span).awaits.tolist() == [0, T0 + 3 * MINUTE, 0, 0, 0]
    assert ahead_flags(readings, own, span, nothing).flags.awaits.tolist() == [0, T0 + 3 * MINUTE, 0, 0, 0]
    assert not final_flags(readings, limits(spike=None), span).awaits.any()


def test_looking_ahead_says_what_the_whole_says_of_spikes_and_of_which_values_it_can_tell():
    own = limits(**FAST, spike={"suspect": 10})
    readings = held((0, T0, 0), (0, T0 + MINUTE, 500_000), (0, T0 + 2 * MINUTE, 0), (0, T0 + QUARTER, 0))
    found = ahead_flags(readings, own, (T0, T0 + QUARTER), NewestValues.empty(2))
    assert [names_of(int(bits)) for bits in found.flags.suspect[PM10]] == [(), ("spike",), (), ()]
    assert found.known[PM10].tolist() == [False, True, True, False]
    before = known((0, T0 - 1, 5000, T0 - 1))
    assert ahead_flags(readings, own, (T0, T0 + QUARTER), before).known[PM10].tolist() == [
        True,
        True,
        True,
        False,
    ]


def test_a_flat_line_is_as_old_as_its_first_equal_value_before_the_stretch():
    own = limits(**FLAT)
    doubt, fails = ((), ("flat_line",)), (("flat_line",), ("flat_line",))
    one = (0, T0, 7000)
    assert final(own, one) == {}
    assert final(own, (0, T0 - 2 * MINUTE, 7000), one) == {(0, 0): doubt}
    assert final(own, (0, T0 - 2 * MINUTE, 7001), one) == {}
    before = known((0, T0 - MINUTE, 7000, T0 - 4 * MINUTE))
    assert final(own, one, (1, T0, 7000), before=before) == {(0, 0): fails}
    assert final(own, (0, T0, 7001), before=before) == {}
    assert final(own, (0, T0 - 1, 7001), one, before=before) == {}


def test_neighbours_and_the_background_only_make_suspect():
    far = {"bin_s": 900, "least_others": 2, "above": (10, 1000), "below": (10, 200)}
    own = limits(4, site=[0, 0, 0, 0], neighbour=far)
    readings = [(0, T0, 2_000_000), (1, T0, 50_000), (2, T0, 60_000), (3, T0, 55_000)]
    assert final(own, *readings) == {(0, 0): ((), ("neighbour",))}
    assert final(limits(4, site=[0, 1, 1, 0], neighbour=far), *readings) == {}
    two = limits(7, site=[0, 0, 0, 5, 5, 5, 5], neighbour=far)
    other = [(3 + row, time, value) for row, time, value in readings]
    assert final(two, *other, (0, T0, 900_000), (1, T0, 901_000), (2, T0, 902_000)) == {
        (3, 0): ((), ("neighbour",))
    }
    under = limits(2, background={"bin_s": 900, "above": None, "below": (4, 50)})
    around = np.full((len(JUDGED), 2), MISSING)
    around[PM10, 1] = 200_000
    low = [(0, T0, 1000), (1, T0, 1000)]
    assert final(under, *low, around=around) == {(1, 0): ((), ("background",))}
    assert final(under, *low) == {}
    assert final(under, *low, around=around, q=TSP) == {}


def test_a_signal_that_hardly_moves_for_its_period_is_doubted():
    own = limits(1, attenuated_signal={"period_s": 900, "suspect": 1, "fail": 0, "least_values": 3})
    still = [(0, T0 - QUARTER + n * 5 * MINUTE, 50_000 + n) for n in range(5)]
    found = final(own, *still)
    assert set(found.values()) == {((), ("attenuated_signal",))}
    assert (0, 5 * MINUTE) in found
    lively = [(row, time, 50_000 + n * 9000) for n, (row, time, _) in enumerate(still)]
    assert final(own, *lively) == {}


def test_the_newest_after_a_stretch_is_the_last_measurement_before_its_end():
    own = limits()
    before = known((0, T0 - MINUTE, 7000, T0 - 9 * MINUTE), (1, T0 - MINUTE, 5000, T0 - MINUTE))
    one = held((0, T0, 7000), (0, T0 + MINUTE, 7000), (0, T0 + 2 * MINUTE, -5), (0, T0 + 3 * MINUTE, 9000))
    after = newest_after(one, own, T0 + 3 * MINUTE, before)
    assert after.time[PM10].tolist() == [T0 + MINUTE, T0 - MINUTE]
    assert after.value[PM10].tolist() == [7000, 5000]
    assert after.since[PM10].tolist() == [T0 - 9 * MINUTE, T0 - MINUTE]
    assert before.time[PM10, 0] == T0 - MINUTE
    later = newest_after(one, own, T0 + 4 * MINUTE, before)
    assert (later.value[PM10, 0], later.since[PM10, 0]) == (9000, T0 + 3 * MINUTE)


@pytest.mark.parametrize(
    ("period_s", "reach"), [(900, QUARTER), (901, 2 * QUARTER), (60, QUARTER), (1800, 2 * QUARTER)]
)
def test_context_reaches_back_whole_quarters_of_the_longest_period(period_s, reach):
    own = {"period_s": period_s, "suspect": 1, "fail": 0, "least_values": 3}
    assert reach_ms(limits(attenuated_signal=own).settings) == reach
    assert reach_ms(limits().settings) == 0


# -------------------------------------------------------------------------------------------------- cut


def cut_values(series, start, end, reach):
    part, own = cut(series, start, end, reach)
    return part.value.tolist(), part.value[own].tolist()


def test_a_cut_brings_time_and_values_around_it_of_each_device():
    series = series_of([(row, T0 + n * MINUTE, 10 * row + n) for row in (0, 1) for n in range(6)])
    start, end = T0 + 2 * MINUTE, T0 + 4 * MINUTE
    assert cut_values(series, start, end, CheckReach()) == ([2, 3, 12, 13], [2, 3, 12, 13])
    assert cut_values(series, start, end, CheckReach(ms=MINUTE))[0] == [1, 2, 3, 11, 12, 13]
    assert cut_values(series, start, end, CheckReach(ms=MINUTE - 1))[0] == [2, 3, 12, 13]
    assert cut_values(series, start, end, CheckReach(values=2))[0] == [0, 1, 2, 3, 10, 11, 12, 13]
    assert cut_values(series, start, end, CheckReach(ahead=1))[0] == [2, 3, 4, 12, 13, 14]
    assert cut_values(series, start, end, CheckReach(values=9, ahead=9)) == (
        series.value.tolist(),
        [2, 3, 12, 13],
    )


def test_a_cut_of_bins_is_widened_to_whole_ones():
    base = T0 // QUARTER * QUARTER
    assert base == T0
    series = line(list(range(6)), step=QUARTER // 2)
    reach = CheckReach(bin_ms=QUARTER)
    assert cut_values(series, T0 + 1, T0 + QUARTER + 1, reach) == ([0, 1, 2, 3], [0, 1, 2, 3])
    assert cut_values(series, T0, T0 + QUARTER, reach) == ([0, 1], [0, 1])
    assert cut_values(series_of([]), T0, T0 + QUARTER, reach) == ([], [])
