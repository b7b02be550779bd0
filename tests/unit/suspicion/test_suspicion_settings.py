"""Thresholds of suspicion: from `county.yaml` over the defaults, within what the kept hours can bear."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from deploy.county.check import check_folder
from deploy.county.compile import revision_of_folder
from ingest.suspicion_thresholds import FIELDS
from processors.plan.plan import Plan
from processors.suspicion.patterns import PATTERNS
from processors.suspicion.settings import SuspicionSettings, never_met, settings_of, without_background
from tests.counties import device, site, write_county
from tests.hours import history, place
from tests.logs import HOUR, MINUTE, T0, Run, revision
from tests.unit.fold.test_suspicion import fives, log_of, stuck

DEFAULTS = SuspicionSettings()


def county(tmp_path: Any, suspicion: Any) -> Any:
    own = {"name": "示范县", "zone": "Asia/Shanghai", "language": "en", "suspicion": suspicion}
    return write_county(tmp_path / "c", [device("d1")], [site("site-1")], extra={"county.yaml": own})


def test_what_may_be_written_are_the_thresholds_of_the_patterns_and_their_defaults_are_within():
    assert list(FIELDS) == list(PATTERNS)
    for pattern, named in FIELDS.items():
        own = DEFAULTS.of(pattern)
        assert set(named) | {"cliff_h"} == {one.name for one in fields(own)} | {"cliff_h"}
        for name, (kind, least, greatest) in named.items():
            value = getattr(own, name)
            assert type(value) is kind, (pattern, name)
            assert least <= value <= greatest, (pattern, name)


@pytest.mark.parametrize("pattern", FIELDS)
def test_no_threshold_within_its_bounds_stops_the_fold(pattern):
    held = history(3, flat_share=1.0, factor=2.0, tsp_slope=1.1, tsp_residual=0.001, astray=1.0)
    own = DEFAULTS.of(pattern)
    for name, (kind, least, greatest) in FIELDS[pattern].items():
        for bound in (least, greatest):
            PATTERNS[pattern].find(held, place(3), replace(own, **{name: kind(bound)}))
    most = replace(own, **{name: kind(greatest) for name, (kind, _, greatest) in FIELDS[pattern].items()})
    PATTERNS[pattern].find(held, place(3), most)


def test_true_means_the_defaults_and_has_the_id_that_it_always_had(tmp_path):
    on, empty = (
        revision_of_folder(county(tmp_path / name, given), T0) for name, given in (("a", True), ("b", {}))
    )
    assert on.body["county"]["suspicion"] is True
    assert on.id == empty.id
    assert Plan.of(on).suspicion == DEFAULTS
    off = revision_of_folder(county(tmp_path / "d", False), T0)
    assert "suspicion" not in off.body["county"]
    assert not Plan.of(off).suspects


def test_a_county_sets_what_it_names_and_keeps_the_rest(tmp_path):
    given = {
        "stuck": {"hours": 4},
        "ceiling": {"cliff_h": [96]},
        "without": ["clock"],
        "told": 0.75,
        "quiet_h": 48,
    }
    made = revision_of_folder(county(tmp_path, given), T0)
    assert made.body["county"]["suspicion"] == given
    own = Plan.of(made).suspicion
    assert own.of("stuck") == replace(DEFAULTS.of("stuck"), hours=4)
    assert own.of("ceiling").cliff_h == (96,)
    assert (own.without, own.told, own.quiet_h) == (frozenset({"clock"}), 0.75, 48)
    assert own.of("cover") == DEFAULTS.of("cover")


def test_what_could_never_be_found_is_told_with_its_place(tmp_path):
    assert list(never_met(DEFAULTS)) == []
    folder = county(tmp_path, {"flat_means": {"hours": 4}})
    problems, _ = check_folder(folder)
    (one,) = [p for p in problems if "flat_means" in p.path]
    assert "6 of 4 can't be" in one.message


def suspected(given: Any):
    rows = (
        fives(T0, T0 + 2 * HOUR)
        + fives(T0 + 2 * HOUR, T0 + 5 * HOUR, 88.0)
        + fives(T0 + 5 * HOUR, T0 + 8 * HOUR)
    )
    made = revision([{"id": "d1", "interval": 300}])
    body = {**made.body, "county": {**made.body["county"], "suspicion": given}}
    run = Run(replace(made, body=body), *log_of(rows, T0 + 8 * HOUR + 3 * MINUTE))
    return stuck(run)


def test_the_fold_goes_by_the_county_s_thresholds():
    assert len(suspected(True)) == 1
    assert suspected({"stuck": {"hours": 4}}) == []
    assert suspected({"told": 0.9}) == []
    assert suspected({"without": ["stuck"]}) == []


@pytest.mark.parametrize("given", [{"without": ["stuck"]}, None])
def test_what_a_county_does_not_look_for_any_more_ends_and_is_told_anew_when_it_does(given):
    rows = fives(T0, T0 + 2 * HOUR) + fives(T0 + 2 * HOUR, T0 + 12 * HOUR, 88.0)
    on = revision([{"id": "d1", "interval": 300}])
    county = {name: value for name, value in on.body["county"].items() if name != "suspicion"}
    county |= {"suspicion": given} if given else {}
    off = replace(on, id="off", body={**on.body, "county": county})
    changes = [
        replace(made, received_at=at, effective=at)
        for made, at in ((off, T0 + 7 * HOUR), (on, T0 + 9 * HOUR))
    ]
    run = Run(on, *log_of(rows, T0 + 12 * HOUR, changes))
    said = [(b.event, b.reasons) for b in stuck(run)]
    assert said == [("opened", ("suspected",)), ("closed", ("rule_removed",)), ("opened", ("suspected",))]
    assert stuck(run)[1].at == T0 + 7 * HOUR


def test_settings_of_a_body_are_plain_data_and_back():
    body = {"mass_factor": {"fall": 0.7, "after_h": 48}}
    own = settings_of(body)
    assert (own.of("mass_factor").fall, own.of("mass_factor").after_h) == (0.7, 48)
    assert settings_of(None) == settings_of(True) == DEFAULTS


def test_a_revision_that_names_a_threshold_of_the_past_is_read_without_it():
    body = {"offline_when_polluted": {"outage_share": 0.3, "gaps_least": 4}}
    assert settings_of(body) == DEFAULTS.changed("offline_when_polluted", gaps_least=4)


def test_what_needs_a_background_is_named_unless_it_is_not_looked_for():
    assert [name for name, _ in without_background(DEFAULTS)] == ["mass_factor", "cover", "random_band"]
    assert [name for name, _ in without_background(replace(DEFAULTS, without=frozenset({"cover"})))] == [
        "mass_factor",
        "random_band",
    ]


def test_a_threshold_that_asks_for_every_hour_that_is_examined_can_be_met_and_one_more_can_not():
    for name, pattern in PATTERNS.items():
        for key, greatest in pattern.at_most.items():
            most = greatest(DEFAULTS.of(name))
            for more, told in ((0, []), (1, [(name, key)])):
                changed = DEFAULTS.changed(name, **{key: most + more})
                assert [(one.pattern, one.name) for one in never_met(changed)] == told
