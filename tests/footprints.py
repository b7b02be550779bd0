"""What a device costs the state of a partition before any rule asks for a window: for tests of the footprint."""

from __future__ import annotations

from processors.columns import HOUR_MS
from processors.plan.footprint import READING_BYTES
from processors.windows import RETAIN_MS

HASH_BYTES = 8  # what tells a duplicate afterwards
_CHECKED_BYTES = 120  # the newest values that the quality checks compare with
_WIND_BYTES = 4 * 32  # sums of the wind of an hour that readings may still change


def base_bytes(interval_s: int, lateness_s: int = 120) -> int:
    """What a device of such an interval holds whatever the rules ask: readings that may still count."""
    kept_s = (RETAIN_MS + HOUR_MS) // 1000 + lateness_s
    return (
        kept_s // interval_s * READING_BYTES
        + 3 * 3600 // interval_s * HASH_BYTES
        + _CHECKED_BYTES
        + _WIND_BYTES
    )
