"""Problems handed in on a telephone and by programs: once, by whom, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from alerts.people.accounts import MachineToken
from alerts.people.tokens import digest
from alerts.store.case_store import wall_ms
from alerts.web.app import create_app
from alerts.web.openapi import openapi_of
from alerts.web.route_table import ROWS
from alerts.web.sources import Sources
from ingest.clock import ManualClock
from tests.fakes.desk import DUSTY, NOW, FakeCases, FakeHistory, example_register
from tests.fakes.lives import lives_in, problems_in
from tests.fakes.people import cookie_of, entry, messages_in, people_in
from tests.fakes.photographs import photograph

REGISTER = example_register()
SECRET = "m" * 43
FOUND = {
    "site": DUSTY,
    "how": "night",
    "measure-covering": "1",
    "found_at": "2026-11-23T10:00",
    "words": "裸土未盖",
}


@dataclass(slots=True)
class ReportDesk:
    """A desk at which problems are handed in."""

    http: httpx.AsyncClient
    people: Any
    lives: Any

    def become(self, role: str, unit: str | None = None) -> None:
        self.http.cookies.clear()
        self.http.cookies.update(cookie_of(self.people, role, unit))

    async def form(self) -> dict[str, str]:
        page = await self.http.get("/report")
        assert page.status_code == 200, page.text[:300]
        return dict(re.findall(r'type="hidden" name="(token|form)" value="([^"]+)"', page.text))

    async def hand_in(self, hidden: dict[str, str], files: Any = None, **fields: str) -> httpx.Response:
        data = {**FOUND, **hidden, **fields}
        return await self.http.post("/report", data=data, files=files or {"x": ("", b"", "text/plain")})

    async def by_program(self, key: str = "k1", bearer: str = SECRET, **more: Any) -> httpx.Response:
        self.http.cookies.clear()
        said = {"how": "patrol", "found_at": NOW, "site": DUSTY, "measures": ["covering"], **more}
        headers = {"authorization": f"Bearer {bearer}", "idempotency-key": key}
        return await self.http.post("/api/v1/problems", json=said, headers=headers)

    def life(self, number: str = "2") -> Any:
        return self.lives.file(self.lives.find_id(number)).kept.life


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[ReportDesk]:
    clock = ManualClock(NOW)
    people, lives = people_in(tmp_path), lives_in(tmp_path)
    sources = Sources(
        FakeHistory(REGISTER, clock),
        FakeCases(REGISTER),
        people,
        messages_in(tmp_path),
        lives,
        problems=problems_in(tmp_path),
    )
    for scope in ("problems", "read"):
        token = MachineToken(f"t-{scope}", "巡查系统", (scope,), wall_ms(), "a-administrator.county")
        people.add_token(token, digest(SECRET if scope == "problems" else "r" * 43), entry())
    app = create_app(sources, REGISTER, clock, "http://desk.test")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"accept-language": "zh-CN"}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers=headers) as http:
        found = ReportDesk(http, people, lives)
        found.become("township")
        yield found
    people.close()


async def test_what_a_grid_officer_hands_in_is_a_case_with_its_picture(desk: ReportDesk) -> None:
    hidden = await desk.form()
    answer = await desk.hand_in(hidden, {"photo_before": ("a.jpg", photograph(), "image/jpeg")})
    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks/2")
    page = (await desk.http.get("/tasks/2")).text
    for said in ("夜查发现：物料、裸土未覆盖", "裸土未盖", "未落实的措施", "物料堆放覆盖", "夜查"):
        assert said in page
    (picture,) = set(re.findall(r"/tasks/2/files/([0-9a-f]{64})", page))
    assert (await desk.http.get(f"/tasks/2/files/{picture}")).status_code == 200
    printed = (await desk.http.get("/tasks/2/print")).text
    assert "物料堆放覆盖" in printed
    assert desk.life().source == "patrol"


async def test_a_form_that_is_sent_twice_is_one_problem_and_a_new_page_another_one(desk: ReportDesk) -> None:
    hidden = await desk.form()
    for _ in range(2):
        assert (await desk.hand_in(hidden)).headers["location"] == "/tasks/2"
    assert (await desk.hand_in(await desk.form())).headers["location"] == "/tasks/3"


async def test_what_is_missing_is_said_and_what_was_typed_stays(desk: ReportDesk) -> None:
    hidden = await desk.form()
    answer = await desk.hand_in(hidden, **{"site": "", "words": "东门外", "found_at": "1999-01-01T00:00"})
    assert answer.status_code == 422
    for said in ("请选择工地", "不在近一年内", "东门外", hidden["form"]):
        assert said in answer.text
    assert desk.lives.find_id("2") is None


async def test_a_site_of_others_and_an_order_from_above_are_not_theirs_to_hand_in(desk: ReportDesk) -> None:
    other = next(s.id for s in REGISTER.sites.values() if s.township != "town-east")
    assert (await desk.hand_in(await desk.form(), site=other)).status_code == 422
    order = {"how": "above", "document": "18号", "due": "2026-12-01T12:00"}
    assert (await desk.hand_in(await desk.form(), **order)).status_code == 422
    desk.become("office")
    assert (await desk.hand_in(await desk.form(), **{**order, "document": ""})).status_code == 422
    assert (await desk.hand_in(await desk.form(), **order)).status_code == 303
    assert (desk.life().source, desk.life().verifier) == ("above", "environment_branch")
    assert "18号" in (await desk.http.get("/tasks/2")).text


async def test_without_a_site_it_goes_to_the_county_office(desk: ReportDesk) -> None:
    desk.become("office")
    answer = await desk.hand_in(await desk.form(), site="", place="国道 107 与东环路口")
    assert answer.status_code == 303
    assert (desk.life().site, desk.life().unit) == ("*", "county")
    assert "国道 107 与东环路口" in (await desk.http.get("/tasks/2")).text


async def test_a_site_manager_does_not_find_the_form(desk: ReportDesk) -> None:
    desk.become("site")
    assert (await desk.http.get("/report")).status_code == 403
    assert 'href="/report"' not in (await desk.http.get("/tasks")).text


async def test_a_program_hands_in_once_and_hears_what_is_wrong(desk: ReportDesk) -> None:
    first = await desk.by_program()
    assert (first.status_code, first.json()["number"], first.json()["new"]) == (201, 2, True)
    document = openapi_of(ROWS, "")["paths"]["/api/v1/problems"]["post"]
    answer = document["responses"]["201"]["content"]["application/json"]["schema"]
    jsonschema.validate(first.json(), answer)
    asked = document["requestBody"]["content"]["application/json"]["schema"]
    jsonschema.validate({"how": "patrol", "found_at": NOW, "measures": ["covering"]}, asked)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"how": "patrol", "found_at": NOW, "unknown": 1}, asked)
    again = await desk.by_program()
    assert (again.status_code, again.json()["number"], again.json()["new"]) == (200, 2, False)
    clash = await desk.by_program(words="另一件事")
    assert (clash.status_code, clash.json()["number"]) == (409, 2)
    wrong = await desk.by_program("k2", measures=["covering", "nonsense"], how="dream")
    assert wrong.status_code == 422
    assert [(one["field"], one["value"]) for one in wrong.json()["flaws"]] == [
        ("how", "dream"),
        ("measures", "nonsense"),
    ]
    for bad in (
        {"found_at": "yesterday"},
        {"site": 7},
        {"measures": "covering"},
        {"unknown": 1},
        {"due": True},
    ):
        assert (await desk.by_program("k3", **bad)).status_code == 400
    assert (await desk.by_program("k4", bearer="r" * 43)).status_code == 403
    assert (await desk.by_program("k5", bearer="w" * 43)).status_code == 401
    assert desk.lives.find_id("3") is None


async def test_a_person_does_not_use_the_way_for_programs(desk: ReportDesk) -> None:
    answer = await desk.http.post("/api/v1/problems", json={"key": "k"})
    assert answer.status_code == 401


async def test_the_cause_that_the_unit_names_stands_on_the_case(desk: ReportDesk) -> None:
    await desk.hand_in(await desk.form())
    desk.become("site")
    for name in ("sign", "start", "submit"):
        page = (await desk.http.get("/tasks/2")).text
        token = re.search(r'name="token" value="([^"]+)"', page)[1]
        version = re.search(r'name="version" value="([^"]+)"', page)[1]
        data = {
            "token": token,
            "version": version,
            "form": f"{name}1",
            "statement": "已盖",
            "cause": "bare_soil",
        }
        files = {"photo_after": ("a.jpg", photograph(), "image/jpeg")}
        answer = await desk.http.post(f"/tasks/2/{name}", data=data, files=files)
        assert answer.status_code == 303, answer.text[:2000]
    assert "裸露地面" in (await desk.http.get("/tasks/2")).text.split("扬尘成因")[1][:60]
