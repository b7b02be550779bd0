"""What windows are made of: whose readings, by which admission, without maintenance; which are published."""

from __future__ import annotations

import numpy as np

from ingest.batches import Row
from ingest.records import Signal
from ingest.units import JUDGED
from processors.columns import ABSENT, NEVER
from processors.measuring.clock_hours import Hours
from processors.measuring.intake import intake
from processors.measuring.meter import Meter, numbers_of
from processors.plan.orders import Orders
from processors.plan.plan import Plan
from processors.plan.rule_in_force import PLAIN, Admission
from processors.plan.rules import Rule
from processors.quality.checks import BIT
from processors.windows.calendar import HOUR as HOURLY
from processors.windows.calendar import QUARTER as QUARTERLY
from processors.windows.calendar import Track
from processors.windows.row_log import REFUSED, RowLog
from tests.logs import HOUR, MINUTE, T0, batch, local_rule, minutes, revision, row

PM10, TSP = JUDGED.index("pm10"), JUDGED.index("tsp")
END = T0 + HOUR
ROLLING = Track(HOUR, 15 * MINUTE)


def meter(*rows: Row, rules: tuple[Rule, ...] = (), orders: Orders | None = None, fail: int = 0) -> Meter:
    """Of two devices; `fail` of the first reading's PM10 is set."""
    plan, log = Plan.of(revision(["d1", "d2"], rules)), RowLog(NEVER)
    if rows:
        columns = intake(batch(*rows), 0, len(rows), plan).columns
        columns.fail = columns.fail.copy()
        columns.fail[PM10, 0] = fail
        log.append(columns)
    return Meter(plan, log, Hours(), orders or Orders())


def covered(one: Meter, admits: Admission = PLAIN, only: list[int] | None = None) -> dict[int, int]:
    """{row: covered slots of PM10} of the hour."""
    measured, _ = one.measure(HOURLY, T0, END, None if only is None else np.array(only, np.int32))
    means = measured[admits][PM10]
    return dict(zip(means.row.tolist(), means.covered.tolist(), strict=True))


TWO = [*minutes(T0, END, 50.0), *minutes(T0, T0 + HOUR // 2, 70.0, "d2")]


def test_a_window_has_the_means_of_all_devices_or_of_those_that_are_asked_for():
    one = meter(*TWO)
    assert covered(one) == {0: 60, 1: 30}
    assert covered(one, only=[1]) == {1: 30}
    _, spoke = meter(row(T0, pm10=None, tsp=5.0, device="d2"), row(END, 5.0)).measure(HOURLY, T0, END)
    assert spoke.tolist() == [False, True]


def test_each_admission_leaves_out_what_it_refuses():
    ceiling = int(BIT["ceiling"])
    rules = (local_rule(refuses=[], refuses_suspect=[]), local_rule(id="strict", refuses=["ceiling"]))
    one = meter(*TWO, rules=rules, fail=ceiling)
    open_, strict = (rule.admits for rule in one.plan.rules)
    assert covered(one, open_) == {0: 60, 1: 30}
    assert covered(one, strict) == {0: 59, 1: 30}
    assert set(one.measure(HOURLY, T0, END)[0]) == {PLAIN, open_, strict}
    assert set(one.measure(ROLLING, T0, END)[0]) == set()
    quarter = one.measure(QUARTERLY, T0, T0 + 15 * MINUTE)[0]
    assert set(quarter) == {PLAIN, open_, strict}  # what is foretold is summed by quarters
    silent = (local_rule(refuses=[], refuses_suspect=[], outlook=False),)
    assert set(meter(*TWO, rules=silent).measure(QUARTERLY, T0, T0 + 15 * MINUTE)[0]) == {PLAIN}


def test_hours_are_measured_for_the_long_windows_that_are_made_of_them():
    long = local_rule(window=28_800, alignment="rolling", refuses=[], refuses_suspect=[])
    one = meter(*TWO, rules=(long,))
    admits = one.plan.rules[0].admits
    measured, _ = one.measure(HOURLY, T0, END)
    assert set(measured) == {PLAIN, admits}
    one.keep_hour(T0, measured)
    made, spoke = one.measure(Track(8 * HOUR, HOUR), END - 8 * HOUR, END)
    assert (made[admits][PM10].row.tolist(), spoke.tolist()) == ([0, 1], [True, True])
    assert made[admits][PM10].covered.tolist() == [1, 0]  # half an hour is none
    only, _ = one.measure(Track(8 * HOUR, HOUR), END - 8 * HOUR, END, np.array([1], np.int32))
    assert only[admits][PM10].row.tolist() == [1]


def test_what_was_measured_under_maintenance_enters_no_mean():
    orders = Orders()
    orders.add(Signal("m", T0, "s1", "maintenance", None, T0 + 10 * MINUTE, T0 + 20 * MINUTE, "d1"))
    one = meter(*TWO, row(T0 + 9 * MINUTE + 1, tsp=5.0, period=MINUTE), orders=orders)
    assert covered(one) == {0: 50, 1: 30}
    held = one.held(T0, END)
    during = (held.row == 0) & (held.values[PM10] == REFUSED)
    assert sorted((held.time[during] - T0).tolist()) == [n * MINUTE for n in range(10, 20)]
    mean = held.time == T0 + 9 * MINUTE + 1  # a mean that reaches into it
    assert (held.values[TSP, mean].tolist(), held.values[PM10, mean].tolist()) == ([REFUSED], [ABSENT])
    assert (one.log.within(T0, END).values[PM10] != REFUSED).all()  # the log keeps what was sent


def published(one: Meter, track: Track, start: int, revisions: dict[int, int] | None = None):
    measured, _ = one.measure(track, start, start + track.window)
    made = one.intervals(track, start, start + track.window, measured, revisions)
    return [(i.device, i.pollutant, i.statistic, i.revision) for group in made for i in group.records()]


def test_of_a_clock_hour_every_pollutant_is_published_and_what_rules_ask_for_besides():
    one = meter(*TWO, row(T0, tsp=5.0), rules=(local_rule(statistic="max"), local_rule(id="b", window=300)))
    assert sorted(published(one, HOURLY, T0)) == [
        ("d1", "pm10", "max", 1), ("d1", "pm10", "mean", 1), ("d1", "tsp", "mean", 1),
        ("d2", "pm10", "max", 1), ("d2", "pm10", "mean", 1),
    ]  # fmt: skip
    assert published(one, HOURLY, T0, {0: 3, 1: 1})[0][3] == 3


def test_of_a_rolling_hour_only_what_is_asked_for_and_not_again_what_the_clock_hour_says():
    rolling = {"alignment": "rolling", "step": 900}
    rules = (local_rule(**rolling), local_rule(id="b", statistic="max", **rolling))
    one = meter(*minutes(T0, END + HOUR, 50.0), rules=rules)
    assert published(one, ROLLING, T0) == [("d1", "pm10", "max", 1)]
    assert sorted(published(one, ROLLING, T0 + 15 * MINUTE)) == [
        ("d1", "pm10", "max", 1), ("d1", "pm10", "mean", 1),
    ]  # fmt: skip
    alone = meter(rules=(local_rule(window=28_800, alignment="rolling"),))
    long = Track(8 * HOUR, HOUR)
    assert published(alone, long, T0) == []


def test_revisions_are_those_of_the_rows():
    assert numbers_of(np.array([2, 0], np.int32), {0: 5, 2: 7, 9: 1}).tolist() == [7, 5]
