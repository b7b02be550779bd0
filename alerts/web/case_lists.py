"""Lists of cases: chosen, searched, counted and paged; and taken along as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.kinds import KINDS, UNSIGNED
from alerts.records import Case
from alerts.store.case_lists import OPEN_ONES, WHICH, CaseFilter, CasePage
from alerts.web.access import answering_of, must_be
from alerts.web.board import group_cases
from alerts.web.desk import Desk
from alerts.web.listed import list_link, place_of, place_text, sites_named, unknown_of, words_in
from alerts.web.names import N_
from alerts.web.poller import call
from alerts.web.security import read_form
from alerts.web.taken_along import csv_answer, listed_of, reason_in
from alerts.web.words import Words

PAGE = 50
_EXPORTED = 500  # cases asked for at a time
LISTED_KINDS = tuple(name for name in KINDS if name not in UNSIGNED)
_HEAD = (
    N_("Number"),
    N_("Site"),
    N_("Monitor"),
    N_("Kind"),
    N_("Level"),
    N_("State"),
    N_("What"),
    N_("Opened"),
    N_("Deadline"),
    N_("Over since"),
    N_("Signed for"),
    N_("Who"),
)


async def listing(request: Request) -> Response:
    """The cases that one sees: `?which=&kind=&site=&q=`, a page at a time; what is not known is said."""
    desk: Desk = request.app.state.desk
    of, unknown = chosen(desk, request, request.query_params)
    after = place_of(request.query_params.get("after", ""))
    page: CasePage = await call("cases", lambda: desk.cases.find(of, after, PAGE))
    counts = {}
    for which in WHICH:
        counts[which] = await call("cases", partial(desk.cases.count, _with(of, which)))
    sites = [s for s in desk.register.sites.values() if answering_of(request).site(s.id)]
    return desk.page(
        request,
        "cases.html",
        status=400 if unknown else 200,
        groups=group_cases(page.cases),
        of=of,
        counts=counts,
        unknown=unknown,
        sites=sites,
        kinds=LISTED_KINDS,
        first=after is None,
        link=partial(_link, of),
        more=None if page.after is None else _link(of, after=str(place_text(page.after))),
    )


async def export(request: Request) -> Response:
    """The whole list as CSV; it names people, so it takes a reason, which is written with who asked."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    of, _ = chosen(desk, request, fields)
    if not (reason := reason_in(fields)):
        return RedirectResponse(_link(of) + "#export", 303)
    after = listed_of(of) | {"rows": await call("cases", lambda: desk.cases.count(of))}
    await desk.gate.note(request, "exported", "cases", must_be(request), reason=reason, after=after)
    words = desk.words_of(request)
    rows = (_row(desk, case, words) async for case in _whole(desk, of))
    return csv_answer(f"cases-{of.which}.csv", [words.gettext(name) for name in _HEAD], rows)


def chosen(desk: Desk, request: Request, asked: Mapping[str, str]) -> tuple[CaseFilter, list[str]]:
    """The filter that is asked for, within what the asker sees; and what of it nobody knows."""
    answering = answering_of(request)
    which = asked.get("which", OPEN_ONES)
    kind, site = asked.get("kind", ""), asked.get("site", "")
    text = words_in(asked, "q")
    unknown = unknown_of(
        ("which", which, WHICH),
        ("kind", kind, ("", *LISTED_KINDS)),
        ("site", site, ("", *desk.register.sites)),
    )
    of = CaseFilter(
        which if which in WHICH else OPEN_ONES,
        kind if kind in LISTED_KINDS else "",
        site if site in desk.register.sites else "",
        text,
        sites_named(desk.register, text),
        answering.sites,
        answering.withheld,
        desk.clock.now_ms(),
    )
    return of, unknown


async def _whole(desk: Desk, of: CaseFilter) -> AsyncIterator[Case]:
    after = None
    while True:
        page: CasePage = await call("cases", partial(desk.cases.find, of, after, _EXPORTED))
        for case in page.cases:
            yield case
        after = page.after
        if after is None:
            return


def _row(desk: Desk, case: Case, words: Words) -> list[object]:
    site, device = desk.register.sites.get(case.site), desk.register.devices.get(case.device)
    stamps = (case.opened_at, case.deadline, case.recovered_at, case.acknowledged_at)
    opened, deadline, over, signed = (words.stamp(at) if at is not None else "" for at in stamps)
    return [
        case.id,
        site.name if site else case.site,
        (device.name or device.id) if device else case.device,
        words.name("kind", case.kind),
        words.name("level", case.level),
        words.name("case", case.state),
        words.title(case),
        opened,
        deadline,
        over,
        signed,
        case.acknowledged_by or "",
    ]


def _with(of: CaseFilter, which: str) -> CaseFilter:
    return replace(of, which=which)


def _link(of: CaseFilter, **more: str) -> str:
    asked = {"which": of.which, "kind": of.kind, "site": of.site, "q": of.text, **more}
    return list_link("/cases", asked)
