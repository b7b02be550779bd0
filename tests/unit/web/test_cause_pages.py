"""Common causes on the desk: counts of a period, the same elsewhere, and the wind of the hour."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from alerts.casework import LifePlanner
from alerts.casework.checklist import shipped_checklist
from alerts.casework.problems import FoundProblem
from alerts.lifecycle import Actor
from alerts.routing.forms import DutyCalendar
from alerts.store.life_store import salted
from alerts.store.problem_store import ProblemStore, Reporter
from alerts.store.trait_store import CausePeriod
from alerts.web.app import create_app
from alerts.web.sources import Sources
from alerts.web.wind_watch import WindWatch
from ingest.clock import ManualClock
from processors.records import SiteHour
from tests.fakes.desk import DUSTY, HOUR, NOW, SMOKY, FakeCases, FakeHistory, example_register
from tests.fakes.lives import lives_in, problems_in
from tests.fakes.people import cookie_of, messages_in, people_in

REGISTER = example_register()


@dataclass(slots=True)
class CauseDesk:
    """A desk with an exceedance, and the same found at two sites."""

    http: httpx.AsyncClient
    people: Any
    problems: ProblemStore
    history: FakeHistory
    app: Any

    def become(self, role: str, unit: str | None = None) -> None:
        self.http.cookies.clear()
        self.http.cookies.update(cookie_of(self.people, role, unit))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[CauseDesk]:
    clock = ManualClock(NOW)
    people, lives, problems = people_in(tmp_path), lives_in(tmp_path), problems_in(tmp_path)
    life = LifePlanner(REGISTER, DutyCalendar().of_zone(REGISTER.county.zone))
    by = Reporter(Actor("office", "county", salted("a-1 扬尘办")), "a-1", "扬尘办")
    for key, site, cause in (("a", DUSTY, "stock"), ("b", SMOKY, "stock"), ("c", SMOKY, "mixing")):
        found = FoundProblem(key, "patrol", NOW - HOUR, site, ("covering",) if key != "c" else (), cause)
        problems.report(found, by, (), life, shipped_checklist(), NOW - HOUR)
    history = FakeHistory(REGISTER, clock)
    sources = Sources(history, FakeCases(REGISTER), people, messages_in(tmp_path), lives, problems=problems)
    app = create_app(sources, REGISTER, clock, "http://desk.test")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"accept-language": "zh-CN"}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers=headers) as http:
        found_desk = CauseDesk(http, people, problems, history, app)
        found_desk.become("office")
        yield found_desk
    people.close()


async def test_the_page_counts_and_a_unit_counts_its_own(desk: CauseDesk) -> None:
    page = await desk.http.get("/causes")
    assert page.status_code == 200
    assert "共 4 件" in page.text
    for said in ("物料堆放覆盖", "物料堆放、装卸", "现场搅拌", "示范建工集团", "巡查"):
        assert said in page.text
    desk.become("site")
    own = (await desk.http.get("/causes")).text
    assert "共 2 件" in own
    assert "现场搅拌" not in own


async def test_another_period_is_counted_by_itself_and_a_wrong_one_said(desk: CauseDesk) -> None:
    empty = await desk.http.get("/causes?from=2026-01-01&to=2026-01-31")
    assert (empty.status_code, "共 0 件" in empty.text) == (200, True)
    for wrong in ("from=2026-02-30", "from=2026-11-30&to=2026-11-01", "from=2020-01-01", "to=9999-12-31"):
        answer = await desk.http.get(f"/causes?{wrong}")
        assert (answer.status_code, "共 4 件" in answer.text) == (400, True)


async def test_the_same_elsewhere_is_another_site_with_the_same_measure_or_cause(desk: CauseDesk) -> None:
    assert 'href="/tasks/2/elsewhere"' in (await desk.http.get("/tasks/2")).text
    page = (await desk.http.get("/tasks/2/elsewhere")).text
    assert REGISTER.sites[SMOKY].name in page
    assert 'href="/tasks/3"' in page
    assert 'href="/tasks/4"' not in page
    assert "没有其他工地的未办结工单" in (await desk.http.get("/tasks/4/elsewhere")).text
    desk.become("site")
    assert 'href="/tasks/3"' not in (await desk.http.get("/tasks/2/elsewhere")).text
    assert (await desk.http.get("/tasks/3/elsewhere")).status_code == 404


async def test_the_wind_of_the_hour_is_noted_when_history_has_it(desk: CauseDesk) -> None:
    watch, of = WindWatch(desk.app.state.desk), CausePeriod(NOW - 24 * HOUR, NOW)
    start = (NOW - 2 * HOUR) // HOUR * HOUR
    assert await watch.look() == 0
    desk.history.context.append(
        SiteHour("w1", DUSTY, start, start + HOUR, 340.0, "NNW", 3.1, 3.0, 0.97, 60, "", (), 1, "c1", NOW)
    )
    assert await watch.look() == 1
    assert await watch.look() == 0
    assert [(one.value, one.cases) for one in desk.problems.counts(of)["wind"]] == [("NNW", 1)]
    assert "北西北" in (await desk.http.get("/causes")).text
