"""A configuration in columns: rows by id, numbers whole, who is judged by what, at which hours, by which orders."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ingest.records import Signal
from processors.columns import UNBOUNDED
from processors.plan.body import make_revision, revision_id
from processors.plan.orders import Orders
from processors.plan.plan import OFFLINE_LEAST_MS, Plan, depends_on, formers_of
from processors.plan.rule_in_force import Former, RuleInForce
from processors.windows import digest_of
from processors.windows.calendar import HOUR, LATENESS_MS, QUARTER, RETAIN_MS, Track
from processors.windows.means import Statistic
from tests.logs import HOUR as HOUR_MS
from tests.logs import MIDNIGHT, MINUTE, T0, local_rule, revision

NANO = 10**9


def _rule(**more: Any) -> RuleInForce:
    return Plan.of(revision(rules=[local_rule(**more)])).rules[0]


def _at(*clock: int) -> int:
    return int(datetime(*clock, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()) * 1000  # type: ignore[arg-type,misc]


def test_rows_are_devices_by_their_ids_and_those_of_other_partitions_have_none():
    listed = [{"id": "b", "site": "s2"}, {"id": "a"}, {"id": "c", "site": "s3", "interval": 0.5}]
    plan = Plan.of(revision(listed), mine=lambda site: site != "s2")
    assert (plan.devices, plan.sites, plan.row_of, len(plan)) == (
        ("a", "c"),
        ("s1", "s3"),
        {"a": 0, "c": 1},
        2,
    )
    assert plan.interval.tolist() == [60_000, 500]
    assert plan.rows_of(("c", "a")).tolist() == [1, 0]
    assert plan.rows_of(("c", "b", "a")).tolist() == [1, -1, 0]
    assert plan.digest.tolist() == [digest_of("a"), digest_of("c")]
    assert sorted(plan.facts) == ["s1", "s3"]


@pytest.mark.parametrize(
    ("interval", "offline_after", "silence"),
    [(60, None, OFFLINE_LEAST_MS), (300, None, OFFLINE_LEAST_MS), (301, None, 903_000), (60, 90, 90_000)],
)
def test_a_device_is_silent_after_three_intervals_and_a_quarter_of_an_hour_or_as_configured(
    interval: int, offline_after: int | None, silence: int
):
    listed = [{"id": "a", "interval": interval, "offline_after": offline_after}]
    assert Plan.of(revision(listed)).offline_after.tolist() == [silence]


def test_numbers_of_a_rule_are_whole_billionths_of_a_microgram_and_milliseconds():
    rule = _rule(
        limit=0.15, unit="mg/m3", clear={"level": 0.1, "minutes": 30}, least_capture=0.333, lateness_s=90,
        background={"area": "county", "cap": 150, "wait_min": 30, "settle_min": 5},
    )  # fmt: skip
    assert (rule.limit, rule.clear_level, rule.clear_ms) == (150 * NANO, 100 * NANO, 30 * MINUTE)
    assert (rule.least_permyriad, rule.lateness, rule.wait, rule.settle) == (
        3330,
        90_000,
        30 * MINUTE,
        5 * MINUTE,
    )
    assert rule.window == HOUR_MS
    assert (rule.track, rule.unit, rule.statistic) == (HOUR, "ug/m3", Statistic())
    assert (_rule().limit, _rule().clear_level, _rule().cap) == (100 * NANO, None, UNBOUNDED)
    assert (_rule().wait, _rule().settle, _rule().clear_ms) == (0, 0, 0)
    assert (_rule().start, _rule().end) == (-UNBOUNDED, UNBOUNDED)


def test_a_cap_is_in_the_unit_of_the_rule():
    assert _rule(background={"area": "county", "cap": 150}).cap == 150 * NANO
    assert _rule(background={"area": "county", "cap": 0.15}, limit=0.08, unit="mg/m3").cap == 150 * NANO
    assert _rule(background={"area": "county"}).cap == UNBOUNDED


def test_a_count_and_a_percentile_keep_their_marks():
    count = _rule(statistic="count", above=80.5, limit=3)
    assert (count.unit, count.limit, count.statistic) == (
        "slots",
        3 * NANO,
        Statistic("count", 0, 80_500_000_000),
    )
    assert _rule(statistic="percentile", percentile=98.5).statistic == Statistic("percentile", 9850, 0)


def test_a_rule_is_valid_from_its_first_midnight_through_its_last_day():
    rule = _rule(valid_from="2026-04-01", valid_to="2026-04-02")
    first, last = _at(2026, 4, 1), _at(2026, 4, 3)
    assert (rule.start, rule.end) == (first, last)
    assert [rule.is_valid(at) for at in (first - 1, first, last - 1, last)] == [False, True, True, False]
    assert [rule.holds(at) for at in (first - 1, first, last - 1, last)] == [False, True, True, False]


def test_hours_of_day_are_half_open_and_may_go_over_midnight():
    rule = _rule(hours=["06:30-07:00", "22:00-06:00"])
    assert rule.is_partial
    clock = {(6, 29): False, (6, 30): True, (6, 59): True, (7, 0): False, (22, 0): True, (21, 59): False,
             (23, 59): True, (0, 0): True, (5, 59): True, (6, 0): False}  # fmt: skip
    assert {at: rule.holds(_at(2026, 4, 1, *at)) for at in clock} == clock
    assert not _rule().is_partial
    assert _rule().holds(T0)


@pytest.mark.parametrize(
    ("more", "looks_back", "in_a_row"),
    [
        ({}, False, 0),
        ({"repeat": 3}, True, 3 * HOUR_MS),
        ({"clear": {"minutes": 30}}, True, HOUR_MS),
        ({"clear": {"minutes": 90}}, True, 90 * MINUTE),
        ({"clear": {"level": 50}}, True, HOUR_MS),
    ],
)
def test_answers_are_remembered_for_as_long_as_breaches_look_back(
    more: dict[str, Any], looks_back: bool, in_a_row: int
):
    rule = _rule(**more)
    assert rule.looks_back is looks_back
    assert rule.remembers == RETAIN_MS + HOUR_MS + in_a_row


def test_windows_wait_as_long_as_any_rule_asks_and_long_ones_as_their_hours():
    plan = Plan.of(revision(rules=[
        local_rule(id="a", lateness_s=600), local_rule(id="b", lateness_s=300),
        local_rule(id="c", window=28_800, alignment="rolling", lateness_s=60), local_rule(id="d", window=0),
    ]))  # fmt: skip
    long = Track(8 * HOUR_MS, HOUR_MS)
    assert plan.tracks == (QUARTER, HOUR, long)
    assert plan.lateness == {QUARTER: LATENESS_MS, HOUR: 600_000, long: 600_000}
    assert plan.retain == RETAIN_MS
    rolling = Plan.of(revision(rules=[local_rule(alignment="rolling", step=1200)]))
    assert rolling.retain == RETAIN_MS + HOUR_MS


SITE: dict[str, Any] = {"township": "town-east", "area": "north", "stage": "earthwork"}


def test_an_order_concerns_a_site_by_its_name_area_township_or_the_whole_county():
    assert Plan.of(revision(**SITE)).places_of("s1") == ("s1", "north", "town-east", "county", "*")
    assert Plan.of(revision()).places_of("s1") == ("s1", "county", "*")


def _orders(*signals: tuple[str, str | None]) -> Orders:
    held = Orders()
    for n, (kind, level) in enumerate(signals):
        held.add(Signal(str(n), T0, "s1", kind, level, T0, T0 + HOUR_MS))
    return held


@pytest.mark.parametrize(
    ("more", "signals", "applies"),
    [
        pytest.param({}, (), True, id="every site"),
        pytest.param({"stages": ["earthwork"]}, (), True, id="the stage configured"),
        pytest.param({"stages": ["earthwork"]}, (("stage", "structure"),), False, id="a stage ordered away"),
        pytest.param({"stages": ["structure"]}, (("stage", "structure"),), True, id="a stage ordered"),
        pytest.param({"zones": ["rural"]}, (), False, id="another zone"),
        pytest.param({"kinds": ["building"]}, (), True, id="the kind"),
        pytest.param({"alert_levels": ["red"]}, (), False, id="no alert"),
        pytest.param({"alert_levels": ["red"]}, (("alert", "red"),), True, id="the alert"),
        pytest.param(
            {"alert_levels": ["red"]}, (("alert", "yellow"),), False, id="an alert of another level"
        ),
        pytest.param(
            {"unless_alert_levels": ["red"]}, (("alert", "red"),), False, id="exempt under the alert"
        ),
        pytest.param(
            {"unless_alert_levels": ["red"]}, (("alert", "yellow"),), True, id="not exempt under another"
        ),
        pytest.param({"during": ["shutdown"]}, (), False, id="no shutdown"),
        pytest.param({"during": ["shutdown"]}, (("shutdown", None),), True, id="during a shutdown"),
        pytest.param({"unless": ["permit"]}, (("permit", None),), False, id="exempt by a permit"),
        pytest.param({"unless": ["permit"]}, (), True, id="no permit"),
    ],
)
def test_whether_a_rule_judges_a_site_depends_on_its_facts_and_orders(
    more: dict[str, Any], signals: tuple[tuple[str, str | None], ...], applies: bool
):
    plan, orders = Plan.of(revision(["d1", "d2"], [local_rule(**more)], **SITE)), _orders(*signals)
    rule = plan.rules[0]
    assert plan.applies(rule, "s1", T0, orders) is applies
    assert plan.rows_for(rule, T0, orders).tolist() == ([0, 1] if applies else [])


def test_orders_matter_only_to_rules_that_ask_for_them():
    stage, permit = _orders(("stage", "structure")), _orders(("permit", None))
    asks = [
        {"alert_levels": ["red"]},
        {"unless_alert_levels": ["red"]},
        {"during": ["permit"]},
        {"unless": ["permit"]},
    ]
    assert all(depends_on(_rule(**more), Orders()) for more in asks)
    assert depends_on(_rule(stages=["earthwork"]), stage)
    assert not depends_on(_rule(stages=["earthwork"]), permit)
    assert not depends_on(_rule(), stage)


def test_a_site_s_own_area_goes_before_the_one_that_the_rule_names():
    body = revision(
        [{"id": "a"}, {"id": "b", "site": "s2"}], [local_rule(background={"area": "county"})]
    ).body
    body["county"]["background"].append({"area": "north", "stations": ["S2", "S3"], "min_stations": 2})
    body["sites"][1]["area"] = "north"
    plan = Plan.of(make_revision(body, T0))
    assert [(area.name, area.stations, area.least) for area in plan.areas] == [
        ("county", ("S1",), 1), ("north", ("S2", "S3"), 2),
    ]  # fmt: skip
    assert plan.area_of.tolist() == [-1, 1]
    assert plan.areas_for(plan.rules[0]).tolist() == [0, 1]
    plain = Plan.of(make_revision({**body, "rules": [local_rule().model_dump(mode="json")]}, T0))
    assert plain.areas_for(plain.rules[0]).tolist() == [-1, -1]
    other = local_rule(background={"area": "nowhere"}).model_dump(mode="json")
    plan = Plan.of(make_revision({**body, "rules": [other]}, T0))
    assert plan.areas_for(plan.rules[0]).tolist() == [-1, 1]


def test_the_id_of_a_configuration_is_that_of_its_content():
    body = revision().body
    assert revision_id(dict(reversed(list(body.items())))) == revision_id(body)
    assert revision_id({**body, "sites": []}) != revision_id(body)
    assert len(revision_id(body)) == 12
    assert (make_revision(body, 5).effective, make_revision(body, 5, 9).effective) == (5, 9)


def test_what_began_before_a_rule_changed_is_judged_by_what_held_then():
    old = revision(rules=[local_rule(limit=100), local_rule(id="single", window=0), local_rule(id="gone")])
    new = revision(
        rules=[local_rule(limit=50), local_rule(id="single", window=0, limit=5), local_rule(id="new")]
    )
    before = Plan.of(old)
    former = formers_of(before, old, new, T0)
    assert [(f.id, f.configuration, f.start, f.until, f.rule is None) for f in former] == [
        ("local", old.id, -UNBOUNDED, T0, False),
        ("new", old.id, -UNBOUNDED, T0, True),
    ]
    assert formers_of(before, None, new, T0) == ()
    assert formers_of(before, old, old, T0) == ()
    plan = Plan.of(new, former=former)
    then, now = plan.rule_at("local", T0 - 1), plan.rule_at("local", T0)
    assert then is not None
    assert now is not None
    assert (then.limit, then.configuration, then.end) == (100 * NANO, old.id, T0)
    assert (now.limit, now.configuration, now.start) == (50 * NANO, new.id, T0)
    assert plan.rule_at("new", T0 - 1) is None
    assert plan.rule_at("new", T0) is not None
    assert plan.latest["local"] is now
    again = formers_of(plan, new, old, T0 + HOUR_MS)
    assert [(f.id, f.start, f.until) for f in again] == [
        ("local", -UNBOUNDED, T0), ("local", T0, T0 + HOUR_MS), ("gone", -UNBOUNDED, T0 + HOUR_MS),
    ]  # fmt: skip
    kept = formers_of(plan, new, new, T0 + plan.remembers)
    assert kept == ()
    assert len(formers_of(plan, new, new, T0 + plan.remembers - 1)) == 2


def test_an_earlier_rule_judges_only_rows_that_today_s_judges_too():
    listed = [{"id": "a"}, {"id": "b", "site": "s2"}]
    body = revision(listed, [local_rule(stages=["structure"])]).body
    body["sites"][1]["stage"] = "structure"
    earlier = Former("local", local_rule().model_dump(mode="json"), "old", MIDNIGHT, T0)
    plan = Plan.of(make_revision(body, T0), former=(earlier,))
    assert [(rule.rows.tolist(), rule.start, rule.end) for rule in plan.rules] == [
        ([1], MIDNIGHT, T0), ([1], T0, UNBOUNDED),
    ]  # fmt: skip
    assert plan.rules[0].rows.dtype == np.int32


def test_a_count_without_its_mark_is_refused_and_told_which_key_it_needs():
    with pytest.raises(ValueError, match="statistic `count` needs the key `above`"):
        local_rule(statistic="count")
