"""What comes beside the values of a reading, as suspicion takes it in."""

from __future__ import annotations

import numpy as np

from processors.fold.suspicion import Suspicions
from processors.measuring.intake import intake
from processors.plan.plan import Plan
from tests.logs import T0, batch, revision, row


def test_what_comes_beside_a_value_is_added_to_the_sums_of_its_hour():
    plan = Plan.of(revision())
    sent = batch(row(T0, 80)._replace(beside={"pm10_count": 5000}), row(T0 + 1, 90))
    held = Suspicions(1)
    held.came(plan, sent, intake(sent, 0, 2, plan), np.zeros(0, np.intp), T0)
    assert held.hour_sums.take(T0) is not None
