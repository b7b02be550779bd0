"""The page of the rota, and who answers on a site's page: for whom what is shown."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from alerts.duty import Deputy, DutyPerson, DutyTurn, Way
from alerts.duty.difference import changes_between
from alerts.store.duty_store import DutyRevision, DutyStore
from alerts.store.people_store import PeopleStore
from alerts.web.app import create_app
from alerts.web.sources import Sources
from ingest.clock import ManualClock
from tests.fakes.desk import NOW, FakeCases, FakeHistory, example_register
from tests.fakes.people import account, cookie_of, entry, messages_in, people_in

REGISTER = example_register()
HOUSING = "department:housing"
ROWS = (
    DutyPerson("p1", "周敏", HOUSING, "13800138000", (Way("file"),)),
    DutyPerson("p2", "王强", HOUSING, "13900139000", (Way("file"),)),
    DutyPerson("p3", "项目经理 周建国", "site:site-01", "13700137000", (Way("file"),)),
    DutyTurn("t1", HOUSING, "p1", "08:00-18:00", "workdays"),
    DutyTurn("t2", HOUSING, "p2", "18:00-08:00"),
    Deputy("d1", "p1", "p2", until="2020-01-01"),
)


class RotaDesk:
    """A desk with a rota, as somebody of a role and unit sees it."""

    def __init__(self, http: httpx.AsyncClient, people: PeopleStore) -> None:
        self.http, self.people = http, people

    async def page(self, path: str, role: str, unit: str | None = None) -> str:
        self.http.cookies.clear()
        self.http.cookies.update(cookie_of(self.people, role, unit))
        found = await self.http.get(path)
        assert found.status_code == 200
        return found.text


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[RotaDesk]:
    clock, people = ManualClock(NOW), people_in(tmp_path)
    duty = DutyStore(f"sqlite:///{tmp_path}/duty.sqlite")
    duty.write(changes_between((), ROWS), 0, DutyRevision(0, NOW, "root", "x"), entry())
    sources = Sources(
        FakeHistory(REGISTER, clock), FakeCases(REGISTER), people, messages_in(tmp_path), None, duty
    )
    app = create_app(sources, REGISTER, clock, "http://desk.test")
    headers = {"accept-language": "zh-CN"}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers=headers) as http:
        yield RotaDesk(http, people)
    people.close()
    duty.close()


async def test_the_rota_has_the_days_ahead_with_hours_and_telephones(desk: RotaDesk) -> None:
    page = await desk.page("/rota", "office")
    assert "依据责任名册第 1 版" in page
    assert page.count("13900139000</a>") == 7  # each night of the week
    assert 1 <= page.count("13800138000</a>") < 7  # days of work alone
    assert "休息日" in page
    assert "网格员 王海燕" in page  # of a unit that the store does not know: as the folder says


async def test_a_site_sees_its_own_units_and_its_own_telephone(desk: RotaDesk) -> None:
    page = await desk.page("/rota", "site", "site:site-01")
    assert "周敏" in page
    assert "13800138000" not in page
    assert "13700137000" in page
    assert "交通运输局值班室" not in page
    assert "没有该名称的单位" in await desk.page("/rota?q=交通", "site", "site:site-01")


async def test_who_still_has_turns_of_duty_is_not_ended(desk: RotaDesk) -> None:
    people = desk.people
    leaving = replace(account(people, "department", HOUSING, "zhoumin", "周敏"), contact=f"{HOUSING}/周敏")
    account(people, "department", HOUSING, "lihong")
    people.change_account(leaving, entry())
    page = await desk.page(f"/people/{leaving.id}", "administrator")
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found is not None
    data = {"token": found[1], "reason": "调离"}
    refused = await desk.http.post(f"/people/{leaving.id}/end", data=data)
    assert refused.status_code == 409
    assert "值班安排 t1" in refused.text
    assert people.account(leaving.id).state == "active"


async def test_a_site_page_names_who_is_on_duty_today(desk: RotaDesk) -> None:
    page = await desk.page("/sites/site-01", "office")
    assert "王强 18:00-08:00" in page
    assert 'href="tel:13700137000"' in page
    own = await desk.page("/sites/site-01", "site", "site:site-01")
    assert 'href="tel:13700137000"' in own
    assert "13900139000" not in own
