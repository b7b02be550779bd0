"""Accounts and machines' tokens, as an administrator keeps them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.duty.ending import Holding, held_by, person_of
from alerts.people.accounts import (
    ACTIVE,
    ENDED,
    INVITATION,
    INVITED,
    Account,
    Link,
    MachineToken,
    plain_login,
)
from alerts.people.roles import ADMINISTRATOR, ROLES, SCOPES, unit_fault
from alerts.people.tokens import digest, new_token
from alerts.people.units import contacts_of, units_of
from alerts.store.people_store import changed
from alerts.store.task_lists import MINE, TaskFilter
from alerts.web.access import entry_of, must_be
from alerts.web.desk import Desk
from alerts.web.poller import call
from alerts.web.rota_pages import book_of
from alerts.web.security import read_form
from ingest.register import Register

_NAME = 40
_TASKS = 50  # that are named


async def listing(request: Request) -> Response:
    """All accounts, and the form for a new one."""
    return await _listing(request)


async def add(request: Request) -> Response:
    """A new account: its invitation is shown once, to be handed over."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    by, now = must_be(request), desk.gate.wall()
    wish = _wish(fields, Account(uuid.uuid4().hex, "", "", "", "", INVITED, now, by.account.id))
    if fault := _fault(wish, desk.register):
        return await _listing(request, 422, fault, fields)
    entry = entry_of(request, now, "account_made", f"account:{wish.id}", by, after=changed(None, wish)[1])
    if not await call("cases", lambda: desk.people.add_account(wish, entry)):
        return await _listing(request, 409, "taken", fields)
    return await _invited(request, wish)


async def person(request: Request) -> Response:
    """One account, to be changed."""
    return await _person(request, await _account(request))


async def change(request: Request) -> Response:
    """Change name, role, unit or contact of an account."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    before = await _account(request)
    wish = _wish({**fields, "login": before.login}, before)
    if fault := _fault(wish, desk.register):
        return await _person(request, before, 422, fault)
    if wish.role != ADMINISTRATOR and await _is_last(desk, before):
        return await _person(request, before, 409, "last")
    was, now_is = changed(before, wish)
    if was:
        entry = entry_of(
            request,
            desk.gate.wall(),
            "account_changed",
            f"account:{wish.id}",
            must_be(request),
            before=was,
            after=now_is,
        )
        await call("cases", lambda: desk.people.change_account(wish, entry))
    return RedirectResponse(f"/people/{wish.id}", 303)


async def new_link(request: Request) -> Response:
    """Another invitation, where the first was lost or a password forgotten."""
    desk: Desk = request.app.state.desk
    await read_form(request, desk.base_url)
    account = await _account(request)
    if account.state == ENDED:
        return await _person(request, account, 409, "ended")
    return await _invited(request, account)


async def end(request: Request) -> Response:
    """End an account: it is signed out everywhere, and stays in the history of what it did."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    account = await _account(request)
    reason = " ".join(fields.get("reason", "").split())[:200]
    if not reason:
        return await _person(request, account, 422, "reason")
    if await _is_last(desk, account):
        return await _person(request, account, 409, "last")
    if held := await _held(desk, account):
        return await _person(request, account, 409, "holds", held)
    now = desk.gate.wall()
    ended = replace(account, state=ENDED, ended_at=now)
    entry = entry_of(request, now, "account_ended", f"account:{account.id}", must_be(request), reason=reason)
    await call("cases", lambda: desk.people.change_account(ended, entry))
    return RedirectResponse("/people", 303)


async def token_list(request: Request) -> Response:
    """Tokens of machines, and the form for a new one."""
    return await _tokens(request)


async def add_token(request: Request) -> Response:
    """A new token: it is shown once."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    by, now = must_be(request), desk.gate.wall()
    name = " ".join(fields.get("name", "").split())[:_NAME]
    scopes = tuple(scope for scope in SCOPES if f"scope-{scope}" in fields)
    if not name or not scopes:
        return await _tokens(request, 422, fault="name" if not name else "scope")
    secret = new_token()
    token = MachineToken(uuid.uuid4().hex[:12], name, scopes, now, by.account.id)
    after = {"name": name, "scopes": list(scopes)}
    entry = entry_of(request, now, "token_made", f"token:{token.id}", by, after=after)
    await call("cases", lambda: desk.people.add_token(token, digest(secret), entry))
    return await _tokens(request, secret=secret, named=name)


async def revoke_token(request: Request) -> Response:
    """Take a token back at once."""
    desk: Desk = request.app.state.desk
    await read_form(request, desk.base_url)
    id, now = request.path_params["token"], desk.gate.wall()
    entry = entry_of(request, now, "token_revoked", f"token:{id}", must_be(request))
    await call("cases", lambda: desk.people.revoke_token(id, now, entry))
    return RedirectResponse("/tokens", 303)


def _wish(fields: Mapping[str, str], account: Account) -> Account:
    return replace(
        account,
        login=plain_login(fields.get("login", "")),
        name=" ".join(fields.get("name", "").split())[:_NAME],
        role=fields.get("role", ""),
        unit=fields.get("unit", ""),
        contact=fields.get("contact", "")[:200],
    )


def _fault(wish: Account, register: Register) -> str:
    """What is wrong with an account, as a word for the page; empty: nothing."""
    if len(wish.login) < 2 or not all(sign.isalnum() or sign in "._@+-" for sign in wish.login):
        return "login"
    if not wish.name:
        return "name"
    if unit_fault(wish.role, wish.unit, register):
        return "unit"
    return "contact" if wish.contact and wish.contact not in contacts_of(register) else ""


async def _account(request: Request) -> Account:
    desk: Desk = request.app.state.desk
    id = request.path_params["account"]
    found: Account | None = await call("cases", lambda: desk.people.account(id))
    if found is None:
        raise HTTPException(404, id)
    return found


async def _is_last(desk: Desk, account: Account) -> bool:
    """True if nobody else could give accounts any more."""
    all_of_them = await call("cases", desk.people.accounts)
    able = [a.id for a in all_of_them if a.role == ADMINISTRATOR and a.state != ENDED]
    return able == [account.id]


async def _held(desk: Desk, account: Account) -> list[Holding]:
    """What of the rota and of the open cases nobody would have any more."""
    book, _ = await book_of(desk)
    person = person_of(book, account.contact) if account.contact else None
    today = desk.words("en").local(desk.clock.now_ms()).date()
    found = held_by(book, person, today) if person is not None else []
    everybody = await call("cases", desk.people.accounts)
    others = [a for a in everybody if a.state == ACTIVE and a.unit == account.unit and a.id != account.id]
    lives = desk.lives
    if not others and lives is not None:
        mine = TaskFilter(which=MINE, units=frozenset({account.unit}), now=desk.clock.now_ms())
        waiting = await call("cases", lambda: lives.find(mine, None, _TASKS))
        found += [Holding("task", str(kept.number)) for kept in waiting.tasks]
    return found


async def _invited(request: Request, account: Account) -> Response:
    """Make an invitation and show it."""
    desk: Desk = request.app.state.desk
    now = desk.gate.wall()
    token, link = Link.drawn(account.id, INVITATION, now)
    entry = entry_of(request, now, "invited", f"account:{account.id}", must_be(request))
    await call("cases", lambda: desk.people.add_link(link, entry))
    address = f"{desk.base_url or str(request.base_url).rstrip('/')}/in/{token}"
    return desk.page(request, "invited.html", account=account, address=address, until=link.expires_at)


async def _listing(
    request: Request, status: int = 200, fault: str = "", fields: Mapping[str, str] | None = None
) -> Response:
    desk: Desk = request.app.state.desk
    found = await call("cases", desk.people.accounts)
    return desk.page(
        request,
        "people.html",
        status=status,
        accounts=found,
        fault=fault,
        fields={**dict.fromkeys(("login", "name", "role", "unit", "contact"), ""), **(fields or {})},
        of_units=units_of(desk.register),
        contacts=contacts_of(desk.register),
        roles=tuple(ROLES),
    )


async def _person(
    request: Request,
    account: Account,
    status: int = 200,
    fault: str = "",
    held: Sequence[Holding] = (),
) -> Response:
    desk: Desk = request.app.state.desk
    now = desk.gate.wall()
    devices = await call("cases", lambda: desk.people.visits_of(account.id, now))
    return desk.page(
        request,
        "person.html",
        status=status,
        account=account,
        fault=fault,
        devices=devices,
        held=held,
        of_units=units_of(desk.register),
        contacts=contacts_of(desk.register),
        roles=tuple(ROLES),
        wall=now,
    )


async def _tokens(
    request: Request, status: int = 200, fault: str = "", secret: str = "", named: str = ""
) -> Response:
    desk: Desk = request.app.state.desk
    found = await call("cases", desk.people.tokens)
    return desk.page(
        request,
        "tokens.html",
        status=status,
        tokens=found,
        scopes=SCOPES,
        fault=fault,
        secret=secret,
        named=named,
    )
