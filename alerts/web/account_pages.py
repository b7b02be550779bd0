"""One's own account: who one is at the desk, a new password, the devices on which one is signed in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.people.passwords import fault_of_new
from alerts.web.access import entry_of, must_be
from alerts.web.desk import Desk
from alerts.web.hashing import hash_of, is_right
from alerts.web.poller import call
from alerts.web.security import read_form


async def page(request: Request) -> Response:
    """Who one is, and where one is signed in."""
    return await _page(request)


async def password(request: Request) -> Response:
    """Set a new password; all other devices are signed out."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    person = must_be(request)
    account, new = person.account, fields.get("password", "")
    if account.password and not await is_right(account.password, fields.get("present", "")):
        return await _page(request, 401, fault="present")
    if fault := fault_of_new(new, fields.get("again", ""), account.login, account.name):
        return await _page(request, 422, fault=fault)
    kept = await hash_of(new)
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
