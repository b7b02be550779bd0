"""Calendar of windows: clock and rolling windows, their ends, and the calendar day in the county's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from processors.columns import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS

LATENESS_MS = 2 * MINUTE_MS  # how long a window waits for what is late, where no rule says otherwise
RETAIN_MS = 2 * HOUR_MS  # how long after an hour's end late readings may still supersede
LATE_FOR_MS = 3 * DAY_MS  # how late what comes late is still judged, where nothing else is configured
BEYOND_LATE_MS = DAY_MS  # so much longer is kept what a late window depends on: the longest window


class Track(NamedTuple):
    """All windows of one length, one every `step`; both in ms. With `step` equal to `window`: clock windows.

    Windows up to an hour are computed from readings, longer ones from the means of their clock hours.
    """

    window: int
    step: int

    @property
    def is_clock(self) -> bool:
        """True if each window begins where the one before ends."""
        return self.step == self.window

    @property
    def is_long(self) -> bool:
        """True for windows computed from hours."""
        return self.window > HOUR_MS

    def start(self, end: int, zone: str) -> int:
        """Start of the window that ends at `end`."""
        if self.window == DAY_MS and self.is_clock:
            return day_of(end - 1, zone)[0]
        return end - self.window

    def next_end(self, end: int, zone: str) -> int:
        """The end of the window after the one that ends at `end`."""
        if self.window == DAY_MS and self.is_clock:
            return day_of(end, zone)[1]
        return end + self.step

    def last_end(self, instant: int, zone: str) -> int:
        """The last end of a window at or before the instant, in the county's zone."""
        if self.window == DAY_MS and self.is_clock:
            return day_of(instant, zone)[0]
        local = datetime.fromtimestamp(instant // 1000, UTC).astimezone(ZoneInfo(zone))
        offset = local.utcoffset()
        assert offset is not None
        shift = round(offset.total_seconds() * 1000)
        return (instant + shift) // self.step * self.step - shift

    def ends_over(self, start: int, end: int, until: int, zone: str) -> list[int]:
        """Ends, at or before `until`, of the windows that overlap [start, end)."""
        found = []
        at = self.next_end(self.last_end(start, zone), zone)
        while at <= until and self.start(at, zone) < end:
            found.append(at)
            at = self.next_end(at, zone)
        return found


QUARTER = Track(QUARTER_MS, QUARTER_MS)
HOUR = Track(HOUR_MS, HOUR_MS)
BASE = (QUARTER, HOUR)  # published for every device, whatever the rules ask


@lru_cache(maxsize=4096)
def day_of(instant: int, zone: str) -> tuple[int, int]:
    """[start, end) of the calendar day in the zone that contains the instant, ms UTC."""
    local = datetime.fromtimestamp(instant // 1000, UTC).astimezone(ZoneInfo(zone))
    return midnight(local.date(), zone), midnight(local.date() + timedelta(days=1), zone)


def midnight(day: date, zone: str) -> int:
    """The first instant of a calendar day in the zone, ms UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) * 1000
