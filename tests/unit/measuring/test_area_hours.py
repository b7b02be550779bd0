"""Hours of an area are found anew where a record of them or of the hour before came, changed or was forgotten."""

from __future__ import annotations

import random

from ingest.records import Background
from processors.measuring.regional_episodes import AreaHours
from processors.measuring.stations import Backgrounds
from processors.plan import Area
from tests.logs import HOUR, T0
from tests.parts import until

AREAS = (Area("county", ("S1", "S2"), 1), Area("town", ("S2",), 1))


def test_hours_that_are_remembered_are_those_that_are_found_anew() -> None:
    rng = random.Random(5)
    known, remembered = Backgrounds(), AreaHours()
    for turn in range(400):
        start = T0 + (turn // 10 + rng.randrange(4)) * HOUR
        values = {"pm10": rng.randrange(20, 200) * 1000} if rng.random() < 0.8 else {"tsp": 1000}
        known.add(Background(f"b{turn}", start, rng.choice(["S1", "S2"]), start, start + HOUR, values))
        if rng.random() < 0.1:
            known.forget(until(T0 + (turn // 10 - 6) * HOUR))
        for area in AREAS:
            assert remembered.known(known, area) == AreaHours().known(known, area)
    assert len(remembered.known(known, AREAS[0])) > 3


def test_an_area_of_another_plan_is_looked_at_anew() -> None:
    known, remembered = Backgrounds(), AreaHours()
    known.add(Background("b", T0, "S1", T0, T0 + HOUR, {"pm10": 5000}))
    assert len(remembered.known(known, AREAS[0])) == 1
    assert remembered.known(known, Area("county", ("S1", "S2"), 2)) == []
