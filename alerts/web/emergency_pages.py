"""Alerts as work: what each site has to do, and who has not signed."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from alerts.store.notice_store import NoticeRow
from alerts.web.access import answering_of
from alerts.web.desk import Desk
from alerts.web.poller import call
from ingest.durations import HOUR_MS

_SHOWN_AFTER = 7 * 24 * HOUR_MS  # how long an alert that has ended stays on the page


class AlertOnPage(NamedTuple):
    """An alert with its notices: those not signed first."""

    title: dict[str, str]
    start: int
    end: int | None
    lifted_at: int | None
    notices: tuple[NoticeRow, ...]

    @property
    def unsigned(self) -> int:
        """How many units have not signed."""
        return sum(not notice.signed for notice in self.notices)


async def page(request: Request) -> Response:
    """Alerts in force, and those of the last week."""
    desk: Desk = request.app.state.desk
    store, since = desk.notices, desk.clock.now_ms() - _SHOWN_AFTER
    sites = answering_of(request).sites
    found: tuple[NoticeRow, ...] = ()
    if store is not None:
        found = await call("cases", lambda: store.notices(since, sites))
    alerts = [_alert(list(rows)) for _, rows in groupby(found, key=lambda row: row.order)]
    return desk.page(request, "emergency.html", alerts=alerts, emergency=desk.emergency)


def _alert(rows: list[NoticeRow]) -> AlertOnPage:
    first = rows[0]
    ends = [row.lifted_at for row in rows]
    lifted = None if None in ends else max(at for at in ends if at is not None)
    return AlertOnPage(
        first.kept.title,
        first.start,
        first.end,
        lifted,
        tuple(sorted(rows, key=lambda row: (row.signed, row.kept.life.site))),
    )
