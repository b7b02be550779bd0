"""Instants as written in payloads, converted to milliseconds UTC and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from ingest.durations import DAY_MS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time of a device, its offset is taken off after
_MILLISECOND = timedelta(milliseconds=1)
_LATEST_MS = 253_402_300_799_999  # the end of the year 9999
_SECONDS_BELOW = 100_000_000_000  # a smaller number is seconds (until the year 5138), a greater one ms
_LONGEST_TEXT = 40
_SHORTEST_ISO = len("2026-11-23T08")


class BadTime(ValueError):
    """A time that does not denote an instant."""


def parse_instant(value: object, utc_offset_s: int) -> int:
    """Milliseconds UTC of an ISO 8601 text or of epoch seconds or milliseconds.

    A text without zone is the device's wall time at `utc_offset_s`. Raises BadTime.
    """
    if isinstance(value, str):
        if len(value) > _LONGEST_TEXT:
            raise BadTime(f"{value[:40]!r} is too long for an instant")
        return _of_text(value, utc_offset_s)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_number(value)
    raise BadTime(f"{str(value)[:40]!r} is neither an ISO 8601 text nor an epoch number")


def _of_number(value: float) -> int:
    if not 0 <= value <= _LATEST_MS:
        raise BadTime(f"{str(value)[:40]} is no epoch second or millisecond of the years 1970 to 9999")
    return round(value * 1000) if value < _SECONDS_BELOW else round(value)


# Monitors report on the minute: within moments the same text comes from many devices.
@lru_cache(maxsize=1024)
def _of_text(text: str, utc_offset_s: int) -> int:
    # 2026-11-23... goes straight on; thirteen digits alone could be read as a date and a time
    if text[4:5] != "-" and len(text) in (10, 13) and text.isascii() and text.isdigit():
        return _of_number(int(text))
    # a date alone is a day, no instant; of fifteen digits alone one would be taken for the T
    if len(text) < _SHORTEST_ISO or text.isdigit():
        raise BadTime(f"{text!r} is no ISO 8601 instant, for example 2026-11-23T08:00:00+08:00")
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise BadTime(
            f"{text[:40]!r} is no ISO 8601 instant, for example 2026-11-23T08:00:00+08:00"
        ) from None
    if parsed.tzinfo is None:
        since = parsed - _NAIVE_EPOCH
        at_ms = since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000 - utc_offset_s * 1000
    else:
        since = parsed - EPOCH
        at_ms = since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000
    if 0 <= at_ms <= _LATEST_MS:
        return at_ms
    raise BadTime(f"{text[:40]!r} is outside the years 1970 to 9999")


def compact_instant(digits: str, utc_offset_s: int) -> int:
    """Milliseconds UTC of HJ 212's yyyyMMddHHmmss[SSS], a wall time. Raises BadTime."""
    if len(digits) not in (14, 17) or not (digits.isascii() and digits.isdigit()):
        raise BadTime(f"{digits[:40]!r} is not yyyyMMddHHmmss with or without milliseconds")
    try:
        parsed = datetime.strptime(digits[:14], "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        raise BadTime(f"{digits!r} names no instant of the calendar") from None
    at_ms = (parsed - _NAIVE_EPOCH) // _MILLISECOND + int(digits[14:] or 0) - utc_offset_s * 1000
    if not 0 <= at_ms <= _LATEST_MS:
        raise BadTime(f"{digits!r} is outside the years 1970 to 9999")
    return at_ms


def instant_text(at_ms: int) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`."""
    whole = EPOCH + timedelta(milliseconds=at_ms)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"
