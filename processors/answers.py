"""What is kept of a rule's answers, a line a device row, and the codes of their reasons."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ingest.records import Int64s
from processors.background import AreaMean
from processors.beginnings import REASONS_OF as REASONS_OF_GAP
from processors.groups import VERDICTS, Group
from processors.records import COMPLIANT, EXCEEDS, UNDETERMINED, Verdict
from processors.rules import Rule

Int8s = npt.NDArray[np.int8]
Int16s = npt.NDArray[np.int16]
Int32s = npt.NDArray[np.int32]

SUPERSEDE_MS = 24 * 3_600_000  # how long after an interval's end its background may still supersede

# States of a point in an interval.
NONE, IS_COMPLIANT, IS_EXCEEDING, IS_UNDETERMINED, PENDING = range(5)
ANSWER_OF = {IS_COMPLIANT: COMPLIANT, IS_EXCEEDING: EXCEEDS, IS_UNDETERMINED: UNDETERMINED}

# Bits of reasons.
LOW, NO_DATA, SILENT, NEVER_SEEN, INTERVAL, NO_BACKGROUND, LOST, NOT_ADMITTED = (1 << bit for bit in range(8))
BEGAN = 8  # from this bit on: how the gap began (`beginnings.RISING`, `HIGH_BACKGROUND`)
# why no monitor of the site gives a background, in the order of wind.pairing.PAIR_REASONS from the second
NO_WIND, CALM, VARIABLE, NO_UPWIND = (1 << bit for bit in range(10, 14))
OF_BACKGROUND = NO_BACKGROUND | NO_WIND | CALM | VARIABLE | NO_UPWIND
_CODES = (
    "low_capture",
    "no_data",
    "device_silent",
    "never_seen",
    "interval_exceeds_window",
    "no_background",
    "log_gap",
    "values_not_admitted",
    *(REASONS_OF_GAP[1 << bit][0] for bit in range(2)),
    "no_wind_data",
    "calm",
    "variable_wind",
    "no_upwind_monitor",
)


class _Reasons(dict[int, tuple[str, ...]]):
    """Bits -> codes, sorted; made when they are asked for."""

    def __missing__(self, bits: int) -> tuple[str, ...]:
        made = self[bits] = tuple(sorted(code for bit, code in enumerate(_CODES) if bits >> bit & 1))
        return made


REASONS_OF = _Reasons()


class InARow(NamedTuple):
    """What an answer means among those around it."""

    since: int | None = None  # exceeds: where the run of exceeding intervals began; None: with this one
    enough: bool = True  # exceeds: in as many intervals in a row as the rule asks
    clears: bool = True  # compliant: for as long and as clearly as the rule asks


ALONE = InARow()


class Judgement(NamedTuple):
    """A verdict with what its breach depends on."""

    verdict: Verdict
    rule: Rule
    previous: str | None = None  # the answer it supersedes
    later: Verdict | None = None  # the next compliant verdict, where it is known already
    in_a_row: InARow = ALONE


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What a rule says of an interval, found together: a line a point."""

    rule: Rule
    start: int
    verdicts: Group[Verdict]
    state: Int8s
    previous: Int8s  # the state that was superseded
    supersedes: bool  # of a point at least it is not the first verdict
    later: Mapping[int, Verdict]  # line that exceeds -> `Judgement.later`
    in_a_row: Sequence[InARow]  # a line each, or none: the rule does not look back

    def judgements(self, opened: Container[tuple[str, str, str]]) -> Iterator[Judgement]:
        """Those that a breach may depend on, by line. `opened`: (rule, kind, point) of open breaches."""
        if "interval" not in self.rule.opens:
            return
        decided = (self.previous != NONE) & (self.previous != PENDING)
        concern = ((self.state == IS_EXCEEDING) | decided).tolist()
        rule, kind, place = self.rule.id, "interval", VERDICTS.own.index("point")
        for line, row in enumerate(self.verdicts.rows):
            if concern[line] or (rule, kind, row[place]) in opened:
                yield Judgement(
                    self.verdicts.record(line),
                    self.rule,
                    ANSWER_OF.get(int(self.previous[line])),
                    self.later.get(line),
                    self.in_a_row[line] if self.in_a_row else ALONE,
                )


@dataclass(slots=True, eq=False)
class Held:
    """One rule over one interval: a line a device row.

    `total` and `covered` may be shared by rules over the same interval: they are replaced, never changed;
    empty where no reading can change the interval any more and only its day still counts the states.
    """

    end: int
    state: Int8s
    bits: Int16s
    revision: Int16s
    total: Int64s  # 1e-9 unit
    covered: Int32s
    measured: Int16s  # revision of the interval that was judged
    used: dict[int, AreaMean] = field(default_factory=dict)  # area -> background that was applied
    # row of the monitor of the same site whose mean was subtracted, -1: none; None: no rule of that kind
    source: Int32s | None = None
