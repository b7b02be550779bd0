"""What a silence withholds, what nothing withholds, and when a second person has to approve."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.messages import OpenMatter, TellingSilence, needs_second, silence_over, suppressor_of
from alerts.messages.silencing import COMING, PAST, PRESENT, WAITS, silence_of_mark
from alerts.records import CaseContext
from tests.fakes.alerts import HOUR, NIGHT, breach, planner

DAY = 24 * HOUR
ONE = TellingSilence("s1", "a1", "works", NIGHT, NIGHT, NIGHT + 4 * HOUR, site="site-1")


def told(**changes):
    (change,) = planner().breach(breach(**changes), CaseContext(), NIGHT)
    return next(t for t in change.tellings if t.recipient.line == "site")


@pytest.mark.parametrize(
    ("matches", "covered"),
    [
        ({"site": "site-1"}, True),
        ({"site": "site-2"}, False),
        ({"site": "", "kind": "exceedance"}, True),
        ({"site": "", "kind": "offline"}, False),
        ({"device": "dev-1"}, True),
        ({"device": "dev-2"}, False),
        ({"unit": "site:site-1"}, True),
        ({"unit": "department:housing"}, False),
    ],
)
def test_a_silence_withholds_what_all_that_it_names_is_true_of(matches, covered):
    assert replace(ONE, **matches).covers(told()) == covered


def test_no_silence_and_no_fault_withholds_a_violation_a_matter_from_above_or_the_platforms_alarm():
    warning = told()
    above = replace(warning, template="step", step="reject", facts={**warning.facts, "from_above": True})
    overdue = replace(told(level="violation"), template="step", step="threshold", urgent=False)
    fault = OpenMatter("c-by", "fault", "site-1", "dev-1", "pm10", {})
    for free in (told(level="violation"), above, overdue, replace(warning, kind="system", urgent=True)):
        assert not ONE.covers(free)
        assert suppressor_of(free, [fault]) is None
    assert not ONE.covers(replace(warning, step="recovered")), "who heard of a beginning hears of its end"


def test_a_fault_explains_what_was_found_and_not_what_people_do_with_the_case():
    fault = OpenMatter("c-by", "fault", "site-1", "dev-1", "pm10", {})
    assert suppressor_of(told(), [fault]) == "c-by"
    step = replace(told(), template="step", step="submit")
    assert suppressor_of(step, [fault]) is None
    assert ONE.covers(step)


def test_of_several_silences_the_one_that_lasts_longest_is_named():
    longer = replace(ONE, id="s2", ends_at=NIGHT + DAY)
    assert silence_over(told(), [ONE, longer]) == longer
    assert silence_over(told(), []) is None
    assert silence_of_mark(longer.mark) == "s2"
    assert silence_of_mark("case-1") is None


def test_a_silence_is_coming_then_present_then_ended_and_waits_where_a_second_person_is_needed():
    assert [replace(ONE, begins_at=NIGHT + HOUR).state(NIGHT + n * HOUR) for n in (0, 1, 4)] == [
        COMING, PRESENT, PAST,
    ]  # fmt: skip
    longer = replace(ONE, needs_approval=True)
    assert longer.state(NIGHT) == WAITS
    assert replace(longer, approved_at=NIGHT).state(NIGHT) == PRESENT
    assert replace(ONE, ended_at=NIGHT + HOUR).state(NIGHT + HOUR) == PAST
    assert replace(ONE, ended_at=NIGHT + HOUR).end == NIGHT + HOUR


def test_what_is_longer_than_one_may_do_alone_needs_a_second_and_short_ones_in_a_row_count_together():
    assert not needs_second(replace(ONE, ends_at=NIGHT + DAY), [], DAY)
    assert needs_second(replace(ONE, ends_at=NIGHT + DAY + 1), [], DAY)
    again = replace(ONE, id="s2", begins_at=NIGHT + 4 * HOUR, ends_at=NIGHT + DAY + HOUR)
    assert needs_second(again, [ONE], DAY)
    assert not needs_second(replace(again, site="site-2"), [ONE], DAY), "of another site it is another"
    assert not needs_second(again, [replace(ONE, approved_at=NIGHT)], DAY)
    later = replace(again, begins_at=NIGHT + 30 * HOUR, ends_at=NIGHT + 40 * HOUR)
    assert not needs_second(later, [ONE], DAY), "a day lies between"
