"""Pages of cases: the list, a single case, and its acknowledgement."""

from __future__ import annotations

from urllib.parse import quote, unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.records import CaseFile
from alerts.web.board import group_cases
from alerts.web.desk import Desk
from alerts.web.evidence_plot import Plot, plot_of
from alerts.web.poller import call
from alerts.web.security import keep, read_form
from alerts.web.sources import unclosed

NAME_COOKIE = "desk_name"
_NAME, _NOTE = 40, 500
_SHOWN = 200


async def listing(request: Request) -> Response:
    """All cases, or those still open (`?open=1`), newest first."""
    desk: Desk = request.app.state.desk
    open_only = request.query_params.get("open") == "1"
    cases = await call(
        "cases",
        lambda: unclosed(desk.cases, _SHOWN) if open_only else list(desk.cases.cases(limit=_SHOWN)),
    )
    return desk.page(request, "cases.html", cases=cases, open_only=open_only, most=_SHOWN)


async def case(request: Request) -> Response:
    """One case with its history. `part=live` returns only the part that updates by itself."""
    desk: Desk = request.app.state.desk
    file = await _file(desk, request.path_params["case"])
    template = "case_live.html" if request.query_params.get("part") == "live" else "case.html"
    return _show(desk, request, template, file)


async def acknowledge(request: Request) -> Response:
    """Acknowledge a case; repeating it changes nothing and shows who did."""
    desk: Desk = request.app.state.desk
    case_id = request.path_params["case"]
    fields = await read_form(request, desk.base_url)
    name = " ".join(fields.get("by", "").split())[:_NAME]
    note = fields.get("note", "").strip()[:_NOTE]
    file = await _file(desk, case_id)
    if not name:
        return _show(desk, request, "case.html", file, status=422, missing=True, note=note)
    await call("cases", lambda: desk.cases.acknowledge(case_id, name, note, desk.clock.now_ms()))
    desk.poller.forget()
    response = RedirectResponse(f"/cases/{quote(case_id, safe='')}#signed", 303)
    keep(response, NAME_COOKIE, quote(name), secure=desk.secure)
    return response


async def _file(desk: Desk, case_id: str) -> CaseFile:
    file: CaseFile | None = await call("cases", lambda: desk.cases.case(case_id))
    if file is None:
        raise HTTPException(404, case_id)
    return file


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
    *,
    status: int = 200,
    missing: bool = False,
    note: str = "",
) -> Response:
    return desk.page(
        request,
        template,
        status=status,
        file=file,
        case=file.case,
        plot=_plot(file),
        member_groups=group_cases(file.members),
        missing=missing,
        note=note,
        signer=unquote(request.cookies.get(NAME_COOKIE, ""))[:_NAME],
    )
