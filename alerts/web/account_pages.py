"""One's own account: who one is at the desk, a new password, the devices on which one is signed in."""

from __future__ import annotations

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.people.passwords import LONGEST, hashed, is_weak, verified
from alerts.web.access import entry_of, must_be
from alerts.web.desk import Desk
from alerts.web.poller import call
from alerts.web.security import read_form
from alerts.web.sign_in import _HASHING


async def page(request: Request) -> Response:
    """Who one is, and where one is signed in."""
    return await _page(request)


async def password(request: Request) -> Response:
    """Set a new password; all other devices are signed out."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    person = must_be(request)
    account, new = person.account, fields.get("password", "")
    given = fields.get("present", "")[:LONGEST]
    if account.password and not await anyio.to_thread.run_sync(
        verified, account.password, given, limiter=_HASHING
    ):
        return await _page(request, 401, fault="present")
    if is_weak(new, account.login, account.name):
        return await _page(request, 422, fault="weak")
    if new != fields.get("again", ""):
        return await _page(request, 422, fault="differs")
    kept = await anyio.to_thread.run_sync(hashed, new, limiter=_HASHING)
    entry = entry_of(request, desk.gate.wall(), "password_set", f"account:{account.id}", person)
    await call("cases", lambda: desk.people.set_password(account.id, kept, person.visit.token, entry))
    return await _page(request, done=True)


async def end_device(request: Request) -> Response:
    """Sign another device of one's own out."""
    desk: Desk = request.app.state.desk
    await read_form(request, desk.base_url)
    person, token = must_be(request), request.path_params["device"]
    entry = entry_of(request, desk.gate.wall(), "signed_out", f"account:{person.account.id}", person)
    await call("cases", lambda: desk.people.end_visit(person.account.id, token, entry))
    return RedirectResponse("/account#devices", 303)


async def _page(request: Request, status: int = 200, fault: str = "", done: bool = False) -> Response:
    desk: Desk = request.app.state.desk
    person = must_be(request)
    now = desk.gate.wall()
    devices = await call("cases", lambda: desk.people.visits_of(person.account.id, now))
    return desk.page(
        request, "account.html", status=status, devices=devices, fault=fault, done=done, wall=now
    )
