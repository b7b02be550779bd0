"""The desk's pages over HTTP: languages, faults, security, signing, the curve's data, the stream."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from alerts.people import Answering
from alerts.store.people_store import PeopleStore
from alerts.web import stream
from alerts.web.app import create_app
from alerts.web.board_drawing import drawn_of
from alerts.web.board_views import BoardView
from alerts.web.desk import Desk
from alerts.web.sources import Sources
from ingest.clock import ManualClock
from ingest.records import Remark
from ingest.register import SiteState
from processors.history import FlaggedReading
from processors.records import Share, SiteHour
from tests.fakes.desk import (
    DEAD,
    DUSTY,
    HOUR,
    MINUTE,
    NOW,
    WATCHED,
    FakeCases,
    FakeHistory,
    example_register,
    floor_hour,
    outlook_said,
)
from tests.fakes.people import cookie_of, messages_in, people_in

REGISTER = example_register()
EVERYTHING = Answering(None)
CHINESE = {"accept-language": "zh-CN,zh;q=0.9"}


@dataclass(slots=True)
class Visit:
    """A reader at a desk over fakes."""

    http: httpx.AsyncClient
    app: Starlette
    history: FakeHistory
    cases: FakeCases
    clock: ManualClock
    people: PeopleStore

    @property
    def desk(self) -> Desk:
        desk: Desk = self.app.state.desk
        return desk

    async def text(self, path: str, status: int = 200) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text[:400]
        return answer.text

    async def token(self, path: str = "/cases/case-a1") -> str:
        """What the forms of a page carry."""
        found = re.search(r'name="token" value="([^"]+)"', await self.text(path))
        assert found
        return found[1]

    async def sign(self, case: str, note: str = "", token: str | None = None) -> httpx.Response:
        fields = {"note": note, "token": token or await self.token(f"/cases/{case}")}
        return await self.http.post(f"/cases/{case}/acknowledge", data=fields)

    def become(self, role: str, unit: str | None = None) -> None:
        """Go on as somebody else."""
        self.http.cookies.update(cookie_of(self.people, role, unit))


@pytest.fixture
async def visit(tmp_path: Path) -> AsyncIterator[Visit]:
    clock = ManualClock(NOW)
    history, cases, people = FakeHistory(REGISTER, clock), FakeCases(REGISTER), people_in(tmp_path)
    sources = Sources(history, cases, people, messages_in(tmp_path))
    app = create_app(sources, REGISTER, clock, "http://desk.test", switched_on=frozenset({"metrics"}))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers=CHINESE) as http:
        visit = Visit(http, app, history, cases, clock, people)
        visit.become("office")
        yield visit
    people.close()


async def test_the_board_names_every_site_with_its_answer_in_words(visit: Visit) -> None:
    page = await visit.text("/")
    for site in REGISTER.sites.values():
        assert site.name in page
    for word in ("超标", "无法判定", "离线", "达标"):
        assert word in page
    assert 'lang="zh-CN"' in page


async def test_english_on_request_is_kept_in_a_cookie(visit: Visit) -> None:
    assert "Exceeds" in await visit.text("/?lang=en")
    assert "Exceeds" in await visit.text("/")
    assert "超标" in await visit.text("/?lang=zh_CN")
    assert "超标" in await visit.text("/")


async def test_a_feed_without_news_is_said_in_a_banner(visit: Visit) -> None:
    assert "没有收到任何监测设备的新读数" not in await visit.text("/")
    for device in REGISTER.devices:
        visit.history.quiet_since[device] = NOW - 20 * MINUTE
    visit.desk.poller.forget()
    assert "没有收到任何监测设备的新读数" in await visit.text("/")


async def test_a_site_page_shows_facts_departments_devices_and_verdicts(visit: Visit) -> None:
    page = await visit.text(f"/sites/{DUSTY}")
    for text in (
        "锦绣家园二期住宅工程",
        "住房和城乡建设局",
        "城东镇",
        "项目经理 周建国",
        "大门",
        "DB13/2934-2019",
        "14:00–15:00",
    ):
        assert text in page
    assert 'data-device="dev-00' in page


async def test_the_parts_of_a_site_page_come_by_themselves(visit: Visit) -> None:
    page = await visit.text(f"/sites/{DUSTY}")
    for part in ("calendar", "quality", "cases"):
        assert f'hx-get="/sites/{DUSTY}?part={part}" hx-trigger="load"' in page
    device = REGISTER.devices_at(DUSTY)[0].id
    visit.history.flags.append(FlaggedReading(device, "pm10=flat_line!"))
    calendar = await visit.text(f"/sites/{DUSTY}?part=calendar")
    assert calendar.count('<td class="hour is-') == 23 * 24
    assert 'class="hour is-exceeds"' in calendar
    assert "part=calendar&amp;month=2026-10" in calendar
    assert "下个月" not in calendar
    assert "下个月" in await visit.text(f"/sites/{DUSTY}?part=calendar&month=2026-10")
    quality = await visit.text(f"/sites/{DUSTY}?part=quality")
    assert "数值长时间不变" in quality
    assert "不合格" in quality
    cases = await visit.text(f"/sites/{DUSTY}?part=cases")
    assert "/cases/case-a1" in cases
    assert '<span class="count">1</span>' in cases
    assert f"/cases?which=all&amp;site={DUSTY}" in cases


async def test_a_history_that_is_away_costs_the_parts_that_need_it_and_says_so(visit: Visit) -> None:
    await visit.text(f"/sites/{DUSTY}")
    visit.history.broken = "gone"
    page = await visit.text(f"/sites/{DUSTY}")
    assert page.count("历史库没有响应") >= 3  # verdicts, remarks, wind
    assert "项目经理 周建国" in page
    assert "本月判定结果" in await visit.text(f"/sites/{DUSTY}?part=calendar")
    quality = await visit.text(f"/sites/{DUSTY}?part=quality")
    assert "数据捕获率。" in quality
    assert "质量标记。" in quality
    assert "/cases/case-a1" in await visit.text(f"/sites/{DUSTY}?part=cases")


@pytest.mark.parametrize("part", ["live", "calendar", "quality", "cases"])
async def test_a_part_is_there_for_those_alone_who_see_the_site(visit: Visit, part: str) -> None:
    visit.become("site", "site:site-02")
    await visit.text(f"/sites/{DUSTY}?part={part}", 404)


async def test_what_is_expected_of_a_monitor_stands_in_one_table(visit: Visit) -> None:
    """Eight windows of two monitors are two groups of rows, not eight blocks."""
    visit.history.said = [
        outlook_said(site=WATCHED, device=device, rule=f"rule-{n}", id=f"{device}-{n}")
        for device in ("dev-029", "dev-030")
        for n in range(4)
    ]
    page = await visit.text(f"/sites/{WATCHED}")
    table = page[page.index("ahead-table") : page.index("devices-title")]
    assert table.count("<tbody>") == 2
    assert table.count('rowspan="4"') == 2
    assert table.count("<tr>") == 9


async def test_the_wind_of_the_last_hour_is_said(visit: Visit) -> None:
    assert "没有风向风速数据：" in await visit.text(f"/sites/{DUSTY}")
    hour = floor_hour(NOW) - HOUR
    wind = SiteHour(
        "w1", DUSTY, hour, hour + HOUR, 337.5, "NNW", 2.6, 2.4, 0.92, 60, "",
        (Share("pm10", "site", (), "dev-004", "dev-001", 80.0, 300.0, 220.0, 0.7, 0.6, 0.8),),
        1, "c1", hour + HOUR,
    )  # fmt: skip
    visit.history.context.append(wind)
    page = await visit.text(f"/sites/{DUSTY}")
    assert "北西北风" in page
    assert "<dt>上风向</dt><dd>北围挡</dd>" in page
    visit.history.context[-1] = replace(wind, direction=None, sector=None, reason="calm", revision=2)
    assert "静风" in await visit.text(f"/sites/{DUSTY}")


async def test_a_site_page_says_what_its_monitors_sent_beside_what_was_used(visit: Visit) -> None:
    """By the day, what somebody should mend first; what another site's monitors sent is not there."""
    assert "另外发来的内容" not in await visit.text(f"/sites/{DUSTY}")
    device, other = REGISTER.devices_at(DUSTY)[0].id, REGISTER.devices_at(DEAD)[0].id
    hours = [NOW - 3 * HOUR, NOW - HOUR]
    visit.history.context += [
        Remark(
            at, device, DUSTY, "set_aside", {"humidity/bad_value": [40, at, at], "pm10/empty": [2, at, at]}
        )
        for at in hours
    ]
    visit.history.context += [
        Remark(NOW - HOUR, device, DUSTY, "unknown_key", {"PM4<b>": [1, NOW - HOUR, NOW - HOUR]}),
        Remark(NOW - HOUR, device, DUSTY, "clock", {"zone": [3, NOW - HOUR, NOW - HOUR]}),
        Remark(NOW - 25 * HOUR, device, DUSTY, "unknown_key", {"yesterday": [1, 0, 0]}),
        Remark(NOW - HOUR, other, DEAD, "unknown_key", {"elsewhere": [1, 0, 0]}),
    ]
    page = await visit.text(f"/sites/{DUSTY}")
    table = page[page.index("另外发来的内容") :]
    assert table.index("PM4&lt;b&gt;") < table.index("设备时钟差一个时区") < table.index("湿度 · ")
    assert "×80" in table
    assert "×4" in table
    assert "yesterday" not in page
    assert "elsewhere" not in page


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("desk.test", 200),  # as in the address that people were told
        ("desk.test:8400", 200),
        ("DESK.test.", 200),
        ("127.0.0.1:8400", 200),
        ("[::1]:8400", 200),
        ("192.168.3.7", 200),
        ("localhost:8400", 200),
        ("desk:8400", 200),  # a name of the own network, as in Compose
        ("evil.example", 421),
        ("desk.test.evil.example", 421),
        ("evil.example:8400", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
async def test_the_desk_answers_under_its_own_names_only(visit: Visit, host: str, status: int) -> None:
    """A page of another site whose name was pointed here could sign as the reader."""
    answer = await visit.http.get("/cases/case-a1", headers={"host": host})
    assert answer.status_code == status
    assert (status == 200) != ("http://desk.test 打开" in answer.text)
    assert ('name="token"' in answer.text) == (status == 200)
    health = await visit.http.get("/healthz", headers={"host": host})
    assert health.status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://desk.test", 303), ("https://evil.example", 403), ("null", 403), ("http://desk.test:81", 403)],
)
async def test_a_form_of_another_origin_signs_nothing(visit: Visit, origin: str, status: int) -> None:
    fields = {"note": "", "token": await visit.token()}
    answer = await visit.http.post("/cases/case-a1/acknowledge", data=fields, headers={"origin": origin})
    assert answer.status_code == status
    case = visit.cases.case("case-a1")
    assert case is not None
    assert (case.case.acknowledged_by == "张敏") == (status == 303)


async def test_a_site_whose_devices_all_are_silent_is_not_shown_as_clean(visit: Visit) -> None:
    page = await visit.text(f"/sites/{DEAD}")
    assert "设备离线" in page
    assert 'class="now is-silent"' in page


async def test_the_part_that_renews_itself_brings_the_state_along(visit: Visit) -> None:
    answer = await visit.http.get(f"/sites/{DUSTY}?part=live", headers={"hx-request": "true"})
    assert 'id="site-now"' in answer.text
    assert "hx-swap-oob" in answer.text
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    "path", ["/sites/none", "/cases/none", "/nowhere", "/sites/%00", "/cases/..%2f..", "/static/../app.py"]
)
async def test_what_does_not_exist_is_a_page_that_says_so(visit: Visit, path: str) -> None:
    assert "没有这个页面" in await visit.text(path, 404)


@pytest.mark.parametrize(("store", "words"), [("history", "历史库"), ("cases", "事件库")])
async def test_a_store_that_is_down_is_named(visit: Visit, store: str, words: str) -> None:
    (
        visit.history if store == "history" else visit.cases
    ).broken = "connection refused to postgres://u:secret@h"
    page = await visit.text("/", 503)
    assert words in page
    assert "secret" not in page
    assert (await visit.http.get("/readyz")).status_code == 503
    assert (await visit.http.get("/healthz")).status_code == 200


async def test_a_board_that_was_seen_stays_with_a_banner_when_a_store_goes_down(visit: Visit) -> None:
    await visit.text("/")
    visit.history.broken = "gone"
    visit.desk.poller.forget()
    page = await visit.text("/")
    assert "历史库（读数与判定）没有响应" in page
    assert "锦绣家园二期住宅工程" in page


async def test_the_case_page_shows_measurement_limit_source_and_who_was_told(visit: Visit) -> None:
    page = await visit.text("/cases/case-a1")
    for text in (
        "361.4",
        "175.9",
        "待核对原文",
        "企业微信机器人",
        "550 5.1.1 mailbox unknown",
        "待签收",
        "ok:42",
    ):
        assert text in page


async def test_a_matter_that_is_over_is_never_shown_as_overdue(visit: Visit) -> None:
    file = visit.cases.files["case-a1"]
    late = replace(file.case, deadline=NOW - HOUR)
    visit.cases.files["case-a1"] = replace(file, case=late)
    assert "已逾期" in await visit.text("/cases/case-a1")
    listed = (await visit.text("/cases")).count("已逾期")
    over = replace(late, state="recovered", recovered_at=NOW - 2 * HOUR)
    visit.cases.files["case-a1"] = replace(file, case=over)
    assert "已逾期" not in await visit.text("/cases/case-a1")
    assert (await visit.text("/cases")).count("已逾期") == listed - 1


async def test_signing_notes_name_and_note_and_is_done_once(visit: Visit) -> None:
    answer = await visit.sign("case-a1", "已停工 <b>")
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases/case-a1#signed")
    visit.become("township")
    assert (await visit.sign("case-a1")).status_code == 303
    file = visit.cases.files["case-a1"]
    assert (file.case.state, file.case.acknowledged_by) == ("acknowledged", "张敏")
    assert len([e for e in file.events if e.event == "acknowledged"]) == 1
    page = await visit.text("/cases/case-a1")
    assert "张敏 已于" in page
    assert "已停工 &lt;b&gt;" in page
    assert "/acknowledge" not in page
    signed = next(e for e in file.events if e.event == "acknowledged")
    assert signed.data["signer"] == {"account": "a-office.county", "role": "office", "unit": "county"}


async def test_a_forged_form_does_nothing(visit: Visit) -> None:
    assert (await visit.sign("case-a1", token="guessed")).status_code == 403
    good = {"token": await visit.token()}
    url = "/cases/case-a1/acknowledge"
    assert (
        await visit.http.post(url, data=good, headers={"sec-fetch-site": "cross-site"})
    ).status_code == 403
    assert (await visit.http.post(url, json=good)).status_code == 403
    assert (await visit.http.post(url, data={**good, "note": "x" * 20_000})).status_code == 403
    assert (await visit.http.get(url)).status_code == 405
    assert visit.cases.files["case-a1"].case.state == "open"


async def test_every_answer_forbids_foreign_and_inline_code(visit: Visit) -> None:
    for path in ("/", "/nowhere", "/static/desk.css", "/api/series?device=dev-001"):
        answer = await visit.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    cookie = (await visit.http.get("/", headers={"cookie": ""})).headers.get_list("set-cookie")
    assert all("SameSite=strict" in c for c in cookie)


async def test_no_page_holds_inline_styles_scripts_or_handlers(visit: Visit) -> None:
    for path in ("/", f"/sites/{DUSTY}", "/cases", "/cases/case-a1", "/nowhere"):
        page = (await visit.http.get(path)).text
        assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=\"/static/)", page)


async def test_the_series_of_a_device_is_json(visit: Visit) -> None:
    url = f"/api/series?device=dev-003&quantity=pm10&from={NOW - 3 * HOUR}&to=2026-11-23T15:05:00%2B08:00"
    body = (await visit.http.get(url)).json()
    assert body["to"] == NOW
    assert body["unit"] == "ug/m3"
    assert len(body["readings"]) == 180
    assert body["means"][-1][1] <= NOW
    assert body["threshold"][-1][2] == pytest.approx(80 + body["background"][-1][2])


async def test_a_series_of_the_last_hours_ends_now_by_the_desks_clock(visit: Visit) -> None:
    body = (await visit.http.get("/api/series?device=dev-003&hours=6")).json()
    assert (body["from"], body["to"]) == (NOW - 6 * HOUR, NOW)


async def test_a_question_that_fails_is_not_hidden_by_one_that_is_answered(visit: Visit) -> None:
    await visit.text("/")

    def gone(**_: object) -> list[dict[str, object]]:
        raise ConnectionError("gone")

    visit.history.verdicts = gone  # type: ignore[method-assign]
    for _ in range(3):
        visit.desk.poller.forget()
        assert "历史库（读数与判定）没有响应" in await visit.text("/")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("device=none", 404, id="no such device"),
        pytest.param("", 404, id="no device named"),
        pytest.param("device=dev-001&quantity=gold", 400, id="no such quantity"),
        pytest.param("device=dev-001&from=yesterday", 400, id="from is no instant"),
        pytest.param("device=dev-001&from=2026-11-23T08:00:00", 400, id="from without zone"),
        pytest.param("device=dev-001&from=5&to=4", 400, id="it ends before it begins"),
        pytest.param("device=dev-001&hours=0", 400, id="no hours"),
        pytest.param("device=dev-001&hours=many", 400, id="hours in words"),
        pytest.param("device=dev-001&from=1", 400, id="longer than is drawn"),
        pytest.param("device=dev-001&to=99999999999999999999", 400, id="an instant past the calendar"),
    ],
)
async def test_a_series_that_cannot_be_is_refused_with_words(visit: Visit, query: str, status: int) -> None:
    answer = await visit.http.get(f"/api/series?{query}")
    assert answer.status_code == status
    assert answer.json()["error"]


async def test_a_series_of_a_history_that_is_down_says_so(visit: Visit) -> None:
    visit.history.broken = "gone"
    answer = await visit.http.get("/api/series?device=dev-001")
    assert (answer.status_code, answer.json()["error"]) == (503, "the history does not answer")


async def test_many_readers_share_one_poll(visit: Visit) -> None:
    visit.desk.poller.every = 60.0
    await asyncio.gather(*(visit.http.get("/") for _ in range(20)))
    assert visit.history.calls == 4  # latest, verdicts, outlooks and episodes, once


async def test_metrics_and_probes_answer(visit: Visit) -> None:
    await visit.text("/")
    found = re.search(r"^dustwatch_last_reading_seconds (\S+)$", await visit.text("/metrics"), re.MULTILINE)
    assert found is not None
    assert float(found[1]) == NOW / 1000
    assert (await visit.http.get("/readyz")).json() == {"service": "desk", "failing": {}}


async def test_the_stream_sends_what_changed_and_the_list_when_its_order_does(visit: Visit) -> None:
    desk = visit.desk
    words = desk.words("zh_CN")
    first = drawn_of(desk, await desk.poller.fresh(), words, EVERYTHING)
    assert first.since(first.marks) == ""
    whole = first.since({})
    assert whole.count("<li id=") == len(REGISTER.sites)
    assert 'id="list"' in whole

    visit.history.lifted["dev-001"] = 0.0
    calm = next(s for s in desk.poller.board.sites[::-1])  # type: ignore[union-attr]
    for one in calm.devices:
        visit.history.lifted[one.device.id] = 3.0
    desk.poller.forget()
    later = drawn_of(desk, await desk.poller.fresh(), words, EVERYTHING)
    changed = later.since(first.marks)
    assert f'id="{desk.dom(calm.site.id)}-row"' in changed
    assert f'<svg><a id="{desk.dom(calm.site.id)}-mark"' in changed
    assert 'id="list"' not in changed

    for one in calm.devices:
        visit.history.quiet_since[one.device.id] = NOW - 3 * HOUR
    desk.poller.forget()
    moved = drawn_of(desk, await desk.poller.fresh(), words, EVERYTHING).since(later.marks)
    assert 'id="list"' in moved
    boards = desk.drawings.of(words, EVERYTHING, BoardView())
    assert boards.marks_of(first.seen) == first.marks  # a page that was loaded a moment ago
    assert boards.marks_of("long ago") == {}


async def test_a_page_is_followed_by_what_is_new_to_it_alone_and_in_gzip(visit: Visit) -> None:
    """What the stream tells a page that has just been loaded is nothing, not the whole board once more."""
    page = await visit.text("/")
    seen = re.search(r'sse-connect="(/events\?seen=\w+)"', page)
    assert seen
    visit.desk.poller.closing = True  # ends after what there is to say
    fresh = await visit.http.get(seen[1])
    assert fresh.headers["content-encoding"] == "gzip"
    assert fresh.text == "retry: 2000\n\n"
    plain = await visit.http.get("/events", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers


def test_an_event_is_one_line_of_data() -> None:
    assert stream.event("board", "<p>\n  a\n</p>") == b"event: board\ndata: <p> a </p>\n\n"


async def test_board_and_site_say_what_is_to_be_expected_of_an_open_window_until_its_end(
    visit: Visit,
) -> None:
    device = next(iter(REGISTER.devices_at(WATCHED))).id
    visit.history.said = [outlook_said(device=device)]
    for path in ("/", f"/sites/{WATCHED}"):
        page = " ".join((await visit.text(path)).split())
        assert "预计超标" in page
        assert "预计均值约 213 · 背景 92 · 差值限值 80" in page, page[page.find("预计均值") :][:200]
        assert "超标概率约 95%" in page
        assert "剩余 55 分钟" in page
        assert "此后均值不高于 163 仍可达标" in page
    visit.history.said = [outlook_said(device=device, required=15.0)]  # the background is 92
    visit.desk.poller.forget()
    page = await visit.text(f"/sites/{WATCHED}")
    assert "此后均值须低于背景值本身，实际上已无法达标" in page
    assert "仍可达标" not in page
    visit.history.said = [outlook_said(device=device, state="certain", required=None)]
    visit.desk.poller.forget()
    page = await visit.text(f"/sites/{WATCHED}")
    assert "本时段已确定超标" in page
    assert "此后无论如何已无法达标" in page
    assert "超标概率" not in page
    day = {"kind": "day", "start": floor_hour(NOW) - 8 * HOUR, "end": floor_hour(NOW) + 16 * HOUR}
    day |= {"limit": 2.0, "covered": 2, "projected": None, "subtracted": None, "required": None}
    visit.history.said = [outlook_said(device=device), outlook_said(device=device, id="o2", **day)]
    visit.desk.poller.forget()
    page = " ".join((await visit.text(f"/sites/{WATCHED}")).split())
    assert "当日已有 2 个时段超标，允许 2 个" in page
    assert "此后各时段均不超标即可达标" in page
    assert "此后均值不高于 163 仍可达标" in page  # the hour's word stands beside it
    visit.history.said = [outlook_said(device=device, id="o2", **{**day, "state": "certain"})]
    visit.desk.poller.forget()
    assert "当日超标次数已超允许值" in await visit.text(f"/sites/{WATCHED}")
    visit.history.said = [outlook_said(device=device)]
    visit.clock.at_ms = floor_hour(NOW) + HOUR
    visit.desk.poller.forget()
    assert "本时段已确定超标" not in await visit.text(f"/sites/{WATCHED}")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", ("区域性过程", "高于标记值 350", "判定等级：一般", "县级政策，无来源确认")),
        (
            "en",
            (
                "Regional episode",
                "above the mark of 350",
                "level of the verdict: warning",
                "not confirmed by a source",
            ),
        ),
    ],
)
async def test_the_page_of_a_breach_in_a_storm_says_so_and_who_confirms_the_policy(
    visit: Visit, language: str, words: tuple[str, ...]
) -> None:
    first = next(case for case in visit.cases.cases(limit=50) if case.kind == "exceedance")
    said = {
        "area": "county", "mean": 500.0, "mark": 350.0, "unit": "ug/m3", "policy": "downgrade", "level": "warning",
        "status": "unconfirmed", "citation": "", "labelled": True,
    }  # fmt: skip
    visit.cases.add(replace(first, id="storm-1", breach="storm-1", data={**first.data, "regional": said}))
    page = (await visit.http.get("/cases/storm-1", headers={"accept-language": language})).text
    assert [word for word in words if word not in page] == []


async def test_a_finished_site_keeps_its_page(visit: Visit) -> None:
    site = next(iter(REGISTER.sites.values()))
    over = site.model_copy(update={"states": (SiteState(state="finished"),)})
    app = create_app(
        Sources(visit.history, visit.cases, visit.people, visit.desk.messages),
        replace(REGISTER, sites={**REGISTER.sites, site.id: over}),
        visit.clock,
        "http://desk.test",
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as http,
    ):
        http.cookies.update(cookie_of(visit.people))
        page = (await http.get(f"/sites/{site.id}", headers={"accept-language": "en"})).text
        board = (await http.get("/", headers={"accept-language": "en"})).text
    assert site.name in page
    assert "Finished" in page
    assert "Finished" in board


async def test_a_site_s_page_asks_for_the_remarks_of_all_its_monitors_at_once(visit: Visit) -> None:
    many = max(REGISTER.sites, key=lambda site: len(REGISTER.devices_at(site)))
    visit.desk.poller.every = 60.0
    await visit.text(f"/sites/{many}")
    before = visit.history.calls
    await visit.text(f"/sites/{many}?part=live")
    assert len(REGISTER.devices_at(many)) > 1
    assert visit.history.calls - before == 3  # verdicts, remarks and wind
