"""Cases as people work at them: what one has to do, a case with its steps, and what was handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.casework.life_planner import in_register
from alerts.casework.offering import are_determined, asked_fields, offered
from alerts.casework.responsible import acts_for
from alerts.kinds import EXCEEDANCE, WORKED
from alerts.lifecycle import Actor, LifeCase, LifeCommand, LifeFacts
from alerts.lifecycle.case import Salted
from alerts.lifecycle.deciding import LifeRefusal
from alerts.lifecycle.fields import FIELD_HOLDERS, REF, TEXT
from alerts.lifecycle.stop_watch import StopWatch, seen_at
from alerts.lifecycle.table import COMMANDS
from alerts.lifecycle.trail import Plain
from alerts.store.life_reads import LifeFile
from alerts.store.life_store import HandedIn, LifeAction, LifeStore, salted
from alerts.store.task_lists import MINE, WHICH_TASKS, TaskFilter, TaskPage
from alerts.web.access import Person, answering_of, must_be
from alerts.web.board import Board, group_cases
from alerts.web.case_curve import curve_of
from alerts.web.desk import Desk
from alerts.web.listed import LONGEST, list_link, place_of, place_text, sites_named, unknown_of, words_in
from alerts.web.poller import call
from alerts.web.problem_words import shown_problem
from alerts.web.security import BadPost
from alerts.web.sources import StoreDown
from alerts.web.uploads import read_upload

PAGE = 50
_MOST_TEXT = 2000
_VERIFYING = frozenset({"verifier", "department", "township", "office"})
_NOTED = frozenset({"join", "amend"})
PICTURES = frozenset({"photo_before", "photo_after"})
# What a form shows for a field: an area, a line, pictures, a choice of units, an instant, a choice of cases.
INPUTS: Mapping[str, str] = {
    "reason": "area",
    "note": "area",
    "statement": "area",
    "photo_before": "pictures",
    "photo_after": "pictures",
    "document": "line",
    "unit": "unit",
    "until": "instant",
    "into": "case",
    "cause": "cause",
}


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A record of the trail as a page shows it."""

    record: Any
    person: str | None  # name; None: a machine
    texts: tuple[tuple[str, str | None], ...]  # field, text; None: erased
    pictures: tuple[str, ...]
    times: int = 1  # so many alike in a row, this is the last


async def listing(request: Request) -> Response:
    """Cases: `?which=&kind=&site=&q=`, a page at a time; those that one has to act on first."""
    desk: Desk = request.app.state.desk
    lists = lives_of(desk)
    of, unknown = chosen_tasks(desk, request, request.query_params)
    after = place_of(request.query_params.get("after", ""))
    page: TaskPage = await call("cases", lambda: lists.find(of, after, PAGE))
    counts = {}
    for which in WHICH_TASKS:
        counts[which] = await call("cases", partial(lists.count, replace(of, which=which)))
    return desk.page(
        request,
        "tasks.html",
        status=400 if unknown else 200,
        tasks=page.tasks,
        of=of,
        counts=counts,
        which_ones=WHICH_TASKS,
        unknown=unknown,
        sites=[s for s in desk.register.sites.values() if answering_of(request).site(s.id)],
        kinds=sorted(WORKED),
        first=after is None,
        link=partial(task_link, of),
        more=None if page.after is None else task_link(of, after=str(place_text(page.after))),
    )


async def task(request: Request) -> Response:
    """One case with its steps; `part=live` returns only what renews itself."""
    desk: Desk = request.app.state.desk
    file = await file_of(desk, request)
    if request.path_params["task"] != str(file.kept.number):
        return RedirectResponse(f"/tasks/{file.kept.number}", 307)
    return await _show(desk, request, file)


async def act(request: Request) -> Response:
    """Take a step: the outcome is on the page, or why not, with what was typed in."""
    desk: Desk = request.app.state.desk
    file = await file_of(desk, request)
    name = request.path_params["command"]
    fields, pictures = await read_upload(request, desk.base_url, desk.gate.wall())
    person = must_be(request)
    actor = _actor(desk, person)
    now = (desk.clock.now_ms(), desk.register.zone)
    if fields.get("cause") and fields["cause"] not in desk.checklist.causes:
        raise BadPost("the cause is not in the checklist")
    command = _command(file.kept.life, name, actor, fields, pictures, now)
    if command is None:
        raise HTTPException(404, name)
    handed = tuple(one for of_field in pictures.values() for one in of_field)
    action = LifeAction(
        command, person.account.id, person.account.name, fields.get("form", "")[:LONGEST], handed
    )
    facts = await _facts(desk, file)
    lives = lives_of(desk)
    decided = await call("cases", lambda: lives.act(file.kept.life.id, action, facts))
    if decided is None:  # it is never taken away
        raise HTTPException(404, name)
    if decided.refusal is None:
        await desk.gate.note(request, name, f"case:{file.kept.life.id}", person)
        desk.poller.forget()
        return RedirectResponse(f"/tasks/{file.kept.number}#steps", 303)
    fresh = await file_of(desk, request)
    status = 409 if decided.refusal.guard == "version" else 422
    return await _show(desk, request, fresh, status, RefusedStep(name, decided.refusal, fields))


async def picture(request: Request) -> Response:
    """A picture that was handed in: made anew, or with `original=1` as it was received."""
    desk: Desk = request.app.state.desk
    file = await file_of(desk, request)
    digest = request.path_params["digest"]
    original = request.query_params.get("original") == "1"
    lives = lives_of(desk)
    found = await call("cases", lambda: lives.picture(file.kept.life.id, digest, original))
    if found is None:
        raise HTTPException(404, digest[:LONGEST])
    kind, content = found
    headers = {"cache-control": "private, max-age=86400", "x-content-type-options": "nosniff"}
    if original:
        headers["content-disposition"] = f'attachment; filename="{digest[:16]}"'
    return Response(content, media_type=kind, headers=headers)


async def printed(request: Request) -> Response:
    """The case on paper: as it is handed over (交办单), or with what came back (整改回执)."""
    desk: Desk = request.app.state.desk
    return await _show(desk, request, await file_of(desk, request), template="task_print.html")


@dataclass(frozen=True, slots=True)
class RefusedStep:
    """A step that was not taken, and what was typed in."""

    command: str
    refusal: LifeRefusal
    typed: Mapping[str, str]


async def _show(
    desk: Desk,
    request: Request,
    file: LifeFile,
    status: int = 200,
    refused: RefusedStep | None = None,
    template: str = "",
) -> Response:
    facts = await _facts(desk, file)
    life, now = file.kept.life, desk.clock.now_ms()
    if request.query_params.get("part") == "live":
        template = template or "task_live.html"
    whole = not template  # what renews itself, and the paper, have no forms
    return desk.page(
        request,
        template or "task.html",
        status=status,
        task=life,
        kept=file.kept,
        file=file,
        steps=_steps(file),
        watches=[_watch(desk, watch) for watch in life.watches],
        findings=group_cases(file.findings),
        drawn=curve_of(desk.register, file.findings, now),
        offers=offered(life, _actor(desk, must_be(request)), facts, now) if whole else (),
        inputs=INPUTS,
        units_known=sorted(facts.units or ()),
        others=await _others(desk, life) if whole else (),
        refused=refused,
        problem=shown_problem(file, (desk.checklist, desk.emergency), desk.words_of(request).language),
        checklist=desk.checklist,
        form=_form_id(request, life),
    )


async def _others(desk: Desk, life: LifeCase) -> list[Any]:
    """Open cases of the site into which it could be merged."""
    lists = lives_of(desk)
    of = TaskFilter("open", site=life.site) if life.site in desk.register.sites else None
    if of is None:
        return []
    page: TaskPage = await call("cases", lambda: lists.find(of, None, PAGE))
    return [kept for kept in page.tasks if kept.life.id != life.id]


def _form_id(request: Request, life: LifeCase) -> str:
    """A name for what is done from this page: the same form sent twice is one action."""
    person = must_be(request)
    return f"{life.id}.{life.version}.{person.account.id}"[:LONGEST]


def _watch(desk: Desk, watch: StopWatch) -> StopWatch:
    return seen_at(watch, desk.clock.now_ms(), desk.life.calendar)


def _steps(file: LifeFile) -> list[ShownStep]:
    """The trail, with what the machine notes again and again as one."""
    found: list[ShownStep] = []
    for record in file.trail:
        shown = _shown(file, record)
        last = found[-1].record if found else None
        alike = last is not None and record.command in _NOTED and last.command == record.command
        if alike and record.before == record.after:
            found[-1] = replace(shown, times=found[-1].times + 1)
        else:
            found.append(shown)
    return found


def _shown(file: LifeFile, record: Any) -> ShownStep:
    name = None
    if record.person is not None:
        said = file.texts.get(record.person)
        name = said.partition(" ")[2] if said else ""
    texts = tuple((field, file.texts.get(digest)) for field, digest in record.texts.items())
    pictures: list[str] = []
    for field, value in record.refs.items():
        if field in PICTURES:
            pictures += value if isinstance(value, tuple) else [str(value)]
    return ShownStep(record, name, texts, tuple(one for one in pictures if one in file.files))


def _actor(desk: Desk, person: Person) -> Actor:
    account = person.account
    return Actor(
        account.role,
        account.unit,
        salted(f"{account.id} {account.name}"),
        acts_for(desk.register, account.unit),
    )


def _command(
    case: LifeCase,
    name: str,
    actor: Actor,
    fields: Mapping[str, str],
    pictures: Mapping[str, tuple[HandedIn, ...]],
    now: tuple[int, ZoneInfo],
) -> LifeCommand | None:
    """The command that a form means; None: there is no such step."""
    if name not in COMMANDS:
        return None
    at, zone = now
    asked = asked_fields(case, name)
    values: dict[str, Plain] = {}
    texts: dict[str, Salted] = {}
    refs: dict[str, Plain] = {}
    for field in asked:
        said = fields.get(field, "").strip()[:_MOST_TEXT]
        if field in PICTURES:
            if handed := pictures.get(field):
                refs[field] = tuple(one.digest for one in handed)
        elif not said:
            continue
        elif INPUTS.get(field) == "instant":
            values[field] = _instant(said, zone)
        elif FIELD_HOLDERS[field] == TEXT:
            texts[field] = salted(said)
        elif FIELD_HOLDERS[field] == REF:
            refs[field] = said[:200]
        else:
            values[field] = said[:200]
    version = fields.get("version", "")
    seen = int(version) if version.isdecimal() and len(version) < 9 else case.version
    return LifeCommand(name, at, seen, actor, values, texts, refs)


def _instant(said: str, zone: ZoneInfo) -> int:
    """The instant of a local time as a browser writes it; 0: it is none."""
    try:
        return round(datetime.fromisoformat(said).replace(tzinfo=zone).timestamp() * 1000)
    except ValueError:
        return 0


async def _facts(desk: Desk, file: LifeFile) -> LifeFacts:
    """What a decision has to know; the newest verdicts are the board's."""
    try:
        board: Board | None = await desk.poller.fresh()
    except StoreDown:
        board = None  # what is not known is not determined
    points = [(one.device, one.rule) for one in file.findings if one.kind == EXCEEDANCE]
    now = None if board is None else board.site(file.kept.life.site)
    answers = {} if now is None else {(v["device"], v["rule"]): v["answer"] for v in now.verdicts}
    silent = now is None or any(
        one.silent for one in now.devices if one.device.id in {f.device for f in file.findings}
    )
    known = are_determined(points, answers) if points else not silent
    return desk.life.facts(newest_determined=known)


async def file_of(desk: Desk, request: Request) -> LifeFile:
    """The case that a page is about. Raises 404 where none is there that the asker answers for."""
    lives, asked = lives_of(desk), request.path_params["task"]
    answering = answering_of(request)

    def look() -> LifeFile | None:
        id = lives.find_id(asked)
        return None if id is None else lives.file(id)

    file: LifeFile | None = await call("cases", look)
    if file is None:
        raise HTTPException(404, asked[:LONGEST])
    life = file.kept.life
    if not answering.case(life.kind, in_register(life.site)):
        raise HTTPException(404, asked[:LONGEST])
    return file


def lives_of(desk: Desk) -> LifeStore:
    """The lives of cases; 404 where the desk has none."""
    if desk.lives is None:
        raise HTTPException(404, "tasks")
    return desk.lives


def chosen_tasks(desk: Desk, request: Request, asked: Mapping[str, str]) -> tuple[TaskFilter, list[str]]:
    """The filter that is asked for, within what the asker sees; and what of it nobody knows."""
    answering, person = answering_of(request), must_be(request)
    which, text = asked.get("which", MINE), words_in(asked, "q")
    kind, site = asked.get("kind", ""), asked.get("site", "")
    unknown = unknown_of(
        ("which", which, WHICH_TASKS),
        ("kind", kind, ("", *WORKED)),
        ("site", site, ("", *desk.register.sites)),
    )
    unit = person.account.unit
    works = person.account.role in _VERIFYING | {"site", "contractor"}
    facts = desk.life.facts()
    return (
        TaskFilter(
            which if which in WHICH_TASKS else MINE,
            kind if kind in WORKED else "",
            site if site in desk.register.sites else "",
            text,
            sites_named(desk.register, text),
            answering.sites,
            answering.withheld,
            frozenset({unit, *acts_for(desk.register, unit)}) if works else frozenset(),
            person.account.role in _VERIFYING,
            unit in facts.environment_units,
            desk.clock.now_ms(),
        ),
        unknown,
    )


def task_link(of: TaskFilter, **more: str) -> str:
    """The address of a list of cases."""
    asked = {"which": of.which, "kind": of.kind, "site": of.site, "q": of.text, **more}
    return list_link("/tasks", asked)
