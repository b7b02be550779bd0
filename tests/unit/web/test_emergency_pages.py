"""Alerts as work on the desk: an order of people becomes notices, and who has not signed is seen."""

from __future__ import annotations

from pathlib import Path

import httpx

from alerts.web.alert_watch import AlertWatch
from alerts.web.app import create_app
from alerts.web.sources import Sources
from ingest.clock import ManualClock
from ingest.records import Signal
from tests.fakes.desk import DUSTY, HOUR, NOW, FakeCases, FakeHistory, example_register
from tests.fakes.lives import lives_in, notices_in
from tests.fakes.people import cookie_of, messages_in, people_in

REGISTER = example_register()


def order(received: int, end: int | None, level: str = "orange") -> Signal:
    return Signal("o-1", received, "county", "alert", level, received, end, author="大气办", document="7号")


async def test_an_alert_is_shown_with_who_has_not_signed_and_ends_with_its_order(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    history, people = FakeHistory(REGISTER, clock), people_in(tmp_path)
    lives, notices = lives_in(tmp_path), notices_in(tmp_path)
    sources = Sources(history, FakeCases(REGISTER), people, messages_in(tmp_path), lives, notices=notices)
    app = create_app(sources, REGISTER, clock, "http://desk.test")
    watch = AlertWatch(app.state.desk)
    assert await watch.look() == (0, 0)
    history.context.append(order(NOW - HOUR, None))
    opened, lifted = await watch.look()
    assert opened > 1
    assert lifted == 0
    assert await watch.look() == (0, 0)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"accept-language": "zh-CN"}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers=headers) as http:
        http.cookies.update(cookie_of(people, "office"))
        page = (await http.get("/emergency")).text
        assert "重污染天气橙色预警：停止土石方作业" in page
        assert f"{opened} 家中 {opened} 家未签收" in page
        http.cookies.clear()
        http.cookies.update(cookie_of(people, "site"))
        own = (await http.get("/emergency")).text
        assert "1 家中 1 家未签收" in own
        assert REGISTER.sites[DUSTY].name in own
        number = lives.number_of(next(n for n in notices.notices(0, frozenset({DUSTY}))).kept.life.id)
        task = (await http.get(f"/tasks/{number}")).text
        assert "应落实的措施" in task
        assert "停止现场混凝土、砂浆搅拌" in task
        history.context.append(order(NOW, NOW + 60_000))
        clock.at_ms = NOW + HOUR
        assert await watch.look() == (0, opened)
        assert "结束" in (await http.get("/emergency")).text
        assert "随预警解除办结" in (await http.get(f"/tasks/{number}")).text
    people.close()
