"""Why a stored reading did or did not enter a mean, from its flags, marks and the orders of its time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from processors.plan.rules import NO_MEASUREMENT

Line = Mapping[str, Any]

# marks of a reading of which no window takes anything
LEFT_OUT = ("late", "future", "unknown_device", "unjudged")
_ABOVE_RANGE = "T"  # HJ 212: beyond the upper limit of the range


class Admission(NamedTuple):
    """`why`: codes, empty where the value is admitted."""

    value: float
    words: tuple[str, ...]  # of the quality checks and the device: `spike!` failed, `spike` suspect
    why: tuple[str, ...]


def admission(
    reading: Line,
    pollutant: str,
    rule: Line,
    words: str | None = None,
    maintenance: Sequence[tuple[int, int | None]] = (),
    before: int | None = None,
    beaten: bool = False,
) -> Admission | None:
    """Of a row of `readings` by a rule as data; None: it has no such value.

    `words`: of the row of `quality`; `maintenance`: [start, end) at the site; `before`: instant of the
    decision; `beaten`: another reading of the same time counts in its place.
    """
    value = reading.get(pollutant)
    if value is None:
        return None
    said = _said(reading.get("flags"), pollutant, words)
    refuses, suspect = rule.get("refuses", NO_MEASUREMENT), rule.get("refuses_suspect", ())
    why = [
        f"check:{word}"
        for word in said
        if (word.removesuffix("!") in (refuses if word.endswith("!") else suspect))
    ]
    marks = (reading.get("marks") or "").split(",")
    why += [f"mark:{mark}" for mark in LEFT_OUT if mark in marks]
    if beaten:
        why.append("conflict")
    time, period = reading["time"], round(float(reading.get("period") or 0) * 1000)
    reach = time + max(period, 1)  # a mean that ends where maintenance begins was measured before it
    if any((until is None or time < until) and reach > start for start, until in maintenance):
        why.append("maintenance")
    if before is not None and reading["received_at"] >= before:
        why.append("after")
    return Admission(float(value), said, tuple(why))


def _said(flags: str | None, pollutant: str, words: str | None) -> tuple[str, ...]:
    """What the checks say of the value; where none has said anything, what its device flags mean."""
    found = set(_of(words, pollutant).split(",")) - {""}
    flag = _of(flags, pollutant)
    if flag not in ("", "N"):
        found.add("above_range!" if flag == _ABOVE_RANGE else "device_flag!")
    return tuple(sorted(found))


def _of(text: str | None, pollutant: str) -> str:
    pairs: Iterable[list[str]] = (pair.split("=", 1) for pair in (text or "").split(";") if "=" in pair)
    return next((said for name, said in pairs if name == pollutant), "")
