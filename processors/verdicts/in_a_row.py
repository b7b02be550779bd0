"""Intervals in a row: when a breach may open (repeat count) and when it is over (hysteresis). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from processors.breaches import InARow
from processors.plan.rule_in_force import RuleInForce
from processors.verdicts.answers import IS_COMPLIANT, IS_EXCEEDING, Held

Earlier = Sequence[tuple[int, Held]]  # (start, answers) of the intervals before, the last one first
Later = Sequence[tuple[int, Held]]  # of those after, where they have their answers already


def place_in_run(
    rule: RuleInForce, held: Held, earlier: Earlier, row: int, start: int, later: Later = ()
) -> InARow:
    """What the answer of a point in the interval that begins at `start` means among those around it."""
    if held.state[row] == IS_EXCEEDING:
        first, count = start, 1
        for begin, one in earlier:
            if one.state[row] != IS_EXCEEDING:
                break
            first, count = begin, count + 1
        expected = start
        for begin, one in later:  # a late reading may have closed the hole in a run
            expected += rule.track.step
            if begin != expected or one.state[row] != IS_EXCEEDING:
                break
            count += 1
        return InARow(first, count >= rule.rule.repeat, False)
    if held.state[row] != IS_COMPLIANT or not _is_clear(rule, held, row):
        return InARow(None, False, False)
    first = start
    for begin, one in earlier:
        if (
            held.end - first >= rule.clear_ms
            or one.state[row] != IS_COMPLIANT
            or not _is_clear(rule, one, row)
        ):
            break
        first = begin
    return InARow(None, False, held.end - first >= rule.clear_ms)


def _is_clear(rule: RuleInForce, held: Held, row: int) -> bool:
    """At or below the level from which on an episode may end."""
    if rule.clear_level is None:
        return True
    return int(held.total[row]) <= rule.clear_level * int(held.covered[row])
