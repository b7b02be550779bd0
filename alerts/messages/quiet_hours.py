"""Quiet hours of a severity: what is told in them waits for their end, by the county's own clock. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.kinds import LIKELY, OUTLOOK
from alerts.records import Telling

QUIET_HOURS = "quiet_hours"  # what a telling names that they withheld for good
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of the day by level, such as 22:00-06:00, in a zone."""

    spans: Mapping[str, str] = field(default_factory=dict)
    zone: ZoneInfo = _UTC

    def until(self, telling: Telling, at: int) -> int | None:
        """When the quiet hours end in which `at` (ms UTC) lies for this telling; None: it lies in none.

        Nothing of a violation, from above, or of the platform itself waits for them.
        """
        # what a forecast leaves when it is cleared has no level of its own
        span = self.spans.get(telling.level or (LIKELY if telling.kind == OUTLOOK else ""))
        if span is None or telling.unheld:
            return None
        start, end = (_minutes(text) for text in span.split("-"))
        local = datetime.fromtimestamp(at / 1000, UTC).astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        over_midnight = start >= end
        if over_midnight and minute >= start:
            return _instant(local.date() + timedelta(days=1), end, self.zone)
        within = minute < end if over_midnight else start <= minute < end
        return _instant(local.date(), end, self.zone) if within else None

    def outlived(self, telling: Telling, at: int) -> bool:
        """True for a forecast that waited for their end, and whose own time is over by then."""
        if telling.kind != OUTLOOK or self.until(telling, telling.told_at) is None:
            return False
        return int(telling.data.get("outlook", {}).get("end", at + 1)) <= at


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _instant(day: date, minute: int, zone: ZoneInfo) -> int:
    """The instant of a minute of a day (24:00 is the next one's first), ms UTC."""
    whole, rest = divmod(minute, 24 * 60)
    at = time(rest // 60, rest % 60)
    local = datetime.combine(day + timedelta(days=whole), at, zone)
    return round(local.timestamp() * 1000)
