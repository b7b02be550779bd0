"""Conversion of a rule's answers over an interval to verdict records."""

from __future__ import annotations

import numpy as np

from ingest.units import JUDGED
from processors.columns import NANO, Int32s
from processors.measuring import interval_ids
from processors.plan import Plan
from processors.records import OF_BACKGROUND, REASONS_OF, REMARKS, VERDICTS, Group, Verdict, ids_of
from processors.verdicts import site_background
from processors.verdicts.answers import ANSWER_OF, RuleInterval

NOTHING: site_background.Shown = (None, None, ())


def verdicts_of(plan: Plan, interval: RuleInterval, rows: Int32s, at: int) -> Group[Verdict]:
    """The verdicts of a rule on some points, by row, decided at `at`."""
    rule, start, answers = interval
    own, places = rule.rule, rows.tolist()
    points, sites = [plan.devices[row] for row in places], [plan.sites[row] for row in places]
    at_rows = rows.astype(np.intp)  # other numbers are converted at each use
    covered, bits = answers.covered[at_rows].astype(np.int64), answers.bits[at_rows]
    spoke = covered.any()
    value: list[float | None] = [None] * len(places)
    capture = [0.0] * len(places)
    if spoke:
        value = (answers.total[at_rows] / np.maximum(covered * NANO, 1)).tolist()
        capture = (covered / np.maximum(plan.slots(interval.length)[at_rows], 1)).tolist()
    pollutant, end = JUDGED[rule.pollutant], answers.end
    revisions, numbers = answers.revision[at_rows].tolist(), answers.interval_revision[at_rows].tolist()
    id_of = {n: ids_of("verdict", own.id, rule.revision, "interval", start, end, n) for n in set(revisions)}
    intervals: list[str | None] = [None] * len(places)
    if spoke:
        interval_of = {n: interval_ids(pollutant, rule.statistic.label, start, end, n) for n in set(numbers)}
        intervals = [interval_of[n](point) for n, point in zip(numbers, points, strict=True)]
        for line in (covered == 0).nonzero()[0].tolist():
            value[line] = intervals[line] = None
    backgrounds = _backgrounds(plan, interval, rows)
    if rule.rule.background is not None:
        # a background plays a part only where the measurement could be judged at all
        for line in (bits & ~(OF_BACKGROUND | REMARKS)).nonzero()[0].tolist():
            backgrounds[line] = NOTHING
    lines = zip(
        [id_of[n](point) for n, point in zip(revisions, points, strict=True)],
        sites,
        points,
        [ANSWER_OF[state] for state in answers.state[at_rows].tolist()],
        [REASONS_OF[codes] for codes in bits.tolist()],
        value,
        [mean for mean, _, _ in backgrounds],
        [subtracted for _, subtracted, _ in backgrounds],
        [ids for _, _, ids in backgrounds],
        capture,
        intervals,
        revisions,
        strict=True,
    )
    return VERDICTS.group(
        list(lines),
        kind="interval",
        rule=own.id,
        rule_revision=rule.revision,
        title=own.titles,
        clause=own.clause,
        citation=own.citation,
        status=own.status,
        pollutant=pollutant,
        unit=rule.unit,
        start=start,
        end=end,
        limit=rule.limit / NANO,
        configuration=rule.configuration,
        decided_at=at,
    )


def _backgrounds(plan: Plan, interval: RuleInterval, rows: Int32s) -> list[site_background.Shown]:
    """(mean, part of it that is subtracted, ids) of each point's background."""
    rule, answers = interval.rule, interval.answers
    if answers.source is not None:
        return site_background.shown_at(interval, plan, rows)
    if rule.rule.background is None:
        return [NOTHING] * len(rows)
    of_area = {
        area: (mean.nano / NANO, min(mean.nano, rule.cap) / NANO, mean.ids)
        for area, mean in answers.area_means.items()
    }
    return [of_area.get(area, NOTHING) for area in plan.areas_for(rule)[rows].tolist()]
