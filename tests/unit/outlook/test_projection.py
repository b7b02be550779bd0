"""Cases of open windows, by hand: the Hebei hour, silence, the level to expect, what is published."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from processors.outlook.projection import (
    NONE,
    Bars,
    Progress,
    ProjectionSettings,
    bars_of,
    project,
    prospects,
    rows_of,
    settled_slots,
)
from processors.outlook.recent_levels import LevelMemory, Recent, learn
from processors.outlook.short_windows import OutlookMemory
from processors.outlook.warning_states import (
    BETWEEN,
    CANNOT_COMPLY,
    CLEAR,
    LIKELY,
    OUT_OF_REACH,
    UNKNOWN,
    ZEROS_EXCEED,
    Evaluation,
    LeadTimes,
    OpenWindow,
    OutlookSettings,
    WindowStates,
    conditions,
    evaluate,
    lead_times,
    outlooks,
    step,
    tell,
)
from processors.plan.plan import Plan
from processors.plan.plan_change import PlanChange
from processors.plan.rule_in_force import PLAIN
from processors.records.ids import short_id
from tests.logs import HEBEI, HOUR, MINUTE, T0, local_rule, revision, rules_of

NANO = 10**9
MINUTES = np.array([MINUTE], np.int64)
HEBEI_PERMYRIAD = 7500


def column(*values):
    return np.array(values, np.int64)


def hour(level, covered, settled=None, open_covered=0):
    """An hour of minutes in which `covered` slots had `level` ug/m3."""
    return Progress(
        column(level * covered * NANO),
        column(covered),
        column(open_covered),
        column(covered if settled is None else settled),
        column(60),
    )


def known(*means, interval=MINUTE):
    """What is recent after these slot means in ug/m3, from T0 on."""
    recent = Recent.of(1)
    for i, mean in enumerate(means):
        learn(
            recent,
            np.zeros(1, np.int32),
            column(T0 + i * interval),
            column(round(mean * NANO)),
            MINUTES,
            LevelMemory(),
        )
    return recent


def test_the_hour_at_600_above_a_bar_of_230_is_lost_with_zeros_after_24_minutes_and_certain_after_45():
    bars = bars_of(80 * NANO, 150 * NANO, column(NONE), column(NONE))
    assert bars.surely.tolist() == [230 * NANO]
    first = {}
    for minute in range(61):
        found = prospects(hour(600, minute), bars, True, HEBEI_PERMYRIAD)
        for name in ("zeros_exceed", "cannot_comply"):
            if getattr(found, name)[0]:
                first.setdefault(name, minute)
    # 600 * n > 230 * 60 from n = 24 on; 45 of 60 slots are the least capture
    assert first == {"zeros_exceed": 24, "cannot_comply": 45}


def test_the_minute_that_is_being_measured_counts_for_the_capture_but_its_value_does_not_count():
    bars = Bars(column(100 * NANO), column(100 * NANO))
    assert prospects(hour(200, 44, open_covered=1), bars, True, HEBEI_PERMYRIAD).cannot_comply[0]
    assert not prospects(hour(200, 44), bars, True, HEBEI_PERMYRIAD).cannot_comply[0]
    # 30 minutes at 200 are just the limit; a 31st that is not over may still be averaged down to nothing
    assert not prospects(hour(200, 30, open_covered=1), bars, True, 5000).zeros_exceed[0]


def test_a_mean_of_exactly_the_limit_complies_under_a_strict_rule_only():
    bars = Bars(column(100 * NANO), column(100 * NANO))
    assert not prospects(hour(100, 60), bars, True, HEBEI_PERMYRIAD).cannot_comply[0]
    assert prospects(hour(100, 60), bars, False, HEBEI_PERMYRIAD).cannot_comply[0]


def test_after_sixteen_minutes_without_a_value_the_capture_is_out_of_reach():
    bars = Bars(column(100 * NANO), column(100 * NANO))
    assert prospects(hour(900, 20, settled=35), bars, True, HEBEI_PERMYRIAD).reachable[0]
    lost = prospects(hour(900, 20, settled=36), bars, True, HEBEI_PERMYRIAD)
    assert not lost.reachable[0]
    assert not lost.zeros_exceed[0]
    assert lost.required[0] == NONE


def test_the_required_average_of_half_an_hour_at_150_under_100_is_50():
    bars = Bars(column(100 * NANO), column(100 * NANO))
    assert prospects(hour(150, 30), bars, True, HEBEI_PERMYRIAD).required.tolist() == [50 * NANO]
    assert prospects(hour(150, 30), bars, False, HEBEI_PERMYRIAD).required.tolist() == [50 * NANO - 1]
    assert prospects(hour(210, 30), bars, True, HEBEI_PERMYRIAD).required.tolist() == [NONE]


def test_a_device_whose_interval_does_not_divide_the_window_has_no_prospects_and_no_projection():
    nothing = Progress(column(0), column(0), column(0), column(0), column(0))
    bars = Bars(column(0), column(0))
    found = prospects(nothing, bars, False, HEBEI_PERMYRIAD)
    assert not (found.captured[0])
    assert not (found.reachable[0])
    assert not (found.zeros_exceed[0])
    assert not (found.cannot_comply[0])
    seen = project(nothing, bars, False, known(1, 1, 1, 1), MINUTES, T0, ProjectionSettings())
    assert seen.permyriad[0] == NONE
    assert np.isfinite([seen.mean[0], seen.low[0], seen.high[0]]).all()


def test_slots_are_settled_when_their_end_and_the_delay_have_passed():
    interval, slots = column(60_000, 300_000, 0), column(60, 12, 0)
    at = T0 + 11 * MINUTE
    assert settled_slots(at, T0, 0, interval, slots).tolist() == [11, 2, 0]
    assert settled_slots(at, T0, 2 * MINUTE, interval, slots).tolist() == [9, 1, 0]
    assert settled_slots(T0 - HOUR, T0, 0, interval, slots).tolist() == [0, 0, 0]
    assert settled_slots(T0 + 9 * HOUR, T0, 0, interval, slots).tolist() == [60, 12, 0]


# ----------------------------------------------------------------------------------------- the model


def test_what_is_learnt_equals_exponential_smoothing_one_by_one():
    means, memory = [100, 120, 90, 300, 280, 60, 61, 62, 300, 10], LevelMemory()
    level = spread = 0.0
    for n, mean in enumerate(means, 1):
        gain, slow = max(60 / 660, 1 / n), max(60 / 21_660, 1 / max(n - 1, 1))
        missed = mean - (level if n > 1 else mean)
        spread = spread + slow * (missed * missed - spread) if n > 1 else 0.0
        level = level + gain * missed if n > 1 else float(mean)
    recent = known(*means)
    assert recent.level[0] == pytest.approx(level, rel=1e-12)
    assert recent.spread[0] == pytest.approx(spread, rel=1e-12)
    assert recent.count[0] == len(means)
    assert memory.level_ms == 600_000


def test_the_projection_is_the_mean_of_what_is_there_and_the_level_with_the_spread_of_the_sum():
    recent, progress = known(*[100, 140] * 10), hour(120, 20)
    bar = 130
    seen = project(
        progress,
        Bars(column(bar * NANO), column(bar * NANO)),
        True,
        recent,
        MINUTES,
        T0 + 20 * MINUTE,
        ProjectionSettings(),
    )
    level, rest, gain = float(recent.level[0]), 40, 60 / 660
    spread = max(float(recent.spread[0]), (0.2 * level) ** 2)
    deviation = math.sqrt(spread * sum((1 + i * gain) ** 2 for i in range(rest))) / 60
    mean = (120 * 20 + rest * level) / 60
    assert seen.mean[0] == pytest.approx(mean)
    assert seen.high[0] - seen.mean[0] == pytest.approx(1.2816 * deviation)
    assert seen.low[0] == pytest.approx(max(mean - 1.2816 * deviation, 40))
    p = 0.5 * math.erfc((bar - mean) / deviation / math.sqrt(2))
    assert seen.permyriad[0] / 10_000 == pytest.approx(p, abs=0.0025)


def test_nothing_is_projected_of_a_device_that_was_never_or_long_not_heard_but_a_fact_stays_a_fact():
    bars, settings = Bars(column(100 * NANO), column(100 * NANO)), ProjectionSettings()
    now = T0 + 20 * MINUTE
    for recent in (Recent.of(1), known(100, 100)):
        assert project(hour(50, 3), bars, True, recent, MINUTES, now, settings).permyriad[0] == NONE
    stale = known(100, 100, 100, 100)
    assert project(hour(50, 3), bars, True, stale, MINUTES, now, settings).permyriad[0] >= 0
    assert project(hour(50, 3), bars, True, stale, MINUTES, now + HOUR, settings).permyriad[0] == NONE
    assert project(hour(900, 30), bars, True, Recent.of(1), MINUTES, now, settings).permyriad[0] == 10_000
    assert project(hour(90, 60), bars, True, Recent.of(1), MINUTES, now, settings).permyriad[0] == 0
    unknown = bars_of(80 * NANO, None, column(NONE), column(NONE))
    assert project(hour(900, 30), unknown, True, stale, MINUTES, now, settings).permyriad[0] == NONE


def test_after_a_gap_of_six_hours_a_device_is_learnt_anew_and_a_late_slot_is_left_out():
    recent = known(500, 500, 500)
    row = np.zeros(1, np.int32)
    assert learn(recent, row, column(T0), column(7 * NANO), MINUTES, LevelMemory()) == 1
    assert recent.level[0] == 500
    assert learn(recent, row, column(T0 + 7 * HOUR), column(10 * NANO), MINUTES, LevelMemory()) == 0
    assert (recent.count[0], recent.level[0], recent.spread[0]) == (1, 10.0, 0.0)


def test_a_new_configuration_moves_what_is_known_to_the_new_rows():
    recent = Recent.of(3)
    recent.level[:] = [1, 2, 3]
    watch = WindowStates.of(3)
    watch.state[:], watch.turn[:] = [1, 2, 3], [0, 1, 2]
    old_row = np.array([2, -1, 0], np.int32)
    assert recent.moved(old_row).level.tolist() == [3, 0, 1]
    assert recent.moved(old_row).last[1] == Recent.of(1).last[0]
    assert watch.moved(old_row).state.tolist() == [3, 0, 1]
    assert watch.moved(old_row).turn.tolist() == [2, 0, 0]
    assert len(rows_of(recent, np.array([1], np.int32))) == 1


# ---------------------------------------------------------------------------------------- the words


def test_conditions_go_from_unknown_to_out_of_reach_and_the_strongest_counts():
    n = 7
    no, yes = np.zeros(n, bool), np.ones(n, bool)
    found = prospects(
        Progress(*(np.zeros(n, np.int64) for _ in range(5))),
        Bars(column(*[0] * n), column(*[0] * n)),
        True,
        1,
    )
    found = type(found)(
        no,
        yes & (np.arange(n) != 6),
        np.arange(n) >= 4,
        np.isin(np.arange(n), (5, 6)),
        column(*[0] * n),
    )
    seen = project(
        hour(0, 0), Bars(column(0), column(0)), True, Recent.of(1), MINUTES, T0, ProjectionSettings()
    )
    seen = type(seen)(seen.mean, seen.low, seen.high, column(NONE, 3999, 4000, 9000, 0, 0, 0))
    assert conditions(found, seen, OutlookSettings()).tolist() == [
        UNKNOWN,
        CLEAR,
        BETWEEN,
        LIKELY,
        ZEROS_EXCEED,
        CANNOT_COMPLY,
        OUT_OF_REACH,
    ]


def told(*found):
    """(event, state) of what is said for a sequence of conditions."""
    plan = Plan.of(revision(rules=rules_of(HEBEI)))
    rule, watch, made = plan.rules[0], WindowStates.of(1), []
    rows = np.zeros(1, np.int32)
    bars = bars_of(rule.limit, rule.cap, column(NONE), column(NONE))
    progress = hour(600, 30)
    recent = known(*[600] * 30)
    seen = project(progress, bars, True, recent, MINUTES, T0 + 30 * MINUTE, ProjectionSettings())
    outcome = prospects(progress, bars, True, HEBEI_PERMYRIAD)
    for i, condition in enumerate(found):
        event = step(watch, rows, np.array([condition], np.int8))
        at = T0 + (30 + i) * MINUTE
        window = OpenWindow(plan, replace(rule, rows=rows), T0, T0 + HOUR, at)
        evaluation = Evaluation(progress, bars, np.zeros(1, bool), outcome, seen)
        made += outlooks(watch, window, evaluation, event)
    return made


def test_a_warning_is_said_once_rises_once_and_is_cleared_only_well_below():
    said = told(BETWEEN, LIKELY, LIKELY, BETWEEN, LIKELY, ZEROS_EXCEED, CANNOT_COMPLY, CANNOT_COMPLY)
    assert [(o.event, o.state) for o in said] == [
        ("rose", "warning"),
        ("rose", "exceeds_if_measuring_goes_on"),
        ("rose", "certain"),
    ]
    said = told(LIKELY, BETWEEN, CLEAR, CLEAR, LIKELY)
    assert [(o.event, o.state) for o in said] == [
        ("rose", "warning"),
        ("cleared", "quiet"),
        ("rose", "warning"),
    ]
    assert len({o.id for o in said}) == 3


def test_a_warning_of_a_device_that_falls_silent_is_lost_and_never_cleared():
    assert [(o.event, o.state) for o in told(LIKELY, UNKNOWN, OUT_OF_REACH)] == [
        ("rose", "warning"),
        ("lost", "undeterminable"),
    ]
    assert told(OUT_OF_REACH, OUT_OF_REACH) == []


def test_an_outlook_says_by_which_clause_how_likely_how_far_and_what_would_still_do():
    said = told(ZEROS_EXCEED)[0]
    assert said.rule == "hebei-db13-2934-2019-pm10"
    assert (said.limit, said.subtracted, said.background_known) == (80, 150, False)
    assert (said.covered, said.settled, said.slots, said.minutes_left) == (30, 30, 60, 30)
    assert said.projected == 600
    assert said.low < 600 < said.high
    assert said.probability == 1.0
    assert said.required is None
    assert said.clause.startswith("PM10")
    assert said.id == told(ZEROS_EXCEED)[0].id


def watched(rule_of, value, minutes=60, known=NONE, expected=NONE):
    """What is said of an hour of one value a minute, after half an hour of the same."""
    plan = Plan.of(revision(devices=["d0", "d1"], rules=[rule_of]))
    rule, watch, recent, said = plan.rules[0], WindowStates.of(2), Recent.of(2), []
    rows, total, covered = np.array([0, 1], np.int32), column(0, 0), column(0, 0)
    for minute in range(-30, minutes + 1):
        at = T0 + minute * MINUTE
        if minute >= 0:
            progress = Progress(total, covered, 0 * total, 0 * total + minute, 0 * total + 60)
            background = (column(known, known), column(expected, expected))
            window = OpenWindow(plan, rule, T0, T0 + HOUR, at)
            evaluation = evaluate(window, progress, *background, recent, ProjectionSettings())
            said += tell(watch, window, evaluation, OutlookSettings())
            total, covered = total + column(0, value * NANO), covered + column(0, 1)
        learn(recent, rows[1:], column(at), column(value * NANO), plan.interval, LevelMemory())
    return said


def test_an_hour_at_600_is_a_warning_at_once_lost_after_24_minutes_and_certain_after_45():
    (rule,) = rules_of(HEBEI)
    said = [o for o in watched(rule, 600) if o.point == "d1"]
    assert [(o.state, (o.at - T0) // MINUTE, o.minutes_left) for o in said] == [
        ("warning", 0, 60),
        ("exceeds_if_measuring_goes_on", 24, 36),
        ("certain", 45, 15),
    ]
    assert [o.probability for o in said] == [1.0, 1.0, 1.0]
    assert [o.required for o in said] == [230.0, None, None]
    assert lead_times([(o.at, o.state) for o in said], T0 + HOUR) == LeadTimes(
        60 * MINUTE, 36 * MINUTE, 15 * MINUTE
    )


def test_a_point_that_never_spoke_is_not_warned_of_and_nothing_is_said_of_it():
    (rule,) = rules_of(HEBEI)
    assert {o.point for o in watched(rule, 600)} == {"d1"}


def test_a_known_background_lifts_the_bar_by_itself_and_an_expected_one_only_what_is_likely():
    (rule,) = rules_of(HEBEI)
    first = {
        name: watched(rule, 200, known=k * NANO if k >= 0 else NONE, expected=e * NANO if e >= 0 else NONE)
        for name, k, e in (("unknown", -1, -1), ("known", 50, -1), ("expected", -1, 50))
    }
    # 200 is below 80 + 150, above 80 + 50
    assert first["unknown"] == []
    assert [o.state for o in first["known"]] == ["warning", "exceeds_if_measuring_goes_on", "certain"]
    assert [(o.subtracted, o.background_known) for o in first["known"]] == [(50, True)] * 3
    assert [(o.state, o.subtracted, o.background_known) for o in first["expected"]] == [
        ("warning", 50, False)
    ]


def test_without_a_cap_nothing_is_certain_before_the_background_is_known():
    uncapped = local_rule(background={"area": "county"}, limit=80)
    assert watched(uncapped, 900) == []
    assert [o.state for o in watched(uncapped, 900, expected=10 * NANO)] == ["warning"]
    assert [o.state for o in watched(uncapped, 900, known=10 * NANO)][-1] == "certain"


def test_a_rule_without_background_ignores_what_is_known_of_it():
    said = watched(local_rule(limit=80), 900, known=500 * NANO)
    assert [(o.subtracted, o.background_known) for o in said] == [(None, True)] * len(said)
    assert said[-1].state == "certain"


def test_time_won_counts_from_the_state_that_was_not_left_again():
    end = 60
    states = [
        (0, "warning"),
        (10, "quiet"),
        (20, "warning"),
        (30, "exceeds_if_measuring_goes_on"),
        (45, "certain"),
    ]
    assert lead_times(states, end) == LeadTimes(40, 30, 15)
    assert lead_times([*states, (50, "warning")], end) == LeadTimes(40, None, None)
    assert lead_times([*states, (50, "undeterminable")], end) == LeadTimes(None, None, None)
    assert lead_times([(70, "certain")], end) == LeadTimes(0, 0, 0)
    assert lead_times([], end) == LeadTimes(None, None, None)


def test_a_gap_shorter_than_six_hours_is_bridged_and_the_same_slot_is_learnt_once():
    row, means = np.zeros(1, np.int32), column(100 * NANO)
    recent = known(500)
    assert learn(recent, row, column(T0), means, MINUTES, LevelMemory()) == 1
    learn(recent, row, column(T0 + 6 * HOUR - 1), means, MINUTES, LevelMemory())
    assert (recent.count[0], recent.level[0], recent.spread[0]) == (2, 300.0, 160_000.0)
    learn(recent, row, column(T0 + 12 * HOUR - 1), means, MINUTES, LevelMemory())
    assert recent.count[0] == 1


def test_a_level_is_believed_until_an_hour_after_its_slot_s_end():
    bars, settings = Bars(column(100 * NANO), column(100 * NANO)), ProjectionSettings()
    recent = known(100, 100, 100)
    until = T0 + 3 * MINUTE + HOUR
    for now, told in ((until, True), (until + 1, False)):
        seen = project(hour(50, 3), bars, True, recent, MINUTES, now, settings)
        assert (seen.permyriad[0] != NONE) == told


def test_a_background_of_nothing_is_to_be_expected_as_well_and_lifts_no_bar():
    bars = bars_of(
        100 * NANO, 30 * NANO, column(NONE, NONE, NONE, 0, 20 * NANO), column(0, 10 * NANO, NONE, 9, 9)
    )
    assert bars.likely.tolist() == [100 * NANO, 110 * NANO, 130 * NANO, 100 * NANO, 120 * NANO]
    assert bars.surely.tolist() == [130 * NANO, 130 * NANO, 130 * NANO, 100 * NANO, 120 * NANO]


def test_the_id_of_an_outlook_is_made_of_the_rule_the_window_the_state_and_the_point():
    said = told(ZEROS_EXCEED)[0]
    parts = said.rule, said.rule_revision, said.start, said.end, said.state, 0, said.point
    assert said.id == short_id("outlook", *parts)


def test_devices_that_are_new_have_measured_nothing_of_the_closed_quarters():
    before, after = (Plan.of(revision(devices)) for devices in (["d1", "d3"], ["d1", "d2"]))
    held = OutlookMemory(quarters={(T0, 0, PLAIN): (column(5, 6), column(1, 2))})
    held.follow(PlanChange.between(before, after, T0))
    total, covered = held.quarters[T0, 0, PLAIN]
    assert (total.tolist(), covered.tolist()) == ([5, 0], [1, 0])
