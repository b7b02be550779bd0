"""The packs that ship say what the reference says, and judge by stage, zone, date, alert level and hour."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator

from deploy.schemas import schema_of
from ingest.records import Signal
from ingest.register_checks import WORDS
from ingest.strict_yaml import read
from processors.columns import DAY_MS
from processors.plan.footprint import added_by
from processors.plan.rules import STANDARDS, load_pack, pack_names
from tests.footprints import base_bytes
from tests.logs import (
    HOUR,
    MINUTE,
    T0,
    Run,
    background,
    batch,
    local_rule,
    minutes,
    revision,
    row,
    rules_of,
    tick,
    ticking,
)
from tests.parts import plain

SICHUAN_OTHER = {*WORDS["stage"]} - {"demolition", "earthwork"}
# pack: (pollutant, window, limit in ug/m3, mark, stages, zones), as dust-standards.md has them
TABLE = {
    "hebei-db13-2934-2019": [("pm10", 3600, 80, "reported", set(), set())],
    "shanghai-db31-964-2016": [
        ("tsp", 900, 1000, "recalled", set(), set()),
        ("tsp", 900, 2000, "recalled", set(), set()),
    ],
    "shaanxi-db61-1078-2017": [
        ("tsp", 3600, 800, "reported", {"demolition", "earthwork", "foundation_treatment"}, set()),
        ("tsp", 3600, 700, "reported", {"foundation", "structure", "decoration"}, set()),
    ],
    "liaoning-db21-2642-2016": [
        ("tsp", 300, 800, "reported", set(), {"urban"}),
        ("tsp", 300, 1000, "reported", set(), {"suburban", "rural"}),
    ],
    "jiangsu-db32-4437-2022": [
        ("tsp", 900, 500, "recalled", set(), set()),
        ("tsp", 900, 700, "recalled", set(), set()),  # 500 + 200 while the city's AQI is 200 to 300
        ("pm10", 3600, 80, "recalled", set(), set()),
    ],
    "sichuan-db51-2682-2020": [
        ("tsp", 900, 600, "recalled", {"demolition", "earthwork"}, {"main"}),
        ("tsp", 900, 250, "recalled", SICHUAN_OTHER, {"main"}),
        ("tsp", 900, 900, "recalled", {"demolition", "earthwork"}, {"second"}),
        ("tsp", 900, 350, "recalled", SICHUAN_OTHER, {"second"}),
    ],
    "chongqing-db50-418-2016": [("tsp", 3600, 1000, "recalled", set(), set())],
    "wuhan-2017-pm10": [("pm10", 3600, 150, "reported", set(), set())],
    "gb-16297-1996": [("tsp", 3600, 1000, "recalled", set(), set())],
    "uk-iaqm-2018": [("pm10", 3600, 190, "recalled", set(), set())],
    "london-bpg-2006": [("pm10", 900, 250, "recalled", set(), set())],
    "us-40-cfr-50-6": [("pm10", 86_400, 150, "reported", set(), set())],
    "gb-3095-2026": [
        ("pm10", 86_400, 120, "read", set(), set()),
        ("pm10", 86_400, 100, "read", set(), set()),
        ("pm2_5", 86_400, 60, "read", set(), set()),
        ("pm2_5", 86_400, 50, "read", set(), set()),
        ("tsp", 86_400, 300, "read", set(), set()),
    ],
}


def signal(kind, level=None, start=T0, end=None, at=T0, place="county", id=None):
    return Signal(id or f"{kind}-{level}-{start}", at, place, kind, level, start, end)


def hour_of(pm10, start=T0, **more):
    return minutes(start, start + HOUR, pm10, **more)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_pack_has_the_rows_of_the_reference(name):
    found = [
        (r.pollutant, r.window, r.limit * r.factor, r.status, set(r.stages), set(r.zones))
        for r in load_pack(name).rules
    ]
    assert found == TABLE[name]


def test_every_pack_that_ships_is_in_the_table_or_administrative():
    rest = [load_pack(name) for name in pack_names() if name not in TABLE]
    assert all(rule.administrative for pack in rest for rule in pack.rules)


@pytest.mark.parametrize("name", pack_names())
def test_a_pack_selects_by_words_that_sites_can_have_and_speaks_chinese(name):
    for rule in load_pack(name).rules:
        assert set(rule.stages) <= set(WORDS["stage"])
        assert set(rule.zones) <= set(WORDS["zone"])
        assert set(rule.kinds) <= set(WORDS["kind"])
        assert any("\u4e00" <= letter <= "\u9fff" for letter in rule.clause)


@pytest.mark.parametrize("name", pack_names())
def test_a_pack_follows_the_schema_that_is_published(name):
    document, _ = read(STANDARDS / f"{name}.yaml")
    Draft202012Validator(schema_of("rule-pack")).validate(_plain(document.value))


def _plain(value):
    """Dates as the text that stands in the file."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize(
    ("stage", "rule"),
    [("earthwork", "earthwork"), ("structure", "structure"), ("landscaping", None)],
)
def test_shaanxi_judges_a_site_by_its_stage(stage, rule):
    log = ticking(hour_of(None, tsp=750), T0 + HOUR + 2 * MINUTE)
    run = Run(revision(rules=rules_of("shaanxi-db61-1078-2017"), stage=stage), *log)
    answers = {v.rule.rsplit("-", 1)[1]: v.answer for v in run.verdicts}
    assert answers == (
        {} if rule is None else {rule: {"earthwork": "compliant", "structure": "exceeds"}[rule]}
    )


@pytest.mark.parametrize(("zone", "answer"), [("urban", "exceeds"), ("rural", "compliant")])
def test_liaoning_judges_five_minutes_by_the_zone(zone, answer):
    log = ticking(hour_of(None, tsp=900), T0 + HOUR + 2 * MINUTE)
    run = Run(revision(rules=rules_of("liaoning-db21-2642-2016"), zone=zone), *log)
    assert [v.answer for v in run.verdicts] == [answer] * 12


def test_jiangsu_deducts_while_the_signal_of_the_city_s_aqi_is_in_force():
    order = signal("alert", "aqi-200-300", start=T0 + 15 * MINUTE, end=T0 + 45 * MINUTE)
    log = ticking(hour_of(None, tsp=600), T0 + HOUR + 2 * MINUTE, others=[order])
    run = Run(revision(rules=rules_of("jiangsu-db32-4437-2022")), *log)
    found = [(v.limit, v.answer) for v in run.verdicts if v.pollutant == "tsp"]
    assert found == [(500, "exceeds"), (700, "compliant"), (700, "compliant"), (500, "exceeds")]


def test_jiangsu_subtracts_the_mean_of_the_city_without_a_cap():
    rules = [r for r in rules_of("jiangsu-db32-4437-2022") if r.pollutant == "pm10"]
    made = revision(rules=rules)
    made.body["county"]["background"][0]["area"] = "city"
    log = ticking(hour_of(390), T0 + HOUR + 5 * MINUTE, others=[background(T0, 300, T0 + HOUR + MINUTE)])
    (verdict,) = Run(made, *log).verdicts
    assert (verdict.answer, verdict.subtracted) == ("exceeds", 300.0)


def test_wuhan_warns_rises_once_and_clears_when_it_is_back():
    log = [r for n, level in enumerate((160, 210, 260, 190, 150)) for r in hour_of(level, T0 + n * HOUR)]
    run = Run(revision(rules=rules_of("wuhan-2017-pm10")), *ticking(log, T0 + 5 * HOUR + 2 * MINUTE))
    assert [(b.event, b.level, (b.start - T0) // HOUR) for b in run.breaches] == [
        ("opened", "warning", 0),
        ("amended", "violation", 1),
        ("closed", "violation", 4),
    ]


# ------------------------------------------------------------------------------------- dates of validity


def at_beijing(*when):
    return int(datetime(*when, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC).timestamp()) * 1000


def test_a_rule_of_next_month_is_loaded_today_and_judges_from_its_first_midnight():
    first = at_beijing(2026, 5, 1)
    rule = local_rule(valid_from="2026-05-01", limit=100)
    start = first - 2 * HOUR
    rows = minutes(start, first + 2 * HOUR, 300)
    run = Run(revision(rules=[rule], at=start - 30 * DAY_MS), tick(start, 40 * DAY_MS))
    run.fold(*ticking(rows, first + 2 * HOUR + 2 * MINUTE, start=start))
    assert [(v.start - first) // HOUR for v in run.verdicts] == [0, 1]
    assert [(b.event, b.start) for b in run.breaches if b.kind == "exceedance"] == [("opened", first)]


def test_the_last_day_of_a_rule_and_the_first_of_the_next_meet_at_midnight():
    midnight = at_beijing(2031, 1, 1)
    rules = [
        local_rule(id="old", valid_to="2030-12-31", limit=120),
        local_rule(id="new", valid_from="2031-01-01", limit=100),
    ]
    start = midnight - HOUR
    run = Run(
        revision(rules=rules, at=start),
        *ticking(minutes(start, start + 2 * HOUR, 110), start + 3 * HOUR, start),
    )
    found = [(v.rule, v.answer) for v in run.verdicts if v.start < midnight + HOUR]
    assert found == [("old", "compliant"), ("new", "exceeds")]


def test_the_ambient_day_is_stricter_from_2031_and_opens_no_case():
    midnight = at_beijing(2031, 1, 1)
    start = midnight - DAY_MS
    rows = [r for h in range(48) for r in hourly(start + h * HOUR, 110)]
    made = revision([{"id": "d1", "interval": 3600}], rules_of("gb-3095-2026"), at=start)
    run = Run(made, *hours_ticking(rows, start, midnight + DAY_MS + HOUR))
    assert [(v.rule, v.answer) for v in run.verdicts if v.pollutant == "pm10"] == [
        ("gb-3095-2026-pm10-day", "compliant"),
        ("gb-3095-2026-pm10-day-2031", "exceeds"),
    ]
    assert [b for b in run.breaches if b.kind == "exceedance"] == []


@pytest.mark.parametrize(("hours", "answer"), [(20, "exceeds"), (19, "undetermined")])
def test_an_ambient_day_needs_20_of_its_24_hours(hours, answer):
    start = at_beijing(2026, 4, 2)
    rows = [r for h in range(hours) for r in hourly(start + h * HOUR, 130)]
    made = revision([{"id": "d1", "interval": 3600}], rules_of("gb-3095-2026"), at=start)
    run = Run(made, *hours_ticking(rows, start, start + DAY_MS + HOUR))
    assert [v.answer for v in run.verdicts if v.pollutant == "pm10"] == [answer]


def hourly(start, pm10):
    """An hour's mean, as a station sends it."""
    return [row(start, pm10, period=HOUR, received=start + HOUR + 1000)]


def hours_ticking(rows, start, until):
    """A tick each ten minutes."""
    timed = [(t, 0, tick(t, 10 * MINUTE)) for t in range(start, until + 1, 10 * MINUTE)]
    timed += [(r.received_at, 1, batch(r)) for r in rows]
    return [record for _, _, record in sorted(timed, key=lambda e: e[:2])]


def test_a_rule_for_what_nobody_measures_gives_no_verdict_and_no_fault():
    log = ticking(hour_of(300), T0 + HOUR + 2 * MINUTE)
    run = Run(revision(["d1", "d2"], rules_of("chongqing-db50-418-2016")), *log)
    assert run.answers("chongqing-db50-418-2016-tsp") == []
    (silent,) = [v for v in run.verdicts if v.point == "d2"]
    assert silent.answer == "undetermined"
    assert "never_seen" in silent.reasons


# --------------------------------------------------------------------------------------- the state's size


def size_of(rules, hours, interval=300):
    """Bytes a device of the state before compression, without what all devices share."""
    return (raw_size(rules, hours, interval, 30) - raw_size(rules, hours, interval, 10)) / 20


@cache
def size_without_rules(hours, interval=300):
    return size_of([], hours, interval)


def raw_size(rules, hours, interval, devices):
    names = [f"d{n:03}" for n in range(devices)]
    configured = revision([{"id": d, "interval": interval} for d in names], rules)
    configured.body["county"]["suspicion"] = False
    step, log = interval * 1000, []
    for t in range(T0, T0 + hours * HOUR, step):
        level = t // step % 5  # a value that never changes would be a fault of its own
        values = {"tsp": 90 + level, "pm2_5": 20 + level}
        log += [batch(*(row(t, 50 + level, d, **values) for d in names)), tick(t + 2 * MINUTE, step)]
    return sum(map(len, plain(Run(configured, *log).detector.dump()).values()))


@pytest.mark.parametrize(
    ("rule", "hours", "interval"),
    [
        # all is kept for days, as long as something late may change it
        ({"window": 300}, 112, 300),
        ({"window": 900, "alignment": "rolling"}, 112, 900),
        ({"window": 86_400, "alignment": "rolling"}, 112, 900),
        ({"allowance": 2}, 136, 900),
        ({"background": {"area": "county"}}, 112, 900),
        ({"clear": {"minutes": 120}, "repeat": 3}, 112, 900),
    ],
)
def test_what_a_window_adds_to_the_state_is_what_check_prints(rule, hours, interval):
    (added,) = added_by([local_rule(**rule)], interval)
    real = size_of([local_rule(**rule)], hours, interval) - size_without_rules(hours, interval)
    assert real <= added.bytes <= 1.6 * real + 40


def test_what_a_device_holds_in_any_case_is_bounded():
    assert size_without_rules(6) <= base_bytes(300) + 200  # its line of the configuration, when it was heard


def test_rules_of_the_same_statistic_share_what_was_measured():
    one, two = local_rule(id="a"), local_rule(id="b", limit=200)
    (alone,), (both,) = added_by([one]), added_by([one, two])
    assert alone.bytes < both.bytes < 2 * alone.bytes
    assert both.rules == ("a", "b")


def test_windows_are_called_as_an_operator_calls_them():
    rules = [
        local_rule(id="a", window=0),
        local_rule(id="b", window=900),
        local_rule(id="c", alignment="rolling"),
        local_rule(id="d", window=28_800, alignment="rolling"),
        local_rule(id="e", window=86_400),
    ]
    assert [added.words for added in added_by(rules)] == [
        "single values",
        "15 min by the clock",
        "rolling 1 h every 4 min",
        "rolling 8 h every 1 h",
        "calendar day",
    ]
