"""Signing in and out: passwords, throttling, one-time links, forms, cookies, what administrators do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from alerts.people.accounts import Link
from alerts.people.passwords import hashed, verified
from alerts.people.tokens import digest, new_token
from alerts.store.case_store import wall_ms
from alerts.store.people_store import PeopleStore
from alerts.web.access import own_path
from alerts.web.app import create_app
from alerts.web.sources import Sources
from ingest.clock import ManualClock
from tests.fakes.desk import NOW, FakeCases, FakeHistory, example_register
from tests.fakes.people import account, cookie_of, entry, messages_in, people_in

REGISTER = example_register()
RIGHT = "湿法作业-2026-dust"
KEPT = hashed(RIGHT)
MINUTE = 60_000


@dataclass(slots=True)
class Browser:
    """A browser at the desk's door, and the real clock, which stands still."""

    http: httpx.AsyncClient
    people: PeopleStore
    desk: object
    at: int

    def now(self) -> int:
        return self.at

    async def token(self, path: str) -> str:
        found = re.search(r'name="token" value="([^"]+)"', (await self.http.get(path)).text)
        assert found
        return found[1]

    async def post(self, path: str, page: str | None = None, **fields: str) -> httpx.Response:
        """Send the form of a page."""
        return await self.http.post(path, data={"token": await self.token(page or path), **fields})

    async def sign_in(self, login: str, password: str, **more: str) -> httpx.Response:
        return await self.post("/sign-in", login=login, password=password, **more)


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    clock = ManualClock(NOW)
    people = people_in(tmp_path)
    sources = Sources(FakeHistory(REGISTER, clock), FakeCases(REGISTER), people, messages_in(tmp_path))
    app = create_app(sources, REGISTER, clock, "http://desk.test")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk.test", headers={"accept-language": "en"}
    ) as http:
        found = Browser(http, people, app.state.desk, wall_ms())
        app.state.desk.gate.wall = found.now
        account(people, "site", login="zhou", name="周建国", password=KEPT)
        account(people, "administrator", login="admin", name="系统管理员", password=KEPT)
        yield found
    people.close()


async def test_the_right_password_signs_in_and_goes_on_to_what_was_asked_for(browser: Browser) -> None:
    asked = await browser.http.get("/cases/case-a1")
    assert asked.headers["location"] == "/sign-in?next=/cases/case-a1"
    answer = await browser.sign_in(" ZHOU ", RIGHT, next="/cases/case-a1", remember="on")
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases/case-a1")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("desk_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert f"Max-Age={90 * 24 * 3600}" in cookie
    page = (await browser.http.get("/cases/case-a1")).text
    assert "周建国" in page
    assert (await browser.http.get("/sign-in")).status_code == 303


async def test_a_device_that_is_not_to_be_remembered_forgets_with_the_browser(browser: Browser) -> None:
    answer = await browser.sign_in("zhou", RIGHT)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("desk_session="))
    assert "Max-Age" not in cookie
    browser.at += 12 * 60 * MINUTE + 1
    assert (await browser.http.get("/")).headers["location"] == "/sign-in"


async def test_a_remembered_administrator_stays_twelve_hours(browser: Browser) -> None:
    answer = await browser.sign_in("admin", RIGHT, remember="on")
    assert any("Max-Age=43200" in cookie for cookie in answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize(("login", "password"), [("zhou", "wrong"), ("nobody", RIGHT), ("zhou", "")])
async def test_a_wrong_sign_in_says_no_more_than_that(browser: Browser, login: str, password: str) -> None:
    answer = await browser.sign_in(login, password)
    assert answer.status_code == 401
    assert "Login or password is wrong." in answer.text
    assert "set-cookie" not in {k for k, v in answer.headers.items() if "desk_session" in v}
    failed = [e for _, e in browser.people.entries(action="sign_in_failed")]
    assert [(e.actor, e.object) for e in failed] == [("nobody", f"login:{login}")]


async def test_five_wrong_passwords_make_the_sixth_wait_even_if_it_is_right(browser: Browser) -> None:
    for _ in range(5):
        await browser.sign_in("zhou", "wrong")
    answer = await browser.sign_in("zhou", RIGHT)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) <= 15 * 60 + 1
    assert "15 minutes" in answer.text
    assert (await browser.sign_in("admin", RIGHT)).status_code == 303  # nobody else waits
    browser.http.cookies.clear()
    browser.at += 15 * MINUTE
    assert (await browser.sign_in("zhou", RIGHT)).status_code == 303


async def test_signing_out_ends_the_device_on_the_desks_side_too(browser: Browser) -> None:
    await browser.sign_in("zhou", RIGHT)
    stolen = browser.http.cookies["desk_session"]
    answer = await browser.post("/sign-out", page="/account")
    assert answer.headers["location"] == "/sign-in"
    browser.http.cookies.set("desk_session", stolen)
    assert (await browser.http.get("/account")).headers["location"].startswith("/sign-in")


async def test_a_form_carries_what_only_the_own_page_knows(browser: Browser) -> None:
    """Of who is signed in: not the cookie of nobody, not that of another device."""
    before = await browser.token("/sign-in")
    await browser.sign_in("zhou", RIGHT)
    for token in (before, "", browser.http.cookies["desk_session"], "0" * 64):
        answer = await browser.http.post("/sign-out", data={"token": token})
        assert answer.status_code == 403
    foreign = {"token": await browser.token("/account")}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        assert (await browser.http.post("/sign-out", data=foreign, headers=headers)).status_code == 403
    assert (await browser.http.get("/account")).status_code == 200


@pytest.mark.parametrize(
    "wish",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "", "evil", "/a\nb"],
)
def test_nobody_is_sent_elsewhere_after_signing_in(wish: str) -> None:
    assert own_path(wish) == "/"
    assert own_path("/cases/a?x=1") == "/cases/a?x=1"


def link(browser: Browser, purpose: str, login: str = "zhou", case: str | None = None) -> str:
    token = new_token()
    who = browser.people.account_of(login)
    assert who is not None
    lasts = 30 * MINUTE if purpose == "sign_in" else 7 * 24 * 60 * MINUTE
    made = Link(digest(token), who.id, purpose, browser.at, browser.at + lasts, case)
    browser.people.add_link(made, entry("link_made"))
    return f"/in/{token}"


async def test_a_one_time_link_signs_in_once_and_looking_at_it_uses_nothing_up(browser: Browser) -> None:
    path = link(browser, "sign_in", case="case-a1")
    for _ in range(3):
        page = await browser.http.get(path)
        assert page.status_code == 200
        assert "周建国" in page.text
        assert "case-a1" in page.text
    answer = await browser.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases/case-a1")
    browser.http.cookies.clear()
    assert (await browser.http.get(path)).status_code == 410
    again = await browser.http.post(path, data={"token": await browser.token("/sign-in")})
    assert again.status_code == 410


async def test_a_link_ends_with_its_time_with_a_newer_one_and_with_its_account(browser: Browser) -> None:
    first, second = link(browser, "sign_in"), link(browser, "sign_in")
    assert (await browser.http.get(first)).status_code == 410
    assert (await browser.http.get(second)).status_code == 200
    browser.at += 30 * MINUTE
    assert (await browser.http.get(second)).status_code == 410
    assert (await browser.http.get("/in/short")).status_code == 410
    assert (await browser.http.get("/in/" + "x" * 43)).status_code == 410


async def test_an_invitation_sets_a_password_that_is_none_that_is_tried_first(browser: Browser) -> None:
    path = link(browser, "invitation")
    for weak in ("short", "zhou-zhou-zhou", "aaaaaaaaaaaa", "我是周建国周建国我是"):
        answer = await browser.post(path, password=weak, again=weak)
        assert answer.status_code == 422
    differs = await browser.post(path, password="brand-new-secret", again="brand-new-secreT")
    assert "The two are not the same." in differs.text
    answer = await browser.post(path, password="brand-new-secret", again="brand-new-secret")
    assert answer.status_code == 303
    kept = browser.people.account_of("zhou")
    assert kept is not None
    assert verified(kept.password, "brand-new-secret")
    assert "brand-new" not in kept.password
    browser.http.cookies.clear()
    assert (await browser.sign_in("zhou", RIGHT)).status_code == 401


async def test_a_new_password_signs_the_other_devices_out(browser: Browser) -> None:
    await browser.sign_in("zhou", RIGHT)
    elsewhere = browser.http.cookies["desk_session"]
    browser.http.cookies.clear()
    await browser.sign_in("zhou", RIGHT)
    here = browser.http.cookies["desk_session"]
    wrong = await browser.post("/account/password", page="/account", present="x", password="y", again="y")
    assert "The present password is wrong." in wrong.text
    new = {"present": RIGHT, "password": "brand-new-secret", "again": "brand-new-secret"}
    assert (await browser.post("/account/password", page="/account", **new)).status_code == 200
    browser.http.cookies.set("desk_session", elsewhere)
    assert (await browser.http.get("/account")).status_code == 303
    browser.http.cookies.set("desk_session", here)
    assert (await browser.http.get("/account")).status_code == 200


async def test_an_administrator_invites_changes_and_ends_people_and_all_of_it_is_written(
    browser: Browser,
) -> None:
    await browser.sign_in("admin", RIGHT)
    wish = {"login": "Liu.F", "name": "刘芳", "role": "site", "unit": "site:site-02", "contact": ""}
    made = await browser.post("/people", **wish)
    assert made.status_code == 200
    address = re.search(r"http://desk\.test(/in/[\w-]+)", made.text)
    assert address
    taken = await browser.post("/people", **wish)
    assert (taken.status_code, "Another account has this login." in taken.text) == (409, True)
    assert 'value="Liu.F"' in taken.text  # what was typed stays
    wrong = await browser.post("/people", **{**wish, "login": "b", "unit": "county"})
    assert wrong.status_code == 422
    who = browser.people.account_of("liu.f")
    assert who is not None
    assert who.state == "invited"
    page = f"/people/{who.id}"
    moved = await browser.post(page, name="刘芳", role="township", unit="department:town-east", contact="")
    assert moved.status_code == 303
    changed = browser.people.entries(action="account_changed")[0][1]
    assert (changed.before["unit"], changed.after["unit"]) == ("site:site-02", "department:town-east")
    no_reason = await browser.post(f"{page}/end", page=page, reason=" ")
    assert no_reason.status_code == 422
    await browser.post(f"{page}/end", page=page, reason="调离")
    ended = browser.people.account(who.id)
    assert ended is not None
    assert ended.state == "ended"
    browser.http.cookies.clear()
    assert (await browser.http.get(address[1])).status_code == 410
    told = [(e.action, e.name, e.reason) for _, e in browser.people.entries()]
    assert ("account_ended", "系统管理员", "调离") in told
    assert not any("argon2" in str(e) for _, e in browser.people.entries())


async def test_the_last_administrator_can_neither_be_ended_nor_made_something_else(browser: Browser) -> None:
    await browser.sign_in("admin", RIGHT)
    admin = browser.people.account_of("admin")
    assert admin is not None
    page = f"/people/{admin.id}"
    assert (await browser.post(f"{page}/end", page=page, reason="x")).status_code == 409
    lesser = {"name": "x", "role": "office", "unit": "county", "contact": ""}
    assert (await browser.post(page, **lesser)).status_code == 409


async def test_a_machines_token_is_shown_once(browser: Browser) -> None:
    await browser.sign_in("admin", RIGHT)
    missing = await browser.post("/tokens", name="平台")
    assert missing.status_code == 422
    made = await browser.post("/tokens", name="平台", **{"scope-read": "on"})
    secret = re.search(r'id="secret">([\w-]{43})<', made.text)
    assert secret
    assert secret[1] not in (await browser.http.get("/tokens")).text
    token = browser.people.tokens()[0]
    device = next(iter(REGISTER.devices))
    browser_less = {"authorization": f"Bearer {secret[1]}", "cookie": ""}
    asked = f"/api/series?device={device}&hours=1"
    assert (await browser.http.get(asked, headers=browser_less)).status_code == 200
    await browser.post(f"/tokens/{token.id}/revoke", page="/tokens")
    browser.http.cookies.clear()
    assert (await browser.http.get(asked, headers=browser_less)).status_code == 401


async def test_who_proves_again_who_they_are_goes_on(browser: Browser) -> None:
    await browser.sign_in("admin", RIGHT)
    browser.at += 15 * MINUTE
    asked = await browser.http.get("/people")
    assert asked.headers["location"] == "/confirm?next=/people"
    wrong = await browser.post("/confirm?next=/people", password="wrong", next="/people")
    assert wrong.status_code == 401
    right = await browser.post("/confirm?next=/people", password=RIGHT, next="/people")
    assert right.headers["location"] == "/people"
    assert (await browser.http.get("/people")).status_code == 200


async def test_by_https_the_cookie_is_secure_and_of_this_host_alone(tmp_path: Path) -> None:
    people, clock = people_in(tmp_path), ManualClock(NOW)
    sources = Sources(FakeHistory(REGISTER, clock), FakeCases(REGISTER), people, messages_in(tmp_path))
    app = create_app(sources, REGISTER, clock, "https://desk.test")
    account(people, "site", login="zhou", password=KEPT)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://desk.test") as http:
        token = re.search(r'name="token" value="([^"]+)"', (await http.get("/sign-in")).text)
        assert token
        answer = await http.post("/sign-in", data={"token": token[1], "login": "zhou", "password": RIGHT})
        cookie = next(c for c in answer.headers.get_list("set-cookie") if "desk_session" in c)
        assert cookie.startswith("__Host-desk_session=")
        assert "Secure" in cookie
        assert (await http.get("/account")).status_code == 200


async def test_the_first_start_says_how_the_first_account_is_made(tmp_path: Path) -> None:
    people, clock = people_in(tmp_path), ManualClock(NOW)
    sources = Sources(FakeHistory(REGISTER, clock), FakeCases(REGISTER), people, messages_in(tmp_path))
    transport = httpx.ASGITransport(create_app(sources, REGISTER, clock, "http://desk.test"))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
        assert "dustwatch people administrator" in (await http.get("/sign-in")).text
        cookie_of(people, "office")
        assert "dustwatch people administrator" not in (await http.get("/sign-in")).text
