"""Verdict records out of a rule's answers over an interval."""

from __future__ import annotations

import numpy as np

from ingest.units import JUDGED
from processors import beside
from processors.answers import ANSWER_OF, OF_BACKGROUND, REASONS_OF, Held, Int32s
from processors.in_force import RuleInForce
from processors.intervals import interval_ids
from processors.records import Verdict, ids_of
from processors.revision import Plan
from processors.windows import NANO, slots_in

NOTHING: beside.Shown = (None, None, ())


def verdict_records(
    plan: Plan, rule: RuleInForce, start: int, held: Held, rows: Int32s, at: int
) -> list[Verdict]:
    """The verdicts of a rule on some points, by row, decided at `at`."""
    own = rule.rule
    covered = held.covered[rows].astype(np.int64)
    value = held.total[rows] / np.maximum(covered * NANO, 1)
    capture = covered / np.maximum(slots_in(plan.interval, held.end - start)[rows], 1)
    backgrounds = _backgrounds(plan, rule, start, held, rows)
    pollutant, end = JUDGED[rule.pollutant], held.end
    # by position, the greater part once: a verdict by keywords costs twice as much
    of_rule = (own.id, rule.revision, own.titles, own.clause, own.citation, own.status)
    of_window = (pollutant, rule.unit, start, end)
    limit = rule.limit / NANO
    revisions = held.revision[rows].tolist()
    id_of = {n: ids_of("verdict", own.id, rule.revision, "interval", start, end, n) for n in set(revisions)}
    measured = held.measured[rows].tolist()
    interval_of = {n: interval_ids(pollutant, rule.statistic.label, start, end, n) for n in set(measured)}
    made = []
    for row, state, bits, revision, slots, number, share, background, of in zip(
        rows.tolist(),
        held.state[rows].tolist(),
        held.bits[rows].tolist(),
        revisions,
        covered.tolist(),
        value.tolist(),
        capture.tolist(),
        backgrounds,
        measured,
        strict=True,
    ):
        device = plan.devices[row]
        # a background plays a part only where the measurement could be judged at all
        mean, subtracted, ids = NOTHING if bits & ~OF_BACKGROUND else background
        made.append(
            Verdict(
                id_of[revision](device),
                "interval",
                plan.sites[row],
                device,
                *of_rule,
                *of_window,
                ANSWER_OF[state],
                REASONS_OF[bits],
                number if slots else None,
                mean,
                subtracted,
                ids,
                limit,
                share,
                interval_of[of](device) if slots else None,
                revision,
                rule.configuration,
                at,
            )
        )
    return made


def _backgrounds(plan: Plan, rule: RuleInForce, start: int, held: Held, rows: Int32s) -> list[beside.Shown]:
    """(mean, what of it counts, ids) of each point's background."""
    if held.source is not None:
        return beside.shown_at(rule, plan, held, start, rows)
    of_area = {
        area: (mean.nano / NANO, min(mean.nano, rule.cap) / NANO, mean.ids)
        for area, mean in held.used.items()
    }
    return [of_area.get(area, NOTHING) for area in plan.areas_for(rule)[rows].tolist()]
