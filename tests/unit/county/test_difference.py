"""What a configuration changes: field by field, in a stable order."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.county.compile import revision_of_folder
from deploy.county.difference import difference, summary

EXAMPLE = Path(__file__).parents[3] / "deploy" / "example"


@pytest.fixture
def body() -> dict[str, Any]:
    return deepcopy(revision_of_folder(EXAMPLE, received_at=0).body)


def words(before: dict[str, Any] | None, after: dict[str, Any]) -> list[str]:
    return [change.words() for change in difference(before, after)]


def test_the_same_configuration_has_no_difference(body: dict[str, Any]) -> None:
    assert difference(body, deepcopy(body)) == []
    assert summary([]) == "no difference"


def test_every_field_of_a_rule_is_named_with_both_values(body: dict[str, Any]) -> None:
    after = deepcopy(body)
    rule = next(rule for rule in after["rules"] if rule["background"])
    rule["limit"], rule["window"], rule["background"]["cap"] = 60.0, 900, 120.5
    rule["zones"] = ["urban"]
    found = words(body, after)
    assert f"~ rule {rule['id']}: limit 80 -> 60" in found
    assert f"~ rule {rule['id']}: window 3600 -> 900" in found
    assert f"~ rule {rule['id']}: background.cap 150 -> 120.5" in found
    assert any(line.startswith(f"~ rule {rule['id']}: zones") for line in found)
    assert summary(difference(body, after)) == "1 rule changed"


def test_what_comes_and_goes_is_named_with_its_title(body: dict[str, Any]) -> None:
    after = deepcopy(body)
    gone = after["devices"].pop(0)
    moved = after["devices"][0]
    before_site = moved["site"]
    moved["site"] = "site-99"
    after["sites"].append({**after["sites"][0], "id": "site-99", "name": "新工地"})
    assert words(body, after) == [
        "+ site site-99 (新工地)",
        f"- device {gone['id']} (at {gone['site']})",
        f"~ device {moved['id']}: site {before_site} -> site-99",
    ]


def test_areas_of_the_background_are_told_apart_by_their_name(body: dict[str, Any]) -> None:
    after = deepcopy(body)
    after["county"]["background"][0]["min_stations"] = 9
    after["county"]["background"].append({"area": "north", "stations": ["S9"], "min_stations": 1})
    found = words(body, after)
    area = body["county"]["background"][0]["area"]
    assert f"~ county: background[{area}].min_stations" in found[0]
    assert "background[north]" in found[1]


def test_parts_that_only_later_revisions_have_are_compared_too(body: dict[str, Any]) -> None:
    after = {
        **body,
        "quality": {"pm10": {"ceiling": 1000}},
        "departments": [{"id": "housing", "name": "住建局"}],
    }
    assert words(body, after)[-1].startswith("+ department housing")
    again = {**after, "quality": {"pm10": {"ceiling": 900}}}
    assert words(after, again) == ["~ quality: pm10.ceiling 1000 -> 900"]


def test_against_nothing_everything_is_added(body: dict[str, Any]) -> None:
    changes = difference(None, body)
    assert {change.change for change in changes} == {"added"}
    assert {change.id for change in changes if change.what == "device"} == {d["id"] for d in body["devices"]}


_VALUES = st.integers(0, 2) | st.lists(st.integers(0, 2), max_size=2)
_THINGS = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from("abcd"), "x": _VALUES, "y": st.dictionaries(st.sampled_from("pq"), _VALUES)}
    ),
    max_size=4,
    unique_by=lambda thing: thing["id"],
)
_BODIES = st.fixed_dictionaries(
    {"rules": _THINGS, "devices": _THINGS, "county": st.dictionaries(st.sampled_from("uv"), _VALUES)}
)


@given(_BODIES, _BODIES)
def test_there_is_a_difference_exactly_where_bodies_differ_whatever_their_order(
    before: Any, after: Any
) -> None:
    def ordered(body: Any) -> Any:
        return {
            **{key: {thing["id"]: thing for thing in body[key]} for key in ("rules", "devices")},
            "county": body["county"],
        }

    found = difference(before, after)
    assert (found == []) == (ordered(before) == ordered(after))
    shuffled = {**after, "rules": after["rules"][::-1]}
    assert difference(before, shuffled) == found
