"""Routing: who is told, why, at which hour; and that a gap in duty is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.routing import Routing, RoutingForm, load_routing
from alerts.routing.who import deadline_ms, on_duty, operators_on_duty, recipients_of, uncovered
from ingest.register import Contact, Register, load_register
from ingest.strict_yaml import ConfigError
from tests.fakes.alerts import HOUR, NIGHT, county, ms

NOON = ms("2026-11-23T12:00:00+08:00")
PLAIN = Routing()


def names(found):
    return [r.id for r in found]


def test_the_default_tells_sector_territorial_line_and_site():
    found = recipients_of(county(), PLAIN, "site-1", NIGHT, "breach")
    assert [r.line for r in found] == ["sector", "territorial", "site"]
    assert all(r.channel == "file" and r.why for r in found)
    assert "sector line" in found[0].why


def test_by_day_those_with_duty_hours_are_told_too():
    assert "department:housing/扬尘办" in names(recipients_of(county(), PLAIN, "site-1", NOON, "exceedance"))
    assert "department:housing/扬尘办" not in names(
        recipients_of(county(), PLAIN, "site-1", NIGHT, "exceedance")
    )


@pytest.mark.parametrize(
    ("hours", "minute", "expected"),
    [(None, 0, True), ("08:00-18:00", 480, True), ("08:00-18:00", 1080, False), ("18:00-08:00", 1080, True),
     ("18:00-08:00", 479, True), ("18:00-08:00", 480, False), ("00:00-24:00", 1439, True), ("22:00-24:00", 0, False)],
)  # fmt: skip
def test_duty_hours_begin_and_end_to_the_minute(hours, minute, expected):
    assert on_duty(hours, minute) is expected


def test_the_first_route_that_matches_is_used():
    form = RoutingForm.model_validate(
        {
            "routes": [
                {"kind": "offline", "tell": ["site"]},
                {"level": "violation", "tell": ["department:town-east"]},
            ]
        }
    )
    routing = Routing(form)
    assert [r.line for r in recipients_of(county(), routing, "site-1", NIGHT, "offline")] == ["site"]
    (town,) = recipients_of(county(), routing, "site-1", NIGHT, "exceedance", "violation")
    assert town.why.startswith("routes[1]: named by the route as `department:town-east`")
    assert len(recipients_of(county(), routing, "site-1", NIGHT, "exceedance", "warning")) == 3


def test_a_site_that_is_not_in_the_register_leads_to_the_operator():
    (found,) = recipients_of(county(), PLAIN, "gone", NIGHT, "exceedance")
    assert found.line == "platform"
    assert "`gone` is not in the register" in found.why
    assert operators_on_duty(county(), PLAIN, NIGHT)


def test_a_person_who_is_reached_twice_in_one_way_is_told_once():
    form = RoutingForm.model_validate({"routes": [{"tell": ["sector", "department:housing"]}]})
    assert names(recipients_of(county(), Routing(form), "site-1", NIGHT, "exceedance")) == [
        "department:housing/值班室"
    ]


def test_deadlines_are_the_rule_s_own_or_those_of_the_level():
    assert deadline_ms(PLAIN, "warning", 1.5, NIGHT) == NIGHT + 3 * HOUR // 2
    assert deadline_ms(PLAIN, "violation", None, NIGHT) == NIGHT + 4 * HOUR
    assert deadline_ms(PLAIN, "unheard-of", None, NIGHT) is None


def with_hours(hours: str | None, channels=({"kind": "file"},)) -> Register:
    """Everybody who answers for site-1 has these hours."""
    register = county()
    contact = Contact.model_validate({"name": "值班", "hours": hours, "channels": channels})
    departments = {k: d.model_copy(update={"contacts": (contact,)}) for k, d in register.departments.items()}
    sites = {k: s.model_copy(update={"contacts": ()}) for k, s in register.sites.items()}
    return county(departments=departments, sites=sites)


def test_a_county_where_somebody_always_answers_has_no_gap():
    assert uncovered(county(), PLAIN) == []
    assert uncovered(with_hours(None), PLAIN) == []


def test_the_hours_at_which_nobody_answers_are_named_for_each_site():
    found = uncovered(with_hours("08:00-18:30"), PLAIN)
    assert [p.message.split(" for ")[0] for p in found] == [
        f"site `site-{n}` reaches nobody at 00:00-08:00 and 18:30-24:00" for n in (1, 2)
    ]
    assert all("exceedance, offline, suspicion" in p.message for p in found)


def test_a_contact_without_a_channel_answers_for_nothing():
    assert "at any hour" in uncovered(with_hours(None, ()), PLAIN)[0].message


def test_a_route_that_reaches_nobody_is_named_with_its_kind_and_level():
    routing = Routing(
        RoutingForm.model_validate(
            {"routes": [{"kind": "exceedance", "level": "violation", "tell": ["site"]}]}
        )
    )
    register = county()
    sites = {k: s.model_copy(update={"contacts": ()}) for k, s in register.sites.items()}
    found = uncovered(county(sites=sites), routing)
    assert ["exceedance of level `violation`" in p.message for p in found] == [True, True]
    assert not any("offline" in p.message for p in found)


def test_an_operator_who_sleeps_is_a_problem_of_routing_yaml():
    form = RoutingForm.model_validate(
        {"operator": [{"name": "运维", "hours": "08:00-20:00", "channels": [{"kind": "file"}]}]}
    )
    (found,) = uncovered(county(), Routing(form))
    assert "operator is not reachable at 00:00-08:00 and 20:00-24:00" in found.message


SMALLEST = Path(__file__).parents[2] / "cases" / "config" / "valid" / "smallest"


def folder(tmp_path: Path, **files: str) -> Path:
    for path in SMALLEST.glob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def refusals(root: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_routing(root, load_register(root))
    return [str(problem) for problem in caught.value.problems]


def test_the_smallest_county_needs_neither_file():
    routing = load_routing(SMALLEST, load_register(SMALLEST))
    assert set(routing.channels) == {"file", "webhook"}
    assert uncovered(load_register(SMALLEST), routing) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"routing": "routes: [{tell: [sectr]}]"}, "routing.yaml:1:18: routes[0].tell[0]: `sectr` names nobody; did you mean `sector`?"),
        ({"routing": 'routes: [{tell: ["department:housin"]}]'}, "no department `housin` in departments.yaml; did you mean `housing`?"),
        ({"routing": "rutes: []"}, "routing.yaml:1:1: rutes: unknown key; did you mean `routes`?"),
        ({"routing": "operator: [{name: a, channels: [{kind: fil}]}]"}, "no kind of channel `fil`; did you mean `file`?"),
        ({"channels": "- {id: a, kind: file}\n- {id: a, kind: file}"}, "channels.yaml:2:8: [1].id: channel `a` is already there"),
        ({"channels": "- {id: a, kind: wecom, url: https://x/}"}, "url"),
        ({"channels": "- {id: a, kind: webhook, url: 'https://h/', url_secret: S}"}, "has both `url` and `url_secret`"),
        ({"routing": "operator: [{name: a, channels: [{kind: webhook}]}]"}, "a channel of kind `webhook` needs the key `url`"),
        ({"routing": "operator: [{name: a, channels: [{kind: webhook, url: ftp://x}]}]"}, "`ftp://x` is no address"),
        ({"channels": "- {id: a, kind: webhook, url: 'https://u:p@h/'}"}, "a password in it"),
        ({"channels": "- {id: a, kind: webhook, url: 'https://h/?key=1'}"}, "is a secret"),
        ({"channels": "- {id: a, kind: mail, host: h, sender: a@b, username: u}"}, "belong together"),
        ({"channels": "- {id: a, kind: mail, host: h, sender: a@b, username: u, password_secret: S, security: none}"}, "over an open line"),
        ({"channels": "- {id: a, kind: file}\n- {id: b, kind: file, name: b.jsonl}"}, "several channels are of kind `file`"),
        ({"channels": "- {id: m, kind: mail, host: h, sender: a@b}", "routing": "operator: [{name: a, channels: [{kind: mail}]}]"}, "needs the key `to`"),
        ({"channels": "- {id: m, kind: mail, host: h, sender: a@b}", "routing": "operator: [{name: a, channels: [{kind: mail, to: nobody}]}]"}, "`nobody` is no mail address"),
        ({"routing": "operator: [{name: a, channels: [{kind: wecom}]}]"}, "channels.yaml has no channel of kind `wecom`; add one"),
        ({"routing": "operator: [{name: a, channels: [{kind: file, via: no-such}]}]"}, "no channel `no-such` in channels.yaml"),
        ({"routing": "operator: [{name: a, channels: [{kind: file, too: x}]}]"}, "a channel of kind `file` has no key `too`"),
    ],
)  # fmt: skip
def test_a_wrong_folder_is_refused_with_place_and_way_out(tmp_path, files, expected):
    assert any(expected in line for line in refusals(folder(tmp_path, **files)))


def test_a_contact_may_name_the_address_of_its_own_webhook(tmp_path):
    text = "operator: [{name: 值班, channels: [{kind: webhook, url: 'http://127.0.0.1:9/x'}, {kind: webhook, url: 'http://127.0.0.1:8/y'}]}]"
    root = folder(tmp_path, routing=text)
    register = load_register(root)
    found = operators_on_duty(register, load_routing(root, register), NIGHT)
    assert [r.address for r in found] == ["http://127.0.0.1:9/x", "http://127.0.0.1:8/y"]
    assert [r.lane for r in found] == ["webhook|http://127.0.0.1:9", "webhook|http://127.0.0.1:8"]


def test_a_contact_that_bears_its_department_s_name_is_not_called_by_it_twice():
    register = county()
    contact = Contact.model_validate({"name": "住建局夜班", "channels": [{"kind": "file"}]})
    department = register.departments["housing"].model_copy(update={"contacts": (contact,)})
    found = recipients_of(
        county(departments={**register.departments, "housing": department}), PLAIN, "site-1", NIGHT, "offline"
    )
    assert [r.name for r in found] == ["住建局夜班", "城东镇 网格员 王海燕", "一号工地 项目经理"]


def test_the_files_of_the_manual_are_valid(tmp_path):
    manual = (Path(__file__).parents[3] / "deploy" / "docs" / "telling.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"```yaml (\w+)\n(.*?)```", manual, re.S))
    root = folder(tmp_path, **blocks)
    departments = (root / "departments.yaml").read_text(encoding="utf-8")
    ecology = "\n- {id: ecology, name: 生态环境分局, line: sector, contacts: [{name: 监控中心, channels: [{kind: wecom}]}]}\n"
    (root / "departments.yaml").write_text(departments + ecology, encoding="utf-8")
    register = load_register(root)
    routing = load_routing(root, register)
    assert set(routing.channels) == {"hook", "post", "robot", "file"}
    assert uncovered(register, routing) == []
    assert {r.kind for r in recipients_of(register, routing, "site-1", NIGHT, "offline")} == {"file", "wecom"}
