"""Why a stored reading did or did not enter a mean, from its flags, marks and the orders of its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from processors.history import ReadingRow
from processors.plan import NO_MEASUREMENT

# marks of a reading of which no window takes anything
LEFT_OUT = ("late", "future", "unknown_device", "unjudged")
_ABOVE_RANGE = "T"  # HJ 212: beyond the upper limit of the range


@dataclass(frozen=True, slots=True)
class AdmissionTerms:
    """By what values are admitted: codes of the checks that a rule refuses, and what held at the time."""

    refuses: Sequence[str] = NO_MEASUREMENT  # where a value failed them
    refuses_suspect: Sequence[str] = ()  # where it is suspect
    maintenance: Sequence[tuple[int, int | None]] = ()  # [start, end) at the site
    cutoff: int | None = None  # what was received from then on was not known


class ValueAdmission(NamedTuple):
    """`why`: codes, empty where the value is admitted."""

    value: float
    words: tuple[str, ...]  # of the quality checks and the device: `spike!` failed, `spike` suspect
    why: tuple[str, ...]


def admission(
    reading: ReadingRow,
    pollutant: str,
    terms: AdmissionTerms,
    words: Sequence[str] = (),
    beaten: bool = False,
) -> ValueAdmission | None:
    """Of one value of a reading; None: the reading has no such value.

    `words`: what the checks say of the value; `beaten`: another reading of the same time counts in its place.
    """
    value = reading.values.get(pollutant)
    if value is None:
        return None
    said = _verdict_of_checks(reading, pollutant, words)
    why = [
        f"check:{word}"
        for word in said
        if word.removesuffix("!") in (terms.refuses if word.endswith("!") else terms.refuses_suspect)
    ]
    why += [f"mark:{mark}" for mark in LEFT_OUT if mark in reading.marks]
    if beaten:
        why.append("conflict")
    if any(_is_within(reading, *window) for window in terms.maintenance):
        why.append("maintenance")
    if terms.cutoff is not None and reading.received_at >= terms.cutoff:
        why.append("after")
    return ValueAdmission(float(value), said, tuple(why))


def _is_within(reading: ReadingRow, start: int, until: int | None) -> bool:
    """Was it measured within [start, until)? A mean that ends where maintenance begins was before it."""
    return (until is None or reading.time < until) and reading.end > start


def _verdict_of_checks(reading: ReadingRow, pollutant: str, words: Sequence[str]) -> tuple[str, ...]:
    """What the checks say of the value, and what its device's flag means."""
    found = set(words)
    flag = reading.flags.get(pollutant, "")
    if flag not in ("", "N"):
        found.add("above_range!" if flag == _ABOVE_RANGE else "device_flag!")
    return tuple(sorted(found))
