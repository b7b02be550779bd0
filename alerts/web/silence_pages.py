"""Silences: what nobody is told of for a while, by whom and why; asked for, approved and ended here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.kinds import KINDS, SYSTEM
from alerts.messages import TellingSilence
from alerts.messages.silencing import COMING, PAST, PRESENT, WAITS
from alerts.people.roles import SILENCE
from alerts.people.units import contacts_of
from alerts.store.silence_store import NOT_THERE, SilenceStore
from alerts.web.access import Person, answering_of, entry_of, must_be
from alerts.web.desk import Desk
from alerts.web.poller import call
from alerts.web.security import read_form
from ingest.durations import HOUR_MS
from ingest.register import Register

_FIELDS = ("site", "device", "kind", "unit", "begins", "ends", "reason")
_GROUPS = (WAITS, PRESENT, COMING, PAST)
_REASON = 500
SILENCED_KINDS = tuple(name for name, kind in KINDS.items() if name != SYSTEM and kind.told is not None)


async def listing(request: Request) -> Response:
    """Silences that wait for approval, are present, coming, or have ended."""
    desk: Desk = request.app.state.desk
    now = desk.clock.now_ms()
    store = _store(desk)
    found = await call("cases", lambda: store.listing(now))
    seen = [one for one in found if _sees(request, one)]
    groups = {group: [one for one in seen if one.state(now) == group] for group in _GROUPS}
    return desk.page(
        request,
        "silences.html",
        groups=groups,
        names=await _names(desk),
        may=must_be(request).may(SILENCE),
        now=now,
    )


async def new(request: Request) -> Response:
    """The form for a new silence; `?site=` fills it in."""
    asked = {name: request.query_params.get(name, "")[:80] for name in ("site", "device", "kind")}
    return await _form(request, 200, "", asked)


async def add(request: Request) -> Response:
    """A new silence; one that is longer than one person may do alone waits for a second."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    person, now = must_be(request), desk.clock.now_ms()
    wish = _wish(desk, fields, person, now)
    if fault := _fault(request, wish, desk.register, now):
        return await _form(request, 422, fault, fields)
    entry = entry_of(
        request,
        desk.gate.wall(),
        "silence_made",
        f"silence:{wish.id}",
        person,
        reason=wish.reason,
    )
    store, alone = _store(desk), round(desk.silence_alone_h() * HOUR_MS)
    await call("cases", lambda: store.add(wish, alone, entry))
    return RedirectResponse(f"/silences/{wish.id}", 303)


async def one(request: Request) -> Response:
    """One silence, to be approved or ended."""
    return await _one(request, await _asked(request))


async def approve(request: Request) -> Response:
    """Approve of a silence that somebody else has asked for."""
    desk: Desk = request.app.state.desk
    await read_form(request, desk.base_url)
    found, person = await _asked(request), must_be(request)
    now = desk.clock.now_ms()
    entry = entry_of(request, desk.gate.wall(), "silence_approved", f"silence:{found.id}", person)
    store = _store(desk)
    why = await call("cases", lambda: store.approve(found.id, person.account.id, now, entry))
    return await _done(request, found, why)


async def end(request: Request) -> Response:
    """End a silence before its time."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    found, person = await _asked(request), must_be(request)
    reason = _line(fields.get("reason", ""))
    if not reason:
        return await _one(request, found, 422, "reason")
    now = desk.clock.now_ms()
    entry = entry_of(request, desk.gate.wall(), "silence_ended", f"silence:{found.id}", person, reason=reason)
    store = _store(desk)
    why = await call("cases", lambda: store.end(found.id, person.account.id, reason, now, entry))
    return await _done(request, found, why)


def _store(desk: Desk) -> SilenceStore:
    if desk.silences is None:
        raise HTTPException(404, "silences")
    return desk.silences


def _line(text: str) -> str:
    return " ".join(text.split())[:_REASON]


def _instant(desk: Desk, said: str) -> int:
    """The instant of a local time as a browser writes it; 0: it is none."""
    try:
        local = datetime.fromisoformat(said)
    except ValueError:
        return 0
    return round(local.replace(tzinfo=desk.register.zone).timestamp() * 1000)


def _wish(desk: Desk, fields: Mapping[str, str], person: Person, now: int) -> TellingSilence:
    """The silence that a form asks for; without a beginning it begins now."""
    said = {name: _line(fields.get(name, "")) for name in _FIELDS}
    known = desk.register.devices.get(said["device"])
    return TellingSilence(
        id=uuid.uuid4().hex[:12],
        author=person.account.id,
        reason=said["reason"],
        made_at=now,
        begins_at=_instant(desk, said["begins"]) if said["begins"] else now,
        ends_at=_instant(desk, said["ends"]),
        site=known.site if known is not None and not said["site"] else said["site"],
        device=said["device"],
        kind=said["kind"],
        unit=said["unit"],
    )


def _fault(request: Request, wish: TellingSilence, register: Register, now: int) -> str:
    """What is wrong with a wish, as a word for the page; empty: nothing."""
    device = register.devices.get(wish.device)
    rules = (
        ("reason", not wish.reason),
        ("site", bool(wish.site) and wish.site not in register.sites),
        ("device", bool(wish.device) and (device is None or device.site != wish.site)),
        ("kind", bool(wish.kind) and wish.kind not in SILENCED_KINDS),
        ("unit", bool(wish.unit) and wish.unit not in _units(register)),
        ("all", not any(wish.matches)),
        ("span", not wish.begins_at or wish.ends_at <= max(now, wish.begins_at)),
        ("answers", not _sees(request, wish)),
    )
    return next((word for word, wrong in rules if wrong), "")


def _sees(request: Request, silence: TellingSilence) -> bool:
    """True if the asker's unit answers for what is silenced: of no one site for all of them."""
    answering = answering_of(request)
    return answering.site(silence.site) if silence.site else answering.sites is None


def _units(register: Register) -> list[str]:
    """Units that are told of anything."""
    return list(dict.fromkeys(contact.rpartition("/")[0] for contact in contacts_of(register)))


async def _names(desk: Desk) -> dict[str, str]:
    """Names of persons by their accounts."""
    return {one.id: one.name for one in await call("cases", desk.people.accounts)}


async def _asked(request: Request) -> TellingSilence:
    desk: Desk = request.app.state.desk
    store, id = _store(desk), request.path_params["silence"]
    found: TellingSilence | None = await call("cases", lambda: store.one(id))
    if found is None or not _sees(request, found):
        raise HTTPException(404, id)
    return found


async def _done(request: Request, found: TellingSilence, why: str) -> Response:
    if why == NOT_THERE:
        raise HTTPException(404, found.id)
    if why:
        return await _one(request, await _asked(request), 409, why)
    return RedirectResponse(f"/silences/{found.id}", 303)


async def _one(request: Request, found: TellingSilence, status: int = 200, fault: str = "") -> Response:
    desk: Desk = request.app.state.desk
    now = desk.clock.now_ms()
    return desk.page(
        request,
        "silence.html",
        status=status,
        one=found,
        state=found.state(now),
        own=found.author == must_be(request).account.id,
        names=await _names(desk),
        fault=fault,
        now=now,
    )


async def _form(request: Request, status: int, fault: str, fields: Mapping[str, str]) -> Response:
    desk: Desk = request.app.state.desk
    sites = [site for site in desk.register.sites.values() if answering_of(request).site(site.id)]
    shown = {site.id for site in sites}
    return desk.page(
        request,
        "silence_new.html",
        status=status,
        fault=fault,
        fields={**dict.fromkeys(_FIELDS, ""), **fields},
        sites=sites,
        devices=[one for one in desk.register.devices.values() if one.site in shown],
        kinds=SILENCED_KINDS,
        of_units=_units(desk.register),
        everywhere=answering_of(request).sites is None,
        alone_h=desk.silence_alone_h(),
    )
