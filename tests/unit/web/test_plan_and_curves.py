"""The plan's geometry and the curve's data."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alerts.web.curves import line, main_verdicts, series, thin, with_gaps
from alerts.web.plan import SitePlace, draw_plan
from tests.fakes.desk import HOUR, MINUTE, NOW, example_register

SITES = list(example_register().sites.values())
PLACES = [SitePlace(s.id, s.name, s.township, (s.location[0], s.location[1])) for s in SITES]


def test_distances_on_the_plan_are_those_on_the_ground() -> None:
    plan = draw_plan(PLACES)
    km, units = plan.scale()
    unit = units / km
    a, b = plan.places["site-06"], plan.places["site-08"]
    north = (39.9342 - 39.8689) * 111.32
    east = (116.3926 - 116.4053) * 111.32 * math.cos(math.radians(39.9))
    assert math.isclose(math.dist(a, b) / unit, math.hypot(north, east), rel_tol=0.005)
    assert b[1] < a[1]  # north is up


def test_every_site_stands_inside_the_frame_and_every_township_has_an_area() -> None:
    plan = draw_plan(PLACES)
    assert all(0 < x < plan.width and 0 < y < plan.height for x, y in plan.places.values())
    assert {area.id for area in plan.areas} == {place.area for place in PLACES}


@given(st.lists(st.tuples(st.floats(-80, 80), st.floats(-170, 170)), max_size=12))
def test_any_places_can_be_drawn(locations: list[tuple[float, float]]) -> None:
    places = [SitePlace(str(i), f"工地{i}", str(i % 3), location) for i, location in enumerate(locations)]
    plan = draw_plan(places)
    assert len(plan.places) == len(places)
    assert all(math.isfinite(x) and math.isfinite(y) for x, y in plan.places.values())


def test_two_sites_at_one_place_and_a_single_site_are_drawn() -> None:
    same = [SitePlace("a", "甲", "t", (39.9, 116.4)), SitePlace("b", "乙", "u", (39.9, 116.4))]
    assert set(draw_plan(same).places) == {"a", "b"}
    assert draw_plan(same[:1]).scale()[1] > 0
    assert draw_plan([]).places == {}


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=400))
def test_thinning_keeps_the_peak_and_the_dip(values: list[float]) -> None:
    points = [(i, v) for i, v in enumerate(values)]
    kept = thin(points, 50)
    assert len(kept) <= 52
    assert max(v for _, v in kept) == max(values)
    assert min(v for _, v in kept) == min(values)
    assert kept == sorted(kept)


def test_a_hole_in_the_readings_is_a_hole_in_the_line() -> None:
    points = [(0, 1.0), (MINUTE, 2.0), (10 * MINUTE, 3.0)]
    assert with_gaps(points, MINUTE) == [(0, 1.0), (MINUTE, 2.0), (MINUTE + 1, None), (10 * MINUTE, 3.0)]


def verdict(**more: Any) -> dict[str, Any]:
    base = {
        "device": "d", "pollutant": "pm10", "kind": "interval", "rule": "hour", "start": NOW, "end": NOW + HOUR,
        "answer": "compliant", "reasons": [], "value": 100.0, "background": 170.0, "subtracted": 150.0, "limit": 80.0,
        "revision": 1,
    }  # fmt: skip
    return {**base, **more}


def test_the_line_that_counts_stands_above_what_is_subtracted_not_above_the_whole_background() -> None:
    assert line(verdict()) == 230.0
    assert line(verdict(background=None, subtracted=None, limit=150.0)) == 150.0
    assert line(verdict(background=None, subtracted=None, reasons=["no_background"])) is None


def test_the_curve_shows_the_hour_rule_with_background_and_the_newest_revision() -> None:
    found = main_verdicts(
        [
            verdict(rule="short", end=NOW + HOUR // 4),
            verdict(rule="plain", background=None),
            verdict(revision=1, value=1.0),
            verdict(revision=2, value=2.0),
            verdict(kind="day", rule="day"),
            verdict(device="other"),
        ],
        "d",
        "pm10",
    )
    assert [(v["rule"], v["value"]) for v in found] == [("hour", 2.0)]


def test_of_two_rules_alike_the_one_with_the_lower_limit_is_drawn() -> None:
    rules = [
        verdict(rule="upper", background=None, limit=2000.0),
        verdict(rule="a-lower", background=None, limit=1000.0),
    ]
    assert [v["rule"] for v in main_verdicts(rules, "d", "pm10")] == ["a-lower"]


def test_a_series_holds_means_of_the_window_that_is_judged() -> None:
    intervals = [
        {"device": "d", "start": NOW, "end": NOW + HOUR, "value": 100.0, "capture": 1.0, "revision": 1},
        {"device": "d", "start": NOW, "end": NOW + HOUR // 4, "value": 90.0, "capture": 1.0, "revision": 1},
    ]
    points = [(NOW + i * MINUTE, float(i)) for i in range(3)]
    got = series(points, intervals, [verdict()], device="d", quantity="pm10", interval_ms=MINUTE)
    assert got["means"] == [[NOW, NOW + HOUR, 100.0, 1.0, False]]
    assert got["threshold"] == [[NOW, NOW + HOUR, 230.0]]
    assert (got["readings"], got["thinned"], got["limit"]) == (points, False, 80.0)
    open_hour = verdict(answer="undetermined")
    got = series(points, intervals, [open_hour], device="d", quantity="pm10", interval_ms=MINUTE)
    assert got["means"] == [[NOW, NOW + HOUR, 100.0, 1.0, True]]  # drawn as another line
