"""Common causes (共性问题): what cases of a period have in common, where else it is the same (举一反三)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from alerts.casework.traits import CAUSE, HOUR_OF_DAY, HOW_FOUND, MEASURE, TRAITS, WIND_FROM
from alerts.kinds import ALERT
from alerts.store.problem_store import ProblemStore
from alerts.store.trait_store import CausePeriod, TraitCount
from alerts.web.access import answering_of
from alerts.web.desk import Desk
from alerts.web.listed import LONGEST
from alerts.web.poller import call
from alerts.web.task_pages import file_of
from alerts.web.words import Words

_USUAL_DAYS = 30
_MOST_DAYS = 366


async def page(request: Request) -> Response:
    """Counts by each trait, `?from=&to=`: county days, both included."""
    desk: Desk = request.app.state.desk
    store, words = _store(desk), desk.words_of(request)
    first, last, wrong = _days(desk, request.query_params)
    of = _period(desk, request, first, last)
    counts = await call("cases", lambda: store.counts(of))
    return desk.page(
        request,
        "causes.html",
        status=400 if wrong else 200,
        total=await call("cases", lambda: store.total(of)),
        counts={
            trait: [(name_of(desk, words, trait, one.value), one) for one in _shown(trait, counts)]
            for trait in TRAITS
        },
        nights=await call("cases", lambda: store.worth_a_night_check(of)),
        first=first,
        last=last,
        wrong=wrong,
    )


async def elsewhere(request: Request) -> Response:
    """Open cases of other sites with a measure or cause of this one."""
    desk: Desk = request.app.state.desk
    store, words = _store(desk), desk.words_of(request)
    file = await file_of(desk, request)
    answering = answering_of(request)
    of = CausePeriod(0, desk.clock.now_ms() + 1, answering.sites, answering.withheld)
    found = await call("cases", lambda: store.alike(file.kept.life.id, of))
    return desk.page(
        request,
        "elsewhere.html",
        kept=file.kept,
        found=[(one, name_of(desk, words, one.trait, one.value)) for one in found],
    )


def name_of(desk: Desk, words: Words, trait: str, value: str) -> str:
    """Name of a trait's value."""
    if trait == MEASURE:
        return desk.checklist.names([value], words.language)[0]
    if trait == CAUSE:
        return desk.checklist.cause(value, words.language)
    if trait == HOW_FOUND:
        return words.name("how", value)
    if trait == HOUR_OF_DAY:
        return f"{value}:00"
    if trait == WIND_FROM:
        return words.name("reason", value) if value.islower() else words.sector(value)
    return value


def _shown(trait: str, counts: Mapping[str, tuple[TraitCount, ...]]) -> tuple[TraitCount, ...]:
    """Hours in their order, all else by its number."""
    found = counts[trait]
    return tuple(sorted(found)) if trait == HOUR_OF_DAY else found


def _store(desk: Desk) -> ProblemStore:
    if desk.problems is None:
        raise HTTPException(404, "causes")
    return desk.problems


def _days(desk: Desk, asked: Mapping[str, str]) -> tuple[date, date, bool]:
    """(first, last, wrong): the days asked for; where they are none, the last thirty."""
    today = datetime.fromtimestamp(desk.clock.now_ms() / 1000, desk.register.zone).date()
    usual = today - timedelta(days=_USUAL_DAYS - 1)
    try:
        first = date.fromisoformat(asked["from"][:LONGEST]) if asked.get("from") else usual
        last = date.fromisoformat(asked["to"][:LONGEST]) if asked.get("to") else today
    except ValueError:
        return usual, today, True
    if not date(2000, 1, 1) <= first <= last < date(2200, 1, 1) or (last - first).days > _MOST_DAYS:
        return usual, today, True
    return first, last, False


def _period(desk: Desk, request: Request, first: date, last: date) -> CausePeriod:
    zone, answering = desk.register.zone, answering_of(request)
    start, end = (
        round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
        for day in (first, last + timedelta(days=1))
    )
    # what an alert asks of every site says nothing of what it did
    return CausePeriod(start, end, answering.sites, answering.withheld | {ALERT})
