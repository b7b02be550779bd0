"""A late reading in an hour from which a background is subtracted: judged anew by the one that was applied."""

from __future__ import annotations

from typing import Any

import pytest

from processors.records.verdicts import Verdict
from tests.logs import (
    HEBEI,
    HEBEI_RULE,
    HOUR,
    MINUTE,
    T0,
    Run,
    background,
    minutes,
    revision,
    row,
    rules_of,
    ticking,
)

END = T0 + HOUR
ON_TIME = minutes(T0, T0 + 50 * MINUTE, 200)


def _hours(late: int, *others: Any) -> list[Verdict]:
    """Verdicts of the hour whose last ten minutes came `late` minutes after its end."""
    came = END + late * MINUTE
    rows = [row(END - n * MINUTE, 80, received=came) for n in range(1, 11)]
    log = ticking([*ON_TIME, *rows], END + 100 * MINUTE, others=others)
    run = Run(revision(rules=rules_of(HEBEI)), *log)
    return [v for v in run.verdicts if (v.rule, v.kind, v.start) == (HEBEI_RULE, "interval", T0)]


def test_the_background_that_was_applied_is_applied_again():
    first, second = _hours(30, background(T0, 50, END + 3 * MINUTE))
    assert (first.answer, first.value, first.background, first.revision) == ("exceeds", 200.0, 50.0, 1)
    assert (second.answer, second.value, second.background, second.revision) == ("exceeds", 180.0, 50.0, 2)
    assert second.reasons == ()
    assert second.decided_at == END + 31 * MINUTE


def test_an_hour_that_still_waits_for_its_background_has_one_verdict_of_all_its_readings():
    (only,) = _hours(20, background(T0, 101, END + 40 * MINUTE))
    assert (only.answer, only.value, only.background, only.revision) == ("compliant", 180.0, 101.0, 1)


@pytest.mark.parametrize("late", [70, 90])
def test_an_hour_without_its_background_stays_undetermined_with_its_new_value(late: int):
    first, second = _hours(late)
    assert (first.answer, first.reasons, first.value, first.revision) == (
        "undetermined",
        ("no_background",),
        200.0,
        1,
    )
    assert (second.answer, second.reasons, second.value) == ("undetermined", ("no_background",), 180.0)
    assert (second.background, second.revision) == (None, 2)
