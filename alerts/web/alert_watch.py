"""Watch over alerts: orders in force become notices of sites, and end with them. Runs beside the desk."""

from __future__ import annotations

import asyncio
import logging

from alerts.casework.emergency import NoticePlan, alert_orders
from alerts.web.desk import Desk
from alerts.web.poller import call
from alerts.web.sources import StoreDown
from alerts.web.wind_watch import WindWatch
from ingest.durations import HOUR_MS
from processors.history import SIGNAL, context_row, signal_of

_LOG = logging.getLogger(__name__)
_EVERY_S = 30.0
_LOOK_BACK = 400 * 24 * HOUR_MS  # orders that began earlier are not looked at


class AlertWatch:
    """Looks at the orders that history keeps, by the desk's clock."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def look(self) -> tuple[int, int]:
        """(opened, lifted) now. Raises StoreDown."""
        desk, now = self._desk, self._desk.clock.now_ms()
        notices = desk.notices
        if notices is None:
            return 0, 0
        history = desk.history
        rows = await call(
            "history", lambda: history.rows("context", {"kind": SIGNAL}, now - _LOOK_BACK, now + HOUR_MS)
        )
        orders = alert_orders(signal_of(context_row(row)) for row in rows)
        plan = NoticePlan(await call("cases", desk.planner_now), desk.emergency)
        found: tuple[int, int] = await call("cases", lambda: notices.follow(orders, plan, now))
        if any(found):
            _LOG.info("alert notices: %d opened, %d lifted", *found)
            desk.poller.forget()
        return found


async def watch_cases(desk: Desk) -> None:
    """Look after alerts and winds until cancelled; a store that is away is asked again."""
    watches = AlertWatch(desk), WindWatch(desk)
    while True:
        for watch in watches:
            try:
                await watch.look()
            except StoreDown as fault:
                _LOG.warning("%s looks later: %s", type(watch).__name__, fault)
        await asyncio.sleep(_EVERY_S)
