"""The page of messages: who was told, for whom it says so by name, and what it shows of other units."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from alerts.web.app import create_app
from tests.fakes.desk import DEAD, DUSTY, HOUR, MINUTE, NOW
from tests.fakes.people import cookie_of
from tests.fakes.stored_county import StoredCounty


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> StoredCounty:
    """Three hours of the example county, all of it sent; fifteen monitors fell silent together."""
    found = StoredCounty.start(tmp_path_factory.mktemp("county"), NOW - 3 * HOUR)
    for device in list(found.register.devices)[:15]:
        found.source.quiet_since[device] = NOW - 40 * MINUTE
    found.run_to(NOW)
    return found


@pytest.fixture
async def http(county: StoredCounty) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(county.sources, county.register, county.clock, "http://desk.test")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk.test", headers={"accept-language": "zh-CN"}
    ) as opened:
        opened.cookies.update(cookie_of(county.people))
        yield opened


async def text(http: httpx.AsyncClient, path: str, status: int = 200) -> str:
    answer = await http.get(path)
    assert answer.status_code == status, answer.text[:300]
    return answer.text


def count(page: str, which: str) -> int:
    found = re.search(rf'href="/messages\?which={which}[^>]*>[^<]*<span class="count">([\d,]+)<', page)
    assert found
    return int(found[1].replace(",", ""))


async def test_a_message_says_whom_it_reached_how_and_what_is_known_of_it(http: httpx.AsyncClient) -> None:
    page = await text(http, "/messages")
    for words in ("周建国", "已发送（已写入文件）", "次发送", "不代表对方已看到", "项目"):
        assert words in page
    assert "已送达" not in page
    assert count(page, "all") == count(page, "waiting") + count(page, "accepted") + count(page, "failed")
    assert (
        (await text(http, "/messages?part=live"))
        .lstrip()
        .startswith('<section class="card" id="message-list"')
    )


async def test_who_was_told_of_a_case_is_one_list(http: httpx.AsyncClient, county: StoredCounty) -> None:
    case = next(c for c in county.cases.cases(site=DUSTY) if c.kind == "exceedance")
    page = await text(http, f"/messages?case={case.id}")
    file = county.cases.case(case.id)
    assert file is not None
    assert "本事件通知了哪些人" in page
    assert count(page, "all") == len(file.messages)
    failed = await text(http, "/messages?which=failed")
    assert f'href="/messages?case={case.id}"' in page  # without the filter that one came by
    assert "which=failed&amp;case=" not in failed
    assert "没有编号为 no-such 的事件" in await text(http, "/messages?case=no-such")
    assert "没有符合条件的消息" in await text(http, "/messages?case=no-such")


async def test_what_nobody_knows_is_said_and_left_out(http: httpx.AsyncClient) -> None:
    page = await text(http, "/messages?which=lost&channel=pigeon&site=none&day=2026-02-30", 400)
    for words in ("which=lost", "channel=pigeon", "site=none", "day=2026-02-30"):
        assert words in page
    assert "没有符合条件的消息" not in page


@pytest.mark.parametrize(
    ("role", "unit"), [("site", f"site:{DUSTY}"), ("contractor", "contractor:示范建工集团")]
)
async def test_a_site_reads_which_units_were_told_and_of_its_own_people_who(
    http: httpx.AsyncClient, county: StoredCounty, role: str, unit: str
) -> None:
    http.cookies.update(cookie_of(county.people, role, unit))
    page = await text(http, "/messages")
    table = page[page.index('id="message-list"') :]
    assert "周建国" in table  # their own
    assert "住房和城乡建设局" in table
    for name in ("住建局值班室", "王海燕"):
        assert name not in table
    assert 'name="person"' not in page
    searched = await text(http, "/messages?person=王海燕")  # nor by looking for it
    assert count(searched, "all") == count(page, "all")
    assert "550 5.1.1" not in table


async def test_nobody_sees_messages_of_what_another_unit_answers_for(
    http: httpx.AsyncClient, county: StoredCounty
) -> None:
    everything = count(await text(http, "/messages"), "all")
    http.cookies.update(cookie_of(county.people, "site", f"site:{DEAD}"))
    page = await text(http, "/messages")
    assert count(page, "all") < everything
    assert county.register.sites[DUSTY].name not in page
    case = next(c for c in county.cases.cases(site=DUSTY) if c.kind == "exceedance")
    page = await text(http, f"/messages?case={case.id}")
    assert count(page, "all") == 0
    assert "没有编号为" in page
    http.cookies.update(cookie_of(county.people, "site", "site:gone"))
    assert count(await text(http, "/messages"), "all") == 0


async def test_a_message_of_a_common_case_is_of_each_case_that_it_covers(
    http: httpx.AsyncClient, county: StoredCounty
) -> None:
    common = next(c for c in county.cases.cases(limit=1000) if c.kind == "many_silent")
    file = county.cases.case(common.id)
    assert file is not None
    member = file.members[0]
    own = county.cases.case(member.id)
    assert own is not None
    assert count(await text(http, f"/messages?case={member.id}"), "all") == len(own.messages) > 0


async def test_a_case_store_that_is_away_is_named(http: httpx.AsyncClient, county: StoredCounty) -> None:
    def away(*_: object) -> None:
        raise ConnectionError("away")

    kept = county.messages.counts
    county.messages.counts = away  # type: ignore[method-assign,assignment]
    assert "事件库没有响应" in (await text(http, "/messages", 503)).replace(" ", "")
    county.messages.counts = kept  # type: ignore[method-assign]
