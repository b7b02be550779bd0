"""The table of decisions on breaches: of every situation one row, every row is met, the document shows it."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from processors.breaches import Breaches, InARow, VerdictInContext, decide
from processors.breaches.decisions import NEWS, OPENED, PLACES, STEPS, TABLE, Situation, diagram, table
from processors.plan.rules import Rule
from processors.records.verdicts import ANSWERS, Verdict
from tests.logs import HOUR, T0, local_rule

BOTH = (False, True)
FOUND_LATE = T0 + 99 * HOUR
RULE = local_rule(severity=[{"above": 200, "level": "violation"}])
E, C, U = "exceeds", "compliant", "undetermined"

# reason -> verdicts, the last of which meets it; (hour, answer, more that is known of it)
Log = list[tuple[int, str, dict[str, Any]]]
OPEN: Log = [(0, E, {})]
CLOSED: Log = [(0, E, {}), (1, C, {})]
TAKEN_BACK: Log = [(0, E, {}), (0, C, {"previous": E})]
LOGS: dict[str, Log] = {
    "kind_opens_nothing": [(0, E, {"kind": "day"})],
    "opening_taken_back": TAKEN_BACK,
    "opening_held_by_others": [*OPEN, (1, E, {}), (0, C, {"previous": E})],
    "opening_judged_anew": [*OPEN, (0, E, {"previous": E, "value": 120.0})],
    "closed_opening_not_exceeding": [*CLOSED, (0, U, {"previous": E})],
    "closed_opening_judged_anew": [*CLOSED, (0, E, {"previous": E, "value": 120.0})],
    "opening_exceeds_again": [*TAKEN_BACK, (0, E, {"previous": C})],
    "opening_exceeds_again_and_is_over": [*TAKEN_BACK, (1, C, {}), (0, E, {"previous": C, "later": 1})],
    "undetermined_closes_nothing": [*OPEN, (1, U, {})],
    "nothing_open": [(0, C, {})],
    "exceeds_later": [*OPEN, (2, E, {}), (1, C, {"previous": U})],
    "not_clear_enough": [*OPEN, (1, C, {"clears": False})],
    "last_taken_back": [*OPEN, (1, E, {}), (1, C, {"previous": E})],
    "compliant_again": CLOSED,
    "never_joined": [*OPEN, (5, C, {"previous": E})],
    "level_rises": [*OPEN, (1, E, {"value": 250.0})],
    "told_at_last": [(0, E, {"decided_at": FOUND_LATE}), (1, E, {})],
    "goes_on": [*OPEN, (1, E, {})],
    "found_before_beginning": [(2, E, {}), (0, E, {"previous": U})],
    "said_before_beginning": [(2, E, {}), (0, E, {"previous": E})],
    "exceeded_already": [(0, E, {"previous": E})],
    "run_too_short": [(0, E, {"enough": False})],
    "not_over_after_all": [*CLOSED, (1, E, {"previous": C})],
    "inside_closed_episode": [*OPEN, (3, C, {}), (2, E, {"later": 3})],
    "episode_begins": OPEN,
    "begins_and_is_over": [(0, E, {"later": 1})],
    "over_before_open_one": [(5, E, {}), (0, E, {"later": 1})],
}
EVENTS = {
    "open": "opened", "reopen": "opened", "resume": "opened", "open_apart": "opened",
    "amend": "amended", "raise": "amended", "tell": "amended", "close": "closed", "close_by_later": "closed",
}  # fmt: skip


def _verdict(
    hour: int, answer: str, value: float = 150.0, kind: str = "interval", at: int | None = None
) -> Verdict:
    start = T0 + hour * HOUR
    return Verdict(
        id=f"v{hour}", kind=kind, site="s1", point="d1", rule=RULE.id, rule_revision=RULE.revision, title=RULE.titles,
        clause="1", citation="test", status="read", pollutant="pm10", unit="ug/m3", start=start, end=start + HOUR,
        answer=answer, reasons=(), value=value, background=None, subtracted=None, background_ids=(), limit=100.0,
        capture=0.9, interval=None, revision=1, configuration="c1", decided_at=start + HOUR if at is None else at,
    )  # fmt: skip


def _context(hour: int, answer: str, more: dict[str, Any], rule: Rule) -> VerdictInContext:
    verdict = _verdict(
        hour, answer, more.get("value", 150.0), more.get("kind", "interval"), more.get("decided_at")
    )
    later = _verdict(more["later"], C, 50.0) if "later" in more else None
    in_a_row = InARow(None, more.get("enough", True), more.get("clears", True))
    return VerdictInContext(verdict, rule, more.get("previous"), later, in_a_row)


def test_of_every_situation_exactly_one_row_holds():
    fields = (BOTH, ANSWERS, (None, *ANSWERS), PLACES, OPENED, NEWS, BOTH, BOTH, BOTH, BOTH)
    assert len(fields) == len(Situation._fields)
    met = set()
    for values in product(*fields):
        situation = Situation(*values)
        rows = [row.reason for row in TABLE if row.holds(situation)]
        assert len(rows) == 1, (situation, rows)
        met.update(rows)
    assert met == {row.reason for row in TABLE}


@pytest.mark.parametrize("reason", LOGS)
def test_every_reason_is_met_by_a_log_of_verdicts_and_its_steps_are_its_events(reason: str):
    rule = RULE.model_copy(update={"opens": ["interval"]})
    breaches = Breaches()
    *before, last = [_context(*one, rule) for one in LOGS[reason]]
    for one in before:
        breaches.judged(one)
    row = decide(breaches.situation_of(last)[0])
    assert row.reason == reason
    assert [event.event for event in breaches.judged(last)] == [
        EVENTS[step] for step in row.steps if step in EVENTS
    ]


def test_the_logs_meet_all_reasons_and_the_rows_use_all_steps():
    assert list(LOGS) == [row.reason for row in TABLE]
    assert {step for row in TABLE for step in row.steps} == set(STEPS) == {*EVENTS, "extend"}


def test_what_no_row_knows_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="0 rows of the table"):
        decide(Situation(True, "perhaps"))


def test_undetermined_never_ends_an_episode():
    ends = [row for row in TABLE if "close" in row.steps]
    assert all(row.when["answer"] == (C,) for row in ends)


def test_the_document_shows_the_table():
    document = Path(__file__).parents[3] / "deploy" / "docs" / "breaches.md"
    text = document.read_text(encoding="utf-8")
    assert diagram() in text
    assert table() in text
