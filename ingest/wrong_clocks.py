"""Clocks that are wrong in known ways, told from one message: its times and its receipt.

No memory of earlier messages: bridge, gateway, replay and retry agree. A backlog may look the same (what was
measured twelve hours ago and is sent now), so a kind is a finding; what is done is the device's policy.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from ingest.decoders.instants import utc_ms
from ingest.durations import HOUR_MS, MINUTE_MS

WITHIN_MS = 5 * MINUTE_MS
_YEAR_2000_MS = 946_684_800_000
_HALF_DAY_MS = 12 * HOUR_MS


class WrongClock(NamedTuple):
    """A known way to be wrong, and what to add to put it right (ms); None: nobody knows."""

    kind: str
    shift: int | None


def found(time: int, reference: int, zone_ms: int) -> list[WrongClock]:
    """The ways in which `time` differs from `reference` (ms UTC) in a zone that far ahead of UTC.

    Empty if there is none, and if the two are near.
    """
    off = time - reference
    if abs(off) <= WITHIN_MS:
        return []
    if time < _YEAR_2000_MS:
        return [WrongClock("before_2000", None)]
    shifts = {
        "half_day": [_HALF_DAY_MS, -_HALF_DAY_MS],
        "zone": [zone_ms, -zone_ms] if zone_ms else [],
        "calendar": _swapped(time, zone_ms),
        "year": _years_apart(time, zone_ms),
    }
    return [
        WrongClock(kind, shift)
        for kind, tried in shifts.items()
        for shift in tried
        if abs(off + shift) <= WITHIN_MS
    ]


def _swapped(time: int, zone_ms: int) -> list[int]:
    """What to add if the day and the month of the local date have changed places."""
    local = _local(time, zone_ms)
    if local is None or local.day > 12 or local.day == local.month:
        return []
    return [utc_ms(local.replace(month=local.day, day=local.month)) - utc_ms(local)]


def _years_apart(time: int, zone_ms: int) -> list[int]:
    """What to add if the year is one too many or too few."""
    local = _local(time, zone_ms)
    if local is None or (local.month, local.day) == (2, 29):
        return []
    years = [year for year in (local.year - 1, local.year + 1) if 1 <= year <= 9999]
    return [utc_ms(local.replace(year=year)) - utc_ms(local) for year in years]


def _local(time: int, zone_ms: int) -> datetime | None:
    try:
        return datetime.fromtimestamp((time + zone_ms) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
