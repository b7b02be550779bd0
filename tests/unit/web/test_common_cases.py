"""Cases that several monitors share, and faults of the platform, as the desk shows them."""

from __future__ import annotations

import re

import httpx
import pytest

from alerts.kinds import MANY_SILENT, SYSTEM
from alerts.web.app import create_app
from tests.fakes.alerts import apply, breach
from tests.fakes.desk import HOUR, MINUTE, NOW
from tests.fakes.people import cookie_of
from tests.fakes.stored_county import StoredCounty


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> StoredCounty:
    """Fifteen monitors fall silent at once; then the platform has a fault of its own."""
    county = StoredCounty.start(tmp_path_factory.mktemp("county"), NOW - HOUR)
    for device in list(county.register.devices)[:15]:
        county.source.quiet_since[device] = NOW - 40 * MINUTE
    county.run_to(NOW)
    county.cases.open_fault(
        "stage/store",
        {"stage": "store", "seconds": 130, "lag": 5, "reason": "partition 0"},
        county.planner,
        NOW,
    )
    return county


async def page(county: StoredCounty, path: str, role: str = "office") -> str:
    app = create_app(county.sources, county.register, county.clock, "http://desk.test")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as http:
        http.cookies.update(cookie_of(county.people, role))
        answer = await http.get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


async def test_monitors_silent_together_are_one_item_of_the_board(county: StoredCounty) -> None:
    text = await page(county, "/?lang=en")
    cases = text[text.index('id="open-cases"') :]
    assert cases.count("15 monitors silent together") == 1
    assert "锦绣家园" not in cases


async def test_their_common_case_lists_them_by_site_and_each_leads_back(county: StoredCounty) -> None:
    common = next(c for c in county.cases.cases() if c.kind == MANY_SILENT)
    text = await page(county, f"/cases/{common.id}?lang=en")
    assert "Told together" in text
    assert all(f"/cases/{m.id}" in text for m in county.cases.cases() if m.parent == common.id)
    member = next(c for c in county.cases.cases() if c.parent == common.id)
    assert f'href="/cases/{common.id}"' in await page(county, f"/cases/{member.id}?lang=en")


async def test_what_ended_because_its_rule_was_removed_is_never_called_compliant(
    county: StoredCounty,
) -> None:
    for event in (breach(id="gone"), breach("closed", id="gone", reasons=("rule_removed",))):
        apply(county.cases, event, county.planner, event.at)
    case = next(c for c in county.cases.cases() if c.breach == "gone")
    text = await page(county, f"/cases/{case.id}?lang=en")
    assert "No longer judged" in text
    assert "the rule was taken out of the configuration" in text
    assert "Compliant again" not in text
    assert "back to normal" not in text


async def test_cases_of_one_monitor_in_one_item_are_told_apart_by_their_time(county: StoredCounty) -> None:
    for n in (1, 2):
        apply(
            county.cases,
            breach(id=f"twice-{n}", site="site-12", rule="twice", opened_at=NOW - n * HOUR),
            county.planner,
            NOW,
        )
    text = await page(county, "/sites/site-12?part=cases&lang=en")
    assert len(set(re.findall(r">(dev-1 \d\d:\d\d)</a>", text))) == 2


async def test_a_fault_of_the_platform_is_named_in_the_readers_language(county: StoredCounty) -> None:
    fault = next(c for c in county.cases.cases() if c.kind == SYSTEM)
    assert "stage stuck: store" in await page(county, f"/cases/{fault.id}?lang=en")
    assert "处理环节停滞 store" in await page(county, f"/cases/{fault.id}?lang=zh_CN")


async def test_all_cases_can_be_listed(county: StoredCounty) -> None:
    text = await page(county, "/cases?open=1&lang=en")
    assert all(f"/cases/{c.id}" in text for c in county.cases.cases())


async def test_of_others_a_site_sees_that_they_were_told_not_who(county: StoredCounty) -> None:
    apply(county.cases, breach(id="named", site="site-01", device="dev-001"), county.planner, NOW)
    case = next(c for c in county.cases.cases() if c.breach == "named")
    county.run_to(county.clock.at_ms + MINUTE)
    office = await page(county, f"/cases/{case.id}?lang=en")
    site = await page(county, f"/cases/{case.id}?lang=en", "site")
    told, seen = (re.findall(r'<th scope="row">([^<]+)<', text) for text in (office, site))
    own = county.register.sites["site-01"].contacts[0].name
    assert [name for name in told if own in name]
    units = {d.name for d in county.register.departments.values()}
    # the names are the units' alone but for its own people's
    assert [name for name in seen if own in name]
    assert {name for name in seen if own not in name} <= units
    assert not set(told) & units
    assert "not who" in site
    assert f"dustwatch explain {case.data['verdict']}" in office
