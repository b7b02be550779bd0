"""States of sites: what the dates mean, what is refused, what the manual shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.feed_form import MAPPING
from ingest.ingest_form import INGEST, whole
from ingest.register import SITES, load_register
from ingest.strict_yaml import ConfigError, load
from processors.plan.body import compile_revision
from processors.plan.site_states import plain_states, state_at
from tests.counties import device, site, write_county

MANUAL = (Path(__file__).parents[3] / "deploy" / "docs" / "orders.md").read_text(encoding="utf-8")
DAY = 86_400_000
MARCH = 1_772_294_400_000  # 2026-03-01 in the county


def facts(*states: tuple[str, int | None]) -> dict[str, Any]:
    return {"states": [{"state": state, "from": since} for state, since in states]}


@pytest.mark.parametrize(
    ("states", "before", "after"),
    [
        ([], "working", "working"),
        ([("planned", MARCH)], "planned", "planned"),
        ([("working", MARCH)], "planned", "working"),
        ([("stopped", MARCH)], "working", "stopped"),
        ([("finished", MARCH)], "working", "finished"),
        ([("planned", None), ("working", MARCH)], "planned", "working"),
    ],
)
def test_a_state_holds_from_its_date_until_the_next(
    states: list[tuple[str, int | None]], before: str, after: str
) -> None:
    own = facts(*states)
    assert (state_at(own, MARCH - 1), state_at(own, MARCH), state_at(own, MARCH + 999 * DAY)) == (
        before,
        after,
        after,
    )


def county(folder: Path, states: Any) -> Path:
    return write_county(folder, [device("dev-1")], [site("site-1", **({"states": states} if states else {}))])


def test_dates_are_local_and_a_folder_without_states_keeps_its_body(tmp_path: Path) -> None:
    named = [{"state": "planned"}, {"state": "working", "from": "2026-03-01"}]
    with_states = compile_revision(load_register(county(tmp_path / "a", named)), [])
    assert with_states["sites"][0]["states"] == [
        {"state": "planned", "from": None},
        {"state": "working", "from": MARCH},
    ]
    assert "states" not in compile_revision(load_register(county(tmp_path / "b", None)), [])["sites"][0]


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([{"state": "resting"}], "planned"),
        ([{"state": "working", "from": "2026-03-01"}, {"state": "stopped"}], "list them by `from`"),
        (
            [{"state": "working", "from": "2026-03-01"}, {"state": "stopped", "from": "2026-03-01"}],
            "does not begin after",
        ),
        ([{"state": "working"}, {"state": "working", "from": "2026-03-01"}], "twice in a row"),
        ([{"state": "working", "from": "soon"}], "soon"),
    ],
)
def test_states_that_cannot_be_meant_are_refused(tmp_path: Path, states: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        load_register(county(tmp_path / "a", states))


def test_the_manuals_examples_are_taken(tmp_path: Path) -> None:
    (sites,) = re.findall(r"```yaml sites\n(.*?)```", MANUAL, re.DOTALL)
    (tmp_path / "sites.yaml").write_text(sites, encoding="utf-8")
    found = load(tmp_path / "sites.yaml", SITES)
    assert found.value is not None, found.problems
    states = plain_states(found.value[0].states, "Asia/Shanghai")
    assert [one["state"] for one in states] == ["planned", "working", "stopped", "working", "finished"]
    (mapping,) = re.findall(r"```yaml mapping\n(.*?)```", MANUAL, re.DOTALL)
    assert MAPPING.validate_python(yaml.safe_load(mapping)).label == "end"
    (feeds,) = re.findall(r"```yaml ingest\n(.*?)```", MANUAL, re.DOTALL)
    assert [one.id for one in whole(INGEST.validate_python(yaml.safe_load(feeds))).background] == [
        "county-air"
    ]
