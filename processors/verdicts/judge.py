"""Verdicts of rules over intervals: three answers, with reasons, superseded when background comes.

Everything is kept by device row; a limit is compared in whole 1e-9 of the unit, without rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ingest.units import JUDGED
from processors.columns import HOUR_MS, Array, Bools, Int16s, Int32s, Int64s, Packing, Unpacked, carried
from processors.measuring.stations import AreaMean, Backgrounds
from processors.plan.plan import Plan
from processors.plan.plan_change import PlanChange, Planned
from processors.plan.rule_in_force import RuleInForce
from processors.records.reasons import (
    BEGAN,
    INTERVAL,
    LOST,
    LOW,
    NEVER_SEEN,
    NO_BACKGROUND,
    NO_DATA,
    NOT_ADMITTED,
    OF_BACKGROUND,
    SILENT,
)
from processors.records.verdicts import Verdict
from processors.silence.gap_onset import Bits
from processors.silence.heard import Heard
from processors.verdicts import site_background
from processors.verdicts.answers import (
    IS_COMPLIANT,
    IS_EXCEEDING,
    IS_UNDETERMINED,
    NONE,
    PENDING,
    Findings,
    Held,
)
from processors.verdicts.in_a_row import place_in_run
from processors.verdicts.verdict_groups import verdicts_of
from processors.wind.vector import Wind
from processors.windows.calendar import RETAIN_MS, SUPERSEDE_MS, day_of
from processors.windows.horizons import Horizons
from processors.windows.means import Means, Statistic, slots_in


@dataclass(slots=True, eq=False)
class Judge(Planned):
    """The verdicts of a partition that may still change, and what they wait for."""

    plan: Plan
    held: dict[str, dict[int, Held]] = field(default_factory=dict)  # rule -> start
    pending: dict[tuple[str, int], int] = field(default_factory=dict)  # (rule, start) -> when to look again
    _shared: tuple[Means, Statistic, Int64s, Int32s] | None = None  # of the last window that was judged

    # ------------------------------------------------------------------------------------- intervals

    def close(
        self,
        rule: RuleInForce,
        rows: Int32s,
        start: int,
        end: int,
        means: Means,
        spoke: Bools,
        silence: Heard,
        at: int,
        known: Backgrounds,
        lost: bool,
        begun: Bits,
        wind: Wind | None = None,
    ) -> list[Findings]:
        """Judge the points of a rule over an interval that has just closed.

        `rows`: of these devices; `spoke`: rows with readings in it; `lost`: the log lacks records of it;
        `begun`: (all rows) how the gaps began that touch it; `wind`: of an hour, by site.
        """
        if not rule.holds(start):
            return []
        held = self._held(rule, end, means)
        never = silence.never(rows)
        wanted = never | silence.has_sent(rows, rule.pollutant)
        wanted &= (silence.since[rows] < end) | (held.covered[rows] > 0)
        rows, never = rows[wanted], never[wanted]
        self.held.setdefault(rule.rule.id, {})[start] = held
        silent = silence.offline[rows] | ~spoke[rows]
        bits = self._bits(rule, rows, start, held, means, never, silent, begun)
        if lost:
            bits |= LOST
        held.bits[rows] = bits
        if rule.rule.background is None:
            return self._decide(rule, start, held, rows, None, at)
        if rule.rule.background.is_beside:
            missing = site_background.sources_of(rule, self.plan, held, start, wind)[rows]
            held.bits[rows] |= np.where(held.bits[rows] == 0, missing, 0)
            return self._decide(rule, start, held, rows, None, at)
        held.state[rows[bits == 0]] = PENDING
        made = self._decide(rule, start, held, rows[bits != 0], None, at)
        made += self._with_background(rule, start, held, at, known)
        if (held.state == PENDING).any():
            self.pending[rule.rule.id, start] = max(end + rule.settle, at)
        return made

    def _held(self, rule: RuleInForce, end: int, means: Means) -> Held:
        n = len(self.plan)
        # rules that ask for the same statistic of the same window share its columns
        shared = self._shared
        if shared is None or shared[0] is not means or shared[1] != rule.statistic:
            total, covered = np.zeros(n, np.int64), np.zeros(n, np.int32)
            total[means.row], covered[means.row] = rule.statistic.of(means), means.covered
            self._shared = shared = (means, rule.statistic, total, covered)
        _, _, total, covered = shared
        bits, revision, measured = np.zeros(n, np.int16), np.zeros(n, np.int16), np.ones(n, np.int16)
        return Held(end, np.zeros(n, np.int8), bits, revision, total, covered, measured)

    def amend(
        self,
        rule: RuleInForce,
        rows: Int32s,
        start: int,
        means: Means,
        revisions: Int32s,
        at: int,
        begun: Bits,
        near: Int32s | None = None,
        wind: Wind | None = None,
    ) -> list[Findings]:
        """Judge points anew whose interval has changed. `means`, `revisions`: of those points only.

        `near`: the devices of their sites, `wind` by site, as it is now: what one device measured may be
        the background of another.
        """
        held = self.held.get(rule.rule.id, {}).get(start)
        if held is None or not rule.holds(start):
            return []
        if near is not None and held.source is not None:
            others = near[np.isin(near, rows)]
            return self._amend_beside(rule, others, start, held, means, revisions, at, begun, wind)
        mine = np.isin(means.row, rows)
        rows = means.row[mine]
        held.total, held.covered = held.total.copy(), held.covered.copy()
        held.total[rows] = rule.statistic.of(means)[mine]
        held.covered[rows] = means.covered[mine]
        held.measured[rows] = revisions[mine]
        nobody = np.zeros(len(rows), bool)
        held.bits[rows] = self._bits(rule, rows, start, held, means, nobody, nobody, begun) | (
            held.bits[rows] & LOST
        )
        if rule.rule.background is None:
            return self._decide(rule, start, held, rows, None, at)
        unfit = held.bits[rows] != 0
        made = self._decide(rule, start, held, rows[unfit], None, at)
        rows = rows[~unfit]
        areas = self.plan.areas_for(rule)[rows]
        for area in np.unique(areas).tolist():
            mean, here = held.used.get(area), rows[areas == area]
            if mean is not None:
                made += self._decide(rule, start, held, here, mean, at)
            elif (rule.rule.id, start) in self.pending:
                held.state[here] = PENDING
            else:
                held.bits[here] |= NO_BACKGROUND
                made += self._decide(rule, start, held, here, None, at)
        return made

    def _amend_beside(
        self,
        rule: RuleInForce,
        rows: Int32s,
        start: int,
        held: Held,
        means: Means,
        revisions: Int32s,
        at: int,
        begun: Bits,
        wind: Wind | None,
    ) -> list[Findings]:
        """Of these points judge those anew whose own mean has changed, or what is subtracted from it."""
        before = held.source, site_background.means_at(held, rows), held.bits[rows]
        held.total, held.covered = held.total.copy(), held.covered.copy()
        held.total[means.row] = rule.statistic.of(means)
        held.covered[means.row] = means.covered
        held.measured[means.row] = revisions
        bits = held.bits & ~OF_BACKGROUND
        own = means.row[np.isin(means.row, rows)]
        nobody = np.zeros(len(own), bool)
        bits[own] = self._bits(rule, own, start, held, means, nobody, nobody, begun) | (held.bits[own] & LOST)
        missing = site_background.sources_of(rule, self.plan, held, start, wind)
        held.bits[rows] = np.where(bits[rows] == 0, missing[rows], bits[rows])
        source, mean, bits_before = before
        assert source is not None
        assert held.source is not None
        changed = (source[rows] != held.source[rows]) | (mean != site_background.means_at(held, rows))
        changed = (changed | (bits_before != held.bits[rows])) & (held.state[rows] != NONE)
        return self._decide(rule, start, held, rows[changed | np.isin(rows, own)], None, at)

    def _bits(
        self,
        rule: RuleInForce,
        rows: Int32s,
        start: int,
        held: Held,
        means: Means,
        never: Bools,
        silent: Bools,
        begun: Bits,
    ) -> Int16s:
        # by its own length: the days on which summer time begins and ends have 23 and 25 hours
        slots = slots_in(self.plan.interval, held.end - start)[rows]
        covered = held.covered[rows].astype(np.int64)
        low = covered * 10_000 < rule.least_permyriad * slots
        bits = low * LOW | (covered == 0) * NO_DATA | (low & silent) * SILENT | never * NEVER_SEEN
        bits = bits | (low & np.isin(rows, means.row[means.refused > 0])) * NOT_ADMITTED
        bits = bits | low * begun[rows].astype(np.int16) << BEGAN
        return np.where(slots == 0, INTERVAL | (never * NEVER_SEEN), bits).astype(np.int16)

    def _with_background(
        self, rule: RuleInForce, start: int, held: Held, at: int, known: Backgrounds
    ) -> list[Findings]:
        """Judge what waits for a background that is there now."""
        made: list[Findings] = []
        waiting = np.flatnonzero(held.state == PENDING).astype(np.int32)
        areas = self.plan.areas_for(rule)[waiting]
        for area in np.unique(areas[areas >= 0]).tolist():
            mean = known.mean(self.plan.areas[area], start, held.end, JUDGED[rule.pollutant])
            if mean is not None and (mean.complete or at >= held.end + rule.settle):
                held.used[area] = mean
                made += self._decide(rule, start, held, waiting[areas == area], mean, at)
        return made

    def _decide(
        self, rule: RuleInForce, start: int, held: Held, rows: Int32s, mean: AreaMean | None, at: int
    ) -> list[Findings]:
        """Answer for these rows; a row that had an answer gets the next revision."""
        if not len(rows):
            return []
        less = np.minimum(site_background.means_at(held, rows) + (mean.nano if mean else 0), rule.cap)
        total, bar = held.total[rows], (rule.limit + less) * held.covered[rows].astype(np.int64)
        above = total > bar if rule.rule.strict else total >= bar
        state = np.where(above, IS_EXCEEDING, IS_COMPLIANT).astype(np.int8)
        state[held.bits[rows] != 0] = IS_UNDETERMINED
        before = held.state[rows]
        held.state[rows] = state
        held.revision[rows] += 1
        # background may come out of order: hours after this one may have their answer already
        later = [one for one in sorted(self.held.get(rule.rule.id, {}).items()) if one[0] > start]
        follows = {}
        for line in np.flatnonzero(state == IS_EXCEEDING).tolist() if later else ():
            compliant = self._next_compliant(rule, later, int(rows[line]), at)
            if compliant is not None:
                follows[line] = compliant
        in_a_row = []
        if rule.looks_back:
            earlier = self._earlier(rule, start)
            in_a_row = [place_in_run(rule, held, earlier, row, start, later) for row in rows.tolist()]
        verdicts = verdicts_of(self.plan, rule, start, held, rows, at)
        again = bool((held.revision[rows] > 1).any())
        return [Findings(rule.rule, start, verdicts, state, before, again, follows, in_a_row)]

    def _earlier(self, rule: RuleInForce, start: int) -> list[tuple[int, Held]]:
        """The intervals before `start` without a hole, the last one first."""
        starts, found = self.held.get(rule.rule.id, {}), []
        while start - rule.track.step in starts:
            start -= rule.track.step
            found.append((start, starts[start]))
        return found

    def _next_compliant(
        self, rule: RuleInForce, later: list[tuple[int, Held]], row: int, at: int
    ) -> Verdict | None:
        """The first verdict of a point in later intervals that closes an episode."""
        for start, held in later:
            if held.state[row] != IS_COMPLIANT:
                continue
            then = self.plan.rule_at(rule.rule.id, start) or rule
            earlier = self._earlier(then, start) if then.looks_back else []
            if not then.looks_back or place_in_run(then, held, earlier, row, start).clears:
                return verdicts_of(self.plan, then, start, held, np.array([row], np.int32), at).record(0)
        return None

    # ------------------------------------------------------------------------------------ background

    def next_due(self) -> int | None:
        """When something that waits for background must be looked at again."""
        return min(self.pending.values(), default=None)

    def look_again(self, due: int, at: int, known: Backgrounds) -> list[Findings]:
        """Judge what waited until `due` for its background: with what is there, or without."""
        made: list[Findings] = []
        for (name, start), when in sorted(self.pending.items()):
            if when > due:
                continue
            del self.pending[name, start]
            rule, held = self.plan.rule_at(name, start), self.held.get(name, {}).get(start)
            if rule is None or held is None:
                continue
            made += self._with_background(rule, start, held, max(at, held.end + rule.settle), known)
            waiting = np.flatnonzero(held.state == PENDING).astype(np.int32)
            if not len(waiting):
                continue
            if due < held.end + rule.wait:
                self.pending[name, start] = held.end + rule.wait
                continue
            held.bits[waiting] |= NO_BACKGROUND
            made += self._decide(rule, start, held, waiting, None, at)
        return made

    def background_came(
        self, station: str, start: int, end: int, at: int, known: Backgrounds
    ) -> list[Findings]:
        """A station's record for [start, end) came: judge what waited for it, supersede what it changes."""
        made: list[Findings] = []
        for rule in self.plan.rules:
            held = self.held.get(rule.rule.id, {}).get(start)
            if held is None or held.end != end or held.source is not None or not rule.is_valid(start):
                continue
            if rule.rule.background is None:
                continue
            made += self._with_background(rule, start, held, at, known)
            if not (held.state == PENDING).any():
                self.pending.pop((rule.rule.id, start), None)
            if at > end + SUPERSEDE_MS:
                continue  # records of other stations may be forgotten: the mean would be of what is left
            areas = self.plan.areas_for(rule)
            for index, area in enumerate(self.plan.areas):
                if station in area.stations:
                    made += self._supersede(rule, start, held, areas == index, index, at, known)
        return made

    def lose(self, start: int, end: int, at: int) -> list[Findings]:
        """The log lacks records of [start, end): what was judged of it is undetermined."""
        made: list[Findings] = []
        for rule in self.plan.rules:
            for begin, held in sorted(self.held.get(rule.rule.id, {}).items()):
                if begin < end and held.end > start and rule.is_valid(begin):
                    if not len(held.total):  # what was measured is forgotten
                        held.total = np.zeros(len(self.plan), np.int64)
                        held.covered = np.zeros(len(self.plan), np.int32)
                    open_states = (IS_COMPLIANT, IS_EXCEEDING, PENDING)
                    rows = np.flatnonzero(np.isin(held.state, open_states)).astype(np.int32)
                    held.bits[rows] |= LOST
                    self.pending.pop((rule.rule.id, begin), None)
                    made += self._decide(rule, begin, held, rows, None, at)
        return made

    def _supersede(
        self, rule: RuleInForce, start: int, held: Held, mine: Bools, area: int, at: int, known: Backgrounds
    ) -> list[Findings]:
        mean = known.mean(self.plan.areas[area], start, held.end, JUDGED[rule.pollutant])
        before = held.used.get(area)
        if mean is None or (before is not None and before.nano == mean.nano):
            return []
        decided = (held.state == IS_COMPLIANT) | (held.state == IS_EXCEEDING)
        lacking = (held.state == IS_UNDETERMINED) & (held.bits == NO_BACKGROUND)
        rows = np.flatnonzero(mine & (decided | lacking)).astype(np.int32)
        if not len(rows):
            return []
        held.used[area] = mean
        held.bits[rows] = 0
        return self._decide(rule, start, held, rows, mean, at)

    # ------------------------------------------------------------------------------------- housekeeping

    def forget(self, until: Horizons) -> None:
        """Forget intervals that can't be superseded any more and whose day is settled."""
        rules, answers = self.plan.latest, until.answers
        for name, held in self.held.items():
            rule = rules.get(name)
            if rule is None or rule.rule.background is not None or rule.rule.allowance is not None:
                unsettled = until.unsettled(name)
                for start in [
                    s for s, h in held.items() if h.end + SUPERSEDE_MS <= answers and s < unsettled
                ]:
                    # a day is counted from all of its intervals: they go together
                    if day_of(start, self.plan.zone)[1] + SUPERSEDE_MS <= answers:
                        del held[start]
            else:
                for start in [s for s, h in held.items() if h.end + rule.remembers <= answers]:
                    del held[start]
            if rule is None or rule.rule.background is None:
                self._thin(held, answers - (rule.remembers if rule else RETAIN_MS + HOUR_MS))

    def _thin(self, held: dict[int, Held], until: int) -> None:
        """No reading can change these intervals any more: their day needs only their states."""
        for one in held.values():
            if one.end <= until and len(one.total):
                one.total, one.covered = one.total[:0], one.covered[:0]

    # ----------------------------------------------------------------------- save, restore, change of plan

    def follow(self, change: PlanChange) -> None:
        """Devices have new rows; rules that have gone are forgotten with what waited for them."""
        self.plan = change.after
        rules = change.after.latest
        moved: dict[int, Array] = {}  # columns that several intervals share stay shared
        self.held = {
            name: {start: _moved(one, change, moved) for start, one in starts.items()}
            for name, starts in self.held.items()
            if name in rules
        }
        self.pending = {key: due for key, due in self.pending.items() if key[0] in rules}

    def dump(self, pack: Packing) -> dict[str, Any]:
        """As JSON data."""
        return {
            "held": [
                [
                    name,
                    start,
                    one.end,
                    _saved(one, pack),
                    [[a, *mean] for a, mean in sorted(one.used.items())],
                ]
                for name, starts in sorted(self.held.items())
                for start, one in sorted(starts.items())
            ],
            "pending": [[name, start, due] for (name, start), due in sorted(self.pending.items())],
        }

    @classmethod
    def load(cls, data: dict[str, Any], arrays: Unpacked, plan: Plan) -> Judge:
        """The inverse of `dump`."""
        made = cls(plan, pending={(name, start): due for name, start, due in data["pending"]})
        for name, start, end, columns, used in data["held"]:
            means = {area: AreaMean(nano, tuple(ids), complete) for area, nano, ids, complete in used}
            state, bits, revision, measured, total, covered, *source = arrays.all_of(columns)
            made.held.setdefault(name, {})[start] = Held(
                end, state, bits, revision, total, covered, measured, means, source[0] if source else None
            )
        return made


def _saved(one: Held, pack: Packing) -> list[int]:
    own = pack.add_all((one.state, one.bits, one.revision, one.measured))
    source = [] if one.source is None else [pack.add(one.source)]
    return [*own, pack.share(one.total), pack.share(one.covered), *source]


def _moved(one: Held, change: PlanChange, moved: dict[int, Array]) -> Held:
    old_row, new_row = change.old_row, change.new_row
    for column in (one.total, one.covered):
        if id(column) not in moved:
            moved[id(column)] = carried(column, old_row, 0) if len(column) else column
    source = one.source
    if source is not None:
        source = carried(source, old_row, -1)
        source = np.where(source >= 0, new_row[source], -1).astype(np.int32) if len(new_row) else source
    # areas may have other numbers now: what was used is found again when it is needed
    numbers = {area.name: number for number, area in enumerate(change.after.areas)}
    used = {
        numbers[area.name]: one.used[number]
        for number, area in enumerate(change.before.areas)
        if area.name in numbers and number in one.used
    }
    return Held(
        one.end,
        carried(one.state, old_row, 0),
        carried(one.bits, old_row, 0),
        carried(one.revision, old_row, 0),
        moved[id(one.total)],
        moved[id(one.covered)],
        carried(one.measured, old_row, 1),
        used,
        source,
    )
