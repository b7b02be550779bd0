"""Interface for other programs: cases, breaches, sites and intervals, page by page, and what it is (OpenAPI).

`GET /api/v1/...` with a machine's token or a person's device. Instants are given as ISO 8601 with an offset,
or as ms UTC, and answered in ms UTC. A page ends with `next`: hand it in as `after`; null: all there is now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from alerts.people.answering import Answering
from alerts.store.changed_lists import BREACHES, CASES, ChangedPage, ChangeFilter
from alerts.web.access import answering_of
from alerts.web.desk import Desk
from alerts.web.listed import place_of, place_text
from alerts.web.poller import call
from ingest.durations import HOUR_MS
from ingest.units import QUANTITIES
from processors.plan import plain_states, state_at

MOST = 500
_USUAL = 100
_LONGEST_RANGE = 31 * 24 * HOUR_MS

# Fields of an answer -> what they are; other columns stay inside.
CASE_FIELDS: Mapping[str, str] = {
    "number": "the number that is said on the phone",
    "id": "id of the case",
    "site": "site; * for the platform's own trouble",
    "kind": "kind",
    "day": "county day of its matter, ISO",
    "state": "state of the life cycle",
    "track": "sign | rectify",
    "level": "level",
    "unit": "the rectifying unit",
    "title": "title by language",
    "version": "number of its last record",
    "opened_at": "ms UTC",
    "updated_at": "ms UTC",
    "deadline": "ms UTC; null: none runs",
    "over_at": "ms UTC; null: it lasts",
    "signed_at": "ms UTC; null: not signed",
    "archived_at": "ms UTC; null: not archived",
}
BREACH_FIELDS: Mapping[str, str] = {
    "breach": "id of the breach",
    "case": "number of its case",
    "round": "round of the case",
    "kind": "kind",
    "level": "level",
    "site": "site",
    "device": "monitor; empty: the whole site",
    "rule": "rule",
    "opened_at": "ms UTC",
    "updated_at": "ms UTC",
    "over_at": "ms UTC; null: it lasts",
}
# of its newest event
EVENT_FIELDS: Mapping[str, str] = {
    "title": "title by language",
    "pollutant": "quantity; null: none",
    "unit": "unit of the values",
    "start": "of the interval, ms UTC",
    "end": "of the interval, ms UTC",
    "value": "mean of the interval",
    "background": "mean of the background",
    "subtracted": "what of it counted",
    "limit": "limit",
    "capture": "share of the interval with admitted data",
    "verdict": "id of the verdict",
    "revision": "revision of the verdict",
    "reasons": "reasons",
    "clause": "clause",
    "citation": "standard",
    "status": "how the limit was confirmed",
}
SITE_FIELDS: Mapping[str, str] = {
    "id": "id",
    "name": "name",
    "kind": "kind of site",
    "stage": "stage of work",
    "state": "planned | working | stopped | finished",
    "township": "department of the territorial line",
    "department": "department of the sector line",
    "contractor": "who builds; null: not said",
    "latitude": "degrees",
    "longitude": "degrees",
    "monitors": "ids of its monitors",
}
INTERVAL_FIELDS: Mapping[str, str] = {
    "site": "site",
    "device": "monitor",
    "pollutant": "quantity",
    "window": "window",
    "start": "ms UTC",
    "end": "ms UTC",
    "statistic": "mean, or what a rule asks for",
    "value": "in the quantity's unit; null: none",
    "count": "admitted values",
    "capture": "share of the window with admitted data",
    "revision": "revision",
    "id": "id of the interval",
}


class ApiParameter(NamedTuple):
    """A parameter of the query; `schema` as OpenAPI has it."""

    name: str
    says: str
    schema: Mapping[str, Any]
    required: bool = False


_INSTANT = {"type": "string", "pattern": r"^(\d{1,15}|\d{4}-.*)$"}
PAGED = (
    ApiParameter(
        "after", "where the page before ended", {"type": "string", "pattern": r"^[0-9]{1,15}\.[0-9]{1,15}$"}
    ),
    ApiParameter("limit", "rows of a page", {"type": "integer", "minimum": 1, "maximum": MOST}),
)
CHANGED = (
    ApiParameter("updated_since", "what changed at or after it", _INSTANT),
    ApiParameter("site", "of this site alone", {"type": "string"}),
    *PAGED,
)
RANGE = (
    ApiParameter("site", "site", {"type": "string"}, required=True),
    ApiParameter("pollutant", "quantity", {"type": "string", "enum": sorted(QUANTITIES)}, required=True),
    ApiParameter("from", "first instant", _INSTANT, required=True),
    ApiParameter("to", "the end, at most 31 days later", _INSTANT, required=True),
    ApiParameter("device", "of this monitor alone", {"type": "string"}),
)


class BadQuery(ValueError):
    """A parameter that cannot be: its name, what is wrong, and the way out."""

    def __init__(self, name: str, why: str, way_out: str) -> None:
        super().__init__(f"{name}: {why}")
        self.body = {"error": why, "parameter": name, "way_out": way_out}


async def api_cases(request: Request) -> Response:
    """Cases, in the order in which they changed."""

    def shown(row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: row["n"] if name == "number" else row[name] for name in CASE_FIELDS}

    return await _changed(request, CASES, shown)


async def api_breaches(request: Request) -> Response:
    """Breaches with their newest event and the number of their case, in the order in which they changed."""

    def shown(row: Mapping[str, Any]) -> dict[str, Any]:
        own = {"case": row["number"], "over_at": row["recovered_at"]}
        plain = {name: own[name] if name in own else row[name] for name in BREACH_FIELDS}
        return plain | {name: row["data"].get(name) for name in EVENT_FIELDS}

    return await _changed(request, BREACHES, shown)


async def api_sites(request: Request) -> Response:
    """Sites of the register that one's unit answers for."""
    desk: Desk = request.app.state.desk
    if unknown := set(request.query_params):
        return _bad(BadQuery(sorted(unknown)[0], "it is not known here", "leave it out"))
    answering, now, zone = answering_of(request), desk.clock.now_ms(), desk.register.county.zone
    rows = [
        {
            "id": site.id,
            "name": site.name,
            "kind": site.kind,
            "stage": site.stage,
            "state": state_at({"states": plain_states(site.states, zone)}, now),
            "township": site.township,
            "department": site.department,
            "contractor": site.contractor,
            "latitude": site.location[0],
            "longitude": site.location[1],
            "monitors": [device.id for device in desk.register.devices_at(site.id)],
        }
        for site in desk.register.sites.values()
        if answering.site(site.id)
    ]
    return JSONResponse({"sites": rows, "next": None})


async def api_intervals(request: Request) -> Response:
    """Means of a site over a range, oldest first: what they would be judged by."""
    desk: Desk = request.app.state.desk
    asked = request.query_params
    try:
        _known_names(asked, RANGE)
        site, pollutant = asked.get("site", ""), asked.get("pollutant", "")
        if site not in desk.register.sites or not answering_of(request).site(site):
            raise BadQuery("site", "there is no such site that you answer for", "see /api/v1/sites")
        if pollutant not in QUANTITIES:
            raise BadQuery("pollutant", "no such quantity", f"one of {', '.join(sorted(QUANTITIES))}")
        start, end = _instant(asked, "from"), _instant(asked, "to")
        if not start < end <= start + _LONGEST_RANGE:
            raise BadQuery("to", "it does not lie within 31 days after `from`", "ask in several parts")
    except BadQuery as fault:
        return _bad(fault)
    found = await call(
        "history",
        lambda: desk.history.intervals(
            pollutant=pollutant, start_ms=start, end_ms=end, site=site, device=asked.get("device") or None
        ),
    )
    rows = [{name: row.get(name) for name in INTERVAL_FIELDS} for row in found]
    return JSONResponse({"intervals": rows, "next": None})


async def _changed(request: Request, what: str, shown: Any) -> Response:
    desk: Desk = request.app.state.desk
    lives = desk.lives
    if lives is None:
        return JSONResponse({"error": "this desk has no cases"}, 404)
    try:
        of = _filter(request, answering_of(request))
    except BadQuery as fault:
        return _bad(fault)
    page: ChangedPage = await call("cases", lambda: lives.changed(what, of))
    return JSONResponse({what: [shown(row) for row in page.rows], "next": place_text(page.after)})


def _filter(request: Request, answering: Answering) -> ChangeFilter:
    asked = request.query_params
    _known_names(asked, CHANGED)
    after = place_of(asked.get("after", ""))
    if "after" in asked and after is None:
        raise BadQuery("after", "it is no place in a list", "hand in the `next` of the page before")
    limit = asked.get("limit", str(_USUAL))
    if not (limit.isascii() and limit.isdecimal()) or len(limit) > 4 or not 1 <= int(limit) <= MOST:
        raise BadQuery("limit", f"it is no whole number of 1 to {MOST}", "leave it out")
    since = _instant(asked, "updated_since") if "updated_since" in asked else 0
    return ChangeFilter(since, after, int(limit), asked.get("site", ""), answering.sites, answering.withheld)


def _known_names(asked: Mapping[str, str], known: tuple[ApiParameter, ...]) -> None:
    names = {one.name for one in known}
    for name in asked:
        if name not in names:
            raise BadQuery(name[:80], "it is not known here", f"known are {', '.join(sorted(names))}")


def _instant(asked: Mapping[str, str], name: str) -> int:
    text = asked.get(name, "")
    if text.isdecimal() and len(text) < 16 and text.isascii():
        return int(text)
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError("no offset")
        return round(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise BadQuery(
            name, "it is no instant", "write 2026-11-30T08:00:00+08:00 (in an address + is %2B), or ms UTC"
        ) from None


def _bad(fault: BadQuery) -> Response:
    return JSONResponse(fault.body, 400)
