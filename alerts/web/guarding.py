"""The guard before each route: a row of the table says who comes in, and what is written of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from alerts.people.accounts import MachineToken
from alerts.people.roles import SEE
from alerts.web.access import Person, sign_in_path
from alerts.web.desk import Desk

Endpoint = Callable[[Request], Awaitable[Response]]
# open: anybody. switched: anybody, where a setting has it; off by default. token: a machine whose token has
# the scope, or a person. role: a person whose role may.
Access = Literal["open", "switched", "token", "role"]


class RouteRow(NamedTuple):
    """One route of the desk and one method."""

    path: str
    method: Literal["GET", "POST"]
    endpoint: Endpoint
    name: str
    says: str  # in a sentence, for documents
    access: Access = "role"
    may: str = SEE  # the permission that a person needs
    scope: str = ""  # the scope that a machine's token needs
    recent: bool = False  # asks again who one is
    viewed: str = ""  # what of it is written into the audit log: a text with the path's parameters


def routes_of(rows: tuple[RouteRow, ...], switched_on: frozenset[str] = frozenset()) -> list[Route]:
    """Routes of the application; those that are switched off are not there."""
    shown = (row for row in rows if row.access != "switched" or row.name in switched_on)
    return [Route(row.path, guarded(row), methods=[row.method], name=row.name) for row in shown]


def guarded(row: RouteRow) -> Endpoint:
    """The endpoint of a row behind its guard."""

    async def endpoint(request: Request) -> Response:
        desk: Desk = request.app.state.desk
        # also where anybody may come in: the page's head says who is signed in, and their forms their token
        request.state.person = person = await desk.gate.person(request)
        machine = None
        if row.access == "token" and person is None:
            request.state.machine = machine = await desk.gate.machine(request)
        if row.access in ("role", "token"):
            refusal = await _refusal(row, request, desk, person, machine)
            if refusal is not None:
                return refusal
        response = await row.endpoint(request)
        if row.viewed and response.status_code == 200 and request.query_params.get("part") is None:
            who = person or machine
            assert who is not None, "what is open is nobody's view"
            await desk.gate.viewed(request, row.viewed.format(**request.path_params), who)
        return response

    return endpoint


async def _refusal(
    row: RouteRow, request: Request, desk: Desk, person: Person | None, machine: MachineToken | None
) -> Response | None:
    """The answer to somebody who may not come in; None: they may."""
    if machine is not None:
        if row.scope in machine.scopes:
            return None
        await desk.gate.note(request, "refused", f"{row.method} {request.url.path}", machine)
        return JSONResponse({"error": f"the token has no scope `{row.scope}`"}, 403)
    if person is None:
        return _who_is_there(row, request, desk)
    if not person.may(row.may):
        await desk.gate.note(request, "refused", f"{row.method} {request.url.path}", person)
        return desk.page(request, "fault.html", status=403, fault=403, denied=person.account.role)
    if row.recent and not person.confirmed(desk.gate.wall()):
        return RedirectResponse(sign_in_path(request).replace("/sign-in", "/confirm", 1), 303)
    return None


def _who_is_there(row: RouteRow, request: Request, desk: Desk) -> Response:
    """To somebody who is not signed in: the way to sign in, in the form in which they asked."""
    if row.access == "token" or request.url.path.startswith(("/api/", "/events")):
        return JSONResponse(
            {"error": "sign in, or send `Authorization: Bearer TOKEN`"},
            401,
            {"www-authenticate": 'Bearer realm="dustwatch"'},
        )
    if request.headers.get("hx-request") == "true":  # a page that renews itself, and is signed out
        return Response(status_code=401, headers={"hx-redirect": "/sign-in"})
    if row.method == "POST":
        return desk.page(request, "fault.html", status=401, fault=401)
    return RedirectResponse(sign_in_path(request), 303, {"vary": "cookie"})
