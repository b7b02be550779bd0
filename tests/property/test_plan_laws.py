"""The plan at any zoom, of any layout: every site is on it once, marks stay apart, and no two labels meet."""

from __future__ import annotations

import math
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from alerts.web.plan import SitePlace, SitePlan, draw_plan
from alerts.web.plan_marks import APART, ZOOMS, Box, PlanWindow, gathered, in_window, named

NAMES = st.text("一工地锦绣家园WMil8 -", min_size=1, max_size=30)
LOCATIONS = st.lists(st.tuples(st.floats(39.6, 40.2), st.floats(116.0, 116.8)), min_size=1, max_size=60)
NEAR = st.lists(st.tuples(st.floats(39.90, 39.91), st.floats(116.40, 116.41)), min_size=1, max_size=60)


def drawn(locations: list[tuple[float, float]], name: str) -> tuple[SitePlan, dict[str, str]]:
    """A plan of sites at these places, and the names on it."""
    places = [SitePlace(f"s{i}", f"{i}{name}", f"town-{i % 4}", at) for i, at in enumerate(locations)]
    names = {**{one.id: one.name for one in places}, **{f"town-{i}": f"{i} 号镇" for i in range(4)}}
    return draw_plan(places), names


def around(x: float, y: float, half: float) -> Box:
    return Box(x - half, y - half, x + half, y + half)


@given(LOCATIONS | NEAR, NAMES, st.sampled_from(ZOOMS), st.floats(0, 1000), st.floats(0, 900))
def test_no_two_labels_meet_nor_a_label_and_the_mark_of_another(
    locations: list[tuple[float, float]], name: str, zoom: int, x: float, y: float
) -> None:
    plan, names = drawn(locations, name)
    shown = named(plan, PlanWindow.around(plan, zoom, x, y), gathered(plan, plan.places, zoom), names, {})
    boxes = [one.label.box for one in shown.marks if one.label] + [label.box for _, label in shown.towns]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].meets(pair[1])]
    for box in boxes:
        assert box.left >= 0
        assert box.top >= 0
        assert box.right <= plan.width
        assert box.bottom <= plan.height
    for one in shown.marks:
        other = [label.label.box for label in shown.marks if label.label and label is not one]
        assert not [box for box in other if box.meets(around(one.x, one.y, 27))]


@given(LOCATIONS | NEAR, st.sampled_from(ZOOMS))
def test_every_site_is_in_one_mark_and_marks_stay_apart(
    locations: list[tuple[float, float]], zoom: int
) -> None:
    plan, _ = drawn(locations, "工地")
    marks = gathered(plan, plan.places, zoom)
    assert sorted(id for one in marks for id in one.sites) == sorted(plan.places)
    for one, other in combinations(marks, 2):
        assert math.dist((one.x, one.y), (other.x, other.y)) * zoom >= APART - 1e-6


@given(LOCATIONS | NEAR)
def test_a_mark_of_several_is_parted_by_the_zoom_that_it_leads_to_unless_they_stand_at_one_place(
    locations: list[tuple[float, float]],
) -> None:
    plan, _ = drawn(locations, "工地")
    for mark in gathered(plan, plan.places, 1):
        if mark.closer == ZOOMS[-1] or not mark.sites[1:]:
            continue
        closer = gathered(plan, mark.sites, mark.closer)
        assert len(closer) > 1


@given(LOCATIONS, st.sampled_from(ZOOMS), st.floats(-500, 1500), st.floats(-500, 1500))
def test_any_window_lies_within_the_plan_and_the_whole_plan_shows_every_site(
    locations: list[tuple[float, float]], zoom: int, x: float, y: float
) -> None:
    plan, _ = drawn(locations, "工地")
    window = PlanWindow.around(plan, zoom, x, y)
    assert plan.width / zoom / 2 <= window.x <= plan.width - plan.width / zoom / 2
    assert in_window(plan, PlanWindow.around(plan, 1, x, y), plan.places) == set(plan.places)
