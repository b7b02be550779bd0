"""Verdicts of whole days under a clause with an allowance, settled once all intervals have an answer.

A day exceeds if more of its intervals exceed than the allowance permits; it is undetermined if the exceeding
and undetermined ones together are more than that; else it complies. An interval without a verdict counts as
undetermined. Days are those of the county's zone. They are settled area by area, as the background of one may
come later than that of another; devices without an area together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from processors.breaches import VerdictInContext
from processors.columns import UNBOUNDED, Int8s, Int16s, Int32s, Packing, Unpacked, carried
from processors.plan import Plan, PlanChange, Planned, RuleInForce
from processors.records import Verdict, short_id
from processors.verdicts.answers import (
    ANSWER_OF,
    IS_COMPLIANT,
    IS_EXCEEDING,
    IS_UNDETERMINED,
    NONE,
    Answers,
    RuleVerdicts,
    Waiting,
)
from processors.windows import Horizons, Track, day_of

AnswersByRule = dict[str, dict[int, Answers]]  # rule -> start of the interval


@dataclass(slots=True, eq=False)
class DayAnswers:
    """A rule's answers over a settled day, one line per device row."""

    state: Int8s
    count: Int16s  # exceeding intervals
    revision: Int16s


@dataclass(slots=True, eq=False)
class Days(Planned):
    """Days of a partition: which is to be settled next, and which may still be recounted."""

    plan: Plan
    # rule and name of the area ("": none) -> start of the first unsettled day
    next: dict[tuple[str, str], int] = field(default_factory=dict)
    settled: dict[str, dict[int, DayAnswers]] = field(default_factory=dict)  # rule -> start

    def settle(
        self, answers: AnswersByRule, waiting: Waiting, closed: dict[Track, int], at: int
    ) -> list[VerdictInContext]:
        """Settles the days whose intervals have all been decided.

        `waiting`: intervals whose background has not come; `closed`: end of a track's last window.
        """
        made: list[VerdictInContext] = []
        newest_closed = max(closed.values(), default=UNBOUNDED)
        for name, newest in self._counted:
            for area, rows in self.plan.rows_by_area(newest):
                while True:
                    first = self.next.get((name, area))
                    if first is None:
                        first = self.next[name, area] = self._first_day(newest, answers, closed)
                    start, end = day_of(first, self.plan.zone)
                    if newest_closed < end:
                        break
                    rule = self._rule_of(newest, end)
                    if closed[rule.track] < end or self._waits(name, rows, end, waiting):
                        break
                    made += self._settle(rule, answers, start, end, at, rows)
                    self.next[name, area] = end
        return made

    @property
    def _counted(self) -> list[tuple[str, RuleInForce]]:
        """The rules that count days, by id."""
        latest = self.plan.latest.items()
        return self.plan.once("counted", lambda: [i for i in latest if i[1].rule.allowance is not None])

    def _waits(self, name: str, rows: Int32s, end: int, waiting: Waiting) -> bool:
        """True if an interval before `end` still waits for the background of one of these rows."""
        for other, start, area in waiting:
            rule = self.plan.rule_at(name, start) if other == name and start < end else None
            if rule is not None and (self.plan.areas_for(rule)[rows] == area).any():
                return True
        return False

    def _rule_of(self, newest: RuleInForce, end: int) -> RuleInForce:
        """The revision of a rule that counts a day: the one in force when the day ends."""
        then = self.plan.rule_at(newest.rule.id, end - 1)
        return newest if then is None or then.rule.allowance is None else then

    def _first_day(self, rule: RuleInForce, answers: AnswersByRule, closed: dict[Track, int]) -> int:
        return min(answers.get(rule.rule.id, {}), default=closed[rule.track])

    def resettle(
        self, answers: AnswersByRule, verdicts: list[RuleVerdicts], at: int
    ) -> list[VerdictInContext]:
        """Recounts the settled days of points that got another verdict, or one at last."""
        touched: dict[tuple[str, tuple[int, int]], list[Int32s]] = {}
        late: set[int] = set()
        for judged in verdicts:
            day = day_of(judged.start, self.plan.zone)
            touched.setdefault((judged.rule.id, day), []).append(judged.rows)
            late.update([] if judged.late is None else judged.rows[judged.late].tolist())
        made: list[VerdictInContext] = []
        for (name, (start, end)), points in sorted(touched.items(), key=lambda item: item[0]):
            newest = self.plan.latest.get(name)
            if newest is None or newest.rule.allowance is None or start not in self.settled.get(name, {}):
                continue
            by_area = self.plan.rows_by_area(newest)
            counted = [rows for area, rows in by_area if self.next.get((name, area), start) >= end]
            if counted:
                rows = np.intersect1d(np.concatenate(points), np.concatenate(counted))
                found = self._settle(self._rule_of(newest, end), answers, start, end, at, rows)
                made += [one._replace(late=self.plan.row_of[one.verdict.point] in late) for one in found]
        return made

    def _settle(
        self, rule: RuleInForce, answers: AnswersByRule, start: int, end: int, at: int, rows: Int32s
    ) -> list[VerdictInContext]:
        allowance = rule.rule.allowance or 0
        held = sorted(answers.get(rule.rule.id, {}).items())
        within = [a.state[rows] for s, a in held if start <= s < end]
        if not within:
            return []
        states = np.stack(within)
        count = (states == IS_EXCEEDING).sum(axis=0)
        # an interval without a verdict (before the device was set up, say) may have exceeded as well
        expected = (states != NONE).sum(axis=0) if rule.is_partial else (end - start) // rule.window
        open_count = expected - count - (states == IS_COMPLIANT).sum(axis=0)
        state = np.where(count + open_count > allowance, IS_UNDETERMINED, IS_COMPLIANT)
        state = np.where(count > allowance, IS_EXCEEDING, state)
        state = np.where((states != NONE).any(axis=0), state, NONE).astype(np.int8)
        days = self.settled.setdefault(rule.rule.id, {})
        day = days.get(start)
        if day is None:
            n = len(self.plan)
            day = days[start] = DayAnswers(np.zeros(n, np.int8), np.zeros(n, np.int16), np.zeros(n, np.int16))
        previous = day.state[rows]
        changed = (state != NONE) & ((state != previous) | (count != day.count[rows]))
        day.state[rows], day.count[rows] = state, count
        day.revision[rows[changed]] += 1
        return [
            VerdictInContext(self._verdict(rule, row, start, end, day, at), rule.rule, ANSWER_OF.get(before))
            for row, before in zip(rows[changed].tolist(), previous[changed].tolist(), strict=True)
        ]

    def _verdict(
        self, rule: RuleInForce, row: int, start: int, end: int, day: DayAnswers, at: int
    ) -> Verdict:
        own, device = rule.rule, self.plan.devices[row]
        state, count, revision = int(day.state[row]), int(day.count[row]), int(day.revision[row])
        within: tuple[str, ...] = ("within_allowance",) if count else ()
        reasons = {IS_EXCEEDING: ("allowance_exceeded",), IS_UNDETERMINED: ("undetermined_hours",)}
        return Verdict(
            id=short_id("verdict", own.id, rule.revision, "day", start, end, revision, device),
            kind="day",
            site=self.plan.sites[row],
            point=device,
            rule=own.id,
            rule_revision=rule.revision,
            title=own.titles,
            clause=own.clause,
            citation=own.citation,
            status=own.status,
            pollutant=own.pollutant,
            unit="intervals",
            start=start,
            end=end,
            answer=ANSWER_OF[state],
            reasons=reasons.get(state, within),
            value=float(count),
            background=None,
            subtracted=None,
            background_ids=(),
            limit=float(own.allowance or 0),
            capture=None,
            interval=None,
            revision=revision,
            configuration=rule.configuration,
            decided_at=at,
        )

    def unsettled(self, rule: str) -> int:
        """Start of the rule's first unsettled day, in whichever area."""
        return min((start for (name, _), start in self.next.items() if name == rule), default=UNBOUNDED)

    def forget(self, until: Horizons) -> None:
        """Forgets days that can't be recounted."""
        for days in self.settled.values():
            for start in [s for s in days if day_of(s, self.plan.zone)[1] <= until.late]:
                del days[start]

    def follow(self, change: PlanChange) -> None:
        """Moves devices to their new rows; forgets rules that were removed or no longer count days."""
        self.plan, rules, old_row = change.after, change.after.latest, change.old_row
        self.settled = {
            name: {
                start: DayAnswers(
                    *(carried(column, old_row, 0) for column in (day.state, day.count, day.revision))
                )
                for start, day in settled.items()
            }
            for name, settled in self.settled.items()
            if name in rules
        }
        counted = {name for name, rule in rules.items() if rule.rule.allowance is not None}
        self.next = {key: start for key, start in self.next.items() if key[0] in counted}

    def dump(self, pack: Packing) -> list[Any]:
        """JSON data of the state; its arrays go to `pack`."""
        settled = [
            [name, start, pack.add_all((day.state, day.count, day.revision))]
            for name, days in sorted(self.settled.items())
            for start, day in sorted(days.items())
        ]
        return [[[*key, start] for key, start in sorted(self.next.items())], settled]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: Plan) -> Days:
        """The inverse of `dump`."""
        made = cls(plan, {(name, area): start for name, area, start in data[0]})
        for name, start, columns in data[1]:
            made.settled.setdefault(name, {})[start] = DayAnswers(*arrays.all_of(columns))
        return made
