"""Recomputation of an outlook on an open window from the readings that were known then. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from processors.audit.arithmetic import Slot
from processors.audit.facts import DeviceFacts, RuleFacts
from processors.audit.recompute import (
    AuditedReading,
    Difference,
    Hypothesis,
    Recomputation,
    audited_readings,
    counted_day,
    first_agreeing,
    window_over,
)
from processors.audit.trail import DAY, Trail
from processors.columns import HOUR_MS, NANO, QUARTER_MS
from processors.history import OutlookRow
from processors.windows import LATENESS_MS


def recompute_outlook(trail: Trail, outlook: OutlookRow) -> Recomputation:
    """Recompute what was settled at that instant, and the mean from then on that would comply.

    A quarter of an hour keeps the sum that it closed with, so readings that arrived later do not count. How
    long it waited depends on other rules, so three latenesses are tried: the default, this rule's own, and
    no limit.
    """
    is_long = outlook.end - outlook.start > HOUR_MS
    if outlook.kind == DAY:
        found = replace(counted_day(trail), is_long=is_long)
        differences = (
            ()
            if found.exceeding == outlook.covered
            else (Difference("covered", found.exceeding, outlook.covered),)
        )
        return replace(found, differences=differences, agrees=not differences, hypotheses=1)
    if trail.device is None or trail.rule is None:
        return Recomputation(is_long=is_long)
    device, rule = trail.device, trail.rule

    def attempt(lateness: int | None) -> Recomputation:
        hypothesis = Hypothesis(outlook.at, quarters=LATENESS_MS if lateness is None else lateness)
        readings = audited_readings(trail, outlook.pollutant, hypothesis)
        return _settled(outlook, _in_time(readings, lateness), device, rule)

    latenesses = (LATENESS_MS, max(rule.lateness, LATENESS_MS), None)
    return first_agreeing(map(attempt, latenesses), otherwise=-1)


def _settled(
    outlook: OutlookRow, readings: Sequence[AuditedReading], device: DeviceFacts, rule: RuleFacts
) -> Recomputation:
    window = window_over(readings, device, (outlook.start, outlook.end))
    slots = [slot for slot in window.slots if slot.start < _settled_until(outlook)]
    window = replace(window, slots=tuple(slots), expected=outlook.slots, value=_mean(slots))
    is_long = outlook.end - outlook.start > HOUR_MS
    required = required_mean(outlook, slots, rule)
    pairs = [Difference("covered", len(slots), outlook.covered)]
    if not is_long:  # of hours it depends on the one that had begun, by its slots
        pairs.append(Difference("required", required, outlook.required))
    differences = tuple(pair for pair in pairs if not _same(pair.recomputed, pair.stored))
    return Recomputation(
        readings=readings,
        window=window,
        agrees=not differences,
        differences=differences,
        cutoff=outlook.at,
        is_long=is_long,
    )


def _settled_until(outlook: OutlookRow) -> int:
    return outlook.start + outlook.settled * ((outlook.end - outlook.start) // max(outlook.slots, 1))


def _in_time(readings: Sequence[AuditedReading], lateness: int | None) -> list[AuditedReading]:
    """Readings that arrived before their quarter closed; `lateness` None: all of them."""
    return [
        one
        for one in readings
        if lateness is None or one.row.received_at < (one.row.time // QUARTER_MS + 1) * QUARTER_MS + lateness
    ]


def _mean(slots: Sequence[Slot]) -> float | None:
    return sum(slot.mean for slot in slots) / len(slots) / NANO if slots else None


def bar_of(outlook: OutlookRow) -> int | None:
    """Limit plus the background likely to be subtracted, 1e-9 unit; None: nothing is known of the latter."""
    if outlook.subtracted is None and not outlook.background_known:
        return None
    return round(float(outlook.limit) * NANO) + round(float(outlook.subtracted or 0.0) * NANO)


def required_mean(outlook: OutlookRow, slots: Sequence[Slot], rule: RuleFacts) -> float | None:
    """Greatest mean of the open slots with which the window complies; None if none would."""
    bar, rest = bar_of(outlook), outlook.slots - outlook.settled
    least = -(-round(rule.least_capture * 10_000) * outlook.slots // 10_000)
    if bar is None or rest <= 0 or len(slots) + rest < max(least, 1):
        return None
    left = bar * (len(slots) + rest) - sum(slot.mean for slot in slots) - (0 if rule.strict else 1)
    return left // rest / NANO if left >= 0 else None


def _same(ours: float | None, stored: float | None) -> bool:
    if ours is None or stored is None:
        return ours is None and stored is None
    return abs(ours - stored) <= 1e-6 * max(1.0, abs(stored))
