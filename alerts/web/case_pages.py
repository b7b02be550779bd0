"""Pages of a single case: what it is about, and its acknowledgement."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.people.roles import NAMES, SIGN
from alerts.records import CaseFile
from alerts.web.access import answering_of, must_be
from alerts.web.board import group_cases
from alerts.web.case_curve import curve_of
from alerts.web.desk import Desk
from alerts.web.evidence_plot import Plot, plot_of
from alerts.web.message_pages import is_named
from alerts.web.poller import call
from alerts.web.security import read_form

_NOTE = 500


async def case(request: Request) -> Response:
    """One case with its history. `part=live` returns only the part that updates by itself."""
    desk: Desk = request.app.state.desk
    file = await _file(desk, request, request.path_params["case"])
    template = "case_live.html" if request.query_params.get("part") == "live" else "case.html"
    return _show(desk, request, template, file, await _task(desk, file.case.id))


async def acknowledge(request: Request) -> Response:
    """Acknowledge a case; repeating it changes nothing and shows who did.

    What has a life is signed for there, by whom it concerns.
    """
    desk: Desk = request.app.state.desk
    case_id = request.path_params["case"]
    fields = await read_form(request, desk.base_url)
    note = fields.get("note", "").strip()[:_NOTE]
    file = await _file(desk, request, case_id)
    if (number := await _task(desk, file.case.id)) is not None:
        return RedirectResponse(f"/tasks/{number}#act", 303)
    who = must_be(request).account
    signer = {"account": who.id, "role": who.role, "unit": who.unit}
    at = desk.clock.now_ms()
    await call("cases", lambda: desk.cases.acknowledge(case_id, who.name, note, at, signer))
    await desk.gate.note(request, "signed", f"case:{case_id}", must_be(request))
    desk.poller.forget()
    return RedirectResponse(f"/cases/{quote(case_id, safe='')}#signed", 303)


async def _file(desk: Desk, request: Request, case_id: str) -> CaseFile:
    """The case, if it is there and the asker's unit answers for it; its members as far as it does."""
    file: CaseFile | None = await call("cases", lambda: desk.cases.case(case_id))
    answering = answering_of(request)
    if file is None or not answering.case(file.case.kind, file.case.site):
        raise HTTPException(404, case_id)
    members = tuple(one for one in file.members if answering.case(one.kind, one.site))
    return replace(file, members=members)


async def _task(desk: Desk, finding: str) -> int | None:
    """The number of the case in whose course this is worked at."""
    lives = desk.lives
    if lives is None:
        return None
    found: int | None = await call("cases", lambda: lives.number_of(finding))
    return found


def _plot(file: CaseFile) -> Plot | None:
    """Plot of the hours behind a suspicion, which came with the event that opened it."""
    opened = next((event.data for event in file.events if event.data.get("evidence")), None)
    if opened is None:
        return None
    return plot_of(opened["evidence"], opened["start"], opened["end"])


def _show(
    desk: Desk,
    request: Request,
    template: str,
    file: CaseFile,
    task: int | None,
) -> Response:
    return desk.page(
        request,
        template,
        file=file,
        case=file.case,
        plot=_plot(file),
        member_groups=group_cases(file.members),
        may_sign=must_be(request).may(SIGN),
        named=partial(is_named, must_be(request), desk.register),
        may_name=must_be(request).may(NAMES),
        drawn=curve_of(desk.register, (file.case,), desk.clock.now_ms()),
        task=task,
    )
