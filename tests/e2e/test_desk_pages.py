"""The desk in a browser, on real stores filled by the real fold: board, site, case, at desk and on a phone.

Screenshots go to the folder of DUSTWATCH_SHOTS, else to the test's own.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from alerts.people.passwords import hashed
from alerts.store.task_lists import TaskFilter
from alerts.web.app import create_app
from alerts.web.sources import Sources
from deploy.assets import compile_catalogues, fetch_assets
from deploy.embedded.ports import free_port
from ingest.clock import ManualClock
from ingest.register import Register
from processors.history.context import batches_of_context
from processors.records import RegionalEpisode
from tests.fakes.alerts import apply, breach
from tests.fakes.desk import DEAD, DUSTY, HOUR, NOW
from tests.fakes.large_county import LargeCounty
from tests.fakes.people import account, cookie_of
from tests.fakes.photographs import photograph
from tests.fakes.stored_county import StoredCounty
from tests.pipeline import wait_for

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
_GRAVE = ("serious", "critical")


@dataclass(slots=True)
class Running:
    """A desk that is served, and the county behind it."""

    url: str
    county: StoredCounty


@dataclass(slots=True)
class LargeRunning:
    """A desk that is served over a county of 300 sites."""

    url: str
    county: LargeCounty


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    fetch_assets()
    compile_catalogues()
    county = StoredCounty.start(tmp_path_factory.mktemp("county"), NOW - 6 * HOUR)
    county.run_to(NOW)
    with served(county.sources, county.register, county.clock) as url:
        yield Running(url, county)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LargeRunning]:
    county = LargeCounty.start(tmp_path_factory.mktemp("large"), NOW, cases=600)
    with served(county.sources, county.register, ManualClock(NOW)) as url:
        yield LargeRunning(url, county)


@contextmanager
def served(sources: Sources, register: Register, clock: ManualClock) -> Iterator[str]:
    """A desk that is served at the address that is handed out."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    app = create_app(sources, register, clock, url)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for("the desk serves", lambda: server.started)
    yield url
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, (
        "Chromium is missing: apt-get install chromium fonts-noto-cjk (tests/servers/install.sh does)"
    )
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        with suppress(Exception):
            opened.close()


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    kept = Path(os.environ.get("DUSTWATCH_SHOTS") or tmp_path)
    kept.mkdir(parents=True, exist_ok=True)
    return kept


@pytest.fixture
def page_at(browser: Browser, desk: Running) -> Iterator[Any]:
    """Opens pages of a size and language for somebody who is signed in; whatever the browser complains of fails the test."""
    contexts, complaints = [], []

    def open_page(
        size: dict[str, int], language: str = "zh-CN", role: str | None = "office", of: Any = desk
    ) -> Page:
        context = browser.new_context(viewport=size, locale=language)  # type: ignore[arg-type]
        contexts.append(context)
        if role is not None:
            cookie = {"name": "desk_session", "value": cookie_of(of.county.people, role)["desk_session"]}
            context.add_cookies([{**cookie, "url": of.url}])  # type: ignore[list-item,typeddict-item]
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda m: complaints.append(f"{m.text} {m.location}") if m.type in ("error", "warning") else None,
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def case_of(desk: Running, site: str, state: str | None = "open") -> str:
    """The id of an exceedance at a site."""
    return next(c.id for c in desk.county.cases.cases(state=state, site=site) if c.kind == "exceedance")


def shows_a_curve(page: Page) -> None:
    """The canvas of the curve holds more than its background."""
    page.wait_for_selector(".curve canvas")
    page.wait_for_function(
        """() => { const c = document.querySelector('.curve canvas');
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n > 500; }"""
    )


@pytest.mark.parametrize(("size", "name"), [(DESK, "desk"), (PHONE, "phone")])
@pytest.mark.parametrize(("language", "exceeds"), [("zh-CN", "超标"), ("en-US", "Exceeds")])
def test_pages_can_be_read_without_scrolling_sideways(
    desk: Running, page_at: Any, shots: Path, size: dict[str, int], name: str, language: str, exceeds: str
) -> None:
    page = page_at(size, language)
    pages = {
        "board": "/", "site": f"/sites/{DUSTY}", "silent": f"/sites/{DEAD}", "cases": "/cases",
        "case": f"/cases/{case_of(desk, 'site-04')}", "messages": "/messages",
        "told": f"/messages?case={case_of(desk, 'site-04')}", "health": "/health",
    }  # fmt: skip
    from_memory = breach(id="from-memory", site="site-05", status="recalled", administrative=True)
    apply(desk.county.cases, from_memory, desk.county.planner, NOW)
    pages["case-from-memory"] = f"/cases/{case_of(desk, 'site-05')}"
    for what, path in pages.items():
        page.goto(desk.url + path)
        if what in ("board", "site"):
            expect(page.locator(".is-exceeds", has_text=exceeds).first).to_be_visible()
        if what == "site":
            shows_a_curve(page)
        expect(page.locator("[hx-trigger=load]")).to_have_count(0)  # parts that come by themselves
        page.screenshot(path=shots / f"{what}-{language}-{name}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], what


def test_the_calendar_is_walked_by_keys_and_stepped_by_month(
    desk: Running, page_at: Any, shots: Path
) -> None:
    page = page_at(PHONE)
    page.goto(f"{desk.url}/sites/{DUSTY}")
    first = page.locator("#calendar td[tabindex='0']")
    first.focus()
    expect(page.locator("#hour-said")).to_have_text("11月1日 周日 0:00–1:00 · 无判定")
    for key in ("ArrowRight", "ArrowDown", "End", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(page.locator("#hour-said")).to_contain_text("11月2日 周一 22:00–23:00")
    expect(page.locator("#calendar td[tabindex='0']")).to_have_count(1)
    page.evaluate("window.kept = true")
    page.get_by_role("link", name="上个月").click()
    expect(page.locator("#calendar .empty")).to_have_text("本月没有任何小时的判定结果。")
    page.get_by_role("link", name="下个月").click()
    expect(page.locator("#calendar td.is-exceeds").first).to_be_visible()
    assert page.evaluate("window.kept") is True
    page.locator("#by-day summary").click()
    expect(page.locator("#by-day tbody tr").first).to_contain_text("11月23日")


def test_who_was_told_is_found_from_the_list_and_stays_open_while_it_renews_itself(
    desk: Running, page_at: Any
) -> None:
    page = page_at(DESK)
    page.clock.install()
    page.goto(f"{desk.url}/messages?which=accepted")
    page.get_by_role("link", name="查看全部通知对象").first.click()
    expect(page.locator("h2").first).to_have_text("本事件通知了哪些人")
    page.locator("#message-list summary").first.click()
    with page.expect_response("**part=live**"):
        page.clock.run_for(16_000)
    expect(page.locator("#message-list .attempts").first).to_be_visible()
    expect(page.locator("#message-list .attempts").first).to_contain_text("已发送")


def test_the_board_follows_the_stream_without_loading_again(desk: Running, page_at: Any) -> None:
    page = page_at(DESK)
    with page.expect_response("**/events?*"):
        page.goto(desk.url + "/")
    page.evaluate("window.kept = true")
    calm = page.locator(".row.is-compliant").last
    site_id = str(calm.locator("a").get_attribute("href")).rpartition("/")[2]
    row = page.locator(f"#list li:has(a[href='/sites/{site_id}'])")
    now = row.locator(".now-is")
    before = now.text_content()

    device = desk.county.register.devices_at(site_id)[0].id
    desk.county.source.lifted[device] = 777.0
    desk.county.minute()

    level = desk.county.source.level(device, "pm10", desk.county.clock.at_ms)
    expect(now).to_contain_text(f"PM10 {level:.0f}")
    assert now.text_content() != before
    expect(page.locator("#strip time")).to_contain_text("15:06:00")
    assert page.evaluate("window.kept") is True


_TEXTS_THAT_MEET = """() => {
    const all = [...document.querySelectorAll('#marks text')].filter(e => getComputedStyle(e).display !== 'none');
    const boxes = all.filter(e => !e.closest('.glyph')).map(e => [e.textContent, e.getBoundingClientRect()]);
    const glyphs = [...document.querySelectorAll('#marks .glyph .body')]
        .filter(e => !e.closest('.worst')).map(e => ['mark', e.getBoundingClientRect()]);
    const met = [];
    const meets = (a, b) => a.left < b.right - .5 && b.left < a.right - .5
        && a.top < b.bottom - .5 && b.top < a.bottom - .5;
    boxes.forEach(([name, box], i) => {
        boxes.slice(i + 1).concat(glyphs).forEach(([other, b]) => { if (meets(box, b)) met.push([name, other]); });
    });
    return met; }"""


@pytest.mark.parametrize(("size", "name"), [(DESK, "desk"), (PHONE, "phone")])
@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_no_text_of_a_large_plan_meets_another_at_any_zoom(
    large: LargeRunning, page_at: Any, shots: Path, size: dict[str, int], name: str, language: str
) -> None:
    page = page_at(size, language, of=large)
    for zoom in (1, 2, 4, 8, 16):
        page.goto(f"{large.url}/" + (f"?zoom={zoom}&x=400&y=300" if zoom > 1 else ""))
        page.wait_for_load_state("load")
        assert page.evaluate(_TEXTS_THAT_MEET) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        if zoom in (1, 4):
            page.screenshot(path=shots / f"large-{zoom}-{language}-{name}.png", full_page=True)


def test_a_large_board_is_walked_by_keys_filtered_searched_and_paged_in_place(
    large: LargeRunning, page_at: Any, shots: Path
) -> None:
    page = page_at(DESK, "en-US", of=large)
    page.emulate_media(color_scheme="dark")
    page.goto(large.url + "/")
    page.evaluate("window.kept = true")
    expect(page.locator("#list > li")).to_have_count(25)
    expect(page.locator("#open-cases .count")).to_have_text("600")
    expect(page.locator("#pager")).to_contain_text("page 1 of 12")
    page.locator("#page-next").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pager")).to_contain_text("page 2 of 12")
    expect(page.locator("#page-next")).to_be_focused()

    group = page.locator("#marks a.several").first
    inside = int(group.locator(".number").text_content() or 0)
    with page.expect_response("**/events?*zoom=*"):  # the stream follows
        group.focus()
        page.keyboard.press("Enter")
    expect(page.locator("#site-count")).to_contain_text("of 300")
    expect(page.locator("#plan-title")).to_be_focused()
    assert inside > 1
    page.screenshot(path=shots / "large-closer-en-US-desk-dark.png", full_page=True)
    page.get_by_role("link", name="Whole county").click()
    expect(page.locator("#site-count")).to_have_text("300")

    page.locator("#board-which").select_option("exceeds")
    page.locator("form.filter button").click()
    expect(page.locator("#site-count")).to_have_text("25 of 300")
    expect(page.locator("#list > li.is-exceeds")).to_have_count(25)
    page.locator("#board-q").fill("nothing like it")
    page.keyboard.press("Enter")
    expect(page.locator("#pager .empty")).to_have_text("No site is like that.")
    expect(page.locator("#board-q")).to_be_focused()
    page.get_by_role("link", name="Show everything").click()
    expect(page.locator("#site-count")).to_have_text("300")
    assert page.evaluate("window.kept") is True
    page.go_back()
    expect(page.locator("#pager .empty")).to_be_visible()
    assert [one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in _GRAVE] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_a_large_board_can_be_read_by_everybody(
    large: LargeRunning, page_at: Any, size: dict[str, int], scheme: str
) -> None:
    page = page_at(size, of=large)
    page.emulate_media(color_scheme=scheme)
    for path in ("/", "/?zoom=4&x=400&y=300", "/?which=overdue&page=2"):
        page.goto(large.url + path)
        found = Axe().run(page).response["violations"]
        assert [
            (path, one["id"], one["nodes"][0]["target"]) for one in found if one["impact"] in _GRAVE
        ] == []


def test_signing_a_case_is_seen_on_its_page_and_on_an_open_board(
    desk: Running, page_at: Any, shots: Path
) -> None:
    case = case_of(desk, DUSTY)
    board, page = page_at(DESK), page_at(PHONE, role="site")
    board.goto(desk.url + "/")
    number = desk.county.cases.life.number_of(case)
    link = board.locator(f"#open-cases li.task-assigned a[href='/tasks/{number}']")
    expect(link).to_be_visible()

    page.goto(f"{desk.url}/cases/{case}")
    shows_a_curve(page)
    page.get_by_role("link", name="前往工单").click()
    shows_a_curve(page)
    form = page.locator("form[action$='/sign']")
    form.get_by_label("备注").fill("已停止土方作业，雾炮车到场。")
    page.screenshot(path=shots / "task-to-sign-zh-CN-phone.png", full_page=True)
    form.get_by_role("button").click()

    expect(page.locator(".state-line .pill")).to_have_text("已签收")
    expect(page.locator(".timeline")).to_contain_text("雾炮车到场")
    expect(page.locator(".timeline")).to_contain_text("张敏")
    expect(form).to_have_count(0)
    expect(link).to_have_count(0)
    page.screenshot(path=shots / "task-signed-zh-CN-phone.png", full_page=True)
    file = desk.county.cases.case(case)
    assert file is not None
    assert (file.case.state, file.case.acknowledged_by) == ("acknowledged", "张敏")


def test_a_violation_is_rectified_with_a_photograph_and_given_back_by_the_verifier(
    desk: Running, page_at: Any, shots: Path, tmp_path: Path
) -> None:
    lives = desk.county.cases.life
    of = TaskFilter("open", site=DUSTY, kind="exceedance")
    number = next(kept.number for kept in lives.find(of).tasks if kept.life.track == "rectify")
    manager, verifier = page_at(PHONE, role="site"), page_at(DESK, role="verifier")
    taken = tmp_path / "after.jpg"
    taken.write_bytes(photograph((900, 600)))
    manager.goto(f"{desk.url}/tasks/{number}")
    for command in ("sign", "start"):
        if (button := manager.locator(f"form[action$='/{command}'] button")).count():
            button.click()
    form = manager.locator("form[action$='/submit']")
    form.get_by_label("整改情况说明").fill("裸土已全部覆盖，道路已冲洗。")
    form.get_by_label("整改后照片").set_input_files(taken)
    form.locator("button[type=submit]").click()
    expect(manager.locator(".pictures img")).to_be_visible()
    manager.screenshot(path=shots / "task-submitted-zh-CN-phone.png", full_page=True)

    verifier.goto(desk.url + "/tasks")
    verifier.screenshot(path=shots / "tasks-verifier-zh-CN-desk.png", full_page=True)
    verifier.locator(f"a[href='/tasks/{number}']").click()
    verifier.locator("details.step summary", has_text="核验不通过").click()
    reject = verifier.locator("form[action$='/reject']")
    reject.get_by_label("原因").fill("东侧围挡旁仍有裸土")
    verifier.screenshot(path=shots / "task-verifier-zh-CN-desk.png", full_page=True)
    reject.get_by_role("button").click()
    expect(verifier.locator(".state-line .pill")).to_have_text("整改中")
    expect(manager.locator(".timeline")).to_contain_text("东侧围挡旁仍有裸土", timeout=15_000)
    verifier.goto(f"{desk.url}/tasks/{number}/print")
    verifier.screenshot(path=shots / "task-print-zh-CN-desk.png", full_page=True)


def test_an_opened_text_of_a_message_stays_open_while_the_page_renews_itself(
    desk: Running, page_at: Any
) -> None:
    page = page_at(DESK)
    page.goto(f"{desk.url}/cases/{case_of(desk, 'site-04')}")
    page.locator("#case-live summary").first.click()
    with page.expect_response("**?part=live"):
        pass
    expect(page.locator(".letter").first).to_be_visible()
    expect(page.locator(".letter").first).to_contain_text("工地")


def test_the_languages_change_by_one_click_and_stay(desk: Running, page_at: Any) -> None:
    page = page_at(DESK)
    page.goto(desk.url + "/")
    page.get_by_role("link", name="English").click()
    expect(page.locator("h2").first).to_have_text("Plan value that was judged, µg/m³")
    page.get_by_role("link", name="Cases", exact=True).click()
    expect(page.locator("h1")).to_have_text("Cases")
    page.get_by_role("link", name="中文").click()
    expect(page.locator("h1")).to_have_text("预警事件")


@pytest.mark.parametrize(("size", "name"), [(DESK, "desk"), (PHONE, "phone")])
@pytest.mark.parametrize(("language", "words"), [("zh-CN", "登录"), ("en-US", "Sign in")])
def test_a_person_signs_in_signs_for_a_case_and_out_again(
    desk: Running, page_at: Any, shots: Path, size: dict[str, int], name: str, language: str, words: str
) -> None:
    """From the link in a message: to the door, through it, to the case, back out."""
    people = desk.county.people
    login = f"zhou-{name}-{language}".casefold()
    account(
        people, "site", f"site:{DUSTY}", login=login, name="周建国", password=hashed("湿法作业-2026-dust")
    )
    case = case_of(desk, DUSTY, state=None)
    page = page_at(size, language, role=None)
    page.goto(f"{desk.url}/cases/{case}")
    expect(page.locator("h1")).to_have_text(words)
    page.screenshot(path=shots / f"sign-in-{language}-{name}.png", full_page=True)
    page.locator("#login").fill(login)
    page.locator("#password").fill("湿法作业-2026-dust")
    page.get_by_role("button", name=words).click()
    page.wait_for_url(f"**/cases/{case}")
    expect(page.locator(".me summary")).to_contain_text("周建国")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.locator(".me summary").click()
    page.screenshot(path=shots / f"signed-in-{language}-{name}.png", full_page=True)
    assert page.request.get(f"{desk.url}/sites/{DEAD}").status == 404  # another's site
    page.locator(".me button").click()
    page.wait_for_url("**/sign-in")


def test_an_administrator_looks_after_people_machines_and_the_log(
    desk: Running, page_at: Any, shots: Path
) -> None:
    page = page_at(DESK, role="administrator")
    for path, shot in (
        ("/people", "people"),
        ("/tokens", "tokens"),
        ("/audit", "audit"),
        ("/account", "account"),
    ):
        page.goto(desk.url + path)
        page.screenshot(path=shots / f"{shot}-zh-CN-desk.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= DESK["width"], path
    page.goto(desk.url + "/people")
    page.locator("#login").fill("liufang")
    page.locator("#name").fill("刘芳")
    page.locator("#role").select_option("site")
    page.locator("#unit").select_option("site:site-02")
    page.get_by_role("button", name="创建并显示邀请链接").click()
    link = page.locator("#secret").inner_text()
    page.screenshot(path=shots / "invited-zh-CN-desk.png", full_page=True)
    phone = page_at(PHONE, role=None)
    phone.goto(link)
    expect(phone.locator("h1")).to_have_text("刘芳")
    phone.screenshot(path=shots / "link-zh-CN-phone.png", full_page=True)
    phone.locator("#password").fill("雾炮喷淋-2026-abc")
    phone.locator("#again").fill("雾炮喷淋-2026-abc")
    phone.get_by_role("button", name="登录").click()
    expect(phone.locator("#list li")).to_have_count(1)
    phone.screenshot(path=shots / "own-board-zh-CN-phone.png", full_page=True)
    page.goto(desk.url + "/audit")
    expect(page.locator("tbody tr").first).to_contain_text("刘芳")


@pytest.mark.parametrize(("size", "name"), [(DESK, "desk"), (PHONE, "phone")])
def test_a_regional_episode_comes_to_an_open_board_and_goes_again(
    desk: Running, page_at: Any, shots: Path, size: dict[str, int], name: str
) -> None:
    hour = desk.county.clock.at_ms // HOUR * HOUR
    begins = hour - 3 * HOUR
    said = RegionalEpisode(
        f"storm-{name}", "began", "county", "pm10", "ug/m3", begins, hour, 532.5, 532.5, 350.0, 2, 2,
        "downgrade", "unconfirmed", "county policy, not confirmed by a source", 1, hour, "c1",
    )  # fmt: skip

    def keep(*events: RegionalEpisode) -> None:
        desk.county.history.write_batches(batches_of_context(list(events)))

    pages = {language: page_at(size, language) for language in ("zh-CN", "en-US")}
    for page in pages.values():
        with page.expect_response("**/events?*"):
            page.goto(desk.url + "/")
        expect(page.locator(".banner.regional")).to_have_count(0)
    keep(said)
    # what is slow to ask is asked at every fifth second, and slower on a machine that has much to do
    expect(pages["zh-CN"].locator(".banner.regional")).to_contain_text(
        "2 个站点中有 2 个上升", timeout=30_000
    )
    expect(pages["en-US"].locator(".banner.regional")).to_contain_text(
        "No verdict changes by it", timeout=30_000
    )
    for language, page in pages.items():
        page.screenshot(path=shots / f"regional-{language}-{name}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    keep(replace(said, event="ended", revision=2))
    for page in pages.values():
        expect(page.locator(".banner.regional")).to_have_count(0, timeout=30_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("size", "name"), [(DESK, "desk"), (PHONE, "phone")])
def test_every_page_can_be_read_by_everybody(
    desk: Running, page_at: Any, size: dict[str, int], name: str, scheme: str
) -> None:
    """axe-core finds nothing serious on any page, for the roles that see it."""
    case = case_of(desk, DUSTY, state=None)
    task = f"/tasks/{desk.county.cases.life.number_of(case)}"
    pages = {
        None: ("/sign-in",),
        "department": (
            "/",
            f"/sites/{DUSTY}",
            f"/cases/{case}",
            "/cases",
            "/cases?q=nothing-like-it",
            "/messages",
            f"/messages?case={case}",
            "/messages?person=nobody",
            "/account",
            "/tasks",
            "/tasks?which=all",
            "/tasks?q=nothing-like-it",
            task,
            f"{task}/print",
        ),
        "administrator": (
            "/people",
            f"/people/{account(desk.county.people, 'site').id}",
            "/tokens",
            "/audit",
            "/health",
        ),
    }
    found = []
    for role, paths in pages.items():
        page = page_at(size, role=role)
        page.emulate_media(color_scheme=scheme)
        for path in paths:
            answer = page.goto(desk.url + path)
            assert answer is not None
            assert answer.status == 200, path
            expect(page.locator("[hx-trigger=load]")).to_have_count(0)
            results = Axe().run(page).response["violations"]
            found += [
                (path, one["id"], [node["target"] for node in one["nodes"]][:3])
                for one in results
                if one["impact"] in _GRAVE
            ]
    assert found == []
