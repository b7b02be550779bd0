"""Signing in: with login and password, by a one-time link; signing out; proving again who one is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.people.accounts import ACTIVE, ENDED, SIGN_IN, Account, Link, Visit, plain_login
from alerts.people.passwords import fault_of_new
from alerts.people.roles import ROLES, UNREMEMBERED_MS
from alerts.people.throttle import OF_ADDRESS, OF_LOGIN
from alerts.people.tokens import digest, new_token
from alerts.web.access import address_of, device_of, entry_of, must_be, own_path, person_of
from alerts.web.desk import Desk
from alerts.web.hashing import hash_of, is_right
from alerts.web.poller import call
from alerts.web.security import read_form


async def page(request: Request) -> Response:
    """The page to sign in; who is signed in goes on."""
    desk: Desk = request.app.state.desk
    goes_on = own_path(request.query_params.get("next", "/"))
    if person_of(request) is not None:
        return RedirectResponse(goes_on, 303)
    return await _page(desk, request, goes_on)


async def sign_in(request: Request) -> Response:
    """Sign in with login and password; a wrong one says no more than that, and too many have to wait."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    login, given = plain_login(fields.get("login", "")), fields.get("password", "")
    goes_on = own_path(fields.get("next", "/"))
    wait = await _wait_ms(desk, login, address_of(request))
    if wait:
        response = await _page(desk, request, goes_on, status=429, login=login, wait=wait)
        response.headers["retry-after"] = str(wait // 1000 + 1)
        return response
    account = await call("cases", lambda: desk.people.account_of(login))
    known = account is not None and account.state == ACTIVE
    kept = account.password if account is not None and known else ""
    right = await is_right(kept, given)
    if account is None or not right:
        entry = entry_of(request, desk.gate.wall(), "sign_in_failed", f"login:{login}", None)
        keys = [f"login:{login}", f"address:{address_of(request)}"]
        await call("cases", lambda: desk.people.note_failures(keys, entry.at, entry))
        return await _page(desk, request, goes_on, status=401, login=login, wrong=True)
    await call("cases", lambda: desk.people.forget_failures(f"login:{login}"))
    return await _signed_in(desk, request, account, goes_on, remember="remember" in fields, how="password")


async def link(request: Request) -> Response:
    """Whom a one-time link signs in; looking at it uses nothing up (a messenger's preview looks as well)."""
    desk: Desk = request.app.state.desk
    found, account = await _link(desk, request)
    if found is None or account is None:
        return desk.page(request, "link.html", status=410, link=None)
    return desk.page(request, "link.html", link=found, account=account, fault="")


async def by_link(request: Request) -> Response:
    """Use a one-time link; an invitation sets the password."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    found, account = await _link(desk, request)
    if found is None or account is None:
        return desk.page(request, "link.html", status=410, link=None)
    new = ""
    if found.purpose != SIGN_IN:
        new = fields.get("password", "")
        if fault := fault_of_new(new, fields.get("again", ""), account.login, account.name):
            return desk.page(request, "link.html", status=422, link=found, account=account, fault=fault)
    if not await call("cases", lambda: desk.people.use_link(found.token, desk.gate.wall())):
        return desk.page(request, "link.html", status=410, link=None)
    if new:
        kept = await hash_of(new)
        entry = entry_of(request, desk.gate.wall(), "password_set", f"account:{account.id}", None)
        await call("cases", lambda: desk.people.set_password(account.id, kept, None, entry))
    goes_on = f"/cases/{found.case}" if found.case else "/"
    return await _signed_in(desk, request, account, goes_on, remember="remember" in fields, how=found.purpose)


async def sign_out(request: Request) -> Response:
    """Sign this device out."""
    desk: Desk = request.app.state.desk
    await read_form(request, desk.base_url)
    person = must_be(request)
    entry = entry_of(request, desk.gate.wall(), "signed_out", f"account:{person.account.id}", person)
    await call("cases", lambda: desk.people.end_visit(person.account.id, person.visit.token, entry))
    desk.gate.forget(person.token)
    response = RedirectResponse("/sign-in", 303)
    desk.gate.drop(response)
    return response


async def confirm_page(request: Request) -> Response:
    """Asks again who one is, before what only they may do."""
    desk: Desk = request.app.state.desk
    goes_on = own_path(request.query_params.get("next", "/"))
    if must_be(request).confirmed(desk.gate.wall()):
        return RedirectResponse(goes_on, 303)
    return desk.page(request, "confirm.html", goes_on=goes_on, wrong=False, wait=0)


async def confirm(request: Request) -> Response:
    """Prove by password who one is; it is as throttled as signing in."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    person, goes_on = must_be(request), own_path(fields.get("next", "/"))
    account = person.account
    if wait := await _wait_ms(desk, account.login, address_of(request)):
        return desk.page(request, "confirm.html", status=429, goes_on=goes_on, wrong=False, wait=wait)
    given = fields.get("password", "")
    if not await is_right(account.password, given):
        entry = entry_of(request, desk.gate.wall(), "confirm_failed", f"account:{account.id}", person)
        keys = [f"login:{account.login}"]
        await call("cases", lambda: desk.people.note_failures(keys, entry.at, entry))
        return desk.page(request, "confirm.html", status=401, goes_on=goes_on, wrong=True, wait=0)
    entry = entry_of(request, desk.gate.wall(), "confirmed", f"account:{account.id}", person)
    await call("cases", lambda: desk.people.confirm_visit(person.visit.token, entry.at, entry))
    return RedirectResponse(goes_on, 303)


async def _page(desk: Desk, request: Request, goes_on: str, status: int = 200, **more: object) -> Response:
    values: Mapping[str, object] = {"login": "", "wrong": False, "wait": 0, **more}
    nobody = await call("cases", desk.people.is_empty)
    return desk.page(request, "sign_in.html", status=status, goes_on=goes_on, nobody=nobody, **values)


async def _link(desk: Desk, request: Request) -> tuple[Link | None, Account | None]:
    """The link of the path and whom it signs in, if it is still good."""
    token, now = request.path_params["token"], desk.gate.wall()
    if not 20 <= len(token) <= 100:
        return None, None
    found = await call("cases", lambda: desk.people.link(digest(token)))
    if found is None or not found.good(now):
        return None, None
    account = await call("cases", lambda: desk.people.account(found.account))
    if account is None or account.state == ENDED or (found.purpose == SIGN_IN and account.state != ACTIVE):
        return None, None
    return found, account


async def _wait_ms(desk: Desk, login: str, address: str) -> int:
    now = desk.gate.wall()
    waits = []
    for key, throttle in ((f"login:{login}", OF_LOGIN), (f"address:{address}", OF_ADDRESS)):
        failed = await call("cases", partial(desk.people.failures, key, now - throttle.within_ms))
        waits.append(throttle.wait_ms(failed, now))
    return max(waits)


async def _signed_in(
    desk: Desk, request: Request, account: Account, goes_on: str, *, remember: bool, how: str
) -> Response:
    """A device that is signed in from now on; its secret is a new one."""
    now, token = desk.gate.wall(), new_token()
    role = ROLES.get(account.role)
    lasts = role.remembered_ms if remember and role is not None else UNREMEMBERED_MS
    visit = Visit(digest(token), account.id, now, now, now + lasts, now, device_of(request))
    entry = entry_of(request, now, "signed_in", f"account:{account.id}", None, after={"by": how})
    entry = replace(entry, actor=account.id, name=account.name, role=account.role, unit=account.unit)
    await call("cases", lambda: desk.people.begin_visit(visit, entry))
    response = RedirectResponse(goes_on, 303)
    desk.gate.keep(response, token, lasts if remember else None)
    return response
