"""Background from another monitor of the same site: its reference monitor, or the one upwind.

It is measured, admitted and amended like the point's own mean, so nothing is waited for: a background that
isn't there when the hour closes is missing, and one that comes late supersedes.
"""

from __future__ import annotations

import numpy as np

from ingest.units import JUDGED
from processors.columns import NANO, Int16s, Int32s, Int64s, Positions
from processors.measuring import interval_ids
from processors.plan import UPWIND, Plan
from processors.records import NO_BACKGROUND, NO_UPWIND, NO_WIND, OF_BACKGROUND
from processors.verdicts.answers import Answers, RuleInterval
from processors.wind import PAIR_REASONS, PAIRING_SETTINGS, Wind, upwind_of

# bits by index in PAIR_REASONS: the reasons of the wind follow each other
_BITS = np.array([0, *(NO_WIND << i for i in range(len(PAIR_REASONS) - 1))], np.int16)
assert _BITS[-1] == NO_UPWIND

Shown = tuple[float | None, float | None, tuple[str, ...]]  # background, what of it counts, ids


def sources_of(interval: RuleInterval, plan: Plan, wind: Wind | None) -> Int16s:
    """Sets each point's source in `answers.source`; returns bits that say why a point has none, by row.

    `wind`: of the hour by site, for a rule that needs the upwind monitor; None: forgotten, the sources stay.
    """
    rule, answers = interval.rule, interval.answers
    slots = plan.slots(interval.length)
    covered = answers.covered.astype(np.int64)
    present = (slots > 0) & (covered > 0) & (covered * 10_000 >= rule.least_permyriad * slots)
    term = rule.rule.background
    assert term is not None
    if term.kind == UPWIND and wind is None:
        assert answers.source is not None
        return np.where(answers.source < 0, answers.bits & OF_BACKGROUND | NO_BACKGROUND, 0).astype(np.int16)
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
    answers.source = source
    return np.where(source < 0, bits | NO_BACKGROUND, 0).astype(np.int16)


def means_at(answers: Answers, rows: Int32s | Positions) -> Int64s:
    """Mean measured by each point's source, 1e-9 unit; 0 where there is none."""
    if answers.source is None:
        return np.zeros(len(rows), np.int64)
    source = answers.source[rows]
    total, covered = answers.total[source], np.maximum(answers.covered[source].astype(np.int64), 1)
    return np.where(source >= 0, (2 * total + covered) // (2 * covered), 0)


def shown_at(interval: RuleInterval, plan: Plan, rows: Int32s) -> list[Shown]:
    """Background as shown in the verdicts on these points."""
    rule, start, answers = interval
    assert answers.source is not None
    made: list[Shown] = []
    pollutant, label = JUDGED[rule.pollutant], rule.statistic.label
    for source, nano in zip(answers.source[rows].tolist(), means_at(answers, rows).tolist(), strict=True):
        if source < 0:
            made.append((None, None, ()))
            continue
        id_of = interval_ids(pollutant, label, start, answers.end, int(answers.interval_revision[source]))
        made.append((nano / NANO, min(nano, rule.cap) / NANO, (id_of(plan.devices[source]),)))
    return made
