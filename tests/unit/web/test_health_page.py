"""The page of the platform's health: what is known is shown, what is away is named, nothing waits for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from alerts.platform_faults import StageProgress
from alerts.web.app import create_app
from alerts.web.health_pages import remarks_by_kind
from alerts.web.log_look import LogLook, LogStanding
from alerts.web.names import HELD
from ingest.records import REJECTION_CODES, Remark
from processors.history.context import batches_of_context
from tests.fakes.desk import DEAD, DUSTY, HOUR, NOW
from tests.fakes.people import cookie_of
from tests.fakes.stored_county import StoredCounty

STANDING = LogStanding(
    {
        "detect": {0: StageProgress(90, 100), 1: StageProgress(5, 5)},
        "store": {0: StageProgress(7, 7)},
        "alerts": {},
    },
    {"unknown_device": 12, "bad_json": 3},
    NOW,
    200,
    False,
)


@dataclass(slots=True)
class Office:
    """Somebody of the county office at a desk on real stores."""

    http: httpx.AsyncClient
    app: Starlette
    county: StoredCounty

    async def text(self, path: str, status: int = 200) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text[:300]
        return answer.text


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    county = StoredCounty.start(tmp_path, NOW - HOUR)
    county.run_to(NOW)
    app = create_app(county.sources, county.register, county.clock, "http://desk.test")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk.test", headers={"accept-language": "zh-CN"}
    ) as http:
        http.cookies.update(cookie_of(county.people))
        yield Office(http, app, county)


async def test_the_page_says_what_stores_channels_sites_and_monitors_do(office: Office) -> None:
    trouble = {"stage": "store", "seconds": 130, "lag": 5, "reason": "partition 0"}
    assert "没有已知的平台故障" in await office.text("/health")
    office.county.cases.open_fault("stage/store", trouble, office.county.planner, NOW)
    names = {"PM4": [3, NOW, NOW]}
    remarks = [Remark(NOW - 60_000, "dev-001", DUSTY, "unknown_key", names)]
    office.county.history.write_batches(batches_of_context(list(remarks)))
    page = await office.text("/health")
    assert "持续中" in page
    sites = office.county.register.sites
    table = page[page.index('id="silent-title"') :]
    assert table.index(sites[DEAD].name) < table.index(sites[DUSTY].name)
    assert table.count("pill is-silent") == 1
    assert "11 个正常，1 个离线" in table
    assert "需修改配置" in page
    assert "which=waiting&amp;channel=file" in page  # the operator's message about the trouble
    assert 'hx-get="/health?part=log" hx-trigger="load"' in page
    live = await office.text("/health?part=live")
    assert live.lstrip().startswith('<div id="health-live"')


async def test_the_log_says_how_far_the_stages_are_and_what_is_held(office: Office) -> None:
    assert "未连接消息日志" in await office.text("/health?part=log")

    async def ask() -> LogStanding:
        return STANDING

    office.app.state.desk.log = LogLook(ask)
    page = await office.text("/health?part=log")
    assert '>10</td><td class="num" data-label="落后分区">1 / 2<' in page
    assert page.index("设备未登记") < page.index("不是有效的 JSON")
    assert "仅查看了最近 200 条记录" in page


async def test_a_log_that_does_not_answer_is_away_in_words_and_costs_its_card_only(office: Office) -> None:
    async def never() -> LogStanding:
        await asyncio.Event().wait()
        raise AssertionError

    async def fails() -> LogStanding:
        raise ConnectionError("no broker at kafka:9092\nand more")

    office.app.state.desk.log = LogLook(never, within_s=0.01)
    assert "消息日志（Kafka）没有响应" in await office.text("/health?part=log")
    office.app.state.desk.log = LogLook(fails)
    page = await office.text("/health?part=log")
    assert "no broker at kafka:9092" in page
    assert "and more" not in page
    await office.text("/health")


async def test_the_log_is_asked_once_for_all_who_look_and_again_later() -> None:
    asked, now = 0, 100.0

    async def ask() -> LogStanding:
        nonlocal asked
        asked += 1
        return STANDING

    look = LogLook(ask, monotonic=lambda: now)
    answers = await asyncio.gather(*(look.look() for _ in range(20)))
    assert asked == 1
    assert all(one.standing is STANDING for one in answers)
    now += 9.9
    await look.look()
    assert asked == 1
    now += 0.2
    await look.look()
    assert asked == 2


@pytest.mark.parametrize(("store", "words"), [("history", "历史库"), ("cases", "事件库")])
async def test_a_store_that_is_away_is_named_and_the_rest_is_shown(
    office: Office, store: str, words: str
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError("refused by postgres://u:secret@h")

    desk = office.app.state.desk
    broken = (desk.history, ("latest", "verdicts", "outlooks", "rows"))
    if store == "cases":
        broken = (desk.cases, ("find", "count", "changed"))
        desk.messages.standing = away
    for name in broken[1]:
        setattr(broken[0], name, away)
    page = await office.text("/health")
    assert page.count("没有响应") >= 2
    assert words in page
    assert "secret" not in page
    assert "设备来数提示" in page


def test_remarks_count_monitors_and_what_the_configuration_lacks_comes_first() -> None:
    found = remarks_by_kind(
        [
            Remark(1, "a", "s", "tolerance", {"end": [5, 1, 1]}),
            Remark(2, "b", "s", "tolerance", {"end": [1, 1, 1]}),
            Remark(2, "a", "s", "unknown_key", {"x": [2, 1, 1], "y": [1, 1, 1]}),
            Remark(9, "a", "s", "unknown_key", {"x": [2, 1, 1]}),
        ]
    )
    assert [tuple(one) for one in found] == [("unknown_key", 1, 5), ("tolerance", 2, 6)]


def test_every_reason_of_quarantine_has_a_name() -> None:
    assert set(REJECTION_CODES) <= set(HELD)
