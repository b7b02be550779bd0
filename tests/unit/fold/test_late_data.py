"""Readings and backgrounds that come hours or days late: judged, recorded, and nobody is woken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingest.register import load_register
from processors.fold.detector import Detector
from processors.plan.body import compile_revision, make_revision
from processors.plan.plan import Plan
from tests.counties import device, write_county
from tests.logs import (
    HEBEI,
    HOUR,
    MINUTE,
    T0,
    Run,
    background,
    local_rule,
    minutes,
    revision,
    row,
    rules_of,
    ticking,
)

RULE = local_rule(limit=100)


def judged(*rows: Any, until: int, rules: Any = (RULE,), others: Any = (), **more: Any) -> Run:
    return Run(revision([{"id": "d1", **more}], rules), *ticking(rows, T0 + until, others=others))


def first_hour(run: Run, rule: str = "local") -> list[tuple[str, float | None, int]]:
    return [
        (v.answer, v.value, v.revision)
        for v in run.verdicts
        if v.start == T0 and v.rule == rule and v.kind == "interval"
    ]


def late(start: int, end: int, pm10: float, after: int) -> list[Any]:
    return [row(t, pm10, received=T0 + after + t % 977) for t in range(T0 + start, T0 + end, MINUTE)]


def test_a_backlog_of_a_day_later_is_judged_with_what_came_in_time():
    run = judged(
        *minutes(T0, T0 + 15 * MINUTE, 40), *late(15 * MINUTE, HOUR, 200, 25 * HOUR), until=26 * HOUR
    )
    assert first_hour(run) == [("undetermined", 40.0, 1), ("exceeds", 160.0, 2)]
    (opened,) = [b for b in run.breaches if (b.kind, b.event) == ("exceedance", "opened")]
    assert (opened.tell, opened.reasons) == (False, ("late",))
    assert {mark for text in run.marks for mark in text.split(",")} == {"amends"}


def test_pieces_of_a_slot_are_averaged_in_any_order():
    pieces = [row(T0 + n * 10_000, 100 + n, received=T0 + 5 * HOUR + (7 * n) % 5 * HOUR) for n in range(360)]
    run = judged(*pieces, until=11 * HOUR)
    answer, value, _ = first_hour(run)[-1]
    assert answer == "exceeds"
    assert value == pytest.approx(100 + 359 / 2)


def test_what_is_delivered_again_counts_once():
    rows = late(0, HOUR, 200, 5 * HOUR)
    again = [one._replace(received_at=one.received_at + 30 * HOUR) for one in rows]
    run = judged(*rows, *again, until=36 * HOUR)
    assert run.duplicates == 60
    assert first_hour(run) == [("undetermined", None, 1), ("exceeds", 200.0, 2)]


def test_a_conflict_within_a_backlog_is_marked_and_counts_once():
    twice = [row(T0, 900, received=T0 + 5 * HOUR + 1), *late(0, HOUR, 200, 5 * HOUR + 2)]
    run = judged(*twice, until=6 * HOUR)
    assert any("conflict" in text for text in run.marks)
    assert first_hour(run)[-1][1] in (200.0, pytest.approx((59 * 200 + 900) / 60))  # the smaller hash counts


@pytest.mark.parametrize(("late_for", "counts"), [(None, True), (4 * 3600, False), (6 * 3600, True)])
def test_a_device_says_how_late_its_readings_are_judged(late_for: int | None, counts: bool):
    more = {} if late_for is None else {"late_for": late_for}
    run = judged(*late(0, HOUR, 200, 5 * HOUR), until=6 * HOUR, **more)
    assert (first_hour(run)[-1][0] == "exceeds") is counts


def test_the_folder_says_how_late_readings_are_judged(tmp_path: Path):
    listed = [device("dev-1", late_for=7 * 3600), device("dev-2")]
    county = {"name": "示范县", "zone": "Asia/Shanghai", "late_for": 604_800}
    folder = write_county(tmp_path / "county", listed, packs=(), extra={"county.yaml": county})
    plan = Plan.of(make_revision(compile_revision(load_register(folder), []), T0))
    assert plan.late_for.tolist() == [7 * HOUR, 168 * HOUR]
    assert plan.late_most == 168 * HOUR


def test_a_maximum_begun_in_time_stays_and_one_that_was_empty_is_made():
    greatest = local_rule(statistic="max", least_capture=0.1, limit=500)
    begun = judged(
        *minutes(T0, T0 + 30 * MINUTE, 40),
        *late(30 * MINUTE, HOUR, 900, 5 * HOUR),
        until=6 * HOUR,
        rules=[greatest],
    )
    assert first_hour(begun) == [("compliant", 40.0, 1)]
    empty = judged(*late(30 * MINUTE, HOUR, 900, 5 * HOUR), until=6 * HOUR, rules=[greatest])
    assert first_hour(empty)[-1][:2] == ("exceeds", 900.0)


def test_a_background_that_comes_two_days_late_supersedes_and_tells_nobody():
    run = judged(
        *minutes(T0, T0 + HOUR, 200), until=50 * HOUR, rules=rules_of(HEBEI),
        others=[background(T0, 60, T0 + 49 * HOUR)],
    )  # fmt: skip
    assert [one[0] for one in first_hour(run, "hebei-db13-2934-2019-pm10")] == ["undetermined", "exceeds"]
    (opened,) = [b for b in run.breaches if (b.kind, b.event) == ("exceedance", "opened")]
    assert (opened.tell, opened.reasons) == (False, ("late",))


def test_a_day_is_counted_again_by_what_comes_late():
    rule = local_rule(limit=100, allowance=1)
    rows = [*minutes(T0, T0 + 23 * HOUR, 40), *late(23 * HOUR, 26 * HOUR, 900, 60 * HOUR)]
    run = judged(*[one for one in rows if one.time not in range(T0 + 3 * HOUR, T0 + 6 * HOUR)],
                 *late(3 * HOUR, 6 * HOUR, 400, 40 * HOUR), until=61 * HOUR, rules=[rule])  # fmt: skip
    days = [(v.answer, v.value) for v in run.verdicts if v.kind == "day" and v.start == T0 - HOUR]
    assert days[0] == ("undetermined", 0.0)
    assert days[-1] == ("exceeds", 3.0)
    violations = [b for b in run.breaches if b.level == "violation" and b.event == "opened"]
    assert [(b.tell, "late" in b.reasons) for b in violations] == [(False, True)]


def test_late_readings_take_at_most_sixty_bytes_each():
    log = [revision([{"id": f"d{n}"} for n in range(20)], [RULE]), *ticking([], T0 + 8 * HOUR)]
    empty, held = Run(*log), Run(*log)
    backlog = [
        row(T0 + n * MINUTE, 100 + (7 * n + 13 * d) % 91, f"d{d}", received=T0 + 8 * HOUR + 1)
        for n in range(300)
        for d in range(20)
    ]
    held.fold(*ticking(backlog, T0 + 8 * HOUR + MINUTE, start=T0 + 8 * HOUR + 1))
    sizes = [len(part.data) for name, part in held.detector.dump().items() if name.startswith("late_rows")]
    before = [len(part.data) for name, part in empty.detector.dump().items() if name.startswith("late_rows")]
    assert (sum(sizes) - sum(before)) / len(backlog) <= 60
    assert Detector.load(held.detector.dump()).dump() == held.detector.dump()
