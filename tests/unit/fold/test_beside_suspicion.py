"""What comes beside the readings, as suspicion takes it in."""

from __future__ import annotations

import numpy as np

from processors.fold.suspicion import Suspicions, _background
from processors.measuring.intake import intake
from processors.measuring.stations import Backgrounds
from processors.plan.plan import Plan
from tests.logs import HOUR, T0, background, batch, revision, row


def test_what_comes_beside_a_value_is_added_to_the_sums_of_its_hour():
    plan = Plan.of(revision())
    sent = batch(row(T0, 80)._replace(beside={"pm10_count": 5000}), row(T0 + 1, 90))
    held = Suspicions(1)
    held.came(plan, sent, intake(sent, 0, 2, plan), np.zeros(0, np.intp), T0)
    assert held.hour_sums.take(T0) is not None


def test_the_background_of_an_hour_is_that_of_the_device_s_area_and_unknown_where_none_came():
    plan, held = Plan.of(revision(["d1", "d2"])), Backgrounds()
    held.add(background(T0, 42.5, T0 + HOUR))
    assert _background(plan, held, T0).tolist() == [42.5, 42.5]
    assert np.isnan(_background(plan, held, T0 + HOUR)).all()
