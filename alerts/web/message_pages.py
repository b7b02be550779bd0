"""Messages: who was told of what, by which channel, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from alerts.people.roles import NAMES
from alerts.people.units import CONTRACTOR, DEPARTMENT, SITE
from alerts.records import CaseFile, Recipient
from alerts.store.message_lists import ALL, WHICH, MessageFilter, MessagePage
from alerts.web.access import Person, answering_of, must_be
from alerts.web.desk import Desk
from alerts.web.listed import list_link, sites_named, words_in
from alerts.web.poller import call
from alerts.web.verdict_calendar import midnight
from ingest.register import Register

PAGE = 50


class MessagesAsked(NamedTuple):
    """The filter that is asked for, within what the asker sees; the day as written; what nobody knows."""

    of: MessageFilter
    day: str
    unknown: tuple[str, ...]


async def listing(request: Request) -> Response:
    """A page of messages: `?which=&channel=&person=&site=&case=&day=`; `part=live` only what changes."""
    desk: Desk = request.app.state.desk
    person = must_be(request)
    channels = await call("cases", desk.messages.channels)
    asked = chosen(desk, request, request.query_params, channels)
    place = request.query_params.get("after", "")
    after = int(place) if place.isdecimal() and len(place) < 19 else None
    page: MessagePage = await call("cases", partial(desk.messages.find, asked.of, after, PAGE))
    live = request.query_params.get("part") == "live"
    # to count takes longest: what renews itself shows no counts
    counts = {} if live else await call("cases", partial(desk.messages.counts, asked.of))
    about = None if live else await _about(desk, request, asked.of.case)
    return desk.page(
        request,
        "message_list.html" if live else "messages.html",
        status=400 if asked.unknown else 200,
        page=page,
        asked=asked,
        of=asked.of,
        counts=counts,
        which_ones=WHICH,
        channels=channels,
        about=about,
        sites=[s for s in desk.register.sites.values() if answering_of(request).site(s.id)],
        sees=answering_of(request).case,
        named=partial(is_named, person, desk.register),
        may_name=person.may(NAMES),
        first=after is None,
        link=partial(_link, asked),
    )


def chosen(desk: Desk, request: Request, asked: Mapping[str, str], channels: list[str]) -> MessagesAsked:
    """What is asked for; who may not see names may not look for them either."""
    answering = answering_of(request)
    words = {name: words_in(asked, name) for name in _ASKED}
    if not must_be(request).may(NAMES):
        words["person"] = ""
    which = words["which"] or ALL
    day = _day(words["day"])
    unknown = [
        f"{name}={words[name]}"
        for name, known in (
            ("which", which in WHICH),
            ("channel", not words["channel"] or words["channel"] in channels),
            ("site", not words["site"] or words["site"] in desk.register.sites),
            ("day", not words["day"] or day is not None),
        )
        if not known
    ]
    zone = desk.words_of(request).zone
    of = MessageFilter(
        which if which in WHICH else ALL,
        words["channel"] if words["channel"] in channels else "",
        words["person"],
        _units_named(desk.register, words["person"]),
        words["site"] if words["site"] in desk.register.sites else "",
        words["case"],
        None if day is None else midnight(day, zone),
        None if day is None else midnight(day + timedelta(days=1), zone),
        answering.sites,
        answering.withheld,
    )
    return MessagesAsked(of, "" if day is None else day.isoformat(), tuple(unknown))


def is_named(person: Person, register: Register, recipient: Recipient) -> bool:
    """True if a person sees who a recipient is: their role does, or it is one of their own unit's."""
    if person.may(NAMES):
        return True
    unit = recipient.id.rpartition("/")[0]
    own = person.account.unit
    kind, _, id = own.partition(":")
    if kind in (SITE, DEPARTMENT):
        return unit == own
    site = register.sites.get(unit.removeprefix(f"{SITE}:"))
    return kind == CONTRACTOR and site is not None and site.contractor == id


_ASKED = ("which", "channel", "person", "site", "case", "day")


async def _about(desk: Desk, request: Request, case: str) -> CaseFile | None:
    """The case that the list is about, if it is one that the asker sees."""
    if not case:
        return None
    file: CaseFile | None = await call("cases", lambda: desk.cases.case(case))
    seen = file is not None and answering_of(request).case(file.case.kind, file.case.site)
    return file if seen else None


def _units_named(register: Register, text: str) -> frozenset[str]:
    if not text:
        return frozenset()
    low = text.casefold()
    departments = {f"{DEPARTMENT}:{d.id}" for d in register.departments.values() if low in d.name.casefold()}
    return frozenset(departments | {f"{SITE}:{id}" for id in sites_named(register, text)})


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None


def _link(asked: MessagesAsked, **more: str) -> str:
    of = asked.of
    values = {
        "which": of.which, "channel": of.channel, "person": of.person, "site": of.site, "case": of.case,
        "day": asked.day, **more,
    }  # fmt: skip
    return list_link("/messages", values)
