"""Pages of sites: the board, the page of a site, and the data of its curve."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from alerts.web.access import answering_of, must_be
from alerts.web.board import HOUR, LEVELS, SiteNow, by_rule
from alerts.web.board_drawing import drawn_of
from alerts.web.board_views import WHICH_SITES, steps_of, view_of
from alerts.web.curves import LONGEST, series
from alerts.web.desk import Desk
from alerts.web.poller import call
from alerts.web.remarked import remarked
from alerts.web.rota_pages import answering_for, book_of
from alerts.web.site_parts import DEVICE_TROUBLE, PARTS, told, wind_of_site
from alerts.web.sources import StoreDown
from ingest.records import Remark
from ingest.register import Device
from ingest.units import QUANTITIES
from processors.history import REMARK, context_row, remark_of

_VERDICT_ROWS = 2_000
_VERDICT_HOURS = 26
_READINGS = 60_000
_DAY = 24 * HOUR  # of remarks
RANGES = (6, 24, 72, 168)  # hours that the curve offers


async def board(request: Request) -> Response:
    """The live board: `?which=&town=&q=&page=`, `zoom=&x=&y=` of its plan; what is not known is said."""
    desk: Desk = request.app.state.desk
    newest, answering = await desk.poller.fresh(), answering_of(request)
    view, unknown = view_of(request.query_params, desk.register)
    drawn = drawn_of(desk, newest, desk.words_of(request), answering, view)
    own = {one.site.township for one in drawn.own.sites}
    return desk.page(
        request,
        "board.html",
        status=400 if unknown else 200,
        board=drawn.own,
        shown=drawn.shown,
        view=view,
        window=view.window(desk.plan),
        steps=steps_of(view, desk.plan),
        unknown=unknown,
        towns=[(id, name) for id, name in desk.place_names.items() if id in own],
        which_ones=WHICH_SITES,
        parts=drawn.parts,
        seen=drawn.seen,
        now=newest.now,
    )


async def site(request: Request) -> Response:
    """One site: facts, monitors, curve, verdicts; `part=` one of the parts that come by themselves."""
    desk: Desk = request.app.state.desk
    site_id = request.path_params["site"]
    answering = answering_of(request)
    if site_id not in desk.register.sites or not answering.site(site_id):
        raise HTTPException(404, site_id)
    part = PARTS.get(request.query_params.get("part", ""))
    if part is not None:
        return await part(request, desk, desk.register.sites[site_id])
    shown = (await desk.poller.fresh()).of(answering)
    here = shown.site(site_id)
    if here is None:  # the board is of the configuration before
        raise HTTPException(404, site_id)
    now = shown.now
    verdicts, remarks, wind = await asyncio.gather(
        told(
            lambda: desk.history.verdicts(
                site=site_id, start_ms=now - _VERDICT_HOURS * HOUR, end_ms=now + 1, limit=_VERDICT_ROWS
            )
        ),
        told(lambda: _remarks(desk, here, now)),
        told(lambda: wind_of_site(desk, site_id, now)),
    )
    book, _ = await book_of(desk)
    today = desk.words_of(request).local(now).date()
    template = "site_live.html" if request.query_params.get("part") == "live" else "site.html"
    return desk.page(
        request,
        template,
        board=shown,
        now=now,
        here=here,
        records=None if verdicts is None else by_rule(verdicts),
        remarked=None if remarks is None else remarked(remarks),
        wind=wind,
        responsible=list(answering_for(desk, desk.register.sites[site_id], book, today, must_be(request))),
        faults=[case for case in here.cases if case.kind in DEVICE_TROUBLE and case.recovered_at is None],
        names={d.device.id: d.device.name or d.device.id for d in here.devices},
        curve=_curve(request, here),
        ranges=RANGES,
    )


def _remarks(desk: Desk, here: SiteNow, now: int) -> list[Remark]:
    own = {one.device.id for one in here.devices}
    # one question for all: a store that is asked for each of them reads those of the whole county each time
    rows = desk.history.rows("context", {"kind": REMARK}, now - _DAY, now + 1)
    return [remark_of(context_row(row)) for row in rows if row["name"] in own]


def _curve(request: Request, here: SiteNow) -> dict[str, Any] | None:
    """Content of the curve: the device and quantity asked for, else the most telling ones."""
    if not here.devices:
        return None
    by_id = {d.device.id: d for d in here.devices}
    wish = request.query_params.get("device", "")
    judged = here.verdict["device"] if here.verdict else ""
    first = next((d.device.id for d in here.devices if not d.silent), here.devices[0].device.id)
    device = by_id.get(wish) or by_id.get(judged) or by_id[first]
    quantities = [q for q in QUANTITIES if q in device.values] or ["pm10"]
    quantity = request.query_params.get("quantity", "")
    if quantity not in quantities:
        of_verdict = here.verdict["pollutant"] if here.verdict else None
        quantity = next((q for q in (of_verdict, *LEVELS) if q in quantities), quantities[0])
    hours = request.query_params.get("hours", "")
    return {
        "device": device.device,
        "devices": [d.device for d in here.devices],
        "quantity": quantity,
        "quantities": quantities,
        "hours": int(hours) if hours.isdecimal() and int(hours) in RANGES else RANGES[0],
    }


async def api_series(request: Request) -> Response:
    """The curve as JSON: `?device=&quantity=&from=&to=`, instants in ms or ISO; 400 says what is wrong.

    `hours` instead of `from`: that long before `to`; without `to`, until now by the desk's clock.
    """
    desk: Desk = request.app.state.desk
    asked = request.query_params
    device = desk.register.devices.get(asked.get("device", ""))
    if device is None or not answering_of(request).site(device.site):
        return JSONResponse({"error": f"device {asked.get('device', '')!r} is not in the register"}, 404)
    quantity = asked.get("quantity", "pm10")
    if quantity not in QUANTITIES:
        return JSONResponse(
            {"error": f"quantity {quantity!r} is unknown; one of {', '.join(QUANTITIES)}"}, 400
        )
    now = desk.clock.now_ms()
    try:
        end = _instant(asked.get("to"), now)
        start = _instant(asked.get("from"), end - _hours(asked.get("hours")) * HOUR)
    except ValueError as fault:
        return JSONResponse({"error": str(fault)}, 400)
    if not 0 < end - start <= LONGEST:
        return JSONResponse({"error": "`from` must be before `to`, by 31 days at most"}, 400)
    try:
        body = await call("history", lambda: _series(desk, device, quantity, start, end))
    except StoreDown as fault:
        return JSONResponse({"error": "the history does not answer", "detail": fault.reason}, 503)
    return JSONResponse({"from": start, "to": end, "now": now, **body})


def _series(desk: Desk, device: Device, quantity: str, start: int, end: int) -> dict[str, Any]:
    return {
        "device": device.id,
        "quantity": quantity,
        "unit": QUANTITIES[quantity].unit,
        **series(
            desk.history.readings(device.id, quantity, start, end, _READINGS),
            desk.history.intervals(device=device.id, pollutant=quantity, start_ms=start - HOUR, end_ms=end),
            desk.history.verdicts(site=device.site, start_ms=start - HOUR, end_ms=end, limit=20_000),
            device=device.id,
            quantity=quantity,
            interval_ms=device.interval * 1000,
        ),
    }


def _hours(text: str | None) -> int:
    if not text:
        return 24
    if not text.isdecimal() or len(text) > 4:
        raise ValueError(f"hours={text!r}: a whole number is expected")
    return int(text)


def _instant(text: str | None, otherwise: int) -> int:
    """Instant in a query: ms since 1970, or ISO 8601 with zone."""
    from datetime import datetime

    if not text:
        return otherwise
    if text.removeprefix("-").isdecimal() and len(text) < 16:
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is no instant: ms since 1970, or for example 2026-11-23T08:00:00+08:00"
        ) from None
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no zone; write for example +08:00")
    return round(at.timestamp() * 1000)
