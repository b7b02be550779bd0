"""Answers of a rule over an interval: those kept, one line per device row, and those published."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from processors.breaches import ALONE, InARow, VerdictInContext
from processors.columns import (
    NANO_PER_THOUSANDTH,
    Array,
    Bools,
    Int8s,
    Int16s,
    Int32s,
    Int64s,
    Packing,
    Unpacked,
    carried,
)
from processors.measuring import AreaMean
from processors.plan import PlanChange, Rule, RuleInForce
from processors.records import COMPLIANT, EXCEEDS, UNDETERMINED, VERDICTS, Group, Verdict

# States of a point in an interval.
NONE, IS_COMPLIANT, IS_EXCEEDING, IS_UNDETERMINED, PENDING = range(5)
# rule, start and area (-1: none is configured) -> when to look again for its background
Waiting = dict[tuple[str, int, int], int]
ANSWER_OF = {IS_COMPLIANT: COMPLIANT, IS_EXCEEDING: EXCEEDS, IS_UNDETERMINED: UNDETERMINED}


@dataclass(slots=True, eq=False)  # not frozen: each rule makes one a window, and freezing costs 4 us
class RuleVerdicts:
    """Verdicts of a rule on an interval that were found together, one line per point."""

    rule: Rule
    start: int
    rows: Int32s  # the point of each line
    verdicts: Group[Verdict]
    state: Int8s
    previous: Int8s  # the state that was superseded
    later: Mapping[int, Verdict]  # line that exceeds -> `VerdictInContext.later_compliant`
    in_a_row: Sequence[InARow]  # a line each, or none: the rule does not look back
    late: Bools | None = None  # of each line: found by what came late; None: no line was

    def in_context(self, open_keys: Container[tuple[str, str, str]]) -> Iterator[VerdictInContext]:
        """Verdicts that may affect a breach, by line. `open_keys`: (rule, kind, point) of open breaches."""
        if "interval" not in self.rule.opens:
            return
        decided = (self.previous != NONE) & (self.previous != PENDING)
        concern = ((self.state == IS_EXCEEDING) | decided).tolist()
        rule, kind, place = self.rule.id, "interval", VERDICTS.own.index("point")
        for line, row in enumerate(self.verdicts.rows):
            if concern[line] or (rule, kind, row[place]) in open_keys:
                yield VerdictInContext(
                    self.verdicts.record(line),
                    self.rule,
                    ANSWER_OF.get(int(self.previous[line])),
                    self.later.get(line),
                    self.in_a_row[line] if self.in_a_row else ALONE,
                    self.late is not None and bool(self.late[line]),
                )


@dataclass(slots=True, eq=False)
class Answers:
    """One rule over one interval, one line per device row.

    `total` and `covered` may be shared by rules over the same interval: they are replaced, never changed;
    empty once no reading can change the interval any more and only its day still counts the states.
    """

    end: int
    state: Int8s
    bits: Int16s
    revision: Int16s
    total: Int64s  # 1e-9 unit
    covered: Int32s
    interval_revision: Int16s  # of the interval that was judged
    area_means: dict[int, AreaMean] = field(default_factory=dict)  # area -> background that was subtracted
    # row of the monitor of the same site whose mean was subtracted, -1: none; None: no rule of that kind
    source: Int32s | None = None

    def saved(self, pack: Packing, totals: dict[int, list[int]]) -> list[int]:
        """The numbers of its columns among those saved; `totals`: by id, of those shared with others."""
        own = pack.add_all((self.state, self.bits, self.revision, self.interval_revision))
        if id(self.total) not in totals:
            # whole thousandths as a rule: the rest is nothing, and takes no room
            totals[id(self.total)] = pack.add_all(np.divmod(self.total, NANO_PER_THOUSANDTH))
        source = [] if self.source is None else [pack.add(self.source)]
        return [*own, *totals[id(self.total)], pack.share(self.covered), *source]

    def saved_means(self) -> list[list[Any]]:
        """The backgrounds that were subtracted, by area."""
        return [[area, *mean] for area, mean in sorted(self.area_means.items())]

    @classmethod
    def restored(
        cls,
        end: int,
        numbers: list[int],
        arrays: Unpacked,
        totals: dict[int, Int64s],
        area_means: dict[int, AreaMean],
    ) -> Answers:
        """The inverse of `saved`; `totals`: by number, so that those shared are shared again."""
        state, bits, revision, of_interval, whole, rest, covered, *source = arrays.all_of(numbers)
        own_source = source[0] if source else None
        total = totals.setdefault(numbers[4], whole * NANO_PER_THOUSANDTH + rest)
        return cls(end, state, bits, revision, total, covered, of_interval, area_means, own_source)

    def moved(self, change: PlanChange, moved: dict[int, Array]) -> Answers:
        """Copy for devices' new rows; `moved`: by id, columns that other intervals share."""
        old_row, new_row = change.old_row, change.new_row
        for column in (self.total, self.covered):
            if id(column) not in moved:
                moved[id(column)] = carried(column, old_row, 0) if len(column) else column
        source = self.source
        if source is not None:
            source = carried(source, old_row, -1)
            source = np.where(source >= 0, new_row[source], -1).astype(np.int32) if len(new_row) else source
        # areas may have other numbers now: what was subtracted is found again when it is needed
        numbers = {area.name: number for number, area in enumerate(change.after.areas)}
        area_means = {
            numbers[area.name]: self.area_means[number]
            for number, area in enumerate(change.before.areas)
            if area.name in numbers and number in self.area_means
        }
        return Answers(
            self.end,
            carried(self.state, old_row, 0),
            carried(self.bits, old_row, 0),
            carried(self.revision, old_row, 0),
            moved[id(self.total)],
            moved[id(self.covered)],
            carried(self.interval_revision, old_row, 1),
            area_means,
            source,
        )


class RuleInterval(NamedTuple):
    """One rule over one interval, with its answers there."""

    rule: RuleInForce
    start: int
    answers: Answers

    @property
    def end(self) -> int:
        """End of the interval."""
        return self.answers.end

    @property
    def length(self) -> int:
        """Length in ms; a day on which summer time begins or ends has 23 or 25 hours."""
        return self.answers.end - self.start
