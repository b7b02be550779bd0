"""Ids of published records: hashes of what identifies each, equal however often it is found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping


def short_id(*parts: object) -> str:
    """Id from the parts that identify something: 20 hex digits of SHA-256 over them."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


_TIME_DIGITS = 11  # hex: 44 bits of milliseconds last until the year 2527
_TIME_MASK = 16**_TIME_DIGITS - 1


def reading_id(
    device: str, time: int, period: int, numbers: Mapping[str, int], flagged: Mapping[str, str]
) -> str:
    """Id of a reading: 11 hex digits of its time, so that history can find it, and 9 of its content's hash.

    Instants and period in ms, numbers in thousandths, flags as the device sent them.
    """
    content = short_id("reading", device, time, period, sorted(numbers.items()), sorted(flagged.items()))
    return f"{time & _TIME_MASK:0{_TIME_DIGITS}x}{content[: 20 - _TIME_DIGITS]}"


def time_of_reading(id_: str) -> int | None:
    """Time encoded in a reading's id, ms; None if it isn't a reading's id."""
    if len(id_) != 20:
        return None
    try:
        return int(id_[:_TIME_DIGITS], 16)
    except ValueError:
        return None


def ids_of(*parts: object) -> Callable[[str], str]:
    """Function making ids from these parts and a varying last one: for the many ids of one window."""
    begin = hashlib.blake2b("\x1f".join([*map(str, parts), ""]).encode(), digest_size=10)

    def of(last: str) -> str:
        whole = begin.copy()
        whole.update(last.encode())
        return whole.hexdigest()

    return of
