"""Notes from where the wind came in the hour of each exceedance, as soon as history has it."""

from __future__ import annotations

from alerts.web.desk import Desk
from alerts.web.poller import call
from ingest.durations import HOUR_MS
from processors.history import WIND, context_row
from processors.records import site_hour_of

NO_WIND = "no_wind_data"
_LOOK_BACK = 3 * 24 * HOUR_MS
_WAIT = HOUR_MS // 6  # the hour judged is over when its case opens; its wind is published soon after
_GIVE_UP = 6 * HOUR_MS  # then none will come
_AT_ONCE = 20


class WindWatch:
    """Looks at cases whose wind is not noted yet."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def look(self) -> int:
        """How many cases were noted now. Raises StoreDown."""
        store, now = self._desk.problems, self._desk.clock.now_ms()
        if store is None:
            return 0
        lacking: tuple[tuple[str, str, int], ...] = await call(
            "cases", lambda: store.without_wind(now - _LOOK_BACK, now - _WAIT, _AT_ONCE)
        )
        found = {
            case: sector for case, site, start in lacking if (sector := await self._sector(site, start, now))
        }
        if found:
            await call("cases", lambda: store.note_wind(found))
        return len(found)

    async def _sector(self, site: str, start: int, now: int) -> str:
        hour = start // HOUR_MS * HOUR_MS
        rows = await call(
            "history",
            lambda: self._desk.history.rows("context", {"kind": WIND, "name": site}, hour, hour + 1),
        )
        hours = [site_hour_of(dict(context_row(row).body)) for row in rows]
        if hours:
            newest = max(hours, key=lambda one: one.revision)
            return newest.sector or newest.reason or NO_WIND
        return NO_WIND if now - hour > _GIVE_UP else ""
