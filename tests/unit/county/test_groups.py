"""The names of consumer groups carry the county, in letters that Kafka takes, the same at every start."""

from __future__ import annotations

import re

import pytest

from deploy.county.groups import county_slug, groups_of
from processors.stream.snapshots import state_of


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("示范县", ""),
        ("Example County", "example-county-"),
        ("St. Johann im Pongau (Land Salzburg)", "st-johann-im-pongau-land-"),
    ],
)
def test_a_county_has_a_name_that_kafka_takes_for_a_group_and_an_instance(name: str, slug: str) -> None:
    found = county_slug(name)
    assert found == county_slug(name)
    assert re.fullmatch(r"[a-z0-9-]{8,33}", found)
    if slug.endswith("-"):
        assert found.startswith(slug)


def test_names_that_look_alike_to_kafka_are_told_apart_and_ways_to_write_one_name_are_not() -> None:
    assert len({county_slug(name) for name in ("示范县", "示范区", "Ex ample", "Ex-ample", "example")}) == 5
    assert county_slug("Zürich") == county_slug("Zu\u0308rich")


def test_the_newest_county_of_the_log_counts_and_those_before_are_gone_on_from() -> None:
    groups = groups_of("dustwatch", ["A", "B", "B", "A", "C"])
    a, b, c = (f"dustwatch-{county_slug(name)}" for name in "ABC")
    assert (groups.application, groups.former) == (c, (a, b, "dustwatch"))
    assert groups.of("detect")[0] == f"{c}-detect"


def test_without_a_configuration_in_the_log_the_groups_are_those_of_versions_before() -> None:
    groups = groups_of("dustwatch", [])
    assert groups.of("detect") == ("dustwatch-detect",)
    assert state_of("detect", groups.of("detect")[0]) == "detect"
