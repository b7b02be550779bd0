"""Verdicts out of a rule's answers: by which clause, of what value, over which background, under which id."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from processors.columns import Int32s
from processors.measuring.interval_groups import interval_ids
from processors.measuring.stations import AreaMean
from processors.plan.plan import Plan
from processors.plan.plan_change import PlanChange
from processors.records.ids import ids_of
from processors.records.reasons import LOW, NO_BACKGROUND, NO_DATA
from processors.records.verdicts import Verdict
from processors.verdicts.answers import IS_COMPLIANT, IS_EXCEEDING, IS_UNDETERMINED, Answers, RuleInterval
from processors.verdicts.verdict_groups import verdicts_of
from tests.logs import HOUR, MINUTE, T0, local_rule, revision
from tests.saying import assert_says, changes

NANO = 10**9
END = T0 + HOUR
AT = END + 5 * MINUTE
RULE = local_rule(background={"area": "county", "cap": 30})
PLAN = Plan.of(revision(["d1", "d2", {"id": "d3", "site": "s2"}, "d4"], [RULE]))
ROWS = np.array([0, 1, 2, 3], np.int32)


def answers(used: dict[int, AreaMean] | None = None) -> Answers:
    """d1 exceeds for the second time, d2 complies, d3 has little, d4 nothing and no background."""
    return Answers(
        END,
        np.array([IS_EXCEEDING, IS_COMPLIANT, IS_UNDETERMINED, IS_UNDETERMINED], np.int8),
        np.array([0, 0, LOW, NO_DATA | NO_BACKGROUND], np.int16),
        np.array([2, 1, 1, 1], np.int16),
        np.array([60 * 150, 45 * 60, 10, 0], np.int64) * NANO,
        np.array([60, 45, 1, 0], np.int32),
        np.array([3, 1, 1, 1], np.int16),
        used or {},
    )


def records(plan: Plan, interval: RuleInterval, rows: Int32s = ROWS) -> list[Verdict]:
    return verdicts_of(plan, interval, rows, AT).records()


def test_a_verdict_says_by_which_clause_of_which_value_over_which_background():
    rule = PLAN.rules[0]
    found = records(PLAN, RuleInterval(rule, T0, answers({0: AreaMean(40 * NANO, ("b1", "b2"), True)})))
    exceeds = found[0]
    assert_says(
        exceeds, kind="interval", site="s1", point="d1", rule="local", rule_revision=RULE.revision,
        title=RULE.titles, clause="1", citation="test", status="read", pollutant="pm10", unit="ug/m3", start=T0,
        end=END, answer="exceeds", reasons=(), value=150.0, background=40.0, subtracted=30.0,
        background_ids=("b1", "b2"), limit=100.0, capture=1.0, revision=2, configuration=PLAN.id, decided_at=AT,
    )  # fmt: skip
    # the ids by which a record is found again, whoever made it
    ids = {n: ids_of("verdict", "local", RULE.revision, "interval", T0, END, n) for n in (1, 2)}
    assert [one.id for one in found] == [ids[2]("d1"), ids[1]("d2"), ids[1]("d3"), ids[1]("d4")]
    of = {n: interval_ids("pm10", "mean", T0, END, n) for n in (1, 3)}
    assert [one.interval for one in found] == [of[3]("d1"), of[1]("d2"), of[1]("d3"), None]
    nothing = {"background": None, "subtracted": None, "background_ids": ()}
    others = [changes(exceeds, one) for one in found[1:]]
    assert [{k: v for k, v in one.items() if k not in ("id", "interval")} for one in others] == [
        {"point": "d2", "answer": "compliant", "value": 60.0, "capture": 0.75, "revision": 1},
        # too little was measured: a background plays no part
        {"site": "s2", "point": "d3", "answer": "undetermined", "reasons": ("low_capture",), "value": 10.0,
         "capture": 1 / 60, "revision": 1, **nothing},
        {"point": "d4", "answer": "undetermined", "reasons": ("no_background", "no_data"),
         "value": None, "capture": 0.0, "revision": 1, **nothing},
    ]  # fmt: skip


def test_without_a_background_and_below_the_cap_what_is_said_is_what_was_subtracted():
    rule = PLAN.rules[0]
    one = ROWS[:1]
    (plain,) = records(PLAN, RuleInterval(rule, T0, answers()), one)
    assert (plain.background, plain.subtracted, plain.background_ids) == (None, None, ())
    (below,) = records(PLAN, RuleInterval(rule, T0, answers({0: AreaMean(20 * NANO, ("b1",), True)})), one)
    assert (below.background, below.subtracted, below.background_ids) == (20.0, 20.0, ("b1",))
    (other,) = records(PLAN, RuleInterval(rule, T0, answers({1: AreaMean(20 * NANO, ("b1",), True)})), one)
    assert (other.background, other.subtracted) == (None, None)


def test_ids_tell_apart_rule_window_revision_and_point():
    rule = PLAN.rules[0]
    other = Plan.of(revision(["d1"], [local_rule(id="other")]))
    same = answers()
    longer = replace(same, end=END + 1)
    again = replace(same, revision=same.revision + 1)
    made = [
        records(PLAN, RuleInterval(rule, T0, same))[:2],
        records(PLAN, RuleInterval(rule, T0 - 1, same), ROWS[:1]),
        records(PLAN, RuleInterval(rule, T0, longer), ROWS[:1]),
        records(PLAN, RuleInterval(rule, T0, again), ROWS[:1]),
        records(other, RuleInterval(other.rules[0], T0, same), ROWS[:1]),
    ]
    ids = [one.id for found in made for one in found]
    assert len(set(ids)) == len(ids) == 6


def test_the_monitor_whose_mean_was_subtracted_is_followed_to_its_new_row():
    held = answers()
    held.source = np.array([1, -1, 3, 0], np.int32)
    after = Plan.of(revision(["d0", "d1", "d2", {"id": "d3", "site": "s2"}], [RULE]))
    moved = held.moved(PlanChange.between(PLAN, after, AT), {})
    assert moved.source is not None
    # d4 has gone
    assert moved.source.tolist() == [-1, 2, -1, -1]
