"""The interface for other programs: pages that lose nothing, what is refused, and a document that is true."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from alerts.web.app import create_app
from alerts.web.openapi import HANDED_IN, SHAPES
from alerts.web.sources import Sources
from ingest.clock import ManualClock
from tests.fakes.desk import DUSTY, HOUR, NOW, SMOKY, FakeCases, FakeHistory, example_register
from tests.fakes.lives import DUSTY_HOUR, lives_in
from tests.fakes.people import cookie_of, messages_in, people_in

REGISTER = example_register()
DAY = 24 * HOUR
DAYS = [
    replace(
        DUSTY_HOUR, id=f"b{n}", at=at, opened_at=at, start=at - HOUR, end=at, site=DUSTY if n % 2 else SMOKY
    )
    for n, at in enumerate(range(NOW - 7 * DAY, NOW, DAY))
]


@dataclass(slots=True)
class Api:
    """A desk that programs ask."""

    http: httpx.AsyncClient
    people: Any

    def become(self, role: str, unit: str | None = None) -> None:
        self.http.cookies.update(cookie_of(self.people, role, unit))

    async def all_of(self, what: str, **asked: Any) -> list[dict[str, Any]]:
        """Every row, page by page."""
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            answer = await self.http.get(f"/api/v1/{what}", params={**asked, **after})
            assert answer.status_code == 200, answer.text
            found += answer.json()[what]
            if answer.json()["next"] is None:
                return found
            after = {"after": answer.json()["next"]}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    clock = ManualClock(NOW)
    people = people_in(tmp_path)
    sources = Sources(
        FakeHistory(REGISTER, clock),
        FakeCases(REGISTER),
        people,
        messages_in(tmp_path),
        lives_in(tmp_path, *DAYS),
    )
    app = create_app(sources, REGISTER, clock, "http://desk.test")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
        found = Api(http, people)
        found.become("office")
        yield found
    people.close()


@pytest.mark.parametrize("limit", [1, 2, 3, 500])
@pytest.mark.parametrize("what", ["cases", "breaches"])
async def test_pages_of_any_size_give_each_row_once_in_the_order_of_change(
    api: Api, what: str, limit: int
) -> None:
    rows = await api.all_of(what, limit=limit)
    assert len(rows) == len({str(row) for row in rows}) == len(DAYS)
    assert [row["updated_at"] for row in rows] == sorted(row["updated_at"] for row in rows)


async def test_what_changed_since_an_instant_is_given_and_nothing_older(api: Api) -> None:
    since = "2026-11-21T00:00:00+08:00"
    rows = await api.all_of("cases", updated_since=since)
    every = await api.all_of("cases")
    at = 1_795_190_400_000
    assert rows == [row for row in every if row["updated_at"] >= at]
    assert 0 < len(rows) < len(every)
    assert await api.all_of("cases", updated_since=at) == rows


async def test_a_breach_names_its_case_its_verdict_and_its_values(api: Api) -> None:
    first = (await api.all_of("breaches", site=SMOKY))[0]
    cases = {row["number"]: row for row in await api.all_of("cases")}
    assert cases[first["case"]]["site"] == SMOKY
    assert (first["breach"], first["verdict"], first["value"], first["limit"]) == ("b0", "v1", 312.4, 80.0)


async def test_another_unit_gets_its_own_sites_alone(api: Api) -> None:
    api.http.cookies.clear()
    api.become("site")
    for what in ("cases", "breaches"):
        assert {row["site"] for row in await api.all_of(what)} == {DUSTY}
    assert [row["id"] for row in await api.all_of("sites")] == [DUSTY]
    asked = {"site": SMOKY, "pollutant": "pm10", "from": NOW - HOUR, "to": NOW}
    assert (await api.http.get("/api/v1/intervals", params=asked)).status_code == 400


@pytest.mark.parametrize(
    ("what", "asked", "name"),
    [
        ("cases", {"limit": "0"}, "limit"),
        ("cases", {"limit": "501"}, "limit"),
        ("cases", {"limit": "many"}, "limit"),
        ("cases", {"after": "1"}, "after"),
        ("cases", {"after": "١.٢"}, "after"),
        ("breaches", {"updated_since": "yesterday"}, "updated_since"),
        ("breaches", {"updated_since": "2026-11-21T00:00:00"}, "updated_since"),
        ("breaches", {"since": "1"}, "since"),
        ("sites", {"page": "2"}, "page"),
        ("intervals", {}, "site"),
        ("intervals", {"site": DUSTY, "pollutant": "pm11", "from": "1", "to": "2"}, "pollutant"),
        ("intervals", {"site": DUSTY, "pollutant": "pm10", "from": "2", "to": "1"}, "to"),
        ("intervals", {"site": DUSTY, "pollutant": "pm10", "from": "0", "to": str(40 * DAY)}, "to"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name_with_a_way_out(
    api: Api, what: str, asked: dict[str, str], name: str
) -> None:
    answer = await api.http.get(f"/api/v1/{what}", params=asked)
    assert answer.status_code == 400
    assert answer.json()["parameter"] == name
    assert answer.json()["error"]
    assert answer.json()["way_out"]


async def test_the_document_describes_every_answer_that_is_given(api: Api) -> None:
    document = (await api.http.get("/api/v1/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == {f"/api/v1/{what}" for what in (*SHAPES, HANDED_IN)}
    asked = {"intervals": {"site": DUSTY, "pollutant": "pm10", "from": NOW - 3 * HOUR, "to": NOW}}
    for what in SHAPES:
        answer = await api.http.get(f"/api/v1/{what}", params=asked.get(what, {}))
        operation = document["paths"][f"/api/v1/{what}"]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(answer.json(), schema)
        assert answer.json()[what]


async def test_nobody_gets_anything_without_a_token(api: Api) -> None:
    api.http.cookies.clear()
    for what in (*SHAPES, "openapi.json"):
        answer = await api.http.get(f"/api/v1/{what}")
        assert answer.status_code == 401
        assert "bearer" in answer.headers["www-authenticate"].lower()


@pytest.mark.parametrize(("method", "path", "status"), [("PUT", "cases", 405), ("GET", "nowhere", 404)])
async def test_a_program_hears_what_is_wrong_as_json_and_which_methods_there_are(
    api: Api, method: str, path: str, status: int
) -> None:
    answer = await api.http.request(method, f"/api/v1/{path}")
    assert answer.status_code == status
    assert str(status) in answer.json()["error"]
    assert ("allow" in answer.headers) == (status == 405)
