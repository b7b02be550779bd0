"""Recomputation of a result from its trail, compared with what was published. Pure.

History does not hold everything that the fold knew: which of two contradicting readings counted, and which
readings had been folded when a window closed. Each possibility is a hypothesis; hypotheses are tried in order
until one agrees, and an explanation states how many were tried.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Any, NamedTuple

from processors.audit.admission import AdmissionTerms, ValueAdmission, admission
from processors.audit.arithmetic import (
    MEAN,
    LimitComparison,
    SlotStatistic,
    Value,
    Window,
    long_window_of,
    window_of,
)
from processors.audit.corrections import corrected, correction_of, maintenance_windows
from processors.audit.facts import DeviceFacts, RuleFacts
from processors.audit.trail import DAY, Trail
from processors.columns import HOUR_MS, NANO, NEVER, QUARTER_MS
from processors.history import MeasuringRow, ReadingRow, RulingRow
from processors.windows import LATENESS_MS

_MOST_CONFLICTS = 6  # of a window for which every choice is tried
_NOTHING_REPLACED: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class AuditedReading:
    """A reading of the trail and its admission; `is_conflicting`: it contradicts another of the same time."""

    row: ReadingRow
    admission: ValueAdmission  # of the value that was judged
    is_conflicting: bool
    raw: float  # what was sent


class Difference(NamedTuple):
    """A recomputed value that differs from the stored one; `name` is a key of `processors.audit.texts`."""

    name: str
    recomputed: Any
    stored: Any


class Hypothesis(NamedTuple):
    """Assumption about the readings that were known, and that counted, when a result was decided."""

    cutoff: int | None = None  # readings received from then on were not known
    replacing: frozenset[int] = _NOTHING_REPLACED  # rows of `conflicts` that count in place of their rivals
    quarters: int | None = None  # ms that quarters waited: flags are of their close; None: of the cutoff

    def flags_known_by(self, time: int) -> int | None:
        """Instant by which a later value must have come for a finding on a value of that time to count."""
        if self.quarters is None or self.cutoff is None:
            return self.cutoff
        closed = (time // QUARTER_MS + 1) * QUARTER_MS + self.quarters
        return closed if closed <= self.cutoff else NEVER


@dataclass(frozen=True, slots=True)
class Recomputation:
    """Steps and outcome of a recomputation; `agrees` is None if history lacks what the arithmetic needs."""

    readings: Sequence[AuditedReading] = ()
    window: Window | None = None
    comparison: LimitComparison | None = None
    background: float | None = None  # mean of the records found
    value: float | None = None
    answer: str | None = None
    agrees: bool | None = None
    differences: tuple[Difference, ...] = ()
    cutoff: int | None = None  # readings received from then on were not known
    is_long: bool = False  # made of hours
    day_parts: Mapping[int, RulingRow] = field(default_factory=dict)  # a day's intervals by start
    exceeding: int = 0  # of them
    hypotheses: int = 0  # that were tried; 0: there was nothing to compute

    def compared(self, *pairs: tuple[str, Any, Any]) -> Recomputation:
        """A copy with the differences among (name, recomputed, stored)."""
        found = tuple(Difference(*pair) for pair in pairs if not _same(pair[1], pair[2]))
        return replace(self, differences=found, agrees=not found, hypotheses=1)


def first_agreeing(attempts: Iterable[Recomputation], otherwise: int = 0) -> Recomputation:
    """The first attempt that agrees, or else the one at `otherwise`, with the number of attempts made."""
    made = []
    for attempt in attempts:
        made.append(attempt)
        if attempt.agrees:
            break
    found = made[-1] if made[-1].agrees else made[otherwise]
    return found if found.agrees is None else replace(found, hypotheses=len(made))


def recompute(trail: Trail) -> Recomputation:
    """Recompute the verdict or interval that the trail is about."""
    verdict = trail.verdict
    if verdict is None:
        interval = trail.interval
        return _interval(trail, interval) if trail.kind == "interval" and interval else Recomputation()
    if verdict.kind == DAY:
        return _day(trail, verdict)
    if verdict.kind == "instant":
        return _single_value(trail, verdict)
    if trail.device is None or trail.rule is None:
        return _window_readings(trail, verdict, Hypothesis(verdict.decided_at))
    # what was on its way when the window closed may have been folded after its decision, not before
    cutoffs = (verdict.decided_at, verdict.end + trail.rule.lateness)
    hypotheses = (Hypothesis(*pair) for pair in product(cutoffs, _replacements(trail)))
    device, rule = trail.device, trail.rule
    return first_agreeing(_window(trail, verdict, device, rule, one) for one in hypotheses)


def _replacements(trail: Trail) -> Iterator[frozenset[int]]:
    """Possible choices among contradicting readings: the fold decided by a hash that history lacks."""
    numbers = range(min(len(trail.conflicts), _MOST_CONFLICTS))
    for many in range(len(numbers) + 1):
        yield from map(frozenset, combinations(numbers, many))


def _interval(trail: Trail, interval: MeasuringRow) -> Recomputation:
    is_long = interval.end - interval.start > HOUR_MS
    label = interval.statistic
    percentile = float(label[1:]) if label[1:].replace(".", "").isdigit() else None
    if trail.device is None or (label not in ("mean", "max") and percentile is None):
        readings = audited_readings(trail, interval.pollutant, Hypothesis())
        return Recomputation(readings=readings, is_long=is_long)
    statistic = SlotStatistic("percentile" if percentile is not None else label, percentile)
    device = trail.device

    def attempt(hypothesis: Hypothesis) -> Recomputation:
        readings = audited_readings(trail, interval.pollutant, hypothesis)
        window = window_over(readings, device, (interval.start, interval.end), statistic)
        found = Recomputation(
            readings=readings,
            window=window,
            value=window.value,
            cutoff=hypothesis.cutoff,
            is_long=is_long,
        )
        return found.compared(
            ("value", window.value, interval.value), ("capture", window.capture or 0.0, interval.capture)
        )

    hypotheses = (Hypothesis(*pair) for pair in product(_cutoffs(trail, interval), _replacements(trail)))
    return first_agreeing(map(attempt, hypotheses), otherwise=-1)


def _cutoffs(trail: Trail, interval: MeasuringRow) -> Iterator[int | None]:
    """Possible cutoffs of receipt when a revision was measured; None: all readings were known."""
    yield None
    if interval.revision == 1:
        yield interval.end + LATENESS_MS
    if len(trail.intervals) > 1 and trail.intervals[-1].id != interval.id:
        came = sorted({row.received_at for row in (*trail.readings, *trail.conflicts, *trail.following)})
        yield from (at + 1 for at in came if at >= interval.end)


def _window_readings(trail: Trail, verdict: RulingRow, hypothesis: Hypothesis) -> Recomputation:
    """Readings and background of a verdict's window, without the arithmetic of its rule."""
    return Recomputation(
        readings=audited_readings(trail, verdict.pollutant, hypothesis),
        background=_background_mean(trail, verdict),
        cutoff=hypothesis.cutoff,
        is_long=verdict.end - verdict.start > HOUR_MS,
    )


def _window(
    trail: Trail, verdict: RulingRow, device: DeviceFacts, rule: RuleFacts, hypothesis: Hypothesis
) -> Recomputation:
    known = _window_readings(trail, verdict, hypothesis)
    statistic = SlotStatistic(rule.statistic, rule.percentile, rule.above)
    window = window_over(known.readings, device, (verdict.start, verdict.end), statistic)
    capture = window.capture or 0.0
    pairs: list[tuple[str, Any, Any]] = [
        ("value", window.value, verdict.value),
        ("capture", capture, verdict.capture),
    ]
    if verdict.background is not None and known.background is not None:
        pairs.append(("background", known.background, verdict.background))
    comparison = None
    if verdict.value is not None and window.value is not None:
        comparison = _comparison(verdict, rule, window.value, known.background)
    is_covered = capture >= math.floor(rule.least_capture * 10_000 + 0.5) / 10_000
    waits = rule.background is not None and verdict.background is None
    answer = "undetermined"
    if is_covered and not waits and comparison is not None:
        answer = "exceeds" if comparison.exceeds else "compliant"
    if "log_gap" not in verdict.reasons:  # there the log knew of more than was measured
        pairs.append(("answer", answer, verdict.answer))
    found = replace(known, window=window, value=window.value, comparison=comparison, answer=answer)
    return found.compared(*pairs)


def _comparison(
    verdict: RulingRow, rule: RuleFacts, value: float, background: float | None
) -> LimitComparison:
    cap = rule.background.cap if rule.background is not None else None
    known = verdict.background if background is None else background
    return LimitComparison(
        value,
        None if verdict.background is None else known,
        None if cap is None else cap * rule.factor,
        verdict.limit,
        rule.strict,
    )


def _single_value(trail: Trail, verdict: RulingRow) -> Recomputation:
    readings = audited_readings(trail, verdict.pollutant, Hypothesis())
    values = [one.admission.value for one in readings if not one.admission.why]
    if trail.rule is None or not values:
        return Recomputation(readings=readings)
    tried = 1
    if verdict.start == verdict.end:
        # a device may send an instant and a mean under one time: the rule judged one of them
        tried = len(set(values))
        values = [value for value in values if value == verdict.value] or values
    comparison = LimitComparison(max(values), None, None, verdict.limit, trail.rule.strict)
    answer = "exceeds" if comparison.exceeds else "compliant"
    found = Recomputation(readings=readings, value=max(values), comparison=comparison, answer=answer)
    compared = found.compared(("value", found.value, verdict.value), ("answer", found.answer, verdict.answer))
    return replace(compared, hypotheses=tried)


def _day(trail: Trail, verdict: RulingRow) -> Recomputation:
    found = counted_day(trail)
    if not found.day_parts:
        return Recomputation()
    comparison = LimitComparison(float(found.exceeding), None, None, verdict.limit, strict=True)
    return replace(found, comparison=comparison).compared(("value", found.value, verdict.value))


def counted_day(trail: Trail) -> Recomputation:
    """Count the intervals of a day that exceed, each by its last revision."""
    parts = {part.start: part for part in trail.day_parts}  # they come by start and revision
    exceeding = sum(part.answer == "exceeds" for part in parts.values())
    return Recomputation(day_parts=parts, exceeding=exceeding, value=float(exceeding))


def audited_readings(trail: Trail, pollutant: str, hypothesis: Hypothesis) -> list[AuditedReading]:
    """Every reading that has the pollutant, with its admission, by time."""
    rule = trail.rule
    maintenance = maintenance_windows(trail.signals)
    terms = AdmissionTerms(maintenance=maintenance, cutoff=hypothesis.cutoff)
    if rule is not None:
        terms = replace(terms, refuses=rule.refuses, refuses_suspect=rule.refuses_suspect)
    replaced = {trail.conflicts[i].key for i in hypothesis.replacing}
    rows = [(row, False, row.key in replaced) for row in trail.readings]
    rows += [(row, True, i not in hypothesis.replacing) for i, row in enumerate(trail.conflicts)]
    made = []
    for row, is_conflicting, is_beaten in rows:
        words = trail.words_of_checks(row, pollutant, hypothesis.flags_known_by(row.time))
        found = admission(row, pollutant, terms, words, is_beaten)
        if found is not None:
            judged = corrected(found.value, correction_of(row, pollutant, trail.device, trail.signals))
            made.append(AuditedReading(row, found._replace(value=judged), is_conflicting, found.value))
    return sorted(made, key=lambda one: (*one.row.key, one.is_conflicting))


def window_over(
    readings: Iterable[AuditedReading],
    device: DeviceFacts,
    span: tuple[int, int],
    statistic: SlotStatistic = MEAN,
) -> Window:
    """The window [start, end) over the admitted readings."""
    start, end = span
    values = [
        Value(one.row.time, one.row.period, round(one.admission.value * 1000))
        for one in readings
        if not one.admission.why
    ]
    made: Callable[..., Window] = long_window_of if end - start > HOUR_MS else window_of
    return made(values, device.interval, start, end, statistic)


def _background_mean(trail: Trail, verdict: RulingRow) -> float | None:
    """Mean of the background records that the verdict names, computed as the fold computes an area's mean."""
    if trail.rule is not None and trail.rule.background is not None and trail.rule.background.is_beside:
        value = trail.reference.value if trail.reference is not None else None
        return None if value is None else round(value * NANO) / NANO
    pollutant = verdict.pollutant
    values = [record.values[pollutant] for record in trail.backgrounds if pollutant in record.values]
    if not values or len(values) < len(verdict.background_ids):
        return None
    total = sum(values) * (NANO // 1000)
    return float((2 * total + len(values)) // (2 * len(values)) / NANO)


def _same(ours: Any, stored: Any) -> bool:
    if isinstance(ours, float) and isinstance(stored, float | int):
        return math.isclose(ours, stored, rel_tol=1e-12, abs_tol=1e-9)
    return bool(ours == stored)
