"""Judge: verdicts of rules over intervals, with three answers and reasons, superseded as background comes in.

Everything is kept by device row, or by area: what a device's verdict depends on is the same whichever others
share its partition. A limit is compared in whole 1e-9 of the unit, without rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ingest.units import JUDGED
from processors.columns import (
    DAY_MS,
    HOUR_MS,
    Array,
    Int16s,
    Int32s,
    Int64s,
    PackedGroups,
    Packing,
    Positions,
    Unpacked,
    read_blocks,
)
from processors.measuring import AreaMean, Backgrounds
from processors.plan import Plan, PlanChange, Planned, RuleInForce
from processors.records import (
    ANNOUNCED_CUT,
    BEGAN,
    INTERVAL,
    LOST,
    LOW,
    NEVER_SEEN,
    NO_BACKGROUND,
    NO_DATA,
    NOT_ADMITTED,
    OF_BACKGROUND,
    REMARKS,
    SILENT,
    Verdict,
)
from processors.silence import Heard
from processors.verdicts import site_background
from processors.verdicts.answers import (
    IS_COMPLIANT,
    IS_EXCEEDING,
    IS_UNDETERMINED,
    NONE,
    PENDING,
    Answers,
    RuleInterval,
    RuleVerdicts,
    Waiting,
)
from processors.verdicts.closed_windows import AmendedWindow, ClosedWindow
from processors.verdicts.in_a_row import place_in_run
from processors.verdicts.verdict_groups import verdicts_of
from processors.windows import RETAIN_MS, Horizons, Means, Statistic, day_of

_GROUP_MS = 8 * HOUR_MS  # of intervals that are packed together
_COMPLIANT, _EXCEEDING = np.int8(IS_COMPLIANT), np.int8(IS_EXCEEDING)


def _all_late(found: list[RuleVerdicts]) -> list[RuleVerdicts]:
    return [replace(one, late=np.ones(len(one.rows), bool)) for one in found]


@dataclass(slots=True, eq=False)
class Judge(Planned):
    """Verdicts of a partition that may still change, and the areas whose background is waited for.

    An area waits whether or not a device of it does: it may need the background later, for what comes late.
    """

    plan: Plan
    answers: dict[str, dict[int, Answers]] = field(default_factory=dict)  # rule -> start
    pending: Waiting = field(default_factory=dict)  # when to look again
    # found again from the answers: by rule, those that have their totals; and no start is before or after it
    _whole: dict[str, dict[int, Answers]] = field(default_factory=dict)
    _oldest: dict[str, int] = field(default_factory=dict)
    _newest: dict[str, int] = field(default_factory=dict)
    _packed: PackedGroups = field(default_factory=PackedGroups)
    _shared: tuple[Means, Statistic, Int64s, Int32s] | None = None  # of the last window that was judged

    def close(
        self,
        rule: RuleInForce,
        rows: Int32s,
        means: Means,
        window: ClosedWindow,
        silence: Heard,
        backgrounds: Backgrounds,
    ) -> list[RuleVerdicts]:
        """Judges the devices `rows` by a rule, over an interval that has just closed."""
        start, at = window.start, window.decided_at
        if not rule.holds(start):
            return []
        answers = self._unanswered(rule, window.end, means)
        interval = RuleInterval(rule, start, answers)
        at_rows = rows.astype(np.intp)  # other numbers are converted at each use
        never = silence.never(at_rows)
        wanted = never | silence.has_sent(at_rows, rule.pollutant)
        wanted &= (silence.since[at_rows] < window.end) | (answers.covered[at_rows] > 0)
        rows, at_rows, never = rows[wanted], at_rows[wanted], never[wanted]
        self._add(rule.rule.id, start, answers)
        silent = silence.offline[at_rows] | ~window.spoke[at_rows]
        bits = self._reasons(interval, at_rows, means, window)
        bits |= never * np.int16(NEVER_SEEN)
        bits |= (silent & (bits & LOW != 0)) * np.int16(SILENT)
        if window.log_gap:
            bits |= LOST
        answers.bits[at_rows] = bits
        if rule.rule.background is None:
            return self._decide(interval, rows, None, at)
        if rule.rule.background.is_beside:
            missing = site_background.sources_of(interval, self.plan, window.wind)[rows]
            answers.bits[rows] |= np.where(answers.bits[rows] & ~REMARKS == 0, missing, 0)
            return self._decide(interval, rows, None, at)
        unfit = bits & ~REMARKS != 0
        answers.state[rows[~unfit]] = PENDING
        made = self._decide(interval, rows[unfit], None, at)
        for area in self.plan.area_numbers(rule):
            if self._in_force(interval, area, at, backgrounds) is None:
                self.pending[rule.rule.id, start, area] = max(window.end + rule.settle, at)
            else:
                made += self._decide_pending(interval, area, at)
        return made

    def _add(self, name: str, start: int, answers: Answers) -> None:
        self.answers.setdefault(name, {})[start] = answers
        if len(answers.total):
            self._whole.setdefault(name, {})[start] = answers
        self._oldest[name] = min(start, self._oldest.get(name, start))
        self._newest[name] = max(start, self._newest.get(name, start))

    def _unanswered(self, rule: RuleInForce, end: int, means: Means) -> Answers:
        n = len(self.plan)
        # rules that ask for the same statistic of the same window share its columns
        shared = self._shared
        if shared is None or shared[0] is not means or shared[1] != rule.statistic:
            total, covered = np.zeros(n, np.int64), np.zeros(n, np.int32)
            total[means.row], covered[means.row] = rule.statistic.of(means), means.covered
            self._shared = shared = (means, rule.statistic, total, covered)
        _, _, total, covered = shared
        bits, revision, of_interval = np.zeros(n, np.int16), np.zeros(n, np.int16), np.ones(n, np.int16)
        return Answers(end, np.zeros(n, np.int8), bits, revision, total, covered, of_interval)

    def amend(
        self, rule: RuleInForce, rows: Int32s, means: Means, revisions: Int32s, window: AmendedWindow
    ) -> list[RuleVerdicts]:
        """Judges again those of the devices `rows` whose interval has changed.

        `means`, `revisions`: of the devices whose intervals have changed, and of no others.
        """
        made = self._amend(rule, rows, means, revisions, window)
        late = window.late
        return made if late is None else [replace(one, late=late[one.rows]) for one in made]

    def _amend(
        self, rule: RuleInForce, rows: Int32s, means: Means, revisions: Int32s, window: AmendedWindow
    ) -> list[RuleVerdicts]:
        start, at = window.start, window.decided_at
        answers = self.answers.get(rule.rule.id, {}).get(start)
        if answers is None or not rule.holds(start):
            return []
        interval = RuleInterval(rule, start, answers)
        self._packed.changed(start // _GROUP_MS)
        if window.neighbours is not None and answers.source is not None:
            points = window.neighbours[np.isin(window.neighbours, rows)]
            return self._amend_site(interval, points, means, revisions, window)
        judged = np.isin(means.row, rows)
        rows = means.row[judged]
        self._own_columns(interval)
        answers.total[rows] = rule.statistic.of(means)[judged]
        answers.covered[rows] = means.covered[judged]
        answers.interval_revision[rows] = revisions[judged]
        bits = self._reasons(interval, rows, means, window)
        answers.bits[rows] = bits | (answers.bits[rows] & LOST)
        if rule.rule.background is None:
            return self._decide(interval, rows, None, at)
        unfit = answers.bits[rows] & ~REMARKS != 0
        made = self._decide(interval, rows[unfit], None, at)
        rows = rows[~unfit]
        areas = self.plan.areas_for(rule)[rows]
        for area in np.unique(areas).tolist():
            here = rows[areas == area]
            if (rule.rule.id, start, area) in self.pending:
                answers.state[here] = PENDING
            else:
                made += self._decide_by(interval, here, area, at)
        return made

    def _amend_site(
        self,
        interval: RuleInterval,
        points: Int32s,
        means: Means,
        revisions: Int32s,
        window: AmendedWindow,
    ) -> list[RuleVerdicts]:
        """Judges again those of the points whose own mean, or the mean subtracted from it, has changed."""
        rule, answers = interval.rule, interval.answers
        source_before, bits_before = answers.source, answers.bits[points]
        subtracted_before = site_background.means_at(answers, points)
        self._own_columns(interval)
        answers.total[means.row] = rule.statistic.of(means)
        answers.covered[means.row] = means.covered
        answers.interval_revision[means.row] = revisions
        bits = answers.bits & ~OF_BACKGROUND
        own = means.row[np.isin(means.row, points)]
        bits[own] = self._reasons(interval, own, means, window) | (answers.bits[own] & LOST)
        missing = site_background.sources_of(interval, self.plan, window.wind)
        fit = bits[points] & ~REMARKS == 0
        answers.bits[points] = np.where(fit, missing[points] | bits[points], bits[points])
        assert source_before is not None
        assert answers.source is not None
        changed = source_before[points] != answers.source[points]
        changed |= subtracted_before != site_background.means_at(answers, points)
        changed |= bits_before != answers.bits[points]
        changed &= answers.state[points] != NONE
        return self._decide(interval, points[changed | np.isin(points, own)], None, at=window.decided_at)

    def _reasons(
        self,
        interval: RuleInterval,
        rows: Int32s | Positions,
        means: Means,
        window: ClosedWindow | AmendedWindow,
    ) -> Int16s:
        """Bits of the reasons why the measurements at these points can't be judged, and remarks."""
        rule, answers = interval.rule, interval.answers
        slots = self.plan.slots(interval.length)[rows]
        if not slots.any():  # none of them speaks so often
            return np.full(len(rows), INTERVAL, np.int16)
        covered = answers.covered[rows].astype(np.int64)
        low = covered * 10_000 < rule.least_permyriad * slots
        bits = low * LOW | (covered == 0) * NO_DATA
        if means.refused.any():
            bits = bits | (low & np.isin(rows, means.row[means.refused > 0])) * NOT_ADMITTED
        bits = bits | low * window.gap_onsets[rows].astype(np.int16) << BEGAN
        if window.cut is not None:
            heard = covered.copy()  # slots of which something was heard, admitted or not
            place = np.searchsorted(rows, means.row)
            mine = np.flatnonzero(np.isin(means.row, rows))
            heard[place[mine]] += means.refused[mine]
            bits = bits | (window.cut[rows] & (heard < slots)) * ANNOUNCED_CUT
        return np.where(slots == 0, INTERVAL, bits).astype(np.int16)

    def _in_force(
        self, interval: RuleInterval, area: int, at: int, backgrounds: Backgrounds
    ) -> AreaMean | None:
        """The background of an area that is subtracted from `at` on, noted in the answers; None: not known.

        An area has one once all its stations have reported, or once those that did have been waited for.
        """
        rule, start, answers = interval
        if area < 0:
            return None
        mean = backgrounds.mean(self.plan.areas[area], start, answers.end, JUDGED[rule.pollutant])
        if mean is None or not (mean.complete or at >= answers.end + rule.settle):
            return None
        answers.area_means[area] = mean
        self._packed.changed(start // _GROUP_MS)
        return mean

    def _decide_pending(self, interval: RuleInterval, area: int, at: int) -> list[RuleVerdicts]:
        """Judges the points of an area that waited for its background, which is known or given up."""
        waiting = (interval.answers.state == PENDING) & (self.plan.areas_for(interval.rule) == area)
        return self._decide_by(interval, np.flatnonzero(waiting).astype(np.int32), area, at)

    def _decide_by(self, interval: RuleInterval, rows: Int32s, area: int, at: int) -> list[RuleVerdicts]:
        """Judges points of an area by the background that is in force there."""
        mean = interval.answers.area_means.get(area)
        if mean is None:
            interval.answers.bits[rows] |= NO_BACKGROUND
        return self._decide(interval, rows, mean, at)

    def _decide(
        self, interval: RuleInterval, rows: Int32s, mean: AreaMean | None, at: int
    ) -> list[RuleVerdicts]:
        """Answers for these rows; a row that already had an answer gets the next revision."""
        if not len(rows):
            return []
        rule, start, answers = interval
        self._packed.changed(start // _GROUP_MS)
        places = rows.astype(np.intp)
        less: int | Int64s = min(mean.nano, rule.cap) if mean else 0
        if answers.source is not None:
            less = np.minimum(site_background.means_at(answers, places) + less, rule.cap)
        total, bar = answers.total[places], (rule.limit + less) * answers.covered[places].astype(np.int64)
        above = total > bar if rule.rule.strict else total >= bar
        state = np.where(above, _EXCEEDING, _COMPLIANT)
        state[answers.bits[places] & ~REMARKS != 0] = IS_UNDETERMINED
        before = answers.state[places]
        answers.state[places] = state
        answers.revision[places] += 1
        # background may come out of order: hours after this one may have their answer already
        held = self.answers.get(rule.rule.id, {})
        later = sorted(i for i in held.items() if i[0] > start) if self._newest[rule.rule.id] > start else []
        later_compliant = {}
        for line in (state == IS_EXCEEDING).nonzero()[0].tolist() if later else ():
            verdict = self._next_compliant(rule, later, int(rows[line]), at)
            if verdict is not None:
                later_compliant[line] = verdict
        in_a_row = []
        if rule.looks_back:
            earlier = self._earlier(rule, start)
            in_a_row = [place_in_run(interval, row, earlier, later) for row in rows.tolist()]
        verdicts = verdicts_of(self.plan, interval, rows, at)
        return [RuleVerdicts(rule.rule, start, rows, verdicts, state, before, later_compliant, in_a_row)]

    def _earlier(self, rule: RuleInForce, start: int) -> list[tuple[int, Answers]]:
        """Unbroken series of intervals before `start`, the last one first."""
        starts, earlier = self.answers.get(rule.rule.id, {}), []
        while start - rule.track.step in starts:
            start -= rule.track.step
            earlier.append((start, starts[start]))
        return earlier

    def _next_compliant(
        self, rule: RuleInForce, later: list[tuple[int, Answers]], row: int, at: int
    ) -> Verdict | None:
        """First verdict of a point in later intervals that closes an episode; None: there is none."""
        for start, answers in later:
            if answers.state[row] != IS_COMPLIANT:
                continue
            then = self.plan.rule_at(rule.rule.id, start) or rule
            interval = RuleInterval(then, start, answers)
            earlier = self._earlier(then, start) if then.looks_back else []
            if not then.looks_back or place_in_run(interval, row, earlier).clears:
                return self._known(interval, row, at)
        return None

    def _known(self, interval: RuleInterval, row: int, at: int) -> Verdict:
        """The verdict of a point as it stands; without numbers if those are forgotten."""
        forgotten = not len(interval.answers.total)
        if forgotten:
            self._own_columns(interval)
        verdict = verdicts_of(self.plan, interval, np.array([row], np.int32), at).record(0)
        return replace(verdict, capture=None) if forgotten else verdict

    def next_due(self) -> int | None:
        """Instant at which an area waiting for background must be examined again; None: none waits."""
        return min(self.pending.values(), default=None)

    def look_again(self, due: int, at: int, backgrounds: Backgrounds) -> list[RuleVerdicts]:
        """Judges what waited until `due` for its background, with what is known by then or without."""
        made: list[RuleVerdicts] = []
        for (name, start, area), when in sorted(self.pending.items()):
            if when > due:
                continue
            del self.pending[name, start, area]
            rule, answers = self.plan.rule_at(name, start), self.answers.get(name, {}).get(start)
            if rule is None or answers is None:
                continue
            interval = RuleInterval(rule, start, answers)
            known = self._in_force(interval, area, max(at, answers.end + rule.settle), backgrounds)
            if known is None and due < answers.end + rule.wait:
                self.pending[name, start, area] = answers.end + rule.wait
            else:
                made += self._decide_pending(interval, area, at)
        return made

    def background_came(
        self, station: str, start: int, end: int, at: int, backgrounds: Backgrounds
    ) -> list[RuleVerdicts]:
        """Judges what waited for a station's record for [start, end), and supersedes verdicts it changes."""
        made: list[RuleVerdicts] = []
        for rule in self.plan.rules:
            answers = self.answers.get(rule.rule.id, {}).get(start)
            if answers is None or answers.end != end or answers.source is not None:
                continue
            if rule.rule.background is None or not rule.is_valid(start):
                continue
            for number, area in enumerate(self.plan.areas):
                if station in area.stations:
                    made += self._area_came(RuleInterval(rule, start, answers), number, at, backgrounds)
        return made

    def _area_came(
        self, interval: RuleInterval, area: int, at: int, backgrounds: Backgrounds
    ) -> list[RuleVerdicts]:
        """Judges the points of an area that waited, and again those whose background has changed."""
        rule, start, answers = interval
        waits = (rule.rule.id, start, area) in self.pending
        if not waits and at > answers.end + self.plan.late_most:
            return []  # records of other stations may be forgotten: the mean would be of what is left
        before = answers.area_means.get(area)
        mean = self._in_force(interval, area, at, backgrounds)
        if mean is None:
            return []
        if waits:
            del self.pending[rule.rule.id, start, area]
            return self._decide_pending(interval, area, at)
        if before is not None and before.nano == mean.nano:
            return []
        decided = (answers.state == IS_COMPLIANT) | (answers.state == IS_EXCEEDING)
        lacking = (answers.state == IS_UNDETERMINED) & (answers.bits & ~REMARKS == NO_BACKGROUND)
        points = self.plan.areas_for(rule) == area
        rows = np.flatnonzero(points & (decided | lacking)).astype(np.int32)
        answers.bits[rows] &= REMARKS
        made = self._decide(interval, rows, mean, at)
        return _all_late(made) if at > answers.end + DAY_MS else made

    def lose(self, start: int, end: int, at: int) -> list[RuleVerdicts]:
        """Makes verdicts over [start, end), of which the log lacks records, undetermined."""
        made: list[RuleVerdicts] = []
        for rule in self.plan.rules:
            for begin, answers in sorted(self.answers.get(rule.rule.id, {}).items()):
                if begin < end and answers.end > start and rule.is_valid(begin):
                    interval = RuleInterval(rule, begin, answers)
                    self._own_columns(interval)
                    open_states = (IS_COMPLIANT, IS_EXCEEDING, PENDING)
                    rows = np.flatnonzero(np.isin(answers.state, open_states)).astype(np.int32)
                    answers.bits[rows] |= LOST
                    made += self._decide(interval, rows, None, at)
        return made

    def forget(self, until: Horizons) -> None:
        """Forgets intervals that nothing can change any more and whose day is settled."""
        least = until.late // _GROUP_MS * _GROUP_MS  # whole groups, so that none is packed again
        for name, starts in self.answers.items():
            rule, before = self.plan.latest.get(name), min(until.unsettled(name), least)
            oldest = self._oldest[name]
            if oldest < before and day_of(oldest, self.plan.zone)[1] <= until.late:
                for start in [s for s, a in starts.items() if a.end <= until.late and s < before]:
                    # a day is counted from all of its intervals: they go together
                    if day_of(start, self.plan.zone)[1] <= until.late:
                        del starts[start]
                        self._whole.get(name, {}).pop(start, None)
                self._oldest[name] = min(starts, default=before)
            if rule is None or (rule.rule.background is None and rule.clear_level is None):
                self._thin(name, until.answers - (rule.remembers if rule else RETAIN_MS + HOUR_MS))

    def _own_columns(self, interval: RuleInterval) -> None:
        """Makes the measurements of an interval its own, to be changed; forgotten ones are nothing."""
        rule, start, answers = interval
        if len(answers.total):
            answers.total, answers.covered = answers.total.copy(), answers.covered.copy()
        else:
            n = len(self.plan)
            answers.total, answers.covered = np.zeros(n, np.int64), np.zeros(n, np.int32)
            self._whole.setdefault(rule.rule.id, {})[start] = answers

    def _thin(self, name: str, until: int) -> None:
        """Drops the totals of intervals whose readings are gone: a day, and what comes late, need none."""
        whole = self._whole.get(name, {})
        for start in [start for start, answers in whole.items() if answers.end <= until]:
            answers = whole.pop(start)
            answers.total, answers.covered = answers.total[:0], answers.covered[:0]
            self._packed.changed(start // _GROUP_MS)

    def follow(self, change: PlanChange) -> None:
        """Moves devices to their new rows; forgets removed rules with the intervals waiting for them."""
        self.plan, self._packed = change.after, PackedGroups()
        rules = change.after.latest
        moved: dict[int, Array] = {}  # columns that several intervals share stay shared
        before, self.answers = self.answers, {}
        self._whole, self._oldest, self._newest = {}, {}, {}
        for name, starts in before.items():
            for start, answers in starts.items() if name in rules else ():
                self._add(name, start, answers.moved(change, moved))
        self.pending = self._moved_waiting(change)

    def _moved_waiting(self, change: PlanChange) -> Waiting:
        """The areas that wait, by their new numbers, and those that points which wait have moved to."""
        numbers = {area.name: number for number, area in enumerate(change.after.areas)}
        names = [area.name for area in change.before.areas]
        waiting: Waiting = {}
        for (name, start, area), due in self.pending.items():
            rule, answers = change.after.rule_at(name, start), self.answers.get(name, {}).get(start)
            if rule is None or answers is None:
                continue
            areas = change.after.areas_for(rule)
            places = set(areas[answers.state == PENDING].tolist())
            places.add(numbers.get(names[area], -1) if area >= 0 else -1)
            for place in places:
                waiting[name, start, place] = max(due, waiting.get((name, start, place), due))
        return waiting

    def dump(self, pack: Packing) -> list[Any]:
        """JSON data of what waits; the answers are in blocks, of which few change between two times."""
        groups: dict[int, list[tuple[str, int, Answers]]] = {}
        for name, starts in sorted(self.answers.items()):
            for start, answers in sorted(starts.items()):
                groups.setdefault(start // _GROUP_MS, []).append((name, start, answers))

        def saved(group: int, own: Packing) -> list[Any]:
            totals: dict[int, list[int]] = {}
            return [
                [name, start, answers.end, answers.saved(own, totals), answers.saved_means()]
                for name, start, answers in groups[group]
            ]

        names = self._packed.bring_up(pack, groups, saved)
        return [names, [[*key, due] for key, due in sorted(self.pending.items())]]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: Plan) -> Judge:
        """The inverse of `dump`."""
        names, pending = data
        made = cls(plan, pending={(name, start, area): due for name, start, area, due in pending})
        for held, own, block in read_blocks(arrays, names):
            totals: dict[int, Int64s] = {}
            for name, start, end, numbers, backgrounds in held:
                means = {
                    area: AreaMean(nano, tuple(ids), complete) for area, nano, ids, complete in backgrounds
                }
                answers = Answers.restored(end, numbers, own, totals, means)
                made._add(name, start, answers)
                made._packed.of[start // _GROUP_MS] = block
        return made
