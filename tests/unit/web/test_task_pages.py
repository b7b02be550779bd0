"""Cases as people work at them: each by their role, with pictures, versions, and what is refused."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from alerts.lifecycle.trail import first_flaw
from alerts.people.erasures import Erasure
from alerts.store.erasure_store import ErasureStore
from alerts.store.life_store import LifeStore
from alerts.web.app import create_app
from alerts.web.sources import Sources
from ingest.clock import ManualClock
from tests.fakes.desk import DUSTY, HOUR, NOW, FakeCases, FakeHistory, example_register
from tests.fakes.lives import DUSTY_HOUR, lives_in
from tests.fakes.people import cookie_of, entry, messages_in, people_in
from tests.fakes.photographs import photograph

REGISTER = example_register()
OVER = replace(DUSTY_HOUR, event="closed", at=NOW, start=NOW - HOUR, end=NOW, value=90.0, verdict="v2")


@dataclass(slots=True)
class TaskDesk:
    """A desk with one case, and somebody who works at it."""

    http: httpx.AsyncClient
    lives: LifeStore
    people: Any
    app: Any

    def become(self, role: str, unit: str | None = None) -> None:
        self.http.cookies.update(cookie_of(self.people, role, unit))

    async def page(self, path: str = "/tasks/1", status: int = 200) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text[:300]
        return answer.text

    async def step(self, name: str, files: Any = None, **fields: str) -> httpx.Response:
        page = await self.page()
        hidden = re.search(
            r'name="token" value="([^"]+)"><input type="hidden" name="version" value="([^"]+)">', page
        )
        token, version = (
            hidden.groups() if hidden else (re.search(r'name="token" value="([^"]+)"', page)[1], "")
        )
        data = {"token": token, "version": version, "form": f"f{version}{name}", **fields}
        return await self.http.post(f"/tasks/1/{name}", data=data, files=files)

    @property
    def state(self) -> str:
        return self.lives.file(self.lives.find_id("1")).kept.life.state


@pytest.fixture
async def desk(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[TaskDesk]:
    clock = ManualClock(NOW)
    people = people_in(tmp_path)
    lives = lives_in(tmp_path, DUSTY_HOUR, OVER)
    history = FakeHistory(REGISTER, clock)
    app = create_app(
        Sources(history, FakeCases(REGISTER), people, messages_in(tmp_path), lives),
        REGISTER,
        clock,
        "http://desk.test",
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"accept-language": "zh-CN"}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers=headers) as http:
        found = TaskDesk(http, lives, people, app)
        found.become("site")
        yield found
    people.close()


async def test_what_waits_for_me_is_first_and_another_site_sees_nothing(desk: TaskDesk) -> None:
    page = await desk.page("/tasks")
    assert "锦绣家园二期住宅工程" in page
    assert '待我办理 <span class="count">1</span>' in page
    desk.become("site", "site:site-02")
    assert "没有待您办理的事项" in await desk.page("/tasks")
    await desk.page("/tasks/1", 404)


async def test_the_way_from_the_signature_to_the_closing(desk: TaskDesk) -> None:
    for name in ("sign", "start"):
        assert (await desk.step(name)).status_code == 303
    missing = await desk.step("submit", statement="已覆盖裸土")
    assert missing.status_code == 422
    assert "整改后照片" in missing.text
    assert "已覆盖裸土" in missing.text  # what was typed is not lost
    files = {"photo_after": ("a.jpg", photograph(), "image/jpeg")}
    assert (await desk.step("submit", files, statement="已覆盖裸土")).status_code == 303
    assert desk.state == "awaiting_verification"
    desk.become("verifier")
    assert (await desk.step("reject", reason="东侧未覆盖")).status_code == 303
    desk.become("site")
    page = await desk.page()
    assert "东侧未覆盖" in page
    assert (await desk.step("submit", files, statement="已全部覆盖")).status_code == 303
    desk.become("verifier")
    refused = await desk.step("accept")
    assert refused.status_code in (303, 422)  # as the newest verdicts of the simulated county stand
    if refused.status_code == 422:
        assert "无法判定" in refused.text or "尚未恢复" in refused.text


async def test_a_picture_is_shown_without_what_the_camera_wrote_and_kept_as_it_came(desk: TaskDesk) -> None:
    for name in ("sign", "start"):
        await desk.step(name)
    taken = photograph()
    await desk.step("submit", {"photo_after": ("a.jpg", taken, "image/jpeg")}, statement="已洒水")
    (digest,) = set(re.findall(r"/tasks/1/files/([0-9a-f]{64})", await desk.page()))
    shown = await desk.http.get(f"/tasks/1/files/{digest}")
    assert not Image.open(io.BytesIO(shown.content)).getexif()
    kept = await desk.http.get(f"/tasks/1/files/{digest}?original=1")
    assert kept.content == taken
    desk.become("site", "site:site-02")
    assert (await desk.http.get(f"/tasks/1/files/{digest}")).status_code == 404


async def test_what_is_no_picture_is_refused_and_nothing_is_done(desk: TaskDesk) -> None:
    for name in ("sign", "start"):
        await desk.step(name)
    for content in (b"<svg/>", b"GIF89a", photograph()[:50]):
        answer = await desk.step("submit", {"photo_after": ("a.jpg", content, "image/jpeg")}, statement="x")
        assert answer.status_code == 403
        assert desk.state == "rectifying"


async def test_another_role_is_not_offered_the_step_and_is_refused_it(desk: TaskDesk) -> None:
    desk.become("township")
    page = await desk.page()
    assert "/tasks/1/countersign" in page
    assert '/tasks/1/sign"' not in page
    refused = await desk.step("sign")
    assert refused.status_code == 422
    assert "只有责任单位可以办理" in refused.text or "责任单位" in refused.text
    desk.become("auditor")
    assert (await desk.http.post("/tasks/1/sign", data={"token": "x"})).status_code == 403
    assert desk.state == "assigned"


async def test_the_contractor_acts_for_its_site(desk: TaskDesk) -> None:
    desk.become("contractor")
    assert (await desk.step("sign")).status_code == 303
    assert desk.state == "acknowledged"


async def test_who_comes_second_gets_409_with_what_changed_and_keeps_what_was_typed(desk: TaskDesk) -> None:
    assert (await desk.step("sign")).status_code == 303
    late = await desk.step("start", note="我们马上开始", version="1", form="other")
    assert late.status_code == 409
    assert "我们马上开始" in late.text
    assert "签收" in late.text


async def test_a_form_sent_twice_is_one_step(desk: TaskDesk) -> None:
    version = str(desk.lives.file(desk.lives.find_id("1")).kept.life.version)
    for _ in range(2):
        assert (await desk.step("sign", version=version, form="once")).status_code == 303
    assert [r.command for r in desk.lives.file(desk.lives.find_id("1")).trail].count("sign") == 1


async def test_the_county_office_transfers_and_a_date_that_is_past_postpones_nothing(desk: TaskDesk) -> None:
    desk.become("office")
    refused = await desk.step("postpone", until="2020-01-01T00:00", reason="停电")
    assert refused.status_code == 422
    assert (await desk.step("transfer", unit="department:town-east", reason="工地已移交")).status_code == 303
    assert desk.lives.file(desk.lives.find_id("1")).kept.life.unit == "department:town-east"


async def test_a_case_is_found_by_any_of_its_names_and_shown_by_its_number(desk: TaskDesk) -> None:
    id = desk.lives.find_id("1")
    answer = await desk.http.get(f"/tasks/{id}")
    assert (answer.status_code, answer.headers["location"]) == (307, "/tasks/1")
    await desk.page("/tasks/no-such", 404)


async def test_on_paper_it_names_breach_verdict_and_digest(desk: TaskDesk) -> None:
    page = await desk.page("/tasks/1/print")
    file = desk.lives.file(desk.lives.find_id("1"))
    assert file.kept.life.digest in page
    assert file.placed[0].breach in page


async def test_who_was_erased_has_no_name_and_no_words_on_any_page(desk: TaskDesk, tmp_path: Path) -> None:
    assert (await desk.step("sign", note="雾炮已开")).status_code == 303
    assert "张敏" in await desk.page()
    person = next(one for one in desk.people.accounts() if one.role == "site")
    desk.become("auditor")
    erasing = ErasureStore(f"sqlite:///{tmp_path}/people.sqlite")
    erasing.apply([(Erasure.made(person.id, NOW, "root", "asked for it"), entry("account_erased"))])
    erasing.close()
    for path in ("/tasks/1", "/tasks/1/print"):
        page = await desk.page(path)
        history = page.partition("签收")[2]
        assert "姓名已清除" in history
        assert "已清除" in history.replace("姓名已清除", "")
        assert "雾炮已开" not in page
    assert first_flaw(desk.lives.file(desk.lives.find_id("1")).trail) is None


async def test_the_words_of_a_filter_that_nobody_knows_are_said(desk: TaskDesk) -> None:
    page = await desk.page("/tasks?which=nothing", 400)
    assert "which=nothing" in page
    assert DUSTY in await desk.page(f"/tasks?which=all&site={DUSTY}")
    assert 'class="empty"' in await desk.page("/tasks?which=all&q=zzzz")


async def test_the_ledger_is_taken_along_with_a_reason_a_row_a_round(desk: TaskDesk) -> None:
    await desk.step("sign")
    page = await desk.page("/tasks?which=all")
    fields = {"token": re.search(r'name="token" value="([^"]+)"', page)[1], "which": "all"}
    without = await desk.http.post("/tasks/export", data=fields)
    assert without.status_code == 303
    assert without.headers["location"].endswith("#export")
    answer = await desk.http.post("/tasks/export", data={**fields, "reason": "季度考核"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    head, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    told = dict(zip(head, row, strict=True))
    assert (told["编号"], told["轮次"], told["工地"]) == ("1", "1", REGISTER.sites[DUSTY].name)
    assert (told["来源"], told["状态"], told["问题数"]) == ("监测发现", "已签收", "1")
    assert told["签收"]
    assert told["核验销号"] == ""
    entry = desk.people.entries(action="exported")[0][1]
    assert (entry.object, entry.reason, entry.after["cases"]) == ("ledger", "季度考核", 1)
