"""Pages of silences: asked for, approved by another, ended early; each unit for what it answers for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from alerts.people.tokens import form_token
from alerts.store.people_store import PeopleStore
from alerts.web.app import create_app
from alerts.web.sources import Sources
from ingest.clock import ManualClock
from tests.fakes.desk import DUSTY, NOW, FakeCases, FakeHistory, example_register
from tests.fakes.people import account, messages_in, people_in, signed_in, silences_in

REGISTER = example_register()
FORM = {"site": DUSTY, "ends": "2026-11-24T20:00", "reason": "基坑验收，设备断电"}


@dataclass
class SilenceDesk:
    """The desk as one person after another sees it."""

    http: httpx.AsyncClient
    people: PeopleStore
    app: object
    session: str = ""

    def become(self, role: str, unit: str | None = None, login: str = "") -> None:
        who = account(self.people, role, unit, login)
        self.session = signed_in(self.people, who)
        self.http.cookies.clear()
        self.http.cookies.update({"desk_session": self.session})

    async def page(self, path: str, status: int = 200) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text[:300]
        return answer.text

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return await self.http.post(path, data={"token": form_token(self.session), **fields})

    async def made(self, **fields: str) -> str:
        answer = await self.post("/silences", **{**FORM, **fields})
        assert answer.status_code == 303, answer.text[:300]
        return answer.headers["location"]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[SilenceDesk]:
    clock, people = ManualClock(NOW), people_in(tmp_path)
    sources = Sources(
        FakeHistory(REGISTER, clock),
        FakeCases(REGISTER),
        people,
        messages_in(tmp_path),
        None,
        silences_in(tmp_path),
    )
    app = create_app(sources, REGISTER, clock, "http://desk.test")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"accept-language": "zh-CN"}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers=headers) as http:
        found = SilenceDesk(http, people, app)
        found.become("office")
        yield found
    people.close()


def day_after(days: float) -> str:
    """A local time so long after NOW, as a browser writes it."""
    at = datetime.fromtimestamp(NOW / 1000 + days * 86_400, UTC).astimezone(REGISTER.zone)
    return f"{at:%Y-%m-%dT%H:%M}"


async def test_a_short_silence_is_in_force_at_once_and_can_be_ended_with_a_reason(desk: SilenceDesk) -> None:
    path = await desk.made(ends=day_after(0.2))
    page = await desk.page("/silences")
    assert re.search(r'生效中 <span class="count">1</span>', page)
    assert REGISTER.sites[DUSTY].name in page
    assert FORM["reason"] in page
    assert (await desk.post(f"{path}/end", reason=" ")).status_code == 422
    assert (await desk.post(f"{path}/end", reason="验收完成")).status_code == 303
    assert "验收完成" in await desk.page("/silences")
    late = await desk.post(f"{path}/end", reason="验收完成")
    assert late.status_code == 409
    assert "该静默已结束" in late.text
    said = [(one.action, one.reason) for _, one in desk.people.entries() if one.action.startswith("silence")]
    assert said == [("silence_ended", "验收完成"), ("silence_made", FORM["reason"])]


async def test_a_long_one_waits_for_another_person_and_its_author_is_refused(desk: SilenceDesk) -> None:
    path = await desk.made(ends=day_after(3))
    assert re.search(r'待批准 <span class="count">1</span>', await desk.page("/silences"))
    own = await desk.post(f"{path}/approve")
    assert own.status_code == 409
    assert "须由他人批准" in own.text
    desk.become("office", login="second.office")
    assert "批准" in await desk.page(path)
    assert (await desk.post(f"{path}/approve")).status_code == 303
    assert re.search(r'生效中 <span class="count">1</span>', await desk.page("/silences"))
    assert "批准人" in await desk.page("/silences")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"reason": ""}, "请填写原因"),
        ({"site": "none"}, "登记册中没有此工地"),
        ({"device": "none"}, "没有此监测点"),
        ({"kind": "system"}, "此类消息不能静默"),
        ({"unit": "department:none"}, "该单位不接收消息"),
        ({"site": ""}, "不能对全县静默"),
        ({"ends": "2020-01-01T00:00"}, "结束时间须晚于开始时间"),
        ({"ends": "soon"}, "结束时间须晚于开始时间"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_was_typed_kept(
    desk: SilenceDesk, fields: dict[str, str], words: str
) -> None:
    answer = await desk.post("/silences", **{**FORM, "ends": day_after(1), **fields})
    assert answer.status_code == 422
    assert words in answer.text
    assert fields.get("reason") == "" or FORM["reason"] in answer.text
    assert "目前没有静默" in await desk.page("/silences")


async def test_a_unit_silences_what_it_answers_for_and_sees_no_other(desk: SilenceDesk) -> None:
    path = await desk.made(ends=day_after(0.5))
    wide = await desk.made(site="", kind="offline", ends=day_after(0.5))
    desk.become("township", "department:town-river")
    assert REGISTER.sites[DUSTY].name not in await desk.page("/silences")
    for hidden in (path, wide):
        await desk.page(hidden, 404)
    refused = await desk.post("/silences", **{**FORM, "ends": day_after(0.5)})
    assert refused.status_code == 422
    assert "请选择本单位负责的工地" in refused.text
    desk.become("township")
    assert REGISTER.sites[DUSTY].name in await desk.page("/silences")
    await desk.page(path)


async def test_of_a_monitor_the_site_is_known(desk: SilenceDesk) -> None:
    device = REGISTER.devices_at(DUSTY)[0]
    path = await desk.made(site="", device=device.id, ends=day_after(0.5))
    page = await desk.page(path)
    assert REGISTER.sites[DUSTY].name in page
    assert (device.name or device.id) in page
    assert device.id in await desk.page(f"/silences/new?device={device.id}")


async def test_who_may_not_silence_reads_the_list_or_not_even_that(desk: SilenceDesk) -> None:
    await desk.made(ends=day_after(0.5))
    desk.become("auditor")
    page = await desk.page("/silences")
    assert FORM["reason"] in page
    assert "/silences/new" not in page
    desk.become("site")
    await desk.page("/silences", 403)
    assert "/silences" not in await desk.page("/cases")
