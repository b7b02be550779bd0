"""Instants as written in payloads, converted to milliseconds UTC and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from ingest.durations import DAY_MS
from ingest.records import Rejected

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time of a device, its offset is taken off after
_DAY = timedelta(days=1)
_MIDNIGHT = "240000"  # at the end of a day
_LATEST_MS = 253_402_300_799_999  # the end of the year 9999
_EARLIEST_MS = -14 * 3600 * 1000  # 1970 begins in the easternmost zone: a clock that was never set
_SECONDS_BELOW = 100_000_000_000  # a smaller number is seconds (until the year 5138), a greater one ms
_LONGEST_TEXT = 40
_SHORTEST_ISO = len("2026-11-23T08")
_DAYS_END = re.compile(r"(\d{4}-?\d{2}-?\d{2})[T ]24(:?00){0,2}(?:\.0+)?(?=$|[Z+-])", re.ASCII)


Clock = int | tzinfo  # of times without a zone: seconds ahead of UTC, or a zone with its summer time


class BadTime(ValueError):
    """A time that does not denote an instant."""


class SentInstant(NamedTuple):
    """The time of a payload: an instant (ms UTC), or why it is none, or neither where none was sent."""

    instant: int | None
    fault: Rejected | None = None  # its raw bytes are for the decoder to add

    def start_of(self, period: int, label_end: bool) -> int | None:
        """Start of a period (ms) whose start or end the time marks."""
        return self.instant - period if label_end and period and self.instant is not None else self.instant


NO_INSTANT = SentInstant(None)


def sent_instant(value: object, clock: Clock, name: str = "time") -> SentInstant:
    """The time under a name of a payload, as `parse_instant`; null counts as none."""
    if value is None:
        return NO_INSTANT
    try:
        return SentInstant(parse_instant(value, clock))
    except BadTime as bad:
        return no_instant(f"{name}: {bad}")


def no_instant(why: str) -> SentInstant:
    """A time that is none."""
    return SentInstant(None, Rejected("bad_time", why, b""))


def parse_instant(value: object, clock: Clock) -> int:
    """Milliseconds UTC of an ISO 8601 text or of epoch seconds or milliseconds.

    A text without zone is wall time of `clock`; 24:00 is the end of the day that it names. Raises BadTime.
    """
    if isinstance(value, str):
        if len(value) > _LONGEST_TEXT:
            raise BadTime(f"{value[:40]!r} is too long for an instant")
        return _of_text(value, clock)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_number(value)
    raise BadTime(f"{str(value)[:40]!r} is neither an ISO 8601 text nor an epoch number")


def _of_number(value: float) -> int:
    if not 0 <= value <= _LATEST_MS:
        raise BadTime(f"{str(value)[:40]} is no epoch second or millisecond of the years 1970 to 9999")
    return round(value * 1000) if value < _SECONDS_BELOW else round(value)


# Monitors report on the minute: within moments the same text comes from many devices.
@lru_cache(maxsize=1024)
def _of_text(text: str, clock: Clock) -> int:
    # 2026-11-23... goes straight on; thirteen digits alone could be read as a date and a time
    if text[4:5] != "-" and len(text) in (10, 13) and text.isascii() and text.isdigit():
        return _of_number(int(text))
    # a date alone is a day, no instant; of fifteen digits alone one would be taken for the T
    if len(text) < _SHORTEST_ISO or text.isdigit():
        raise BadTime(f"{text!r} is no ISO 8601 instant, for example 2026-11-23T08:00:00+08:00")
    days_end = _DAYS_END.match(text)
    try:
        parsed = datetime.fromisoformat(f"{days_end[1]}T00:00{text[days_end.end() :]}" if days_end else text)
        if days_end:
            parsed += _DAY
    except (ValueError, OverflowError):
        raise BadTime(
            f"{text[:40]!r} is no ISO 8601 instant, for example 2026-11-23T08:00:00+08:00"
        ) from None
    return _checked(utc_ms(parsed, clock), text)


def utc_ms(parsed: datetime, clock: Clock = 0) -> int:
    """Milliseconds UTC; a wall time takes the offset of its own instant, the earlier of two."""
    if parsed.tzinfo is None:
        since = parsed - _NAIVE_EPOCH
        ahead_s = clock if isinstance(clock, int) else _ahead_s(parsed, clock)
        return since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000 - ahead_s * 1000
    since = parsed - EPOCH
    return since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000


def _ahead_s(wall: datetime, zone: tzinfo) -> int:
    """Seconds that a zone is ahead of UTC at a wall time."""
    try:
        offset = zone.utcoffset(wall)
    except OverflowError:  # the first or last day that calendars know
        offset = None
    return int(offset.total_seconds()) if offset else 0


def ahead_of_utc_s(clock: Clock, at_ms: int) -> int:
    """Seconds that a clock is ahead of UTC at an instant."""
    if isinstance(clock, int):
        return clock
    offset = datetime.fromtimestamp(at_ms / 1000, clock).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def _checked(at_ms: int, text: str) -> int:
    if at_ms > _LATEST_MS:
        raise BadTime(f"{text[:40]!r} is after the year 9999")
    if at_ms < _EARLIEST_MS:
        raise BadTime(f"{text[:40]!r} is before the year 1970")
    return at_ms


def compact_instant(digits: str, clock: Clock) -> int:
    """Milliseconds UTC of HJ 212's yyyyMMddHHmmss[SSS], a wall time. Raises BadTime."""
    if len(digits) not in (14, 17) or not (digits.isascii() and digits.isdigit()):
        raise BadTime(f"{digits[:40]!r} is not yyyyMMddHHmmss with or without milliseconds")
    days_end = digits[8:] in (_MIDNIGHT, _MIDNIGHT + "000")
    day = digits[:8] + "000000" if days_end else digits[:14]
    try:
        parsed = datetime.strptime(day, "%Y%m%d%H%M%S")  # noqa: DTZ007
        if days_end:
            parsed += _DAY
    except (ValueError, OverflowError):
        raise BadTime(f"{digits!r} names no instant of the calendar") from None
    return _checked(utc_ms(parsed, clock) + int(digits[14:] or 0), digits)


def compact_sent(digits: str, clock: Clock, name: str) -> SentInstant:
    """The time in a field of that name, as `compact_instant`."""
    try:
        return SentInstant(compact_instant(digits, clock))
    except BadTime as bad:
        return no_instant(f"{name}: {bad}")


@lru_cache(maxsize=256)  # many lines bear the same few
def instant_text(at_ms: int) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`."""
    return (EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds")[:-6] + "Z"
