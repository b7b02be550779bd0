"""Instants as payloads write them, to milliseconds UTC and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time of a device, its offset is taken off after
_MILLISECOND = timedelta(milliseconds=1)
_LATEST_MS = 253_402_300_799_999  # the end of the year 9999
_SECONDS_BELOW = 100_000_000_000  # a smaller number is seconds (until the year 5138), a greater one ms
_SHORTEST_ISO = len("2026-11-23T08")


class BadTime(ValueError):
    """A time that names no instant."""


def parse_instant(value: object, utc_offset_s: int) -> int:
    """Milliseconds UTC of an ISO 8601 text or of epoch seconds or milliseconds.

    A text without zone is the device's wall time at `utc_offset_s`. Raises BadTime.
    """
    kind = type(value)
    if kind is str:
        return _of_text(str(value), utc_offset_s)
    if kind is int or kind is float:
        return _of_number(value)  # type: ignore[arg-type]
    raise BadTime(f"time: {str(value)[:40]!r} is neither an ISO 8601 text nor an epoch number")


def _of_number(value: float) -> int:
    if not 0 <= value <= _LATEST_MS:
        raise BadTime(f"time: {str(value)[:40]} is no epoch second or millisecond of the years 1970 to 9999")
    return round(value * 1000) if value < _SECONDS_BELOW else round(value)


def _of_text(text: str, utc_offset_s: int) -> int:
    if text.isascii() and text.isdigit() and len(text) in (10, 13):
        return _of_number(int(text))
    if len(text) < _SHORTEST_ISO:  # a date alone is a day, no instant
        raise BadTime(f"time: {text!r} is no ISO 8601 instant, for example 2026-11-23T08:00:00+08:00")
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise BadTime(
            f"time: {text[:40]!r} is no ISO 8601 instant, for example 2026-11-23T08:00:00+08:00"
        ) from None
    if parsed.tzinfo is None:
        at_ms = (parsed - _NAIVE_EPOCH) // _MILLISECOND - utc_offset_s * 1000
    else:
        at_ms = (parsed - EPOCH) // _MILLISECOND
    if not 0 <= at_ms <= _LATEST_MS:
        raise BadTime(f"time: {text[:40]!r} is outside the years 1970 to 9999")
    return at_ms


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
