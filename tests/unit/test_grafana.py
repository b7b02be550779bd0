"""The dashboard as a file: generated, whole, and without loose ends."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from deploy.grafana import panels
from deploy.grafana.dashboard import TARGET, dashboard, text
from processors.history.measurements import MEASUREMENTS

PROVISIONING = Path(panels.__file__).parent / "provisioning"
DASHBOARD = dashboard()
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
TARGETS = [target for panel in PANELS for target in panel.get("targets", ())]
BUILT_IN = {"timeFilter", "__interval", "tag_site", "tag_device", "tag_rule", "tag_period"}


def test_the_committed_file_is_what_the_code_generates() -> None:
    assert TARGET.read_text(encoding="utf-8") == text(), "run: python -m deploy.grafana.dashboard"


def test_ids_of_panels_are_unique_and_references_of_queries_are_unique_in_a_panel() -> None:
    ids = [panel["id"] for panel in PANELS]
    assert len(set(ids)) == len(ids)
    for panel in PANELS:
        refs = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(refs)) == len(refs)


def test_panels_lie_within_the_grid_and_do_not_overlap() -> None:
    places = [panel["gridPos"] for panel in PANELS]
    assert all(p["x"] >= 0 and p["x"] + p["w"] <= panels.WIDTH for p in places)
    for a, b in combinations(places, 2):
        apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        assert apart or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"], (a, b)


def test_every_panel_and_query_asks_the_provisioned_data_source() -> None:
    (source,) = yaml.safe_load((PROVISIONING / "datasources" / "influxdb.yaml").read_text())["datasources"]
    asked = [panel["datasource"] for panel in PANELS if panel["type"] != "row"]
    asked += [target["datasource"] for target in TARGETS]
    asked += [v["datasource"] for v in DASHBOARD["templating"]["list"] if v["type"] == "query"]
    assert {(one["type"], one["uid"]) for one in asked} == {(source["type"], source["uid"])}


def test_every_variable_that_is_used_is_defined() -> None:
    defined = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD)))
    assert used - BUILT_IN == defined


def test_queries_name_only_measurements_tags_and_fields_of_our_own() -> None:
    words = {"SELECT", "FROM", "WHERE", "AND", "AS", "GROUP", "BY", "ORDER", "LIMIT", "DESC", "time", "fill"}
    words |= {"null", "none", "last", "max", "mean", "count", "1h", "0", "200", *MEASUREMENTS}
    names = {name for spec in MEASUREMENTS.values() for name in (*spec.tags, *spec.fields)}
    for target in TARGETS:
        query = re.sub(r"'[^']*'|\$\w+", "", target["query"])
        aliases = set(re.findall(r"AS \"?(\w+)", query))
        assert set(re.findall(r"\w+", query)) <= words | names | aliases, query


def test_the_token_is_never_in_a_file() -> None:
    (source,) = yaml.safe_load((PROVISIONING / "datasources" / "influxdb.yaml").read_text())["datasources"]
    assert source["secureJsonData"]["httpHeaderValue1"] == "Token ${DUSTWATCH_INFLUX_TOKEN}"
