"""Explanation of a stored reading: its values, the findings of the checks, the results that depend on it."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.units import QUANTITIES
from processors.audit.admission import AdmissionTerms, admission
from processors.audit.arithmetic import number
from processors.audit.corrections import corrected, correction_of, maintenance_windows
from processors.audit.teller import Teller
from processors.history import MeasuringRow, ReadingRow


def reading_lines(teller: Teller, reading: ReadingRow) -> Iterator[str]:
    """The explanation of a reading, one line per fact."""
    trail, t, line = teller.trail, teller.say, teller.line
    yield line("reading", t("reading_is", id=trail.id, received=teller.instant(reading.received_at)))
    yield teller.place(reading.site, reading.device)
    yield teller.period(reading.time, reading.time + reading.period)
    yield from teller.configured()
    yield from teller.listing("values", _values(teller, reading))
    yield from teller.orders()
    if reading.marks:
        yield line("marks", ", ".join(teller.why(f"mark:{mark}") for mark in reading.marks))
    if trail.is_conflicting:
        yield line("marks", t("kept_beside"))
    yield from teller.listing("enters", (_entered(teller, one) for one in trail.intervals))
    yield from teller.listing("rests", map(teller.dependent, trail.dependents))


def _entered(teller: Teller, one: MeasuringRow) -> str:
    return teller.say(
        "entered",
        pollutant=one.pollutant,
        statistic=one.statistic,
        id=one.id,
        start=teller.instant(one.start),
        end=teller.instant(one.end),
        value="-" if one.value is None else number(one.value),
        revision=one.revision,
    )


def _values(teller: Teller, reading: ReadingRow) -> Iterator[str]:
    """Each value with the findings of the checks and, if calibrated, the value that was judged."""
    trail = teller.trail
    # what no rule may use, whatever else a rule refuses
    terms = AdmissionTerms(maintenance=maintenance_windows(trail.signals))
    for name, quantity in QUANTITIES.items():
        words = trail.words_of_checks(reading, name)
        found = admission(reading, name, terms, words, trail.is_conflicting)
        if found is None:
            continue
        parts = [f"{name} {number(found.value)} {quantity.unit}", *found.words]
        judged = corrected(found.value, correction_of(reading, name, trail.device, trail.signals))
        if judged != found.value:
            parts.append(teller.say("calibrated_to", value=number(judged)))
        if found.why:
            parts.append(teller.say("not_admitted", why=", ".join(teller.why(why) for why in found.why)))
        yield "  ".join(parts)
