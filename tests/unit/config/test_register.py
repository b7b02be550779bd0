"""The register: defaults, look-up of keys, and places for the problems of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from deploy.county.check import check_folder
from ingest.decoders import FORMATS
from ingest.forms import filter_fault
from ingest.ingest_form import DEFAULT_FILTERS
from ingest.register import (
    County,
    Department,
    Device,
    Register,
    Site,
    load_register,
    read_register,
)
from ingest.register_checks import overlap
from ingest.strict_yaml import ConfigError
from processors.plan.body import compile_revision, make_revision
from processors.plan.plan import Plan
from tests.counties import device, write_county
from tests.unit.config.golden import SMALLEST


def _register(*devices: Device) -> Register:
    site = Site(
        id="s",
        name="工地",
        kind="road",
        stage="paving",
        zone="urban",
        township="t",
        department="d",
        location=(39.9, 116.4),
    )
    departments = [
        Department(id="d", name="局", line="sector"),
        Department(id="t", name="镇", line="territorial"),
    ]
    return Register(
        County(name="县"), {d.id: d for d in departments}, {site.id: site}, {d.id: d for d in devices}
    )


def test_the_smallest_county_of_the_contract_loads() -> None:
    register = load_register(SMALLEST)
    assert register.county.name == "示范县"
    assert [area.stations for area in register.county.background] == [("S001",)]
    assert list(register.departments) == ["housing", "town-east"]
    assert register.sites["site-1"].location == (39.90, 116.40)
    assert register.sites["site-1"].contacts[0].channels[0].kind == "file"
    assert register.devices["dev-1"].interval == 60
    assert register.ingest.filters == DEFAULT_FILTERS
    assert register.warnings == ()


def test_what_a_county_leaves_out_has_a_default() -> None:
    county = County(name="县")
    device = Device(id="a", site="s", format="hj212")
    assert (county.zone, county.language, county.background) == ("Asia/Shanghai", "zh_CN", ())
    assert (device.interval, device.utc_offset, device.role, device.aliases) == (60, None, "boundary", ())


def test_a_device_is_found_by_id_and_by_alias_whatever_the_case() -> None:
    register = _register(
        Device(id="dev-1", site="s", format="qingping", aliases=("582D34001122",)),
        Device(id="dev-2", site="s", format="hj212", aliases=("010000A8900016F000169D01",)),
    )
    assert register.device_of("dev-1") == register.devices["dev-1"]
    assert register.device_of("582d34001122") == register.devices["dev-1"]
    assert register.device_of("010000a8900016f000169d01") == register.devices["dev-2"]
    assert register.device_of("dev-3") is None
    assert [device.id for device in register.devices_at("s")] == ["dev-1", "dev-2"]


@pytest.mark.parametrize(("text", "seconds"), [("+08:00", 28800), ("-03:30", -12600), ("+00:00", 0)])
def test_an_offset_is_told_in_seconds(text: str, seconds: int) -> None:
    assert Device(id="a", site="s", format="hj212", utc_offset=text).utc_offset_s == seconds


def test_a_problem_of_a_site_stands_at_its_place_in_the_file() -> None:
    register = load_register(SMALLEST)
    assert str(register.problem_of("site", "site-1", "nobody")) == "sites.yaml:1:3: [0]: nobody"
    assert str(register.problem_of("department", "town-east", "x")) == "departments.yaml:2:3: [1]: x"
    assert str(_register().problem_of("site", "s", "x")) == "sites.yaml:1:1: [0]: x"


def test_options_of_a_channel_are_kept_for_alerts(tmp_path: Path) -> None:
    department = Department.model_validate(
        {
            "id": "d",
            "name": "局",
            "line": "sector",
            "contacts": [{"name": "人", "channels": [{"kind": "mail", "to": "a@b"}]}],
        }
    )
    channel = department.contacts[0].channels[0]
    assert (channel.kind, dict(channel.options)) == ("mail", {"to": "a@b"})


def test_a_folder_that_is_not_there_is_a_problem_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        load_register(tmp_path / "absent")
    register, problems = read_register(tmp_path)
    assert register is None
    assert sorted({p.file for p in problems}) == [
        "county.yaml",
        "departments.yaml",
        "devices.yaml",
        "sites.yaml",
    ]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        pytest.param("dust/v1/+/readings", True, id="one level open"),
        pytest.param("#", True, id="everything"),
        pytest.param("+", True, id="one level"),
        pytest.param("a//b", True, id="an empty level"),
        pytest.param("hj212/#", True, id="all below"),
        pytest.param("", False, id="empty"),
        pytest.param("a/#/b", False, id="# within"),
        pytest.param("a#", False, id="# at the end of a name"),
        pytest.param("a/b+", False, id="+ at the end of a name"),
        pytest.param("a\x00", False, id="a NUL"),
        pytest.param("$share/g/a", False, id="a shared subscription"),
    ],
)
def test_a_topic_filter_follows_mqtt(text: str, right: bool) -> None:
    assert (filter_fault(text) is None) is right


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        pytest.param("dust/v1/+/readings", "dust/v1/a/readings", True, id="+ and a name"),
        pytest.param("dust/v1/+/readings", "dust/v1/+/status", False, id="another last level"),
        pytest.param("dust/#", "dust/v1/+/readings", True, id="# and +"),
        pytest.param("dust/#", "dust", True, id="# and its own parent"),
        pytest.param("+/x", "y/+", True, id="+ against + elsewhere"),
        pytest.param("a/b", "a", False, id="a longer one"),
        pytest.param("a/+", "a", False, id="+ is one level, not none"),
        pytest.param("airrohr/+", "airgradient/readings/+", False, id="other names, other lengths"),
    ],
)
def test_filters_that_share_a_topic_are_found(one: str, other: str, meet: bool) -> None:
    assert overlap(one.split("/"), other.split("/")) is meet
    assert overlap(other.split("/"), one.split("/")) is meet


def _matches(filter: list[str], topic: list[str]) -> bool:
    if filter == ["#"]:
        return True
    if not filter or not topic:
        return not topic and filter in ([], ["#"])
    return filter[0] in (topic[0], "+") and _matches(filter[1:], topic[1:])


_LEVELS = st.lists(st.sampled_from(["a", "b", "+"]), min_size=1, max_size=4)
_FILTERS = st.tuples(_LEVELS, st.booleans()).map(lambda t: [*t[0], "#"] if t[1] else t[0])


@given(_FILTERS, _FILTERS, st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=5))
def test_two_filters_that_match_one_topic_overlap(one: list[str], other: list[str], topic: list[str]) -> None:
    if _matches(one, topic) and _matches(other, topic):
        assert overlap(one, other)


def test_a_device_speaks_any_format_of_the_table_and_no_other() -> None:
    for name in FORMATS:
        assert Device(id="a", site="s", format=name).format == name
    with pytest.raises(ValidationError, match="json_v1"):
        Device(id="a", site="s", format="json_v2")


def test_the_policy_for_regional_episodes_is_that_of_an_area_and_what_no_source_confirms_is_doubted(
    tmp_path: Path,
) -> None:
    def county(**regional: Any) -> Path:
        area = {"area": "county", "stations": ["S001"], "min_stations": 1, "regional": regional}
        plain = {"name": "示范县", "zone": "Asia/Shanghai", "language": "zh_CN", "background": [area]}
        name = f"c{len(list(tmp_path.iterdir()))}"
        return write_county(tmp_path / name, [device("dev-1")], extra={"county.yaml": plain})

    def doubts(folder: Path) -> list[str]:
        problems, warnings = check_folder(folder)
        assert problems == []
        return [one.message for one in warnings if "confirmed" in one.message]

    own = {"mark": 400, "policy": "hold"}
    (words,) = doubts(county(**own))
    assert "county policy, not confirmed by a source" in words
    assert doubts(county(**own, citation="示范县沙尘应对办法", status="read")) == []
    assert doubts(county()) == []  # the defaults are told by a note of `check`
    with pytest.raises(ConfigError, match="policy"):
        load_register(county(policy="forgive"))
    body = compile_revision(load_register(county(**own)), [])
    assert body["county"]["background"][0]["regional"] == {"mark": 400.0, "policy": "hold"}
    assert "regional" not in compile_revision(load_register(county()), [])["county"]["background"][0]
    (area,) = Plan.of(make_revision(body, 0)).areas
    assert (area.regional.mark, area.regional.policy, area.regional.status) == (
        400 * 10**9,
        "hold",
        "unconfirmed",
    )
