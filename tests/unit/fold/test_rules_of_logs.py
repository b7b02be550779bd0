"""Rules as data: packs, local rules, what is refused and what is only doubtful."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ingest.strict_yaml import ConfigError
from processors.plan.rules import Rule, load_pack, load_rules, pack_names
from tests.logs import HEBEI, INSTANT, SHANGHAI, WUHAN, local_rule


def folder(tmp_path, text):
    (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", pack_names())
def test_each_pack_that_ships_cites_its_source_and_its_mark(name):
    pack = load_pack(name)
    assert pack.pack == name
    for rule in pack.rules:
        assert rule.citation
        assert rule.clause
        assert rule.title.zh
        assert rule.title.en


def test_the_packs_of_the_first_issue_ship():
    assert {HEBEI, WUHAN, SHANGHAI, INSTANT} <= set(pack_names())


def test_rules_are_sorted_and_recalled_limits_are_warned_of(tmp_path):
    rules = load_rules(folder(tmp_path, f"packs: [{WUHAN}, {SHANGHAI}]\nlocal: []\n"))
    assert [r.id for r in rules.rules] == sorted(r.id for r in rules.rules)
    assert len(rules.warnings) == 2
    assert all("recalled" in str(w) and str(w).startswith("rules.yaml:1:") for w in rules.warnings)


def test_packs_may_be_chosen_instead_of_those_of_the_file(tmp_path):
    rules = load_rules(folder(tmp_path, f"packs: [{SHANGHAI}]\nlocal: []\n"), [WUHAN])
    assert [r.id for r in rules.rules] == ["wuhan-2017-pm10-warning"]


def test_an_unknown_pack_is_refused_with_the_one_that_was_meant(tmp_path):
    with pytest.raises(
        ConfigError, match=r"rules.yaml:1:9: packs\[0\]: no such pack.*did you mean `hebei-db13-2934-2019`"
    ):
        load_rules(folder(tmp_path, "packs: [hebei-db13-2934-2018]\nlocal: []\n"))


def test_a_pack_twice_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="in force twice"):
        load_rules(folder(tmp_path, f"packs: [{WUHAN}, {WUHAN}]\nlocal: []\n"))


def test_a_local_rule_takes_part(tmp_path):
    rule = local_rule().model_dump(mode="json", exclude_none=True)
    text = json.dumps({"packs": [], "local": [rule]})
    assert [r.id for r in load_rules(folder(tmp_path, text)).rules] == ["local"]


def test_a_local_rule_with_the_id_of_a_pack_s_rule_is_refused(tmp_path):
    rule = local_rule(id="instant-pm10").model_dump(mode="json", exclude_none=True)
    text = json.dumps({"packs": [INSTANT], "local": [rule]})
    with pytest.raises(ConfigError, match=r"local\[0\].id: rule `instant-pm10` is in force twice"):
        load_rules(folder(tmp_path, text))


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"window": 0, "allowance": 2}, id="an allowance of single values"),
        pytest.param({"window": 0, "background": {}}, id="a background of single values"),
        pytest.param({"window": 1234}, id="a window of no clock"),
        pytest.param({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, id="it ends before it begins"),
        pytest.param({"background": {"settle_min": 90}}, id="a background that settles too late"),
        pytest.param({"limit": -1}, id="a negative limit"),
        pytest.param({"pollutant": "so2"}, id="an unknown pollutant"),
        pytest.param({"surprise": 1}, id="an unknown key"),
    ],
)
def test_a_rule_that_does_not_fit_together_is_refused(more):
    with pytest.raises(ValueError):
        local_rule(**more)


def test_the_revision_of_a_rule_changes_with_its_content_only():
    assert local_rule().revision == local_rule().revision
    assert len({local_rule(limit=n).revision for n in range(9)}) == 9
    assert Rule.model_validate(local_rule().model_dump(mode="json")).revision == local_rule().revision


MANUAL = (Path(__file__).parents[3] / "deploy" / "docs" / "rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("example", re.findall(r"```yaml rules\n(.*?)```", MANUAL, re.DOTALL))
def test_an_example_of_the_manual_is_in_order(example, tmp_path):
    assert load_rules(folder(tmp_path, example)).rules


def test_the_manual_names_every_field_of_a_rule():
    assert len(re.findall("```yaml rules", MANUAL)) == 2
    named = set(re.findall(r"`(\w+)`", MANUAL)) | {"background"}
    assert set(Rule.model_fields) <= named
    assert {"cap", "wait_min", "settle_min"} <= set(re.findall(r"\w+", MANUAL))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"window": 0, "alignment": "rolling"}, "no alignment"),
        ({"window": 0, "statistic": "max"}, "no statistic"),
        ({"window": 0, "repeat": 2}, "no repeat"),
        ({"unit": "mg/m3", "limit": 500}, "limit 500 mg/m3 is above 100000 ug/m3"),
        ({"during": ["permit"], "unless": ["permit"]}, "`permit` stands in during and in unless"),
        ({"background": {}, "statistic": "max"}, "a background is subtracted from means of clock hours"),
        ({"window": 28_800, "alignment": "rolling", "step": 1800}, "take a step of whole hours"),
    ],
)
def test_a_rule_that_is_refused_is_named_with_the_value_and_the_way_out(more, words):
    with pytest.raises(ValueError, match="rule `local`: ") as refused:
        local_rule(**more)
    assert words in str(refused.value)
