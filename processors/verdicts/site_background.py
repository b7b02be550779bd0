"""The background that another monitor of the same site gives: its reference one, or the one upwind.

It is measured, admitted and amended as the point's own mean is, so nothing is waited for: what is not
there when the hour closes is missing, and what comes late supersedes.
"""

from __future__ import annotations

import numpy as np

from ingest.units import JUDGED
from processors.columns import NANO, Int16s, Int32s, Int64s
from processors.measuring.intervals import interval_ids
from processors.plan.background_term import UPWIND
from processors.plan.plan import Plan
from processors.plan.rule_in_force import RuleInForce
from processors.records.reasons import NO_BACKGROUND, NO_UPWIND, NO_WIND
from processors.verdicts.answers import Held
from processors.wind import PAIR_REASONS, PAIRING_SETTINGS, Wind, upwind_of
from processors.windows import slots_in

# bits by index in PAIR_REASONS: the reasons of the wind follow each other
_BITS = np.array([0, *(NO_WIND << i for i in range(len(PAIR_REASONS) - 1))], np.int16)
assert _BITS[-1] == NO_UPWIND

Shown = tuple[float | None, float | None, tuple[str, ...]]  # background, what of it counts, ids


def sources_of(rule: RuleInForce, plan: Plan, held: Held, start: int, wind: Wind | None) -> Int16s:
    """Name each point's source in `held.source`; bits that say why a point has none, by row.

    `wind`: of the hour by site, for a rule that asks what is upwind.
    """
    slots = slots_in(plan.interval, held.end - start)
    covered = held.covered.astype(np.int64)
    present = (slots > 0) & (covered > 0) & (covered * 10_000 >= rule.least_permyriad * slots)
    term = rule.rule.background
    assert term is not None
    if term.kind == UPWIND:
        assert wind is not None
        ground = plan.ground
        source, reason = upwind_of(
            ground.pairs, wind.direction, wind.state, present, ground.site, PAIRING_SETTINGS
        )
        bits = _BITS[reason]
    else:
        source = plan.reference_for(rule)
        source = np.where((source >= 0) & present[source], source, -1).astype(np.int32)
        bits = np.zeros(len(plan), np.int16)
    held.source = source
    return np.where(source < 0, bits | NO_BACKGROUND, 0).astype(np.int16)


def means_at(held: Held, rows: Int32s) -> Int64s:
    """What each point's source measured, 1e-9 unit; 0 where there is none."""
    if held.source is None:
        return np.zeros(len(rows), np.int64)
    source = held.source[rows]
    total, covered = held.total[source], np.maximum(held.covered[source].astype(np.int64), 1)
    return np.where(source >= 0, (2 * total + covered) // (2 * covered), 0)


def shown_at(rule: RuleInForce, plan: Plan, held: Held, start: int, rows: Int32s) -> list[Shown]:
    """What verdicts on these points say of their background."""
    assert held.source is not None
    made: list[Shown] = []
    pollutant, label = JUDGED[rule.pollutant], rule.statistic.label
    for source, nano in zip(held.source[rows].tolist(), means_at(held, rows).tolist(), strict=True):
        if source < 0:
            made.append((None, None, ()))
            continue
        of = interval_ids(pollutant, label, start, held.end, int(held.measured[source]))
        made.append((nano / NANO, min(nano, rule.cap) / NANO, (of(plan.devices[source]),)))
    return made
