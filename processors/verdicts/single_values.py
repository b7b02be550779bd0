"""Rules on single values: a breach opens at once and closes with the first whole window with none above."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ingest.units import JUDGED
from processors.breaches import VerdictInContext
from processors.columns import (
    ABSENT,
    HOUR_MS,
    NANO,
    NANO_PER_THOUSANDTH,
    NEVER,
    QUARTER_MS,
    Bools,
    Int32s,
    Int64s,
    Packing,
    Unpacked,
    carried,
)
from processors.measuring import interval_ids
from processors.plan import (
    PLAIN,
    SERVICE,
    Admission,
    Orders,
    Plan,
    PlanChange,
    Planned,
    RuleInForce,
    depends_on,
    under_maintenance,
)
from processors.records import COMPLIANT, EXCEEDS, Verdict, short_id
from processors.windows import REFUSED, Bounded, Columns, Means, slots_of

_REMEMBER_MS = 26 * HOUR_MS  # longer than a breach that is found late is told
SHORT = QUARTER_MS  # the closing window; a clock hour closes for devices that speak more rarely


@dataclass(slots=True, eq=False)
class SingleValues(Planned, Bounded):
    """By rule and device row: the newest instant above the limit of the open episode, or NEVER."""

    plan: Plan
    above: dict[str, Int64s] = field(default_factory=dict)
    # id of an opening verdict -> its receipt: a duplicate may come after the log has forgotten its reading
    opened: dict[str, int] = field(default_factory=dict)

    def values(
        self, columns: Columns, received: Int64s, orders: Orders
    ) -> list[tuple[int, VerdictInContext]]:
        """Verdicts that open an episode, with their positions among readings that have first flags."""
        rows, time, values = columns.row, columns.time, columns.values
        made: list[tuple[int, VerdictInContext]] = []
        for rule in self.plan.rules:
            if rule.window:
                continue
            column = values[rule.pollutant].astype(np.int64)
            scaled = column * NANO_PER_THOUSANDTH
            high = scaled > rule.limit if rule.rule.strict else scaled >= rule.limit
            high &= (column != ABSENT) & (column != REFUSED)
            high &= columns.fail[rule.pollutant] & rule.admits.fail == 0
            high &= columns.suspect[rule.pollutant] & rule.admits.suspect == 0
            if not high.any():
                continue
            which = np.flatnonzero(high & (time >= rule.start) & (time < rule.end))
            which = which[self._judged(rule, rows[which], time[which], orders)]
            which = which[~self._maintained(rows[which], time[which], orders)]
            newest = self.above.get(rule.rule.id)
            if newest is None:
                newest = self.above[rule.rule.id] = np.full(len(self.plan), NEVER, np.int64)
            # Everything above so far came too late to be told: then this value may be the first that is.
            told = int(rule.rule.tell_within_h * HOUR_MS)
            news = received[which] - told > newest[rows[which]]
            slowly = np.isin(rows[which], rows[which[news]])
            for i in which[slowly].tolist():
                row, when, at = int(rows[i]), int(time[i]), int(received[i])
                if at - told > newest[row]:
                    verdict = self._verdict(rule, row, when, when, at, float(column[i] / 1000))
                    if verdict.id in self.opened:
                        continue
                    self.opened[verdict.id] = at
                    made.append((i, VerdictInContext(verdict, rule.rule)))
                newest[row] = max(int(newest[row]), when)
            rest = which[~slowly]
            np.maximum.at(newest, rows[rest], time[rest])
        return made

    def _judged(self, rule: RuleInForce, rows: Int32s, time: Int64s, orders: Orders) -> Bools:
        """True for each of these values that the rule judges."""
        judged = np.zeros(len(self.plan), bool)
        if not (rule.hours or self.plan.states or depends_on(rule, orders)):
            judged[rule.rows] = True
            return judged[rows]
        sites = self.plan.sites
        judges = [
            rule.holds(at) and self.plan.applies(rule, sites[row], at, orders)
            for row, at in zip(rows.tolist(), time.tolist(), strict=True)
        ]
        return np.array(judges, bool)

    def _maintained(self, rows: Int32s, time: Int64s, orders: Orders) -> Bools:
        """True for each of these values measured while its monitor was being maintained or calibrated."""
        if not orders.any_of(*SERVICE):
            return np.zeros(len(rows), bool)
        return under_maintenance(orders, self.plan, rows, time, time + 1)

    def close(
        self, start: int, end: int, measured: Mapping[Admission, tuple[Means, ...]], at: int
    ) -> list[VerdictInContext]:
        """Compliant verdicts for devices whose episode ends with this window, which has just closed."""
        made: list[VerdictInContext] = []
        self.opened = {name: when for name, when in self.opened.items() if when + _REMEMBER_MS > at}
        width = end - start
        for rule in self.plan.rules:
            newest = self.above.get(rule.rule.id)
            if rule.window or newest is None or (newest == NEVER).all():
                continue
            short = self.plan.once("short", lambda: slots_of(self.plan.interval, SHORT) > 0)
            slots = slots_of(self.plan.interval, width)
            closes = short if width == SHORT else ~short
            means = measured.get(rule.admits, measured[PLAIN])[rule.pollutant]
            rows = means.row
            scaled = means.greatest * NANO_PER_THOUSANDTH
            clear = scaled <= rule.limit if rule.rule.strict else scaled < rule.limit
            clear &= (means.covered > 0) & (means.covered * 10_000 >= rule.least_permyriad * slots[rows])
            clear &= closes[rows] & (newest[rows] != NEVER) & (newest[rows] < end)
            for i in np.flatnonzero(clear).tolist():
                row = int(rows[i])
                newest[row] = NEVER
                verdict = self._verdict(rule, row, start, end, at, float(means.greatest[i] / 1000))
                made.append(VerdictInContext(verdict, rule.rule))
        return made

    def follow(self, change: PlanChange) -> None:
        """Moves devices to their new rows; forgets removed rules."""
        self.plan = change.after
        self.above = {
            name: carried(newest, change.old_row, NEVER)
            for name, newest in self.above.items()
            if name in change.after.latest
        }

    def dump(self, pack: Packing) -> list[Any]:
        """JSON data of the state; its arrays go to `pack`."""
        above = [[name, pack.add(newest)] for name, newest in sorted(self.above.items())]
        return [above, sorted(self.opened.items())]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: Plan) -> SingleValues:
        """The inverse of `dump`."""
        above, opened = data
        return cls(plan, {name: arrays[newest] for name, newest in above}, dict(opened))

    def _verdict(self, rule: RuleInForce, row: int, start: int, end: int, at: int, value: float) -> Verdict:
        own, device, opening = rule.rule, self.plan.devices[row], start == end
        return Verdict(
            id=short_id("verdict", own.id, rule.revision, "instant", start, end, 1, device),
            kind="instant",
            site=self.plan.sites[row],
            point=device,
            rule=own.id,
            rule_revision=rule.revision,
            title=own.titles,
            clause=own.clause,
            citation=own.citation,
            status=own.status,
            pollutant=own.pollutant,
            unit=own.unit,
            start=start,
            end=end,
            answer=EXCEEDS if opening else COMPLIANT,
            reasons=("instant_above",) if opening else ("clear",),
            value=value,
            background=None,
            subtracted=None,
            background_ids=(),
            limit=rule.limit / NANO,
            capture=None,
            interval=None if opening else interval_ids(JUDGED[rule.pollutant], "mean", start, end, 1)(device),
            revision=1,
            configuration=self.plan.id,
            decided_at=at,
        )
