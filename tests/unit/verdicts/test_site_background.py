"""Background from another monitor of the site: which monitor counts, and its mean."""

from __future__ import annotations

import numpy as np
import pytest

from processors.plan.plan import Plan
from processors.records.reasons import NO_BACKGROUND
from processors.verdicts.answers import Answers, RuleInterval
from processors.verdicts.site_background import means_at, sources_of
from tests.logs import HOUR, T0, local_rule, revision

ROWS = np.array([0, 1], np.int32)


def _answers(total: int, covered: int, source: int | None) -> Answers:
    """Of d0, whose background is that of d1, which has this total and these slots."""
    none = np.zeros(2, np.int16)
    made = Answers(
        T0 + HOUR, np.zeros(2, np.int8), none, none, np.array([0, total], np.int64),
        np.array([0, covered], np.int32), none,
    )  # fmt: skip
    if source is not None:
        made.source = np.array([source, -1], np.int32)
    return made


def test_a_mean_of_a_source_is_whole_rounded_half_up_and_none_is_zero():
    found = means_at(_answers(7, 2, 1), ROWS)
    assert found.tolist() == [4, 0]
    assert found.dtype == np.int64
    assert means_at(_answers(10, 3, 1), ROWS).tolist() == [3, 0]
    assert means_at(_answers(7, 2, None), ROWS).tolist() == [0, 0]


@pytest.mark.parametrize(("covered", "source"), [(44, -1), (45, 1), (60, 1)])
def test_a_reference_monitor_counts_from_the_least_capture_on(covered: int, source: int):
    rule = local_rule(background={"kind": "reference_device"}, least_capture=0.75)
    plan = Plan.of(revision(["d0", {"id": "d1", "role": "reference"}], [rule]))
    answers = _answers(100 * covered, covered, None)
    bits = sources_of(RuleInterval(plan.rules[0], T0, answers), plan, None)
    assert answers.source is not None
    assert answers.source[0] == source
    assert bits[0] == (0 if source == 1 else NO_BACKGROUND)
