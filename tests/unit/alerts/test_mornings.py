"""The morning's digest: when it is due, what a unit reads in it, and how it reads; golden files by language."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.lifecycle.case import LifeCase
from alerts.lifecycle.responsibility import ResponsibleLine
from alerts.lifecycle.states import ENVIRONMENT
from alerts.lifecycle.stop_watch import TimeAllowed, started
from alerts.messages import message_of
from alerts.messages.silencing import TellingSilence
from alerts.morning_tellings import MorningTeller
from alerts.routing import Routing, RoutingForm
from alerts.routing.forms import DutyCalendar
from alerts.step_tellings import ToldCase
from ingest.register import County, Department
from tests.fakes.alerts import HOUR, county, ms

GOLDEN = Path(__file__).parents[2] / "cases" / "mornings"
EIGHT, HALF_PAST_SEVEN = ms("2026-11-24T08:00:00+08:00"), ms("2026-11-24T07:30:00+08:00")
CALENDAR = DutyCalendar().of_zone("Asia/Shanghai")
OFFICE = Department.model_validate(
    {
        "id": "dust-office",
        "name": "县扬尘办",
        "line": "coordination",
        "contacts": [{"name": "值班", "channels": [{"kind": "file"}]}],
    }
)
TITLE = {"zh": "PM10 小时浓度", "en": "hourly PM10"}


def teller(language="zh_CN", clock="07:30"):
    departments = {**county().departments, "dust-office": OFFICE}
    register = county(county=County(name="示范县", language=language), departments=departments)
    form = RoutingForm.model_validate({"delivery": {"morning_digest": clock} if clock else {}})
    return MorningTeller(register, Routing(form), "http://desk.example:8400")


def case(number, opened_at, hours=24, site="site-1", **changes):
    watch = started(TimeAllowed("rectify", hours, "urgent_hour"), f"site:{site}", 1, opened_at, CALENDAR)
    asked = started(TimeAllowed("sign", 24 * 30, "urgent_hour"), "department:housing", 1, opened_at, CALENDAR)
    values = {
        "id": f"c{number}", "site": site, "kind": "exceedance", "day": "2026-11-23", "source": "machine",
        "level": "warning", "state": "assigned", "track": "rectify", "opened_at": opened_at,
        "state_since": opened_at, "updated_at": opened_at, "unit": f"site:{site}", "watches": (watch,),
        "lines": (ResponsibleLine("sector", "department:housing", asked),),
    }  # fmt: skip
    return ToldCase(number, LifeCase(**{**values, **changes}), TITLE, f"f{number}")


OLD = HALF_PAST_SEVEN - 40 * HOUR
CASES = [
    case(12, OLD),  # overdue since 16 hours
    case(15, HALF_PAST_SEVEN - 20 * HOUR, state="rectifying"),  # due today
    case(17, HALF_PAST_SEVEN - 6 * HOUR, hours=72, site="site-2"),  # of the night
    case(18, HALF_PAST_SEVEN - 5 * HOUR, state="archived", watches=(), lines=(), site="site-2"),
    case(9, OLD, hours=240, state="postponed"),
]


def test_it_is_due_at_its_time_and_some_hours_longer_for_who_comes_on_duty_later():
    by = teller()
    assert by.due(HALF_PAST_SEVEN - 1) is None
    morning = by.due(HALF_PAST_SEVEN)
    assert (morning.day, morning.at) == ("2026-11-24", HALF_PAST_SEVEN)
    assert morning.night_since == ms("2026-11-23T17:30:00+08:00"), "when the offices closed"
    assert morning.day_ends == ms("2026-11-25T00:00:00+08:00")
    assert by.due(HALF_PAST_SEVEN + 4 * HOUR - 1) == morning
    assert by.due(HALF_PAST_SEVEN + 4 * HOUR) is None
    assert teller(clock=None).due(HALF_PAST_SEVEN) is None


def counts(unit, cases=CASES):
    by = teller()
    found = by.tellings(unit, cases, by.due(HALF_PAST_SEVEN), HALF_PAST_SEVEN)
    assert len({t.id for t in found}) == len(found)
    return found[0].facts["facts"]["counts"] if found else None


def test_each_unit_reads_of_what_it_has_a_part_in_each_case_once():
    assert counts("site:site-1") == {"overdue": 1, "today": 1, "night": 0, "rest": 1}
    assert counts("site:site-2") == {"overdue": 0, "today": 0, "night": 2, "rest": 0}
    assert counts("department:housing") == {"overdue": 1, "today": 1, "night": 1, "rest": 1}
    assert counts("department:dust-office") == {"overdue": 1, "today": 1, "night": 2, "rest": 1}
    assert counts("department:town-east") is None, "who has no part in anything hears of nothing"
    assert counts("site:site-2", CASES[:2]) is None


def test_the_environment_branch_reads_of_what_it_has_to_verify():
    by = teller()
    branch = Department.model_validate(
        {
            "id": "eco",
            "name": "生态环境分局",
            "line": "sector",
            "environment": True,
            "contacts": [{"name": "值班", "channels": [{"kind": "file"}]}],
        }
    )
    by = by._replace(register=replace(by.register, departments={**by.register.departments, "eco": branch}))
    waits = case(20, OLD, state="awaiting_verification", verifier=ENVIRONMENT)
    assert by.concerns("department:eco", waits.life)
    assert not by.concerns("department:eco", CASES[0].life)


def test_the_digest_of_a_day_is_one_and_another_day_is_another():
    by = teller()
    found = [
        by.tellings("site:site-1", CASES, by.due(at), at)[0]
        for at in (HALF_PAST_SEVEN, EIGHT, HALF_PAST_SEVEN + 24 * HOUR)
    ]
    assert found[0].id == found[1].id != found[2].id


def test_a_silence_of_a_site_leaves_the_digest_and_one_of_the_whole_unit_does_not():
    by = teller()
    telling = by.tellings("site:site-1", CASES, by.due(HALF_PAST_SEVEN), HALF_PAST_SEVEN)[0]
    silence = TellingSilence("s1", "a1", "works", 0, 0, EIGHT, site="site-1")
    assert not silence.covers(telling)
    assert replace(silence, site="", unit="site:site-1").covers(telling)


SITUATIONS = {
    "for-the-site": ("site:site-1", CASES),
    "for-the-department": ("department:housing", CASES),
    "for-the-county-office": ("department:dust-office", CASES),
    "of-many": ("department:dust-office", [case(n, OLD) for n in range(1, 26)]),
}


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("name", SITUATIONS)
def test_a_digest_reads_as_its_golden_file(name, language):
    unit, cases = SITUATIONS[name]
    by = teller(language)
    (telling, *_) = by.tellings(unit, cases, by.due(HALF_PAST_SEVEN), HALF_PAST_SEVEN)
    message = message_of([telling], HALF_PAST_SEVEN)
    path = GOLDEN / f"{name}.{language}.txt"
    if os.environ.get("DUSTWATCH_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(message.text + "\n", encoding="utf-8")
    assert message.text + "\n" == path.read_text(encoding="utf-8")
    assert message.subject == message.text.split("\n")[0]
    assert message.link in message.text
    assert message.id in message.text
    assert "None" not in message.text
