"""Ids of what is published: hashes of what identifies a thing, the same however often it is found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping


def short_id(*parts: object) -> str:
    """An id from what identifies a thing: 20 hex digits of SHA-256 over its parts."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


_TIME_DIGITS = 11  # hex: 44 bits of milliseconds last until the year 2527
_TIME_MASK = 16**_TIME_DIGITS - 1


def reading_id(
    device: str, time: int, period: int, numbers: Mapping[str, int], flagged: Mapping[str, str]
) -> str:
    """The id of a reading: its time in 11 hex digits, so that history finds it, and 9 of a hash of it all.

    Instants and period in ms, numbers in thousandths, flags as the device sent them.
    """
    content = short_id("reading", device, time, period, sorted(numbers.items()), sorted(flagged.items()))
    return f"{time & _TIME_MASK:0{_TIME_DIGITS}x}{content[: 20 - _TIME_DIGITS]}"


def time_of_reading(id_: str) -> int | None:
    """The time that a reading's id speaks of, ms; None for what is no id."""
    if len(id_) != 20:
        return None
    try:
        return int(id_[:_TIME_DIGITS], 16)
    except ValueError:
        return None


def ids_of(*parts: object) -> Callable[[str], str]:
    """Ids from these parts and a last one that varies: for the many that one window makes."""
    begin = hashlib.blake2b("".join(f"{part}\x1f" for part in parts).encode(), digest_size=10)

    def of(last: str) -> str:
        whole = begin.copy()
        whole.update(last.encode())
        return whole.hexdigest()

    return of
