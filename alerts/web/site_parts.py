"""Parts of a site's page that come by themselves: verdict calendar, capture and flags, cases.

Each asks one bounded question of a store, and says in words when that does not answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from alerts.kinds import FAULT, MANY_SILENT, OFFLINE
from alerts.store.case_lists import ALL, CaseFilter
from alerts.store.task_lists import OPEN_TASKS, TaskFilter
from alerts.web.access import answering_of
from alerts.web.board import group_cases
from alerts.web.desk import Desk
from alerts.web.poller import call
from alerts.web.site_record import LOW, captures_by_day, flag_lines
from alerts.web.sources import StoreDown
from alerts.web.verdict_calendar import bounds_of, midnight, month_asked, month_of
from ingest.durations import DAY_MS, HOUR_MS
from ingest.register import Site
from processors.history import WIND, Steps, context_row, wind_of
from processors.records import SiteHour

DEVICE_TROUBLE = frozenset({FAULT, OFFLINE, MANY_SILENT})
_CASES = 10  # a page
_OPEN_SHOWN = 10
_CAPTURE_DAYS = 14
_MOST_FLAGGED = 5_000  # readings that are counted; more are said to be more
_WIND_HOURS = 3  # an hour is published a while after its end
_T = TypeVar("_T")


async def told(question: Callable[[], _T]) -> _T | None:
    """An answer of history; None: it does not answer, which costs this part of a page only."""
    try:
        return await call("history", question)
    except StoreDown:
        return None


async def calendar(request: Request, desk: Desk, site: Site) -> Response:
    """The verdict calendar of `?month=2026-11`, by default of the present month."""
    now, zone = desk.clock.now_ms(), desk.words_of(request).zone
    first = month_asked(request.query_params.get("month", ""), now, zone)
    start, end = bounds_of(first, now, zone)
    answers = await told(lambda: desk.history.answers(_steps(desk, site, start, end, HOUR_MS)))
    month = month_of(answers or (), first, now, zone)
    return desk.page(request, "site_calendar.html", site=site, month=month, away=answers is None)


async def quality(request: Request, desk: Desk, site: Site) -> Response:
    """Capture by monitor and day, and the flags of the last 24 hours."""
    now, zone = desk.clock.now_ms(), desk.words_of(request).zone
    today = desk.words_of(request).local(now).date()
    dates = [today - timedelta(days=ago) for ago in reversed(range(_CAPTURE_DAYS))]
    days = [midnight(day, zone) for day in dates]
    captures = await told(lambda: desk.history.captures(_steps(desk, site, days[0], now, DAY_MS)))
    last_day = _steps(desk, site, now - DAY_MS, now + 1, HOUR_MS)
    flagged = await told(lambda: desk.history.flagged(last_day, _MOST_FLAGGED))
    return desk.page(
        request,
        "site_quality.html",
        site=site,
        names={device.id: device.name or device.id for device in desk.register.devices_at(site.id)},
        dates=dates,
        low=LOW,
        lines=None if captures is None else captures_by_day(captures, last_day.devices, days, now),
        flags=None if flagged is None else flag_lines(flagged),
        most=_MOST_FLAGGED if flagged is not None and len(flagged) == _MOST_FLAGGED else None,
    )


async def cases(request: Request, desk: Desk, site: Site) -> Response:
    """The site's open cases, what is due first; a page of what was found, the newest first; true numbers."""
    answering = answering_of(request)
    of = CaseFilter(ALL, site=site.id, but=answering.withheld, now=desk.clock.now_ms())
    after = request.query_params.get("after", "")
    key, _, number = after.partition(".")
    place = (int(key), int(number)) if key.isdecimal() and number.isdecimal() and len(after) < 40 else None
    page = await call("cases", partial(desk.cases.find, of, place, _CASES))
    tasks = TaskFilter(OPEN_TASKS, site=site.id, but=answering.withheld, now=desk.clock.now_ms())
    lives = desk.lives
    opened = None if lives is None else await call("cases", partial(lives.find, tasks, None, _OPEN_SHOWN))
    return desk.page(
        request,
        "site_cases.html",
        site=site,
        count=await call("cases", partial(desk.cases.count, of)),
        open=None if opened is None else opened.tasks,
        open_count=0 if lives is None else await call("cases", partial(lives.count, tasks)),
        case_groups=group_cases(page.cases),
        after=after if place else "",
        more=f"{page.after[0]}.{page.after[1]}" if page.after else "",
    )


PARTS: dict[str, Callable[[Request, Desk, Site], Awaitable[Response]]] = {
    "calendar": calendar,
    "quality": quality,
    "cases": cases,
}


def wind_of_site(desk: Desk, site: str, now: int) -> list[SiteHour]:
    """The newest hour of wind at a site, if any is of late: at most one."""
    rows = desk.history.rows("context", {"kind": WIND, "name": site}, now - _WIND_HOURS * HOUR_MS, now + 1)
    hours = [wind_of(context_row(row)) for row in rows]
    return sorted(hours, key=lambda hour: (hour.start, hour.revision))[-1:]


def _steps(desk: Desk, site: Site, start: int, end: int, step: int) -> Steps:
    devices: Any = (device.id for device in desk.register.devices_at(site.id))
    return Steps(site.id, tuple(devices), start, end, step)
