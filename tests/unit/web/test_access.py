"""The matrix of roles: every row of the route table asked as nobody, every role, another unit, machines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from alerts.messages import TellingSilence
from alerts.people.accounts import MachineToken
from alerts.people.roles import PERMISSIONS, ROLES, SCOPES
from alerts.people.tokens import digest, form_token
from alerts.store.case_store import wall_ms
from alerts.store.people_store import PeopleStore
from alerts.web.app import create_app
from alerts.web.guarding import RouteRow
from alerts.web.route_table import ROWS, matrix
from alerts.web.sources import Sources
from ingest.clock import ManualClock
from tests.fakes.desk import DUSTY, NOW, FakeCases, FakeHistory, example_register
from tests.fakes.lives import lives_in
from tests.fakes.people import account, cookie_of, entry, messages_in, people_in, signed_in, silences_in

REGISTER = example_register()
CASE = "case-a1"  # of DUSTY, the site of the accounts' units
PATHS = {
    "site": DUSTY,
    "case": CASE,
    "account": "a-auditor.county",
    "device": "nobody",
    "token": "t" * 43,
    "task": "1",
    "command": "note",
    "digest": "d" * 64,
    "silence": "s1",
}
ROLE_ROWS = [row for row in ROWS if row.access in ("role", "token")]


@dataclass(slots=True)
class Door:
    """A desk, asked from outside."""

    http: httpx.AsyncClient
    people: PeopleStore
    cases: FakeCases

    async def ask(self, row: RouteRow, cookies: dict[str, str], **headers: str) -> httpx.Response:
        """A row's route, with a form that is not forged where it is a post."""
        path = row.path.format(**PATHS)
        session = cookies.get("desk_session", "")
        self.http.cookies.clear()
        for name, value in cookies.items():
            self.http.cookies.set(name, value)
        if row.method == "GET":
            if row.name == "events":  # endless
                async with self.http.stream("GET", path, headers=headers) as answer:
                    return answer
            return await self.http.get(path, headers=headers)
        return await self.http.post(path, data={"token": form_token(session)}, headers=headers)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    clock = ManualClock(NOW)
    people, cases = people_in(tmp_path), FakeCases(REGISTER)
    lives, silences = lives_in(tmp_path), silences_in(tmp_path)
    asked = TellingSilence(
        PATHS["silence"], "a-x", "works on the gate", NOW, NOW, NOW + 30 * 3_600_000, DUSTY
    )
    silences.add(asked, 86_400_000, entry())
    app = create_app(
        Sources(FakeHistory(REGISTER, clock), cases, people, messages_in(tmp_path), lives, silences),
        REGISTER,
        clock,
        "http://desk.test",
    )
    app.state.desk.poller.closing = True  # streams end at once
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
        yield Door(http, people, cases)
    people.close()


def id_of(row: RouteRow) -> str:
    return f"{row.method} {row.path}"


def test_the_table_is_whole_in_itself() -> None:
    """Each way in once, by a word that is known; whatever changes something is a post and not open."""
    assert len({(row.path, row.method) for row in ROWS}) == len(ROWS)
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert {row.may for row in ROWS} <= set(PERMISSIONS)
    assert {row.scope for row in ROWS if row.access == "token"} <= set(SCOPES)
    assert all(not row.scope for row in ROWS if row.access in ("open", "role"))
    assert [row.name for row in ROWS if row.access == "open" and row.viewed] == []
    assert {row.name for row in ROWS if row.access == "open"} == {
        "healthz", "readyz", "sign_in", "sign_in_by", "link", "link_by",
    }  # fmt: skip
    assert set(PERMISSIONS) == {word for role in ROLES.values() for word in role.may}


@pytest.mark.parametrize("row", ROLE_ROWS, ids=id_of)
async def test_nobody_is_sent_to_sign_in_and_nothing_is_done(door: Door, row: RouteRow) -> None:
    answer = await door.ask(row, {})
    if row.method == "POST" or row.name == "events" or row.access == "token":
        assert answer.status_code == 401
    else:
        assert answer.status_code == 303
        assert unquote(answer.headers["location"]).removeprefix("/sign-in").removeprefix("?next=") in (
            row.path.format(**PATHS), "",
        )  # fmt: skip
    assert door.cases.files[CASE].case.state == "open"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("row", ROLE_ROWS, ids=id_of)
async def test_each_role_comes_in_where_the_table_says_and_nowhere_else(
    door: Door, row: RouteRow, role: str
) -> None:
    account(door.people, "auditor", "county")  # whom pages of people speak of
    account(door.people, "administrator", "county", login="another")  # nobody is the last
    answer = await door.ask(row, cookie_of(door.people, role))
    allowed = row.may in ROLES[role].may
    assert (answer.status_code != 403) == allowed, answer.text[:300]
    if allowed:
        fine = (200, 303, 404, 422, 400, 401) if row.method == "POST" else (200, 303, 404)
        assert answer.status_code in fine, answer.text[:300]
        assert not answer.headers.get("location", "").startswith("/sign-in") or row.name == "sign_out"
    else:
        refused = [e for _, e in door.people.entries(action="refused")]
        assert refused[0].object.startswith(row.method)
        assert refused[0].role == role


@pytest.mark.parametrize(
    ("role", "unit", "seen"),
    [
        ("site", f"site:{DUSTY}", True),
        ("site", "site:site-02", False),
        ("contractor", "contractor:示范建工集团", True),
        ("township", "department:town-east", True),
        ("township", "department:town-river", False),
        ("department", "department:housing", True),
        ("department", "department:water", False),
        ("department", "department:ecology", True),  # no site's own: by matter, everywhere
        ("office", "county", True),
        ("verifier", "department:ecology", True),
        ("site", "site:gone", False),
        ("department", "department:gone", False),
    ],
)
async def test_another_unit_sees_neither_site_nor_case_nor_curve_and_signs_nothing(
    door: Door, role: str, unit: str, seen: bool
) -> None:
    cookies = cookie_of(door.people, role, unit)
    rows = {row.name: row for row in ROWS}
    for name in ("site", "case"):
        answer = await door.ask(rows[name], cookies)
        assert answer.status_code == (200 if seen else 404)
    board, cases = await door.ask(rows["board"], cookies), await door.ask(rows["cases"], cookies)
    assert (REGISTER.sites[DUSTY].name in board.text) == seen
    assert (f"/cases/{CASE}" in cases.text) == seen
    device = REGISTER.devices_at(DUSTY)[0].id
    curve = await door.http.get(f"/api/series?device={device}&hours=1", headers={"cookie": _header(cookies)})
    assert curve.status_code == (200 if seen else 404)
    await door.ask(rows["acknowledge"], cookies)
    signs = seen and role != "verifier"
    assert (door.cases.files[CASE].case.state == "acknowledged") == signs


def _header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


async def test_whom_a_suspicion_is_about_does_not_read_of_it(door: Door) -> None:
    file = door.cases.files[CASE]
    door.cases.files["s1"] = replace(file, case=replace(file.case, id="s1", kind="suspicion", breach="s1"))
    rows = {row.name: row for row in ROWS}
    for role, told in (("site", False), ("contractor", False), ("township", True), ("department", True)):
        cookies = cookie_of(door.people, role)
        assert ("/cases/s1" in (await door.ask(rows["cases"], cookies)).text) == told
        door.http.cookies.clear()
        answer = await door.http.get("/cases/s1", headers={"cookie": _header(cookies)})
        assert answer.status_code == (200 if told else 404)


async def test_a_machine_reads_with_its_scope_until_its_token_is_taken_back(door: Door) -> None:
    row = next(row for row in ROWS if row.name == "series")
    secret = "m" * 43
    token = MachineToken("t1", "county platform", ("read",), wall_ms(), "a-administrator.county")
    door.people.add_token(token, digest(secret), entry())
    device = REGISTER.devices_at(DUSTY)[0].id

    async def ask(bearer: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {bearer}"}
        return await door.http.get(f"/api/series?device={device}&hours=1", headers=headers)

    assert row.scope == "read"
    assert (await ask(secret)).status_code == 200
    assert (await ask("w" * 43)).status_code == 401
    other = replace(token, id="t2", scopes=("metrics",))
    door.people.add_token(other, digest("o" * 43), entry())
    refused = await ask("o" * 43)
    assert (refused.status_code, refused.json()["error"]) == (403, "the token has no scope `read`")
    pages = await door.http.get("/cases", headers={"authorization": f"Bearer {secret}"})
    assert pages.status_code == 303  # a token opens no page
    door.people.revoke_token("t1", wall_ms(), entry())
    revoked = await ask(secret)
    assert revoked.status_code == 401
    assert revoked.headers["www-authenticate"].startswith("Bearer")


async def test_what_is_switched_off_is_not_there(door: Door) -> None:
    assert (await door.http.get("/metrics")).status_code == 404


async def test_who_was_ended_is_out_at_once(door: Door) -> None:
    who = account(door.people, "office")
    cookies = {"desk_session": signed_in(door.people, who)}
    rows = {row.name: row for row in ROWS}
    assert (await door.ask(rows["board"], cookies)).status_code == 200
    door.people.change_account(replace(who, state="ended", ended_at=1), entry())
    assert (await door.ask(rows["board"], cookies)).status_code == 303
    assert (await door.ask(rows["acknowledge"], cookies)).status_code == 401


async def test_what_was_looked_at_is_written_once_an_hour(door: Door) -> None:
    rows = {row.name: row for row in ROWS}
    cookies = cookie_of(door.people, "office")
    for _ in range(3):
        await door.ask(rows["case"], cookies)
        await door.ask(rows["cases"], cookies)
    objects = [e.object for _, e in door.people.entries(action="viewed")]
    assert sorted(objects) == [f"case:{CASE}", "cases"]


async def test_pages_of_people_and_silences_ask_again_who_one_is(door: Door) -> None:
    long_ago = wall_ms() - 16 * 60_000
    for row in ROWS:
        if row.recent:
            role = next(name for name in ("administrator", "office") if row.may in ROLES[name].may)
            who = account(door.people, role)
            answer = await door.ask(row, {"desk_session": signed_in(door.people, who, confirmed=long_ago)})
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/confirm")
    assert [e for _, e in door.people.entries(action="account_ended")] == []


async def test_a_store_that_is_away_lets_those_read_whom_the_desk_knew(door: Door, tmp_path: Path) -> None:
    rows = {row.name: row for row in ROWS}
    cookies, stranger = cookie_of(door.people, "office"), cookie_of(door.people, "auditor")
    assert (await door.ask(rows["board"], cookies)).status_code == 200

    def away(*_: object) -> object:
        raise ConnectionError("away")

    door.people.visit = away  # type: ignore[method-assign,assignment]
    assert (await door.ask(rows["board"], cookies)).status_code == 200
    assert (await door.ask(rows["board"], stranger)).status_code == 503
    assert (await door.ask(rows["acknowledge"], cookies)).status_code == 503
    assert door.cases.files[CASE].case.state == "open"


def test_the_page_about_people_shows_the_table_as_it_is() -> None:
    page = (Path(__file__).parents[3] / "deploy" / "docs" / "people.md").read_text(encoding="utf-8")
    assert matrix() in page
