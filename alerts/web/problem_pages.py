"""Problems that people found: the form to hand one in, made for a telephone, and the way for programs."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from alerts.casework.problems import ABOVE, WAYS, FoundProblem, ProblemFlaw, flaws_of
from alerts.casework.responsible import acts_for
from alerts.lifecycle import Actor
from alerts.lifecycle.states import MACHINE, PATROL
from alerts.people.accounts import MachineToken
from alerts.people.answering import Answering
from alerts.store.life_store import salted
from alerts.store.problem_store import ProblemStore, ReportedProblem, Reporter
from alerts.web.access import Person, answering_of, must_be, person_of
from alerts.web.desk import Desk
from alerts.web.poller import call
from alerts.web.uploads import read_upload

MOST_BYTES = 64 * 1024  # of what a program hands in
_FROM_ABOVE = frozenset({"office", "department"})  # to whom orders from above come
# Field of a program's problem -> what it is; those that have to be there.
PROBLEM_FIELDS: Mapping[str, str] = {
    "key": "its own key, or the header Idempotency-Key: handed in again it is the same problem",
    "how": f"one of {', '.join(WAYS)}",
    "found_at": "ISO 8601 with an offset, or ms UTC",
    "site": "site; left out: at no site of the register",
    "measures": "ids of the measures that are not kept",
    "cause": "id of what the dust came from",
    "place": "where, in words",
    "words": "what was seen, in words",
    "document": "number of an order from above",
    "due": "its deadline: ISO 8601 with an offset, or ms UTC",
}
NEEDED_FIELDS = ("how", "found_at")
ANSWER_FIELDS: Mapping[str, str] = {
    "number": "the number that is said on the phone",
    "case": "id of the case",
    "new": "true: by this handing in",
    "link": "its page on the desk",
}
_TEXTS = ("how", "site", "cause", "place", "words", "document")


def may_be_from_above(person: Person) -> bool:
    """True if orders from above come to this person's unit."""
    return person.account.role in _FROM_ABOVE


async def report_page(request: Request) -> Response:
    """The form; `?site=` and `?how=` choose."""
    typed = {name: request.query_params.get(name, "")[:80] for name in ("site", "how")}
    return _form(request, typed)


async def report(request: Request) -> Response:
    """Hand a problem in: it is a case, and the page of the case is shown; or what is wrong with it."""
    desk: Desk = request.app.state.desk
    person = must_be(request)
    fields, pictures = await read_upload(request, desk.base_url, desk.gate.wall())
    problem = _problem_of(desk, fields, person)
    flaws = flaws_of(problem, desk.register, desk.checklist, answering_of(request), desk.clock.now_ms())
    if problem.how == ABOVE and not may_be_from_above(person):
        flaws.append(
            ProblemFlaw("how", ABOVE, "orders from above come to the county office", "choose another")
        )
    if flaws:
        return _form(request, fields, flaws)
    account = person.account
    units = acts_for(desk.register, account.unit)
    actor = Actor(account.role, account.unit, salted(f"{account.id} {account.name}"), units)
    by = Reporter(actor, account.id, account.name)
    store, now = problems_of(desk), desk.clock.now_ms()
    files = pictures.get("photo_before", ())
    found: ReportedProblem = await call(
        "cases", lambda: store.report(problem, by, files, desk.planner_now(), desk.checklist, now)
    )
    if found.new:
        await desk.gate.note(request, "reported", f"case:{found.case}", person)
        desk.poller.forget()
    return RedirectResponse(f"/tasks/{found.number}", 303)


async def api_report(request: Request) -> Response:
    """Hand a problem in by a program."""
    desk: Desk = request.app.state.desk
    machine: MachineToken | None = getattr(request.state, "machine", None)
    if person_of(request) is not None or machine is None:
        return JSONResponse(
            {"error": "this is for a program's token; people hand problems in at /report"}, 401
        )
    try:
        said = json.loads(await _body(request))
        problem = _problem_in(said, request.headers.get("idempotency-key", ""), machine)
    except ValueError as fault:
        return JSONResponse({"error": str(fault)}, 400)
    now = desk.clock.now_ms()
    flaws = flaws_of(problem, desk.register, desk.checklist, Answering(None), now)
    if flaws:
        return JSONResponse({"error": "it can't be taken", "flaws": [one._asdict() for one in flaws]}, 422)
    by = Reporter(
        Actor(MACHINE, "", salted(f"token:{machine.id} {machine.name}")), f"token:{machine.id}", machine.name
    )
    store = problems_of(desk)
    found: ReportedProblem = await call(
        "cases", lambda: store.report(problem, by, (), desk.planner_now(), desk.checklist, now)
    )
    if found.clash:
        words = f"key {said.get('key') or request.headers['idempotency-key']!r} was used for another problem"
        return JSONResponse({"error": words, "number": found.number}, 409)
    if found.new:
        await desk.gate.note(request, "reported", f"case:{found.case}", machine)
    body = {"number": found.number, "case": found.case, "new": found.new}
    return JSONResponse({**body, "link": f"{desk.base_url}/tasks/{found.number}"}, 201 if found.new else 200)


def problems_of(desk: Desk) -> ProblemStore:
    """The store of problems. Raises 404 where this desk has none."""
    if desk.problems is None:
        raise HTTPException(404, "problems")
    return desk.problems


def _form(request: Request, typed: Mapping[str, str], flaws: list[ProblemFlaw] | None = None) -> Response:
    desk: Desk = request.app.state.desk
    person, answering = must_be(request), answering_of(request)
    now = datetime.fromtimestamp(desk.clock.now_ms() / 1000, desk.register.zone)
    ways = [how for how in WAYS if how != ABOVE or may_be_from_above(person)]
    return desk.page(
        request,
        "report.html",
        status=422 if flaws else 200,
        typed=typed,
        flaws=flaws or (),
        ways=ways,
        checklist=desk.checklist,
        sites=[site for site in desk.register.sites.values() if answering.site(site.id)],
        anywhere=answering.sites is None,
        now_local=f"{now:%Y-%m-%dT%H:%M}",
        form=typed.get("form") or secrets.token_urlsafe(12),
    )


def _problem_of(desk: Desk, fields: Mapping[str, str], person: Person) -> FoundProblem:
    """What the form says; an instant that is none is 0, which is a flaw."""
    said = {name: fields.get(name, "").strip() for name in _TEXTS}
    measures = tuple(id for id in desk.checklist.measures if fields.get(f"measure-{id}"))
    due = fields.get("due", "").strip()
    return FoundProblem(
        key=f"{person.account.id}:{fields.get('form', '')}"[:80],
        found_at=_local(fields.get("found_at", ""), desk),
        measures=measures,
        due=_local(due, desk) if due and said["how"] == ABOVE else None,
        **{**said, "how": said["how"] or PATROL},
    )


def _local(text: str, desk: Desk) -> int:
    try:
        return round(
            datetime.fromisoformat(text.strip()).replace(tzinfo=desk.register.zone).timestamp() * 1000
        )
    except ValueError:
        return 0


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes")
    return body


def _problem_in(said: Any, header: str, machine: MachineToken) -> FoundProblem:
    """The problem of a program's JSON. Raises ValueError: which field, why, the way out."""
    if not isinstance(said, dict):
        raise ValueError("a JSON object is expected")
    if unknown := sorted(set(said) - set(PROBLEM_FIELDS)):
        raise ValueError(f"{unknown[0][:80]!r} is not known here; known are {', '.join(PROBLEM_FIELDS)}")
    key = said.get("key") or header
    if not isinstance(key, str) or not 0 < len(key) <= 60:
        raise ValueError("no key of 1 to 60 characters: give `key`, or the header Idempotency-Key")
    for name in _TEXTS:
        if not isinstance(said.get(name, ""), str):
            raise ValueError(f"`{name}` is no text")
    measures = said.get("measures", [])
    if not isinstance(measures, list) or not all(isinstance(one, str) for one in measures):
        raise ValueError("`measures` is no list of texts")
    due = said.get("due")
    return FoundProblem(
        key=f"{machine.id}:{key}",
        found_at=_instant(said, "found_at"),
        measures=tuple(measures),
        due=None if due is None else _instant(said, "due"),
        **{name: said.get(name, "").strip() for name in _TEXTS},
    )


def _instant(said: Mapping[str, Any], name: str) -> int:
    value = said.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15:
        return value
    try:
        at = datetime.fromisoformat(value if isinstance(value, str) else "")
        if at.tzinfo is None:
            raise ValueError
        return round(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError(f"`{name}` is no instant: write 2026-11-30T08:00:00+08:00, or ms UTC") from None
