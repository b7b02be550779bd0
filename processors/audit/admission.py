"""Admission of a stored reading to a mean, decided by its flags, its marks and the orders in force."""

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
    """Terms of admission: checks that a rule refuses, maintenance at the site, and a cutoff of receipt."""

    refuses: Sequence[str] = NO_MEASUREMENT  # where a value failed them
    refuses_suspect: Sequence[str] = ()  # where it is suspect
    maintenance: Sequence[tuple[int, int | None]] = ()  # [start, end) at the site
    cutoff: int | None = None  # what was received from then on was not known


class ValueAdmission(NamedTuple):
    """A value and its admission; `why`: codes of the reasons against it, empty if it is admitted."""

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
    """Admission of one value of a reading; None: the reading has no such value.

    `words`: findings of the checks on the value; `beaten`: another reading of the same time counts instead.
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
    """True if any of it was measured within [start, until); a mean that ends at `start` was not."""
    return (until is None or reading.time < until) and reading.end > start


def _verdict_of_checks(reading: ReadingRow, pollutant: str, words: Sequence[str]) -> tuple[str, ...]:
    """Findings of the checks on a value, together with the meaning of its device's flag."""
    found = set(words)
    flag = reading.flags.get(pollutant, "")
    if flag not in ("", "N"):
        found.add("above_range!" if flag == _ABOVE_RANGE else "device_flag!")
    return tuple(sorted(found))
